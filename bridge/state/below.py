"""What hangs below papers in the store, and whose note a change there renews (R21).

A paper's version does not rise when something below it changes, so the store follows ``child → parent → paper`` itself:
before a change is stored for the old owner, after it for the new one. Nothing is assumed about the order in which
objects come: an annotation may be stored before the file it is in, and finds its paper when the file comes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from bridge.core.record import ItemId
from bridge.state.faces import dump

#: Types that are never papers of their own.
CHILD_TYPES = frozenset({"attachment", "note", "annotation"})
#: What of a child's data nothing is made from: when it was read, synced or its file written.
_ASIDE = frozenset({"version", "dateModified", "accessDate", "lastRead", "mtime", "md5", "charset"})

#: Children and their children. CROSS keeps the order: the other way round every child of the library is looked at.
MARKS = "items AS file CROSS JOIN items AS mark ON mark.library = file.library AND mark.parent = file.key"


def content(obj: Mapping[str, Any]) -> dict[str, Any]:
    """What of an object is content (law 8): all of its data but the version, and of a child what is shown."""
    data = obj["data"]
    aside = _ASIDE if data.get("itemType") in CHILD_TYPES else ("version",)
    return {name: value for name, value in data.items() if name not in aside}


def owners(db: sqlite3.Connection, library: str, children: Collection[str]) -> set[str]:
    """The papers above children, as stored now; one whose parent is not stored yet has none."""
    if not children:
        return set()
    query = (
        "WITH RECURSIVE up (key) AS (SELECT value FROM json_each(:children)"
        " UNION SELECT parent FROM up JOIN items ON library = :library AND items.key = up.key WHERE parent IS NOT NULL)"
        " SELECT items.key FROM up JOIN items ON library = :library AND items.key = up.key WHERE paper"
    )
    return {row[0] for row in db.execute(query, {"library": library, "children": dump(list(children))})}


def below(db: sqlite3.Connection, item: ItemId) -> list[str]:
    """The JSON of an item's children and of theirs, in any order; without erased ones and what Bridge hung there."""
    # INDEXED BY: left to itself SQLite looks through all that Bridge hung anywhere, for each child.
    query = (
        "SELECT json FROM items WHERE library = :library AND parent = :key AND NOT gone"  # noqa: S608 (a constant)
        " AND NOT EXISTS (SELECT 1 FROM mirrors m INDEXED BY mirrors_child"
        " WHERE m.library = :library AND m.child = items.key AND NOT m.released)"
        f" UNION ALL SELECT mark.json FROM {MARKS} WHERE file.library = :library AND file.parent = :key"
        " AND NOT file.gone AND NOT mark.gone"
    )
    return [row[0] for row in db.execute(query, {"library": item.library, "key": item.key})]
