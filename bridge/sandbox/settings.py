"""The routes of a library's settings and of full text: small keyed values with versions of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bridge.sandbox import library as lib
from bridge.sandbox import queries
from bridge.sandbox.accounts import version_of
from bridge.sandbox.refusal import RefusedError
from bridge.sandbox.web import Call, not_modified, numeric_header, read_json, reply, reply_json
from bridge.sandbox.writes import check_library

if TYPE_CHECKING:
    import sqlite3

    from starlette.responses import Response

_UNMODIFIED = "If-Unmodified-Since-Version"
_MAX_FULLTEXT = 10


async def list_settings(call: Call) -> Response:
    """Answer with all settings: ``{name: {"value", "version"}}``."""
    since = queries.number(call.params.get("since", call.params.get("newer")), "since") or 0
    with call.store.read() as db:
        version = version_of(db, call.library)
        if not_modified(call, version):
            return reply(status=304, version=version)
        rows = db.execute(
            "SELECT name, value, version FROM settings WHERE library = ? AND version > ? ORDER BY name",
            (call.library.id, since),
        )
        found = {name: {"value": json.loads(value), "version": at} for name, value, at in rows}
        return reply_json(found, version=version)


async def get_setting(call: Call) -> Response:
    """Answer with one setting."""
    with call.store.read() as db:
        found = _find(db, call, call.path("name"))
        if found is None:
            raise RefusedError(404, "Setting not found")
        return reply_json({"value": json.loads(found[1]), "version": found[0]}, version=found[0])


async def put_setting(call: Call) -> Response:
    """Write one setting; its version comes from the header or the JSON."""
    given = await read_json(call.request)
    with call.store.write() as db:
        version = _save(db, call, call.path("name"), given, numeric_header(call.request, _UNMODIFIED))
    return reply(status=204, version=version)


async def post_settings(call: Call) -> Response:
    """Write several settings in one transaction: ``{name: {"value", "version"}}``."""
    given = await read_json(call.request)
    if not isinstance(given, dict):
        raise RefusedError(400, "Uploaded data must be a JSON object")
    expected = numeric_header(call.request, _UNMODIFIED)
    with call.store.write() as db:
        if expected is not None:
            check_library(db, call.library, expected)
        for name, value in given.items():
            _save(db, call, name, value, None)
        version = version_of(db, call.library)
    return reply(status=204, version=version)


async def delete_setting(call: Call) -> Response:
    """Erase one setting and log it."""
    expected, name = numeric_header(call.request, _UNMODIFIED), call.path("name")
    if expected is None:
        raise RefusedError(428, "If-Unmodified-Since-Version not provided")
    with call.store.write() as db:
        found = _find(db, call, name)
        if found is None:
            raise RefusedError(404, "Setting not found")
        if found[0] > expected:
            raise RefusedError(412, "Setting has been modified since specified version", version=found[0])
        version = lib.bump(db, call.library)
        db.execute("DELETE FROM settings WHERE library = ? AND name = ?", (call.library.id, name))
        lib.log_deletion(db, call.library, "setting", name, version)
    return reply(status=204, version=version)


def _find(db: sqlite3.Connection, call: Call, name: str) -> tuple[int, str] | None:
    row: tuple[int, str] | None = db.execute(
        "SELECT version, value FROM settings WHERE library = ? AND name = ?", (call.library.id, name)
    ).fetchone()
    return row


def _save(db: sqlite3.Connection, call: Call, name: str, given: Any, header: int | None) -> int:
    if not isinstance(given, dict) or "value" not in given:
        raise RefusedError(400, "'value' property not provided")
    old = _find(db, call, name)
    expected = given.get("version") if header is None else header
    if old is not None and expected is not None and old[0] > expected:
        raise RefusedError(412, f"Setting has been modified since specified version (found {old[0]})", version=old[0])
    value = json.dumps(given["value"], ensure_ascii=False)
    version = lib.bump(db, call.library)
    if old is not None and old[1] == value:
        return old[0]
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?, ?, ?)", (call.library.id, name, version, value))
    db.execute("DELETE FROM deletions WHERE library = ? AND kind = 'setting' AND key = ?", (call.library.id, name))
    return version


# --- full text --------------------------------------------------------------------------------------------------


async def list_fulltext(call: Call) -> Response:
    """Answer with the versions of full texts since a version: ``{item: version}``."""
    since = queries.number(call.params.get("since", call.params.get("newer")), "since")
    if since is None:
        raise RefusedError(400, "'since' parameter must be provided")
    with call.store.read() as db:
        rows = db.execute(
            "SELECT item, version FROM fulltext WHERE library = ? AND version > ?", (call.library.id, since)
        )
        return reply_json(dict(rows.fetchall()), version=version_of(db, call.library))


async def get_fulltext(call: Call) -> Response:
    """Answer with an attachment's full text."""
    with call.store.read() as db:
        row = db.execute(
            "SELECT version, data FROM fulltext WHERE library = ? AND item = ?",
            (call.library.id, call.path("key")),
        ).fetchone()
        if row is None:
            raise RefusedError(404, "Full text not found")
        return reply(row[1], version=row[0])


async def put_fulltext(call: Call) -> Response:
    """Write an attachment's full text."""
    given = await read_json(call.request)
    with call.store.write() as db:
        version = _save_fulltext(db, call, call.path("key"), given)
    return reply(status=204, version=version)


async def post_fulltext(call: Call) -> Response:
    """Write at most ten full texts; the library version is required."""
    expected = numeric_header(call.request, _UNMODIFIED)
    if expected is None:
        raise RefusedError(428, "If-Unmodified-Since-Version not provided")
    given = await read_json(call.request)
    if not isinstance(given, list):
        raise RefusedError(400, "Uploaded data must be a JSON array")
    if len(given) > _MAX_FULLTEXT:
        raise RefusedError(413, f"Cannot add more than {_MAX_FULLTEXT} full-text entries at a time")
    report: dict[str, dict[str, Any]] = {"successful": {}, "success": {}, "unchanged": {}, "failed": {}}
    with call.store.write() as db:
        check_library(db, call.library, expected)
        for index, one in enumerate(given):
            key = one.get("key", "") if isinstance(one, dict) else ""
            try:
                _save_fulltext(db, call, key, one)
            except RefusedError as refusal:
                report["failed"][str(index)] = {"code": refusal.status, "message": str(refusal)}
            else:
                report["successful"][str(index)] = {"key": key}
                report["success"][str(index)] = key
        version = version_of(db, call.library)
    return reply_json(report, version=version)


def _save_fulltext(db: sqlite3.Connection, call: Call, key: str, given: Any) -> int:
    if not isinstance(given, dict) or not isinstance(given.get("content"), str):
        raise RefusedError(400, "'content' property not provided")
    if lib.Around(db, call.library).item_type(key) != "attachment":
        raise RefusedError(404, f"Attachment {key} not found")
    version = lib.bump(db, call.library)
    text = json.dumps({name: value for name, value in given.items() if name not in {"key", "version"}})
    db.execute("INSERT OR REPLACE INTO fulltext VALUES (?, ?, ?, ?)", (call.library.id, key, version, text))
    return version
