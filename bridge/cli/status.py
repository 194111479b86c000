"""``bridge status``: where things stand. It does not reach the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.render import (
    ambiguous_lines,
    conflict_json,
    daemon_json,
    daemon_lines,
    held_json,
    held_lines,
)
from bridge.cli.talk import Settings, many, plain, settings, shared

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.state import State


@click.command()
@shared
@settings
def status(talk: Settings) -> None:
    """Where things stand.

    Libraries, the last sync, what waits for you and why. It ends with 0 whatever it has to report.
    """
    from bridge.app import App
    from bridge.daemon.status import running
    from bridge.indexing import problems

    app = App.open(talk.vault)
    daemon = running(app.home.folder, app.home.lock)
    with app.memory() as state:
        counts, held = state.counts(), state.history.held()
        machine, templates = app.owner(), problems(state)
        last = state.get_meta("last-cycle") or ""
        libraries = [_library(app, state, each.id) for each in app.config.library]
        ambiguous = state.notes.ambiguous()
        found = {
            "vault": str(app.vault),
            "id": app.marker.id,
            "owner": {"name": machine.name, "here": app.is_ours} if machine else None,
            "libraries": libraries,
            "last": last,
            "daemon": daemon_json(daemon) if daemon else None,
            **counts,
            "conflicts": [conflict_json(row) for row in state.history.conflicts()],
            "held": [held_json(each) for each in held],
            "templates": templates,
            "ambiguous": [{"citekey": key, "notes": paths} for key, paths in ambiguous.items()],
        }
    talk.give(found)
    talk.say(f"Vault    {app.vault}")
    for each in libraries:
        rights = "" if each["writable"] is not False else f"  (read-only: {plain(each['reason'])})"
        talk.say(f"Library  {each['library']} at {each['url']}, new notes in {each['folder']}/{rights}")
    talk.say(f"Synced   {last.replace('T', ' ') or 'never: run bridge sync --once'}")
    if daemon:
        for line in daemon_lines(daemon):
            talk.say(line)
    if machine and not app.is_ours:
        talk.say(f"Owner    {plain(machine.name)}: that machine syncs this vault, this one does not")
    talk.say(
        f"Now      {many(counts['items'], 'paper')}, {many(counts['notes'], 'note')}, {counts['pending']:,} waiting"
    )
    if counts["out_of_scope"]:
        talk.say(
            f"Resting  {many(counts['out_of_scope'], 'note')} of papers that [scope] leaves out; they stay as they are"
        )
    if keyless := sum(each["keyless"] for each in libraries):
        how = "" if app.config.citekeys.generate == "both" else '; generate = "both" under [citekeys] makes them'
        talk.say(f"Keys     {many(keyless, 'paper')} without a citation key{how}")
    for line in ambiguous_lines(ambiguous):
        talk.say(line)
    if counts["conflicts"]:
        talk.say(f"{many(counts['conflicts'], 'conflict')}. See: bridge conflicts")
    for line in templates:
        talk.say(plain(line))
    if held:
        talk.say(f"{len(held):,} held, until somebody mends {'it' if len(held) == 1 else 'them'}:")
        for line in held_lines(held):
            talk.say(line)


def _library(app: App, state: State, name: str) -> dict[str, Any]:
    from bridge.reach import kept_rights

    configured = next(each for each in app.config.library if each.id == name)
    rights = kept_rights(state, name)
    return {
        "library": name,
        "url": "the practice library of this vault" if app.config.sandbox else configured.url,
        "folder": configured.folder,
        "cursor": state.items.cursor(name),
        "keyless": state.items.count_keyless(name),
        "writable": rights.write if rights else None,
        "reason": rights.reason if rights else "",
    }
