"""A machine of its own for each test, and a library on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import bare_machine

from bridge.sandbox.server import SandboxServer


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder."""
    with bare_machine(tmp_path, monkeypatch) as state:
        yield state


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxServer, str]]:
    with SandboxServer(tmp_path_factory.mktemp("library")) as running:
        yield running, running.snapshot()


@pytest.fixture
def server(_running: tuple[SandboxServer, str]) -> SandboxServer:
    """A library on this machine, empty at the start of each test: starting one anew costs more than most tests."""
    running, empty = _running
    assert running.rollback(empty)
    running.requests.reset()
    return running
