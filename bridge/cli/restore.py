"""``bridge restore``: a paper's note again, that was deleted or put away."""

from __future__ import annotations

import sys

import click

from bridge.cli.codes import of_report
from bridge.cli.render import report_lines
from bridge.cli.talk import Settings, settings, shared


@click.command()
@shared
@click.argument("key")
@click.option("--library", metavar="users/N", help="The library it is in, where several have that key.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be done.")
@settings
def restore(talk: Settings, *, key: str, library: str | None, dry_run: bool) -> int:
    """Have the note of a paper again that was deleted or put away.

    KEY is the paper's citation key or its item key in Zotero. A note that was deleted is made anew, with what Bridge
    still knows of it: dates, aliases, open conflicts. One that was put into the archive or the vault's trash is
    brought back as it was. A paper that was put into Zotero's trash because its note was deleted comes out of it.
    """
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream

    app = App.open(talk.vault)
    order = Order(restore=(library or "", key), dry_run=dry_run)
    progress = for_stream(sys.stderr, machine=talk.json)
    report = app.cycle(order, progress) if dry_run else cycle(app, order, progress)
    talk.give(report.to_json())
    for line in report_lines(report):
        talk.say(line)
    return of_report(report)
