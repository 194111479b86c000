"""Law 13 in index notes: links show titles as they are, a person's Markdown stays as far as it is safe."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from index_library import HOSTILE

from bridge.core import blocks
from bridge.indexes.markdown import embed, inline, label, link, zotero_link


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("From $f(x)$ and $g(x)$ to $f(g(x))$", "From f(x) and g(x) to f(g(x))"),
        ("[Re] A|B [[x]]", "(Re) A¦B ((x))"),
        ("50%% off %%%", "50% % off % % %"),
        ("`code` <b> <% x %>", "'code' ‹b› ‹% x %›"),
        ("a\nb\u2028c\td", "a b c d"),
        ("key:: value {{x}} {%x%}", "key: : value { {x}} { %x%}"),
        (" \n ", "untitled"),
        ("x" * 300, "x" * 249 + "…"),
    ],
)
def test_a_title_in_a_link_ends_nothing(title: str, shown: str) -> None:
    assert label(title) == shown
    assert link("Papers/@a.md", title) == f"[[Papers/@a|{shown}]]"


@pytest.mark.parametrize("path", ["", "Papers/a#b.md", "Papers/a^b.md", "Papers/a|b.md", "Papers/a[b.md", "a%%b.md"])
def test_a_note_no_link_can_name_is_shown_as_text(path: str) -> None:
    assert link(path, "A *title*") == "A \\*title\\*"
    assert embed(path) == ""


def test_only_a_link_that_selects_an_item_leads_to_zotero() -> None:
    good = "zotero://select/groups/51/items/ABCD2345"
    assert zotero_link(good) == f"[Zotero]({good})"
    assert zotero_link(f"{good}) [x](javascript:alert(1)") == ""


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("with $2.3\\times$ and `f_1` **bold** and *it*", "with $2.3\\times$ and `f_1` **bold** and *it*"),
        ("see [[@wei2025|SIM-CoT]] and ![[fig.png]]", "see SIM-CoT and fig.png"),
        ("see [here](https://a.org/x%20y)", "see [here](https://a.org/x%20y)"),
        ("not [here](javascript:x)", "not \\[here\\](javascript:x)"),
        ("half `code and $math", "half \\`code and \\$math"),
        ("$$ opens", "\\$\\$ opens"),
        ("costs $5 and $6", "costs \\$5 and \\$6"),
        ("#tag ^id %% comment", "\\#tag \\^id %&#37; comment"),
        ("`%%` $%%$", "\\`%&#37;\\` \\$%&#37;\\$"),
        ("- an item", "\\- an item"),
    ],
)
def test_a_persons_line_keeps_the_markdown_that_is_safe(typed: str, shown: str) -> None:
    assert inline(typed) == shown


@given(HOSTILE | st.text("`$*[]()|!%<>{}#^~=-_ \\a\n", max_size=30))
@example("```\n%% bridge:end topic %%")
@example("`a` %% `b`")
def test_no_line_ends_a_block_or_links_or_spreads(text: str) -> None:
    for line in (inline(text), link("Papers/@a.md", text)):
        assert len(line.splitlines()) <= 1
        assert "%%" not in line
        assert not line.startswith(("```", "~~~", "#", ">", "- ", "+ "))
        (block,) = blocks.find(f"%% bridge:begin topic x %%\n\n- {line}\n\n%% bridge:end topic %%\n")
        assert not block.problem
    assert not set(label(text)) & set("[]|`<>$\\")
    assert "[[" not in inline(text)
