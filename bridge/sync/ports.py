"""What a cycle needs of the two sides, beyond :class:`bridge.core.side.Side`; defined beside its consumer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from bridge.core.mirror import ChildWrite, Hung
from bridge.core.place import NoteRow
from bridge.core.plan import Held
from bridge.core.record import Face, ItemId, Record
from bridge.core.renames import Rekeying, RenamePreview
from bridge.core.scope import Labels
from bridge.core.side import Edit, Outcome, Side


class Download(Protocol):
    """One complete pass over what changed in a library; the figures hold once :meth:`pages` is exhausted (R16)."""

    @property
    def unchanged(self) -> bool:
        """Nothing is new; there are no pages."""
        ...

    @property
    def backwards(self) -> bool:
        """The library's version is lower than the cursor (R17): ask again for everything."""
        ...

    @property
    def version(self) -> int:
        """The new cursor."""
        ...

    @property
    def total(self) -> int:
        """How many objects there will be, about."""
        ...

    @property
    def deleted_items(self) -> frozenset[str]:
        """Keys erased since the cursor, on the server's word."""
        ...

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The changed objects, as the server sent them."""
        ...

    def collections(self) -> list[dict[str, Any]] | None:
        """The whole tree where anything in it changed, else ``None`` (R20)."""
        ...


class LibrarySide(Side, Protocol):
    """The Zotero side of one library."""

    @property
    def library(self) -> str:
        """``users/123`` or ``groups/51``."""
        ...

    @property
    def writable(self) -> bool:
        """Whether Zotero takes writes from this key here (R23)."""
        ...

    @property
    def shows_notes(self) -> bool:
        """Whether this key may see the library's notes (R23); a key that may not sees a library without any."""
        ...

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        ...

    def pull(self, since: int, *, full: bool = False) -> Download:
        """Ask for what changed since a version."""
        ...

    def use_tree(self, collections: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """From now on derive collection paths from this tree; returns the keys whose path differs from before."""
        ...

    def read(self, item: Mapping[str, Any]) -> Record:
        """The record of a stored object."""
        ...

    def labels(self, item: Mapping[str, Any]) -> Labels:
        """What a stored object is filed under; much cheaper than its record."""
        ...

    def foretell(self, item: Mapping[str, Any], changes: Face) -> Record:
        """The record a stored object would show after an edit, as far as can be told without the server (law 12)."""
        ...

    def refusal(self, item: Mapping[str, Any], field: str, text: str) -> str | None:
        """Why Zotero would not take a value or member, or ``None``."""
        ...

    def apply(self, edits: Iterable[Edit], *, bulk: bool = False) -> Iterator[Outcome]:
        """As :meth:`bridge.core.side.Side.apply`.

        :param bulk: these are writes that the machine thought of: paced, and the order by "Modified" stays (R19).
        """
        ...

    def hung(self, item: Mapping[str, Any]) -> Hung:
        """What a stored object shows as a child of a paper."""
        ...

    def write_children(self, writes: Iterable[ChildWrite]) -> Iterator[Outcome]:
        """Write children of papers as :meth:`apply` writes papers, and report on each; outcomes bear no record."""
        ...


class Scan(Protocol):
    """What a scan of the vault found; the cycle, not the scan, puts it into the state."""

    @property
    def rows(self) -> Sequence[NoteRow]:
        """Files read anew, to be remembered."""
        ...

    @property
    def dropped(self) -> Sequence[str]:
        """Paths that are no longer there."""
        ...

    @property
    def gone(self) -> Sequence[ItemId]:
        """Items whose note is nowhere any more."""
        ...

    @property
    def held(self) -> Sequence[Held]:
        """What cannot be read, as far as it has no row of its own (a folder without permission)."""
        ...

    @property
    def bound_before(self) -> int:
        """Notes bound to items at the last scan."""
        ...


class NoteMover(Protocol):
    """Moves notes of papers as a whole; nothing is removed."""

    def archived(self, note: NoteRow) -> str:
        """Where a note goes in the archive; ``""`` for one that is there."""
        ...

    def trashed(self, note: NoteRow, record: Record, written: Mapping[str, Sequence[str]]) -> str:
        """Where a note goes in the vault's trash; ``""`` for one that holds anything of a person's.

        :param written: what was generated for the note last.
        """
        ...

    def move(self, item: ItemId, at: str, to: str) -> str:
        """Move an item's note; where it is now, ``""`` where it was left alone."""
        ...


class VaultScanner(Side, Protocol):
    """The vault side."""

    def mover(self) -> NoteMover:
        """What puts notes away and brings them back."""
        ...

    def scan(self) -> Scan:
        """Look at every file's stat, read those that changed."""
        ...

    def foreign(self, record: Record) -> str | None:
        """The path of a note of somebody's own that this item fits and that is not bound (R26), or ``None``."""
        ...

    def stems(self, record: Record) -> Sequence[str]:
        """The base names that somebody's own note about this paper may bear (R26)."""
        ...

    def as_note_of(self, path: str, item: ItemId) -> NoteRow | None:
        """A note of somebody's own as it is now, read as this item's; ``None`` where nothing in it can be adopted."""
        ...

    def section(self, note: NoteRow, heading: str) -> str | None:
        """The person's Markdown under a heading of a note, without what Bridge keeps there; ``None``: no such heading.

        :raises NoteError: the note cannot be read now, or is not as it was when its row was made.
        """
        ...

    def is_warm(self, path: str) -> bool:
        """Whether somebody is editing the note at a path just now: it is left for a later cycle (R37)."""
        ...

    def preview(self, edits: Iterable[Edit]) -> Iterator[Outcome]:
        """What would become of edits of notes that are there: their tokens, with nothing written (law 12)."""
        ...

    def carry_renames(self, *, begin: bool) -> Sequence[str]:
        """Rename what is still named after a former citation key, links included; what could not be, in words.

        Cheap where nothing is due. Before a cycle's edits it finishes what an earlier one began; after them it begins.
        """
        ...

    def preview_renames(self, changes: Sequence[Rekeying]) -> RenamePreview:
        """What :meth:`carry_renames` would do once papers have other citation keys too; writes nothing (law 12)."""
        ...

    @property
    def renamed(self) -> int:
        """Files renamed so far."""
        ...


class Progress(Protocol):
    """Told by long work what it does; one step at a time.

    ``start`` and ``advance`` are called where the work could end as well, and may raise a
    :class:`bridge.errors.BridgeError` to end it there: what was confirmed until then is kept, as with any other error.
    """

    def start(self, what: str, total: int | None = None) -> None:
        """A step begins."""
        ...

    def advance(self, count: int = 1) -> None:
        """``count`` more units are done."""
        ...

    def done(self) -> None:
        """The step is over."""
        ...
