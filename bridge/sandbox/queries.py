"""Reads: which objects a list holds, in what order, and their JSON.

The JSON of an object is stored ready to send, so that a page of a hundred items is one query and a string join.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bridge.sandbox.refusal import RefusedError
from bridge.sandbox.writes import unique_keys

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from bridge.sandbox.accounts import Library, Rights

MAX_PAGE = 100
DEFAULT_PAGE = 25

_SORTS = {
    "dateModified": ("modified", "DESC"),
    "dateAdded": ("added", "DESC"),
    "date": ("date", "DESC"),
    "title": ("title COLLATE NOCASE", "ASC"),
    "creator": ("creator COLLATE NOCASE", "ASC"),
    "itemType": ("type", "ASC"),
}
_FIELD_SORTS = frozenset(
    {
        *("publisher", "publicationTitle", "journalAbbreviation", "language", "accessDate", "libraryCatalog"),
        *("callNumber", "rights"),
    }
)
_COLUMNS = "key, version, parent, type, children, attachment, meta, data"
_MIME = {"type": "application/json"}


@dataclass(slots=True)
class Query:
    """The rows of ``objects`` a list asks for, built up one condition at a time."""

    where: list[str]
    args: list[Any]
    order: str = "id"
    limit: int | None = None
    start: int = 0

    def also(self, condition: str, *args: Any) -> None:
        """Add a condition that must hold too."""
        self.where.append(condition)
        self.args.extend(args)


# --- building ---------------------------------------------------------------------------------------------------


def listing(library: Library, kind: str) -> Query:
    """Return a query for all objects of a kind."""
    return Query(["library = ?", "kind = ?"], [library.id, kind])


def number(value: str | None, name: str) -> int | None:
    """Return a whole number from a query string. Raises :class:`RefusedError` (400)."""
    if value is None or value == "":
        return None
    if not value.isdecimal():
        raise RefusedError(400, f"Invalid '{name}' value '{value}'")
    return int(value)


def apply_paging(query: Query, params: Mapping[str, str], *, whole: bool) -> None:
    """Set where a page starts and ends: 25 by default, at most 100; ``whole`` formats have no limit by default."""
    given = params.get("limit", "")
    limit = int(given) if given.isdecimal() else 0
    query.start = int(params["start"]) if params.get("start", "").isdecimal() else 0
    if whole:
        query.limit = limit or None
    else:
        query.limit = min(limit, MAX_PAGE) if limit > 0 else DEFAULT_PAGE


def apply_sort(query: Query, params: Mapping[str, str], default: str) -> None:
    """Set the order; equal values are ordered by key, so that pages do not overlap."""
    name = params.get("sort") or params.get("order") or default
    if name.endswith("KeyList"):
        keys = unique_keys(params.get(name.removesuffix("List"), ""))
        cases = " ".join(f"WHEN '{key}' THEN {place}" for place, key in enumerate(keys))
        query.order = f"CASE key {cases} END" if keys else "id"
        return
    if name in _FIELD_SORTS:
        column, direction = f"json_extract(data, '$.{name}')", "ASC"
    elif name in _SORTS:
        column, direction = _SORTS[name]
    else:
        raise RefusedError(400, f"Invalid 'sort' value '{name}'")
    wanted = params.get("direction", direction).upper()
    if wanted not in {"ASC", "DESC"}:
        raise RefusedError(400, f"Invalid 'direction' value '{wanted}'")
    query.order = f"{column} {wanted}, key {wanted}"


def apply_since(query: Query, params: Mapping[str, str]) -> None:
    """Keep what changed after a version (``since``, or ``newer`` as it was once called)."""
    since = number(params.get("since", params.get("newer")), "since")
    if since:
        query.also("version > ?", since)


def apply_keys(query: Query, params: Mapping[str, str], kind: str) -> None:
    """Keep the objects named in ``itemKey``, ``collectionKey`` or ``searchKey``."""
    text = params.get(f"{kind}Key")
    if text is not None:
        keys = unique_keys(text)
        query.also(f"key IN ({', '.join('?' * len(keys))})", *keys)


def apply_item_filters(
    query: Query,
    library: Library,
    rights: Rights,
    params: Mapping[str, str],
    tags: Sequence[str],
    *,
    trash: bool,
) -> None:
    """Keep the items that ``itemType``, ``tag`` and ``q`` ask for and the key may see.

    Those of the ``trash``, or those outside it, or both with ``includeTrashed``.
    """
    if trash:
        query.also("deleted = 1")
    elif params.get("includeTrashed") != "1":
        query.also("deleted = 0")
    if not rights.notes:
        query.also("type <> 'note'")
    if kinds := params.get("itemType"):
        wanted = [k.strip() for k in kinds.removeprefix("-").split("||")]
        negated = "NOT " if kinds.startswith("-") else ""
        query.also(f"type {negated}IN ({', '.join('?' * len(wanted))})", *wanted)
        if negated:
            query.also("type <> 'annotation'")
    for tag in tags:
        wanted = [t.strip() for t in tag.removeprefix("-").split("||")]
        # A leading "\\-" asks for a tag that begins with a hyphen.
        wanted[0] = wanted[0].removeprefix("\\")
        places = ", ".join("?" * len(wanted))
        having = f"SELECT item FROM item_tags WHERE library = ? AND tag COLLATE NOCASE IN ({places})"  # noqa: S608
        query.also(f"key {'NOT ' if tag.startswith('-') else ''}IN ({having})", library.id, *wanted)
    for word in params.get("q", "").split():
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ["data"] if params.get("qmode") == "everything" else ["title", "creator", "date"]
        query.also(
            "(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns) + ")",
            *[like] * len(columns),
        )


def in_collection(query: Query, library: Library, key: str, *, top: bool) -> None:
    """Keep the items of a collection, with their children unless ``top``."""
    members = "SELECT item FROM item_collections WHERE library = ? AND collection = ?"
    if top:
        query.also(f"key IN ({members})", library.id, key)
    else:
        query.also(f"(key IN ({members}) OR parent IN ({members}))", library.id, key, library.id, key)


# --- running ----------------------------------------------------------------------------------------------------


def total(db: sqlite3.Connection, query: Query) -> int:
    """Return how many objects a query has in all, whatever its page."""
    sql = f"SELECT count(*) FROM objects WHERE {' AND '.join(query.where)}"  # noqa: S608
    return int(db.execute(sql, query.args).fetchone()[0])


def versions(db: sqlite3.Connection, query: Query) -> list[tuple[str, int]]:
    """Return the keys and versions of a page."""
    return db.execute(*_page_sql(query, "key, version")).fetchall()


def rows(db: sqlite3.Connection, query: Query) -> list[tuple[Any, ...]]:
    """Return a page's rows as :func:`item_json` and :func:`collection_json` take them.

    The ids are found first, through an index that covers the usual orders: deep pages then skip no rows.
    """
    ids = [row[0] for row in db.execute(*_page_sql(query, "id"))]
    sql = f"SELECT id, {_COLUMNS} FROM objects WHERE id IN ({', '.join('?' * len(ids))})"  # noqa: S608
    found = {row[0]: row[1:] for row in db.execute(sql, ids)}
    return [found[i] for i in ids]


def _page_sql(query: Query, columns: str) -> tuple[str, list[Any]]:
    sql = f"SELECT {columns} FROM objects WHERE {' AND '.join(query.where)} ORDER BY {query.order}"  # noqa: S608
    return sql + " LIMIT ? OFFSET ?", [*query.args, -1 if query.limit is None else query.limit, query.start]


# --- JSON -------------------------------------------------------------------------------------------------------


def library_json(library: Library, base: str) -> str:
    """Return the ``library`` member of every object."""
    kind = library.kind.removesuffix("s")
    page = {"alternate": {"href": f"{base}/{library.page}", "type": "text/html"}}
    return json.dumps({"type": kind, "id": library.number, "name": library.name, "links": page})


def makers(db: sqlite3.Connection, library: Library, keys: Sequence[str]) -> dict[str, str]:
    """Return the members of ``meta`` that say who made an item; the server tells it in groups only."""
    if library.kind != "groups":
        return {}
    query = (
        "SELECT item, users.id, username, name FROM makers JOIN users ON users.id = user"
        " WHERE library = ? AND item IN (SELECT value FROM json_each(?))"
    )
    told = {}
    for item, number, username, name in db.execute(query, (library.id, json.dumps(keys))):
        page = {"alternate": {"href": f"https://www.zotero.org/{username}", "type": "text/html"}}
        user = {"id": number, "username": username, "name": name, "links": page}
        told[item] = f'"createdByUser":{json.dumps(user, ensure_ascii=False)},'
    return told


def item_json(row: tuple[Any, ...], library: Library, base: str, shown: str, maker: str = "") -> str:
    """Return an item's whole JSON; ``shown`` is :func:`library_json`, made once a page, ``maker`` of :func:`makers`."""
    key, version, parent, kind, children, attachment, meta, data = row
    items = f"{base}/{library.path}/items"
    links = (
        f'"self":{{"href":"{items}/{key}","type":"application/json"}},'
        f'"alternate":{{"href":"{items}/{key}","type":"text/html"}}'
    )
    if parent:
        links += f',"up":{{"href":"{items}/{parent}","type":"application/json"}}'
    if attachment:
        file, _, mime = attachment.partition(" ")
        links += (
            f',"attachment":{{"href":"{items}/{file}","type":"application/json","attachmentType":{json.dumps(mime)}}}'
        )
    counted = f'"numChildren":{children}' if kind != "annotation" else ""
    return (
        f'{{"key":"{key}","version":{version},"library":{shown},"links":{{{links}}},'
        f'"meta":{{{(maker + meta + counted).rstrip(",")}}},"data":{data}}}'
    )


