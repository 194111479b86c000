"""Papers that have to do with each other: merged into one (R22), one work in two libraries, related by a person.

What a note shows of its kin hangs on them: so when one of them changes its life, its relations or its note's place,
the others are due (:meth:`Kin.touch`). A vault without such papers pays one look at an empty table.

Relations stand in Zotero's objects as addresses, ``http://zotero.org/users/1/items/ABCD2345`` (Zotero.URI of the
desktop client); ``dc:replaces`` is written by its merge, ``owl:sameAs`` when an item is copied to another library.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from bridge.core import kin
from bridge.core.policy import normal_doi
from bridge.core.record import ItemId
from bridge.state.faces import dump

REPLACES, SAME, RELATED = "dc:replaces", "owl:sameAs", "dc:relation"
_KINDS = (REPLACES, SAME, RELATED)
_URI = re.compile(r"https?://(?:www\.)?zotero\.org/((?:users|groups)/[1-9][0-9]*)/items/([0-9A-Z]+)")

# Everything that relations lead to from some papers, over as many papers as it takes.
_AROUND = """
    WITH RECURSIVE start (library, key) AS (
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)),
    kin (library, key) AS (
        SELECT library, key FROM start
        UNION SELECT r.to_library, r.to_key FROM relations r JOIN kin USING (library, key) WHERE r.kind <> 'dc:relation'
        UNION SELECT r.library, r.key FROM relations r JOIN kin ON r.to_library = kin.library AND r.to_key = kin.key
            WHERE r.kind <> 'dc:relation'),
    -- What people relate hangs together without end, and a note shows only what its own paper is related to. Both ends
    -- of a relation count: it may have been made a moment ago.
    near (library, key, to_library, to_key) AS (
        SELECT r.library, r.key, r.to_library, r.to_key FROM relations r JOIN start USING (library, key)
            WHERE r.kind = 'dc:relation'
        UNION SELECT r.library, r.key, r.to_library, r.to_key FROM relations r
            JOIN start ON r.to_library = start.library AND r.to_key = start.key WHERE r.kind = 'dc:relation')
    SELECT library, key FROM kin EXCEPT SELECT library, key FROM start
        UNION SELECT library, key FROM near UNION SELECT to_library, to_key FROM near"""


def relations(data: Mapping[str, Any]) -> Iterator[tuple[str, ItemId]]:
    """The relations of an object's data that count here, each with the paper it leads to."""
    said = data.get("relations")
    if not said or not isinstance(said, dict):  # PHP writes an empty map as an empty list
        return
    for kind in _KINDS:
        uris = said.get(kind) or ()
        for uri in (uris,) if isinstance(uris, str) else uris:
            if found := _URI.fullmatch(str(uri)):
                yield kind, ItemId(found[1], found[2])


def doi(data: Mapping[str, Any]) -> str:
    """The DOI of an object's data in the form in which two are compared, ``""`` where it has none."""
    return normal_doi(str(said)) if (said := data.get("DOI")) else ""


