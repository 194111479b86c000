"""The daemon as a process: its signals, and an end within a second.

SIGINT and SIGTERM end it at the next safe point; where none comes within :data:`GRACE` seconds (a server that does not
answer, a disk that hangs) the process is cut off there, which law 5 makes the same as going on. A second Ctrl-C ends it
at once. SIGUSR1 looks at both sides now, SIGHUP reads the configuration.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Protocol

from bridge.app import App
from bridge.daemon.absent import Waiting
from bridge.daemon.bell import SocketBell
from bridge.daemon.listener import Listener
from bridge.daemon.loop import Daemon
from bridge.errors import VaultAwayError
from bridge.order import Order

GRACE = 0.7
#: What shells give a program ended by Ctrl-C.
_INTERRUPTED = 130


class Work(Protocol):
    """What runs until it is stopped; all but ``run`` may be called from signal handlers and other threads."""

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        ...

    def run(self) -> None:
        """Work until stopped."""
        ...

    def wake(self, reason: str) -> None:
        """Look again: ``signal`` or ``reload``, as :meth:`bridge.daemon.loop.Daemon.wake` has it."""
        ...

    def stop(self) -> None:
        """End at the next safe point."""
        ...

    def last_words(self) -> None:
        """Publish that it has ended."""
        ...


def keep_in_step(vault: Path | None, first: Order, listener: Listener) -> None:
    """Keep a vault in step until a signal ends it, and wait for it where it is not there yet.

    :param vault: as for :meth:`bridge.app.App.open`, whose errors come up here too.
    :param first: what a person asked for with the first cycle (``yes``, ``take_over``).
    :raises VaultBusyError: another process works on the vault.
    :raises StateError: the state cannot be used.
    """
    with SocketBell() as bell:

        def begin(app: App) -> Daemon:
            return Daemon(app, bell, first=first, listener=listener)

        work: Work
        try:
            work = begin(App.open(vault))
        except VaultAwayError as away:
            work = Waiting(away, bell, begin, listener)
        run(work)


def run(daemon: Work) -> None:
    """Run a daemon in the main thread until a signal ends it; does not return where it has to be cut off.

    Errors as of :meth:`bridge.daemon.loop.Daemon.run`.
    """
    with _cut_off(daemon.last_words) as begin, _signals(daemon, begin):
        daemon.run()


@contextmanager
def _signals(daemon: Work, begin: Callable[[], None]) -> Iterator[None]:
    def end(number: int, _frame: FrameType | None) -> None:
        if daemon.is_stopping and number == signal.SIGINT:
            os._exit(_INTERRUPTED)
        daemon.stop()
        begin()

    handlers: dict[str, Callable[[int, FrameType | None], None]] = {
        "SIGINT": end,
        "SIGTERM": end,
        "SIGBREAK": end,  # Ctrl-Break, on Windows only
        "SIGHUP": lambda *_: daemon.wake("reload"),
        "SIGUSR1": lambda *_: daemon.wake("signal"),
    }
    before = {
        number: signal.signal(number, handler)
        for name, handler in handlers.items()
        if (number := getattr(signal, name, None)) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _cut_off(last: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """A thread that ends the process some time after it is told to begin; made before any signal can come.

    It waits on a pipe: a signal handler may write to one, and may not touch a lock.
    """
    heard, told = os.pipe()

    def wait() -> None:
        if os.read(heard, 1):
            time.sleep(GRACE)
            last()
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(0)

    threading.Thread(target=wait, name="cut-off", daemon=True).start()

    def begin() -> None:
        os.write(told, b"!")

    try:
        yield begin
    finally:
        # Where it was told to begin, the process is about to end by itself, and it makes sure of that.
        os.close(told)
