"""The sides that the contract suite runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import cast

import pytest
from _pytest.mark import ParameterSet
from harnesses import Harness, InMemoryLibrary, InMemoryVault, LibraryHarness, OnDisk, OverAServer
from library_server import LibraryServer
from servers import sandbox, selfhost

from bridge.zotero.client import ZoteroClient

__all__ = ["sandbox", "selfhost"]  # fixtures


@pytest.fixture
def connect() -> Iterator[Callable[[LibraryServer], ZoteroClient]]:
    """Clients that live as long as a test."""
    clients: list[ZoteroClient] = []

    def connect(server: LibraryServer) -> ZoteroClient:
        clients.append(server.client())
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def over(name: str) -> Callable[[pytest.FixtureRequest], Harness]:
    """Zotero over the server of this name, its library emptied."""

    def make(request: pytest.FixtureRequest) -> Harness:
        server: LibraryServer = request.getfixturevalue(name)
        server.reset()
        return OverAServer(server, request.getfixturevalue("connect")(server))

    return make


SIDES: dict[str, Callable[[pytest.FixtureRequest], Harness]] = {
    "library in memory": lambda _request: InMemoryLibrary(),
    "vault in memory": lambda _request: InMemoryVault(),
    "vault on disk": lambda request: OnDisk(request.getfixturevalue("tmp_path")),
    "zotero over the sandbox": over("sandbox"),
    "zotero over an independent server": over("selfhost"),
}
#: Those that show a library.
LIBRARIES = ("library in memory", "zotero over the sandbox", "zotero over an independent server")
ORACLE = {"zotero over an independent server"}


def _params(names: Iterable[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=pytest.mark.oracle if name in ORACLE else ()) for name in names]


@pytest.fixture(params=_params(SIDES))
def harness(request: pytest.FixtureRequest) -> Harness:
    return SIDES[request.param](request)


@pytest.fixture(params=_params(LIBRARIES))
def library(request: pytest.FixtureRequest) -> LibraryHarness:
    return cast(LibraryHarness, SIDES[request.param](request))
