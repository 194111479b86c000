"""Which paper a person means whose note is to be there again (``bridge restore``, R38)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bridge.core.policy import normal_text
from bridge.core.reconcile import text
from bridge.core.record import ItemId
from bridge.errors import RestoreError, UnknownPaperError

if TYPE_CHECKING:
    from bridge.state import State
    from bridge.sync.planning import Planner
    from bridge.sync.ports import LibrarySide


def meant(state: State, sides: Sequence[LibrarySide], name: str, library: str) -> ItemId:
    """The paper of an item key or a citation key.

    :param library: the one it is in, ``""`` for any.
    :raises UnknownPaperError: there is none, or there are several.
    """
    key = name.removeprefix("@")
    found: list[ItemId] = []
    for side in sides:
        if library in ("", side.library):
            found += _with_item_key(state, side, key) or _with_citation_key(state, side, key)
    if len(found) == 1:
        return found[0]
    where = library or " or ".join(side.library for side in sides)
    if not found:
        raise UnknownPaperError(f"there is no paper {name} in {where}")
    raise UnknownPaperError(f"{name} may be any of {', '.join(f'{item.key} in {item.library}' for item in found)}")


def _with_item_key(state: State, side: LibrarySide, key: str) -> list[ItemId]:
    item = ItemId(side.library, key.upper())
    return [item] if state.items.life(item) is not None else []


def _with_citation_key(state: State, side: LibrarySide, key: str) -> list[ItemId]:
    found = []
    for item, raw in state.items.naming(side.library, key):
        if normal_text(text(side.read(raw).face.get("citekey"))) == normal_text(key):
            found.append(item)
    live = [item for item in found if state.kin.is_live(item)]
    return live or found


def check(state: State, planner: Planner, item: ItemId) -> None:
    """See that the note of a paper can be there again.

    :raises RestoreError: it is there, or its paper is not one that has a note.
    """
    note, away = state.notes.rows_of([item]).get(item), planner.leaving.away(item)
    if note is not None and (away is None or note.path != away.now):
        raise RestoreError(f"its note is there: {note.path}")
    if away is not None or planner.leaving.is_taken_along(item):
        return
    life = state.items.life(item)
    if life == "trashed":
        raise RestoreError("the paper is in Zotero's trash")
    if life != "live":
        raise RestoreError("the paper was erased in Zotero")
    if not planner.is_in_scope(item):
        raise RestoreError("the paper is not among those that [scope] chooses")
