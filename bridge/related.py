"""Related papers as the links between their notes: what the mapping must know of the vault, from the state."""

from __future__ import annotations

from bridge.core.kin import link_to, target_of
from bridge.core.record import ItemId
from bridge.state import State


class RelatedNotes:
    """Implements :class:`bridge.zotero.relating.Related`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def links(self, item: ItemId) -> tuple[str, ...]:
        """Links to the notes of the papers that one is related to."""
        return tuple(link for _, link in self._shown(item))

    def shown(self, item: ItemId) -> frozenset[ItemId]:
        """The papers that :meth:`links` links to."""
        return frozenset(other for other, _ in self._shown(item))

    def _shown(self, item: ItemId) -> list[tuple[ItemId, str]]:
        notes = self._state.notes
        paths = ((other, notes.path_of(other)) for other in self._state.kin.related(item))
        links = ((other, link_to(path, is_alone=notes.is_alone(path))) for other, path in paths if path)
        return [(other, link) for other, link in links if link]

    def paper(self, link: str) -> ItemId | None:
        """The paper whose note a ``[[link]]`` names, by its path or by a base name that no other has."""
        return self._state.notes.paper_of(target_of(link))
