"""``bridge index``: all index notes anew, or what would change."""

from __future__ import annotations

import click

from bridge.cli.codes import Code
from bridge.cli.talk import Settings, plain, settings, shared


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

    done = App.open(talk.vault).index(check=check)
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
