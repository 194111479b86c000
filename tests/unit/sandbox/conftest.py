"""One sandbox for all tests of a worker; every test finds the user's library empty and no fault waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from sandbox_api import Api, Clock

from bridge.sandbox import accounts
from bridge.sandbox import library as lib
from bridge.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[SandboxServer]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(folder, clock=clock) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: SandboxServer) -> Iterator[httpx2.Client]:
    # One for all tests: making a client costs more than a test.
    headers = {"Zotero-API-Key": server.key}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=20) as client:
        yield client


@pytest.fixture
def api(server: SandboxServer, clock: Clock, client: httpx2.Client) -> Iterator[Api]:
    lib.clear(server.store, accounts.find_library(server.store, "users", 1))
    server.faults.clear()
    server.requests.reset()
    yield Api(server, clock, client)
    server.faults.clear()
