"""A paper of an index note, from a record and what is remembered of its note."""

from __future__ import annotations

from typing import Any

from bridge.core.place import Facts, NoteRow, Stat
from bridge.core.record import ItemId, Record, Value
from bridge.core.status import StatusNames
from bridge.indexes.entries import Entry, entries
from bridge.indexes.paper import Paper, paper
from bridge.vault.tags import legal

ITEM = ItemId("users/1", "ABCD2345")
FACE: dict[str, Value] = {
    "title": "SIM-CoT",
    "status": "read",
    "status-date": "2025-09-25",
    "tags": ("chain of thought",),
    "collections": ("Reasoning",),
    "authors": ("Xilin Wei", "Xiaoran Liu", "Jan van der Berg"),
    "aliases": ("SIM-CoT", "Wei et al. 2025"),
    "year": "2025",
    "published": "2025-09",
    "type": "preprint",
    "added": "2025-09-24",
    "citekey": "wei2025",
}


def made(face: dict[str, Value] | None = None, note: dict[str, Value] | None = None, **rest: Any) -> Paper:
    record = Record(ITEM, FACE | (face or {}), "1")
    row = NoteRow("Papers/@wei2025.md", Stat(0, 0, 0), "", ITEM, face=note, **rest) if note is not None else None
    found = paper(record, row, StatusNames(), tag_shown=legal)
    assert found
    return found


def test_a_paper_without_a_note_is_told_from_zotero() -> None:
    found = made()
    assert (found.note, found.by, found.tags, found.shelf) == ("", "Wei et al.", ("chain-of-thought",), "read")
    assert found.finished == "2025-09-25"


def test_what_the_note_shows_comes_first() -> None:
    facts = Facts(summary="s", questions=("q",), points=("p",), has_notes=True)
    found = made(note={"title": "Mine", "finished": "2025-09-26"}, facts=facts)
    assert (found.title, found.finished, found.note) == ("Mine", "2025-09-26", "Papers/@wei2025.md")
    assert (found.summary, found.questions, found.points, found.has_notes) == ("s", ("q",), ("p",), True)


def test_a_trashed_paper_leaves_the_indexes() -> None:
    assert paper(Record(ITEM, FACE, "1", life="trashed"), None, StatusNames()) is None


def test_odd_papers() -> None:
    assert made({"title": ""}).title == "wei2025"
    assert made({"title": "", "citekey": ""}).title == "ABCD2345"
    many = tuple(f"A{n} B{n}" for n in range(500))
    assert made({"authors": many, "aliases": ()}).by == "B0 et al."
    assert made({"authors": many[:2], "aliases": ()}).by == "B0 and B1"
    assert made({"authors": (), "aliases": ("SIM-CoT",), "year": ""}).by == ""
    for date in ("in press", "2024-13-45", "Spring 2019"):
        assert made({"published": date, "added": date, "status-date": date}).added == ""
        assert made({"published": date}).published == "2025"
    assert {kind: made({"type": kind}).kind for kind in ("blogPost", "book", "computerProgram", "film", "thesis")} == {
        "blogPost": "post",
        "book": "book",
        "computerProgram": "code",
        "film": "video",
        "thesis": "paper",
    }


def test_a_paper_is_entered_where_it_belongs() -> None:
    assert entries(made(note={"started": "2025-09-24"}, facts=Facts(questions=("q",)))) == {
        Entry("collection", "Reasoning"),
        Entry("tag", "chain-of-thought"),
        Entry("added", "2025-09-24"),
        Entry("started", "2025-09-24"),
        Entry("read", "2025-09-25"),
        Entry("shelf", "read", "2025-09-25"),
        Entry("questions", "", "2025-09-25"),
    }
    assert Entry("shelf", "to-read", "2025-09-25") in entries(made({"status": "todo"}))
    assert not any(entry.kind == "shelf" for entry in entries(made({"status": "my own word"})))
