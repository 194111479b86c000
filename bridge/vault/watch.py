"""Wakes when something changes in a vault; never says what.

Dot-folders and dot-files (``.obsidian``, ``.trash``, our own half-written files) and whatever is no note are left out,
but for the files of ``.bridge`` that a running daemon goes by. Where the system has no watches left
(``max_user_watches``), or the disk goes away, the watch is simply not there, and whoever uses it looks by the clock.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.names import EXTENSION

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

#: What the system says when it has no watches, files or memory left for another one.
_FULL = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_OWN = {".bridge/config.toml": "config", ".bridge/owner": "owner"}


class WatchLimitError(Exception):
    """The system lets nobody watch so many folders."""


class Watch:
    """A watch on a vault, which may be started again after it has died.

    :param wake: called, from another thread, with ``vault``, ``config`` or ``owner``.
    """

    def __init__(self, root: Path, wake: Callable[[str], None]) -> None:
        self._root, self._wake = root, wake
        self._observer: BaseObserver | None = None
        self._place: tuple[int, int] | None = None

    @property
    def alive(self) -> bool:
        """Whether it watches the folder that is at the vault's path now."""
        observer = self._observer
        return (
            observer is not None
            and observer.is_alive()
            and all(each.is_alive() for each in observer.emitters)
            and self._place == _place(self._root)
        )

    def start(self) -> bool:
        """Watch from now on; whether that is possible just now.

        :raises WatchLimitError: it is not, and will not be by itself.
        """
        from watchdog import events  # only the daemon watches
        from watchdog.observers import Observer

        # Of folders made one in another it notices the inner one twice, and says so in words for nobody.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, r"watchdog\.")

        self.stop()
        self._place = _place(self._root)
        if self._place is None:
            return False
        handler = events.FileSystemEventHandler()
        handler.on_any_event = self._on_event  # type: ignore[method-assign]  # a class of one method, else
        observer = Observer()
        try:
            observer.schedule(
                handler,
                str(self._root),
                recursive=True,
                # Reading a file must wake nobody: we read them.
                event_filter=[
                    events.FileCreatedEvent,
                    events.FileModifiedEvent,
                    events.FileDeletedEvent,
                    events.FileMovedEvent,
                    events.DirMovedEvent,
                    events.DirDeletedEvent,
                ],
            )
            observer.start()
        except OSError as error:
            with suppress(Exception):  # half started
                observer.unschedule_all()
            if error.errno in _FULL:
                raise WatchLimitError(os.strerror(error.errno)) from None
            return False
        self._observer = observer
        return True

    def stop(self) -> None:
        """Watch no more."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join(timeout=1.0)

    def _on_event(self, event: FileSystemEvent) -> None:
        for name in (event.src_path, event.dest_path):
            if name and (reason := self._reason(os.fsdecode(name), is_folder=event.is_directory)):
                self._wake(reason)
                return

    def _reason(self, name: str, *, is_folder: bool) -> str:
        """Why a change at a path is to wake anybody; empty where it is not."""
        try:
            path = Path(name).relative_to(self._root)
        except ValueError:
            return ""
        if (own := _OWN.get(path.as_posix())) is not None:
            return own
        if any(part.startswith(".") for part in path.parts):
            return ""
        return "vault" if is_folder or path.suffix.lower() == EXTENSION else ""


def _place(root: Path) -> tuple[int, int] | None:
    """Which folder it is: another disk mounted over the path is another one."""
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
