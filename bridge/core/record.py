"""One paper as a side-neutral value.

Words (the whole project uses them so):

* **library**: one Zotero user or group library, written ``users/123`` or ``groups/51``.
* **item**: a top-level regular Zotero item; its identity is the pair (library, key).
* **face**: what one side shows of an item: field name to value. A field that is *missing* from a face says nothing; a
  field that is *empty* (``""`` or ``()``) is shown empty on purpose (R7).
* **base**: the two faces at the last agreement (R2).

A value is a text or a tuple of texts; dates are texts (``2024-03-28``), numbers are their source text. Field names are
the canonical ones of the design's field table whatever ``[keys]`` renames them to inside notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from bridge.core.children import NONE, Children

Value: TypeAlias = str | tuple[str, ...]
Face: TypeAlias = Mapping[str, Value]

#: What became of an item in Zotero; ``merged``: into another one that lives (R22).
Life: TypeAlias = Literal["live", "trashed", "deleted", "merged"]


class ItemId(NamedTuple):
    """The identity of a paper: its library (``users/123``) and its eight-character item key."""

    library: str
    key: str

    def __str__(self) -> str:
        return f"{self.library}/items/{self.key}"


@dataclass(frozen=True, slots=True)
class Record:
    """A paper as one side shows it.

    ``token`` is what a write to that side must expect: the object version on the Zotero side, the file's digest on the
    vault side (law 6). ``blocks`` holds texts of managed blocks by name: on the Zotero side the source of the abstract,
    as plain text; on the vault side the blocks as they were generated last, before a person's words were kept in them.
    ``children`` is what hangs below the paper (R21); only the Zotero side fills it.
    """

    id: ItemId
    face: Face
    token: str
    life: Life = "live"
    blocks: Mapping[str, str] = field(default_factory=dict)
    children: Children = NONE


@dataclass(frozen=True, slots=True)
class Standing:
    """An open conflict as the next reconciliation sees it: both values when it was opened, and a person's answer.

    ``void`` says that the item has no base any more (R17), or that its note bears a stamp nobody knows (R1): a value
    that differs from the one here is then no later edit that could end the conflict.
    """

    zotero: str
    vault: str
    answer: Literal["", "zotero", "vault"] = ""
    void: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """What both sides last agreed on, as each side showed it (R2), and the conflicts that are open."""

    zotero: Face
    vault: Face
    conflicts: Mapping[str, Standing] = field(default_factory=dict)