class Kin:
    """The relations of the stored papers."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        #: What became due because of its kin since this was last emptied.
        self.touched: set[ItemId] = set()

    def put(self, library: str, objects: Sequence[Mapping[str, Any]], known: Collection[str]) -> None:
        """Remember the relations of objects in place of those they had; ``known`` are the keys stored before."""
        rows = [(library, one["key"], kind, *to) for one in objects for kind, to in relations(one["data"])]
        if self._has_relations:
            old = ((library, one["key"]) for one in objects if one["key"] in known)
            self._db.executemany("DELETE FROM relations WHERE library = ? AND key = ?", old)
        self._db.executemany("INSERT OR IGNORE INTO relations VALUES (?,?,?,?,?)", rows)

    @property
    def _has_relations(self) -> bool:
        return self._db.execute("SELECT 1 FROM relations LIMIT 1").fetchone() is not None

    @property
    def has_twins(self) -> bool:
        """Whether there are several libraries, so that a work may be in two of them."""
        return self._db.execute("SELECT 1 FROM libraries LIMIT 1 OFFSET 1").fetchone() is not None

    @property
    def is_any(self) -> bool:
        """Whether any paper may have to do with another."""
        return self._has_relations or self.has_twins

    def foretell(self, item: ItemId, others: Collection[ItemId]) -> None:
        """Take a paper for related to these, and to no others; for a copy of the state, which a dry run looks at."""
        ends = {"library": item.library, "key": item.key, "kind": RELATED}
        self._db.execute(
            "DELETE FROM relations WHERE kind = :kind AND ((library = :library AND key = :key)"
            " OR (to_library = :library AND to_key = :key))",
            ends,
        )
        self._db.executemany(
            "INSERT INTO relations VALUES (?,?,?,?,?)", [(*item, RELATED, *other) for other in sorted(others)]
        )

    # --- who is due ---------------------------------------------------------------------------------------------------

    def touch(self, items: Collection[ItemId], *, twins: bool = True) -> None:
        """Something about these papers changed that their kin show: those become due."""
        found: list[ItemId] = []
        if items and self._has_relations:
            found += [ItemId(*row) for row in self._db.execute(_AROUND, (dump(items),))]
        if items and twins and self.has_twins:
            found += [twin for item in items for twin in self.same_doi(item)]
        self._db.executemany("UPDATE items SET pending = 1 WHERE library = ? AND key = ? AND paper", found)
        self.touched.update(found)

    # --- who is kin ---------------------------------------------------------------------------------------------------

    def is_live(self, item: ItemId) -> bool:
        """Whether an item is a paper that is neither erased nor in the trash."""
        query = "SELECT 1 FROM items WHERE library = ? AND key = ? AND paper AND NOT gone AND NOT trashed"
        return self._db.execute(query, item).fetchone() is not None

    def heir(self, item: ItemId) -> tuple[ItemId, Literal["merged", "moved"]] | None:
        """Which living paper a dead one became: merged into it (R22), or gone to another library as its only copy."""
        if not self._has_relations or self.is_live(item):
            return None
        if (found := kin.survivor(item, self._replaced_by, self.is_live)) is not None:
            return found, "merged"
        copies = [one for one in self.same(item) if one.library != item.library and self.is_live(one)]
        return (copies[0], "moved") if len(copies) == 1 else None

    def dead(self, item: ItemId) -> list[ItemId]:
        """The dead papers whose heir a living one is, those merged into it first."""
        if not self._has_relations:
            return []
        found = kin.merged(item, self._replaces, self._replaced_by, self.is_live)
        moved = [one for one in self.same(item) if one.library != item.library and self.heir(one) == (item, "moved")]
        return found + [one for one in moved if one not in found]

    def heirs(self) -> dict[ItemId, ItemId]:
        """Every dead paper that became another one, with that."""
        query = (
            "SELECT library, key FROM (SELECT to_library AS library, to_key AS key FROM relations WHERE kind <> ?"
            " UNION SELECT library, key FROM relations WHERE kind = ?) LEFT JOIN items USING (library, key)"
            " WHERE library IN (SELECT name FROM libraries) AND coalesce(gone OR trashed, 1)"
        )
        dead = (ItemId(*row) for row in self._db.execute(query, (RELATED, SAME)).fetchall())
        return {item: found[0] for item in dead if (found := self.heir(item)) is not None}

    def same(self, item: ItemId) -> list[ItemId]:
        """The papers that Zotero knows to be the same work as this one."""
        there, back = self._to(SAME, item), self._from(SAME, item)
        return sorted({*there, *back})

    def related(self, item: ItemId) -> list[ItemId]:
        """The papers that either side of Zotero's Related names, in the same library as Zotero has it."""
        query = (
            "SELECT to_key FROM relations WHERE library = :library AND key = :key AND kind = :kind"
            " AND to_library = :library AND to_key <> :key UNION SELECT key FROM relations"
            " WHERE to_library = :library AND to_key = :key AND kind = :kind AND library = :library AND key <> :key"
        )
        found = self._db.execute(query, {"library": item.library, "key": item.key, "kind": RELATED})
        return sorted(ItemId(item.library, key) for (key,) in found)

    def same_doi(self, item: ItemId) -> list[ItemId]:
        """The papers of other libraries that have this one's DOI."""
        query = (
            "SELECT other.library, other.key FROM items me JOIN items other ON other.doi = me.doi"
            " WHERE me.library = ? AND me.key = ? AND me.doi <> '' AND other.doi <> '' AND other.paper"
            " AND other.library <> me.library ORDER BY 1, 2"
        )
        return [ItemId(*row) for row in self._db.execute(query, item)]

    def _replaced_by(self, item: ItemId) -> list[ItemId]:
        return self._from(REPLACES, item)

    def _replaces(self, item: ItemId) -> list[ItemId]:
        return self._to(REPLACES, item)

    def _to(self, kind: str, item: ItemId) -> list[ItemId]:
        query = "SELECT to_library, to_key FROM relations WHERE library = ? AND key = ? AND kind = ?"
        return [ItemId(*row) for row in self._db.execute(query, (*item, kind))]

    def _from(self, kind: str, item: ItemId) -> list[ItemId]:
        query = "SELECT library, key FROM relations WHERE to_library = ? AND to_key = ? AND kind = ?"
        return [ItemId(*row) for row in self._db.execute(query, (*item, kind))]
