"""What was generated for the notes of papers, so that what a person added to it can be told from it (R29)."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping

from bridge.core.record import ItemId

#: The fastest: a paper's highlights shrink to a third all the same.
_LEVEL = 1


class Written:
    """Managed blocks as they were generated last, by item and name, packed as the vault side gives them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of(self, item: ItemId) -> dict[str, str]:
        """What is remembered of one note."""
        rows = self._db.execute("SELECT block, text FROM written WHERE library = ? AND key = ?", item)
        return {block: zlib.decompress(text).decode() for block, text in rows}

    def put(self, notes: Iterable[tuple[ItemId, Mapping[str, str]]]) -> None:
        """Remember blocks, and forget those whose text is empty; those of a note that are not named stay."""
        rows = [(*item, block, text) for item, blocks in notes for block, text in blocks.items()]
        self._db.executemany(
            "DELETE FROM written WHERE library = ? AND key = ? AND block = ?", (row[:3] for row in rows if not row[3])
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO written VALUES (?,?,?,?)",
            ((*row[:3], zlib.compress(row[3].encode(), _LEVEL)) for row in rows if row[3]),
        )
