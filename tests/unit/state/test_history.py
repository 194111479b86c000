"""Conflicts (R6), held parts, put-backs (R15), and what cycles did (law 3, R33)."""

from __future__ import annotations

import pytest

from bridge.core.place import NoteRow, Stat
from bridge.core.plan import Conflict, Held
from bridge.core.record import ItemId
from bridge.errors import OutdatedAnswerError, UsageError
from bridge.state import ConflictRow, State
from bridge.state.history import ChangeRow

A, B = ItemId("users/7", "AAAA2345"), ItemId("users/7", "BBBB2345")
NOW, LATER = "2025-01-01T00:00:00+00:00", "2025-01-02T00:00:00+00:00"


def opened(state: State, *conflicts: Conflict, item: ItemId = A) -> list[int]:
    state.history.open_conflicts(item, conflicts, NOW)
    return [row.number for row in state.history.conflicts() if row.id == item]


def test_conflicts_are_shown_with_title_and_path(state: State) -> None:
    state.notes.put_rows(
        [
            NoteRow("Papers/a.md", Stat(1, 1, 1), "d", A, face={"title": "In the note"}),
            NoteRow("copy.md", Stat(1, 1, 2), "d", A, held=(Held("copied-note", "why", id=A),)),
        ]
    )
    state.items.put_items("users/7", [{"key": B.key, "version": 1, "data": {"itemType": "book", "title": "In Zotero"}}])
    opened(state, Conflict("url", "a", "b"))
    opened(state, Conflict("doi", "c", "d"), item=B)
    assert state.history.conflicts() == [
        ConflictRow(1, A, "In the note", "Papers/a.md", "url", "a", "b", NOW),
        ConflictRow(2, B, "In Zotero", "", "doi", "c", "d", NOW),
    ]


def test_r6_a_field_has_one_open_conflict_and_other_values_open_it_anew(state: State) -> None:
    (first,) = opened(state, Conflict("url", "a", "b"))
    (second,) = opened(state, Conflict("url", "a", "c"))
    assert second > first
    assert len(opened(state, Conflict("doi", "a", "c"))) == 2


def test_r6_an_answer_is_kept_and_makes_its_item_due(state: State) -> None:
    state.items.put_items("users/7", [{"key": A.key, "version": 1, "data": {"itemType": "book"}}])
    state.items.set_pending([A], pending=False)
    (number,) = opened(state, Conflict("url", "a", "b"))
    assert state.history.answer(number, "zotero") == A
    assert list(state.items.pending("users/7")) == [A]
    assert [row.answer for row in state.history.conflicts()] == ["zotero"]


def test_r6_an_answer_to_an_outdated_conflict_is_refused(state: State) -> None:
    (first,) = opened(state, Conflict("url", "a", "b"))
    (second,) = opened(state, Conflict("url", "a", "c"))
    with pytest.raises(OutdatedAnswerError):
        state.history.answer(first, "zotero")
    state.history.end_conflicts(A, ["url"], LATER)
    with pytest.raises(OutdatedAnswerError):
        state.history.answer(second, "zotero")
    with pytest.raises(UsageError):
        state.history.answer(99, "zotero")


def test_conflicts_of_other_fields_and_items_stay(state: State) -> None:
    opened(state, Conflict("url", "a", "b"), Conflict("doi", "a", "b"))
    opened(state, Conflict("url", "a", "b"), item=B)
    state.history.end_conflicts(A, ["url", "title"], LATER)
    assert [(row.id, row.field) for row in state.history.conflicts()] == [(A, "doi"), (B, "url")]
    assert state.counts()["conflicts"] == 2


def test_held_parts_replace_what_was_held(state: State) -> None:
    state.notes.put_rows([NoteRow("a.md", Stat(1, 1, 1), "d", A), NoteRow("b.md", Stat(1, 1, 2), "d", B)])
    state.history.set_held(
        A, [Held("x", "why", field="url"), Held("y", "why", "other.md"), Held("y", "why", "other.md")]
    )
    state.history.set_held(B, [Held("z", "why")])
    assert state.history.held() == [
        Held("x", "why", "a.md", "url", A),
        Held("y", "why", "other.md", "", A),
        Held("z", "why", "b.md", "", B),
    ]
    state.history.set_held(A, [])
    assert [held.code for held in state.history.held()] == ["z"]
    assert state.counts()["held"] == 1


def test_held_files_are_told_after_held_items(state: State) -> None:
    state.notes.put_rows([NoteRow("b.md", Stat(1, 1, 1), "d", B, held=(Held("broken-yaml", "why", "b.md", "", B),))])
    state.history.set_held(A, [Held("x", "why")])
    assert [held.code for held in state.history.held()] == ["x", "broken-yaml"]


def test_r15_put_backs_are_counted_by_field(state: State) -> None:
    for field in ("year", "year", "venue"):
        state.history.count_put_back(A, field)
    assert state.history.put_backs(A) == {"year": 2, "venue": 1}
    assert state.history.put_backs(B) == {}


def change(side: str, item: ItemId, field: str = "title") -> ChangeRow:
    return ChangeRow(side, item, "a.md", "T", field, "before", "after", "edit")


def test_law_3_cycles_keep_what_they_changed(state: State) -> None:
    first = state.history.begin_cycle(NOW)
    state.history.add_changes(first, [change("zotero", A), change("vault", B, "url")])
    state.history.end_cycle(first, 1.5, {"conflicts": 1})
    second = state.history.begin_cycle(LATER)
    found = state.history.cycles()
    assert [row.number for row in found] == [second, first]
    assert found[1].changes == (change("zotero", A), change("vault", B, "url"))
    assert (found[1].started, found[1].seconds, found[1].summary) == (NOW, 1.5, {"conflicts": 1})
    assert [row.number for row in state.history.cycles(limit=1)] == [second]


def test_r33_the_rolling_day_is_what_went_to_zotero_since(state: State) -> None:
    state.history.add_changes(state.history.begin_cycle(NOW), [change("zotero", A)])
    state.history.add_changes(state.history.begin_cycle(LATER), [change("zotero", B), change("vault", A)])
    assert [row.id for row in state.history.outgoing_since(LATER)] == [B]
    assert [row.id for row in state.history.outgoing_since(NOW)] == [A, B]


def test_counts_tell_what_there_is(state: State) -> None:
    objects = [{"key": key, "version": 1, "data": {"itemType": "book"}} for key in (A.key, B.key)]
    state.items.put_items("users/7", objects)
    state.items.set_pending([B], pending=False)
    state.notes.put_rows([NoteRow("a.md", Stat(1, 1, 1), "d", A, pending=True), NoteRow("own.md", Stat(1, 1, 2), "d")])
    assert state.counts() == {"items": 2, "notes": 1, "pending": 1, "out_of_scope": 0, "conflicts": 0, "held": 0}
