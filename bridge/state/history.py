"""Conflicts, held parts, and what every cycle did."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.core.plan import Conflict, Held
from bridge.core.record import ItemId
from bridge.errors import OutdatedAnswerError, UsageError
from bridge.state.faces import dump
from bridge.state.kin import Kin
from bridge.state.notes import Notes

#: Why a citation key was written that nobody typed (R19).
MADE = "citekey"


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """An open conflict, for people."""

    number: int
    id: ItemId
    title: str
    path: str
    field: str
    zotero: str
    vault: str
    opened: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field of one item that a cycle changed on one side; ``why`` is a stable word."""

    side: str
    id: ItemId
    path: str
    title: str
    field: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class CycleRow:
    """One cycle that changed something."""

    number: int
    started: str
    seconds: float
    summary: dict[str, Any]
    changes: tuple[ChangeRow, ...] = ()
    #: The cycle that this one took back; 0 if it is none of these.
    undoes: int = 0


class History:
    """What happened and what waits for a person."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # --- conflicts (R6) -----------------------------------------------------------------------------------------------

    def conflicts(self) -> list[ConflictRow]:
        """The open conflicts, oldest first.

        One rests while its note is deleted, or its paper erased, merged into another or out of scope (R38).
        """
        query = """
            SELECT c.number, c.library, c.key, n.path, n.face, i.json, c.field, c.zotero, c.vault, c.opened, c.answer
            FROM conflicts c
            LEFT JOIN notes n ON n.library = c.library AND n.key = c.key AND NOT n.copy
            LEFT JOIN items i ON i.library = c.library AND i.key = c.key
            LEFT JOIN bases b ON b.library = c.library AND b.key = c.key
            LEFT JOIN resting r ON r.library = c.library AND r.key = c.key
            WHERE c.ended = '' AND NOT coalesce(b.absent, 0) AND NOT coalesce(i.gone, 0) AND r.key IS NULL
            AND coalesce(json_extract(n.face, '$."zotero-status"'), '') <> 'merged'
            GROUP BY c.number ORDER BY c.number"""
        return [
            ConflictRow(row[0], ItemId(row[1], row[2]), _title(row[4], row[5]), row[3] or "", *row[6:])
            for row in self._db.execute(query)
        ]

    def open_conflicts(self, item: ItemId, conflicts: Iterable[Conflict], now: str) -> None:
        """Record conflicts; one that is open on the same field with other values is over."""
        for conflict in conflicts:
            self.end_conflicts(item, [conflict.field], now)
            self._db.execute(
                "INSERT INTO conflicts (library, key, field, zotero, vault, opened) VALUES (?,?,?,?,?,?)",
                (*item, conflict.field, conflict.zotero, conflict.vault, now),
            )

    def end_conflicts(self, item: ItemId, fields: Iterable[str], now: str, *, by: int | None = None) -> None:
        """Close the open conflicts of these fields; ``by`` is the cycle that did, if it has a number."""
        self._db.executemany(
            "UPDATE conflicts SET ended = ?, ended_by = ? WHERE library = ? AND key = ? AND field = ? AND ended = ''",
            ((now, by or 0, *item, field) for field in fields),
        )

    def ended_by(self, cycle: int, item: ItemId) -> list[tuple[int, str, str, str]]:
        """Conflicts of an item that a cycle ended, as (number, field, Zotero's value, the note's)."""
        query = "SELECT number, field, zotero, vault FROM conflicts WHERE ended_by = ? AND library = ? AND key = ?"
        return list(self._db.execute(query, (cycle, *item)))

    def reopen(self, number: int) -> None:
        """A conflict is open again, unanswered; not where one on the same field is."""
        self._db.execute(
            "UPDATE conflicts SET ended = '', ended_by = 0, answer = '' WHERE number = ? AND NOT EXISTS ("
            " SELECT 1 FROM conflicts AS other WHERE other.ended = '' AND other.field = conflicts.field"
            " AND other.library = conflicts.library AND other.key = conflicts.key)",
            (number,),
        )

    def end_conflicts_of(self, fields: Iterable[str], now: str) -> None:
        """Close the open conflicts of these fields on every item."""
        self._db.executemany(
            "UPDATE conflicts SET ended = ? WHERE field = ? AND ended = ''", ((now, field) for field in fields)
        )

    def answer(self, number: int, keep: str) -> ItemId:
        """Record a person's answer to an open conflict and have its item looked at again.

        :raises UsageError: there never was a conflict of this number.
        :raises OutdatedAnswerError: it is over, or its values have changed since (R6).
        """
        row = self._db.execute("SELECT library, key, ended FROM conflicts WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise UsageError(f"There is no conflict {number}.")
        if row[2]:
            raise OutdatedAnswerError(f"Conflict {number} is over: it was answered, or the values changed since.")
        if all(number != open_one.number for open_one in self.conflicts()):
            raise OutdatedAnswerError(
                f"Conflict {number} rests: its note was deleted, or its paper erased, merged or left out of [scope]."
            )
        self._db.execute("UPDATE conflicts SET answer = ? WHERE number = ?", (keep, number))
        item = ItemId(row[0], row[1])
        self._db.execute("UPDATE items SET pending = 1 WHERE library = ? AND key = ?", item)
        return item

    # --- held ---------------------------------------------------------------------------------------------------------

    def set_held(self, item: ItemId, held: Sequence[Held]) -> None:
        """What is held about an item after it was reconciled; replaces what was."""
        self._db.execute("DELETE FROM held WHERE library = ? AND key = ?", item)
        if held:
            self._db.executemany(
                "INSERT OR IGNORE INTO held (library, key, field, code, reason, path) VALUES (?,?,?,?,?,?)",
                ((*item, h.field, h.code, h.reason, h.path) for h in held),
            )

    def held(self) -> list[Held]:
        """Everything that waits for a person to mend it: items, then files.

        What was wrong with a note that is gone is no matter while it is gone (R38).
        """
        rows = self._db.execute(
            "SELECT h.code, h.reason, coalesce(nullif(h.path, ''), n.path, ''), h.field, h.library, h.key FROM held h"
            " LEFT JOIN notes n ON n.library = h.library AND n.key = h.key AND NOT n.copy"
            " LEFT JOIN bases b ON b.library = h.library AND b.key = h.key"
            " WHERE NOT coalesce(b.absent, 0) AND (n.path IS NOT NULL OR h.code <> 'unknown-item')"
            " GROUP BY h.library, h.key, h.code, h.field, h.reason ORDER BY h.library, h.key"
        )
        items = [Held(row[0], row[1], row[2], row[3], ItemId(row[4], row[5])) for row in rows]
        return items + list(Notes(self._db, Kin(self._db)).held())

    # --- put-backs (R15) ----------------------------------------------------------------------------------------------

    def put_backs(self, item: ItemId) -> dict[str, int]:
        """How often each field of an item was put back."""
        query = "SELECT field, times FROM put_backs WHERE library = ? AND key = ?"
        return dict(self._db.execute(query, item).fetchall())

    def count_put_back(self, item: ItemId, field: str) -> None:
        """Count one more put-back."""
        self._db.execute(
            "INSERT INTO put_backs VALUES (?,?,?,1) ON CONFLICT (library, key, field) DO UPDATE SET times = times + 1",
            (*item, field),
        )

    # --- cycles -------------------------------------------------------------------------------------------------------

    def begin_cycle(self, started: str, *, undoes: int = 0) -> int:
        """Number a cycle that is about to change something; ``undoes`` is the one it takes back."""
        number = self._db.execute("INSERT INTO cycles (started, undoes) VALUES (?,?)", (started, undoes)).lastrowid
        assert number is not None
        return number

    def end_cycle(self, number: int, seconds: float, summary: dict[str, Any]) -> None:
        """Record how a cycle ended."""
        self._db.execute(
            "UPDATE cycles SET seconds = ?, summary = ? WHERE number = ?", (seconds, dump(summary), number)
        )

    def add_changes(self, cycle: int, changes: Iterable[ChangeRow]) -> None:
        """Record what was changed, with the values before and after (law 3)."""
        self._db.executemany(
            "INSERT INTO changes VALUES (?,?,?,?,?,?,?,?,?,?)",
            ((cycle, c.side, *c.id, c.path, c.title, c.field, c.before, c.after, c.why) for c in changes),
        )

    def cycles(self, limit: int = 20) -> list[CycleRow]:
        """The last cycles that changed something, newest first."""
        found = self._db.execute(
            "SELECT number, started, seconds, summary, undoes FROM cycles ORDER BY number DESC LIMIT ?", (limit,)
        ).fetchall()
        return [
            CycleRow(number, started, seconds, json.loads(summary), self._changes(number), undoes)
            for number, started, seconds, summary, undoes in found
        ]

    def _changes(self, cycle: int) -> tuple[ChangeRow, ...]:
        query = (
            "SELECT side, library, key, path, title, field, before, after, why FROM changes"
            " WHERE cycle = ? ORDER BY rowid"
        )
        return tuple(ChangeRow(row[0], ItemId(row[1], row[2]), *row[3:]) for row in self._db.execute(query, (cycle,)))

    def outgoing_since(self, started: str, *, after: int = 0, made: bool = False) -> list[ChangeRow]:
        """What went to Zotero in cycles since a moment (ISO 8601) and after a cycle: the guards' rolling day (R33).

        :param made: the citation keys that were made, in place of what people changed.
        """
        query = (
            "SELECT side, library, key, path, title, field, before, after, why FROM changes"
            " JOIN cycles ON cycles.number = changes.cycle WHERE side = 'zotero' AND started >= ? AND number > ?"
            " AND (why = ?) = ?"
        )
        found = self._db.execute(query, (started, after, MADE, made))
        return [ChangeRow(row[0], ItemId(row[1], row[2]), *row[3:]) for row in found]

    def was_given_key(self, item: ItemId) -> bool:
        """Whether a citation key was made for an item once."""
        query = "SELECT 1 FROM changes WHERE library = ? AND key = ? AND why = ? LIMIT 1"
        return self._db.execute(query, (*item, MADE)).fetchone() is not None

    def rekeyed_since(self, started: str) -> Iterator[tuple[ItemId, str, str, str]]:
        """Citation keys that changed on either side in cycles since a moment, in order: item, title, before, after.

        What was taken back is no change of mind of any tool, nor is taking it back.
        """
        query = (
            "SELECT library, key, title, before, after FROM changes JOIN cycles ON cycles.number = changes.cycle"
            " WHERE field = 'citekey' AND started >= ? AND NOT undoes AND before <> '' AND after <> ''"
            " ORDER BY changes.rowid"
        )
        for library, key, title, before, after in self._db.execute(query, (started,)):
            yield ItemId(library, key), title, before, after


def _title(face: str | None, item: str | None) -> str:
    """A title for people: the note's, else Zotero's."""
    if face and (title := json.loads(face).get("title")):
        return str(title)
    return str(json.loads(item)["data"].get("title", "")) if item else ""
