"""Zotero's Related: two papers that name each other (``dc:relation``). Pure but for what is handed in.

In a note each related paper is a link to its note. A relation is true if either paper names the other; it is written to
both, since Zotero's desktop shows each paper what it names itself, and the server gives back only some of them. What is
sent is cut from the objects as they are just now, and only the relations meant change: others stay (law 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from bridge.core.record import ItemId, Value

PREDICATE: Final = "dc:relation"
_LINK: Final = re.compile(r"\[\[[^\[\]]+\]\]")


class Related(Protocol):
    """The papers' notes, as far as the mapping must know them."""

    def links(self, item: ItemId) -> tuple[str, ...]:
        """Links to the notes of the papers that one is related to; papers without a note are left out."""
        ...

    def shown(self, item: ItemId) -> frozenset[ItemId]:
        """The papers that :meth:`links` links to."""
        ...

    def paper(self, link: str) -> ItemId | None:
        """The paper whose note a ``[[link]]`` names; ``None`` for none, and for a name that two notes bear."""
        ...


class _Nobody:
    """Where nothing is known of notes."""

    def links(self, item: ItemId) -> tuple[str, ...]:  # noqa: ARG002 -- of the protocol
        return ()

    def shown(self, item: ItemId) -> frozenset[ItemId]:  # noqa: ARG002 -- of the protocol
        return frozenset()

    def paper(self, link: str) -> ItemId | None:  # noqa: ARG002 -- of the protocol
        return None


NOBODY: Final[Related] = _Nobody()


class Pair(NamedTuple):
    """Two papers of one library, and whether they are to be related."""

    one: str
    other: str
    together: bool


def refusal(related: Related, item: ItemId, link: str) -> str | None:
    """Why a link cannot be a relation of a paper, or ``None``."""
    if not _LINK.fullmatch(link.strip()):
        return f'{link!r} is no link to a note, written "[[@wei2025]]"'
    paper = related.paper(link)
    if paper is None:
        return f"{link} names no paper's note, or those of two"
    if paper == item:
        return "a paper is not related to itself"
    return None if paper.library == item.library else "Zotero relates papers of one library only"


def pairs(related: Related, item: ItemId, wanted: Value) -> list[Pair]:
    """What must change for a paper to show ``wanted`` as its related ones."""
    links = wanted if isinstance(wanted, tuple) else (wanted,)
    papers = {paper for link in links if (paper := related.paper(link)) is not None}
    return [Pair(item.key, other.key, other in papers) for other in sorted(papers ^ related.shown(item))]


def changed(library: str, obj: Mapping[str, Any], pairs: Iterable[Pair]) -> dict[str, Any]:
    """The new ``relations`` of an object, as fields to send; nothing where it has them already."""
    said = obj["data"].get("relations") or {}  # PHP writes an empty map as an empty list
    standing = said.get(PREDICATE) or []
    uris = [standing] if isinstance(standing, str) else list(standing)
    wanted = list(uris)
    for pair in pairs:
        if obj["key"] not in pair[:2]:
            continue
        uri = f"http://zotero.org/{library}/items/{pair.other if obj['key'] == pair.one else pair.one}"
        if pair.together and uri not in wanted:
            wanted.append(uri)
        elif not pair.together and uri in wanted:
            wanted.remove(uri)
    if wanted == uris:
        return {}
    rest = {name: value for name, value in said.items() if name != PREDICATE}
    return {"relations": {**rest, PREDICATE: wanted[0] if len(wanted) == 1 else wanted} if wanted else rest}
