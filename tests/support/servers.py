"""Fixtures: one running server of each kind, for the whole session; a conftest imports those it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from library_server import LibraryServer
from selfhost import ADMIN, Selfhost

from bridge.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryServer]:
    """Our own."""
    with (
        SandboxServer(tmp_path_factory.mktemp("sandbox")) as running,
        LibraryServer.at("sandbox", running.url, ("root", "any")) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def selfhost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryServer]:
    """Somebody else's; tests that ask for it are marked ``oracle``."""
    with (
        Selfhost(tmp_path_factory.mktemp("selfhost")) as running,
        LibraryServer.at("selfhost", running.url, ADMIN) as server,
    ):
        yield server
