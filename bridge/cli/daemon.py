"""``bridge daemon``: syncing in the background, and how that is going."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.codes import Code
from bridge.cli.render import daemon_json, daemon_lines
from bridge.cli.talk import Settings, many, plain, settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.app import App
    from bridge.service.control import Control, Standing

_KINDS = {
    "systemd": "a systemd user service",
    "launchd": "a launchd agent",
    "process": "a plain process",
}


@click.group()
@shared
def daemon() -> None:
    """Sync in the background, all the time.

    It watches both sides and carries each edit over within seconds. bridge sync does the same in a terminal.
    """


@daemon.command()
@shared
@settings
def install(talk: Settings) -> None:
    """Start it now and at every login.

    As a systemd user service on Linux and a launchd agent on macOS; where neither is there it is started as a plain
    process. Run it again after Bridge or the vault has moved.
    """
    control = _control(talk)
    said = control.install()
    _tell(talk, control, "Installed and running." if control.standing().installed else "Running.", said)


@daemon.command()
@shared
@settings
def uninstall(talk: Settings) -> None:
    """Stop it, and start it no more. Nothing else is removed."""
    control = _control(talk)
    was = control.uninstall()
    _tell(talk, control, "Stopped and uninstalled." if was else "There was nothing to uninstall.")


@daemon.command()
@shared
@settings
def start(talk: Settings) -> None:
    """Start it now."""
    control = _control(talk)
    _tell(talk, control, "Started." if control.start() else "It runs already.")


@daemon.command()
@shared
@settings
def stop(talk: Settings) -> None:
    """Stop it until the next start or login.

    One that runs in a terminal ends as well.
    """
    control = _control(talk)
    _tell(talk, control, "Stopped." if control.stop() else "It does not run.")


@daemon.command()
@shared
@settings
def status(talk: Settings) -> None:
    """How it is going.

    Since when it runs, its last and next look, what waits for you, and what is in its way. It ends with 0 whatever it
    has to report.
    """
    control = _control(talk)
    _tell(talk, control, "")


@daemon.command(hidden=True)
@shared
@settings
def run(talk: Settings) -> int:
    """What the service runs: bridge sync with a log file, telling the service manager that it lives."""
    from bridge.daemon.listener import Logged
    from bridge.daemon.process import keep_in_step
    from bridge.order import Order
    from bridge.service.sdnotify import Notifier

    notifier = Notifier()

    class Service(Logged):
        def waiting(self, vault: Path, folder: Path) -> None:
            super().waiting(vault, folder)
            notifier.ready()  # it does what there is to do

        def ready(self, app: App) -> None:
            super().ready(app)
            notifier.ready()

        def alive(self) -> None:
            notifier.alive()

        def stopping(self) -> None:
            notifier.stopping()
            super().stopping()

    keep_in_step(talk.vault, Order(), Service())
    return Code.IN_STEP


def _control(talk: Settings) -> Control:
    from bridge.service.control import Control

    return Control.find(talk.vault)


def _tell(talk: Settings, control: Control, done: str, said: list[str] | None = None) -> None:
    from bridge import logs

    standing = control.standing()
    with control.memory() as state:
        counts = state.counts()
    log = control.home.folder / logs.NAME
    talk.give(
        {
            "vault": str(control.vault),
            "there": control.is_there,
            "service": standing.kind,
            "installed": standing.installed,
            "running": standing.running is not None,
            "daemon": daemon_json(standing.running) if standing.running else None,
            "pending": counts["pending"],
            "conflicts": counts["conflicts"],
            "held": counts["held"],
            "log": str(log),
            "said": said or [],
        }
    )
    for line in filter(None, [done, *(said or [])]):
        talk.say(line)
    if not control.is_there:
        talk.say(f"Vault    {control.vault} is not there now")
    for line in _lines(standing, counts):
        talk.say(line)
    if log.exists():
        talk.say(f"Log      {log}")


def _lines(standing: Standing, counts: dict[str, Any]) -> list[str]:
    how = f"{_KINDS[standing.kind]}{', started at every login' if standing.installed else ''}"
    if standing.running is None:
        ended = standing.last.updated.replace("T", " ") if standing.last and standing.last.updated else ""
        was = f"; the last one was heard of at {ended}" if ended else ""
        lines = [f"Daemon   not running{was}. Start it: bridge daemon start"]
        if standing.installed:
            lines.append(f"Service  installed as {how}")
    else:
        lines = [*daemon_lines(standing.running), f"Service  {how}"]
        lines += [f"         {plain(message)}" for message in standing.running.messages]
    lines.append(f"Now      {many(counts['pending'], 'edit')} waiting")
    if counts["conflicts"]:
        lines.append(f"         {many(counts['conflicts'], 'conflict')}. See: bridge conflicts")
    if counts["held"]:
        mended = "it" if counts["held"] == 1 else "them"
        lines.append(f"         {counts['held']:,} held, until somebody mends {mended}. See: bridge status")
    return lines
