"""Two servers for one suite: the sandbox in every run, the independent one from npm with ``-m oracle``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from library_server import LibraryServer
from servers import sandbox, selfhost

from bridge.zotero.client import ZoteroClient

__all__ = ["sandbox", "selfhost"]  # fixtures


@pytest.fixture(params=["sandbox", pytest.param("selfhost", marks=pytest.mark.oracle)])
def server(request: pytest.FixtureRequest) -> LibraryServer:
    """One server or the other, with empty libraries."""
    running: LibraryServer = request.getfixturevalue(request.param)
    running.reset()
    return running


@pytest.fixture
def client(server: LibraryServer) -> Iterator[ZoteroClient]:
    with server.client() as made:
        yield made


@pytest.fixture
def differs(request: pytest.FixtureRequest, server: LibraryServer) -> Callable[[str], None]:
    """Say that the independent server is known to differ from zotero.org in what follows; the test must fail there."""

    def differs(reason: str) -> None:
        if server.name == "selfhost":
            request.applymarker(pytest.mark.xfail(reason=f"{server.name}: {reason}", strict=True))

    return differs
