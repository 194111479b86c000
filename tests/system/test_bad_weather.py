"""Servers that fail, processes that are killed, two at once: what a sync leaves behind, the next one ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from command import run
from desk import Desk, Library, digests

from bridge.app import App
from bridge.lock import hold, holder
from bridge.sandbox.faults import Fault
from bridge.sandbox.server import SandboxServer

ROOT = Path(__file__).parents[2]


def edit_both(desk: Desk, count: int = 6) -> None:
    """So many edits in notes and so many in Zotero, and two tags on the same papers."""
    for n in range(count):
        desk.edit(f"p{n}", "^title: .*$", f"title: Mine {n}")
        desk.edit(f"p{n}", f"^  - own-{n}$", f"  - own-{n}\n  - mine")
        key = desk.keys[f"p{n + count}"]
        desk.web.change(key, title=f"Theirs {n}", tags=[*desk.web.item(key)["tags"], {"tag": "theirs"}])


def assert_both_arrived(desk: Desk, count: int = 6) -> None:
    items = desk.web.items()
    assert len(items) == len(desk.keys)
    assert len([*desk.vault.rglob("*.md")]) == len(desk.keys)
    for n in range(count):
        mine, theirs = f"p{n}", f"p{n + count}"
        item = items[desk.keys[mine]]
        assert (item["title"], desk.value(mine, "title")) == (f"Mine {n}", f"Mine {n}")
        tags = [tag["tag"] for tag in item["tags"]]
        assert sorted(tags) == sorted(["Shared Tag", f"own {n}", "machine made", "mine"])
        assert desk.value(theirs, "title") == f"Theirs {n}"
        assert "theirs" in desk.list(theirs, "tags")
    assert not [path for path in desk.vault.rglob("*") if path.name.endswith((".tmp", "~"))]


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault("status", status=503)], marks=pytest.mark.long),
        [Fault("status", status=503, method="POST")],
        [Fault("status", status=500, method="POST", times=2)],
        pytest.param([Fault("status", status=502, times=3)], marks=pytest.mark.long),
        pytest.param([Fault("rate-limit", seconds=7)], marks=pytest.mark.long),
        [Fault("rate-limit", seconds=7, method="POST")],
        [Fault("rate-limit", seconds=3600)],
        [Fault("backoff", seconds=9)],
        pytest.param([Fault("drop-before")], marks=pytest.mark.long),
        [Fault("drop-before", method="POST", times=2)],
        [Fault("drop-after", method="POST")],
        [Fault("drop-after", method="POST", times=None)],
        pytest.param([Fault("truncate")], marks=pytest.mark.long),
        [Fault("truncate", method="POST")],
        [Fault("truncate", path="deleted", times=None)],
        [Fault("delay", seconds=0.05, times=None)],
        [Fault("status", status=503, times=None)],
        pytest.param([Fault("status", status=503, times=None, method="POST")], marks=pytest.mark.long),
        [Fault("drop-after", method="POST"), Fault("drop-before", method="GET", after=3, times=9)],
    ],
    ids=lambda faults: "-".join(f"{one.kind}{one.method or ''}{one.times or 'ever'}" for one in faults),
)
def test_law_1_what_a_failing_server_leaves_the_next_sync_ends(
    desk: Desk, naps: list[float], faults: list[Fault]
) -> None:
    edit_both(desk)
    for fault in faults:
        desk.web.server.faults.add(fault)
    code, said = desk.sync()
    assert code in (0, 5), said
    if code == 5 and "error" in said:
        assert said["error"]["advice"]
    desk.web.server.faults.clear()
    desk.settle()
    assert_both_arrived(desk)


def test_a_pause_asked_for_is_taken(desk: Desk, naps: list[float]) -> None:
    desk.web.server.faults.add(Fault("rate-limit", seconds=7))
    assert desk.sync()[0] == 0
    assert sum(naps) == pytest.approx(7, abs=1)


def test_an_unreachable_server_is_5_and_nothing_is_lost(desk: Desk, naps: list[float]) -> None:
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.web.server.faults.add(Fault("drop-before", times=None))
    before = digests(desk.vault)
    result = desk.run("sync", "--once")
    assert (result.code, result.out) == (5, "")
    assert "Nothing is lost" in result.err
    assert digests(desk.vault) == before
    desk.web.server.faults.clear()
    desk.settle()
    assert desk.web.item(desk.keys["p1"])["title"] == "Mine"


def test_law_6_another_writer_in_between_is_no_loss(desk: Desk) -> None:
    """The version expected is not there any more: the write is refused, and the next cycle merges."""
    edit_both(desk)
    other = desk.keys["p1"]
    desk.web.server.faults.add(Fault("interleave", method="POST", key=other, changes={"url": "https://other.example"}))
    for _ in range(3):
        desk.sync()
    desk.settle()
    assert_both_arrived(desk)
    assert desk.value("p1", "url") == "https://other.example"


def test_r17_a_server_restored_from_a_backup_loses_no_edit(desk: Desk) -> None:
    backup = desk.web.server.snapshot()
    edit_both(desk)
    desk.settle()
    assert desk.web.server.rollback(backup)
    desk.edit("p20", "^url: .*$", "url: https://after.example")
    code, _ = desk.sync()
    assert code in (0, 3)
    # Without a base what differs is a question, never an answer: each side keeps its own.
    for n in range(6):
        assert desk.value(f"p{n}", "title") == f"Mine {n}"
        assert desk.value(f"p{n + 6}", "title") == f"Theirs {n}"
        assert {"mine"} <= {*desk.list(f"p{n}", "tags")}
        assert "mine" in desk.web.tags(desk.keys[f"p{n}"])
    for conflict in desk.json("conflicts")[1]["conflicts"]:
        assert desk.run("resolve", conflict["id"], "--keep", "vault").code in (0, 3)
    desk.settle()
    assert_both_arrived(desk)
    assert desk.web.item(desk.keys["p20"])["url"] == "https://after.example"


# --- killed ---


def start(desk: Desk, *flags: str) -> subprocess.Popen[bytes]:
    """A sync as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", "-C", str(desk.vault), "sync", "--once", *flags],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def end(process: subprocess.Popen[bytes]) -> str:
    """Wait for a sync; what it said."""
    out, _ = process.communicate(timeout=60)
    return out.decode()


