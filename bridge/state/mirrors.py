"""What Bridge itself hung below papers (:mod:`bridge.core.mirror`), and which of it is due for a look."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bridge.core.mirror import SECTION_FIELD, Mirror, MirrorKind
from bridge.core.record import ItemId

_COLUMNS: Final = "library, key, kind, child, number, source, agreed, meant, seen, version, released"
#: Notes that nothing forbids to look at, of papers that are there, with what is remembered of the mirror.
_CANDIDATES: Final = """
    SELECT n.library, n.key FROM notes n
    JOIN items p ON p.library = n.library AND p.key = n.key AND NOT p.gone AND NOT p.trashed
    LEFT JOIN mirrors m ON m.library = n.library AND m.key = n.key AND m.kind = :kind
    LEFT JOIN items c ON c.library = m.library AND c.key = m.child
    WHERE n.library = :library AND n.key IS NOT NULL AND NOT n.copy AND """
#: A child that is not as it was when it was last looked at, or whose writing was not confirmed.
_MOVED: Final = (
    "m.meant <> '' OR (m.child <> '' AND CASE WHEN c.gone THEN -1 ELSE coalesce(c.version, -1) END <> m.version)"
)


class Mirrors:
    """The table of mirrors; at most one row a paper and kind."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def get(self, item: ItemId, kind: MirrorKind) -> Mirror | None:
        """What is remembered of a paper's mirror."""
        query = f"SELECT {_COLUMNS} FROM mirrors WHERE library = ? AND key = ? AND kind = ?"  # noqa: S608 (constant)
        return _mirror(self._db.execute(query, (*item, kind)).fetchone())

    def of_child(self, child: ItemId) -> Mirror | None:
        """The mirror that a child of a paper is, unless it is a person's own by now."""
        query = f"SELECT {_COLUMNS} FROM mirrors WHERE library = ? AND child = ? AND NOT released"  # noqa: S608 (constant)
        return _mirror(self._db.execute(query, child).fetchone())

    def put(self, rows: Iterable[Mirror]) -> None:
        """Remember mirrors, newer over older."""
        self._db.executemany(
            f"INSERT OR REPLACE INTO mirrors ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 (constant)
            (
                (*m.id, m.kind, m.child, m.number, m.source, m.agreed, m.meant, m.seen, m.version, m.released)
                for m in rows
            ),
        )

    def due_sections(self, library: str, *, standard: bool) -> list[ItemId]:
        """Papers whose note, mirror or open question changed since the mirror was last looked at.

        :param standard: whether the section has the name by which reading a note tells that it holds text; else every
            note is looked at once.
        """
        said = " AND instr(n.facts, '\"has_notes\"')" if standard else ""
        query = (
            f"{_CANDIDATES} ((m.key IS NULL{said}) OR m.seen <> n.digest OR {_MOVED}"  # noqa: S608 (constants)
            " OR EXISTS (SELECT 1 FROM conflicts q WHERE q.library = n.library AND q.key = n.key"
            " AND q.field = :field AND q.ended = '' AND q.answer <> '')) ORDER BY n.key"
        )
        found = self._db.execute(query, {"library": library, "kind": "notes", "field": SECTION_FIELD})
        return [ItemId(*row) for row in found]

    def due_links(self, library: str) -> list[ItemId]:
        """Papers whose note moved since, or never had a link to it, or whose link changed."""
        query = f"{_CANDIDATES} (m.key IS NULL OR m.seen <> n.path OR {_MOVED}) ORDER BY n.key"
        return [ItemId(*row) for row in self._db.execute(query, {"library": library, "kind": "backlink"})]

    def question(self, item: ItemId) -> tuple[str, str, str] | None:
        """The open conflict about a paper's mirror: Zotero's value, the vault's, a person's answer."""
        query = "SELECT zotero, vault, answer FROM conflicts WHERE library = ? AND key = ? AND field = ? AND ended = ''"
        row = self._db.execute(query, (*item, SECTION_FIELD)).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def child(self, library: str, key: str) -> tuple[Mapping[str, Any], bool] | None:
        """A stored object, and whether it was erased."""
        query = "SELECT json, gone FROM items WHERE library = ? AND key = ?"
        row = self._db.execute(query, (library, key)).fetchone()
        return None if row is None else (json.loads(row[0]), bool(row[1]))

    def children(self, library: str) -> list[tuple[str, ItemId]]:
        """The keys of all stored notes and attachments that hang below papers, with those."""
        query = (
            "SELECT c.key, p.library, p.key FROM items c JOIN items p ON p.library = c.library AND p.key = c.parent"
            " WHERE c.library = ? AND p.paper AND NOT c.gone"
        )
        return [(key, ItemId(*item)) for key, *item in self._db.execute(query, (library,))]


def _mirror(row: Sequence[Any] | None) -> Mirror | None:
    return None if row is None else Mirror(ItemId(*row[:2]), *(*row[2:10], bool(row[10])))
