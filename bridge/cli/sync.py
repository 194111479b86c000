"""``bridge sync``: one cycle."""

from __future__ import annotations

import sys

import click

from bridge.cli.codes import of_report
from bridge.cli.render import report_lines
from bridge.cli.talk import Settings, settings, shared
from bridge.errors import UsageError


@click.command()
@shared
@click.option("--once", is_flag=True, help="Run one cycle and end.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print what a cycle would do.")
@click.option("--yes", is_flag=True, help="Go on where a guard would stop and ask.")
@click.option("--take-over", is_flag=True, help="Sync from this machine from now on, if another one did.")
@settings
def sync(talk: Settings, *, once: bool, dry_run: bool, yes: bool, take_over: bool) -> int:
    """Bring notes and library into step.

    One cycle looks at both sides, carries each edit to the other one, and keeps what both sides changed
    differently as a conflict. It never decides between two edits of yours.
    """
    if not once:
        raise UsageError("syncing in the background is not part of this version yet; run bridge sync --once")
    from bridge.app import App, Order
    from bridge.progress import for_stream

    app = App.open(talk.vault)
    order = Order(dry_run=dry_run, yes=yes, take_over=take_over)
    report = app.cycle(order, for_stream(sys.stderr, machine=talk.json))
    talk.give(report.to_json())
    for line in report_lines(report):
        talk.say(line)
    return of_report(report)
