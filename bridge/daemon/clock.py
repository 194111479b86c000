"""The time, as the daemon goes by it; tests hand in one that is moved by hand."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """The time."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, as the machine is set."""
        ...


class SystemClock:
    """The machine's own."""

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()

    def wall(self) -> float:
        """See :class:`Clock`."""
        return time.time()
