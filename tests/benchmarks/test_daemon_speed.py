"""What the daemon costs while nothing happens, and how long an edit takes beyond the quiet period and the poll.

``pytest -m benchmark -s tests/benchmarks/test_daemon_speed.py``; the printed table is the result.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from bench import ROOT, Library, served

from bridge.daemon.status import DaemonStatus, read_status

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

NOTES, TIMES = 10_000, 200
QUIET, POLL = 0.5, 0.5
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Daemon:
    """A daemon at work on a vault of ten thousand notes."""

    def __init__(self, library: Library, vault: Path) -> None:
        self.library, self.vault = library, vault
        command = [sys.executable, "-m", "bridge", "-C", str(vault), "sync"]
        self.process = subprocess.Popen(command, env=library.env, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.web = httpx2.Client(base_url=f"{library.url}/users/1", headers={"Zotero-API-Key": library.key})
        until(lambda: self.status() is not None)

    def configure(self, quiet: float, poll: float, idle: float) -> None:
        path = self.vault / ".bridge/config.toml"
        text = path.read_text().partition("\n[daemon]\n")[0]
        daemon = f"quiet_seconds = {quiet}\npoll_seconds = {poll}\nidle_poll_seconds = {idle}\n"
        path.write_text(f"{text}\n[daemon]\n{daemon}")

    def status(self) -> DaemonStatus | None:
        for path in (self.library.folder / "state").glob("vaults/*/daemon.json"):
            found = read_status(path.parent)
            if found is not None and found.pid == self.process.pid and found.cycles > 1 and not found.being_edited:
                return found
        return None

    def cpu(self) -> float:
        """Seconds of processor so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def resident(self) -> float:
        """Megabytes in memory."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", text)
        assert found is not None
        return int(found[1]) / 1024

    def close(self) -> None:
        self.web.close()
        self.process.terminate()
        self.process.wait(timeout=30)


def until(what: Callable[[], object], patience: float = 120.0) -> float:
    """Wait for something; the seconds it took."""
    began = time.perf_counter()
    while not what():
        assert time.perf_counter() - began < patience
        time.sleep(0.005)
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with served(tmp_path_factory.mktemp("daemon"), NOTES) as library:
        vault = library.vault()
        library.sync(vault)
        found = Daemon(library, vault)
        try:
            yield found
        finally:
            found.close()


def spread(name: str, seconds: list[float], beyond: float) -> None:
    extra = sorted(max(0.0, each - beyond) for each in seconds)
    p95 = extra[int(len(extra) * 0.95)]
    print(f"\n{name}: {statistics.median(extra):.3f} s median, {p95:.3f} s 95th percentile beyond {beyond:g} s")


def test_idle(daemon: Daemon) -> None:
    daemon.configure(5, 5, 60)
    time.sleep(90)  # until it polls once a minute
    before = daemon.cpu()
    time.sleep(60)
    print(f"\nidle: {daemon.cpu() - before:.2f} s of processor in a minute, {daemon.resident():.0f} MB resident")


def test_from_save_to_zotero(daemon: Daemon) -> None:
    daemon.configure(QUIET, POLL, POLL)
    time.sleep(2)
    notes = sorted((daemon.vault / "Papers").glob("*.md"))[:TIMES]
    found = []
    for turn, path in enumerate(notes):
        text = path.read_text()
        key = re.findall(r"^zotero-key: \W?(\w{8})", text, re.MULTILINE)[0]
        path.write_text(re.sub(r"^title: .*", f"title: Saved {turn}", text, count=1, flags=re.MULTILINE))
        wanted = f"Saved {turn}"
        found.append(until(lambda key=key, wanted=wanted: title_there(daemon, key) == wanted))  # type: ignore[misc]
    spread("from save to Zotero", found, QUIET)


def test_from_zotero_to_the_note(daemon: Daemon) -> None:
    daemon.configure(QUIET, POLL, POLL)
    time.sleep(2)
    notes = sorted((daemon.vault / "Papers").glob("*.md"))[-TIMES:]
    found = []
    for turn, path in enumerate(notes):
        key = re.findall(r"^zotero-key: \W?(\w{8})", path.read_text(), re.MULTILINE)[0]
        version = daemon.web.get(f"/items/{key}").json()["version"]
        daemon.web.patch(f"/items/{key}", json={"version": version, "title": f"Sent {turn}"})
        line = f"title: Sent {turn}\n"
        found.append(until(lambda path=path, line=line: line in path.read_text()))  # type: ignore[misc]
    spread("from Zotero to the note", found, POLL)


def test_a_flood(daemon: Daemon) -> None:
    daemon.configure(2, 60, 60)
    time.sleep(3)
    status = daemon.status()
    assert status is not None
    before, cpu = status.cycles, daemon.cpu()
    folder = daemon.vault / "Flood"
    folder.mkdir()
    for n in range(5000):
        (folder / f"{n}.md").write_text(f"One of many: {n}.\n")
    until(lambda: (now := daemon.status()) is not None and now.cycles > before)
    time.sleep(3)
    now = daemon.status()
    assert now is not None
    assert now.cycles - before == 1
    print(f"\n5,000 new files: {now.cycles - before} cycles, {daemon.cpu() - cpu:.1f} s of processor")


def title_there(daemon: Daemon, key: str) -> str:
    return str(daemon.web.get(f"/items/{key}").json()["data"]["title"])
