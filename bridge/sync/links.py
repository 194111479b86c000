"""Where a ``[[link]]`` to a paper's note leads in Zotero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.core.names import EXTENSION, folded

if TYPE_CHECKING:
    from bridge.core.record import ItemId
    from bridge.state.notes import Notes


class PaperLinks:
    """The papers' notes by name; read from the state when the first link is met."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._by_name: dict[str, ItemId | None] | None = None

    def address(self, target: str) -> str:
        """The address that selects a paper, for what a link names; empty for other notes and names of two."""
        path = target.partition("#")[0].strip().removesuffix(EXTENSION)
        if self._by_name is None:
            self._by_name = {}
            for known, item in self._notes.bound().items():
                whole = folded(known.removesuffix(EXTENSION))
                for name in {whole, whole.rpartition("/")[2]}:
                    self._by_name[name] = None if name in self._by_name else item
        found = self._by_name.get(folded(path))
        if found is None:
            return ""
        kind, _, number = found.library.partition("/")
        place = f"groups/{number}" if kind == "groups" else "library"
        return f"zotero://select/{place}/items/{found.key}"
