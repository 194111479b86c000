"""``bridge index``: all index notes anew, or what would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.codes import Code
from bridge.cli.talk import Settings, plain, settings, shared

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.indexing import Renewal


@click.command()
@shared
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if any index note would change.")
@settings
def index(talk: Settings, *, check: bool) -> int:
    """Write all index notes anew: topics, weeks, reading list, log, open questions.

    A sync keeps them true by itself; this is for templates and settings you have just changed. Text of yours around
    the blocks stays.
    """
    from bridge.app import App

    app = App.open(talk.vault)
    done = app.index(check=True) if check else _renewed(app)
    talk.give({"written": done.written, "waiting": done.waiting, "problems": done.problems})
    for path in done.written:
        talk.say(f"{'would change' if check else 'written'}  {path}")
    for problem in done.problems:
        talk.say(plain(problem))
    if not done.written and not done.problems:
        talk.say("All index notes are as they should be.")
    if check and done.written:
        return Code.ERROR
    return Code.REMAINS if done.problems else Code.IN_STEP


def _renewed(app: App) -> Renewal:
    """Have them written, by the daemon where one works on the vault."""
    from bridge.daemon.mailbox import cycle
    from bridge.indexing import Renewal
    from bridge.order import Order
    from bridge.progress import Silent

    report = cycle(app, Order(index=True), Silent())
    return Renewal(**(report.index or {}))
