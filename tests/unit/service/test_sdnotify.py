"""What systemd hears."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from bridge.notice import command, notice
from bridge.service.sdnotify import Notifier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd's sockets")


def test_ready_alive_and_stopping_reach_the_socket_and_signs_of_life_are_seldom(tmp_path: Path) -> None:
    address, now = tmp_path / "notify", [100.0]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(address))
        heard.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": str(address)}, lambda: now[0])
        notifier.ready()
        for _ in range(1000):
            notifier.alive()
        now[0] += 5
        notifier.alive()
        notifier.stopping()
        assert [heard.recv(64) for _ in range(4)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]
        heard.setblocking(False)
        with pytest.raises(BlockingIOError):
            heard.recv(64)


def test_without_a_socket_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        notifier = Notifier(environ)
        notifier.ready()
        notifier.alive()
        notifier.stopping()


def test_law13_a_notice_says_no_text_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    found = command()
    assert found is not None
    assert found[0] in ("/bin/notify-send", "/bin/osascript")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert command() is None
    assert notice() is False
