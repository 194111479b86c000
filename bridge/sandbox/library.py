"""One library's objects in the database: saving, deleting, versions and the delete log. No HTTP, no preconditions.

How versions move (runs of the real server, August 2026): a library has one counter; every saved object takes the
next value of it; a write that changes nothing bumps the counter all the same. Erasing an item logs its children
too; erasing a collection logs that key alone, drops its subcollections unlogged and takes the membership from its
items without a new version for them. All functions expect to run inside ``store.write()``.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.data import schema
from bridge.sandbox import normalise

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from bridge.sandbox.accounts import Library
    from bridge.sandbox.store import Store
    from bridge.sandbox.validate import Data

KINDS = ("item", "collection", "search")
_KEY_LETTERS = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_INSERT = """INSERT INTO objects (library, kind, key, version, parent, type, deleted, title, creator, date, added,
    modified, meta, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (library, kind, key) DO UPDATE SET version = excluded.version, parent = excluded.parent,
    type = excluded.type, deleted = excluded.deleted, title = excluded.title, creator = excluded.creator,
    date = excluded.date, added = excluded.added, modified = excluded.modified, meta = excluded.meta,
    data = excluded.data"""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it is in the library; ``data`` is without ``key`` and ``version``."""

    key: str
    version: int
    data: Data


def new_key() -> str:
    """Return a random object key."""
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(8))


def bump(db: sqlite3.Connection, library: Library) -> int:
    """Raise a library's version by one and return it."""
    row = db.execute(
        "UPDATE libraries SET version = version + 1 WHERE id = ? RETURNING version", (library.id,)
    ).fetchone()
    return int(row[0])


def find(db: sqlite3.Connection, library: Library, kind: str, key: str) -> Stored | None:
    """Return an object, or None."""
    row = db.execute(
        "SELECT version, data FROM objects WHERE library = ? AND kind = ? AND key = ?",
        (library.id, kind, key),
    ).fetchone()
    if row is None:
        return None
    data = json.loads(row[1])
    del data["key"], data["version"]
    return Stored(key, row[0], data)


class Around:
    """What validation may ask about a library (see :class:`bridge.sandbox.validate.Lookup`)."""

    def __init__(self, db: sqlite3.Connection, library: Library) -> None:
        self._db = db
        self._id = library.id
        self.in_group = library.kind == "groups"

    def item_type(self, key: str) -> str | None:
        """Return an item's type, or None."""
        row = self._db.execute(
            "SELECT type FROM objects WHERE library = ? AND kind = 'item' AND key = ?", (self._id, key)
        ).fetchone()
        return None if row is None else str(row[0])

    def has_file(self, key: str) -> bool:
        """Whether this is an attachment with a file."""
        row = self._db.execute(
            "SELECT json_extract(data, '$.linkMode') FROM objects WHERE library = ? AND kind = 'item' AND key = ?",
            (self._id, key),
        ).fetchone()
        return row is not None and row[0] not in (None, "linked_url", "embedded_image")

    def has_collection(self, key: str) -> bool:
        """Whether the library has this collection."""
        row = self._db.execute(
            "SELECT 1 FROM objects WHERE library = ? AND kind = 'collection' AND key = ?", (self._id, key)
        ).fetchone()
        return row is not None


# --- saving -----------------------------------------------------------------------------------------------------


def row_of(library: Library, kind: str, key: str, version: int, data: Data) -> tuple[Any, ...]:
    """Return the columns of :data:`INSERT` for an object: its JSON ready to send, and what lists sort and filter by."""
    text = json.dumps({"key": key, "version": version, **data}, ensure_ascii=False, separators=(",", ":"))
    if kind != "item":
        parent = data.get("parentCollection") or None
        deleted = int(bool(data.get("deleted")))
        return (library.id, kind, key, version, parent, "", deleted, data["name"], "", "", "", "", "", text)
    kind_of = schema().types[data["itemType"]]
    creator = normalise.creator_summary(data.get("creators", ()), kind_of.primary_creator)
    date = normalise.parsed_date(str(data.get(kind_of.own_field("date") or "date", "")))
    title = data.get(kind_of.own_field("title") or "title", "")
    if kind_of.name == "note":
        title = normalise.note_title(data["note"])
    meta = ""
    if creator:
        meta += f'"creatorSummary":{json.dumps(creator, ensure_ascii=False)},'
    if date:
        meta += f'"parsedDate":"{date}",'
    return (
        library.id, kind, key, version, data.get("parentItem"), kind_of.name, data.get("deleted", 0), title,
        creator, date, data["dateAdded"], data["dateModified"], meta, text,
    )  # fmt: skip


