"""What a side is: the one interface the cycle works against, and the values that cross it.

Two sides implement it, mirrored: :class:`bridge.zotero.side.ZoteroSide` and :class:`bridge.vault.side.VaultSide`; the
tests add one in memory, and one contract suite (``tests/contract``) passes on all three. A side never merges and never
decides; it shows what is there, and carries out edits that each say what they expect to find (law 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from bridge.core.record import Face, ItemId, Record

#: How an edit ended. ``applied``: done, ``record`` shows the side after it. ``stale``: the precondition failed, nothing
#: was written, look again next cycle. ``refused``: this item cannot be written so (validation, too long, broken note);
#: it is held with ``reason``. ``unknown``: sent, no answer came; read back before any retry. ``denied``: no right to
#: write.
Result: TypeAlias = Literal["applied", "stale", "refused", "unknown", "denied"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One item's change on one side.

    ``expect`` is the token of the :class:`Record` the change was planned on; ``""`` means the item must not exist yet
    (a note to be made). ``set`` maps changed fields to whole new values. ``record`` is Zotero's record where a side
    needs more than the changed fields: a new note is made from it, blocks are renewed from it. ``stamp`` is the note's
    new stamp (vault side only; ``""`` leaves the one that is there). ``before`` is the face this side showed at the
    last agreement: who follows a title or a citation key needs to know the old one (R30). ``written`` holds managed
    blocks by name as they were generated before, the last one first, so far as they are remembered: what a note shows
    beyond the one it was written with is a person's (R29). ``remake`` asks for a new body from the template where
    nobody has written in the old one (R34). ``was`` names the item the note is bound to until now, where it becomes
    another one's (R22). ``at`` is the path of a person's own note that this edit binds to the item (adoption, R28);
    empty for all others.
    """

    id: ItemId
    expect: str
    set: Face = field(default_factory=dict)
    record: Record | None = None
    stamp: str = ""
    before: Face = field(default_factory=dict)
    written: Mapping[str, Sequence[str]] = field(default_factory=dict)
    remake: bool = False
    was: ItemId | None = None
    at: str = ""

    @property
    def bound(self) -> ItemId:
        """The item whose note is edited, as the note says it."""
        return self.was or self.id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one :class:`Edit`."""

    id: ItemId
    result: Result
    record: Record | None = None
    reason: str = ""


class Side(Protocol):
    """One side of the sync."""

    def look(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Record]:
        """Show the given items freshly; ids that are not there are left out."""
        ...

    def apply(self, edits: Iterable[Edit]) -> Iterator[Outcome]:
        """Carry out edits and report on each, in the order given.

        Raises the errors of :mod:`bridge.errors` only for what concerns the whole side (out of reach, forbidden); what
        concerns one item is an :class:`Outcome`.
        """
        ...
