"""Where a ``[[link]]`` to a paper's note leads in Zotero."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.state.notes import Notes


def zotero_address(notes: Notes, target: str) -> str:
    """The address that selects a paper, for what a link names; empty for other notes and names of two."""
    found = notes.paper_of(target)
    if found is None:
        return ""
    kind, _, number = found.library.partition("/")
    place = f"groups/{number}" if kind == "groups" else "library"
    return f"zotero://select/{place}/items/{found.key}"
