"""Files read whole and replaced whole, with an expected digest.

Kept here: law 5 (a reader sees the old text or the new one, never a part), law 6 (a file that is no longer what was
read is left alone), law 13 (nothing is written through a link that leads out of the vault) and R37 (a file is taken
only when it stands still while it is read).

What a crash can cost is paid for in batches: :class:`Batch` writes every file beside its place, brings all of them to
the disk, puts them in place, then brings each folder to the disk once. Bringing 400 files of 3 kB to an ext4 disk one
after the other was measured at 0.24 ms a file, with eight waiting at a time at 0.10 ms (the journal commits them
together), and without waiting for the disk at 0.03 ms.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat as modes
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bridge.core.names import folded
from bridge.core.place import Stat
from bridge.errors import BridgeError, NoteError, VaultError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

#: The folder in a vault that makes it one of ours (:mod:`bridge.vault.marker`).
OWN = ".bridge"

#: Names of half-written files begin so; Obsidian ignores every name with a leading dot.
TEMPORARY = ".bridge-tmp-"

#: How many files wait for the disk at a time.
_FLUSHERS = 8
#: Reading is tried so often, with so many seconds between, while somebody else is writing.
_TRIES, _PAUSE = 5, 0.05

#: Not one file's trouble but the whole vault's: no write can succeed now.
_WHOLE_SIDE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
#: A file system that cannot make a second name for a file answers one of these.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})

_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)  # not on Windows
_BINARY: int = getattr(os, "O_BINARY", 0)  # on Windows only
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
            handle = os.open(path, os.O_RDONLY | _NOFOLLOW | _BINARY)
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


@dataclass(frozen=True, slots=True)
class _Staged:
    """One file written beside its place. ``expect`` is the digest of what it replaces, ``None`` for a new file."""

    path: Path
    folder: Path
    temporary: Path
    expect: str | None


class Batch:
    """Writes that become visible and durable together; use it in a ``with`` statement.

    ``stage`` as many files as you like, then ``commit``; leaving the block removes whatever was not put in place. A
    failure of one file is that file's result and stops no other. No file stays open in between: a batch may be large.

    :param root: the vault; nothing outside it is ever written.
    :param names: the folded names in folders, as far as they were listed already; it is filled and kept true here.
        Whoever writes many batches hands the same to all, or each lists its folder anew: the cost of a first sync would
        grow with the square of the library.
    """

    def __init__(self, root: Path, names: dict[Path, set[str]] | None = None) -> None:
        self._root = root
        self._staged: dict[Path, _Staged] = {}
        self._inside: set[Path] = set()
        self._names: dict[Path, set[str]] = {} if names is None else names
        self._flushers: ThreadPoolExecutor | None = None
        self._shares: list[Future[None]] = []
        self._begun: set[Path] = set()
        self._failed: dict[Path, OSError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait()
        for item in self._staged.values():
            _discard(item.temporary)
        self._staged.clear()

    def stage(self, path: Path, data: bytes, expect: str | None) -> None:
        """Write ``data`` beside ``path``, to be put there by :meth:`commit`.

        :param expect: digest of the text that is replaced; ``None`` for a file that must not exist.
        :raises NoteError: this file cannot be written, or lies outside the vault.
        :raises VaultError: no file can be written now (disk full, read-only).
        """
        folder = path.parent
        if folder not in self._inside:
            _check_inside(self._root, folder)
            self._inside.add(folder)
        temporary = folder / f"{TEMPORARY}{secrets.token_hex(6)}"
        try:
            # The person's umask decides on the rights of a new file, as in any editor.
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _BINARY, 0o666)
            try:
                if expect is not None:
                    _like(handle, path)
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
            finally:
                os.close(handle)
        except OSError as error:
            _discard(temporary)
            raise _told(error) from None
        except NoteError:
            _discard(temporary)
            raise
        self._staged[path] = _Staged(path, folder, temporary, expect)
        self._begun.discard(path)

    def begin(self) -> None:
        """Start to bring what is staged to the disk, several at a time; :meth:`commit` waits for it.

        Whoever has something else to do in the meantime calls it first. What is staged after it comes to the disk too.
        """
        items = [item for item in self._staged.values() if item.path not in self._begun]
        self._begun.update(item.path for item in items)
        if len(items) <= 1:
            self._flush(items)
            return
        from concurrent.futures import ThreadPoolExecutor  # an idle cycle writes nothing and needs no threads

        self._wait()
        self._flushers = ThreadPoolExecutor(_FLUSHERS, "bridge-flush")
        shares = [items[start::_FLUSHERS] for start in range(_FLUSHERS)]
        self._shares = [self._flushers.submit(self._flush, share) for share in shares]

    def commit(self) -> dict[Path, Stat | BridgeError]:
        """Put every staged file in its place, durably; for each path its new stat, or why it was left alone.

        The reasons are :class:`StaleFileError`, :class:`NameTakenError` and :class:`NoteError`.

        :raises VaultError: no file can be written now; files put in place before that stay, and the next scan
            finds them.
        """
        results: dict[Path, Stat | BridgeError] = {}
        folders: set[Path] = set()
        self.begin()
        self._wait()
        for item in list(self._staged.values()):
            try:
                if item.path in self._failed:
                    raise self._failed.pop(item.path)
                results[item.path] = self._place(item)
                folders.add(item.folder)
            except OSError as error:
                trouble = _told(error)
                if isinstance(trouble, VaultError):
                    raise trouble from None
                results[item.path] = trouble
            except (StaleFileError, NameTakenError, NoteError) as error:
                results[item.path] = error
            _discard(item.temporary)
            del self._staged[item.path]
            self._begun.discard(item.path)
        for folder in folders:
            _flush_folder(folder)
        return results

    def _wait(self) -> None:
        """All that is being brought to the disk is there, or has failed."""
        if self._flushers is not None:
            self._flushers.shutdown()
            self._flushers = None
            for share in self._shares:
                share.result()

    def _flush(self, items: Sequence[_Staged]) -> None:
        """Bring staged files to the disk; those that failed are kept with the reason."""
        for item in items:
            try:
                handle = os.open(item.temporary, os.O_RDWR | _NOFOLLOW | _BINARY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            except OSError as error:
                self._failed[item.path] = error

    def _place(self, item: _Staged) -> Stat:
        stat = stat_from(os.stat(item.temporary))  # noqa: PTH116 (file operations by one module, so that tests can fail each)
        if item.expect is None:
            self._create(item)
        else:
            # Last look before the swap. A person's save between this line and the next is the one race that cannot be
            # closed with the system calls there are; it is some microseconds wide.
            if stat_of(item.path) is None or digest(read_stable(item.path)[0]) != item.expect:
                raise StaleFileError("changed since it was read")
            os.replace(item.temporary, item.path)  # noqa: PTH105 (as above)
        return stat

    def _create(self, item: _Staged) -> None:
        folder = item.folder
        if folder not in self._names:
            self._names[folder] = {folded(name) for name in os.listdir(folder)}  # noqa: PTH208 (names are wanted)
        name = folded(item.path.name)
        if name in self._names[folder]:
            raise NameTakenError("a file of that name is there")
        self._names[folder].add(name)
        try:
            _put_new(item.temporary, item.path)
        except FileExistsError:
            raise NameTakenError("a file of that name is there") from None


def is_inside(root: Path, path: Path) -> bool:
    """Whether ``path``, all links followed, is the vault or lies in it (law 13)."""
    home, real = os.path.realpath(root), os.path.realpath(path)
    return real == home or real.startswith(home.rstrip(os.sep) + os.sep)


def _check_inside(root: Path, folder: Path) -> None:
    if not is_inside(root, folder):
        raise NoteError("lies behind a link that leads out of the vault")


def replace(root: Path, path: Path, data: bytes, expect: str) -> Stat:
    """Replace one file atomically and durably.

    :param expect: the digest it must have.
    :raises StaleFileError: it has another one; nothing was written.
    :raises NoteError: it cannot be written.
    """
    return _alone(root, path, data, expect)


def create(root: Path, path: Path, data: bytes) -> Stat:
    """Make one new file, whole from its first moment on; never over another, whatever the case of its name.

    :raises NameTakenError: there is one.
    :raises NoteError: it cannot be written.
    """
    return _alone(root, path, data, None)


def _alone(root: Path, path: Path, data: bytes, expect: str | None) -> Stat:
    with Batch(root) as batch:
        batch.stage(path, data, expect)
        result = batch.commit()[path]
    if isinstance(result, BridgeError):
        raise result
    return result


def _put_new(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``, never over another file.

    :raises FileExistsError: the name is taken.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here (exFAT, some network drives): claim the name with an empty file, then put the text over
        # it. A crash in between leaves an empty note, which is filled like one that a clicked link made (R26).
        _claim(target)
        os.replace(source, target)  # noqa: PTH105 (see Batch._place)


def _claim(path: Path) -> None:
    """Make an empty file of that name.

    :raises FileExistsError: the name is taken.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o666))


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, as two spellings of a name do where the disk does not tell case apart."""
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except OSError:
        return False


def move(root: Path, old: Path, new: Path) -> None:
    """Rename a file within its folder, never over another.

    A change of case alone works too, but for some file systems of Linux that do not tell case apart: these take it for
    done already. Whoever must be sure goes through a third name.

    The name is claimed with an empty file, and the rename goes over that, so that a crash in between leaves one note
    and one empty file, which the next try takes for its claim: never two notes with one key.

    :raises NameTakenError: the name is taken by a file that is not empty.
    :raises NoteError: it cannot be renamed.
    """
    claimed = False
    try:
        _check_inside(root, old.parent)
        try:
            _claim(new)
            claimed = True
        except FileExistsError:
            there = new.lstat()
            empty = modes.S_ISREG(there.st_mode) and there.st_size == 0
            if not empty and not os.path.samestat(there, old.lstat()):
                raise NameTakenError("a file of that name is there") from None
        os.replace(old, new)  # noqa: PTH105 (see Batch._place)
        _flush_folder(new.parent)
    except OSError as error:
        if claimed:
            _discard(new)
        raise _told(error) from None


def remove(root: Path, path: Path, expect: str) -> None:
    """Remove one file durably.

    :param expect: the digest it must have.
    :raises StaleFileError: it has another one, or is not there; nothing was removed.
    :raises NoteError: it cannot be removed.
    """
    try:
        _check_inside(root, path.parent)
        # The race of a save between these two lines is some microseconds wide, as in `Batch`.
        if stat_of(path) is None or digest(read_stable(path)[0]) != expect:
            raise StaleFileError("changed since it was read")
        path.unlink()
        _flush_folder(path.parent)
    except OSError as error:
        raise _told(error) from None


def make_folder(root: Path, folder: Path) -> None:
    """Make a folder of the vault, where it is missing.

    :raises NoteError: it cannot be made, or would lie outside the vault, or the vault is not there: its disk may have
        gone in the middle of a cycle, and nothing is made in the empty place (law 9).
    """
    if folder.is_dir():
        return  # whether it leads out of the vault is looked at when something is written there
    if not (root / OWN).is_dir():
        raise NoteError("the vault is not there now")
    _check_inside(root, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _told(error) from None
    _flush_folder(folder.parent)


def sweep(paths: Iterable[Path]) -> None:
    """Remove half-written files that a killed process left behind; only names that begin as ours do."""
    for path in paths:
        if path.name.startswith(TEMPORARY):
            _discard(path)


def _like(handle: int, path: Path) -> None:
    """Give a replacement the rights, and where that is allowed the owner, of the file it replaces."""
    present = path.lstat()
    if not modes.S_ISREG(present.st_mode):
        raise NoteError("not a regular file")
    if hasattr(os, "fchmod"):
        os.fchmod(handle, modes.S_IMODE(present.st_mode))
        mine = os.fstat(handle)
        if (mine.st_uid, mine.st_gid) != (present.st_uid, present.st_gid):
            with suppress(PermissionError):
                os.fchown(handle, present.st_uid, present.st_gid)


def _flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Where folders cannot be opened (Windows) the system does it itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _discard(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _told(error: OSError) -> NoteError | VaultError:
    """An error of the operating system in words; never with a path that could hold a paper's title."""
    words = error.strerror or "input/output error"
    if error.errno in _WHOLE_SIDE:
        return VaultError(f"the vault cannot be written: {words}")
    return NoteError(f"cannot be written: {words}")
