"""Renames carried into links: only the name changes (law 4), only where it is a link, only the very name."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core import blocks
from bridge.core.names import folded
from bridge.vault.carry import Carrier, Rekeyed, Renamed, Renaming
from bridge.vault.targets import cited_as, targets


def rewrite(text: str, old: str, new: str, *, is_canvas: bool = False, folder: str = "Papers") -> str:
    """The text of a file once the file ``old`` in ``folder`` is called ``new``."""
    renaming = Renaming(files=(Renamed(old, new, folder),))
    return Carrier(renaming).carry(text.encode(), "", is_canvas=is_canvas).data.decode()


def rewrite_citations(text: str, old: str, new: str, *, is_canvas: bool = False) -> str:
    """The text once the key ``old`` is ``new``."""
    return Carrier(Renaming(keys=(Rekeyed(old, new),))).carry(text.encode(), "", is_canvas=is_canvas).data.decode()


#: Text to text with `@old` renamed to `@new`; the same text where nothing may change.
FILES = [
    ("[[@old]]", "[[@new]]"),
    ("a [[@old|x]] b [[@old]]", "a [[@new|x]] b [[@new]]"),
    ("[[@old#Heading]]", "[[@new#Heading]]"),
    ("[[@old#^block|shown @old]]", "[[@new#^block|shown @old]]"),
    ("![[@old#y]]", "![[@new#y]]"),
    ("[[Papers/@old]] [[/Papers/@old.md|x]]", "[[Papers/@new]] [[/Papers/@new.md|x]]"),
    ("[[../Papers/@old]] [[./@old]]", "[[../Papers/@new]] [[./@new]]"),
    ("| [[@old\\|x]] | b |", "| [[@new\\|x]] | b |"),
    ("[[ @old ]] [[@OLD]]", "[[ @new ]] [[@new]]"),
    ("- [ ] [[@old]]\n> [[@old]]\r\n%% [[@old]] %%", "- [ ] [[@new]]\n> [[@new]]\r\n%% [[@new]] %%"),
    ("[x](@old.md) [y](Papers/@old.md#h)", "[x](@new.md) [y](Papers/@new.md#h)"),
    ("[x](Papers/%40old.md) [y](%40old)", "[x](Papers/%40new.md) [y](%40new)"),
    ('[x](</Papers/@old.md>) [y](@old.md "title")', '[x](</Papers/@new.md>) [y](@new.md "title")'),
    ("[ref]: Papers/@old.md 'title'", "[ref]: Papers/@new.md 'title'"),
    ("costs $5 and [[@old]] is $6", "costs $5 and [[@new]] is $6"),
    ('---\na: "[[@old|x]]"\n---\n[[@old]]', '---\na: "[[@new|x]]"\n---\n[[@new]]'),
    ("---\nb:\n  - '[[@old]]'\n---\n", "---\nb:\n  - '[[@new]]'\n---\n"),
]  # fmt: skip
FILES_LEFT = [
    "[[@old2]] [[@old-x]] [[@old more]] [[x@old]] [[@older/x]] [[@old/x]]",
    "[x](@old2.md) [x](https://example.org/@old.md) [x](@old.pdf)",
    "`[[@old]]` ``a ` [[@old]]`` and `code\n[[@old]]`",
    "```\n[[@old]]\n```\n~~~ x\n[[@old]]\n~~~",
    "> ```\n> [[@old]]\n> ```",
    "$[[@old]]$ and $$\n[[@old]]\n$$",
    r"\[[@old]] \`[x",
    "[@old] @old (@old.md) https://example.org/@old",
    "[[@old]\n]",
    "<!-- [[@old]] -->",
]
CITATIONS = [
    ("[@old]", "[@new]"),
    ("[see @a; -@old, p. 3; @old{p. 4}]", "[see @a; -@new, p. 3; @new{p. 4}]"),
    (
        "As @old [p. 3] says. So @old. And (@old), @old's; @old: x",
        "As @new [p. 3] says. So @new. And (@new), @new's; @new: x",
    ),
    ("@{old} **@old**", "@{new} **@new**"),
    ("---\naliases:\n  - '@old'\n---\n@old", "---\naliases:\n  - '@old'\n---\n@new"),
    ("> @old\n- @old\r\n@old", "> @new\n- @new\r\n@new"),
]
CITATIONS_LEFT = [
    "@old2 @old-x @old:a @old.b @old_c @OLD a@old @@old2",
    r"\@old https://example.org/@old mail@old",
    "`@old` $@old$\n```\n[@old]\n```",
    "[[@old]] [[@old|@old]] ![[@old#x]] [x](@old) [x](@old.md)",
    "{@old2} @{old2} @{older}",
    "<!-- @old\n\n[@old] -->",
]


@pytest.mark.parametrize(("text", "wanted"), FILES)
def test_a_files_new_name_is_carried_into_links(text: str, wanted: str) -> None:
    assert rewrite(text, "@old", "@new") == wanted


@pytest.mark.parametrize("text", FILES_LEFT)
def test_law4_what_is_no_link_to_the_file_stays(text: str) -> None:
    assert rewrite(text, "@old", "@new") == text


@pytest.mark.parametrize(("text", "wanted"), CITATIONS)
def test_a_new_citation_key_is_carried_into_citations(text: str, wanted: str) -> None:
    assert rewrite_citations(text, "old", "new") == wanted


@pytest.mark.parametrize("text", CITATIONS_LEFT)
def test_law4_what_cites_another_key_stays(text: str) -> None:
    assert rewrite_citations(text, "old", "new") == text


@pytest.mark.parametrize("text", [pair[0] for pair in FILES] + FILES_LEFT)
def test_files_and_keys_are_renamed_apart_and_there_and_back_is_nothing(text: str) -> None:
    if "OLD" not in text:
        assert rewrite(rewrite(text, "@old", "@brand-new"), "@brand-new", "@old") == text


def test_a_link_that_names_another_folder_is_left_alone() -> None:
    text = "[[@old]] [[Papers/@old]] [[Elsewhere/@old]] [[Library/Papers/@old]] [x](Elsewhere/@old.md) [[apers/@old]]"
    assert rewrite(text, "@old", "@new", folder="Library/Papers") == (
        "[[@new]] [[Papers/@new]] [[Elsewhere/@old]] [[Library/Papers/@new]] [x](Elsewhere/@old.md) [[apers/@old]]"
    )


def test_names_with_spaces_quotes_and_accents() -> None:
    assert (
        rewrite("[x](Papers/%40old.md) [y](@old.md)", "@old", "@n w(1)")
        == "[x](Papers/%40n%20w%281%29.md) [y](@n%20w%281%29.md)"
    )
    assert rewrite("[x](<@old.md>)", "@old", "@n w") == "[x](<@n w.md>)"
    assert rewrite("[[@mu\u0308ller]]", "@m\u00fcller", "@new") == "[[@new]]"
    assert rewrite("[x](%40m%C3%BCller.md)", "@m\u00fcller", "@new") == "[x](%40new.md)"
    single = "---\na: '[[@old]] it''s'\nb: it's [[@old]]\n---\n"
    assert rewrite(single, "@old", "@o'n") == "---\na: '[[@o''n]] it''s'\nb: it's [[@o'n]]\n---\n"
    assert rewrite("---\na: '[[@o''n]]'\n---\n", "@o'n", "@old") == "---\na: '[[@old]]'\n---\n"
    assert rewrite_citations("@old [@old]", "old", "a'b") == "@{a'b} [@{a'b}]"


def test_a_canvas_changes_in_its_links_and_files_and_nowhere_else() -> None:
    canvas = {
        "nodes": [
            {"id": "1", "type": "file", "file": "Papers/@old.md", "x": 1},
            {"id": "2", "type": "text", "text": 'see "[[@old|x]]"\n@old and [@old] \u00e9'},
            {"id": "3", "type": "text", "text": "`[[@old]]`", "unknown": {"@old": None}},
        ],
        "edges": [],
    }
    text = json.dumps(canvas, indent="\t", ensure_ascii=False)
    linked = rewrite(text, "@old", "@new", is_canvas=True)
    assert linked == text.replace("Papers/@old.md", "Papers/@new.md").replace("[[@old|x]]", "[[@new|x]]")
    cited = rewrite_citations(text, "old", "new", is_canvas=True)
    assert cited == text.replace("\\n@old and [@old]", "\\n@new and [@new]")


def test_changes_at_once_are_taken_for_one_another_by_nobody() -> None:
    files = (Renamed("@a", "@b", ""), Renamed("@b", "@c", ""), Renamed("@c", "@a", ""))
    carrier = Carrier(Renaming(files, (Rekeyed("a", "b"), Rekeyed("b", "c"), Rekeyed("c", "a"))))
    done = carrier.carry(b"[[@a]] [[@b]] [[@c]] @a @b @c [[@d]] [x](@a.md)", "")
    assert done == (b"[[@b]] [[@c]] [[@a]] @b @c @a [[@d]] [x](@b.md)", 4, 3)


@pytest.mark.parametrize(
    ("link", "source", "follows"),
    [
        ("[[@old]]", "Papers", True),  # its own folder
        ("[[@old]]", "Daily", False),  # the shorter path is the other file's
        ("[[Papers/@old]]", "Daily", True),
        ("[[@old]]", "A", False),
        ("[[A/@old]]", "Papers", False),
    ],
)
def test_of_several_files_of_one_name_a_link_means_the_one_obsidian_takes(
    link: str, source: str, *, follows: bool
) -> None:
    carrier = Carrier(Renaming((Renamed("@old", "@new", "Papers", ("A",)),)))
    assert carrier.carry(link.encode(), source).data == link.replace("@old", "@new" if follows else "@old").encode()


def test_r29_a_block_nobody_edited_counts_as_unedited_when_its_links_have_followed() -> None:
    text = "[[@old|A paper]]\n[[@other]]"
    for eol in ("\n", "\r\n"):
        ours = blocks.write("week", text, "2025-W39", eol=eol)
        theirs = blocks.write("topic", text, "x", eol=eol).replace("[[@other]]", f"[[@other]]{eol}mine, on [[@old]]")
        (one, two) = blocks.find(rewrite(f"[[@old]]{eol}{ours}{eol}{eol}{theirs}{eol}", "@old", "@new"))
        assert (one.text, one.edited) == (text.replace("@old", "@new"), False)
        assert (two.text, two.edited) == (f"{text}\nmine, on [[@old]]".replace("@old", "@new"), True)


@pytest.mark.parametrize(("text", "_"), FILES + CITATIONS)
def test_what_is_remembered_of_a_file_never_misses_a_link(text: str, _: str) -> None:
    assert "@old" in targets(text.encode())


def test_what_is_remembered_of_a_file() -> None:
    text = "---\na: '[[@o''n]]'\n---\n[[Papers/@Old.md#x|y]] [a](A%20b.md) ![](i.png) [z](zotero://x/@no) [@Key; @{x y}"
    assert targets(text.encode()) == ("@o''n", "@o'n", "@old", "a b", "i.png", "@o", "@key")
    assert targets(b"[[@a]] \xff") == targets(b"nothing here, me@example.org") == ()


PIECES = st.sampled_from(
    [
        "[[",
        "]]",
        "@old",
        "|",
        "#",
        "`",
        "```",
        "\n",
        "\r\n",
        "$",
        "\\",
        "(",
        ")",
        "](",
        " ",
        "Papers/",
        ".md",
        "x",
        "'",
        "[",
        "]:",
        "<",
        "{",
        "}",
        "<!--",
        "-->",
        "%40old",
    ]
)


@example("](%40old\n")
@given(st.lists(PIECES, max_size=14).map("".join))
def test_law4_only_the_name_ever_changes_and_the_index_never_misses_it(text: str) -> None:
    for changed, name in (
        (rewrite(text, "@old", "@new"), folded("@old")),
        (rewrite_citations(text, "old", "new"), cited_as("old")),
    ):
        assert changed.replace("@new", "@old").replace("%40new", "%40old") == text
        assert changed == text or name in targets(text.encode())
