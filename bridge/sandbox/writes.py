"""The API's write semantics: preconditions, PATCH against PUT, batches, deletions.

What it keeps (zotero/dataserver, seen when run): every object of a batch is its own transaction with its own version;
the library precondition is checked with the first one only, so another writer may come in between; POST has PATCH
semantics for existing keys; a stale object answers 412 with its version, a stale library without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.sandbox import library as lib
from bridge.sandbox import normalise, validate
from bridge.sandbox.accounts import version_of
from bridge.sandbox.refusal import RefusedError, StaleLibraryError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from bridge.sandbox.accounts import Library, Rights
    from bridge.sandbox.library import Stored
    from bridge.sandbox.store import Store
    from bridge.sandbox.validate import Data

MAX_BATCH = 50
_WORDS = {"item": "Item", "collection": "Collection", "search": "Search"}
_QUIET = {"collections", "relations", "inPublications"}  # changes that leave dateModified alone


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes where. ``keeps_dates``: the client is Zotero itself and its ``dateModified`` is stored as given.

    ``user`` is whose key it is.
    """

    store: Store
    library: Library
    rights: Rights
    keeps_dates: bool = False
    user: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object: its key, its version now, and whether anything changed."""

    key: str
    version: int
    changed: bool


# --- one object -------------------------------------------------------------------------------------------------


def post(writer: Writer, kind: str, given: Any, index: int, library_version: int | None) -> Outcome:
    """Write one object of a batch in its own transaction. Raises :class:`RefusedError`; then nothing is written."""
    if not isinstance(given, dict):
        raise RefusedError(400, f"Invalid value for index {index} in uploaded data; expected JSON {kind} object")
    given = unwrap(given)
    with writer.store.write() as db:
        if index == 0 and library_version is not None:
            check_library(db, writer.library, library_version)
        key = _key(given, kind)
        old = lib.find(db, writer.library, kind, key) if key else None
        if key:
            _check_posted(given, kind, old, library_version)
        return _store(writer, db, kind, key or lib.new_key(), given, old)


def put_or_patch(writer: Writer, kind: str, key: str, given: Any, header: int | None, *, replace: bool) -> Outcome:
    """Write a single object by PUT (``replace``) or PATCH. Raises :class:`RefusedError`."""
    if not isinstance(given, dict):
        raise RefusedError(400, f"Uploaded data must be a JSON {kind} object")
    given = unwrap(given)
    if not normalise.KEY.fullmatch(key):
        raise RefusedError(400, f"'{key}' is not a valid {kind} key")
    if "key" in given and given["key"] != key:
        raise RefusedError(400, f"{_WORDS[kind]} key in request does not match key in JSON")
    expected = _one_version(given, header)
    with writer.store.write() as db:
        old = lib.find(db, writer.library, kind, key)
        if old is None:
            if not replace and expected != 0:
                raise RefusedError(404, f"{_WORDS[kind]} not found")
            if expected:
                raise RefusedError(412, f"{_WORDS[kind]} not found (expected version {expected})")
        elif expected is None:
            raise RefusedError(428, "Either If-Unmodified-Since-Version or object version property must be provided")
        else:
            _check_object(kind, old, expected)
        if replace and kind == "item":
            _check_whole(given, old)
            if "parentItem" not in given:
                given["parentItem"] = False  # PUT says what an item is: no parent is no parent
        return _store(writer, db, kind, key, given, old)


def delete(writer: Writer, kind: str, key: str, header: int | None) -> int:
    """Erase one object and return the library's version. Raises :class:`RefusedError` (428, 412)."""
    if header is None:
        raise RefusedError(428, "If-Unmodified-Since-Version not provided")
    with writer.store.write() as db:
        old = lib.find(db, writer.library, kind, key)
        if old is None:
            raise RefusedError(412, f"{_WORDS[kind]} not found (expected version {header})")
        _check_object(kind, old, header)
        version = lib.bump(db, writer.library)
        lib.erase(db, writer.library, kind, key, version)
    return version


def delete_many(writer: Writer, kind: str, keys: Sequence[str], header: int | None) -> int:
    """Erase objects at one new version and return it; keys that are not there are ignored."""
    if len(keys) > MAX_BATCH:
        raise RefusedError(413, f"Cannot delete more than {MAX_BATCH} {kind}s at a time")
    with writer.store.write() as db:
        if header is not None:
            check_library(db, writer.library, header)
        version = lib.bump(db, writer.library)
        for key in keys:
            lib.erase(db, writer.library, kind, key, version)
    return version


