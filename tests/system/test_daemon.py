"""The daemon as a process, over real files and HTTP: edits as editors make them, echoes, faults, signals, orders.

What a clock moved by hand proves as well (``tests/unit/daemon``) is behind the marker ``long`` here, for each process
takes its second.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from running import Running, configure, running, until

from bridge.keys import Keys
from bridge.lock import hold
from bridge.vault.marker import Machine, take_over

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk whose daemon is quick."""
    configure(desk)
    return desk


def sent(desk: Desk, key: str) -> list[str]:
    """What was sent to Zotero of one field, oldest first, as the history has it."""
    cycles = desk.json("log", "-n", "100")[1]["cycles"]
    found = [change for cycle in reversed(cycles) for change in cycle["changes"] if change["side"] == "zotero"]
    return [change["after"] for change in found if change["key"] == key]


def has_title(desk: Desk, name: str, title: str) -> bool:
    return bool(desk.web.item(desk.keys[name])["title"] == title)


def with_title(text: str, title: str) -> str:
    lines = [f"title: {title}" if line.startswith("title:") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def in_place(path: Path, text: str) -> None:
    """In chunks, with pauses, as a slow sync tool writes."""
    with path.open("r+b") as file:
        data = text.encode()
        for start in range(0, len(data), 200):
            file.write(data[start : start + 200])
            file.flush()
            time.sleep(0.03)
        file.truncate()


def truncate_and_write(path: Path, text: str) -> None:
    """Empty for a moment, as Obsidian's own writer may leave it."""
    path.write_bytes(b"")
    time.sleep(0.15)
    path.write_text(text)


def rename_over(path: Path, text: str) -> None:
    """A temporary file put over it, as most editors do."""
    temporary = path.with_name(f".{path.name}.swp")
    temporary.write_text(text)
    temporary.replace(path)


def delete_and_make(path: Path, text: str) -> None:
    """Gone for a moment, as some sync tools leave it."""
    path.unlink()
    time.sleep(0.15)
    path.write_text(text)


def test_r37_edits_of_every_kind_of_editor_arrive_whole_and_once(desk: Desk) -> None:
    ways = {"p1": in_place, "p2": truncate_and_write, "p3": rename_over, "p4": delete_and_make}
    with running(desk) as daemon:
        daemon.ready()
        for name, way in ways.items():
            way(desk.path(name), with_title(desk.text(name), f"By {way.__name__}"))
        for name, way in ways.items():
            until(partial(has_title, desk, name, f"By {way.__name__}"))
        daemon.in_step()
    assert {name: sent(desk, desk.keys[name]) for name in ways} == {
        name: [f"By {way.__name__}"] for name, way in ways.items()
    }
    assert desk.held() == []


@pytest.mark.long
def test_r37_half_typed_words_never_reach_zotero_and_hold_up_nobody(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        desk.edit("p1", "^title: .*", "title: Another")
        for word in ("D", "De", "Dee", "Deep", "Deep L", "Deep Le", "Deep Lea", "Deep Learning"):
            desk.edit("p0", "^title: .*", f"title: {word}")
            time.sleep(0.2)
        until(lambda: desk.web.item(desk.keys["p0"])["title"] == "Deep Learning")
        daemon.in_step()
    assert sent(desk, desk.keys["p0"]) == ["Deep Learning"]
    assert sent(desk, desk.keys["p1"]) == ["Another"]


def test_law_8_an_incoming_change_is_not_sent_back_and_cycles_come_to_rest(desk: Desk) -> None:
    log = desk.web.server.requests
    with running(desk) as daemon:
        daemon.ready()
        desk.web.change(desk.keys["p0"], title="From Zotero")
        until(lambda: desk.value("p0", "title") == "From Zotero")
        daemon.in_step()
        configure(desk, poll=0.5, idle=60)
        until(lambda: daemon.status().next_poll > daemon.status().updated)
        log.reset()
        stats = desk.stats()
        time.sleep(1.5)
        assert log.count("POST") == log.count("PATCH") == 0
        assert 0 < len(log.all) <= 4  # polls alone, ever more seldom
        assert {request.status for request in log.all} == {304}
        assert desk.stats() == stats


def test_r37_orders_of_other_commands_are_carried_out_by_the_daemon(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        pid = daemon.process.pid
        assert desk.json("status")[1]["daemon"]["pid"] == pid
        code, _, err = desk.run("sync")
        assert code == 1
        assert f"process {pid}" in err

        # one cycle, without a quiet period
        configure(desk, quiet_seconds=3600, poll=3600, idle=3600)
        until(lambda: daemon.status().next_poll[:10] > daemon.status().updated[:10] or daemon.status().cycles > 1)
        desk.edit("p0", "^title: .*", "title: At once")
        code, report = desk.sync()
        assert (code, report["zotero"]["updated"]) == (0, 1)

        # a conflict, and its answer
        desk.web.change(desk.keys["p1"], title="Zotero's")
        desk.edit("p1", "^title: .*", "title: Mine")
        code, report = desk.sync()
        assert (code, report["conflicts"]) == (3, 1)
        number = desk.json("conflicts")[1]["conflicts"][0]["id"]
        code, report = desk.json("resolve", number, "--keep", "vault")
        assert (code, report["conflicts"]) == (0, 0)
        assert desk.web.item(desk.keys["p1"])["title"] == "Mine"

        # an answer to what is over is refused, in the same words and with the same code
        code, answer = desk.json("resolve", number, "--keep", "zotero")
        assert (code, answer["error"]["code"]) == (1, "OutdatedAnswerError")
        assert desk.json("resolve", 4711, "--keep", "zotero")[0] == 2

        # the answer taken back: by its number, and only where there is one
        cycle = desk.json("log")[1]["cycles"][0]["cycle"]
        code, report = desk.json("undo", cycle, "--yes")
        assert (code, report["conflicts"], report["undo"]["left"]) == (3, 1, [])
        assert desk.web.item(desk.keys["p1"])["title"] == "Zotero's"
        assert desk.json("undo", 4711, "--yes")[0] == 2

        # index notes made anew
        config = desk.vault / ".bridge" / "config.toml"
        config.write_text(config.read_text().replace("pages = []", 'pages = ["topics"]'))
        code, done = desk.json("index")  # by the configuration as it is, however new
        assert (code, done["problems"], (desk.vault / "Index/Topics.md").exists()) == (0, [], True)
        assert daemon.trouble() == ""
        assert list((daemon.folder / "orders").iterdir()) == []


def test_it_ends_within_a_moment_in_the_middle_of_a_request(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        desk.web.server.faults.add("delay", seconds=30.0, path="items", times=None)
        log = desk.web.server.requests
        log.reset()
        time.sleep(0.5)  # the next poll has begun by now, or begins in the middle of the end: both must end
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 10  # the answer would take thirty seconds
        desk.web.server.faults.clear()
    status = json.loads((daemon.folder / "daemon.json").read_text())
    assert status["state"] == "stopped"
    assert desk.json("status")[1]["daemon"] is None
    with hold(daemon.folder / "lock", "test"):
        pass


def test_law_14_one_in_a_terminal_keeps_the_log_as_well(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        desk.edit("p0", "^title: .*", "title: A secret thought")
        log = daemon.folder / "bridge.log"
        until(lambda: "1 sent to Zotero" in log.read_text())
        assert daemon.stop() == 0
    text = log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert text.splitlines()[-1].endswith("Stopping.")
    assert "A secret thought" not in text
    assert desk.web.server.key not in text


@pytest.mark.long
def test_a_second_ctrl_c_ends_it_at_once(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        daemon.send(signal.SIGINT)
        daemon.send(signal.SIGINT)
        assert daemon.process.wait(30) in (0, 130)


@pytest.mark.long
def test_law_5_killed_and_started_again_it_goes_on(desk: Desk) -> None:
    for round_ in range(2):
        with running(desk) as daemon:
            daemon.ready()
            for n in range(12):
                desk.edit(f"p{n}", "^title: .*", f"title: Round {round_} of {n}")
                desk.web.change(desk.keys[f"p{n + 20}"], title=f"Zotero {round_} of {n}")
            time.sleep(0.3 + 0.2 * round_)
            assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
    with running(desk) as daemon:
        daemon.ready()
        until(lambda: all(desk.web.item(desk.keys[f"p{n}"])["title"] == f"Round 1 of {n}" for n in range(12)))
        until(lambda: all(desk.value(f"p{n + 20}", "title") == f"Zotero 1 of {n}" for n in range(12)))
        daemon.in_step()
        assert daemon.stop() == 0
    assert desk.held() == []
    assert desk.json("conflicts")[1]["conflicts"] == []
    assert not list(desk.vault.rglob(".bridge-tmp-*"))


@pytest.mark.long
def test_it_starts_offline_and_catches_up(desk: Desk) -> None:
    faults = desk.web.server.faults
    faults.add("drop-before", times=None)
    with running(desk) as daemon:
        until(lambda: daemon.trouble() == "UnreachableError")
        desk.edit("p0", "^title: .*", "title: Meanwhile")
        faults.clear()
        daemon.send(signal.SIGUSR1)
        until(lambda: desk.web.item(desk.keys["p0"])["title"] == "Meanwhile")
        until(lambda: daemon.trouble() == "")


def test_law_9_a_vault_that_goes_away_is_waited_for(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        away = desk.vault.with_name("unplugged")
        desk.vault.rename(away)
        desk.vault.mkdir()  # the empty folder that a disk is mounted on
        until(lambda: daemon.trouble() == "VaultMarkerError")
        assert list(desk.vault.iterdir()) == []
        desk.vault.rmdir()
        away.rename(desk.vault)
        until(lambda: daemon.trouble() == "")
        desk.edit("p0", "^title: .*", "title: Back again")
        until(lambda: desk.web.item(desk.keys["p0"])["title"] == "Back again")
        daemon.in_step()
    assert len(desk.web.items()) == len(desk.keys)
    assert desk.json("log")[1]["cycles"][0]["summary"]["zotero"]["updated"] == 1


@pytest.mark.long
def test_a_key_that_is_taken_back_and_renewed(desk: Desk) -> None:
    server = desk.web.server
    with running(desk) as daemon:
        daemon.ready()
        old, new = server.add_key(), server.add_key()
        keys = Keys(desk.state)
        keys.store(server.url, desk.web.name, old)
        server.revoke(server.key)
        try:
            daemon.send(signal.SIGHUP)  # whoever reads the configuration anew looks for the key anew
            until(lambda: daemon.status().cycles > 1 and daemon.trouble() == "")
            server.revoke(old)
            until(lambda: daemon.trouble() == "ForbiddenError")
            assert old not in daemon.log.read_text() + (daemon.folder / "daemon.json").read_text()  # law 14
            keys.store(server.url, desk.web.name, new)
            desk.edit("p0", "^title: .*", "title: With the new key")
            daemon.send(signal.SIGUSR1)
            until(lambda: daemon.trouble() == "")
            until(lambda: desk.value("p0", "title") == "With the new key" and sent(desk, desk.keys["p0"]))
        finally:
            server.rollback()


@pytest.mark.long
def test_r33_stopped_by_a_guard_it_says_what_to_do_and_is_answered(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        for n in range(40):
            desk.edit(f"p{n}", r"^tags:\n(  - .*\n)+", "tags: []\n")
        until(lambda: daemon.trouble() == "GuardStop")
        assert len(desk.web.tags(desk.keys["p0"])) == 2
        assert "bridge sync --once --yes" in desk.run("status").out
        code, report = desk.sync("--yes")
        assert (code, report["zotero"]["updated"]) == (0, 40)
        until(lambda: daemon.trouble() == "")


@pytest.mark.long
def test_r31_it_waits_while_another_machine_has_the_vault(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        take_over(desk.vault, Machine("0123456789abcdef", "laptop"))
        until(lambda: daemon.trouble() == "VaultOwnedError")
        log = desk.web.server.requests
        log.reset()
        desk.edit("p0", "^title: .*", "title: Not mine to send")
        time.sleep(1)
        assert log.count() == 0
        code, report = desk.sync("--take-over")
        assert (code, report["zotero"]["updated"]) == (0, 1)
        until(lambda: daemon.trouble() == "")


@pytest.mark.long
def test_a_configuration_edited_while_it_runs(desk: Desk) -> None:
    settings = desk.vault / ".bridge/config.toml"
    with running(desk) as daemon:
        daemon.ready()
        good = settings.read_text()
        settings.write_text(good + "\n[daemn]\n")
        until(lambda: "daemn" in daemon.status().config)
        desk.edit("p0", "^title: .*", "title: Goes on")
        until(lambda: desk.web.item(desk.keys["p0"])["title"] == "Goes on")
        settings.write_text(good.replace("[tags]", "[tags]") + '\n[fields]\nrating = "extra:Rating"\n')
        until(lambda: daemon.status().config == "")
        desk.edit("p0", "^citekey: ", "rating: five\ncitekey: ")
        until(lambda: "Rating: five" in desk.web.item(desk.keys["p0"])["extra"])


def _random_edits(desk: Desk, daemon: Running, count: int, seed: int) -> None:
    """Edits on both sides at random: scalars of each paper from one side only, tags from both.

    It begins with letting the guards go, for this is more than a person does in a day (R33).
    """
    settings = desk.vault / ".bridge/config.toml"
    settings.write_text(settings.read_text() + "\n[guards]\nshare = 1.0\n")
    chance = random.Random(seed)
    titles: dict[str, str] = {}
    tags: dict[str, set[str]] = {}
    for turn in range(count):
        name = f"p{chance.randrange(len(desk.keys))}"
        number = int(name[1:])
        word = f"w{turn}"
        if chance.random() < 0.5:
            titles[name] = f"Title {word}"
            if number % 2:
                until(partial(_edited, desk, name, f"title: {titles[name]}"))
            else:
                until(partial(_changed, desk, name, title=titles[name]))
        else:
            tags.setdefault(name, set()).add(word)
            if chance.random() < 0.5:
                until(partial(_tagged, desk, name, word))
            else:
                until(partial(_tagged_there, desk, name, word))
        time.sleep(chance.choice((0.0, 0.01, 0.05, 0.3)))
    until(lambda: all(desk.web.item(desk.keys[name])["title"] == title for name, title in titles.items()))
    until(lambda: all(desk.value(name, "title") == title for name, title in titles.items()))
    until(lambda: all(words <= set(desk.web.tags(desk.keys[name])) for name, words in tags.items()))
    until(lambda: all(words <= set(desk.list(name, "tags")) for name, words in tags.items()))
    daemon.in_step()
    assert desk.json("conflicts")[1]["conflicts"] == []
    assert desk.held() == []


def _changed(desk: Desk, name: str, **fields: Any) -> bool:
    """Edit in Zotero, unless the daemon wrote there this very moment: then look again first."""
    try:
        desk.web.change(desk.keys[name], **fields)
    except AssertionError as error:
        if "modified since" not in str(error):
            raise
        return False
    return True


def _tagged_there(desk: Desk, name: str, word: str) -> bool:
    item = desk.web.item(desk.keys[name])
    try:
        desk.web.call(
            "PATCH", f"items/{item['key']}", {"version": item["version"], "tags": [*item["tags"], {"tag": word}]}
        )
    except AssertionError as error:
        if "modified since" not in str(error):
            raise
        return False
    return True


def _edited(desk: Desk, name: str, line: str) -> bool:
    return _saved(desk, name, "\n".join(line if old.startswith("title:") else old for old in _lines(desk, name)))


def _tagged(desk: Desk, name: str, word: str) -> bool:
    lines = _lines(desk, name)
    at = next(n for n, line in enumerate(lines) if line.startswith("tags:"))
    return _saved(desk, name, "\n".join([*lines[: at + 1], f"  - {word}", *lines[at + 1 :]]))


def _lines(desk: Desk, name: str) -> list[str]:
    return desk.text(name).split("\n")


def _saved(desk: Desk, name: str, text: str) -> bool:
    """Save as an editor does that merges what came from outside: not over a text it has not seen."""
    path = desk.path(name)
    temporary = path.with_name(".editor.tmp")
    before: Any = path.stat().st_ino
    temporary.write_text(text)
    if path.stat().st_ino != before:
        return False  # written by the daemon meanwhile: take that text first
    temporary.replace(path)
    return True


@pytest.mark.long
def test_law_1_random_edits_on_both_sides_end_in_step(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.ready()
        _random_edits(desk, daemon, 25, seed=4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_law_1_two_hundred_random_edits_end_in_step(desk: Desk, seed: int) -> None:
    with running(desk) as daemon:
        daemon.ready()
        _random_edits(desk, daemon, 200, seed)


@pytest.mark.long
def test_law_1_two_hundred_random_edits_in_bad_weather_end_in_step(desk: Desk) -> None:
    faults = desk.web.server.faults
    with running(desk) as daemon:
        daemon.ready()
        for after in range(0, 60, 6):
            # Of the daemon's writes; the test's own go to one item each.
            faults.add("drop-after", method="POST", after=after)
            faults.add("status", status=503, method="GET", path="since=", after=2 * after)
            faults.add("truncate", method="GET", path="since=", after=2 * after + 1)
        _random_edits(desk, daemon, 200, seed=9)


@pytest.mark.long
def test_law_5_killed_again_and_again_while_people_edit(desk: Desk) -> None:
    chance = random.Random(1)
    for turn in range(20):
        with running(desk) as daemon:
            for n in range(5):
                desk.edit(f"p{n}", "^title: .*", f"title: Note {turn}")
                desk.web.change(desk.keys[f"p{n + 20}"], title=f"Zotero {turn}")
            time.sleep(chance.uniform(0.2, 2.0))
            daemon.stop(signal.SIGKILL)
    with running(desk) as daemon:
        daemon.ready()
        daemon.in_step()
    for n in range(5):
        assert desk.web.item(desk.keys[f"p{n}"])["title"] == desk.value(f"p{n}", "title") == "Note 19"
        assert desk.web.item(desk.keys[f"p{n + 20}"])["title"] == desk.value(f"p{n + 20}", "title") == "Zotero 19"


@pytest.mark.long
def test_a_checkout_of_thousands_of_notes_is_one_cycle(desk: Desk) -> None:
    configure(desk, quiet_seconds=2, poll=3600, idle=3600)
    with running(desk) as daemon:
        daemon.ready()
        before = daemon.status().cycles
        source = desk.vault.with_name("checkout")
        source.mkdir()
        for n in range(5000):
            (source / f"note {n}.md").write_text(f"Nothing special, {n}.\n")
        shutil.move(source, desk.vault / "checkout")
        for n in range(0, 5000, 2):
            (desk.vault / "checkout" / f"note {n}.md").write_text("changed\n")
        until(lambda: daemon.status().cycles > before)
        time.sleep(4)
        assert daemon.status().cycles - before == 1
