"""The daemon hears of a change from Zotero, and need not ask."""

from __future__ import annotations

import os

import pytest
from desk import Desk
from running import configure, running, until
from stream_double import Front, StreamServer

from bridge.keys import Keys
from bridge.vault.marker import read_marker

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")


def test_a_change_in_zotero_arrives_at_once_though_it_is_asked_once_an_hour(desk: Desk) -> None:
    web, name = desk.web, desk.web.name
    with (
        StreamServer({web.server.key: [f"/{name}"]}) as streaming,
        Front(streaming.port, int(web.server.url.rpartition(":")[2])) as front,
    ):
        # R24: the server's new address is one that a person named on this machine.
        origin = f"http://127.0.0.1:{front.port}"
        keys = Keys(desk.state)
        keys.approve(read_marker(desk.vault).id, origin)
        keys.store(origin, name, web.server.key)
        configure(desk, poll=3600, idle=3600)
        path = desk.vault / ".bridge/config.toml"
        text = path.read_text().replace(web.server.url, origin)
        path.write_text(f'{text}stream_url = "ws://127.0.0.1:{front.port}/stream"\n')

        with running(desk) as daemon:
            until(lambda: daemon.status().news == "push")
            assert "Zotero announces its changes" in desk.run("daemon", "status").out
            # The look after connecting, for what nobody announced.
            until(lambda: daemon.status().cycles >= 2)
            desk.web.change(desk.keys["p0"], title="Announced")
            assert daemon.status().state == "idle"
            assert desk.value("p0", "title") == "Paper number 0"
            streaming.announce(f"/{name}", web.version)
            until(lambda: desk.value("p0", "title") == "Announced")

            # Law 14.
            assert web.server.key not in daemon.log.read_text()
            assert daemon.stop() == 0
        assert streaming.connections == 1
        assert web.server.key not in "".join(streaming.headers)
