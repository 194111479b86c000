"""Users, keys, groups and who may do what (R23: a key's claim is not yet a right; a group's rules decide).

A key's access is kept in the API's own form:
``{"user": {"library", "files", "notes", "write"}, "groups": {"all" | "<id>": {"library", "write"}}}``.
"""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from bridge.sandbox.store import Store

_LETTERS = string.ascii_letters + string.digits
FULL_ACCESS: Mapping[str, Any] = {
    "user": {"library": True, "files": True, "notes": True, "write": True},
    "groups": {"all": {"library": True, "write": True}},
}


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """An API key and what it claims. It has no repr of its own: a key must not reach a log."""

    key: str
    user: int
    name: str
    access: Mapping[str, Any]

    def claims(self, group: int) -> Mapping[str, Any]:
        """Return the key's claim on a group."""
        groups = self.access.get("groups", {})
        claim = groups.get(str(group)) or groups.get("all") or {}
        # A group key that may write may read, whatever else it says.
        return {
            "library": bool(claim.get("library") or claim.get("write")),
            "write": bool(claim.get("write")),
        }


@dataclass(frozen=True, slots=True)
class Rights:
    """What one request may do in one library."""

    read: bool
    notes: bool
    write: bool


@dataclass(frozen=True, slots=True)
class Library:
    """A library: its row, its address ``users/1`` or ``groups/51``, its name and the path of its page."""

    id: int
    kind: str
    number: int
    name: str
    page: str

    @property
    def path(self) -> str:
        """The library's address, e.g. ``users/1``."""
        return f"{self.kind}/{self.number}"


# --- users and keys ---------------------------------------------------------------------------------------------


def add_user(store: Store, user: int, username: str, name: str) -> None:
    """Make a user and an empty library, if they are not there yet."""
    with store.write() as db:
        db.execute("INSERT OR IGNORE INTO users VALUES (?, ?, ?)", (user, username, name))
        db.execute("INSERT OR IGNORE INTO libraries (kind, number, version) VALUES ('users', ?, 1)", (user,))


def add_key(store: Store, user: int, access: Mapping[str, Any] = FULL_ACCESS, name: str = "Sandbox") -> str:
    """Make a key for a user and return it."""
    key = "".join(secrets.choice(_LETTERS) for _ in range(24))
    with store.write() as db:
        db.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", (key, user, name, json.dumps(dict(access))))
    return key


def update_key(store: Store, key: str, access: Mapping[str, Any], name: str) -> None:
    """Change what a key may do; ``groups["0"]`` means all groups, as in the real server's own tests."""
    groups = dict(access.get("groups", {}))
    if "0" in groups:
        groups["all"] = groups.pop("0")
    kept = json.dumps({**access, "groups": groups})
    with store.write() as db:
        db.execute("UPDATE keys SET access = ?, name = ? WHERE key = ?", (kept, name, key))


def revoke(store: Store, key: str) -> None:
    """Take a key back."""
    with store.write() as db:
        db.execute("DELETE FROM keys WHERE key = ?", (key,))


def find_key(store: Store, key: str) -> Key | None:
    """Return a key, or None if it was never given or was revoked."""
    row = store.db.execute("SELECT key, user, name, access FROM keys WHERE key = ?", (key,)).fetchone()
    return None if row is None else Key(row[0], row[1], row[2], json.loads(row[3]))


def describe_key(store: Store, key: Key) -> dict[str, Any]:
    """Return what ``/keys/current`` says about a key."""
    username, name = user_names(store, key.user)
    return {
        "key": key.key,
        "userID": key.user,
        "username": username,
        "displayName": name,
        "name": key.name,
        "access": key.access,
    }


def user_names(store: Store, user: int) -> tuple[str, str]:
    """Return a user's login and display name."""
    row = store.db.execute("SELECT username, name FROM users WHERE id = ?", (user,)).fetchone()
    return (f"user{user}", f"User {user}") if row is None else (row[0], row[1])


# --- groups -----------------------------------------------------------------------------------------------------


