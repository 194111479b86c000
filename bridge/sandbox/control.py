"""``/_sandbox``: faults, the record of requests, snapshots. For this machine alone; no key, and never counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from bridge.errors import UsageError
from bridge.sandbox.faults import fault_from
from bridge.sandbox.refusal import RefusedError
from bridge.sandbox.web import is_local, read_json, reply, reply_json, store_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def add_faults(request: Request) -> Response:
    """Add faults: a JSON list of :class:`bridge.sandbox.faults.Fault` objects, ``kind`` and what differs."""
    _local(request)
    given = await read_json(request)
    if not isinstance(given, list):
        raise RefusedError(400, "A JSON list of faults is needed")
    try:
        faults = [fault_from(one) for one in given]
    except (UsageError, TypeError, AttributeError) as error:
        raise RefusedError(400, str(error)) from error
    for fault in faults:
        request.app.state.faults.add(fault)
    return reply(status=204)


async def clear_faults(request: Request) -> Response:
    """Forget all faults."""
    _local(request)
    request.app.state.faults.clear()
    return reply(status=204)


async def get_requests(request: Request) -> Response:
    """Answer with the requests since the last reset: ``{"count", "methods": {…}, "requests": [{…}]}``."""
    _local(request)
    seen = request.app.state.log.all
    methods = Counter(one.method for one in seen)
    return reply_json({"count": len(seen), "methods": dict(methods), "requests": [asdict(one) for one in seen]})


async def reset_requests(request: Request) -> Response:
    """Begin counting anew."""
    _local(request)
    request.app.state.log.reset()
    return reply(status=204)


async def take_snapshot(request: Request) -> Response:
    """Keep the present state and answer with its ``id``."""
    _local(request)
    return reply_json({"id": store_of(request).snapshot()}, 201)


async def roll_back(request: Request) -> Response:
    """Go back to the snapshot ``id``, or to the latest."""
    _local(request)
    given = await read_json(request) if await request.body() else {}
    if not store_of(request).rollback(given.get("id")):
        raise RefusedError(404, "Snapshot not found")
    return reply(status=204)


def _local(request: Request) -> None:
    if not is_local(request):
        raise RefusedError(403, "Only for this machine")
