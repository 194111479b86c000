"""Zotero's news into the state: whole, in one transaction with the cursor, or not at all (R3, R16, R17).

R23, law 9: a key without the right to see notes is shown a library without notes. That they are not there then says
nothing; and once it may see them, everything is compared, since what changed meanwhile has versions below the cursor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core import safety
from bridge.core.record import ItemId
from bridge.errors import GuardStop
from bridge.state import State
from bridge.sync.ports import Download, LibrarySide, Progress


@dataclass(frozen=True, slots=True)
class Downloading:
    """How a download is done.

    ``full`` compares everything; ``answered``: a person said yes to the guards; ``agreed``: to what of them a person
    said yes in writing, by :func:`bridge.core.safety.about`.
    """

    full: bool = False
    answered: bool = False
    agreed: frozenset[str] = frozenset()
    limits: safety.Limits = safety.Limits()  # noqa: RUF009 (frozen)


def download(state: State, side: LibrarySide, how: Downloading, progress: Progress) -> int:
    """Bring the stored library up to date and hand the side its tree; returns the cursor.

    :raises GuardStop: too much of the library has gone; nothing is stored then, so the question comes again.
    """
    library = side.library
    since = state.items.cursor(library)
    saw_notes = state.items.shows_notes(library)
    full = how.full or (side.shows_notes and not saw_notes)
    pull = side.pull(since, full=full)
    backwards = pull.backwards
    if backwards:
        pull = side.pull(0, full=True)
    if pull.unchanged:
        side.use_tree(state.items.tree(library))
        if side.shows_notes != saw_notes:
            state.items.set_shows_notes(library, shows=side.shows_notes)
        return since
    with state.transaction():
        _store(state, side, pull, how, progress, everything=backwards or full)
    return pull.version


def _store(
    state: State, side: LibrarySide, pull: Download, how: Downloading, progress: Progress, *, everything: bool
) -> None:
    library = side.library
    papers = state.items.papers(library)
    received: set[str] = set()
    saw_note = False
    void: set[str] = set()
    progress.start("reading the library", pull.total or None)
    for page in pull.pages():
        void |= state.items.put_items(library, page)
        if everything:
            received.update(obj["key"] for obj in page)
            saw_note = saw_note or any(obj["data"].get("itemType") == "note" for obj in page)
        progress.advance(len(page))
    progress.done()
    gone = set(pull.deleted_items)
    if everything:
        known = state.items.keys(library)
        gone = known - received
        if not saw_note:
            # The key may not see notes, or they are all erased; the log of deletions tells which (law 9).
            gone -= state.items.note_keys(library) - pull.deleted_items
        _stop_on(safety.swapped_library(len(known), len(gone)), library, gone, len(gone), how)
    state.items.mark_gone(library, gone)
    left = papers - state.items.papers(library)
    if papers:
        _stop_on(safety.vanished_items(papers, left, how.limits), library, gone, left, how)
    # R17: content that changed without its version rising, or whose version fell, was never agreed on.
    state.agreements.void(ItemId(library, key) for key in void)
    side.use_tree(state.items.tree(library))
    if (tree := pull.collections()) is not None:
        state.items.set_tree(library, tree)
        if moved := side.use_tree(tree):  # R20: a collection's change bumps no item
            state.items.set_collections_pending(library, moved)
            held = (h.id for h in state.history.held() if h.id is not None and h.field == "collections")
            state.items.set_pending(held, pending=True)
    state.items.set_shows_notes(library, shows=side.shows_notes)
    state.items.set_cursor(library, pull.version)


def _stop_on(stop: safety.Stop | None, library: str, keys: Iterable[str], count: int, how: Downloading) -> None:
    if stop is None or how.answered:
        return
    about = safety.about(stop.guard, [(library, count), *((library, key) for key in keys)])
    if about not in how.agreed:
        raise GuardStop(stop.message, stop.guard, about)