def collection_json(db: sqlite3.Connection, row: tuple[Any, ...], library: Library, base: str, shown: str) -> str:
    """Return a collection's whole JSON; its counts are taken anew, since they change without a version."""
    key, version, parent, *_, data = row
    here = f"{base}/{library.path}/collections"
    links = {
        "self": {"href": f"{here}/{key}", **_MIME},
        "alternate": {"href": f"{here}/{key}", "type": "text/html"},
    }
    if parent:
        links["up"] = {"href": f"{here}/{parent}", **_MIME}
    counts = db.execute(
        """SELECT (SELECT count(*) FROM objects WHERE library = ? AND kind = 'collection' AND parent = ?),
        (SELECT count(*) FROM item_collections c JOIN objects o ON o.library = c.library AND o.kind = 'item'
            AND o.key = c.item AND o.deleted = 0 WHERE c.library = ? AND c.collection = ?)""",
        (library.id, key, library.id, key),
    ).fetchone()
    meta = {"numCollections": counts[0], "numItems": counts[1]}
    return (
        f'{{"key":"{key}","version":{version},"library":{shown},"links":{json.dumps(links)},'
        f'"meta":{json.dumps(meta)},"data":{data}}}'
    )


def search_json(row: tuple[Any, ...], library: Library, base: str, shown: str) -> str:
    """Return a saved search's whole JSON."""
    key, version, *_, data = row
    links = {"self": {"href": f"{base}/{library.path}/searches/{key}", **_MIME}}
    return f'{{"key":"{key}","version":{version},"library":{shown},"links":{json.dumps(links)},"data":{data}}}'


