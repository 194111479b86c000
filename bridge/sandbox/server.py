"""The sandbox as a running server: in a thread for tests and the demo, or until stopped for the command line.

It listens on one address of this machine, starts in well under a second, and shares its folder with other
processes that serve the same one.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from bridge.errors import BridgeError, UsageError
from bridge.sandbox import accounts
from bridge.sandbox.faults import FaultBoard, RequestLog
from bridge.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import uvicorn

    from bridge.sandbox.faults import Fault

OWNER = 1
_START_SECONDS = 20.0


class SandboxServer:
    """A sandbox over the folder ``data``, started by :meth:`start` or as a context manager.

    ``port`` 0 picks a free one. ``seed`` fills a folder that is new: ``"demo"``, or ``"empty"`` (also None); a folder
    that has a library keeps it. ``faults`` and ``requests`` are at hand in the process; ``clock`` gives the server's
    time. Raises :class:`UsageError` for an unknown seed, :class:`StateError` for a folder that cannot be used.
    """

    def __init__(
        self,
        data: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.faults = FaultBoard()
        self.requests = RequestLog()
        self.store = Store(data, clock)
        self.key = prepare(self.store, seed)
        self.library = f"users/{OWNER}"
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    # --- running -----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The server's address, ``http://127.0.0.1:<port>``, once it is started."""
        if self._socket is None:
            raise BridgeError("the sandbox is not running")
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self) -> Self:
        """Listen, and return when requests are answered. Raises :class:`BridgeError` if the port is taken."""
        # Imported here: whoever only reads a sandbox's folder needs no web server.
        import uvicorn

        from bridge.sandbox.app import build_app
        from bridge.sandbox.transport import FaultLayer, HangUpProtocol

        # The protocol is named because asyncio turns off Nagle's delay (40 ms an answer) only where it sees TCP.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(self._address)
        except OSError as error:
            listening.close()
            host, port = self._address
            raise BridgeError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        app = FaultLayer(
            build_app(self.store, self.faults, self.requests), self.faults, self.requests, self.store.rollback
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=HangUpProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,  # a client may put its key into the address (law 14)
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._socket = listening
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise BridgeError("the sandbox did not start")
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Stop answering and close the folder; stopping twice is no error."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=_START_SECONDS)
            self._server = self._thread = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    # --- for tests ---------------------------------------------------------------------------------------------

    def add_key(
        self,
        user: int = OWNER,
        *,
        library: bool = True,
        notes: bool = True,
        write: bool = True,
        groups: Mapping[str, Mapping[str, bool]] | None = None,
    ) -> str:
        """Make a key with these rights and return it; ``groups`` as in the API (None: all, as ``write`` says)."""
        accounts.add_user(self.store, user, f"user{user}", f"User {user}")
        claimed = groups if groups is not None else {"all": {"library": True, "write": write}}
        own = {"library": library, "files": False, "notes": notes, "write": write}
        return accounts.add_key(self.store, user, {"user": own, "groups": dict(claimed)})

    def revoke(self, key: str) -> None:
        """Take a key back."""
        accounts.revoke(self.store, key)

    def add_group(self, group: int, name: str, *, editing: str = "members", role: str = "member", **rules: Any) -> str:
        """Make a group in which the sandbox's user has ``role`` (owner, admin, member) and return its address.

        ``editing`` is members or admins; further ``rules`` are those of :func:`bridge.sandbox.accounts.add_group`.
        """
        owner = OWNER if role == "owner" else OWNER + 1
        accounts.add_user(self.store, OWNER + 1, "another", "Another Person")
        members = {} if role == "owner" else {OWNER: role}
        accounts.add_group(self.store, group, name, owner=owner, editing=editing, members=members, **rules)
        return f"groups/{group}"

    def snapshot(self) -> str:
        """Keep the present state and return its id."""
        return self.store.snapshot()

    def rollback(self, name: str | None = None) -> bool:
        """Go back to a snapshot (None: the latest); False where there is none."""
        return self.store.rollback(name)


def prepare(store: Store, seed: str | None) -> str:
    """Give a new folder its user, its key and its seed, and return the key; a folder that has them keeps them."""
    if seed not in {None, "demo", "empty"}:
        raise UsageError(f"'{seed}' is no seed; there are demo and empty")
    with store.write():
        key = store.fact("owner")
        if key is None:
            accounts.add_user(store, OWNER, "sandbox", "Sandbox")
            key = accounts.add_key(store, OWNER)
            store.set_fact("owner", key)
            if seed == "demo":
                from bridge.sandbox.seed import seed_demo

                seed_demo(store)
    return key


def serve(
    data: Path,
    *,
    port: int = 0,
    seed: str | None = None,
    faults: Sequence[Fault] = (),
    announce: Callable[[SandboxServer], None] = lambda _server: None,
) -> None:
    """Serve a folder until interrupted or told to end; ``announce`` is called once requests are answered.

    Must run in the main thread, which gets the signals.
    """
    before = signal.signal(signal.SIGTERM, _end)
    try:
        server = SandboxServer(data, port=port, seed=seed)
        for fault in faults:
            server.faults.add(fault)
        with server:
            announce(server)
            while True:
                time.sleep(1)
    except KeyboardInterrupt:
        pass  # asked to end
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(*_signal: object) -> None:
    """End as Ctrl-C does: setting an event here instead could wait for a lock that the main thread holds."""
    raise KeyboardInterrupt