def save(db: sqlite3.Connection, library: Library, kind: str, key: str, version: int, data: Data) -> None:
    """Write an object at a version, with its tags, memberships and its parent's counts; a new key leaves the log."""
    old = find(db, library, kind, key)
    db.execute(_INSERT, row_of(library, kind, key, version, data))
    if old is None:
        db.execute("DELETE FROM deletions WHERE library = ? AND kind = ? AND key = ?", (library.id, kind, key))
    if kind != "item":
        return
    _save_tags(db, library, key, version, data["tags"])
    db.execute("DELETE FROM item_collections WHERE library = ? AND item = ?", (library.id, key))
    db.executemany(
        "INSERT INTO item_collections VALUES (?, ?, ?)",
        [(library.id, c, key) for c in data.get("collections", ())],
    )
    parents = {data.get("parentItem"), old.data.get("parentItem") if old else None}
    recount(db, library, [parent for parent in parents if parent])
    _relate_back(db, library, key, data, old)


def save_new(db: sqlite3.Connection, library: Library, rows: Iterable[tuple[str, str, int, Data]]) -> None:
    """Write many new objects at once, for seeds: ``(kind, key, version, data)``; the library must not have the keys."""
    objects, tags, members = [], [], []
    for kind, key, version, data in rows:
        objects.append(row_of(library, kind, key, version, data))
        if kind == "item":
            tags += [(library.id, key, t["tag"], t.get("type", 0), version) for t in data["tags"]]
            members += [(library.id, c, key) for c in data.get("collections", ())]
    db.executemany(_INSERT, objects)
    db.executemany("INSERT INTO item_tags VALUES (?, ?, ?, ?, ?)", tags)
    db.executemany("INSERT INTO item_collections VALUES (?, ?, ?)", members)
    parents = db.execute(
        "SELECT DISTINCT parent FROM objects WHERE library = ? AND kind = 'item' AND parent IS NOT NULL",
        (library.id,),
    ).fetchall()
    recount(db, library, (row[0] for row in parents))
    db.execute(
        "UPDATE libraries SET version = (SELECT max(version) FROM objects WHERE library = ?) WHERE id = ?",
        (library.id, library.id),
    )


def _save_tags(db: sqlite3.Connection, library: Library, key: str, version: int, tags: list[dict[str, Any]]) -> None:
    rows = db.execute("SELECT tag, type, version FROM item_tags WHERE library = ? AND item = ?", (library.id, key))
    known = {(tag, kind): since for tag, kind, since in rows}
    wanted = {(t["tag"], t.get("type", 0)) for t in tags}
    if wanted == set(known):
        return
    db.execute("DELETE FROM item_tags WHERE library = ? AND item = ?", (library.id, key))
    db.executemany(
        "INSERT INTO item_tags VALUES (?, ?, ?, ?, ?)",
        [(library.id, key, tag, kind, known.get((tag, kind), version)) for tag, kind in wanted],
    )
    db.executemany(
        "DELETE FROM deletions WHERE library = ? AND kind = 'tag' AND key = ?",
        [(library.id, tag) for tag, _ in wanted],
    )


def recount(db: sqlite3.Connection, library: Library, parents: Iterable[str]) -> None:
    """Bring the number of children and the first file of parents up to date; their versions stay (R21)."""
    for parent in parents:
        db.execute(
            """UPDATE objects SET
                children = (SELECT count(*) FROM objects c WHERE c.library = :lib AND c.kind = 'item'
                    AND c.parent = :key AND c.deleted = 0),
                attachment = (SELECT c.key || ' ' || json_extract(c.data, '$.contentType') FROM objects c
                    WHERE c.library = :lib AND c.kind = 'item' AND c.parent = :key AND c.deleted = 0
                    AND c.type = 'attachment' AND json_extract(c.data, '$.linkMode') LIKE 'imported%'
                    ORDER BY c.id LIMIT 1)
            WHERE library = :lib AND kind = 'item' AND key = :key""",
            {"lib": library.id, "key": parent},
        )


