"""What the bibliography shows: the entry of each paper as it was last rendered, and which papers are due.

Triggers fill what is due, so that nothing that changes an item can forget to, and only while a bibliography is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bridge.core.record import ItemId

#: Meta name: by what rules the entries were rendered; empty or missing where no bibliography is kept.
RULES = "bibliography"


class CitationRow(NamedTuple):
    """The entry of one paper; ``text`` is empty where its citation key cannot stand in the file."""

    id: ItemId
    citekey: str
    text: str


class Citations:
    """The tables behind the bibliography."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def due(self) -> list[ItemId]:
        """Papers that changed since their entry was rendered."""
        return [ItemId(*row) for row in self._db.execute("SELECT library, key FROM citations_due ORDER BY 1, 2")]

    def all_due(self) -> None:
        """Render everything anew."""
        self._db.execute("DELETE FROM citations")
        self._db.execute("INSERT OR IGNORE INTO citations_due SELECT library, key FROM items WHERE paper")

    def put(self, rows: Iterable[CitationRow]) -> None:
        """Take in entries; a paper without a citation key has none."""
        for row in rows:
            if row.citekey:
                self._db.execute("INSERT OR REPLACE INTO citations VALUES (?,?,?,?)", (*row.id, row.citekey, row.text))
            else:
                self._db.execute("DELETE FROM citations WHERE library = ? AND key = ?", row.id)

    def done(self) -> None:
        """Everything that was due is taken in."""
        self._db.execute("DELETE FROM citations_due")

    def rows(self) -> Iterator[CitationRow]:
        """All entries, by citation key."""
        query = "SELECT library, key, citekey, text FROM citations ORDER BY citekey, library, key"
        for library, key, citekey, text in self._db.execute(query):
            yield CitationRow(ItemId(library, key), citekey, text)
