"""``bridge undo`` as a cycle of the app: which cycle is meant, and its way from the look to the agreement.

R37: an undoing is asked for by an order, so that a running daemon carries it out. Law 5: one that was interrupted is
brought to its end before anything else is done on the vault (:meth:`bridge.app.App.cycle`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bridge import wiring
from bridge.core.policy import Policy
from bridge.errors import UsageError
from bridge.recording import recorded
from bridge.sync.guarding import ANSWERED
from bridge.sync.ports import Progress
from bridge.sync.report import Report
from bridge.sync.resettling import Resettler
from bridge.sync.undoing import Objects, Undoing, UndoPlan

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.assembly import Assembly
    from bridge.state import State
    from bridge.state.backups import Backups
    from bridge.sync.ledger import Ledger
    from bridge.sync.undoing import Files
    from bridge.zotero.client import ZoteroClient

#: An order for the last cycle that can be taken back.
LAST = 0


def chosen(state: State, cycle: int) -> int:
    """The cycle that is meant.

    :param cycle: its number, or :data:`LAST`.
    :raises UsageError: there is none, or what it did is not kept (any more).
    """
    if cycle == LAST:
        if (last := state.deeds.last()) is None:
            raise UsageError("there is no sync that can be undone")
        return last
    if state.deeds.undoes(cycle) is None:
        raise UsageError(f"there is no sync {cycle}; bridge log lists them")
    if not state.deeds.is_kept(cycle):
        raise UsageError(f"sync {cycle} can no longer be undone: what it replaced is not kept any more")
    return cycle


@dataclass(frozen=True, slots=True)
class Parts:
    """What an undoing works with; ``ledger`` is of the cycle that it is."""

    state: State
    vault: Files
    libraries: Sequence[Objects]
    policy: Policy
    ledger: Ledger
    store: Backups
    now: Callable[[], datetime]


def take_back(parts: Parts, cycle: int, progress: Progress, *, dry_run: bool = False) -> Report:
    """Take one cycle back, or say what that would be.

    :raises BridgeError: a side failed as a whole; what is not done then is done before the next cycle.
    """
    began = time.monotonic()
    undoing = Undoing(parts.state, parts.vault, parts.libraries, parts.store, parts.policy)
    plan = undoing.plan(cycle)
    report = Report(undoes=cycle)
    if dry_run:
        report.plan = undoing.rows(plan)
    elif not plan.is_idle or parts.ledger.cycle is not None:
        if cycle == parts.state.deeds.last():
            parts.state.renames.keep("")  # of this cycle, if it was cut short: nothing is to go on with it
        report.cycle = parts.ledger.number()  # from here on, what is left undone is finished by whatever runs next
        undoing.run(plan, progress)
        with parts.state.transaction():
            stamp = parts.now().isoformat(timespec="seconds")
            Resettler(parts.state, parts.libraries, parts.policy, stamp, cycle, report.cycle).settle(plan)
            _count(report, plan)
            parts.state.history.add_changes(report.cycle, undoing.rows(plan))
            # A person asked for all of it: it is none of what the guards count (R33).
            parts.state.set_meta(ANSWERED, str(report.cycle))
            report.seconds = time.monotonic() - began
            parts.state.history.end_cycle(report.cycle, report.seconds, report.to_json())
    if not report.cycle:
        _count(report, plan)
    report.seconds = time.monotonic() - began
    return report


def _count(report: Report, plan: UndoPlan) -> None:
    sent = [part for part in plan.items if part.back.send]
    report.zotero_trashed = sum(part.deed.before is None for part in sent)
    report.zotero_updated = len(sent) - report.zotero_trashed
    for part in plan.files:
        for note in part.notes if part.steps else ():
            report.removed += note.before is None
            report.vault_created += note.after is None
            if note.before is not None and note.after is not None:
                report.vault_updated += 1
                report.vault_renamed += note.before[0] != note.after[0]
    report.left = [(each.what, each.why) for each in plan.left]


def undo(
    assembly: Assembly,
    state: State,
    clients: Sequence[ZoteroClient],
    backups: Path,
    cycle: int,
    progress: Progress,
    *,
    dry_run: bool = False,
) -> Report:
    """Take a cycle back, or bring that to its end where it was interrupted.

    :raises BridgeError: as :func:`take_back`.
    """
    config, now = assembly.config, assembly.now
    days, messages = config.history.backup_days, list[str]()
    number = state.deeds.unfinished_of(cycle)
    if not dry_run and (state.renames.journal() or state.renames.due()):
        # A renaming that was cut short is first brought to its end, as the part that it is of its own cycle.
        with recorded(state, backups, days, now, number=state.deeds.newest()) as (ledger, _):
            side = assembly.vault_side(state, recorder=ledger)
            messages += [*side.carry_renames(begin=False), *side.carry_renames(begin=True)]
    with recorded(state, backups, days, now, undoes=cycle, number=number) as (ledger, store):
        vault = assembly.vault_side(state, recorder=ledger).restorer()
        libraries = [assembly.library(state, client, messages, ledger) for client in clients]
        parts = Parts(state, vault, libraries, wiring.policy(config), ledger, store, now)
        report = take_back(parts, cycle, progress, dry_run=dry_run)
    report.messages += messages
    return report
