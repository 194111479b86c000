"""A streaming server as Zotero's is, on this machine, and a front that puts it under the address of a library.

Messages and close codes as in zotero/stream-server (``server.js``).
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

#: What is logged in a test is the client's.
_SILENT = logging.Logger("double", logging.CRITICAL + 1)  # noqa: LOG001 (not one of the process)
#: What one connection meets instead of the protocol.
Script = Callable[[ServerConnection], None]


class StreamServer:
    """Speaks the protocol to whoever connects.

    :param keys: key to the topics it may hear of.
    :param retry: milliseconds that clients are asked to wait.
    """

    def __init__(self, keys: dict[str, list[str]], retry: float = 10) -> None:
        self.keys, self.retry = keys, retry
        #: Each is met by one connection, the first by the next one; then the protocol.
        self.scripts: list[Script] = []
        self.connections = 0
        self.received: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self._open: dict[ServerConnection, list[str]] = {}
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._server = serve(self._meet, "127.0.0.1", 0, close_timeout=0.2, compression=None, logger=_SILENT)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self.drop(1001)
        self._server.shutdown()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.socket.getsockname()[1])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def subscribed(self) -> int:
        """Connections that hear of something."""
        return sum(bool(topics) for topics in self._open.copy().values())

    def announce(self, topic: str, version: int = 1, event: str = "topicUpdated") -> None:
        """Say that something has happened to a topic, to all who asked for it."""
        self.say(json.dumps({"event": event, "topic": topic, "version": version}), topic)

    def say(self, message: str | bytes, topic: str = "") -> None:
        """Send any message, to all who asked for a topic or to all."""
        for connection, topics in self._open.copy().items():
            if not topic or topic in topics:
                connection.send(message)

    def drop(self, code: int) -> None:
        """Close all connections."""
        for connection in self._open.copy():
            connection.close(code)

    def _meet(self, connection: ServerConnection) -> None:
        self.connections += 1
        assert connection.request is not None
        self.headers.append(f"{connection.request.path} {connection.request.headers}")
        with suppress(ConnectionClosed):
            if self.scripts:
                self.scripts.pop(0)(connection)
                return
            connection.send(json.dumps({"event": "connected", "retry": self.retry}))
            self._open[connection] = []
            for message in connection:
                self._create(connection, json.loads(message))
        self._open.pop(connection, None)

    def _create(self, connection: ServerConnection, said: dict[str, Any]) -> None:
        self.received.append(said)
        assert said["action"] == "createSubscriptions"
        (wanted,) = said["subscriptions"]
        key = wanted["apiKey"]
        if key not in self.keys:
            connection.close(4403, f"{key} is no valid key")
            return
        good = [topic for topic in wanted["topics"] if topic in self.keys[key]]
        bad = [topic for topic in wanted["topics"] if topic not in good]
        answer = {
            "event": "subscriptionsCreated",
            "subscriptions": [{"apiKey": key, "topics": good}] if good else [],
            "errors": [
                {"apiKey": key, "topic": each, "error": "Topic is not valid for provided API key"} for each in bad
            ],
        }
        self._open[connection] = good
        connection.send(json.dumps(answer))


class Front:
    """One address for two servers: connections that ask for ``/stream`` go to one port, all others to another."""

    def __init__(self, stream: int, others: int) -> None:
        self._stream, self._others = stream, others
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                threading.Thread(target=self._join, args=(self._socket.accept()[0],), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        start = client.recv(11, socket.MSG_PEEK | socket.MSG_WAITALL)
        server = socket.create_connection(("127.0.0.1", self._stream if start == b"GET /stream" else self._others))
        back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server)
        back.join()
        client.close()
        server.close()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(2**16):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
