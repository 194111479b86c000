"""The background service for real, as a plain process; and what it says of itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import run_json
from desk import Desk
from running import configure, until

from bridge import logs
from bridge.daemon.news import WORDS


@pytest.fixture
def at_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose daemon, if one was started, is stopped in the end; no service manager is asked."""
    monkeypatch.setattr("bridge.service.control.find", lambda: None)
    configure(desk)
    yield desk
    desk.run("daemon", "stop")


def pid(desk: Desk) -> int:
    return int(desk.json("daemon", "status")[1]["daemon"]["pid"])


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A child of this very process that nobody waited for is a zombie, and dead.
    return os.waitpid(process, os.WNOHANG) == (0, 0) if Path(f"/proc/{process}").exists() else False


def test_started_it_syncs_and_says_so_and_stopped_it_is_gone(at_work: Desk) -> None:
    desk = at_work
    code, said = desk.json("daemon", "status")
    assert (code, said["running"], said["service"], said["installed"]) == (0, False, "process", False)
    code, said = desk.json("daemon", "start")
    assert (code, said["running"]) == (0, True)
    process = said["daemon"]["pid"]
    assert process != os.getpid()
    desk.edit("p1", "^title: .*$", "title: Changed in the note")
    until(lambda: desk.web.item(desk.keys["p1"])["title"] == "Changed in the note")
    until(lambda: desk.json("daemon", "status")[1]["pending"] == 0)
    said = desk.json("daemon", "status")[1]
    assert said["daemon"]["started"] <= said["daemon"]["last_cycle"] <= said["daemon"]["next_poll"]
    assert (said["pending"], said["conflicts"], said["held"]) == (0, 0, 0)
    out = desk.run("daemon", "status").out
    assert f"process {process}" in out
    assert "running since" in out
    assert said["daemon"]["news"] == {"code": "other-server", "said": WORDS["other-server"], "advice": ""}
    assert WORDS["other-server"] in out
    assert WORDS["other-server"] in desk.run("status").out
    assert desk.json("daemon", "start")[1]["daemon"]["pid"] == process  # it runs already
    code, said = desk.json("daemon", "stop")
    assert (code, said["running"]) == (0, False)
    until(lambda: not is_alive(process))
    assert desk.json("daemon", "stop")[0] == 0  # it does not run
    desk.settle()


def test_law14_its_log_is_readable_and_holds_neither_key_nor_text(at_work: Desk) -> None:
    desk = at_work
    said = desk.json("daemon", "start")[1]
    desk.edit("p1", "^title: .*$", "title: A secret thought")
    log = Path(said["log"])
    assert log.name == logs.NAME
    until(lambda: "1 sent to Zotero" in log.read_text())
    desk.run("daemon", "stop")
    text = log.read_text()
    assert "A secret thought" not in text
    assert desk.web.server.key not in text
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}  [A-Z]+ +\S", line) for line in text.splitlines())


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="systemd's sockets")
def test_a_service_manager_hears_that_it_is_ready_alive_and_stopping(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"{short}/notify")  # such names are 107 bytes at most
        heard.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", f"{short}/notify")
        at_work.run("daemon", "start")
        assert [heard.recv(64), heard.recv(64)] == [b"READY=1", b"WATCHDOG=1"]
        at_work.run("daemon", "stop")
        assert heard.recv(64) == b"STOPPING=1"


def test_a_killed_one_is_not_taken_for_one_that_runs(at_work: Desk) -> None:
    desk = at_work
    desk.run("daemon", "start")
    process = pid(desk)
    os.kill(process, signal.SIGKILL)
    until(lambda: not desk.json("daemon", "status")[1]["running"])
    said = desk.json("daemon", "start")[1]
    assert said["daemon"]["pid"] != process


