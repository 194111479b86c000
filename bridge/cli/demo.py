"""``bridge demo``: from nothing to a vault in step, and what to try next."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.codes import of_report
from bridge.cli.render import report_lines
from bridge.cli.talk import Settings, many, plain, settings, shared
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.state import State


@click.command()
@shared
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), required=False)
@settings
def demo(talk: Settings, folder: Path | None) -> int:
    """A practice vault with a library of real papers, ready in seconds.

    It needs no account and no network. DIR is a new or empty folder, ./bridge-demo unless you name one. Run again on
    the same folder, it only syncs.
    """
    if folder is not None and talk.vault is not None:
        raise UsageError("name the folder once: bridge demo DIR")
    from bridge.app import App
    from bridge.demo import make
    from bridge.order import Order
    from bridge.progress import for_stream

    folder = folder or talk.vault or Path("bridge-demo")
    made = make(folder)
    app = App.open(folder)
    # Whoever asks for the demo has agreed to its first notes; later on its guards work as everywhere.
    report = app.cycle(Order(yes=made), for_stream(sys.stderr, machine=talk.json))
    talk.give({"vault": str(app.vault), "made": made, "sync": report.to_json()})
    if not made:
        talk.say(f"The demo in {folder} is there already; synced it.")
        for line in report_lines(report):
            talk.say(line)
    for line in _what_next(app, folder):
        talk.say(line)
    return of_report(report)


def _what_next(app: App, folder: Path) -> list[str]:
    with app.memory() as state:
        counts = state.counts()
        note, key = _example(state)
    here = shlex.quote(str(folder))
    papers, notes = many(counts["items"], "paper"), many(counts["notes"], "note")
    return [
        f"Your practice vault is {plain(str(folder))}: {papers} in its library, {notes} in its folder.",
        "",
        "Open it in Obsidian (Open folder as vault), or in any editor. Then try:",
        "",
        f"1. In {note} set `status: read` and add a tag; then",
        f"     bridge -C {here} sync --once",
        "   The library has both now. To see it, serve the library in another terminal and ask it:",
        f"     bridge -C {here} sandbox",
        f"   (it prints a curl line; this paper is {app.config.library[0].id}/items/{key})",
        "2. Change the paper there with the second curl line it prints, sync again: the note follows.",
        "3. Change the title on both sides, sync: nothing is lost, both keep theirs, and",
        f"     bridge -C {here} conflicts",
        "   shows it and how to settle it.",
        "4. See what was done, and what would be:",
        f"     bridge -C {here} log",
        f"     bridge -C {here} sync --once --dry-run",
        "",
        "With your own library: bridge init VAULT. To be rid of the demo, delete its folder.",
    ]


def _example(state: State) -> tuple[str, str]:
    """A note to try things on, one that was not read yet: its path and item key."""
    rows = sorted(state.notes.rows_of(state.notes.bound().values()).values(), key=lambda row: row.path)
    unread = [row for row in rows if row.face.get("status") == "to-read"] or rows
    return next(((row.path, row.id.key) for row in unread if row.id), ("a note", "KEY"))
