"""A note of the bridge's own among a person's: read, made, replaced and taken away whole (laws 5, 6, 13)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.core.place import Stat
from bridge.errors import NoteError
from bridge.vault import batch, files


@dataclass(frozen=True, slots=True)
class Page:
    """A text file of the vault as it stood still while it was read."""

    text: str
    stat: Stat
    digest: str


def look(root: Path, path: str) -> Stat | None:
    """The stat of the page, ``None`` where there is no regular file."""
    return files.stat_of(root / path)


def read(root: Path, path: str) -> Page | None:
    """The page, or ``None`` where there is none.

    :raises NoteError: it is being written just now, cannot be read, or is not UTF-8.
    """
    if files.stat_of(root / path) is None:
        return None
    data, stat = files.read_stable(root / path)
    try:
        return Page(data.decode("utf-8"), stat, files.digest(data))
    except UnicodeDecodeError:
        raise NoteError("is not UTF-8") from None


def write(root: Path, path: str, text: str, before: Page | None) -> Stat | None:
    """Write the page in place of ``before`` (``None``: there must be none); ``None`` where that is no longer so.

    :raises NoteError: it cannot be written.
    :raises VaultError: no file can be written now.
    """
    place, data = root / path, text.encode("utf-8")
    with suppress(files.StaleFileError, files.NameTakenError):
        if before is not None:
            return batch.replace(root, place, data, before.digest)
        files.make_folder(root, place.parent)
        return batch.create(root, place, data)
    return None


def remove(root: Path, path: str, before: Page) -> bool:
    """Take the page away if it still is ``before``; whether it was.

    :raises NoteError: it cannot be removed.
    """
    try:
        files.remove(root, root / path, before.digest)
    except files.StaleFileError:
        return False
    return True