def test_where_nothing_manages_services_install_says_so_and_starts_it(at_work: Desk) -> None:
    code, said = at_work.json("daemon", "install")
    assert (code, said["running"], said["installed"]) == (0, True, False)
    assert "plain process" in said["said"][0]
    code, said = at_work.json("daemon", "uninstall")
    assert (code, said["running"]) == (0, False)


def test_one_that_cannot_work_says_why_and_what_to_do(at_work: Desk) -> None:
    (at_work.vault / ".bridge/owner").write_text("no JSON")
    assert at_work.json("daemon", "start")[0] == 0  # it begins, waits, and says what is wrong
    until(lambda: at_work.json("daemon", "status")[1]["daemon"]["trouble"])
    trouble = at_work.json("daemon", "status")[1]["daemon"]["trouble"]
    assert (trouble["code"], bool(trouble["message"]), bool(trouble["advice"])) == ("VaultMarkerError", True, True)


def test_r31_a_copied_vault_gets_a_daemon_and_an_id_of_its_own(at_work: Desk, tmp_path: Path) -> None:
    assert at_work.sync()[0] == 0  # the first of the two has its place now
    copy = tmp_path / "copy"
    shutil.copytree(at_work.vault, copy)
    before = json.loads((copy / ".bridge/vault.json").read_text())
    try:
        code, said = run_json("-C", copy, "daemon", "start")
        assert (code, said["running"], said["vault"]) == (0, True, str(copy))
        assert json.loads((copy / ".bridge/vault.json").read_text()) != before
        assert at_work.json("daemon", "status")[1]["running"] is False
    finally:
        assert run_json("-C", copy, "daemon", "stop")[1]["running"] is False


def unplugged(desk: Desk) -> Path:
    """Take the vault's disk away, and leave the empty folder that it is mounted on; where the vault is now."""
    if not desk.json("daemon", "status")[1]["running"]:
        assert desk.sync()[0] == 0  # it has its place now
    away = desk.vault.with_name("unplugged")
    desk.vault.rename(away)
    desk.vault.mkdir()
    return away


def test_law_9_a_vault_that_is_away_at_the_start_is_waited_for(at_work: Desk) -> None:
    desk, away = at_work, unplugged(at_work)
    code, said = desk.json("daemon", "start")
    assert (code, said["running"], said["there"], said["vault"]) == (0, True, False, str(desk.vault))
    said = until(lambda: (found := desk.json("daemon", "status")[1])["daemon"]["trouble"] and found)
    assert (said["daemon"]["state"], said["daemon"]["trouble"]["code"]) == ("waiting", "VaultAwayError")
    assert said["daemon"]["trouble"]["advice"]
    assert "not there now" in desk.run("daemon", "status").out
    assert desk.json("daemon", "start")[1]["daemon"]["pid"] == said["daemon"]["pid"]  # it runs already
    assert list(desk.vault.iterdir()) == []

    desk.vault.rmdir()
    away.rename(desk.vault)
    desk.edit("p1", "^title: .*$", "title: Back")
    os.kill(said["daemon"]["pid"], signal.SIGUSR1)
    until(lambda: desk.web.item(desk.keys["p1"])["title"] == "Back")
    assert pid(desk) == said["daemon"]["pid"]
    text = Path(said["log"]).read_text()
    assert "Waiting for" in text
    assert "Keeping" in text


@pytest.mark.parametrize("began_away", [False, True])
def test_the_daemon_of_a_vault_that_is_away_can_be_asked_and_stopped(at_work: Desk, *, began_away: bool) -> None:
    desk = at_work
    if not began_away:
        desk.run("daemon", "start")
    away = unplugged(desk)
    if began_away:
        desk.run("daemon", "start")
    process = pid(desk)
    code, said = desk.json("daemon", "stop")
    assert (code, said["running"], said["there"]) == (0, False, False)
    until(lambda: not is_alive(process))
    assert desk.json("daemon", "status")[1]["running"] is False
    assert desk.json("daemon", "uninstall")[0] == 0
    desk.vault.rmdir()
    away.rename(desk.vault)


