"""What outside test suites ask of a Zotero server before they begin: users, keys and groups, as ``root``.

The calls are those of the real server's own suite (zotero/dataserver, ``tests/remote``): it wipes two users, takes
their new keys, and looks for four groups, which are made here at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr, unescape

from bridge.sandbox import accounts
from bridge.sandbox import library as lib
from bridge.sandbox.refusal import RefusedError
from bridge.sandbox.web import base_of, is_root, key_of, read_json, reply, reply_json, require_root, store_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bridge.sandbox.accounts import Key

_FIRST_GROUP = 101
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


async def test_setup(request: Request) -> Response:
    """Wipe the libraries of users ``u`` and ``u2``, give them new keys, and make the four groups anew."""
    require_root(request)
    store = store_of(request)
    first, second = (_number(request.query_params.get(name, default)) for name, default in (("u", "1"), ("u2", "2")))
    owner_key = store.fact("owner")
    answer = {}
    with store.write() as db:
        for place, user in enumerate((first, second), start=1):
            accounts.add_user(store, user, "phpunit" if place == 1 else "phpunit2", f"Real Name {place}")
            lib.clear(store, accounts.find_library(store, "users", user))
            db.execute("DELETE FROM keys WHERE user = ? AND key <> ?", (user, owner_key))
            answer[f"user{place}"] = {"userID": user, "apiKey": accounts.add_key(store, user, name="Test")}
        for (group,) in db.execute("SELECT id FROM groups").fetchall():
            _drop_group(request, group)
        groups = [
            ("Public Test Group", first, "PublicOpen", "all", {}),
            ("Closed Test Group", first, "PublicClosed", "members", {}),
            ("Private Test Group", first, "Private", "members", {second: "member"}),
            ("Private Test Group 2", second, "Private", "members", {}),
        ]
        for number, (name, owner, kind, reading, members) in enumerate(groups, start=_FIRST_GROUP):
            accounts.add_group(store, number, name, owner=owner, kind=kind, reading=reading, members=members)
    return reply_json(answer)


async def clear_library(request: Request) -> Response:
    """Empty a library."""
    require_root(request)
    number = _number(request.path_params["number"])
    lib.clear(store_of(request), accounts.find_library(store_of(request), request.path_params["kind"], number))
    return reply(status=204)


# --- keys -------------------------------------------------------------------------------------------------------


async def get_key(request: Request) -> Response:
    """Answer with a key's owner and rights."""
    return reply_json(accounts.describe_key(store_of(request), _key(request)))


async def create_key(request: Request) -> Response:
    """Make a key for a user."""
    require_root(request)
    store, given = store_of(request), await read_json(request)
    user = _number(request.path_params["number"])
    accounts.add_user(store, user, f"user{user}", f"User {user}")
    made = accounts.add_key(store, user, given.get("access", accounts.FULL_ACCESS), given.get("name", "Key"))
    key = accounts.find_key(store, made)
    return reply_json(accounts.describe_key(store, key) if key else {}, 201)


async def put_key(request: Request) -> Response:
    """Change what a key may do."""
    require_root(request)
    store, key, given = store_of(request), _key(request), await read_json(request)
    accounts.update_key(store, key.key, given.get("access", key.access), given.get("name", key.name))
    return reply_json(accounts.describe_key(store, _key(request)))


async def delete_key(request: Request) -> Response:
    """Take a key back: root any, a client its own."""
    key, own = _key(request), None if is_root(request) else key_of(request)
    if not is_root(request) and (own is None or own.key != key.key):
        raise RefusedError(403, "Forbidden")
    accounts.revoke(store_of(request), key.key)
    return reply(status=204)


def _key(request: Request) -> Key:
    name = request.path_params.get("name", "current")
    key = key_of(request) if name == "current" else accounts.find_key(store_of(request), name)
    if key is None:
        raise RefusedError(403 if name == "current" else 404, "Invalid key")
    return key


# --- groups -----------------------------------------------------------------------------------------------------


async def create_group(request: Request) -> Response:
    """Make a group from the attributes of a ``<group/>`` element."""
    require_root(request)
    store, given = store_of(request), _attributes(await request.body())
    (top,) = store.db.execute("SELECT max(id) FROM groups").fetchone()
    number = max(top or 0, _FIRST_GROUP) + 1
    accounts.add_group(
        store,
        number,
        given.get("name", f"Group {number}"),
        owner=_number(given.get("owner", "1")),
        kind=given.get("type", "Private"),
        reading=given.get("libraryReading", "members"),
        editing=given.get("libraryEditing", "members"),
        files=given.get("fileEditing", "none"),
    )
    body = f"<group id={quoteattr(str(number))} name={quoteattr(given.get('name', ''))}/>"
    location = {"Location": f"{base_of(request)}/groups/{number}"}
    return reply(body, 201, media="application/xml", headers=location)


async def add_members(request: Request) -> Response:
    """Give users a role in a group, from ``<user id= role=/>`` elements."""
    require_root(request)
    text = (await request.body()).decode("utf-8", "replace")
    for element in re.findall(r"<user\b[^>]*>", text):
        given = dict(_ATTRIBUTE.findall(element))
        accounts.set_role(
            store_of(request),
            _number(request.path_params["number"]),
            _number(given.get("id", "")),
            given.get("role"),
        )
    return reply("<users/>", media="application/xml")


async def remove_member(request: Request) -> Response:
    """Take a user out of a group."""
    require_root(request)
    number, user = _number(request.path_params["number"]), _number(request.path_params["user"])
    accounts.set_role(store_of(request), number, user, None)
    return reply(status=204)


async def delete_group(request: Request) -> Response:
    """Erase a group and its library."""
    require_root(request)
    _drop_group(request, _number(request.path_params["number"]))
    return reply(status=204)


def _drop_group(request: Request, group: int) -> None:
    store = store_of(request)
    library = accounts.find_library(store, "groups", group)
    with store.write() as db:
        lib.clear(store, library)
        db.execute("DELETE FROM members WHERE group_id = ?", (group,))
        db.execute("DELETE FROM groups WHERE id = ?", (group,))


def _attributes(body: bytes) -> dict[str, str]:
    found = re.search(r"<group\b[^>]*>", body.decode("utf-8", "replace"))
    if found is None:
        raise RefusedError(400, "A <group/> element is needed")
    return {name: unescape(value, {"&quot;": '"'}) for name, value in _ATTRIBUTE.findall(found[0])}


def _number(text: str) -> int:
    if not text.isdecimal():
        raise RefusedError(400, f"'{text}' is no number")
    return int(text)
