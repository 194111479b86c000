"""Names of the read status on both sides (R10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.policy import normal_text
from bridge.core.status import ROLES, StatusNames

NAMES = StatusNames()


@pytest.mark.parametrize(("note", "zotero"), list(ROLES.items()))
def test_the_five_names_go_both_ways(note: str, zotero: str) -> None:
    assert NAMES.to_zotero(note) == zotero
    assert NAMES.from_zotero(zotero) == note
    assert NAMES.normal(zotero.upper()) == note


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("unread", "to-read"), ("TODO", "to-read"), ("to_read", "to-read"), ("To  Read", "to-read"),
        ("in progress", "reading"), ("in-progress", "reading"), ("Started", "reading"),
        ("done", "read"), ("finished", "read"), ("Completed", "read"),
        ("not reading", "skipped"), ("abandoned", "skipped"), ("dropped", "skipped"), ("skip", "skipped"),
        (" new\n", "new"), ("", ""),
    ],
)  # fmt: skip
def test_synonyms_are_understood_on_input(typed: str, note: str) -> None:
    assert NAMES.normal(typed) == note


@pytest.mark.parametrize("name", ["Skimmed", "cite only", "📗 halb gelesen", "Re-Read"])
def test_r10_unknown_names_are_kept_verbatim_both_ways(name: str) -> None:
    assert NAMES.to_zotero(name) == NAMES.from_zotero(name) == NAMES.normal(name) == name
    assert not NAMES.is_read(name)
    assert not NAMES.is_reading(name)


def test_an_entry_renames_a_status_in_notes() -> None:
    names = StatusNames({"done": "Read"})
    assert names.from_zotero("Read") == names.normal("read") == names.normal("finished") == "done"
    assert names.to_zotero("done") == names.to_zotero("read") == "Read"
    assert names.is_read("done")
    assert names.is_read("Read")


def test_an_entry_renames_a_status_in_zotero() -> None:
    names = StatusNames({"reading": "Lese ich"})
    assert names.to_zotero("in progress") == "Lese ich"
    assert names.from_zotero("lese ich") == "reading"
    assert names.from_zotero("In Progress") == "reading", "what stood there before is still understood"
    assert names.is_reading("Lese ich")


def test_an_entry_adds_a_status_and_outranks_a_synonym() -> None:
    names = StatusNames({"skimmed": "Skimmed Over", "abandoned": "Abandoned"})
    assert names.to_zotero("skimmed") == "Skimmed Over"
    assert names.from_zotero("Skimmed Over") == "skimmed"
    assert names.normal("abandoned") == "abandoned"
    assert names.normal("dropped") == "skipped"


@pytest.mark.parametrize("name", ["a:b", "a;b", "a|b", "two\nlines", "bell\x07"])
def test_names_the_plugin_cannot_keep_are_refused(name: str) -> None:
    assert NAMES.usable(name)


@pytest.mark.parametrize("name", [*ROLES, "Skimmed", "👩‍🔬 lab", ""])
def test_names_the_plugin_can_keep_are_usable(name: str) -> None:
    assert NAMES.usable(name) is None


@given(st.text(max_size=20))
def test_r10_a_name_sent_and_read_back_is_the_same_status(name: str) -> None:
    assert NAMES.from_zotero(NAMES.to_zotero(name)) == NAMES.normal(name)
    assert NAMES.normal(NAMES.normal(name)) == NAMES.normal(name)
    assert NAMES.normal(name) in {*ROLES, normal_text(name)}
