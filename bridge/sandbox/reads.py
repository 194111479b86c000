"""The routes that read a library: lists, single objects, tags, the delete log, groups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bridge.sandbox import accounts, queries
from bridge.sandbox.accounts import version_of
from bridge.sandbox.refusal import RefusedError
from bridge.sandbox.web import (
    Call,
    base_of,
    is_root,
    key_of,
    not_modified,
    paging_headers,
    reply,
    reply_json,
    store_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from bridge.sandbox.queries import Query

    Narrow = Callable[[Call, sqlite3.Connection, Query], None]

PLURALS = {"item": "items", "collection": "collections", "search": "searches"}


# --- lists ------------------------------------------------------------------------------------------------------


def list_items(narrow: Narrow | None = None, *, trash: bool = False) -> Callable[[Call], Any]:
    """Return a handler for a list of items; ``narrow`` says which ones (None: all), ``trash`` where."""

    async def handler(call: Call) -> Response:
        with call.store.read() as db:
            query = queries.listing(call.library, "item")
            if narrow:
                narrow(call, db, query)
            tags = call.request.query_params.getlist("tag")
            queries.apply_item_filters(query, call.library, call.rights, call.params, tags, trash=trash)
            return _listed(call, db, "item", query, "dateModified")

    return handler


def list_collections(narrow: Narrow | None = None) -> Callable[[Call], Any]:
    """Return a handler for a list of collections; those in the trash stay listed."""

    async def handler(call: Call) -> Response:
        with call.store.read() as db:
            query = queries.listing(call.library, "collection")
            if narrow:
                narrow(call, db, query)
            return _listed(call, db, "collection", query, "title")

    return handler


async def list_searches(call: Call) -> Response:
    """Answer with the saved searches."""
    with call.store.read() as db:
        return _listed(call, db, "search", queries.listing(call.library, "search"), "title")


def top_level(_call: Call, _db: sqlite3.Connection, query: Query) -> None:
    """Keep what has no parent."""
    query.also("parent IS NULL")


def below(kind: str) -> Narrow:
    """Return what keeps the children of the object in the path."""

    def narrow(call: Call, db: sqlite3.Connection, query: Query) -> None:
        _require(call, db, kind)
        query.also("parent = ?", call.path("key"))

    return narrow


def in_collection(*, top: bool) -> Narrow:
    """Return what keeps the items of the collection in the path."""

    def narrow(call: Call, db: sqlite3.Connection, query: Query) -> None:
        _require(call, db, "collection")
        queries.in_collection(query, call.library, call.path("key"), top=top)

    return narrow


def _listed(call: Call, db: sqlite3.Connection, kind: str, query: Query, default_sort: str) -> Response:
    version = version_of(db, call.library)
    if not_modified(call, version):
        return reply(status=304, version=version)
    form = _format(call)
    queries.apply_keys(query, call.params, kind)
    queries.apply_since(query, call.params)
    queries.apply_sort(query, call.params, default_sort)
    queries.apply_paging(query, call.params, whole=form != "json")
    headers = paging_headers(call, query, queries.total(db, query))
    if form == "versions":
        return reply_json(dict(queries.versions(db, query)), version=version, headers=headers)
    if form == "keys":
        keys = "".join(f"{key}\n" for key, _ in queries.versions(db, query))
        return reply(keys, version=version, media="text/plain", headers=headers)
    found = queries.objects_json(db, kind, queries.rows(db, query), call.library, call.base)
    return reply(f"[{','.join(found)}]", version=version, headers=headers)


def _format(call: Call) -> str:
    form = call.params.get("format", "json")
    if form not in {"json", "keys", "versions"} or "content" in call.params:
        raise RefusedError(400, f"The sandbox serves JSON, keys and versions, not '{form}' or Atom content")
    return form


def _require(call: Call, db: sqlite3.Connection, kind: str) -> None:
    row = db.execute(
        "SELECT 1 FROM objects WHERE library = ? AND kind = ? AND key = ?",
        (call.library.id, kind, call.path("key")),
    ).fetchone()
    if row is None:
        raise RefusedError(404, f"{kind.capitalize()} not found")


# --- single objects ---------------------------------------------------------------------------------------------


def get_object(kind: str) -> Callable[[Call], Any]:
    """Return a handler for one object, in the trash or not; ``If-Modified-Since-Version`` is ignored here."""

    async def handler(call: Call) -> Response:
        _format(call)
        with call.store.read() as db:
            query = queries.listing(call.library, kind)
            query.also("key = ?", call.path("key"))
            if kind == "item" and not call.rights.notes:
                query.also("type <> 'note'")
            found = queries.rows(db, query)
            if not found:
                raise RefusedError(404, f"{kind.capitalize()} not found")
            (body,) = queries.objects_json(db, kind, found, call.library, call.base)
            return reply(body, version=found[0][1])

    return handler


# --- tags -------------------------------------------------------------------------------------------------------


def list_tags(narrow: Narrow | None = None, *, of_items: bool = False) -> Callable[[Call], Any]:
    """Return a handler for tags: of the library, or ``of_items`` that ``narrow``, ``itemQ`` and ``itemTag`` keep."""

    async def handler(call: Call) -> Response:
        with call.store.read() as db:
            version = version_of(db, call.library)
            if not_modified(call, version):
                return reply(status=304, version=version)
            items = None
            if of_items:
                items = queries.listing(call.library, "item")
                if narrow:
                    narrow(call, db, items)
                # Tags of the trash are tags of the library.
                asked = {"q": call.params.get("itemQ", ""), "includeTrashed": "1"}
                tagged = call.request.query_params.getlist("itemTag")
                queries.apply_item_filters(items, call.library, call.rights, asked, tagged, trash=False)
            page = queries.listing(call.library, "tag")
            queries.apply_paging(page, call.params, whole=False)
            found = queries.tags(db, call.library, items, call.params)
            end = page.start + (page.limit or 0)
            shown = [queries.tag_json(tag, call.library, call.base) for tag in found[page.start : end]]
            headers = paging_headers(call, page, len(found))
            return reply(f"[{','.join(shown)}]", version=version, headers=headers)

    return handler


def this_item(call: Call, db: sqlite3.Connection, query: Query) -> None:
    """Keep the item in the path."""
    _require(call, db, "item")
    query.also("key = ?", call.path("key"))


async def get_tag(call: Call) -> Response:
    """Answer with one tag by name, manual and automatic apart."""
    with call.store.read() as db:
        found = queries.tags(db, call.library, None, {"tag": call.path("name")})
        if not found:
            raise RefusedError(404, "Tag not found")
        shown = [queries.tag_json(tag, call.library, call.base) for tag in found]
        return reply(f"[{','.join(shown)}]", version=version_of(db, call.library))


# --- delete log -------------------------------------------------------------------------------------------------


async def get_deleted(call: Call) -> Response:
    """Answer with what was erased since a version; what was made again since is not in it."""
    since = queries.number(call.params.get("since", call.params.get("newer")), "since")
    if since is None:
        raise RefusedError(400, "'since' parameter must be provided")
    with call.store.read() as db:
        log: dict[str, list[str]] = {name: [] for name in ("collections", "items", "searches", "tags", "settings")}
        rows = db.execute(
            "SELECT kind, key FROM deletions WHERE library = ? AND version > ? ORDER BY version, key",
            (call.library.id, since),
        )
        for kind, key in rows:
            log[PLURALS.get(kind, f"{kind}s")].append(key)
        return reply_json(log, version=version_of(db, call.library))


# --- groups -----------------------------------------------------------------------------------------------------


async def list_groups(request: Request) -> Response:
    """Answer with a user's groups as the key may see them; to root, with all there are."""
    number, store = request.path_params["number"], store_of(request)
    if not number.isdecimal():
        raise RefusedError(400, f"Invalid userID '{number}'")
    if is_root(request):
        found = [row[0] for row in store.db.execute("SELECT id FROM groups ORDER BY id")]
    else:
        found = accounts.visible_groups(store, int(number), key_of(request))
    headers = {"Total-Results": str(len(found))}
    shown = {group: group_json(request, group) for group in found}
    if request.query_params.get("format") == "versions":
        return reply_json({str(g): shown[g]["version"] for g in found}, headers=headers)
    return reply_json(list(shown.values()), headers=headers)


