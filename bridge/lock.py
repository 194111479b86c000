"""One process per vault: a lock held by the operating system, which dies with its holder.

The lock file is in the state folder and not in the vault, so that no cloud drive carries it to another machine. Beside
it stands a file that names the holder, for people; it is read only while the lock is held and means nothing otherwise.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from bridge.errors import StateError, VaultBusyError


@contextlib.contextmanager
def hold(path: Path, doing: str, *, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock file ``path`` for the length of a ``with`` block; ``doing`` names the command for others.

    :param patience: seconds to wait for it at most.

    :raises VaultBusyError: another process holds it; the message names that process.
    """
    from filelock import FileLock, Timeout  # 36 ms, and reports need no lock

    lock = FileLock(path)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise VaultBusyError(f"another process is working on this vault ({_holder(path)})") from None
    except OSError as error:
        raise StateError(f"the lock {path} cannot be taken: {error.strerror}") from error
    holder = _beside(path)
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "doing": doing}), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file ``path``. One that begins at this very moment may find it taken."""
    if not path.exists():
        return False
    from filelock import FileLock, Timeout  # as above

    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except (Timeout, OSError):
        return True


def holder(path: Path) -> int | None:
    """The process that holds the lock file ``path``, as far as can be told; means nothing while nobody holds it."""
    try:
        return int(json.loads(_beside(path).read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".holder")


def _holder(path: Path) -> str:
    try:
        said = json.loads(_beside(path).read_text(encoding="utf-8"))
        return f"bridge {said['doing']}, process {int(said['pid'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "just starting or just ending"
