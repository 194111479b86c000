"""What wakes the loop.

A datagram socket on the loopback: a send takes no lock, so that it may come from a signal handler (an event set there
could wait for a lock that the interrupted thread holds), from a watching thread, or from another process of this
machine that has put an order into the mailbox. ``select`` knows sockets on every platform. A datagram carries nothing:
whoever else sends one has the loop look into its mailbox once more.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol, Self


class Bell(Protocol):
    """What the loop waits for."""

    @property
    def port(self) -> int:
        """Where other processes ring (UDP on 127.0.0.1)."""
        ...

    def ring(self, reason: str) -> None:
        """Wake the loop."""
        ...

    def wait(self, seconds: float) -> frozenset[str]:
        """Wait until somebody rings, at most so long; why, as far as it was said."""
        ...

    def close(self) -> None:
        """Wait no more."""
        ...


class SocketBell:
    """Implements :class:`Bell`."""

    def __init__(self) -> None:
        self._reasons: SimpleQueue[str] = SimpleQueue()  # its `put` is reentrant, as signal handlers need it
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """See :class:`Bell`."""
        return int(self._socket.getsockname()[1])

    def ring(self, reason: str) -> None:
        """See :class:`Bell`; harmless when it is closed."""
        self._reasons.put(reason)
        with suppress(OSError):  # full of rings that nobody has heard yet, or closed
            self._socket.sendto(b"", self._socket.getsockname())

    def wait(self, seconds: float) -> frozenset[str]:
        """See :class:`Bell`."""
        select.select([self._socket], [], [], max(0.0, seconds))
        with suppress(OSError):  # it would block: all are heard
            while True:
                self._socket.recv(1)
        reasons: set[str] = set()
        with suppress(Empty):
            while True:
                reasons.add(self._reasons.get_nowait())
        return frozenset(reasons)

    def close(self) -> None:
        """See :class:`Bell`."""
        self._socket.close()


def ring_at(port: int) -> None:
    """Wake the daemon of another process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.sendto(b"", ("127.0.0.1", port))
