"""Looking whether everything a sync needs is there, one thing after the other; nothing is changed.

A check that fails does not stop the others. Remedies are the command line's business: a check names what it found by a
stable code, or by the error it met.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.zotero.client import ZoteroClient

Level = Literal["ok", "warn", "fail"]

LEAST_SPACE = 100 * 1024 * 1024
"""Bytes of free disk space below which a note may soon be impossible to write."""


FLIP_DAYS = 30
"""Days within which a citation key that changed to and fro is worth a word."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``said`` is what was found; ``code`` or ``error`` lead to a remedy where one is needed."""

    name: str
    level: Level
    said: str
    code: str = ""
    error: BridgeError | None = None


def examine(vault: Path | None) -> Iterator[Check]:
    """Check everything, in the order in which a sync needs it."""
    from bridge.app import App

    try:
        app = App.open(vault)
    except BridgeError as error:
        yield Check("vault", "fail", str(error), error=error)
        return
    yield Check("vault", "ok", f"{app.vault}, id {app.marker.id}")
    yield Check(
        "configuration",
        "ok",
        f"{len(app.config.library)} library, {_zone(app)}"
        if len(app.config.library) == 1
        else f"{len(app.config.library)} libraries, {_zone(app)}",
    )
    for look in (_owner, _folders, _state, _keyring, _properties, _templates, _notes, _citekeys, _news):
        yield from _guarded(look, app)
    yield from _libraries(app)


def _guarded(look: Callable[[App], Iterator[Check]], app: App) -> Iterator[Check]:
    try:
        yield from look(app)
    except BridgeError as error:
        yield Check(look.__name__.lstrip("_"), "fail", str(error), error=error)


def _zone(app: App) -> str:
    return f"days of {app.config.time.zone}"


def _owner(app: App) -> Iterator[Check]:
    machine = app.owner()
    if machine is None:
        yield Check("owner", "ok", "no machine syncs this vault yet")
    elif app.is_ours:
        yield Check("owner", "ok", "this machine syncs this vault")
    else:
        yield Check("owner", "warn", f"another machine ({machine.name}) syncs this vault", "other-owner")
    if app.home.came == "copied":
        yield Check("copy", "warn", "this vault is a copy of another one on this machine", "copied")


def _folders(app: App) -> Iterator[Check]:
    folders = {app.vault, *(app.vault / each.folder for each in app.config.library)}
    closed = sorted(str(each) for each in folders if each.exists() and not os.access(each, os.W_OK | os.X_OK))
    if closed:
        yield Check("folders", "fail", f"cannot be written: {', '.join(closed)}", "read-only")
    else:
        yield Check("folders", "ok", "can be written")
    free = shutil.disk_usage(app.vault).free
    if free < LEAST_SPACE:
        yield Check("disk", "warn", f"only {free // 2**20} MB are free", "disk-full")


def _state(app: App) -> Iterator[Check]:
    with app.memory() as state:
        counts, ambiguous = state.counts(), state.notes.ambiguous()
        last = state.get_meta("last-cycle")
    waiting = counts["conflicts"] + counts["held"]
    said = f"{counts['items']} papers, {counts['notes']} notes, {f'last sync {last}' if last else 'never synced'}"
    yield Check("state", "ok", said)
    if waiting:
        yield Check("waiting", "warn", f"{counts['conflicts']} conflicts, {counts['held']} held", "waiting")
    if ambiguous:
        yield Check("same citekey", "warn", f"{len(ambiguous)} belong to several papers each", "same-citekey")


def _keyring(app: App) -> Iterator[Check]:
    from bridge.keys import keyring_backend

    if app.config.sandbox is not None:
        return
    backend = keyring_backend()
    yield Check("keyring", "ok", backend or "none on this system; keys are kept in a file only you can read")


def _properties(app: App) -> Iterator[Check]:
    from bridge.obsidian import clashes, property_types
    from bridge.wiring import note_rules

    types = property_types(app.vault)
    found = clashes(types, note_rules(app.config, types).names)
    hard = [each for each in found if not each.mild]
    if hard:
        said = ", ".join(f"`{each.key}` is of type {each.type}" for each in hard)
        yield Check("properties", "warn", f"in this vault {said}", "property-types")
    else:
        yield Check("properties", "ok", "their types fit the notes")


def _templates(app: App) -> Iterator[Check]:
    from bridge.vault.trial import trial

    tried = dict(trial(app.vault, app.config.notes.templates, tuple(app.config.fields)))
    for error in filter(None, tried.values()):
        yield Check("templates", "fail", str(error), error=error)
    if tried and not any(tried.values()):
        yield Check("templates", "ok", f"yours can be used: {', '.join(tried)}")


def _notes(app: App) -> Iterator[Check]:
    from bridge.vault.walk import walk

    tree = walk(app.vault, (app.config.notes.templates,))
    if tree.away:
        yield Check("notes", "warn", f"{len(tree.away)} notes are links, or in the cloud only", "away")
    if tree.blind:
        yield Check("notes", "warn", f"{len(tree.blind)} folders cannot be looked into", "blind")
    yield Check("notes", "ok", f"{len(tree.files)} Markdown files")


def _citekeys(app: App) -> Iterator[Check]:
    from bridge.citekeys.flips import flips

    since = (datetime.now(UTC) - timedelta(days=FLIP_DAYS)).isoformat(timespec="seconds")
    with app.memory() as state:
        found = flips(state.history.rekeyed_since(since))
    if not found:
        yield Check("citekeys", "ok", "none keeps changing")
        return
    title = next(iter(found.values())) or next(iter(found)).key
    others = f", and {len(found) - 1} more" if len(found) > 1 else ""
    said = f"the citation key keeps changing to and fro: {title}{others}"
    yield Check("citekeys", "warn", said, "flipping-keys")


def _news(app: App) -> Iterator[Check]:
    from bridge.daemon.news import WORDS, hindrance

    why = hindrance(app.config)
    if why is None:
        yield Check("news", "ok", "Zotero may announce its changes to the daemon")
    else:
        yield Check("news", "warn" if why == "no-extra" else "ok", WORDS[why], why)


def _libraries(app: App) -> Iterator[Check]:
    try:
        with app.connect(tries=2) as clients:
            for configured, client in zip(app.config.library, clients, strict=True):
                parts = urlsplit(configured.url)
                if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
                    yield Check(configured.id, "warn", f"{configured.origin} is not encrypted", "plain-http")
                yield _library(client)
    except BridgeError as error:
        yield Check("key", "fail", str(error), error=error)


def _library(client: ZoteroClient) -> Check:
    try:
        rights = client.rights()
        if not rights.read:
            return Check(client.library, "fail", rights.reason, "no-access")
        version = client.library_version()
    except BridgeError as error:
        return Check(client.library, "fail", str(error), error=error)
    if not rights.write:
        return Check(client.library, "warn", f"version {version}, read-only: {rights.reason}", "no-write")
    said = f"version {version}, can be read and written"
    if not rights.notes:
        return Check(client.library, "ok", f"{said}, but for the notes under its papers", "no-notes")
    return Check(client.library, "ok", said)
