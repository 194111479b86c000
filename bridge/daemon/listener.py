"""Who is told what a daemon does: a terminal, a service manager, and in any case the vault's log.

A log of both, for a daemon in a terminal is as hard to ask afterwards as one in the background.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bridge import logs

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.sync.report import Report

_log = logging.getLogger("bridge.daemon")


class Listener:
    """Who is told; each of these does nothing unless overridden, and must not raise."""

    def waiting(self, vault: Path, folder: Path) -> None:
        """The vault is not there yet; the lock is held. ``folder`` is its state folder."""

    def ready(self, app: App) -> None:
        """The lock is held and the loop begins."""

    def alive(self) -> None:
        """The loop has come round, at the latest every ``NAP`` seconds; during a long cycle at each step."""

    def say(self, text: str) -> None:
        """Something a person should hear once."""

    def reported(self, report: Report) -> None:
        """A cycle came to its end."""

    def stopping(self) -> None:
        """The loop is over."""


class Logged(Listener):
    """Keeps the log of the vault's daemon (:mod:`bridge.logs`); what is to be said is in it already."""

    def waiting(self, vault: Path, folder: Path) -> None:
        """See :class:`Listener`."""
        _start(folder)
        _log.info("Waiting for %s.", vault)

    def ready(self, app: App) -> None:
        """See :class:`Listener`."""
        _start(app.home.folder)
        _log.info("Keeping %s in step.", app.vault)

    def stopping(self) -> None:
        """See :class:`Listener`."""
        _log.info("Stopping.")


def _start(folder: Path) -> None:
    """Begin the log, under the vault's lock, so that two daemons never turn one file over."""
    with suppress(OSError):  # a full disk: syncing matters more than telling of it
        logs.start(folder)
