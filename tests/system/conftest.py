"""Desks to work at: made and synced once, copied for each test; the library goes back to how it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import bare_machine
from desk import Desk, Library

from bridge.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxServer, str]]:
    """A served library, and its empty state."""
    with SandboxServer(tmp_path_factory.mktemp("library")) as server:
        yield server, server.snapshot()


@pytest.fixture(scope="session")
def made(library: tuple[SandboxServer, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """A desk in step, and the library as it is then."""
    server, empty = library
    server.rollback(empty)
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch, bare_machine(folder, patch):
        patch.setenv("ZOTERO_API_KEY", server.key)
        desk = Desk.set_up(folder, Library(server))
        patch.delenv("ZOTERO_API_KEY")
        desk.settle()
    return desk, server.snapshot()


def _calm(server: SandboxServer, snapshot: str) -> None:
    server.faults.clear()
    assert server.rollback(snapshot)
    server.requests.reset()


@pytest.fixture
def desk(made: tuple[Desk, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in step, on a machine of its own."""
    first, snapshot = made
    _calm(first.web.server, snapshot)
    with bare_machine(tmp_path, monkeypatch):
        yield first.copy_to(tmp_path)


@pytest.fixture
def server(
    library: tuple[SandboxServer, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SandboxServer]:
    """An empty library, its key in the environment of a machine that knows nothing yet."""
    running, empty = library
    _calm(running, empty)
    with bare_machine(tmp_path, monkeypatch):
        monkeypatch.setenv("ZOTERO_API_KEY", running.key)
        yield running
