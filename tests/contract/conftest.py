"""The sides that the contract suite runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import pytest
from harnesses import Harness, InMemoryLibrary, InMemoryVault, OnDisk, OverTheSandbox
from sandbox_api import Api, Clock

from bridge.sandbox import accounts
from bridge.sandbox import library as sandbox_library
from bridge.sandbox.server import SandboxServer
from bridge.zotero.client import ZoteroClient


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, ZoteroClient]]:
    """One sandbox for the whole suite, with a person's client and Bridge's."""
    clock = Clock()
    with (
        SandboxServer(tmp_path_factory.mktemp("contract"), clock=clock) as server,
        httpx2.Client(base_url=server.url, headers={"Zotero-API-Key": server.key}, timeout=20) as person,
        ZoteroClient(server.url, server.library, server.key) as client,
    ):
        yield Api(server, clock, person), client


def _over_the_sandbox(request: pytest.FixtureRequest) -> Harness:
    api, client = request.getfixturevalue("served")
    sandbox_library.clear(api.server.store, accounts.find_library(api.server.store, "users", 1))
    return OverTheSandbox(api, client)


SIDES: dict[str, Callable[[pytest.FixtureRequest], Harness]] = {
    "library in memory": lambda _request: InMemoryLibrary(),
    "vault in memory": lambda _request: InMemoryVault(),
    "vault on disk": lambda request: OnDisk(request.getfixturevalue("tmp_path")),
    "zotero over the sandbox": _over_the_sandbox,
}


@pytest.fixture(params=SIDES)
def harness(request: pytest.FixtureRequest) -> Harness:
    return SIDES[request.param](request)