def delete_tags(writer: Writer, tags: Sequence[str], header: int | None) -> int:
    """Take tags from all items at one new version, log them, and return the version."""
    if header is None:
        raise RefusedError(428, "If-Unmodified-Since-Version not provided")
    if len(tags) > MAX_BATCH:
        raise RefusedError(413, f"Cannot delete more than {MAX_BATCH} tags at a time")
    with writer.store.write() as db:
        check_library(db, writer.library, header)
        version = lib.bump(db, writer.library)
        for tag in tags:
            rows = db.execute(
                "SELECT item FROM item_tags WHERE library = ? AND tag = ?", (writer.library.id, tag)
            ).fetchall()
            for (key,) in rows:
                item = lib.find(db, writer.library, "item", key)
                if item is not None:
                    item.data["tags"] = [t for t in item.data["tags"] if t["tag"] != tag]
                    lib.save(db, writer.library, "item", key, version, item.data)
            if rows:
                lib.log_deletion(db, writer.library, "tag", tag, version)
    return version


def edit_as_someone_else(store: Store, library: Library, key: str, changes: Mapping[str, Any]) -> int:
    """Change an item as another writer would, whatever its version, and return the new one."""
    with store.write() as db:
        old = lib.find(db, library, "item", key)
        if old is None:
            raise RefusedError(404, "Item not found")
        data = validate.item(changes, old.data, lib.Around(db, library))
        dates = {"dateAdded": old.data["dateAdded"], "dateModified": store.now()}
        version = lib.bump(db, library)
        lib.save(db, library, "item", key, version, {**data, **dates})
    return version


# --- preconditions ----------------------------------------------------------------------------------------------


def check_library(db: sqlite3.Connection, library: Library, expected: int) -> None:
    """Refuse (412) if the library moved on; a version that is still to come is accepted, as on the real server."""
    found = version_of(db, library)
    if found > expected:
        raise StaleLibraryError(
            412, f"Library has been modified since specified version (expected {expected}, found {found})"
        )


