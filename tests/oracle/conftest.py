"""Two servers for one suite: the sandbox in every run, the independent one from npm with ``-m oracle``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from library_server import LibraryServer
from selfhost import ADMIN, Selfhost

from bridge.sandbox.server import SandboxServer
from bridge.zotero.client import ZoteroClient


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryServer]:
    with (
        SandboxServer(tmp_path_factory.mktemp("sandbox")) as running,
        LibraryServer.at("sandbox", running.url, ("root", "any")) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def selfhost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryServer]:
    with (
        Selfhost(tmp_path_factory.mktemp("selfhost")) as running,
        LibraryServer.at("selfhost", running.url, ADMIN) as server,
    ):
        yield server


@pytest.fixture(params=["sandbox", pytest.param("selfhost", marks=pytest.mark.oracle)])
def server(request: pytest.FixtureRequest) -> LibraryServer:
    """One server or the other, with empty libraries."""
    running: LibraryServer = request.getfixturevalue(request.param)
    running.reset()
    return running


@pytest.fixture
def client(server: LibraryServer) -> Iterator[ZoteroClient]:
    with server.connect() as made:
        yield made


@pytest.fixture
def differs(request: pytest.FixtureRequest, server: LibraryServer) -> Callable[[str], None]:
    """Say that the independent server is known to differ from zotero.org in what follows; the test must fail there."""

    def differs(reason: str) -> None:
        if server.name == "selfhost":
            request.applymarker(pytest.mark.xfail(reason=f"{server.name}: {reason}", strict=True))

    return differs
