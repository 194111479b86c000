"""Where an item type keeps what a record shows (R14): title, date, venue, authors; and the targets of ``[fields]``.

The facts come from Zotero's schema (:mod:`bridge.data`). A type that is newer than the schema is read by the
common names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bridge.data import NOT_REGULAR, schema
from bridge.zotero.richtext import one_line

#: Base fields and fields that say where a thing appeared, best first.
_VENUES = (
    "publicationTitle", "conferenceName", "meetingName", "publisher", "authority", "committee", "seriesTitle",
    "series", "country",
)  # fmt: skip

EXTRA_PREFIX = "extra:"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a record needs to know of an item type.

    ``own`` maps a base field to the type's own one where the two differ; ``authors`` are the creator types
    that count as author.
    """

    name: str
    title: str
    date: str
    venues: tuple[str, ...]
    authors: frozenset[str]
    fields: frozenset[str]
    own: Mapping[str, str]

    def field(self, name: str) -> str:
        """The type's own field for a base field's name; any other name as it is."""
        return self.own.get(name, name)


@lru_cache(maxsize=256)
def shape(item_type: str) -> Shape:
    """The shape of an item type; of an unknown one the most common shape."""
    known = schema().types.get(item_type)
    if known is None:
        return Shape(one_line(item_type), "title", "date", _VENUES, frozenset({"author"}), frozenset(), {})
    own = {base: field for field, base in known.base.items()}
    fields = frozenset(known.fields)
    title = own.get("title", "title")
    venues = tuple(field for name in _VENUES if (field := own.get(name, name)) in fields)
    authors = frozenset(known.creators[:1]) | {"author"}
    return Shape(one_line(item_type), title, own.get("date", "date"), venues, authors, fields, own)


def is_regular(item_type: str) -> bool:
    """Whether items of this type are papers rather than attachments, notes and annotations."""
    return item_type not in NOT_REGULAR


@dataclass(frozen=True, slots=True)
class Custom:
    """One entry of ``[fields]``: the key in notes, and either the name of a line in Extra or a Zotero field."""

    key: str
    line: str = ""
    field: str = ""


def custom(key: str, target: str) -> Custom:
    """Read an entry of ``[fields]``: ``rating = "extra:Rating"`` or ``pages = "pages"``."""
    if target.startswith(EXTRA_PREFIX):
        return Custom(key, line=target.removeprefix(EXTRA_PREFIX).strip())
    return Custom(key, field=target)


@dataclass(frozen=True, slots=True)
class People:
    """Those who made an item: ``names`` as shown (``Given Family``), ``families`` for short references."""

    names: tuple[str, ...]
    families: tuple[str, ...]

    def label(self, year: str) -> str:
        """``Wei 2025``, ``Wei and Li 2025``, ``Wei et al. 2025``; ``""`` without people or year."""
        if not self.families or not year:
            return ""
        first, *others = self.families
        if not others:
            return f"{first} {year}"
        return f"{first} and {others[0]} {year}" if len(others) == 1 else f"{first} et al. {year}"


def people(creators: Iterable[Mapping[str, Any]], authors: frozenset[str], most: int) -> People:
    """The authors among an item's creators, at most ``most`` of them in ``names``.

    Editors stand in for the short reference of a work that has no author, as in Zotero's own creator column.
    """
    names: list[str] = []
    families: list[str] = []
    editors: list[str] = []
    for creator in creators:
        role = creator.get("creatorType")
        wanted = role in authors
        if not wanted and role != "editor":
            continue
        family = one_line(creator.get("name") or creator.get("lastName") or "")
        given = one_line(creator.get("firstName") or "")
        if not family and not given:
            continue
        if not wanted:
            editors.append(family or given)
            continue
        families.append(family or given)
        if len(names) < most:
            names.append(f"{given} {family}" if given and family else family or given)
    return People(tuple(names), tuple(families or editors))
