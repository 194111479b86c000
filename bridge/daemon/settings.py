"""When a configuration edited while the daemon runs is read: once it stands still, for editors write in pieces."""

from __future__ import annotations

from pathlib import Path

#: Seconds that it must have stood still.
SETTLED = 0.5


class SettingsFile:
    """The configuration's file, as it was when it was last read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = self._seen = _stamp(path)
        #: When, by the clock, to look again; ``None`` where nothing is under way.
        self.due: float | None = None

    def is_new(self, now: float, *, asked: bool = False, due: bool = False) -> bool:
        """Whether it is to be read now; true only once for each state of the file.

        :param now: seconds of a clock that never goes back.
        :param asked: a person says so, whether or not it has changed or stands still.
        :param due: whether or not it stands still, for a person gives an order and means it as it is.
        """
        stamp = _stamp(self._path)
        if stamp is None or (stamp == self._read and not asked):
            self.due = None
            return False  # where it is not there, neither is the vault, and the next cycle says so
        if stamp != self._seen:
            self._seen, self.due = stamp, now + SETTLED
        if self.due is not None and now < self.due and not (asked or due):
            return False
        self._read, self.due = stamp, None
        return True


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
