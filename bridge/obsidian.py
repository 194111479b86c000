"""What Obsidian itself keeps about a vault: the types of its properties, ``.obsidian/types.json``. Read, never written.

R36: a property that is a list in this vault is written as one. R26: ``init`` says beforehand where the vault's types
and the note format do not fit. The file is ``{"types": {"tags": "tags", "year": "number", …}}`` with the widgets text,
multitext, number, checkbox, date, datetime, tags and aliases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LISTS = frozenset({"multitext", "tags", "aliases"})

# What a type may be for Obsidian to show the note format as it is meant. Keys that are not named are texts.
_FITS: Mapping[str, frozenset[str]] = {
    "tags": frozenset({"tags"}),
    "aliases": frozenset({"aliases"}),
    **dict.fromkeys(("keywords", "collections", "related", "authors", "also-in"), frozenset({"multitext", "tags"})),
    **dict.fromkeys(("status-date", "added", "started", "finished"), frozenset({"date", "datetime", "text"})),
    "published": frozenset({"text"}),  # 2017 and 2017-06 are no dates to Obsidian
    "year": frozenset({"number", "text"}),
}
_TEXT = frozenset({"text"})


@dataclass(frozen=True, slots=True)
class Clash:
    """A property of the note format whose type in this vault is another one."""

    key: str
    type: str

    @property
    def mild(self) -> bool:
        """Whether Bridge writes it in the vault's way, so that nothing needs to be done (R36)."""
        return self.type in LISTS and self.key not in _FITS


def property_types(vault: Path) -> Mapping[str, str]:
    """Property name to type; empty where the vault has no such file or it cannot be read."""
    try:
        said = json.loads((vault / ".obsidian" / "types.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    types = said.get("types") if isinstance(said, dict) else None
    if not isinstance(types, dict):
        return {}
    return {name: kind for name, kind in types.items() if isinstance(kind, str)}


def list_keys(types: Mapping[str, str]) -> frozenset[str]:
    """The names that are lists in this vault."""
    return frozenset(name for name, kind in types.items() if kind in LISTS)


def clashes(types: Mapping[str, str], names: Mapping[str, str]) -> list[Clash]:
    """Where the vault's types and the note format differ; ``names`` maps canonical keys to the names used here."""
    # Obsidian takes Status and status for one property.
    folded = {name.casefold(): kind for name, kind in types.items()}
    found = []
    for canonical, used in names.items():
        kind = folded.get(used.casefold())
        if kind is not None and kind not in _FITS.get(canonical, _TEXT):
            found.append(Clash(used, kind))
    return found
