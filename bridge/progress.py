"""How long work says how far it has come: one small interface, and its three forms.

At a terminal there is a bar, elsewhere a plain line now and then, for machines nothing. All of it goes to standard
error, so that standard output holds results alone. Work that is over in a moment shows nothing at all: no bar appears
before :data:`PATIENCE` seconds have passed, and ``rich`` is not even imported until then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PATIENCE = 0.4
"""Seconds a step may take before anything is shown of it."""

PACE = 5.0
"""Seconds between two plain lines."""


class Progress(Protocol):
    """Told by long work what it does; one step at a time, steps do not nest."""

    def start(self, what: str, total: int | None = None) -> None:
        """A step begins: ``what`` in a few words (``reading the library``), ``total`` in its own units if known."""
        ...

    def advance(self, count: int = 1) -> None:
        """``count`` more units are done."""
        ...

    def done(self) -> None:
        """The step is over, or there will be no more of them; harmless when none is under way."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, what: str, total: int | None = None) -> None:
        """See :class:`Progress`."""

    def advance(self, count: int = 1) -> None:
        """See :class:`Progress`."""

    def done(self) -> None:
        """See :class:`Progress`."""


class Lines:
    """A plain line every :data:`PACE` seconds, for logs and pipes."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._what = ""
        self._total: int | None = None
        self._count = 0
        self._said = 0.0

    def start(self, what: str, total: int | None = None) -> None:
        """See :class:`Progress`."""
        self._what, self._total, self._count, self._said = what, total, 0, self._clock()

    def advance(self, count: int = 1) -> None:
        """See :class:`Progress`."""
        self._count += count
        now = self._clock()
        if now - self._said >= PACE:
            self._said = now
            of = f" of {self._total:,}" if self._total is not None else ""
            self._stream.write(f"{self._what}: {self._count:,}{of}\n")
            self._stream.flush()

    def done(self) -> None:
        """See :class:`Progress`."""


class Bars:
    """One bar at a time, drawn by rich and wiped when its step is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what = ""
        self._total: int | None = None
        self._count = 0
        self._began = 0.0
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, what: str, total: int | None = None) -> None:
        """See :class:`Progress`."""
        self.done()
        self._what, self._total, self._count, self._began = what, total, 0, self._clock()

    def advance(self, count: int = 1) -> None:
        """See :class:`Progress`."""
        self._count += count
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._count)
        elif self._clock() - self._began >= PATIENCE:
            self._draw()

    def done(self) -> None:
        """See :class:`Progress`."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def _draw(self) -> None:
        # rich takes 60 ms to import: only for work that is long anyway.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._what, total=self._total, completed=self._count)
        self._bar.start()


def for_stream(stream: TextIO, *, machine: bool = False) -> Progress:
    """The form that fits: bars at a terminal, lines elsewhere, nothing for ``machine`` output that is not watched."""
    if stream.isatty():
        return Bars()
    return Silent() if machine else Lines(stream)