def kill_when(process: subprocess.Popen[bytes], due: Callable[[], bool], pause: float) -> None:
    """Kill a sync with SIGKILL a moment after something has happened; one that is faster is let go."""
    while process.poll() is None and not due():
        time.sleep(0.0005)
    time.sleep(pause)
    process.kill()
    end(process)


def await_work(desk: Desk, process: subprocess.Popen[bytes]) -> None:
    """Wait until a sync is at work on the vault."""
    lock = App.open(desk.vault).home.lock
    while holder(lock) != process.pid and process.poll() is None:
        time.sleep(0.005)


class Reader(threading.Thread):
    """Reads all notes again and again, as Obsidian and cloud drives do; law 5: it must see whole files only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.seen, self.torn = folder, 0, list[str]()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            for path in self.folder.glob("*.md"):
                try:
                    text = path.read_text()
                except FileNotFoundError:
                    continue
                self.seen += 1
                if not (text.startswith("---\n") and text.endswith("\n## Notes\n\n") and "\nzotero-stamp: " in text):
                    self.torn.append(path.name)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def kills(count: int, seed: int) -> Iterator[tuple[int, float]]:
    """How far to let each sync come, in requests and notes, and how long after that."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.randrange(6), chance.random() * 0.08


def first_sync_killed(server: SandboxServer, folder: Path, count: int, seed: int) -> None:
    desk = Desk.set_up(folder, Library(server))
    (desk.vault / "Papers").mkdir(exist_ok=True)
    with Reader(desk.vault / "Papers") as reader:
        for requests, pause in kills(count, seed):
            server.requests.reset()
            kill_when(start(desk), lambda so_far=requests: server.requests.count() >= so_far, pause)  # type: ignore[misc]  # bound now
        desk.settle()
    assert not reader.torn
    assert len([*desk.vault.rglob("*.md")]) == len(desk.keys)
    assert all(desk.value(name, "zotero-key") == key for name, key in desk.keys.items())
    assert not [path.name for path in desk.vault.rglob("*") if path.is_file() and "tmp" in path.name]
    assert len(desk.web.items()) == len(desk.keys)


