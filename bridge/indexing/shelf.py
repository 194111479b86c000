"""Papers and their entries out of the state, as :mod:`bridge.indexes` asks for them (R35: by entry, never all)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from bridge.core.record import ItemId
from bridge.indexes.entries import EntryKind, entries
from bridge.indexes.paper import Paper
from bridge.state import State
from bridge.state.faces import dump

_NAMES: Final = tuple(field.name for field in fields(Paper))
#: Lists in JSON.
_TUPLES: Final = ("topics", "tags", "points", "questions")


class Shelf:
    """A :class:`bridge.indexes.entries.Catalogue` over the state."""

    def __init__(self, state: State) -> None:
        self._pages = state.pages

    def get(self, item: ItemId) -> Paper | None:
        """One paper as it was taken in."""
        text = self._pages.paper(item)
        return None if text is None else _paper(text)

    def put(self, item: ItemId, paper: Paper | None) -> None:
        """Take a paper in anew, or out."""
        if paper is None:
            self._pages.put(item, None, ())
        else:
            self._pages.put(item, dump({name: getattr(paper, name) for name in _NAMES}), entries(paper))

    def papers(self, kind: EntryKind, name: str, most: int | None = None) -> Sequence[Paper]:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return [_paper(text) for text in self._pages.papers(kind, name, most)]

    def counts(self, kind: EntryKind) -> Mapping[str, int]:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return self._pages.counts(kind)

    def distinct(self, names: Sequence[tuple[EntryKind, str]]) -> int:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return self._pages.distinct(names)


def _paper(text: str) -> Paper:
    said: dict[str, Any] = json.loads(text)
    for name in _TUPLES:
        said[name] = tuple(said[name])
    said["id"] = ItemId(*said["id"])
    return Paper(**said)
