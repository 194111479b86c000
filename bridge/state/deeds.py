"""What each cycle did to files and items, and which cycles were taken back (:mod:`bridge.core.deeds`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.core.deeds import FileDeed, ItemDeed
from bridge.core.record import ItemId
from bridge.state.db import transaction
from bridge.state.faces import dump


class Deeds:
    """The tables behind undoing. Each writing method is durable when it returns, or with the transaction it joins."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # --- recording --------------------------------------------------------------------------------------------------

    def add_files(self, cycle: int, deeds: Iterable[FileDeed]) -> None:
        """Record what a cycle does to files, in the order in which it does it."""
        with transaction(self._db):
            self._db.executemany(
                "INSERT INTO file_deeds (cycle, old, new, before, after) VALUES (?,?,?,?,?)",
                ((cycle, *deed) for deed in deeds),
            )

    def drop_files(self, cycle: int, deeds: Iterable[FileDeed]) -> None:
        """Forget what was not done after all."""
        with transaction(self._db):
            self._db.executemany(
                "DELETE FROM file_deeds WHERE cycle = ? AND old = ? AND new = ? AND before = ? AND after = ?",
                ((cycle, *deed) for deed in deeds),
            )

    def add_items(self, cycle: int, deeds: Iterable[ItemDeed]) -> dict[ItemId, int]:
        """Record what a cycle sends; the number of each record, by item."""
        numbers: dict[ItemId, int] = {}
        with transaction(self._db):
            for deed in deeds:
                row = (cycle, *deed.id, dump(deed.before), dump(deed.after))
                query = "INSERT INTO item_deeds (cycle, library, key, before, after) VALUES (?,?,?,?,?)"
                number = self._db.execute(query, row).lastrowid
                assert number is not None
                numbers[deed.id] = number
        return numbers

    def amend_items(self, results: Mapping[int, Mapping[str, Any] | None]) -> None:
        """By number: what the server made of what was sent, or ``None`` where it was not written."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE item_deeds SET after = ? WHERE number = ?",
                ((dump(after), number) for number, after in results.items() if after is not None),
            )
            self._db.executemany(
                "DELETE FROM item_deeds WHERE number = ?",
                ((number,) for number, after in results.items() if after is None),
            )

    # --- looking back -----------------------------------------------------------------------------------------------

    def files(self, cycle: int) -> list[FileDeed]:
        """What a cycle did to files, in its order."""
        query = "SELECT old, new, before, after FROM file_deeds WHERE cycle = ? ORDER BY number"
        return [FileDeed(*row) for row in self._db.execute(query, (cycle,))]

    def items(self, cycle: int) -> list[ItemDeed]:
        """What a cycle did to Zotero objects, in its order."""
        query = "SELECT library, key, before, after FROM item_deeds WHERE cycle = ? ORDER BY number"
        return [
            ItemDeed(ItemId(library, key), json.loads(before), json.loads(after))
            for library, key, before, after in self._db.execute(query, (cycle,))
        ]

    def is_kept(self, cycle: int) -> bool:
        """Whether anything is known of how to take a cycle back."""
        query = (
            "SELECT EXISTS (SELECT 1 FROM file_deeds WHERE cycle = ?)"
            " OR EXISTS (SELECT 1 FROM item_deeds WHERE cycle = ?)"
        )
        return bool(self._db.execute(query, (cycle, cycle)).fetchone()[0])

    def later(self, path: str, digest: str, cycle: int) -> int | None:
        """The last cycle after another one that left a file at a path as its digest says, if any did."""
        query = "SELECT max(cycle) FROM file_deeds WHERE cycle > ? AND new = ? AND after = ?"
        found = self._db.execute(query, (cycle, path, digest)).fetchone()[0]
        return None if found is None else int(found)

    # --- what was taken back ----------------------------------------------------------------------------------------

    def undone(self) -> dict[int, int]:
        """Each cycle that is taken back, to the one that did; what was taken back twice stands again."""
        found: dict[int, int] = {}
        query = "SELECT number, undoes FROM cycles WHERE undoes <> 0 ORDER BY number DESC"
        for number, undoes in self._db.execute(query):
            if number not in found:
                found.setdefault(undoes, number)
        return found

    def undoes(self, cycle: int) -> int | None:
        """The cycle that a cycle took back, 0 if none; ``None`` where there is no such cycle."""
        row = self._db.execute("SELECT undoes FROM cycles WHERE number = ?", (cycle,)).fetchone()
        return None if row is None else int(row[0])

    def unfinished(self) -> int | None:
        """A cycle that is being taken back, where that was interrupted."""
        query = "SELECT undoes FROM cycles WHERE undoes <> 0 AND summary = '{}' ORDER BY number DESC LIMIT 1"
        row = self._db.execute(query).fetchone()
        return None if row is None else int(row[0])

    def unfinished_of(self, cycle: int) -> int | None:
        """The number of an undoing of a cycle that was interrupted."""
        query = "SELECT number FROM cycles WHERE undoes = ? AND undoes <> 0 AND summary = '{}' ORDER BY number DESC"
        row = self._db.execute(query, (cycle,)).fetchone()
        return None if row is None else int(row[0])

    def newest(self) -> int | None:
        """The last cycle there was, undoings left out."""
        found = self._db.execute("SELECT max(number) FROM cycles WHERE undoes = 0").fetchone()[0]
        return None if found is None else int(found)

    def last(self) -> int | None:
        """The last cycle that can be taken back and is not, undoings left out; ``None`` where there is none."""
        undone = self.undone()
        query = (
            "SELECT number FROM cycles WHERE undoes = 0 AND (number IN (SELECT cycle FROM file_deeds)"
            " OR number IN (SELECT cycle FROM item_deeds)) ORDER BY number DESC"
        )
        return next((number for (number,) in self._db.execute(query) if number not in undone), None)

    # --- their time -------------------------------------------------------------------------------------------------

    def prune(self, before: str) -> set[str] | None:
        """Forget the deeds of cycles that began before a moment (ISO 8601), or of all where it is empty.

        Returns the digests of contents that are still needed; ``None`` where there was nothing to forget.
        """
        # Looked at after every cycle that changed something: whether the oldest is too old costs the same in any state.
        query = (
            "SELECT started FROM cycles WHERE number = (SELECT min(first) FROM"
            " (SELECT min(cycle) AS first FROM file_deeds UNION SELECT min(cycle) FROM item_deeds))"
        )
        oldest = self._db.execute(query).fetchone()
        if oldest is None or (before and oldest[0] >= before):
            return None
        for table in ("file_deeds", "item_deeds"):
            query = f"DELETE FROM {table} WHERE ? = '' OR cycle IN (SELECT number FROM cycles WHERE started < ?)"  # noqa: S608 (constant)
            self._db.execute(query, (before, before))
        return {row[0] for row in self._db.execute("SELECT DISTINCT before FROM file_deeds WHERE before <> ''")}
