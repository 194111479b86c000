"""What index notes show: papers and where each is entered, the files as last written, and what is due.

The entries are a table, so that what one paper's change costs does not grow with the library (R35); what they mean is
known by :mod:`bridge.indexes` alone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bridge.core.record import ItemId
from bridge.state.faces import dump

#: Stands in :meth:`Pages.due` for the vault's names and hosts, which belong to no paper.
VAULT = ItemId("", "")


class PageRow(NamedTuple):
    """A file that shows a page: ``own`` if we made it, else a person's note that hosts it."""

    path: str
    kind: str
    name: str
    own: bool


_NOT_OURS = "NOT EXISTS (SELECT 1 FROM pages WHERE pages.path = {}.path AND own)"


class Pages:
    """The tables behind index notes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # --- what is due ---

    def due(self) -> list[ItemId]:
        """Papers that changed, or whose note did; :data:`VAULT` where the vault's names or hosts may have changed."""
        return [ItemId(*row) for row in self._db.execute("SELECT library, key FROM index_due ORDER BY library, key")]

    def all_due(self) -> None:
        """Take in everything anew."""
        self._db.execute("INSERT OR IGNORE INTO index_due SELECT library, key FROM items WHERE paper")
        self._db.execute("INSERT OR IGNORE INTO index_due VALUES ('', '')")

    def done(self) -> None:
        """Everything that was due is taken in."""
        self._db.execute("DELETE FROM index_due")

    # --- papers and entries ---

    def paper(self, item: ItemId) -> str | None:
        """A paper's JSON as it was taken in."""
        row = self._db.execute("SELECT json FROM papers WHERE library = ? AND key = ?", item).fetchone()
        return row[0] if row else None

    def put(self, item: ItemId, text: str | None, entries: Iterable[tuple[str, str, str]]) -> None:
        """Take a paper in with its entries (kind, name, sort), or with ``None`` out."""
        for table in ("papers", "entries"):
            self._db.execute(f"DELETE FROM {table} WHERE library = ? AND key = ?", item)  # noqa: S608 (constant)
        if text is not None:
            self._db.execute("INSERT INTO papers VALUES (?,?,?)", (*item, text))
            self._db.executemany(
                "INSERT INTO entries (library, key, kind, name, sort) VALUES (?,?,?,?,?)",
                ((*item, *entry) for entry in entries),
            )

    def papers(self, kind: str, name: str, most: int | None) -> list[str]:
        """The papers' JSON with an entry of a kind and name: by sort downwards, then by id."""
        query = (
            "SELECT json FROM entries JOIN papers USING (library, key) WHERE kind = ? AND name = ?"
            " ORDER BY sort DESC, library, key LIMIT ?"
        )
        return [row[0] for row in self._db.execute(query, (kind, name, -1 if most is None else most))]

    def counts(self) -> dict[str, dict[str, int]]:
        """The names of each kind, to how many papers they have; reads every entry."""
        counts: dict[str, dict[str, int]] = {}
        for kind, name, count in self._db.execute("SELECT kind, name, count(*) FROM entries GROUP BY kind, name"):
            counts.setdefault(kind, {})[name] = count
        return counts

    def distinct(self, names: Sequence[tuple[str, str]]) -> int:
        """How many papers have an entry of any of these kinds and names."""
        query = (
            "SELECT count(*) FROM (SELECT DISTINCT library, entries.key FROM entries JOIN json_each(?) AS wanted"
            " ON kind = json_extract(wanted.value, '$[0]') AND name = json_extract(wanted.value, '$[1]'))"
        )
        return int(self._db.execute(query, (dump([list(pair) for pair in names]),)).fetchone()[0])

    # --- files ---

    def written(self) -> list[PageRow]:
        """The files as last written."""
        query = "SELECT path, kind, name, own FROM pages ORDER BY path"
        return [PageRow(path, kind, name, bool(own)) for path, kind, name, own in self._db.execute(query)]

    def text(self, path: str) -> str | None:
        """The text of a file's block as it was last written; ``None`` where that is not known."""
        row = self._db.execute("SELECT text FROM pages WHERE path = ?", (path,)).fetchone()
        return (row[0] or None) if row else None

    def put_page(self, row: PageRow, text: str) -> None:
        """Remember a file as it was written, with the text of its block; ``""`` where that is not known."""
        self._db.execute("INSERT OR REPLACE INTO pages VALUES (?,?,?,?,?)", (*row, text))

    def move_page(self, path: str, new: str) -> None:
        """A file is elsewhere now."""
        self._db.execute("UPDATE OR REPLACE pages SET path = ? WHERE path = ?", (new, path))

    def drop_page(self, path: str) -> None:
        """Forget a file."""
        self._db.execute("DELETE FROM pages WHERE path = ?", (path,))

    # --- the notes around them, ours left out ---

    def unseen(self) -> list[str]:
        """Files that no scan has seen."""
        return [
            path for (path,) in self._db.execute("SELECT path FROM pages WHERE path NOT IN (SELECT path FROM notes)")
        ]

    def hosts(self) -> list[tuple[str, str]]:
        """Each index block that stands in a note that is not ours, as its begin line names it, with the note's path."""
        # As one list: a look-up for each of a thousand files of ours would cost six times as much.
        query = (
            "SELECT path, facts FROM notes WHERE instr(facts, '\"hosts\"')"
            " AND path NOT IN (SELECT path FROM pages WHERE own)"
        )
        found = [(json.loads(facts)["hosts"], path) for path, facts in self._db.execute(query)]
        return sorted((title, path) for titles, path in found for title in titles)

    def is_note(self, path: str) -> bool:
        """Whether a note that is not ours is there."""
        query = f"SELECT 1 FROM notes WHERE path = ? AND {_NOT_OURS.format('notes')}"  # noqa: S608 (constant)
        return self._db.execute(query, (path,)).fetchone() is not None

    def taken(self, names: Iterable[str]) -> set[str]:
        """Those of some names that a note bears which is not ours, as :func:`~bridge.core.names.folded` makes them."""
        query = f"SELECT name FROM names WHERE name IN (SELECT value FROM json_each(?)) AND {_NOT_OURS.format('names')}"  # noqa: S608 (constant)
        return {name for (name,) in self._db.execute(query, (dump(list(names)),))}
