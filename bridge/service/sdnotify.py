"""What the daemon tells systemd: that it is ready, that it still comes round, that it is stopping (sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

#: Seconds between two signs of life at least, however often the loop comes round.
_SELDOM = 5.0


class Notifier:
    """Sends datagrams to the socket in ``NOTIFY_SOCKET``; does nothing where there is none."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of a Linux abstract socket.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._clock, self._next = clock, 0.0

    def ready(self) -> None:
        """It works."""
        self._tell("READY=1")

    def alive(self) -> None:
        """It still comes round."""
        if self._address and (now := self._clock()) >= self._next:
            self._next = now + _SELDOM
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """It is about to end."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError, AttributeError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(text.encode(), self._address)
