"""A clock moved by hand, and a bell that nobody rings but the test: a daemon's day in no time."""

from __future__ import annotations

from collections.abc import Callable


class HandClock:
    """Implements :class:`bridge.daemon.clock.Clock`; ``sleep`` of the machine moves only the wall clock."""

    def __init__(self) -> None:
        self.mono, self.date = 1000.0, 1_800_000_000.0

    def monotonic(self) -> float:
        return self.mono

    def wall(self) -> float:
        return self.date

    def pass_by(self, seconds: float) -> None:
        self.mono += seconds
        self.date += seconds


class HandBell:
    """Implements :class:`bridge.daemon.bell.Bell`: waiting moves the clock, and runs what the test put on it."""

    port = 9

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.rung: set[str] = set()
        self.waits: list[float] = []
        self._events: list[tuple[float, Callable[[], object]]] = []

    def at(self, seconds: float, what: Callable[[], object]) -> None:
        """Let something happen so many seconds from now."""
        self._events.append((self.clock.mono + seconds, what))
        self._events.sort(key=lambda event: event[0])

    def ring(self, reason: str) -> None:
        self.rung.add(reason)

    def wait(self, seconds: float) -> frozenset[str]:
        self.waits.append(seconds)
        until = self.clock.mono + seconds
        while not self.rung and self._events and self._events[0][0] <= until:
            when, what = self._events.pop(0)
            self.clock.pass_by(max(0.0, when - self.clock.mono))
            what()
        if not self.rung:
            assert self._events, "the daemon waits, and nothing is ever going to happen"
            self.clock.pass_by(max(0.0, until - self.clock.mono))
        heard, self.rung = frozenset(self.rung), set()
        return heard

    def close(self) -> None:
        pass
