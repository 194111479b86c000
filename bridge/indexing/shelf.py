"""Papers and their entries out of the state, as :mod:`bridge.indexes` asks for them (R35: by entry, never all)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from bridge.core.record import ItemId
from bridge.indexes.entries import Entry, EntryKind, entries
from bridge.indexes.paper import Paper
from bridge.state import State
from bridge.state.faces import dump

_NAMES: Final = tuple(field.name for field in fields(Paper))
#: Meta name: how many papers each name of a kind has, as JSON; counting all entries would cost more than a change.
_COUNTS: Final = "index-counts"
#: Lists in JSON.
_TUPLES: Final = ("topics", "tags", "points", "questions")


class Shelf:
    """A :class:`bridge.indexes.entries.Catalogue` over the state.

    :param anew: count all entries again, whatever is remembered.
    """

    def __init__(self, state: State, *, anew: bool = False) -> None:
        self._state, self._pages = state, state.pages
        said = "" if anew else state.get_meta(_COUNTS)
        self._counts: dict[str, dict[str, int]] = json.loads(said) if said else state.pages.counts()

    def get(self, item: ItemId) -> Paper | None:
        """One paper as it was taken in."""
        text = self._pages.paper(item)
        return None if text is None else _paper(text)

    def put(self, item: ItemId, before: Paper | None, after: Paper | None) -> None:
        """Take a paper in anew, or out; ``before`` is what :meth:`get` said."""
        new = entries(after) if after else ()
        for entry in entries(before) if before else ():
            self._count(entry, -1)
        for entry in new:
            self._count(entry, 1)
        self._pages.put(item, dump({name: getattr(after, name) for name in _NAMES}) if after else None, new)

    def _count(self, entry: Entry, more: int) -> None:
        names = self._counts.setdefault(entry.kind, {})
        names[entry.name] = names.get(entry.name, 0) + more
        if not names[entry.name]:
            del names[entry.name]

    def keep(self) -> None:
        """Remember how many papers each name has, in the transaction that the papers are taken in with."""
        self._state.set_meta(_COUNTS, dump(self._counts))

    def papers(self, kind: EntryKind, name: str, most: int | None = None) -> Sequence[Paper]:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return [_paper(text) for text in self._pages.papers(kind, name, most)]

    def counts(self, kind: EntryKind) -> Mapping[str, int]:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return self._counts.get(kind, {})

    def distinct(self, names: Sequence[tuple[EntryKind, str]]) -> int:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return self._pages.distinct(names)


def _paper(text: str) -> Paper:
    said: dict[str, Any] = json.loads(text)
    for name in _TUPLES:
        said[name] = tuple(said[name])
    said["id"] = ItemId(*said["id"])
    return Paper(**said)
