"""Which paper a person's own note is about: what tells, and when that is enough (R26, R28). Pure.

A note and a paper each give *signs*; where they give the same one, the note may be that paper's. Signs differ in trust,
the strongest first: an item key in the properties, a link into Zotero there, a citation key there, the file's name, a
DOI. A link in the body only proposes (R28): a diary links papers too.

A note is a paper's own where all signs that lead to any paper lead to one and the same, and no other note has such
signs of that paper. Everything else is left to a person, with the reason in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple, TypeAlias

from bridge.core.names import folded
from bridge.core.place import Facts
from bridge.core.policy import normal_doi, normal_text
from bridge.core.record import ItemId


class Trust(IntEnum):
    """What a sign is, the strongest first."""

    KEY = 1
    LINK = 2
    CITEKEY = 3
    NAME = 4
    DOI = 5
    BODY = 6

    @property
    def words(self) -> str:
        """The sign, for people."""
        return _WORDS[self]


_WORDS = {
    Trust.KEY: "item key",
    Trust.LINK: "Zotero link",
    Trust.CITEKEY: "citation key",
    Trust.NAME: "file name",
    Trust.DOI: "DOI",
    Trust.BODY: "link in the text",
}


class Sign(NamedTuple):
    """One thing that tells of a paper; of a note and of a paper it is the same value where they belong together."""

    trust: Trust
    value: str


def reference(key: str, place: str = "") -> str:
    """How a note names an item: its key, and where the note says so, whose (``library``, ``groups/51``, ``51``)."""
    return f"{place}/items/{key}" if place else key


def signs_of_note(path: str, facts: Facts) -> Iterator[Sign]:
    """What a note shows, strongest first. ``path`` is relative to the vault."""
    yield from (Sign(Trust.KEY, each) for each in facts.named)
    yield from (Sign(Trust.LINK, each) for each in facts.linked)
    if facts.citekey:
        yield Sign(Trust.CITEKEY, normal_text(facts.citekey))
    yield Sign(Trust.NAME, folded(_stem(path)))
    if facts.doi:
        yield Sign(Trust.DOI, normal_doi(facts.doi))
    if len(facts.zotero_links) == 1:
        yield Sign(Trust.BODY, facts.zotero_links[0])


def signs_of_item(item: ItemId, citekey: str, doi: str, stems: Iterable[str] = ()) -> Iterator[Sign]:
    """What a paper answers to.

    :param stems: further base names of notes about it, such as the one its note would be made with.
    """
    kind, _, number = item.library.partition("/")
    places = ["", item.library, number, *(["library"] if kind == "users" else [])]
    for trust in (Trust.KEY, Trust.LINK):
        yield from (Sign(trust, reference(item.key, place)) for place in places)
    if citekey:
        yield Sign(Trust.CITEKEY, normal_text(citekey))
    yield from (Sign(Trust.NAME, stem) for stem in {folded(each) for each in (*stems_of(citekey), *stems)})
    if doi:
        yield Sign(Trust.DOI, normal_doi(doi))
    yield Sign(Trust.BODY, item.key)


def stems_of(citekey: str) -> tuple[str, ...]:
    """The base names other tools give the note of a paper: ``@key``, and ``key`` alone if it can be no common word."""
    if not citekey:
        return ()
    return (f"@{citekey}", citekey) if any(each.isdigit() for each in citekey) else (f"@{citekey}",)


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


# --- matching -----------------------------------------------------------------------------------------------------

#: Why a note is left alone. ``taken``: its paper has a note. ``body``: only a link in its text tells.
Why: TypeAlias = Literal["two-notes", "two-papers", "disagree", "taken", "body"]


@dataclass(frozen=True, slots=True)
class Match:
    """One note that is one paper's, and what told."""

    path: str
    item: ItemId
    signs: tuple[Trust, ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """A note that may be a paper's, and why that is for a person to say. ``others``: further notes meant."""

    path: str
    why: Why
    items: tuple[ItemId, ...]
    signs: tuple[Trust, ...] = ()
    others: tuple[str, ...] = ()


def match(
    notes: Mapping[str, Facts],
    papers: Callable[[Sign], Sequence[ItemId]],
    homes: Mapping[ItemId, str],
    *,
    named: frozenset[str] = frozenset(),
) -> tuple[list[Match], list[Unclear]]:
    """Which of the notes are papers' own.

    :param notes: the notes in question by path, none of them a paper's note yet.
    :param papers: the papers that answer to a sign.
    :param homes: where the note of each paper is that has one.
    :param named: notes that a person named; for these a link in the text is enough.
    """
    found: list[Match] = []
    unclear: list[Unclear] = []
    for path in sorted(notes):
        one = _judge(path, notes[path], papers, homes, is_named=path in named)
        if isinstance(one, Match):
            found.append(one)
        elif one is not None:
            unclear.append(one)
    by_item: dict[ItemId, list[str]] = {}
    for each in found:
        by_item.setdefault(each.item, []).append(each.path)
    matches: list[Match] = []
    for each in found:
        home = homes.get(each.item)
        rest = tuple(path for path in by_item[each.item] if path != each.path)
        if home is not None and home != each.path:
            unclear.append(Unclear(each.path, "taken", (each.item,), each.signs, (home,)))
        elif rest:
            unclear.append(Unclear(each.path, "two-notes", (each.item,), each.signs, rest))
        else:
            matches.append(each)
    return matches, sorted(unclear, key=lambda each: each.path)


def _judge(
    path: str,
    facts: Facts,
    papers: Callable[[Sign], Sequence[ItemId]],
    homes: Mapping[ItemId, str],
    *,
    is_named: bool,
) -> Match | Unclear | None:
    """One note by itself: whose it is, why that cannot be said, or ``None`` where it is about no paper."""
    told: dict[Trust, set[ItemId]] = {}
    for sign in signs_of_note(path, facts):
        if items := papers(sign):
            told.setdefault(sign.trust, set()).update(items)
    in_text = told.pop(Trust.BODY, set())
    if not told:
        if not in_text or (not is_named and in_text <= homes.keys()):
            return None
        if not is_named:
            return Unclear(path, "body", tuple(sorted(in_text)), (Trust.BODY,))
        told = {Trust.BODY: in_text}
    signs = tuple(sorted(told))
    agreed = set.intersection(*told.values())
    if len(agreed) == 1:
        return Match(path, agreed.pop(), signs)
    meant = tuple(sorted(set().union(*told.values())))
    return Unclear(path, "two-papers" if agreed else "disagree", meant, signs)
