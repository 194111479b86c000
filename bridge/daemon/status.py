"""What a daemon tells of itself: one JSON file in the vault's state folder, renewed after every cycle.

The file outlives its daemon, so that a killed one can be told from one that runs: it runs while somebody holds the
vault's lock and the lock's holder is the process named here. Counts and words of errors only; law 14 holds for errors.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bridge.lock import holder, is_held

if TYPE_CHECKING:
    from bridge.daemon.news import News

NAME = "daemon.json"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps the daemon from its work: the error's class, its words, and since when (ISO 8601)."""

    code: str
    message: str
    since: str


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """A daemon as of its last cycle. Times are ISO 8601 in the vault's zone, or empty.

    ``state``: ``starting``, ``idle``, ``waiting`` (there is a ``trouble``) or ``stopped``. ``port`` is where it is rung
    (:func:`bridge.daemon.bell.ring_at`). ``watching`` says how changes in the vault are noticed: ``events``, or
    ``timer`` where the system has no watches left; ``news``, how changes in Zotero are, and if Zotero does not announce
    every one, why not (:mod:`bridge.daemon.news`; empty before the first cycle). ``last`` is the
    report of the last cycle that came to its end, as ``sync --once --json`` prints it; ``messages`` what it had to say.
    ``being_edited`` counts files that do not stand still yet. ``config`` says why the present configuration is not the
    one in use.
    """

    pid: int
    port: int
    vault: str
    state: Literal["starting", "idle", "waiting", "stopped"]
    started: str
    updated: str
    next_poll: str = ""
    last_cycle: str = ""
    cycles: int = 0
    requests: int = 0
    watching: Literal["events", "timer"] = "timer"
    news: News | Literal[""] = ""
    pending: int = 0
    conflicts: int = 0
    held: int = 0
    being_edited: int = 0
    last: dict[str, Any] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    trouble: Trouble | None = None
    config: str = ""

    def write(self, folder: Path) -> None:
        """Put the status into a state folder, whole; where that fails (disk full) the old one stays."""
        with suppress(OSError):
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{NAME}-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(asdict(self), file, indent=1)
                Path(temporary).replace(folder / NAME)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise


def read_status(folder: Path) -> DaemonStatus | None:
    """The last words of the last daemon of a state folder, running or not; ``None`` where there never was one."""
    try:
        said = json.loads((folder / NAME).read_text(encoding="utf-8"))
        said = {each.name: said[each.name] for each in fields(DaemonStatus) if each.name in said}
        trouble = said.get("trouble")
        said["trouble"] = Trouble(**trouble) if trouble else None
        said["messages"] = tuple(said.get("messages", ()))
        return DaemonStatus(**said)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def running(folder: Path, lock: Path) -> DaemonStatus | None:
    """The status of the daemon that runs now, ``None`` where none does.

    :param lock: the vault's lock.
    """
    status = read_status(folder)
    if status is None or status.state == "stopped" or holder(lock) != status.pid or not is_held(lock):
        return None
    return status
