"""``bridge log`` and ``bridge undo``: what past syncs changed, and a sync taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.codes import Code, of_report
from bridge.cli.render import SHOWN, change_json, change_line, report_lines
from bridge.cli.talk import Settings, many, plain, settings, shared

if TYPE_CHECKING:
    from bridge.core.deeds import FileDeed
    from bridge.state import CycleRow, State
    from bridge.sync import Report


@click.command()
@shared
@click.option(
    "-n", "--count", type=click.IntRange(min=1), default=10, show_default=True, help="How many syncs to show."
)
@settings
def log(talk: Settings, count: int) -> None:
    """What past syncs changed, value by value.

    Each begins with its number, by which bridge undo knows it.
    """
    from bridge.app import App

    with App.open(talk.vault).memory() as state:
        undone = state.deeds.undone()
        cycles = [_Entry(state, each, undone) for each in state.history.cycles(count)]
    talk.give({"cycles": [each.json() for each in cycles]})
    for each in cycles:
        for line in each.lines():
            talk.say(line)
    if not cycles:
        talk.say("No sync has changed anything yet.")


class _Entry:
    """One sync in the log."""

    def __init__(self, state: State, cycle: CycleRow, undone: dict[int, int]) -> None:
        self._cycle, self._undone_by = cycle, undone.get(cycle.number)
        self._can_undo = state.deeds.is_kept(cycle.number)
        deeds = state.deeds.files(cycle.number)
        self._renamed = _renamed(deeds)
        told = {path for pair in self._renamed for path in pair} | {change.path for change in cycle.changes}
        ids = {change.id for change in cycle.changes}
        others = sorted({deed.new for deed in deeds if _is_replaced(deed)} - told)
        # A note of a paper that changed may be elsewhere by now.
        self._followed = [path for path in others if not ((row := state.notes.row(path)) and row.id in ids)]

    def json(self) -> dict[str, Any]:
        """For machines."""
        each = self._cycle
        return {
            "cycle": each.number,
            "started": each.started,
            "seconds": each.seconds,
            "summary": each.summary,
            "undoes": each.undoes or None,
            "undone_by": self._undone_by,
            "can_undo": self._can_undo,
            "renamed": [{"from": old, "to": new} for old, new in self._renamed],
            "followed": self._followed,
            "changes": [change_json(change) for change in each.changes],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        each = self._cycle
        said = [many(len(each.changes), "change")]
        if each.undoes:
            said.append(f"undoes {each.undoes}")
        if self._undone_by:
            said.append(f"undone by {self._undone_by}")
        if not self._can_undo:
            said.append("can no longer be undone")
        yield f"{each.number}  {each.started.replace('T', ' ')}  {', '.join(said)}"
        yield from map(change_line, each.changes[:SHOWN])
        if len(each.changes) > SHOWN:
            yield f"  … and {len(each.changes) - SHOWN:,} more (--json gives all)"
        yield from (f"  file  {plain(old)} → {plain(new)}" for old, new in self._renamed[:SHOWN])
        if len(self._renamed) > SHOWN:
            yield f"  … and {many(len(self._renamed) - SHOWN, 'rename')} more (--json gives all)"
        if self._followed:
            yield f"  links  followed in {many(len(self._followed), 'other file')}"


def _renamed(deeds: Iterable[FileDeed]) -> list[tuple[str, str]]:
    """Old and new path of every file that was renamed; names that it bore on the way are nobody's business."""
    first: dict[str, str] = {}
    for deed in deeds:
        if deed.old and deed.new and deed.old != deed.new:
            first[deed.new] = first.pop(deed.old, deed.old)
    return [(old, new) for new, old in first.items() if old != new]


def _is_replaced(deed: FileDeed) -> bool:
    return deed.old == deed.new and deed.before != deed.after


@click.command()
@shared
@click.argument("number", metavar="[CYCLE]", type=click.IntRange(min=1), required=False)
@click.option("--dry-run", is_flag=True, help="Only show what would be put back.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@settings
def undo(talk: Settings, number: int | None, *, dry_run: bool, yes: bool) -> int:
    """Take a sync back, where nobody has edited since.

    CYCLE is the number that bridge log shows; without one it is the last sync that is not undone yet. Notes get back
    their text, their name and the links to them, items in Zotero their values. What was edited since is left as it is
    and named. Undoing is in the log as well, and can itself be undone by its number.
    """
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream
    from bridge.undo import LAST, chosen

    app = App.open(talk.vault)
    with app.memory() as state:
        number = chosen(state, number or LAST)
    progress = for_stream(sys.stderr, machine=talk.json)
    if dry_run or not yes:
        report = app.cycle(Order(dry_run=True, undo=number), progress)
        if dry_run or not report.plan:
            return _say(talk, report)
        more = len(report.plan) - SHOWN
        for line in _lines(replace(report, plan=report.plan[:SHOWN])):
            talk.say(line)
        if more > 0:
            talk.say(f"The first {SHOWN} of {many(len(report.plan), 'change')} are shown; --dry-run shows them all.")
        if not talk.confirm(f"Undo sync {number}?", "--yes", default=False):
            return Code.IN_STEP
    return _say(talk, cycle(app, Order(undo=number), progress))


def _say(talk: Settings, report: Report) -> int:
    talk.give(report.to_json())
    for line in _lines(report):
        talk.say(line)
    return of_report(report)


def _lines(report: Report) -> Iterator[str]:
    """What an undoing did, or would do, and what it left."""
    would = report.plan is not None
    if report.changed:
        yield from report_lines(report)
    elif not report.left:
        yield f"Everything that sync {report.undoes} changed is back already."
    if report.left:
        yield f"Left as {'it is' if len(report.left) == 1 else 'they are'}:"
        yield from (f"  {plain(what)}: {plain(why)}" for what, why in report.left[:SHOWN])
        if len(report.left) > SHOWN:
            yield f"  … and {len(report.left) - SHOWN:,} more (--json gives all)"
    if report.cycle and not would:
        yield f"Sync {report.undoes} is undone. To take that back: bridge undo {report.cycle}"
