"""``bridge conflicts`` and ``bridge resolve``: what both sides changed, and whose value stays."""

from __future__ import annotations

import sys
from typing import Literal

import click

from bridge.cli.codes import of_report
from bridge.cli.render import conflict_json, conflict_lines, report_lines
from bridge.cli.talk import Settings, settings, shared


@click.command()
@shared
@settings
def conflicts(talk: Settings) -> None:
    """What was changed on both sides, and how to settle it.

    A conflict concerns one field; both sides keep their value and everything else goes on. It ends when you answer it,
    when both sides become equal, or with your next edit of that field on either side. One about `## Notes`, which is
    mirrored in Zotero, waits for your answer: "zotero" leaves the note there to you, "vault" shows your section again.
    """
    from bridge.app import App

    with App.open(talk.vault).memory() as state:
        rows = state.history.conflicts()
    talk.give({"conflicts": [conflict_json(row) for row in rows]})
    for line in conflict_lines(rows):
        talk.say(line)
    if not rows:
        talk.say("No conflicts.")


@click.command()
@shared
@click.argument("number", metavar="ID", type=int)
@click.option(
    "--keep",
    type=click.Choice(["zotero", "vault"]),
    required=True,
    help="Whose value stays: Zotero's or the note's.",
)
@settings
def resolve(talk: Settings, number: int, keep: Literal["zotero", "vault"]) -> int:
    """Settle a conflict for Zotero's value or the note's.

    ID is the number that bridge conflicts shows. The answer is carried out at once, by a sync.
    """
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream

    order = Order(answer=(number, keep))
    report = cycle(App.open(talk.vault), order, for_stream(sys.stderr, machine=talk.json))
    talk.give(report.to_json())
    for line in report_lines(report):
        talk.say(line)
    return of_report(report)
