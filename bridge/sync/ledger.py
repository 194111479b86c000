"""One cycle's page in the history: its number, and the deeds that it can be taken back by.

A cycle has a number only once it is about to change something. All libraries of a run share it: what one command did is
one step, and is undone as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bridge.core.deeds import FileDeed, ItemDeed
from bridge.core.record import ItemId
from bridge.state import State
from bridge.state.backups import Backups


class Ledger:
    """Implements :class:`bridge.core.deeds.Recorder` for one cycle.

    :param now: the time as ISO 8601 text.
    :param backups: where replaced bytes are kept; ``None`` keeps no deeds at all, so that nothing can be undone.
    :param undoes: the cycle that this one takes back, if it does.
    :param number: of a cycle that was interrupted and is brought to its end.
    """

    def __init__(
        self,
        state: State,
        now: Callable[[], str],
        backups: Backups | None = None,
        *,
        undoes: int = 0,
        number: int | None = None,
    ) -> None:
        self._state, self._now, self._backups, self._undoes = state, now, backups, undoes
        self._number = number
        self._made: list[FileDeed] = []
        self._sending: dict[ItemId, int] = {}

    @property
    def cycle(self) -> int | None:
        """The cycle's number in the history, once it is about to change something."""
        return self._number

    def number(self) -> int:
        """The cycle's number; it has one from now on."""
        if self._number is None:
            self._number = self._state.history.begin_cycle(self._now(), undoes=self._undoes)
        return self._number

    def flush(self) -> None:
        """Record the new files; call it in the transaction that records what became of them."""
        if self._made:
            self._state.deeds.add_files(self.number(), self._made)
            self._made = []

    # --- Recorder ---

    def keep(self, deeds: Iterable[FileDeed], contents: Mapping[str, bytes]) -> None:
        """See :class:`~bridge.core.deeds.Recorder`: the bytes first, then that they are needed."""
        deeds = list(deeds)
        if self._backups is None or not deeds:
            return
        self._backups.put(contents)
        with self._state.transaction():
            self.flush()  # in the order in which it was done
            self._state.deeds.add_files(self.number(), deeds)

    def made(self, deeds: Iterable[FileDeed]) -> None:
        """See :class:`~bridge.core.deeds.Recorder`."""
        if self._backups is not None:
            self._made += deeds

    def withdraw(self, deeds: Iterable[FileDeed]) -> None:
        """See :class:`~bridge.core.deeds.Recorder`."""
        deeds = list(deeds)
        if deeds and self._number is not None:
            self._state.deeds.drop_files(self._number, deeds)

    def sending(self, deeds: Iterable[ItemDeed]) -> None:
        """See :class:`~bridge.core.deeds.Recorder`."""
        deeds = list(deeds)
        if self._backups is None or not deeds:
            return
        with self._state.transaction():
            self._sending = self._state.deeds.add_items(self.number(), deeds)

    def sent(self, results: Mapping[ItemId, Mapping[str, Any] | None]) -> None:
        """See :class:`~bridge.core.deeds.Recorder`."""
        known = {number: results[item] for item, number in self._sending.items() if item in results}
        if known:
            self._state.deeds.amend_items(known)
        self._sending = {}
