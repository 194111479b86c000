"""A cycle whose deeds are kept for ``[history] backup_days``, so that it can be undone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bridge.core.deeds import FileDeed
from bridge.state import State
from bridge.state.backups import Backups
from bridge.sync.ledger import Ledger


@contextlib.contextmanager
def recorded(
    state: State,
    backups: Path,
    days: int,
    now: Callable[[], datetime],
    *,
    undoes: int = 0,
    number: int | None = None,
) -> Iterator[tuple[Ledger, Backups]]:
    """The ledger of one cycle, and the bytes that are kept; once it is over, having changed something, old ones go.

    :param backups: the file that keeps replaced bytes.
    :param days: for how long deeds are kept; 0 keeps none, and lets go of those there are.
    :param undoes, number: see :class:`~bridge.sync.ledger.Ledger`.
    """

    def stamp(moment: datetime) -> str:
        return moment.isoformat(timespec="seconds")

    with Backups(backups) as store:
        ledger = Ledger(state, lambda: stamp(now()), store if days else None, undoes=undoes, number=number)
        yield ledger, store
        if ledger.cycle is not None:
            with state.transaction():
                needed = state.deeds.prune(stamp(now() - timedelta(days=days)) if days else "")
            if needed is not None:
                store.retain(needed)


def take_in_pages(state: State, cycle: int) -> None:
    """After index blocks were renewed: what that made of files that the cycle had changed already is its own work.

    Of all other pages nothing is kept; they are renewed after an undoing as after anything else.
    """
    left = {deed.new: deed.after for deed in state.deeds.files(cycle) if deed.new}
    pages = left.keys() & {page.path for page in state.pages.written()}
    now = {path: row.digest for path in pages if (row := state.notes.row(path)) is not None}
    renewed = [FileDeed(path, path, left[path], digest) for path, digest in now.items() if digest != left[path]]
    if renewed:
        state.deeds.add_files(cycle, renewed)
