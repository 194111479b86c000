"""A cycle whose deeds are kept for ``[history] backup_days``, so that it can be undone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

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
