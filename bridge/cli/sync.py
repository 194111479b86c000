"""``bridge sync``: one cycle, or one after the other until it is stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bridge.cli.codes import Code, of_report
from bridge.cli.render import report_lines
from bridge.cli.talk import Settings, settings, shared
from bridge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.app import App
    from bridge.order import Order
    from bridge.sync import Report


@click.command()
@shared
@click.option("--once", is_flag=True, help="Run one cycle and end; otherwise go on until stopped.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print what a cycle would do.")
@click.option("--yes", is_flag=True, help="Go on where a guard would stop and ask.")
@click.option("--take-over", is_flag=True, help="Sync from this machine from now on, if another one did.")
@settings
def sync(talk: Settings, *, once: bool, dry_run: bool, yes: bool, take_over: bool) -> int:
    """Bring notes and library into step.

    One cycle looks at both sides, carries each edit to the other one, and keeps what both sides changed
    differently as a conflict. It never decides between two edits of yours. Without --once it watches both sides and
    goes on until Ctrl-C.
    """
    if dry_run and not once:
        raise UsageError("--dry-run shows what one cycle would do; give --once with it")
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream

    order = Order(dry_run=dry_run, yes=yes, take_over=take_over)
    if not once:
        return _keep_in_step(talk, order)
    report = cycle(App.open(talk.vault), order, for_stream(sys.stderr, machine=talk.json))
    talk.give(report.to_json())
    for line in report_lines(report):
        talk.say(line)
    return of_report(report)


def _keep_in_step(talk: Settings, first: Order) -> int:
    """Run until stopped, and say what happens: for machines, one object a line for each cycle that changed anything."""
    from bridge.daemon.listener import Logged
    from bridge.daemon.process import keep_in_step

    class Screen(Logged):
        def waiting(self, vault: Path, folder: Path) -> None:
            super().waiting(vault, folder)
            talk.say(f"Waiting for {vault}, until Ctrl-C.")

        def ready(self, app: App) -> None:
            super().ready(app)
            names = ", ".join(each.id for each in app.config.library)
            talk.say(f"Keeping {app.vault} and {names} in step, until Ctrl-C.")

        def say(self, text: str) -> None:
            talk.say(text)

        def reported(self, report: Report) -> None:
            if not report.changed:
                return
            talk.give(report.to_json())
            for line in report_lines(report):
                talk.say(line)

    keep_in_step(talk.vault, first, Screen())
    return Code.IN_STEP
