"""What was generated for the notes of papers, so that what a person added to it can be told from it (R29).

Not only the last text of a block is kept: a note may come back as it was (undone, from a phone, from a backup), with a
person's words in it.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping

from bridge.core.record import ItemId
from bridge.state.faces import dump

#: The fastest: a paper's highlights shrink to a third all the same.
_LEVEL = 1
#: Texts of one block that are kept.
_KEPT = 4


class Written:
    """Managed blocks as they were generated, by item and name, packed as the vault side gives them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of(self, item: ItemId) -> dict[str, tuple[str, ...]]:
        """What is remembered of one note, of each block the last text first."""
        rows = self._db.execute("SELECT block, text FROM written WHERE library = ? AND key = ?", item)
        return {block: _texts(text) for block, text in rows}

    def put(self, notes: Iterable[tuple[ItemId, Mapping[str, str]]]) -> None:
        """Remember blocks, and forget those whose text is empty; those of a note that are not named stay."""
        for item, blocks in notes:
            for block, text in blocks.items():
                self._put((*item, block), text)

    def _put(self, place: tuple[str, str, str], text: str) -> None:
        if not text:
            self._db.execute("DELETE FROM written WHERE library = ? AND key = ? AND block = ?", place)
            return
        query = "SELECT text FROM written WHERE library = ? AND key = ? AND block = ?"
        known = self._db.execute(query, place).fetchone()
        before = _texts(known[0]) if known else ()
        if before[:1] != (text,):
            texts = [text, *(old for old in before if old != text)][:_KEPT]
            packed = zlib.compress(dump(texts).encode(), _LEVEL)
            self._db.execute("INSERT OR REPLACE INTO written VALUES (?,?,?,?)", (*place, packed))


def _texts(packed: bytes) -> tuple[str, ...]:
    return tuple(json.loads(zlib.decompress(packed)))
