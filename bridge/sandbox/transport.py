"""Where faults meet the wire: an ASGI layer around the application, and the uvicorn protocol that lets it hang up.

``/_sandbox`` calls pass untouched and uncounted.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from uvicorn.protocols.http.h11_impl import H11Protocol

from bridge.sandbox.faults import Request

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bridge.sandbox.faults import Fault, FaultBoard, RequestLog

_TRANSPORT = "sandbox.transport"
CONTROL = "/_sandbox"


class HangUpProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with the connection at hand in the scope: ASGI itself cannot hang up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        """Give every request of this connection its transport."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[_TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = with_transport


class FaultLayer:
    """Counts requests and makes the chosen ones fail. ``rollback`` takes the libraries back to a snapshot."""

    def __init__(
        self, app: ASGIApp, faults: FaultBoard, log: RequestLog, rollback: Callable[[str | None], bool]
    ) -> None:
        self._app = app
        self._faults = faults
        self._log = log
        self._rollback = rollback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        request = Request(scope["method"], _target(scope), 0)
        extra: list[tuple[bytes, bytes]] = []

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
                # Written down before it is sent: whoever has the answer finds the request in the log.
                self._log.add(replace(request, status=message["status"]))
            await send(message)

        for fault in self._faults.take(request.method, request.target):
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "backoff":
                extra.append((b"backoff", b"%d" % fault.seconds))
            elif fault.kind == "rollback":
                self._rollback(fault.key)
            elif fault.kind == "interleave":
                scope.setdefault("state", {})["interleave"] = fault
            elif fault.kind in {"drop-before", "drop-after"}:
                if fault.kind == "drop-after":
                    await self._app(scope, receive, _nowhere)
                self._log.add(request)
                await _hang_up(scope, receive)
                return
            else:
                await self._fail(fault, scope, receive, noting)
                return
        await self._app(scope, receive, noting)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "truncate":
            await self._truncate(scope, receive, send)
        else:
            status = 429 if fault.kind == "rate-limit" else fault.status
            headers = [(b"content-type", b"text/html; charset=utf-8")]
            if fault.kind == "rate-limit" or fault.seconds:
                headers.append((b"retry-after", b"%d" % (fault.seconds or 10)))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"A fault that was asked for"})

    async def _truncate(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[MutableMapping[str, Any]] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        start, *bodies = messages
        body = b"".join(message.get("body", b"") for message in bodies)
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await _hang_up(scope, receive, flush=True)


async def _nowhere(message: Message) -> None:
    """Drop a message of an answer that nobody will get."""


async def _hang_up(scope: Scope, receive: Receive, *, flush: bool = False) -> None:
    """Close the connection, at once or after what was sent, and wait until it is gone.

    uvicorn would answer 500 for an application that returns without an answer on a live connection.
    """
    transport = scope["extensions"][_TRANSPORT]
    if flush:
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _target(scope: Scope) -> str:
    """Return path and query as they are logged: a key in the query is left out (law 14)."""
    query = [
        pair for pair in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True) if pair[0] != "key"
    ]
    return str(scope["path"]) + ("?" + urlencode(query) if query else "")