def objects_json(
    db: sqlite3.Connection, kind: str, found: Sequence[tuple[Any, ...]], library: Library, base: str
) -> list[str]:
    """Return the JSON of rows of one kind."""
    shown = library_json(library, base)
    if kind == "item":
        made = makers(db, library, [row[0] for row in found])
        return [item_json(row, library, base, shown, made.get(row[0], "")) for row in found]
    if kind == "collection":
        return [collection_json(db, row, library, base, shown) for row in found]
    return [search_json(row, library, base, shown) for row in found]


# --- tags -------------------------------------------------------------------------------------------------------


def tags(
    db: sqlite3.Connection, library: Library, items: Query | None, params: Mapping[str, str]
) -> list[tuple[str, int, int]]:
    """Return ``(name, type, number of items)`` of a library's tags, or of some items', by name."""
    where: list[str] = ["library = ?"]
    args: list[Any] = [library.id]
    if items is not None:
        where.append(f"item IN (SELECT key FROM objects WHERE {' AND '.join(items.where)})")  # noqa: S608
        args += items.args
    if names := params.get("tag"):
        wanted = [name.strip() for name in names.split("||")]
        where.append(f"tag IN ({', '.join('?' * len(wanted))})")
        args += wanted
    if part := params.get("q"):
        like = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where.append("tag LIKE ? ESCAPE '\\'")
        args.append(like + "%" if params.get("qmode", "").lower() == "startswith" else f"%{like}%")
    since = number(params.get("since", params.get("newer")), "since") or 0
    return db.execute(
        f"SELECT tag, type, count(*) FROM item_tags WHERE {' AND '.join(where)}"  # noqa: S608
        " GROUP BY tag, type HAVING min(version) > ? ORDER BY tag COLLATE NOCASE, tag, type",
        (*args, since),
    ).fetchall()


def tag_json(tag: tuple[str, int, int], library: Library, base: str) -> str:
    """Return a tag's JSON."""
    name, kind, count = tag
    href = f"{base}/{library.path}/tags/{quote(name, safe='')}"
    links = {"self": {"href": href, **_MIME}, "alternate": {"href": href, "type": "text/html"}}
    shown = {"tag": name, "links": links, "meta": {"type": kind, "numItems": count}}
    return json.dumps(shown, ensure_ascii=False)
