"""What is remembered of the files in a vault: where they are, what they looked like, what was read from them.

Shared by the vault side, which fills it, and the state, which keeps it; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from bridge.core.plan import Held
from bridge.core.record import Face, ItemId


class Stat(NamedTuple):
    """What ``stat`` says of a file; a file whose three numbers are unchanged is not opened."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What any note may tell about a paper, or take from one.

    Used for adoption (R26, R28), for links that must not be captured (R27) and by index notes.
    """

    aliases: tuple[str, ...] = ()
    citekey: str = ""
    doi: str = ""
    zotero_links: tuple[str, ...] = ()  # item keys in zotero:// links
    # Of everybody's own notes: items that the properties name, and the one their links lead to (bridge.core.evidence).
    named: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()  # citekeys of [[@key]] links in the body
    links: tuple[str, ...] = ()  # all names that a link or citation may mean (bridge.vault.targets)
    hosts: tuple[str, ...] = ()  # index blocks that stand in the note (`week 2025-W39`)
    # Of a paper's own note, for index notes: what the person wrote, one line of Markdown each.
    summary: str = ""  # the property `summary`
    questions: tuple[str, ...] = ()  # open ones
    points: tuple[str, ...] = ()
    has_notes: bool = False  # the section Notes holds text


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One Markdown file of the vault as last read.

    ``path`` is relative to the vault, with ``/``, in the spelling on disk. ``id`` is the item the note is bound to,
    ``None`` for everybody's own notes. ``pending`` says that what was read has not been reconciled yet (the mirror of
    R3).
    """

    path: str
    stat: Stat
    digest: str
    id: ItemId | None = None
    stamp: str = ""
    face: Face = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    held: tuple[Held, ...] = ()
    pending: bool = False


class FormerKey(NamedTuple):
    """A citation key that a paper had, and the base name its note was made with then; links may bear both still.

    ``key`` is ``""`` for a paper that had none.
    ``stamp`` is that of the edit by which the note gets its new key, until that edit is known to be written.
    """

    id: ItemId
    key: str
    stem: str
    stamp: str = ""


class NoteIndex(Protocol):
    """What the vault side needs remembered; :class:`bridge.state.State` keeps it."""

    def stats(self) -> Mapping[str, Stat]:
        """Path to stat of every file known, cheaply (one query)."""
        ...

    def row(self, path: str) -> NoteRow | None:
        """The row of one path."""
        ...

    def rows_of(self, ids: Iterable[ItemId]) -> Mapping[ItemId, NoteRow]:
        """The rows of notes bound to the given items and not held as copies; one row an item."""
        ...

    def bound(self) -> Mapping[str, ItemId]:
        """Path to item of every bound note (copies held included), in one query."""
        ...

    def bound_items(self) -> int:
        """How many items are bound to a note, held copies included."""
        ...

    def put_rows(self, rows: Sequence[NoteRow]) -> None:
        """Remember rows (insert or replace by path)."""
        ...

    def drop_rows(self, paths: Iterable[str]) -> None:
        """Forget paths."""
        ...

    def heirs(self) -> Mapping[ItemId, ItemId]:
        """Papers that are no more and became others, with those: their notes may name either (R22)."""
        ...

    def taken_names(self) -> Mapping[str, Sequence[str]]:
        """Base names (without ``.md``) and aliases of all known notes, folded, to the paths bearing them (R27)."""
        ...