def test_law_9_other_commands_say_that_the_vault_is_away(at_work: Desk) -> None:
    desk, away = at_work, unplugged(at_work)
    for verb in ("status", "sync --once", "conflicts"):
        code, said = desk.json(*verb.split())
        assert (code, said["error"]["code"]) == (1, "VaultAwayError"), verb
        assert str(desk.vault) in said["error"]["message"]
    desk.vault.rmdir()
    away.rename(desk.vault)


def test_it_is_told_of_no_vault(tmp_path: Path, at_work: Desk) -> None:
    code, said = run_json("-C", tmp_path / "nowhere", "daemon", "start")
    assert (code, said["error"]["code"]) == (2, "NotAVaultError")


def test_r33_stopped_by_a_guard_it_is_answered_from_inside_the_vault(at_work: Desk) -> None:
    desk, note = at_work, at_work.vault / "Index/Needs attention.md"
    for n in range(30):
        desk.edit(f"p{n}", "^title: .*$", f"title: Changed {n}")
    desk.run("daemon", "start")
    until(note.exists)
    until(lambda: desk.json("daemon", "status")[1]["daemon"]["trouble"])
    status = desk.json("daemon", "status")[1]["daemon"]
    assert status["trouble"]["code"] == "GuardStop"
    assert desk.web.item(desk.keys["p0"])["title"] == "Paper number 0"
    text = note.read_text()
    note.write_text(text.replace("- [ ] do it", "- [x] do it"))
    until(lambda: desk.web.item(desk.keys["p29"])["title"] == "Changed 29")
    until(lambda: not note.exists())
    until(lambda: desk.json("daemon", "status")[1]["daemon"]["trouble"] is None)


def test_r6_the_daemon_carries_out_a_tick_and_comes_to_rest(at_work: Desk) -> None:
    desk, note = at_work, at_work.vault / "Index/Needs attention.md"
    desk.web.change(desk.keys["p1"], title="Theirs")
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.run("daemon", "start")
    until(note.exists)
    note.write_text(note.read_text().replace("- [ ] keep mine", "- [x] keep mine"))
    until(lambda: desk.web.item(desk.keys["p1"])["title"] == "Mine")
    until(lambda: not note.exists())
    desk.run("daemon", "stop")
    desk.settle()


def test_r31_a_waiting_machine_asks_in_a_note_of_its_own_and_takes_over_when_told(at_work: Desk) -> None:
    desk = at_work
    owner = desk.vault / ".bridge/owner"
    mine = owner.read_text()
    owner.write_text('{"machine": "0000000000000000", "name": "the other"}')
    desk.run("daemon", "start")
    [note] = until(lambda: list((desk.vault / "Index").glob("Needs attention - *.md")) or None)
    text = note.read_text()
    assert "the other" in text
    desk.web.change(desk.keys["p1"], url="https://later.example")
    time.sleep(0.5)
    assert desk.value("p1", "url") != "https://later.example"
    note.write_text(text.replace("- [ ] let", "- [x] let"))
    until(lambda: desk.value("p1", "url") == "https://later.example")
    until(lambda: not note.exists())
    assert owner.read_text() == mine


def test_law14_a_service_that_would_find_no_key_is_not_installed(
    at_work: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge.service.manager import Answer, Systemd

    asked: list[str] = []

    def execute(command: object) -> Answer:
        asked.append(str(command))
        return Answer(0, "")

    monkeypatch.setattr("bridge.service.control.find", lambda: Systemd(execute, tmp_path / "units"))
    (at_work.state / "keys.json").unlink()
    monkeypatch.setenv("ZOTERO_API_KEY", at_work.web.server.key)
    code, said = at_work.json("daemon", "install")
    assert (code, said["error"]["code"]) == (1, "MissingKeyError")
    assert not (tmp_path / "units").exists()
    assert asked == []
