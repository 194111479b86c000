"""What a reconciliation decides, as values: edits for each side, conflicts, held parts, put-backs.

All of them are immutable; nothing here acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bridge.core.record import Face, ItemId

SideName: TypeAlias = Literal["zotero", "vault"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one item that both sides changed to different values (R6)."""

    field: str
    zotero: str
    vault: str


@dataclass(frozen=True, slots=True)
class Held:
    """Something Bridge will not touch until a person mends it; it never stops the rest.

    ``code`` is a stable machine word (``broken-yaml``, ``duplicate-key``, ``cleared-title``, ``unknown-collection``…),
    ``reason`` says it in words without quoting the note's text, ``path`` is vault-relative where a file is meant,
    ``field`` is empty when the whole item is held.
    """

    code: str
    reason: str
    path: str = ""
    field: str = ""
    id: ItemId | None = None


@dataclass(frozen=True, slots=True)
class PutBack:
    """A person's value in a field only Zotero may change: kept in the history, then replaced (law 3, R15)."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Members of one field whose change in the vault did not go to Zotero, by member key."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """What one item needs.

    ``zotero`` and ``vault`` map the fields to be *changed* on that side to their whole new value (``""`` or ``()``
    clears). ``open`` names fields whose base must not advance (in conflict, held); ``unsent`` says which members of a
    by-member field stay out of the base. ``ended`` names conflicts that are over.
    """

    id: ItemId
    zotero: Face = field(default_factory=dict)
    vault: Face = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    ended: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    put_back: tuple[PutBack, ...] = ()
    open: frozenset[str] = frozenset()
    unsent: Mapping[str, Unsent] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether nothing would be written on either side."""
        return not self.zotero and not self.vault
