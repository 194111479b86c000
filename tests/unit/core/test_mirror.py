"""The truth tables of what Bridge hangs below papers (laws 3, 8, 9, 11; R4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.mirror import Hung, Mirror, Source, child_key, decide, decide_link
from bridge.core.record import ItemId

ITEM = ItemId("users/1", "ABCD2345")
NEW = Mirror(ITEM, "notes")
AGREED = Mirror(ITEM, "notes", child="CCCC2222", source="s", agreed="a")
CHILD = Hung("CCCC2222", "ABCD2345", "note", "7")
TRASHED = replace(CHILD, trashed=True)


@pytest.mark.parametrize(
    ("row", "source", "child", "form", "answer", "write", "conflict"),
    [
        (NEW, "s", None, "", "", True, False),  # never made
        (NEW, "", None, "", "", False, False),  # and nothing in it
        (NEW, None, None, "", "", False, False),  # R7: no such section says nothing
        (AGREED, None, CHILD, "x", "", False, False),
        (AGREED, "s", CHILD, "a", "", False, False),  # law 8: what the server made of it is agreed
        (AGREED, "t", CHILD, "a", "", True, False),
        (AGREED, "s", CHILD, "x", "", False, True),  # law 3
        (AGREED, "t", CHILD, "x", "", False, True),
        (AGREED, "t", CHILD, "t", "", False, False),  # both say the same
        (AGREED, "s", CHILD, "x", "vault", True, False),
        (AGREED, "s", CHILD, "x", "zotero", False, False),
        (AGREED, "s", None, "", "", False, False),  # law 9: erased
        (AGREED, "t", None, "", "", True, False),
        (AGREED, "s", TRASHED, "a", "", False, False),
        (AGREED, "t", TRASHED, "a", "", True, False),
        (AGREED, "s", TRASHED, "x", "", False, False),
        (AGREED, "t", TRASHED, "x", "", False, True),
        (replace(AGREED, agreed=""), "s", CHILD, "x", "", False, True),  # law 11: no base
        (replace(AGREED, source="", agreed="", meant="s"), "s", None, "", "", True, False),  # R4: never arrived
        (replace(AGREED, meant="t"), "t", CHILD, "t", "", False, False),  # R4: arrived, and nobody said so
        (replace(AGREED, meant="t"), "u", CHILD, "t", "", True, False),
        (AGREED, "s", replace(CHILD, parent="OTHER222"), "a", "", False, False),  # taken elsewhere
        (replace(AGREED, released=True), "s", CHILD, "x", "", False, False),
        (replace(AGREED, released=True), "t", CHILD, "x", "", True, False),
    ],
)
def test_what_becomes_of_a_section(
    row: Mirror, source: str | None, child: Hung | None, form: str, answer: str, write: bool, conflict: bool
) -> None:
    shown = None if source is None else Source(source or "empty", is_empty=not source)
    verdict = decide(row, shown, child, form, answer)
    assert (verdict.write, verdict.conflict) == (write, conflict)


def test_a_note_that_a_person_kept_is_never_written_again() -> None:
    kept = decide(AGREED, Source("s"), CHILD, "x", "zotero").row
    assert kept.released
    later = decide(kept, Source("t"), CHILD, "x")
    assert (later.row.child, later.row.number, later.row.released) == ("", 1, False)


LINK = Mirror(ITEM, "backlink", child="CCCC2222", source="s", agreed="a")
HUNG = replace(CHILD, kind="link")


@pytest.mark.parametrize(
    ("row", "child", "form", "write"),
    [
        (Mirror(ITEM, "backlink"), None, "", True),
        (LINK, HUNG, "a", True),
        (LINK, HUNG, "t", False),
        (LINK, HUNG, "x", False),  # a person's own address
        (LINK, None, "", False),  # a person wants none
        (LINK, replace(HUNG, trashed=True), "a", False),
        (replace(LINK, agreed="", meant="t"), None, "", True),  # R4: never arrived
        (replace(LINK, agreed=""), HUNG, "x", True),  # known again by its key
    ],
)
def test_what_becomes_of_the_link_back(row: Mirror, child: Hung | None, form: str, write: bool) -> None:
    assert decide_link(row, Source("t"), child, form).write is write


def test_r4_a_childs_key_is_the_same_each_time_and_another_for_each() -> None:
    keys = [
        child_key(vault, item, kind, number)
        for vault in ("v", "w")
        for item in (ITEM, ItemId("groups/1", "ABCD2345"))
        for kind in ("notes", "backlink")
        for number in range(50)
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 8 and set(key) <= set("23456789ABCDEFGHIJKLMNPQRSTUVWXYZ") for key in keys)
    assert child_key("v", ITEM, "notes", 0) == keys[0]
