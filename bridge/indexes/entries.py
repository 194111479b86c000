"""Where a paper is entered: the table that keeps the cost of one change independent of the library's size.

A paper has one entry for each collection and tag it bears, for each day something happened to it, and so on; index
notes are made from the papers of a few entries. The caller keeps the table of entries (:func:`entries` says what a
paper's are); rendering asks for no more than :class:`Catalogue` tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from bridge.core.record import ItemId
from bridge.indexes.paper import Paper

EntryKind: TypeAlias = Literal["collection", "tag", "added", "started", "read", "shelf", "questions"]

#: The shelves of the reading list, by role of status.
SHELVES = ("reading", "to-read", "read")


class Entry(NamedTuple):
    """One row of the table, beside the paper's id.

    ``name`` is a collection's path, a tag, a day, a shelf, or ``""``; ``order`` the day by which the newest of the
    papers of one kind and name are found (``""`` comes last).
    """

    kind: EntryKind
    name: str
    order: str = ""


def entries(paper: Paper) -> frozenset[Entry]:
    """All entries of a paper; they depend on nothing but the paper."""
    return frozenset(_entries(paper))


def _entries(paper: Paper) -> Iterator[Entry]:
    for path in paper.topics:
        yield Entry("collection", path)
    for tag in paper.tags:
        yield Entry("tag", tag)
    if paper.added:
        yield Entry("added", paper.added)
    if paper.started:
        yield Entry("started", paper.started)
    if paper.finished:
        yield Entry("read", paper.finished)
    if paper.shelf in SHELVES:
        yield Entry("shelf", paper.shelf, shelf_day(paper))
    if paper.questions:
        yield Entry("questions", "", max(paper.finished, paper.started, paper.added))


def shelf_day(paper: Paper) -> str:
    """The day since when a paper stands on its shelf, as far as that is known."""
    if paper.shelf == "read":
        return paper.finished
    if paper.shelf == "reading":
        return paper.started
    return paper.status_date or paper.added


class Catalogue(Protocol):
    """The table of entries with its papers."""

    def papers(self, kind: EntryKind, name: str, most: int | None = None) -> Sequence[Paper]:
        """The papers with an entry of this kind and name, the newest first: by ``order`` downwards, then by id.

        :param most: no more than the first so many.
        """
        ...

    def counts(self, kind: EntryKind) -> Mapping[str, int]:
        """The names of a kind that have papers, to how many."""
        ...

    def distinct(self, names: Sequence[tuple[EntryKind, str]]) -> int:
        """How many papers have an entry of any of these kinds and names."""
        ...


class Papers:
    """A :class:`Catalogue` in memory, for a full rebuild and for tests."""

    def __init__(self, papers: Sequence[Paper] = ()) -> None:
        self._papers: dict[ItemId, Paper] = {}
        self._entries: defaultdict[EntryKind, defaultdict[str, dict[ItemId, str]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for one in papers:
            self.put(one.id, one)

    def put(self, item: ItemId, paper: Paper | None) -> Paper | None:
        """Enter a paper anew, or take it out; what it was before."""
        before = self._papers.pop(item, None)
        for entry in entries(before) if before else ():
            names = self._entries[entry.kind]
            names[entry.name].pop(item, None)
            if not names[entry.name]:
                del names[entry.name]
        if paper:
            self._papers[item] = paper
            for entry in entries(paper):
                self._entries[entry.kind][entry.name][item] = entry.order
        return before

    def papers(self, kind: EntryKind, name: str, most: int | None = None) -> Sequence[Paper]:
        """See :class:`Catalogue`."""
        orders = self._entries[kind].get(name, {})
        ordered = sorted(sorted(orders), key=lambda item: orders[item], reverse=True)
        return [self._papers[item] for item in ordered[:most]]

    def counts(self, kind: EntryKind) -> Mapping[str, int]:
        """See :class:`Catalogue`."""
        return {name: len(items) for name, items in self._entries[kind].items()}

    def distinct(self, names: Sequence[tuple[EntryKind, str]]) -> int:
        """See :class:`Catalogue`."""
        return len({item for kind, name in names for item in self._entries[kind].get(name, ())})