def _relate_back(db: sqlite3.Connection, library: Library, key: str, data: Data, old: Stored | None) -> None:
    """Give related items the relation in return, as the server does: their data changes, their version does not."""
    prefix = f"http://zotero.org/{library.path}/items/"
    before = _related(old.data) if old else set()
    for uri in _related(data) - before:
        other = find(db, library, "item", uri.removeprefix(prefix)) if uri.startswith(prefix) else None
        if other is None or other.key == key:
            continue
        mine = _related(other.data) | {prefix + key}
        shown = min(mine) if len(mine) == 1 else sorted(mine)
        other.data["relations"] = {**other.data["relations"], "dc:relation": shown}
        db.execute(_INSERT, row_of(library, "item", other.key, other.version, other.data))


def _related(data: Data) -> set[str]:
    value = data["relations"].get("dc:relation", [])
    return set(value if isinstance(value, list) else [value])


# --- deleting ---------------------------------------------------------------------------------------------------


def erase(db: sqlite3.Connection, library: Library, kind: str, key: str, version: int) -> None:
    """Erase an object for good at a version; a key that is not there is ignored."""
    gone = find(db, library, kind, key)
    if gone is None:
        return
    if kind == "item":
        children = db.execute(
            "SELECT key FROM objects WHERE library = ? AND kind = 'item' AND parent = ?", (library.id, key)
        ).fetchall()
        for (child,) in children:
            erase(db, library, "item", child, version)
    elif kind == "collection":
        _empty_collections(db, library, key)
    _drop(db, library, kind, key)
    log_deletion(db, library, kind, key, version)
    if gone.data.get("parentItem"):
        recount(db, library, (gone.data["parentItem"],))


def log_deletion(db: sqlite3.Connection, library: Library, kind: str, key: str, version: int) -> None:
    """Write a key into the delete log."""
    db.execute("INSERT OR REPLACE INTO deletions VALUES (?, ?, ?, ?)", (library.id, kind, key, version))


def _drop(db: sqlite3.Connection, library: Library, kind: str, key: str) -> None:
    db.execute("DELETE FROM objects WHERE library = ? AND kind = ? AND key = ?", (library.id, kind, key))
    if kind == "item":
        for table in ("item_tags", "item_collections", "fulltext", "makers"):
            db.execute(f"DELETE FROM {table} WHERE library = ? AND item = ?", (library.id, key))  # noqa: S608


def _empty_collections(db: sqlite3.Connection, library: Library, top: str) -> None:
    """Take a collection's members out of it and of all below it, and drop those below, all without a trace."""
    below = [top]
    for key in below:
        children = db.execute(
            "SELECT key FROM objects WHERE library = ? AND kind = 'collection' AND parent = ?",
            (library.id, key),
        )
        below += [row[0] for row in children if row[0] not in below]
    for key in below:
        rows = db.execute(
            "SELECT item FROM item_collections WHERE library = ? AND collection = ?", (library.id, key)
        ).fetchall()
        for (member,) in rows:
            item = find(db, library, "item", member)
            if item is not None:
                item.data["collections"].remove(key)
                db.execute(_INSERT, row_of(library, "item", member, item.version, item.data))
        db.execute("DELETE FROM item_collections WHERE library = ? AND collection = ?", (library.id, key))
        if key != top:
            _drop(db, library, "collection", key)


def clear(store: Store, library: Library) -> None:
    """Empty a library; its version goes on, so that nobody takes the new state for one seen before."""
    with store.write() as db:
        for table in ("objects", "item_tags", "item_collections", "deletions", "settings", "fulltext", "makers"):
            db.execute(f"DELETE FROM {table} WHERE library = ?", (library.id,))  # noqa: S608
        bump(db, library)
