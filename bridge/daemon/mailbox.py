"""Orders handed to a running daemon, and its answers (R37).

Two files an order, in a folder of the vault's state: ``<id>.order`` from the command, ``<id>.answer`` from the daemon.
The daemon takes an order's file away before it carries it out, so that none is ever carried out twice; files are put in
place whole. The folder is the person's own (0700), as all state is: whoever can write there can run ``bridge`` as well.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bridge.app import App
from bridge.core.record import ItemId
from bridge.core.renames import Rekeying
from bridge.daemon.bell import ring_at
from bridge.daemon.status import running
from bridge.errors import BackOffError, BridgeError, GuardStop, StateError, VaultBusyError
from bridge.lock import is_held
from bridge.order import Order
from bridge.progress import Progress
from bridge.sync.adopting import Adopting
from bridge.sync.report import Report

FOLDER = "orders"
_ORDER, _ANSWER = ".order", ".answer"
#: How often a command looks for its answer, and whether the daemon still lives, in seconds.
_LOOK, _CHECK = 0.05, 1.0


class Mailbox:
    """The daemon's end.

    :param folder: the vault's state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def empty(self) -> None:
        """Throw away what commands and daemons of former days left behind, and make the folder.

        :raises StateError: it cannot be made.
        """
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"the folder {self._folder} cannot be used: {error.strerror}") from error

    def take(self) -> Iterator[tuple[str, Order]]:
        """The orders that are there, oldest first; each is gone from the folder when it is yielded."""
        for path in sorted(self._folder.glob(f"*{_ORDER}"), key=_age):
            with suppress(OSError, ValueError, TypeError):
                said = json.loads(path.read_text(encoding="utf-8"))
                path.unlink()
                if said.get("answer") is not None:
                    said["answer"] = tuple(said["answer"])
                if said.get("restore") is not None:
                    said["restore"] = tuple(said["restore"])
                if said.get("adopting") is not None:
                    said["adopting"] = Adopting.of(said["adopting"])
                if said.get("rekey") is not None:
                    item, old, new = said["rekey"]
                    said["rekey"] = Rekeying(ItemId(*item), old, new)
                yield path.stem, Order(**said)

    def answer(self, name: str, result: Report | BridgeError) -> None:
        """Say what became of an order; nobody may be left to hear it."""
        with suppress(OSError):
            _put(self._folder / f"{name}{_ANSWER}", _told(result))


def cycle(app: App, order: Order, progress: Progress) -> Report:
    """Run a cycle, or have the daemon that holds the vault run it.

    Errors as of :meth:`bridge.app.App.cycle`, whoever runs it.
    """
    try:
        return app.cycle(order, progress)
    except VaultBusyError:
        if running(app.home.folder, app.home.lock) is None:
            raise
    while (report := _handed_over(app, order)) is None:
        # It ended without having begun with the order. Now there is nobody to hand it to, or another daemon.
        if running(app.home.folder, app.home.lock) is None:
            return app.cycle(order, progress)
    return report


def _handed_over(app: App, order: Order) -> Report | None:
    """The daemon's report; ``None`` where it ended before it took the order."""
    home = app.home
    name = secrets.token_hex(8)
    ours, answer = (home.folder / FOLDER / f"{name}{ending}" for ending in (_ORDER, _ANSWER))
    try:
        _put(ours, asdict(order))
    except OSError:
        return None
    try:
        if (status := running(home.folder, home.lock)) is not None:
            ring_at(status.port)
        return _awaited(answer, lambda: ours.exists(), lambda: is_held(home.lock))
    finally:
        for path in (ours, answer):
            path.unlink(missing_ok=True)


def _awaited(answer: Path, waits: Callable[[], bool], lives: Callable[[], bool]) -> Report | None:
    checked = time.monotonic()
    while True:
        with suppress(FileNotFoundError):
            return _heard(json.loads(answer.read_text(encoding="utf-8")))
        time.sleep(_LOOK)
        if time.monotonic() - checked < _CHECK:
            continue
        checked = time.monotonic()
        if lives() or answer.exists():
            continue
        if waits():
            return None
        raise StateError("the daemon ended in the middle of this; what it had confirmed is kept")


def _told(result: Report | BridgeError) -> dict[str, Any]:
    if isinstance(result, Report):
        return {"report": asdict(result)}
    extra = {name: getattr(result, name) for name in ("guard", "seconds") if hasattr(result, name)}
    return {"error": type(result).__name__, "message": str(result), **extra}


def _heard(said: dict[str, Any]) -> Report:
    if "report" in said:
        return Report(**said["report"])
    raise error_of(said["error"], said["message"], guard=said.get("guard", ""), seconds=said.get("seconds", 0.0))


def error_of(code: str, message: str, *, guard: str = "", seconds: float = 0.0) -> BridgeError:
    """An error again, by the name of its class; advice goes by the class."""
    kind = next((each for each in _kinds(BridgeError) if each.__name__ == code), BridgeError)
    if issubclass(kind, GuardStop):
        return kind(message, guard)
    if issubclass(kind, BackOffError):
        return kind(message, seconds)
    return kind(message)


def _kinds(kind: type[BridgeError]) -> Iterator[type[BridgeError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)


def _put(path: Path, said: dict[str, Any]) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(said), encoding="utf-8")
    temporary.replace(path)


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
