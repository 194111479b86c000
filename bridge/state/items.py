"""What Zotero sent, kept as it was sent, with the cursor of each library (R3)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bridge.core.record import ItemId, Life
from bridge.state.below import CHILD_TYPES, MARKS, below, content, owners
from bridge.state.db import transaction
from bridge.state.faces import dump
from bridge.state.kin import Kin, doi


class Items:
    """The stored objects; the item store of :class:`bridge.zotero.side.ZoteroSide`."""

    def __init__(self, db: sqlite3.Connection, kin: Kin) -> None:
        self._db, self._kin = db, kin

    # --- libraries --------------------------------------------------------------------------------------------------

    def cursor(self, library: str) -> int:
        """The library version up to which everything was downloaded; 0 at first."""
        row = self._db.execute("SELECT cursor FROM libraries WHERE name = ?", (library,)).fetchone()
        return int(row[0]) if row else 0

    def set_cursor(self, library: str, version: int) -> None:
        """Move the cursor; call it in the transaction that stores the download."""
        self._db.execute(
            "INSERT INTO libraries (name, cursor) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor",
            (library, version),
        )

    def tree(self, library: str) -> list[dict[str, Any]]:
        """The collections of a library as the server sent them."""
        row = self._db.execute("SELECT tree FROM libraries WHERE name = ?", (library,)).fetchone()
        return json.loads(row[0]) if row else []

    def set_tree(self, library: str, collections: Sequence[Mapping[str, Any]]) -> None:
        """Store the collection tree; every paper's paths may have changed with it (R20)."""
        self._db.execute(
            "INSERT INTO libraries (name, cursor, tree) VALUES (?, 0, ?)"
            " ON CONFLICT (name) DO UPDATE SET tree = excluded.tree",
            (library, dump(list(collections))),
        )

    def shows_notes(self, library: str) -> bool:
        """Whether the last download could see the library's notes (R23)."""
        row = self._db.execute("SELECT notes FROM libraries WHERE name = ?", (library,)).fetchone()
        return bool(row[0]) if row else True

    def set_shows_notes(self, library: str, *, shows: bool) -> None:
        """Remember whether a download could see notes; call it in the transaction that stores the download."""
        self._db.execute(
            "INSERT INTO libraries (name, cursor, notes) VALUES (?, 0, ?)"
            " ON CONFLICT (name) DO UPDATE SET notes = excluded.notes",
            (library, shows),
        )

    # --- objects ----------------------------------------------------------------------------------------------------

    def get_item(self, item: ItemId) -> Mapping[str, Any] | None:
        """The stored object, or ``None``."""
        row = self._db.execute("SELECT json FROM items WHERE library = ? AND key = ?", item).fetchone()
        return json.loads(row[0]) if row else None

    def get_below(self, item: ItemId) -> list[Mapping[str, Any]]:
        """The stored objects of an item's children and of theirs, erased ones left out (R21)."""
        return [json.loads(text) for text in below(self._db, item)]

    def put_items(self, library: str, objects: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """Store objects; papers whose content, or that of something below them, differs from what is stored are due.

        Returns the keys whose content changed although their version did not rise: what was agreed about them is void
        (R17).
        """
        keys = [obj["key"] for obj in objects]
        known = self._known(library, keys)
        suspicious: set[str] = set()
        moved: list[str] = []
        rows = []
        strangers: list[ItemId] = []
        relatives: list[ItemId] = []
        for obj in objects:
            data, key, version = obj["data"], obj["key"], int(obj["version"])
            text = dump(obj)
            paper = data.get("itemType") not in CHILD_TYPES and not data.get("parentItem")
            pending, changed = paper, True
            if (old := known.get(key)) is not None:
                same = old[1] == text or content(json.loads(old[1])) == content(obj)
                # The server gives a relation in return without raising the version.
                if version < old[0] or (version == old[0] and not same and _apart(old[1]) != _apart(text)):
                    suspicious.add(key)
                # An own write comes back with the next download; it is no news (law 8), nor is a lifted tombstone's
                # absence.
                changed = not same or bool(old[3])
                pending = paper and (changed or bool(old[2]))
            if changed and not paper:
                moved.append(key)
            if pending:
                (strangers if old is None else relatives).append(ItemId(library, key))
            trashed = bool(data.get("deleted"))
            parent = data.get("parentItem") or None
            rows.append((library, key, version, text, paper, parent, trashed, pending, doi(data) if paper else ""))
        with transaction(self._db):
            due = owners(self._db, library, [key for key in moved if key in known])
            self._kin.touch(relatives)  # who is no kin any more after this
            self._db.executemany(
                "INSERT INTO items (library, key, version, json, paper, parent, trashed, pending, doi)"
                " VALUES (?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (library, key) DO UPDATE SET version = excluded.version, json = excluded.json, gone = 0,"
                " paper = excluded.paper, parent = excluded.parent, trashed = excluded.trashed,"
                # (It may have become due a moment ago, by another object of the same page.)
                " pending = excluded.paper AND (excluded.pending OR items.pending), doi = excluded.doi",
                rows,
            )
            self._set_due(library, due | owners(self._db, library, moved))
            self._kin.put(library, objects, known.keys())
            self._kin.touch(relatives)
            # What twins show of each other are notes, and new papers have none yet.
            self._kin.touch(strangers, twins=False)
        return frozenset(suspicious)

    def _set_due(self, library: str, papers: Iterable[str]) -> None:
        self._db.executemany(
            "UPDATE items SET pending = 1 WHERE library = ? AND key = ? AND paper AND NOT pending",
            ((library, key) for key in papers),
        )

    def _known(self, library: str, keys: Sequence[str]) -> dict[str, tuple[int, str, int, int]]:
        found: dict[str, tuple[int, str, int, int]] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, version, json, pending, gone FROM items WHERE library = ? AND key IN ({marks})"  # noqa: S608 (marks only)
            found |= {row[0]: row[1:] for row in self._db.execute(query, (library, *part))}
        return found

    def mark_gone(self, library: str, keys: Iterable[str]) -> int:
        """Note that the server erased items; their last content is kept. Returns how many that were."""
        keys = sorted(keys)
        erased = dump(keys)
        standing = (
            "SELECT items.key FROM items JOIN json_each(?) AS erased ON items.key = erased.value"
            " WHERE library = ? AND NOT gone AND NOT paper"
        )
        children = [row[0] for row in self._db.execute(standing, (erased, library))]
        with transaction(self._db):
            self._set_due(library, owners(self._db, library, children))
            done = self._db.execute(
                "UPDATE items SET gone = 1, pending = paper"
                " WHERE library = ? AND NOT gone AND key IN (SELECT value FROM json_each(?))",
                (library, erased),
            ).rowcount
            self._kin.touch([ItemId(library, key) for key in keys])
            return done

    def keys(self, library: str) -> set[str]:
        """All keys that are stored and not erased."""
        return {row[0] for row in self._db.execute("SELECT key FROM items WHERE library = ? AND NOT gone", (library,))}

    def note_keys(self, library: str) -> set[str]:
        """The keys of child and other notes that are stored and not erased."""
        query = (
            "SELECT key FROM items WHERE library = ? AND NOT gone AND NOT paper"
            " AND json_extract(json, '$.data.itemType') = 'note'"
        )
        return {row[0] for row in self._db.execute(query, (library,))}

    def life(self, item: ItemId) -> Life | None:
        """``live``, ``trashed`` or ``deleted``; ``None`` for an item never heard of, or one that is no paper."""
        row = self._db.execute(
            "SELECT trashed, gone FROM items WHERE library = ? AND key = ? AND paper", item
        ).fetchone()
        return None if row is None else "deleted" if row[1] else "trashed" if row[0] else "live"

    def live(self, library: str) -> list[ItemId]:
        """The papers of a library, trashed ones not counted, by key."""
        query = "SELECT library, key FROM items WHERE library = ? AND paper AND NOT gone AND NOT trashed ORDER BY key"
        return [ItemId(*row) for row in self._db.execute(query, (library,))]

    def papers(self, library: str) -> int:
        """How many papers the library has, trashed ones not counted."""
        query = "SELECT count(*) FROM items WHERE library = ? AND paper AND NOT gone AND NOT trashed"
        return int(self._db.execute(query, (library,)).fetchone()[0])

    # --- what is due --------------------------------------------------------------------------------------------------

    def pending(self, library: str) -> Iterator[ItemId]:
        """Papers whose download has not been reconciled, by key."""
        query = "SELECT library, key FROM items WHERE library = ? AND pending AND paper ORDER BY key"
        return iter([ItemId(*row) for row in self._db.execute(query, (library,))])

    def set_pending(self, items: Iterable[ItemId], *, pending: bool) -> None:
        """Mark papers as due, or as done."""
        self._db.executemany(
            "UPDATE items SET pending = ? WHERE library = ? AND key = ?", ((pending, *item) for item in items)
        )

    def is_pending(self, item: ItemId) -> bool:
        """Whether a paper is due."""
        row = self._db.execute("SELECT pending FROM items WHERE library = ? AND key = ?", item).fetchone()
        return bool(row and row[0])

    def set_collections_pending(self, library: str, collections: Iterable[str]) -> None:
        """Mark the papers in these collections as due: their paths changed (R20)."""
        self._db.execute(
            "UPDATE items SET pending = 1 WHERE library = ? AND paper AND EXISTS (SELECT 1 FROM"
            " json_each(items.json, '$.data.collections') AS mine"
            " JOIN json_each(?) AS moved ON mine.value = moved.value)",
            (library, dump(sorted(collections))),
        )

    def set_all_pending(self, library: str) -> None:
        """Compare everything anew: the configuration changed."""
        self._db.execute("UPDATE items SET pending = 1 WHERE library = ? AND paper", (library,))

    def set_citekey(self, item: ItemId, citekey: str) -> None:
        """Remember the citation key of a paper without a note, to find it when a note mentions it (R26)."""
        self._db.execute("UPDATE items SET citekey = ? WHERE library = ? AND key = ?", (citekey, *item))

    def keyless(self, library: str, *, due: bool = False) -> list[ItemId]:
        """Papers whose field for the citation key is empty, trashed ones not counted, in the order of their making.

        :param due: only those whose download has not been reconciled.
        """
        papers = "library = ? AND paper AND NOT gone AND NOT trashed"
        query = (
            f"SELECT library, key FROM items WHERE {papers + ' AND pending' if due else papers}"  # noqa: S608 (constants)
            " AND coalesce(json_extract(json, '$.data.citationKey'), '') = ''"
            " ORDER BY json_extract(json, '$.data.dateAdded'), key"
        )
        return [ItemId(*row) for row in self._db.execute(query, (library,))]

    def count_keyless(self, library: str) -> int:
        """How many papers have no citation key, for people: a line of Extra that looks like one counts as one (R11)."""
        query = (
            "SELECT count(*) FROM items WHERE library = ? AND paper AND NOT gone AND NOT trashed"
            " AND coalesce(json_extract(json, '$.data.citationKey'), '') = ''"
            " AND coalesce(json_extract(json, '$.data.extra'), '') NOT LIKE '%citation_key:%'"
            " AND coalesce(json_extract(json, '$.data.extra'), '') NOT LIKE '%citationkey:%'"
        )
        return int(self._db.execute(query, (library,)).fetchone()[0])

    def claims(self) -> Iterator[tuple[str, str]]:
        """What may name a citation key of any paper, trashed ones too: the field for it, and all of Extra."""
        query = (
            "SELECT coalesce(json_extract(json, '$.data.citationKey'), ''),"
            " coalesce(json_extract(json, '$.data.extra'), '') FROM items WHERE paper AND NOT gone"
        )
        for key, extra in self._db.execute(query):
            if key or extra:
                yield key, extra

    def has_highlights(self, item: ItemId) -> bool:
        """Whether any attachment of a paper bears an annotation (R26)."""
        query = (
            f"SELECT 1 FROM {MARKS}"  # noqa: S608 (a constant)
            " WHERE file.library = ? AND file.parent = ? AND NOT file.gone AND NOT mark.gone"
            " AND NOT file.trashed AND NOT mark.trashed"
            " AND json_extract(mark.json, '$.data.itemType') = 'annotation' LIMIT 1"
        )
        return self._db.execute(query, item).fetchone() is not None

    def naming(self, library: str, text: str) -> Iterator[tuple[ItemId, Mapping[str, Any]]]:
        """Papers in whose stored object a text occurs, erased ones included: looked for when a person names one."""
        query = "SELECT key, json FROM items WHERE library = ? AND paper AND instr(json, ?) ORDER BY key"
        for key, found in self._db.execute(query, (library, dump(text)[1:-1])).fetchall():
            yield ItemId(library, key), json.loads(found)

    def by_citekey(self, library: str, citekeys: Iterable[str]) -> list[ItemId]:
        """Papers without notes that bear one of the citation keys."""
        found = []
        for citekey in citekeys:
            query = "SELECT library, key FROM items WHERE library = ? AND citekey = ? AND NOT gone AND NOT trashed"
            found += [ItemId(*row) for row in self._db.execute(query, (library, citekey))]
        return found

    def tag_uses(self, library: str) -> dict[str, int]:
        """How many papers bear each tag, as Zotero spells it; read when a note brings a new tag."""
        query = (
            "SELECT json_extract(tag.value, '$.tag'), count(*) FROM items, json_each(items.json, '$.data.tags') AS tag"
            " WHERE library = ? AND NOT gone AND paper GROUP BY 1"
        )
        return {row[0]: row[1] for row in self._db.execute(query, (library,)) if row[0]}


def _apart(text: str) -> dict[str, Any]:
    """The content of a stored object without its relations."""
    shown = content(json.loads(text))
    shown.pop("relations", None)
    return shown