def test_law_5_a_first_sync_killed_again_and_again_ends_whole(server: SandboxServer, tmp_path: Path) -> None:
    first_sync_killed(server, tmp_path, 3, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_law_5_a_first_sync_killed_at_many_points(server: SandboxServer, tmp_path: Path, seed: int) -> None:
    first_sync_killed(server, tmp_path, 8, seed)


def edits_killed(desk: Desk, count: int, seed: int) -> None:
    edit_both(desk, 12)
    server = desk.web.server
    with Reader(desk.vault / "Papers") as reader:
        for requests, pause in kills(count, seed):
            server.requests.reset()
            kill_when(start(desk, "--yes"), lambda so_far=requests: server.requests.count() >= so_far, pause)  # type: ignore[misc]  # bound now
        assert desk.sync("--yes")[0] == 0
        desk.settle()
    assert reader.seen > 0
    assert not reader.torn
    assert_both_arrived(desk, 12)


def test_law_5_a_sync_of_many_edits_killed_again_and_again_ends_whole(desk: Desk) -> None:
    edits_killed(desk, 3, seed=2)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_law_5_a_sync_of_many_edits_killed_at_many_points(desk: Desk, seed: int) -> None:
    edits_killed(desk, 8, seed)


def test_r4_killed_after_sending_and_edited_again_is_no_conflict_with_oneself(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: First")
    # The answer is lost, and looking what became of the write takes long enough to be killed meanwhile.
    desk.web.server.faults.add(Fault("drop-after", method="POST"))
    desk.web.server.faults.add(Fault("delay", seconds=1.5, method="GET", path="itemKey"))
    process = start(desk)
    while desk.web.item(desk.keys["p1"])["title"] != "First" and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    assert end(process) == ""
    assert desk.web.item(desk.keys["p1"])["title"] == "First"
    desk.edit("p1", "^title: .*$", "title: Second")
    code, report = desk.sync()
    assert (code, report["conflicts"]) == (0, 0)
    assert desk.web.item(desk.keys["p1"])["title"] == "Second"
    desk.settle()


# --- two at once ---


def test_a_second_process_says_who_holds_the_vault(desk: Desk) -> None:
    desk.settle()
    with hold(App.open(desk.vault).home.lock, "sync"):
        code, said = desk.sync()
        assert (code, said["error"]["code"]) == (1, "VaultBusyError")
        assert str(os.getpid()) in said["error"]["message"]
        assert desk.json("status")[0] == 0
    desk.settle()


def test_the_lock_of_a_killed_process_is_no_lock(desk: Desk) -> None:
    desk.web.server.faults.add(Fault("delay", seconds=1.5, times=None))
    process = start(desk)
    await_work(desk, process)
    assert desk.sync()[1]["error"]["code"] == "VaultBusyError"
    process.send_signal(signal.SIGKILL)
    end(process)
    desk.web.server.faults.clear()
    desk.settle()


def test_ctrl_c_ends_it_in_words(desk: Desk) -> None:
    desk.web.server.faults.add(Fault("delay", seconds=1, times=None))
    process = start(desk)
    await_work(desk, process)
    process.send_signal(signal.SIGINT)
    said = end(process)
    # A shell shows 130 for both: CPython ends itself with the signal where it was interrupted inside an import's exec.
    assert process.returncode in (130, -signal.SIGINT), said
    assert "Traceback" not in said
    assert "Interrupted" in said
    desk.web.server.faults.clear()
    desk.settle()


def test_two_vaults_may_share_a_library(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people's vaults, or two of one person: edits travel through the library."""
    other = tmp_path / "other"
    monkeypatch.setenv("ZOTERO_API_KEY", desk.web.server.key)
    assert run("init", other, "--url", desk.web.server.url, "--yes", "--no-template").code == 0
    assert run("-C", other, "sync", "--once").code == 0
    desk.edit("p1", "^title: .*$", "title: From the first")
    desk.settle()
    assert run("-C", other, "sync", "--once").code == 0
    assert "title: From the first" in (other / "Papers" / "@p1.md").read_text()