async def get_group(request: Request) -> Response:
    """Answer with one group, to members and, where it is public, to all."""
    number, store = request.path_params["number"], store_of(request)
    data = accounts.group_data(store, int(number)) if number.isdecimal() else None
    if data is None:
        raise RefusedError(404, "Group not found")
    key = key_of(request)
    member = key is not None and accounts.role(store, int(number), key.user) is not None
    seen = member and key is not None and key.claims(int(number))["library"]
    if not (seen or data["type"] != "Private" or is_root(request)):
        raise RefusedError(403, "Forbidden")
    shown = group_json(request, int(number))
    return reply_json(shown, version=shown["version"])


def group_json(request: Request, group: int) -> dict[str, Any]:
    """Return a group's whole JSON."""
    store = store_of(request)
    version, created, text = store.db.execute(
        "SELECT version, created, data FROM groups WHERE id = ?", (group,)
    ).fetchone()
    roles = store.db.execute("SELECT user, role FROM members WHERE group_id = ? ORDER BY user", (group,)).fetchall()
    items = store.db.execute(
        """SELECT count(*) FROM objects WHERE kind = 'item' AND deleted = 0 AND parent IS NULL
        AND library = (SELECT id FROM libraries WHERE kind = 'groups' AND number = ?)""",
        (group,),
    ).fetchone()[0]
    lists = {f"{r}s": [user for user, has in roles if has == r] for r in ("admin", "member")}
    href = f"{base_of(request)}/groups/{group}"
    return {
        "id": group,
        "version": version,
        "links": {
            "self": {"href": href, "type": "application/json"},
            "alternate": {"href": href, "type": "text/html"},
        },
        "meta": {"created": created, "lastModified": created, "numItems": items},
        "data": {
            "id": group,
            "version": version,
            **json.loads(text),
            **{name: users for name, users in lists.items() if users},
        },
    }
