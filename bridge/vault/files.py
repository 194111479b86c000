"""Files read whole, renamed and removed, one at a time; :mod:`bridge.vault.batch` writes them.

Kept here: law 6 (a file that is no longer what was read is left alone), law 13 (nothing is written through a link that
leads out of the vault) and R37 (a file is taken only when it stands still while it is read). This is the one place
where a file of the vault is renamed or removed.
"""

from __future__ import annotations

import errno
import os
import stat as modes
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from bridge.core.place import Stat
from bridge.errors import BridgeError, NoteError, VaultError

#: The folder in a vault that makes it one of ours (:mod:`bridge.vault.marker`).
OWN = ".bridge"

#: Names of half-written files begin so; Obsidian ignores every name with a leading dot.
TEMPORARY = ".bridge-tmp-"

#: Reading is tried so often, with so many seconds between, while somebody else is writing.
_TRIES, _PAUSE = 5, 0.05

#: Not one file's trouble but the whole vault's: no write can succeed now.
_WHOLE_SIDE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})

NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)  # not on Windows
BINARY: int = getattr(os, "O_BINARY", 0)  # on Windows only
#: Windows tells a file's number in ``os.stat`` but not while listing a folder, so there it is left out.
_HAS_INODE = os.name != "nt"


class StaleFileError(BridgeError):
    """The file is no longer what was read (law 6); nothing was written. It waits for the next cycle."""


class NameTakenError(BridgeError):
    """A file of that name, without regard to case, is there already; nothing was written."""


def digest(data: bytes) -> str:
    """What tells two contents apart: BLAKE2b of 16 bytes, as 32 hexadecimal digits."""
    return blake2b(data, digest_size=16).hexdigest()


def stat_from(found: os.stat_result) -> Stat:
    """The three numbers that are remembered of a file."""
    return Stat(found.st_size, found.st_mtime_ns, found.st_ino if _HAS_INODE else 0)


def stat_of(path: Path) -> Stat | None:
    """The stat of a regular file; ``None`` where there is none, or something else (a link, a folder) bears the name."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return stat_from(found) if modes.S_ISREG(found.st_mode) else None


def read_stable(path: Path) -> tuple[bytes, Stat]:
    """Read a file that stands still: its stat is the same before and after (R37).

    :raises NoteError: it is being written just now, or cannot be read (no right, offline in the cloud, not a file).
    """
    for left in reversed(range(_TRIES)):
        try:
            handle = os.open(path, os.O_RDONLY | NOFOLLOW | BINARY)
            with os.fdopen(handle, "rb") as file:
                before = os.fstat(handle)
                if not modes.S_ISREG(before.st_mode):
                    raise NoteError("not a regular file")
                data = file.read()
                after = stat_from(os.fstat(handle))
        except OSError as error:
            raise NoteError(f"cannot be read: {error.strerror or 'input/output error'}") from None
        # The name must still lead to the file that was read: an editor may have put a new one in its place.
        if after == stat_from(before) == stat_of(path) and len(data) == after.size:
            return data, after
        if left:
            time.sleep(_PAUSE)
    raise NoteError("being written by another program")


def is_inside(root: Path, path: Path) -> bool:
    """Whether ``path``, all links followed, is the vault or lies in it (law 13)."""
    home, real = os.path.realpath(root), os.path.realpath(path)
    return real == home or real.startswith(home.rstrip(os.sep) + os.sep)


def check_inside(root: Path, folder: Path) -> None:
    """Nothing, where a folder lies in the vault (law 13).

    :raises NoteError: it does not.
    """
    if not is_inside(root, folder):
        raise NoteError("lies behind a link that leads out of the vault")


def claim(path: Path) -> None:
    """Make an empty file of that name.

    :raises FileExistsError: the name is taken.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW, 0o666))


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, as two spellings of a name do where the disk does not tell case apart."""
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except OSError:
        return False


def move(root: Path, old: Path, new: Path) -> None:
    """Give a file another name, in its folder or another one that is there, never over another file.

    A change of case alone works too, but for some file systems of Linux that do not tell case apart: these take it for
    done already. Whoever must be sure goes through a third name.

    The name is claimed with an empty file, and the rename goes over that, so that a crash in between leaves one note
    and one empty file, which the next try takes for its claim: never two notes with one key.

    :raises NameTakenError: the name is taken by a file that is not empty.
    :raises NoteError: it cannot be renamed.
    """
    claimed = False
    try:
        for folder in {old.parent, new.parent}:
            check_inside(root, folder)
        try:
            claim(new)
            claimed = True
        except FileExistsError:
            there = new.lstat()
            empty = modes.S_ISREG(there.st_mode) and there.st_size == 0
            if not empty and not os.path.samestat(there, old.lstat()):
                raise NameTakenError("a file of that name is there") from None
        os.replace(old, new)  # noqa: PTH105 (see Batch._place)
        for folder in {old.parent, new.parent}:
            flush_folder(folder)
    except OSError as error:
        if claimed:
            discard(new)
        raise told(error) from None


def remove(root: Path, path: Path, expect: str) -> None:
    """Remove one file durably.

    :param expect: the digest it must have.
    :raises StaleFileError: it has another one, or is not there; nothing was removed.
    :raises NoteError: it cannot be removed.
    """
    try:
        check_inside(root, path.parent)
        # The race of a save between these two lines is some microseconds wide, as in `Batch`.
        if stat_of(path) is None or digest(read_stable(path)[0]) != expect:
            raise StaleFileError("changed since it was read")
        path.unlink()
        flush_folder(path.parent)
    except OSError as error:
        raise told(error) from None


def make_folder(root: Path, folder: Path) -> None:
    """Make a folder of the vault, where it is missing.

    :raises NoteError: it cannot be made, or would lie outside the vault, or the vault is not there: its disk may have
        gone in the middle of a cycle, and nothing is made in the empty place (law 9).
    """
    if folder.is_dir():
        return  # whether it leads out of the vault is looked at when something is written there
    if not (root / OWN).is_dir():
        raise NoteError("the vault is not there now")
    check_inside(root, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise told(error) from None
    flush_folder(folder.parent)


def sweep(paths: Iterable[Path]) -> None:
    """Remove half-written files that a killed process left behind; only names that begin as ours do."""
    for path in paths:
        if path.name.startswith(TEMPORARY):
            discard(path)


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Where folders cannot be opened (Windows) the system does it itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def discard(path: Path) -> None:
    """Remove a file of our own, if it is there and can be removed."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def told(error: OSError) -> NoteError | VaultError:
    """An error of the operating system in words; never with a path that could hold a paper's title."""
    words = error.strerror or "input/output error"
    if error.errno in _WHOLE_SIDE:
        return VaultError(f"the vault cannot be written: {words}")
    return NoteError(f"cannot be written: {words}")
