"""One vault's daemon as a person controls it, whoever runs it: a service manager, this program, or a terminal.

Whether it runs is told by the vault's lock and its own status alone, and every wait here is for those two.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bridge.daemon.status import DaemonStatus, read_status, running
from bridge.errors import ServiceError, VaultAwayError, VaultBusyError
from bridge.keys import Keys
from bridge.lock import is_held
from bridge.machine import Home, state_dir
from bridge.service.manager import Manager, detached, find
from bridge.service.units import Job
from bridge.state import State

if TYPE_CHECKING:
    from bridge.app import App

_STATE_VARIABLE = "BRIDGE_STATE_DIR"
#: Seconds that a start and a stop may take; a stop takes one, but a disk may hang.
_START, _STOP, _LOOK = 30.0, 15.0, 0.05

Kind = Literal["systemd", "launchd", "process"]

_PLAIN_PROCESS = (
    "There is no service manager in this session (systemd or launchd), so it runs as a plain process. "
    "After the machine was restarted, start it again: bridge daemon start"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the service stands. ``kind``: who starts it. ``last``: the last words of a daemon that runs no more."""

    kind: Kind
    installed: bool
    running: DaemonStatus | None
    last: DaemonStatus | None


class Control:
    """Controls the daemon of one vault, be the vault there or not.

    :param vault: the vault, or, where its disk is not there now, what is known of it.
    :param manager: the service manager; ``None`` where there is none.
    """

    def __init__(self, vault: App | VaultAwayError, manager: Manager | None) -> None:
        self._app, self._manager = vault, manager
        self.vault = vault.vault
        own = os.environ.get(_STATE_VARIABLE)
        state = state_dir()
        self.job = Job(self.vault.resolve(), state, Path(sys.executable), {_STATE_VARIABLE: str(state)} if own else {})

    @classmethod
    def find(cls, vault: Path | None) -> Control:
        """Over the service manager of this session.

        :param vault: as for :meth:`bridge.app.App.open`, whose errors come up here, but for that of one that is away.
        """
        from bridge.app import App

        try:
            return cls(App.open(vault), find())
        except VaultAwayError as away:
            return cls(away, find())

    @property
    def is_there(self) -> bool:
        """Whether the vault was there when it was looked for."""
        return not isinstance(self._app, VaultAwayError)

    @property
    def home(self) -> Home:
        """What this machine keeps of the vault."""
        if isinstance(self._app, VaultAwayError):
            return Home(self._app.folder, "known")
        return self._opened().home

    def memory(self) -> State:
        """The state as it is, as :meth:`bridge.app.App.memory` gives it."""
        return State.peek(self.home.state) if isinstance(self._app, VaultAwayError) else self._opened().memory()

    def _opened(self) -> App:
        """The vault, as it is known now: one that was copied gets its own state when a daemon first runs there.

        :raises VaultAwayError: it is not there.
        """
        if isinstance(self._app, VaultAwayError):
            raise self._app
        if self._app.home.came == "copied":
            from bridge.app import App

            self._app = App.open(self._app.vault)
        return self._app

    def standing(self) -> Standing:
        """How it stands now."""
        is_installed = self._manager is not None and self._manager.is_installed(self.job)
        kind: Kind = self._manager.kind if self._manager is not None and is_installed else "process"
        home = self.home
        now = running(home.folder, home.lock)
        return Standing(kind, is_installed, now, None if now else read_status(home.folder))

    def install(self) -> list[str]:
        """Start the daemon now and at every login; what a person should hear.

        :raises ServiceError: it does not start.
        :raises MissingKeyError: a service would find no key.
        :raises VaultAwayError: the vault is not there, and so nobody knows which keys it needs.
        """
        if self._manager is None:
            self.start()
            return [_PLAIN_PROCESS]
        self._check_keys()
        self._end()  # one that was started by hand
        said = self._manager.install(self.job)
        self._await_start(None)
        return said

    def uninstall(self) -> bool:
        """Stop the daemon and forget the service; whether there was either."""
        before = self.standing()
        if self._manager is not None and before.installed:
            self._manager.uninstall(self.job)
        return self._end() or before.installed

    def start(self) -> bool:
        """Start the daemon; false where one runs already.

        :raises VaultBusyError: another command is at work on the vault.
        :raises ServiceError: it does not start.
        """
        standing = self.standing()
        if standing.running:
            return False
        if self._manager is not None and standing.installed:
            self._manager.start(self.job)
            self._await_start(None)
            return True
        if is_held(self.home.lock):
            raise VaultBusyError("another process is working on this vault")
        self._await_start(detached(self.job))
        return True

    def stop(self) -> bool:
        """Stop the daemon, whoever started it; false where none ran.

        :raises ServiceError: it does not end.
        """
        standing = self.standing()
        if standing.running and standing.installed and self._manager is not None:
            self._manager.stop(self.job)
        return self._end() or standing.running is not None

    def _end(self) -> bool:
        """End the process that runs, if one does; whether one did."""
        home = self.home
        if (status := running(home.folder, home.lock)) is None:
            return False
        with suppress(ProcessLookupError):
            # The lock's holder is this very process, so that no number used anew is hit.
            os.kill(status.pid, signal.SIGTERM)
        if not _until(lambda: running(home.folder, home.lock) is None, _STOP):
            raise ServiceError(f"the daemon (process {status.pid}) does not end")
        return True

    def _await_start(self, process: subprocess.Popen[bytes] | None) -> None:
        def settled() -> bool:
            home = self.home
            return running(home.folder, home.lock) is not None or (process is not None and process.poll() is not None)

        is_settled = _until(settled, _START)
        if process is not None and process.poll() is not None:
            raise ServiceError(f"the daemon ended at once: {_said(self.job.words)}")
        if process is not None:
            process.returncode = 0  # it is on its own now; nobody here will ever wait for it
        if not is_settled:
            raise ServiceError("the daemon has not begun to work yet; bridge daemon status says when it has")

    def _check_keys(self) -> None:
        """A service sees no variable of this terminal, and no key is ever written into a unit (law 14)."""
        app = self._opened()
        if app.config.sandbox is None:
            keys = Keys(self.job.state, {})
            for library in app.config.library:
                keys.find(app.marker.id, library.origin, [library.id])


def _said(path: Path) -> str:
    with suppress(OSError):
        if lines := path.read_text(encoding="utf-8", errors="replace").split("\n"):
            return lines[0].rstrip(".") or "it said nothing"
    return "it said nothing"


def _until(what: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK)
    return True
