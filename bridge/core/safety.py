"""The guards: named predicates over what a cycle is about to do (law 10, R33).

Each looks at numbers and changes, and answers with a :class:`Stop` or ``None``. None of them acts; the cycle stops
before its first write, and one flag of the command line answers them all.
"""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bridge.core.record import Face, ItemId, Value


@dataclass(frozen=True, slots=True)
class Limits:
    """When a change is too much: a share of what there is *and* a minimum, or all of two or more that vanish."""

    share: float = 0.3
    minimum: int = 20
    max_new: int = 1000


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a guard stopped: ``guard`` is its stable name, ``message`` says what was seen."""

    guard: str
    message: str


@dataclass(frozen=True, slots=True)
class Move:
    """One field of one item about to change on one side."""

    id: ItemId
    field: str
    before: Value
    after: Value

    @property
    def loses(self) -> bool:
        """Whether something is blanked or taken out (rather than added or replaced)."""
        if isinstance(self.before, tuple) or isinstance(self.after, tuple):
            return bool(set(_members(self.before)) - set(_members(self.after)))
        return bool(self.before) and not self.after


def _members(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


def vanished_notes(bound: int, gone: int, limits: Limits) -> Stop | None:
    """Notes that were there and are not: a vault that was emptied, or whose disk is not (fully) there (law 9)."""
    if gone >= 2 and gone == bound:
        return Stop(
            "vault-emptied", f"All {bound} notes are gone: the vault looks emptied, or its disk is not fully there."
        )
    if _too_many(gone, bound, limits):
        return Stop("notes-vanished", f"{gone} of {bound} notes are gone since the last cycle.")
    return None


def vanished_items(papers: int, gone: int, limits: Limits) -> Stop | None:
    """Items that Zotero erased or trashed since the last download."""
    if gone >= 2 and gone >= papers:
        return Stop("library-emptied", f"All {papers} items of the library were erased or moved to the trash.")
    if _too_many(gone, papers, limits):
        return Stop("items-vanished", f"{gone} of {papers} items of the library were erased or moved to the trash.")
    return None


def swapped_library(stored: int, missing: int) -> Stop | None:
    """After the library went back in time: whether it still holds what it held (R17)."""
    if stored >= 2 and missing * 2 > stored:
        return Stop(
            "library-swapped",
            f"The library went back in time, and {missing} of the {stored} items known are not in it.",
        )
    return None


def mass_change(moves: Iterable[Move], notes: int, limits: Limits, *, side: str, earlier: int = 0) -> Stop | None:
    """Too much removed, blanked or rewritten on one side.

    ``earlier`` counts changes of the rolling day that nobody has been asked about. One tag renamed on many items is one
    decision; a tag that only goes is not, for that is what a faulty tool does to a whole vault.
    """
    counted: set[object] = set()
    losing: set[ItemId] = set()
    for move in moves:
        if move.loses:
            out, into = (
                set(_members(move.before)) - set(_members(move.after)),
                set(_members(move.after)) - set(_members(move.before)),
            )
            renamed = isinstance(move.after, tuple) and len(out) == len(into) == 1
            counted.add((move.field, *out, *into) if renamed else move.id)
            if not renamed:
                losing.add(move.id)
        else:
            counted.add(move.id)
    where = "in Zotero" if side == "zotero" else "in the vault"
    if len(losing) >= 2 and len(losing) >= notes:
        return Stop(f"mass-{side}", f"Something would be removed or blanked {where} on all {notes} papers.")
    total = len(counted) + earlier
    if counted and _too_many(total, notes, limits):
        day = f", with {earlier} of the last day" if earlier else ""
        return Stop(f"mass-{side}", f"{total} of {notes} papers would be changed {where}{day}.")
    return None


def many_new(new: int, approved: int, limits: Limits) -> Stop | None:
    """More new notes than anybody was told of (R26)."""
    if new > max(limits.max_new, approved):
        return Stop("many-new-notes", f"{new} new notes would be made; the limit is {limits.max_new}.")
    return None


def many_keys(made: int, papers: int, agreed: int, limits: Limits, *, earlier: int = 0) -> Stop | None:
    """More citation keys to be made than anybody agreed to (R19, R33); ``earlier``: of those, within a day."""
    if made and made + earlier > agreed and _too_many(made + earlier, papers, limits):
        return Stop("many-citekeys", f"{made} of {papers} papers would be given a citation key, in Zotero too.")
    return None


def about(guard: str, things: Iterable[Sequence[object]]) -> str:
    """What a guard asks about as sixteen characters of base 32: an answer holds for just these things (R6).

    :param things: plain values (texts, tuples of texts), in any order.
    """
    told = json.dumps([guard, sorted(json.dumps(thing) for thing in things)])
    return b32encode(blake2b(told.encode(), digest_size=10).digest()).decode().lower()


def _too_many(count: int, of: int, limits: Limits) -> bool:
    return count >= limits.minimum and count > limits.share * of


def moves(item: ItemId, before: Face, after: Face, fields: Iterable[str]) -> list[Move]:
    """The moves a plan makes on one side, for the fields that people may lose something in."""
    return [Move(item, name, before.get(name, ""), after[name]) for name in fields if name in after]
