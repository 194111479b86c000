"""A daemon as a process of its own, over a desk's vault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from desk import Desk, quiet

from bridge.daemon.status import DaemonStatus, read_status

ROOT = Path(__file__).parents[2]
#: So long a test waits for what must come; only a failing one waits to the end.
PATIENCE = 30.0
T = TypeVar("T")

#: Short periods for tests.
QUIET, POLL = 0.4, 0.2


def until(what: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Wait for something to be true; its value."""
    end = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return found


def configure(desk: Desk, *, quiet_seconds: float = QUIET, poll: float = POLL, idle: float = POLL) -> None:
    """Set the daemon's periods, as a person would in an editor."""
    path = desk.vault / ".bridge/config.toml"
    text = path.read_text().partition("\n[daemon]\n")[0].rstrip()
    daemon = f"quiet_seconds = {quiet_seconds}\npoll_seconds = {poll}\nidle_poll_seconds = {idle}\n"
    path.write_text(f"{text}\n\n[daemon]\n{daemon}")


class Running:
    """One daemon process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.log = desk.state.parent / "daemon.log"
        self._out = self.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "-C", str(desk.vault), "sync"],
            cwd=ROOT,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    @property
    def folder(self) -> Path:
        """The state folder of the desk's vault."""
        return next(path.parent for path in self.desk.state.glob("vaults/*/state.db") if path.parent.is_dir())

    def status(self) -> DaemonStatus:
        """What it says of itself, once it says anything."""

        def mine() -> DaemonStatus | None:
            assert self.process.poll() is None, self.log.read_text()
            found = [read_status(path.parent) for path in self.desk.state.glob("vaults/*/daemon.json")]
            return next((each for each in found if each and each.pid == self.process.pid), None)

        return until(mine)

    def ready(self) -> Running:
        """Wait for its first cycle, and until it has seen that nothing more is to be done."""
        until(lambda: self.status().cycles >= 1 and self.status().being_edited == 0 and self.status().state == "idle")
        return self

    def in_step(self) -> None:
        """Wait until it has nothing left to do: what it is asked for, by `sync --once`, is one request."""

        def rest() -> bool:
            code, report = self.desk.sync()
            return code in (0, 3) and quiet(report) and report["requests"] == 1

        until(rest)

    def trouble(self) -> str:
        """The class of the error that keeps it from its work, if any."""
        trouble = self.status().trouble
        return trouble.code if trouble else ""

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal and wait for its end; what it ended with."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._out.close()


@contextmanager
def running(desk: Desk) -> Iterator[Running]:
    """A daemon for the length of a `with` block."""
    daemon = Running(desk)
    try:
        yield daemon
    finally:
        daemon.stop(signal.SIGKILL)
