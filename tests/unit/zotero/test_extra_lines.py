"""Lines of Extra: the ones meant change, all others stay to the byte (R18)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.zotero import extra
from bridge.zotero.richtext import one_line

ODD = "arXiv: 1706.03762 [cs]  \r\n\r\ntex.note: x\r\n  indented: y\nno colon here\n:odd\n\n"

LINES = st.one_of(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(
        ["Read_Status: Read", "read_status:New\r", "Read_Status_Date: 2024-05-01T09:30:00.000Z", "Rating: 3",
         "rating:4 ", "Citation Key: a2020", "CitationKey: b", "{:citation-key: c}", "DOI: 10.1/x", "", "\r",
         " Rating: 9"]
    ),
)  # fmt: skip
EXTRAS = st.lists(LINES, max_size=8).map("\n".join)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


@pytest.mark.parametrize(
    "name", ["Citation Key", "CitationKey", "citationKey", "citation_key", "citation-key", " Citation key "]
)
def test_r11_spellings_of_citation_key_are_one_name(name: str) -> None:
    assert extra.normal_name(name) == "citation-key"


def test_r11_the_first_line_with_a_value_counts() -> None:
    lines = extra.named("Citation Key:\nCitationKey: first2020\ncitation-key: second2020")
    assert lines["citation-key"] == "first2020"


def test_r11_the_old_brace_form_is_a_line_too_and_keeps_its_form() -> None:
    assert extra.named("{:citation-key: a2020}")["citation-key"] == "a2020"
    assert extra.put("{:citation-key: a2020}", extra.CITATION_KEY, "b2021") == "{:citation-key: b2021}"


@pytest.mark.parametrize(
    "text", ["no colon", ": nothing", " Indented: x", "{:unclosed: x", "{:}", "{:name}", "Name:", "Name:  "]
)
def test_what_is_no_named_line_reads_as_nothing(text: str) -> None:
    assert extra.named(text) == {}


def test_r18_setting_a_line_changes_that_line_in_its_place_and_spelling() -> None:
    before = f"{ODD}my_rating: 3\r\nlast"
    assert extra.put(before, "My Rating", "5") == f"{ODD}my_rating: 5\r\nlast"


def test_r18_clearing_a_line_leaves_all_others() -> None:
    assert extra.put(f"{ODD}Rating: 3\nlast\n", "rating", "") == f"{ODD}last\n"


def test_a_second_line_of_one_name_would_show_an_old_value_and_goes() -> None:
    assert extra.put("Rating: 3\nx\nRating: 4", "Rating", "5") == "Rating: 5\nx"
    assert extra.put("Rating: 3\nx\nRating: 4", "Rating", "") == "x"


def test_a_missing_line_is_appended_only_when_asked() -> None:
    assert extra.put("", "Rating", "5") == "Rating: 5"
    assert extra.put("x", "Rating", "5") == "x\nRating: 5"
    assert extra.put("x", "Rating", "5", append=False) == "x"


def test_law_13_a_value_cannot_make_a_line_of_its_own() -> None:
    assert extra.put("", "Rating", "5\nRead_Status: Read\r\x00") == "Rating: 5 Read_Status: Read"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Read_Status: Read", "Read"),
        ("x\nread_STATUS:  To Read \ny", "To Read"),
        ("Read_Status: Read\r\nx", "Read"),
        ("Read_Status: Read\nRead_Status: New", ""),  # two lines read as none
        ("Read_Status:", ""),
        (" Read_Status: Read", ""),
        ("Read_Status_Date: 2024-05-01T09:30:00.000Z", ""),
        ("", ""),
    ],
)
def test_r10_the_status_is_read_as_the_plugin_reads_it(text: str, status: str) -> None:
    assert extra.plugin_value(text, extra.STATUS) == status


def test_r10_the_status_is_written_as_the_plugin_writes_it() -> None:
    before = "Read_Status: New\nkeep\nread_status: Read\nRead_Status_Date: d"
    assert (
        extra.plugin_put(before, extra.STATUS, "In Progress") == "keep\nRead_Status_Date: d\nRead_Status: In Progress"
    )
    assert extra.plugin_put(before, extra.STATUS, "") == "keep\nRead_Status_Date: d"
    assert extra.plugin_put("", extra.STATUS, "Read") == "Read_Status: Read"


@given(EXTRAS, st.sampled_from(["Rating", "Citation Key", "New Name"]), VALUES)
def test_r18_other_lines_stay_byte_for_byte_for_any_extra(text: str, name: str, value: str) -> None:
    def others(whole: str) -> list[str]:
        wanted = extra.normal_name(name)
        return [line for line in whole.split("\n") if not _is(line, wanted)]

    after = extra.put(text, name, value)
    kept = others(text)
    if kept not in ([], [""]):  # an empty Extra is one empty line, whose place the first line set takes
        assert others(after) == kept
    assert extra.named(after).get(extra.normal_name(name), "") == one_line(value)
    assert extra.put(after, name, value) == after


@given(EXTRAS, st.sampled_from([extra.STATUS, extra.STATUS_DATE]), VALUES)
def test_r18_plugin_lines_leave_the_others_byte_for_byte_for_any_extra(text: str, name: str, value: str) -> None:
    def others(whole: str) -> list[str]:
        return [line for line in whole.split("\n") if not _plugin(line, name)]

    after = extra.plugin_put(text, name, value)
    kept = others(text)
    if kept not in ([], [""]):
        assert others(after) == kept
    assert extra.plugin_value(after, name) == one_line(value)


def _is(line: str, wanted: str) -> bool:
    """An own reading of what a named line is, apart from the code under test."""
    inner = line.rstrip()[2:-1] if line.startswith("{:") and line.rstrip().endswith("}") and len(line) > 2 else line
    name, colon, _ = inner.partition(":")
    return bool(colon) and name[:1].strip() != "" and extra.normal_name(name) == wanted


def _plugin(line: str, name: str) -> bool:
    head = f"{name}:"
    return line[: len(head)].lower() == head.lower() and len(line) > len(head)


@pytest.mark.parametrize(
    "name", ["rating", "Rating", "project", "priority", "score", "topic", "stage", "tldr", "Größe"]
)
def test_r13_free_names_are_accepted(name: str) -> None:
    assert extra.custom_name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "status", "genre", "language", "series", "note", "Series", "type", "ids", "citation-key", "Citation Key",
        "citation-key-alias", "tex.rating", "Tex.x", "Read_Status", "read-status-x", "Read Status Date",
        "publicationTitle",
        "Publication Title", "publication_title", "DOI", "doi", "container-title", "issued", "author", "Series Editor",
        "book-author", "collection-editor", "short title", "", "a:b", "two\nlines", "{x}",
    ],
)  # fmt: skip
def test_r13_names_zotero_would_move_are_refused(name: str) -> None:
    assert extra.custom_name_problem(name)
