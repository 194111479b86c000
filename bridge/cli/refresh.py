"""``bridge refresh``: notes shown by the present templates and settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from bridge.cli.codes import Code
from bridge.cli.render import SHOWN
from bridge.cli.talk import Settings, many, plain, settings, shared

if TYPE_CHECKING:
    from bridge.sync import Report


@click.command()
@shared
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Write nothing; say which notes would change.")
@settings
def refresh(talk: Settings, *, keys: tuple[str, ...], dry_run: bool) -> int:
    """Show notes by your present templates and settings.

    KEY is a paper's citation key or item key; without one, all papers are meant. Highlights, notes in Zotero and files
    are shown anew, with what you wrote among them. The rest of a note follows your template only where nobody has
    written in it. Nothing is asked of Zotero, and bridge undo takes it back.
    """
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream

    order = Order(dry_run=dry_run, refresh=keys)
    report = cycle(App.open(talk.vault), order, for_stream(sys.stderr, machine=talk.json))
    talk.give(report.to_json())
    for line in _lines(report, dry_run=dry_run):
        talk.say(line)
    return Code.IN_STEP


def _lines(report: Report, *, dry_run: bool) -> Iterator[str]:
    written = report.refreshed or []
    verb = "would change" if dry_run else "shown anew"
    yield from _some([f"{verb}  {plain(path)}" for path in written])
    if len(written) > 1:
        yield f"{many(len(written), 'note')} {verb}."
    if report.left:
        yield f"{many(len(report.left), 'note')} {'keeps its' if len(report.left) == 1 else 'keep their'} layout:"
        yield from _some([f"  {plain(path)}: {plain(why)}" for path, why in report.left])
    if not written and not report.left:
        yield "All notes are as the templates make them."


def _some(lines: list[str]) -> Iterator[str]:
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"  … and {len(lines) - SHOWN:,} more (--json gives all)"
