"""The routes that write objects and tags; the semantics are in :mod:`bridge.sandbox.writes`."""

from __future__ import annotations

import asyncio
import html
import json
from typing import TYPE_CHECKING, Any

from bridge.sandbox import queries, writes
from bridge.sandbox.accounts import version_of
from bridge.sandbox.refusal import RefusedError, StaleLibraryError
from bridge.sandbox.web import Call, numeric_header, read_json, reply
from bridge.sandbox.writes import MAX_BATCH, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from bridge.sandbox.writes import Outcome

_UNMODIFIED = "If-Unmodified-Since-Version"


def post_objects(kind: str) -> Callable[[Call], Any]:
    """Return a handler for a batch: 200 with a report per object, even where every one of them failed."""

    async def handler(call: Call) -> Response:
        token = call.request.headers.get("zotero-write-token")
        if token and call.key:
            writes.check_token(call.store, call.key.key, token)
        given = await read_json(call.request)
        if not isinstance(given, list):
            raise RefusedError(400, "Uploaded data must be a JSON array")
        if len(given) > MAX_BATCH:
            raise RefusedError(413, f"Cannot add more than {MAX_BATCH} {kind}s at a time")
        expected = numeric_header(call.request, _UNMODIFIED)
        outcomes: dict[int, Outcome] = {}
        failed: dict[int, dict[str, Any]] = {}
        for index, one in enumerate(given):
            try:
                outcomes[index] = writes.post(_writer(call), kind, one, index, expected)
            except StaleLibraryError:
                raise
            except RefusedError as refusal:
                failed[index] = _failure(refusal)
            if index == 0:
                _let_another_write(call)
            # Each object is its own transaction: other requests may come in between, as on the real server.
            await asyncio.sleep(0)
        if token and call.key:
            writes.use_token(call.store, call.key.key, token)
        return _report(call, kind, outcomes, failed)

    return handler


def put_object(kind: str, *, replace: bool) -> Callable[[Call], Any]:
    """Return a handler for PUT (``replace``) or PATCH of one object."""

    async def handler(call: Call) -> Response:
        given = await read_json(call.request)
        expected = numeric_header(call.request, _UNMODIFIED)
        outcome = writes.put_or_patch(_writer(call), kind, call.path("key"), given, expected, replace=replace)
        return reply(status=204, version=outcome.version)

    return handler


def delete_object(kind: str) -> Callable[[Call], Any]:
    """Return a handler that erases one object."""

    async def handler(call: Call) -> Response:
        expected = numeric_header(call.request, _UNMODIFIED)
        version = writes.delete(_writer(call), kind, call.path("key"), expected)
        return reply(status=204, version=version)

    return handler


def delete_objects(kind: str) -> Callable[[Call], Any]:
    """Return a handler that erases the objects named in the query; the version header is not required here."""

    async def handler(call: Call) -> Response:
        name = f"{kind}Key"
        if name not in call.params:
            raise RefusedError(400, f"'{name}' parameter must be provided")
        keys = writes.unique_keys(call.params[name])
        expected = numeric_header(call.request, _UNMODIFIED)
        version = writes.delete_many(_writer(call), kind, keys, expected)
        return reply(status=204, version=version)

    return handler


async def delete_tags(call: Call) -> Response:
    """Take the tags named in the query from all items."""
    if "tag" not in call.params:
        raise RefusedError(400, "'tag' parameter must be provided")
    tags = [tag.strip() for tag in call.params["tag"].split("||")]
    version = writes.delete_tags(_writer(call), tags, numeric_header(call.request, _UNMODIFIED))
    return reply(status=204, version=version)


def keeps_dates(request: Request) -> bool:
    """Whether the client calls itself Zotero (or the Firefox it once lived in): its dates are stored as given."""
    agent = request.headers.get("user-agent", "")
    return "Zotero" in agent or "Firefox" in agent


def _writer(call: Call) -> Writer:
    user = call.key.user if call.key is not None else 0
    return Writer(call.store, call.library, call.rights, keeps_dates(call.request), user)


def _let_another_write(call: Call) -> None:
    """Carry out an ``interleave`` fault (see :class:`bridge.sandbox.faults.Fault`)."""
    fault = getattr(call.request.state, "interleave", None)
    if fault is not None:
        writes.edit_as_someone_else(call.store, call.library, fault.key, fault.changes or {})


def _failure(refusal: RefusedError) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "code": refusal.status,
        "message": html.escape(str(refusal), quote=False),
    }
    if refusal.data:
        entry["data"] = dict(refusal.data)
    return entry


def _report(call: Call, kind: str, outcomes: dict[int, Outcome], failed: dict[int, dict[str, Any]]) -> Response:
    changed = {index: o.key for index, o in outcomes.items() if o.changed}
    unchanged = {index: o.key for index, o in outcomes.items() if not o.changed}
    with call.store.read() as db:
        query = queries.listing(call.library, kind)
        query.also(f"key IN ({', '.join('?' * len(changed))})", *changed.values())
        found = queries.rows(db, query)
        texts = queries.objects_json(db, kind, found, call.library, call.base)
        shown = {row[0]: text for row, text in zip(found, texts, strict=True)}
        # An object that another request erased meanwhile has nothing to show but its key.
        successful = ",".join(
            f'"{index}":{shown.get(key) or json.dumps({"key": key})}' for index, key in changed.items()
        )
        version = version_of(db, call.library)
    body = (
        f'{{"successful":{{{successful}}},"success":{json.dumps(changed)},'
        f'"unchanged":{json.dumps(unchanged)},"failed":{json.dumps(failed, ensure_ascii=False)}}}'
    )
    return reply(body, version=version)