def add_group(
    store: Store,
    group: int,
    name: str,
    *,
    owner: int = 1,
    kind: str = "Private",
    reading: str = "members",
    editing: str = "members",
    files: str = "members",
    members: Mapping[int, str] | None = None,
) -> None:
    """Make a group and its empty library.

    ``kind`` is Private, PublicClosed or PublicOpen; ``reading`` members or all; ``editing`` and ``files`` members
    or admins; ``members`` maps a user's id to member or admin.
    """
    data = {
        "name": name,
        "owner": owner,
        "type": kind,
        "description": "",
        "url": "",
        "libraryEditing": editing,
        "libraryReading": reading,
        "fileEditing": files,
    }
    roles = {**(members or {}), owner: "owner"}
    with store.write() as db:
        db.execute("INSERT INTO groups VALUES (?, 1, ?, ?)", (group, store.now(), json.dumps(data)))
        db.execute("INSERT OR IGNORE INTO libraries (kind, number, version) VALUES ('groups', ?, 1)", (group,))
        db.executemany("INSERT INTO members VALUES (?, ?, ?)", [(group, u, r) for u, r in roles.items()])


def set_role(store: Store, group: int, user: int, role: str | None) -> None:
    """Give a user a role in a group (owner, admin, member), or take the user out of it."""
    with store.write() as db:
        if role is None:
            db.execute("DELETE FROM members WHERE group_id = ? AND user = ?", (group, user))
        else:
            db.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", (group, user, role))
        db.execute("UPDATE groups SET version = version + 1 WHERE id = ?", (group,))


def group_data(store: Store, group: int) -> dict[str, Any] | None:
    """Return a group's settings, or None if there is no such group."""
    row = store.db.execute("SELECT data FROM groups WHERE id = ?", (group,)).fetchone()
    return None if row is None else json.loads(row[0])


def role(store: Store, group: int, user: int) -> str | None:
    """Return a user's role in a group, or None."""
    row = store.db.execute("SELECT role FROM members WHERE group_id = ? AND user = ?", (group, user)).fetchone()
    return None if row is None else str(row[0])


def visible_groups(store: Store, user: int, key: Key | None) -> list[int]:
    """Return the groups of a user that a key may see: with no key, the public ones."""
    rows = store.db.execute(
        "SELECT id, data FROM groups JOIN members ON id = group_id WHERE user = ? ORDER BY id", (user,)
    ).fetchall()
    found = []
    for group, text in rows:
        public = json.loads(text)["type"] != "Private"
        claimed = key is not None and key.user == user and key.claims(group)["library"]
        if public or claimed:
            found.append(group)
    return found


# --- rights -----------------------------------------------------------------------------------------------------


def find_library(store: Store, kind: str, number: int) -> Library:
    """Return a library by its address. Raises :class:`RefusedError` (404)."""
    row = store.db.execute("SELECT id FROM libraries WHERE kind = ? AND number = ?", (kind, number)).fetchone()
    if row is None:
        raise RefusedError(404, "Group not found" if kind == "groups" else "User not found")
    if kind == "users":
        username, name = user_names(store, number)
        return Library(row[0], kind, number, name, username)
    return Library(row[0], kind, number, str((group_data(store, number) or {}).get("name", "")), f"groups/{number}")


def rights(store: Store, library: Library, key: Key | None) -> Rights:
    """Return what a key (None: nobody) may do in a library."""
    if library.kind == "users":
        own = key.access.get("user", {}) if key is not None and key.user == library.number else {}
        read = bool(own.get("library"))
        return Rights(read, read and bool(own.get("notes")), read and bool(own.get("write")))
    data = group_data(store, library.number) or {}
    has = role(store, library.number, key.user) if key is not None else None
    claim = key.claims(library.number) if key is not None else {"library": False, "write": False}
    member = has is not None and bool(claim["library"])
    read = member or (data.get("type") != "Private" and data.get("libraryReading") == "all")
    may_edit = has in {"owner", "admin"} or (has == "member" and data.get("libraryEditing") == "members")
    return Rights(read, read, member and may_edit and bool(claim["write"]))


def version_of(db: sqlite3.Connection, library: Library) -> int:
    """Return a library's present version."""
    row = db.execute("SELECT version FROM libraries WHERE id = ?", (library.id,)).fetchone()
    return int(row[0])