def unwrap(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``data`` of an object that is sent back in the form it was read in, or the object itself."""
    data = given.get("data")
    return dict(data) if isinstance(data, dict) and "itemType" not in given else dict(given)


def _key(given: Mapping[str, Any], kind: str) -> str | None:
    key = given.get("key")
    if key is None:
        return None
    if not isinstance(key, str) or not normalise.KEY.fullmatch(key):
        raise RefusedError(400, f"'{key}' is not a valid {kind} key")
    return key


def _version(given: Mapping[str, Any]) -> int | None:
    version = given.get("version")
    if version is None:
        return None
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise RefusedError(400, f"Invalid value '{version}' for 'version' property")
    return version


def _one_version(given: Mapping[str, Any], header: int | None) -> int | None:
    version = _version(given)
    if version is not None and header is not None and version != header:
        raise RefusedError(
            400,
            f"Version value in JSON ({version}) does not match If-Unmodified-Since-Version value ({header})",
        )
    return version if header is None else header


def _check_posted(given: Mapping[str, Any], kind: str, old: Stored | None, library_version: int | None) -> None:
    expected = _version(given)
    if expected is None and library_version is None:
        raise RefusedError(
            428,
            "Either If-Unmodified-Since-Version or object version property must be provided for key-based writes",
        )
    if old is None:
        if expected:
            raise RefusedError(404, f"{_WORDS[kind]} doesn't exist (expected version {expected}; use 0 instead)")
        return
    _check_object(kind, old, library_version if expected is None else expected)


def _check_object(kind: str, old: Stored, expected: int | None) -> None:
    if expected is not None and old.version > expected:
        raise RefusedError(
            412,
            f"{_WORDS[kind]} has been modified since specified version (expected {expected}, found {old.version})",
            version=old.version,
        )


def _check_whole(given: Mapping[str, Any], old: Stored | None) -> None:
    """PUT must name what it replaces whole: tags, relations and, for top-level items, collections."""
    needed = ["itemType", "tags", "relations"] if old is None else ["tags", "relations"]
    child = given.get("parentItem") or (old is not None and old.data.get("parentItem"))
    for name in needed if child else [*needed, "collections"]:
        if name not in given:
            raise RefusedError(400, f"'{name}' property not provided")


# --- storing ----------------------------------------------------------------------------------------------------


def _store(
    writer: Writer, db: sqlite3.Connection, kind: str, key: str, given: Mapping[str, Any], old: Stored | None
) -> Outcome:
    before = old.data if old else None
    around = lib.Around(db, writer.library)
    if kind == "item":
        if given.get("parentItem") == key:
            raise RefusedError(400, f"Item {key} cannot be a child of itself")
        data = validate.item(given, before, around)
        if data["itemType"] == "note" and not writer.rights.notes:
            raise RefusedError(403, "Access denied")
        data = _dated(writer, data, before)
    elif kind == "collection":
        data = validate.collection(given, before, around)
        _untangle(writer, db, key, data)
    else:
        data = validate.search(given, before)
    version = lib.bump(db, writer.library)
    if old is not None and data == old.data:
        return Outcome(key, old.version, changed=False)
    lib.save(db, writer.library, kind, key, version, data)
    if old is None and kind == "item" and writer.library.kind == "groups":
        db.execute("INSERT OR REPLACE INTO makers VALUES (?, ?, ?)", (writer.library.id, key, writer.user))
    return Outcome(key, version, changed=True)


def _dated(writer: Writer, data: Data, before: Data | None) -> Data:
    """Settle the two dates of an item: what the client sends counts only where it differs from what is stored."""
    now = writer.store.now()
    sent = data.pop("dateModified", "")
    added = data.pop("dateAdded", "")
    if before is None:
        return {**data, "dateAdded": added or now, "dateModified": sent or now}
    was = before["dateModified"]
    changed = {name for name in {*data, *before} - {"dateAdded", "dateModified"} if data.get(name) != before.get(name)}
    if sent and (sent != was or writer.keeps_dates):
        modified = sent
    elif changed - _QUIET:
        modified = now
    else:
        modified = was
    return {**data, "dateAdded": before["dateAdded"], "dateModified": modified}


def _untangle(writer: Writer, db: sqlite3.Connection, key: str, data: Data) -> None:
    """Move a new parent to the top if it lies below the collection itself, so that no ring is made."""
    parent = data["parentCollection"]
    if parent == key:
        raise RefusedError(400, "A collection cannot be its own parent")
    seen: set[str] = set()
    above = parent
    while above and above not in seen:
        seen.add(above)
        found = lib.find(db, writer.library, "collection", above)
        above = found.data["parentCollection"] if found else False
        if above == key:
            moved = lib.find(db, writer.library, "collection", parent)
            if moved is not None:
                version = lib.bump(db, writer.library)
                top = {**moved.data, "parentCollection": False}
                lib.save(db, writer.library, "collection", parent, version, top)
            return


# --- write tokens -------------------------------------------------------------------------------------------------


def tokens_expire(store: Store) -> float:
    """Return the time before which a write token's use is forgotten: twelve hours ago."""
    return store.timestamp() - 12 * 3600


def check_token(store: Store, key: str, token: str) -> None:
    """Refuse a write token that was used with this key within twelve hours (412) or has a wrong form (400)."""
    if not 5 <= len(token) <= 32:
        raise RefusedError(400, "Write token must be 5-32 characters in length")
    row = store.db.execute(
        "SELECT 1 FROM write_tokens WHERE key = ? AND token = ? AND used > ?",
        (key, token, tokens_expire(store)),
    ).fetchone()
    if row is not None:
        raise RefusedError(412, "Write token already used")


def use_token(store: Store, key: str, token: str) -> None:
    """Remember a write token whose request succeeded, and forget the old ones."""
    with store.write() as db:
        db.execute("DELETE FROM write_tokens WHERE used <= ?", (tokens_expire(store),))
        db.execute("INSERT OR REPLACE INTO write_tokens VALUES (?, ?, ?)", (key, token, store.timestamp()))


def unique_keys(text: str) -> list[str]:
    """Return the well-formed keys of a comma-separated list; the server drops the others silently."""
    return normalise.unique(k for k in text.split(",") if normalise.KEY.fullmatch(k))
