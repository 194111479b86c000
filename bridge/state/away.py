"""Notes and papers that were put away because their other half went, so that they come back when it does.

A row is written before anything is moved (law 5): whether it was done shows in where the thing is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from bridge.core.plan import SideName
from bridge.core.record import ItemId

How: TypeAlias = Literal["archive", "trash"]


class Away(NamedTuple):
    """One note (side ``vault``) or one paper (side ``zotero``) put away, or about to be.

    ``was`` and ``now`` are a note's paths before and after; of a paper ``now`` is the collection it was put into.
    ``done``: it was put there; where a note is elsewhere since, a person took it there.
    """

    how: How
    was: str
    now: str
    done: bool


class Shelter:
    """The rows, by item and side."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of(self, library: str, side: SideName) -> dict[str, Away]:
        """What of a library's is away on one side, by item key."""
        query = "SELECT key, how, was, now, done FROM away WHERE library = ? AND side = ? ORDER BY key"
        return {
            key: Away(how, was, now, bool(done))
            for key, how, was, now, done in self._db.execute(query, (library, side))
        }

    def is_in_trash(self, item: ItemId) -> bool:
        """Whether an item's note was put into the vault's trash, or was about to be: no person deleted it."""
        query = "SELECT 1 FROM away WHERE library = ? AND key = ? AND side = 'vault' AND how = 'trash' AND now <> ''"
        return self._db.execute(query, item).fetchone() is not None

    def put(self, item: ItemId, side: SideName, away: Away) -> None:
        """Remember where something is put."""
        self._db.execute("INSERT OR REPLACE INTO away VALUES (?,?,?,?,?,?,?)", (*item, side, *away))

    def drop(self, items: Iterable[ItemId], side: SideName) -> None:
        """Forget it: it is back, or went where a person took it."""
        query = "DELETE FROM away WHERE library = ? AND key = ? AND side = ?"
        self._db.executemany(query, ((*item, side) for item in items))
