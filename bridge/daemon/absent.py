"""Waiting for a vault whose disk is not there when its daemon starts.

After a login the disk may be mounted later, and a service that ended for that would have to be started by hand. So a
daemon of a vault that this machine knows waits, holds the vault's lock, says so in its status, can be stopped, and
begins when the vault is there. Law 9: nothing is made in the empty place, and nothing counts as deleted.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.app import App
from bridge.daemon.status import DaemonStatus, Trouble
from bridge.errors import BridgeError, VaultAwayError, VaultError
from bridge.lock import hold
from bridge.machine import Home

if TYPE_CHECKING:
    from bridge.daemon.bell import Bell
    from bridge.daemon.listener import Listener
    from bridge.daemon.loop import Daemon

#: Seconds between two looks whether it is there.
LOOK = 5.0
_log = logging.getLogger("bridge.daemon")


class Waiting:
    """Implements :class:`bridge.daemon.process.Work`: waits for a vault, then keeps it in step.

    :param away: as :meth:`bridge.app.App.open` raised it.
    :param begin: makes the daemon.
    :param listener: who is told while it waits.
    """

    def __init__(self, away: VaultAwayError, bell: Bell, begin: Callable[[App], Daemon], listener: Listener) -> None:
        self._vault, self._home = away.vault, Home(away.folder, "known")
        self._bell, self._begin, self._listener = bell, begin, listener
        self._daemon: Daemon | None = None
        self._stopping = False
        now = _now()
        self._status = DaemonStatus(os.getpid(), bell.port, str(away.vault), "waiting", started=now, updated=now)

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stopping

    def wake(self, reason: str = "asked") -> None:
        """Look again."""
        self._bell.ring(reason)

    def stop(self) -> None:
        """End at the next safe point."""
        self._stopping = True
        if self._daemon is not None:
            self._daemon.stop()
        self._bell.ring("stop")

    def last_words(self) -> None:
        """Publish that it has ended."""
        if self._daemon is not None:
            self._daemon.last_words()
            return
        self._status = replace(self._status, state="stopped", updated=_now())
        self._status.write(self._home.folder)

    def run(self) -> None:
        """Wait, and work until stopped.

        :raises VaultError: this process may not write there. The walls around a service are built when it starts, and
            a folder that was not there then is outside: its manager starts it again.
        :raises VaultBusyError: another process works on the vault.
        :raises StateError: the state cannot be used.
        """
        if (app := self._awaited()) is None:
            return
        if not os.access(app.vault, os.W_OK):
            raise VaultError(f"the vault {app.vault} is there now, but this process may not write to it")
        self._daemon = self._begin(app)
        if self._stopping:
            self._daemon.stop()  # asked meanwhile
        self._daemon.run()

    def _awaited(self) -> App | None:
        """The vault once it is there; ``None`` where it was asked to end before."""
        with hold(self._home.lock, "sync", patience=1.0):
            self._listener.waiting(self._vault, self._home.folder)
            while not self._stopping:
                try:
                    return App.open(self._vault)
                except BridgeError as error:  # not there, or only in part: a cloud drive may still be bringing it
                    self._say(error)
                self._bell.wait(LOOK)
                self._listener.alive()
            self._listener.stopping()
            self.last_words()
        return None

    def _say(self, error: BridgeError) -> None:
        """Say what it waits for, once."""
        before, code = self._status.trouble, type(error).__name__
        if before is None or (before.code, before.message) != (code, str(error)):
            self._status = replace(self._status, updated=_now(), trouble=Trouble(code, str(error), _now()))
            self._status.write(self._home.folder)
            _log.warning("%s", error)
            self._listener.say(str(error))


def _now() -> str:
    """The time in the machine's own zone: that of the vault is in its configuration."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
