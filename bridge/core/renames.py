"""What a renaming would do, told before it is done (law 12). Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bridge.core.record import ItemId


class Rekeying(NamedTuple):
    """A paper that gets another citation key."""

    id: ItemId
    old: str
    new: str


class NoteRename(NamedTuple):
    """A paper whose note is called otherwise from now on, or whose links and citations follow; ``olds`` may be empty.

    ``path`` and ``to`` are the note's path now and then, relative to the vault. ``alias`` is the former key that joins
    the note's aliases, ``""`` where none does.
    """

    id: ItemId
    title: str
    olds: tuple[str, ...]
    new: str
    path: str
    to: str
    alias: str


class Following(NamedTuple):
    """A file in which so many links and citations would follow."""

    path: str
    links: int
    citations: int


@dataclass(frozen=True, slots=True)
class RenamePreview:
    """All of it. ``is_waiting``: it would wait, since somebody is editing a file that it concerns."""

    notes: tuple[NoteRename, ...] = ()
    files: tuple[Following, ...] = ()
    is_waiting: bool = False

    @property
    def moved(self) -> int:
        """How many files would be renamed."""
        return sum(note.path != note.to for note in self.notes)
