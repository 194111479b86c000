"""R34: the body of a new note. Law 13: what a template is given is text and stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import blocks
from bridge.core.record import Face, ItemId, Record
from bridge.core.text import heading
from bridge.errors import ConfigError
from bridge.vault.template import context, heading_of, render_body

ITEM = ItemId("users/1", "ABCD2345")


def body(source: str | None, face: Face, abstract: str = "") -> str:
    return render_body(source, context(Record(ITEM, face, "1", blocks={"abstract": abstract})))


def test_the_built_in_body_is_the_designs() -> None:
    assert body(None, {"title": "Attention Is All You Need"}, "Words.") == (
        "# Attention Is All You Need\n\n"
        + blocks.write("abstract", "> [!abstract]- Abstract\n> Words.")
        + "\n\n## Notes\n\n"
    )


def test_without_an_abstract_there_is_no_block() -> None:
    assert body(None, {"title": "A title"}) == "# A title\n\n## Notes\n\n"
    assert body(None, {"title": "A title"}, " \n\u2028 ") == "# A title\n\n## Notes\n\n"


def test_a_paper_without_title_is_headed_by_its_keys() -> None:
    assert body(None, {"title": "", "citekey": "a2020"}).startswith("# a2020\n")
    assert body(None, {"title": "", "citekey": ""}).startswith("# ABCD2345\n")
    assert heading_of({}, "ABCD2345") == heading("ABCD2345")


def test_r34_a_template_of_ones_own_sees_every_field_escaped() -> None:
    face: Face = {
        "title": "[[x]] #y",
        "authors": ("A *B*", "C"),
        "zotero-link": "zotero://select/library/items/ABCD2345",
    }
    source = "{{ title }}|{{ authors | join('; ') }}|{{ zotero_link }}|{{ key }} {{ library }}|{{ block('other') }}\n"
    assert body(source, face) == (
        "\\[\\[x\\]\\] \\#y|A \\*B\\*; C|zotero:\\//select/library/items/ABCD2345|ABCD2345 users/1|\n"
    )


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n{% if %}", 2),
        ("a\nb\n{{ nope }}", 3),
        ("{{ 1 / 0 }}", 1),
        ("\n{{ title.__class__.__mro__ }}", 2),
        ("{{ title.format_map }}{{ authors.append('x') }}", 1),
        ("{% include 'other' %}", 1),
        ("{{ title['x']['y'] }}", 1),
        ("{{ title + 1 }}", 1),
    ],
)
def test_r34_a_fault_in_a_template_is_told_with_its_line_and_not_the_papers_text(source: str, line: int) -> None:
    with pytest.raises(ConfigError, match=rf"line {line}: ") as caught:
        body(source, {"title": "SECRET", "authors": ("SECRET",)})
    assert "SECRET" not in str(caught.value)


@given(st.text(max_size=30), st.text(max_size=60))
def test_law13_any_title_and_abstract_give_one_heading_and_one_block(title: str, abstract: str) -> None:
    text = body(None, {"title": title, "citekey": "k"}, abstract)
    expected = blocks.abstract_block(abstract)
    assert [(block.text, block.problem) for block in blocks.find(text)] == ([(expected, "")] if expected else [])
    lines = text.split("\n")
    assert lines[0] == heading(title if title.strip() else "k")
    assert [line for line in lines if line.startswith("#")] == [lines[0], "## Notes"]
