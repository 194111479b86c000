"""Facts about Zotero's item types, read once from ``zotero-schema.json``.

The file holds the tables of Zotero's published schema (https://api.zotero.org/schema, version 42) in a
compact form: for every item type its fields in Zotero's own order, the base field behind each field that has
one (``caseName`` is a ``title``), and its creator types, the primary one first; then the CSL names that
Zotero recognises in Extra. Schema 34 gave every regular type the field ``citationKey``.

Nothing is read before the first call of :func:`schema`, so importing this module costs nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_REGULAR = frozenset({"annotation", "attachment", "note"})
"""Item types that are no papers: they live under one, or stand alone without fields of their own."""


@dataclass(frozen=True, slots=True)
class ItemType:
    """One item type: ``fields`` in Zotero's order, ``base`` from own to base field, ``creators`` primary first."""

    name: str
    fields: tuple[str, ...]
    base: Mapping[str, str]
    creators: tuple[str, ...]

    @property
    def regular(self) -> bool:
        """Whether items of this type are papers, books, web pages… rather than children."""
        return self.name not in NOT_REGULAR

    @property
    def primary_creator(self) -> str | None:
        """The creator type that counts as author, or None for types without creators."""
        return self.creators[0] if self.creators else None

    def own_field(self, base: str) -> str | None:
        """Return the type's own field for a base field (``title`` of a case is ``caseName``), or None."""
        for own, name in self.base.items():
            if name == base:
                return own
        return base if base in self.fields else None


@dataclass(frozen=True, slots=True)
class Schema:
    """All item types by name, every field name there is, and the CSL names Zotero reads in Extra (R13)."""

    version: int
    types: Mapping[str, ItemType]
    fields: frozenset[str]
    creators: frozenset[str]
    csl: frozenset[str]


@cache
def schema() -> Schema:
    """Return the schema; the file is read on the first call and kept."""
    raw: dict[str, Any] = json.loads(
        resources.files(__package__).joinpath("zotero-schema.json").read_text(encoding="utf-8")
    )
    types = {
        name: ItemType(
            name,
            tuple(entry["fields"]),
            MappingProxyType(entry.get("base", {})),
            tuple(entry.get("creators", ())),
        )
        for name, entry in raw["itemTypes"].items()
    }
    return Schema(
        version=raw["version"],
        types=MappingProxyType(types),
        fields=frozenset(f for t in types.values() for f in (*t.fields, *t.base.values())),
        creators=frozenset(c for t in types.values() for c in t.creators),
        csl=frozenset(name for names in raw["csl"].values() for name in names),
    )
