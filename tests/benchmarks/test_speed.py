"""How fast Bridge is, as whole processes, beside floors measured in the same run (``pytest -m benchmark -s``).

Nothing here asserts a time but for limits so wide that only a mistake in kind can break them: machines differ, and what
counts are the ratios in the table. Counts (requests, notes opened) are asserted.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bench import Library, Run, run, served

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

FLOORS = Path(__file__).with_name("floors.py")
ITEMS = 10_000
TIMES = 5
#: Seconds each answer is held back where a server is to be far away.
PAUSE = 1.0


@dataclass
class Table:
    """Rows of the README's table."""

    rows: list[str] = field(default_factory=list)

    def add(self, what: str, measured: str, floor: str, ratio: str, goal: str) -> None:
        self.rows.append(f"| {what} | {measured} | {floor} | {ratio} | {goal} |")


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    found = Table()
    yield found
    print("\n| what | measured | floor | ratio | goal |\n|---|---|---|---|---|", *found.rows, sep="\n")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with served(tmp_path_factory.mktemp("bench"), ITEMS) as found:
        yield found


@pytest.fixture(scope="module")
def vault(library: Library) -> Path:
    """A vault in step with the library."""
    found = library.vault()
    library.sync(found)
    return found


def medians(runs: list[Run]) -> tuple[float, float]:
    return statistics.median(one.wall for one in runs), statistics.median(one.cpu for one in runs)


def first_floor(library: Library, vault: Path, target: Path) -> dict[str, float]:
    arguments = ["first", library.url, library.key, str(library.items), str(vault / "Papers"), str(target)]
    done = run([sys.executable, str(FLOORS), *arguments], library.env)
    assert done.code == 0, done.err
    found: dict[str, float] = json.loads(done.out)
    assert found["files"] == library.items
    return found


def test_nothing_to_do(library: Library, vault: Path, table: Table) -> None:
    version = library.sync(vault).report["cursor"]
    floors, runs = [], []
    arguments = ["idle", library.url, library.key, str(version), str(vault)]
    for _ in range(TIMES):
        floors.append(run([sys.executable, str(FLOORS), *arguments], library.env))
        runs.append(library.sync(vault))
    assert json.loads(floors[0].out)["status"] == 304
    assert {one.report["requests"] for one in runs} == {1}
    assert library.opened(vault) == 0
    wall, floor = medians(runs)[0], medians(floors)[0]
    peak = max(one.peak for one in runs)
    ratio = f"{wall / floor:.1f}"
    table.add(f"nothing to do, {ITEMS:,} notes", f"{wall:.2f} s, {peak:.0f} MB", f"{floor:.2f} s", ratio, "≤ 0.5 s")
    assert wall < 5


def test_first_sync(library: Library, vault: Path, table: Table, tmp_path: Path) -> None:
    runs, floors = [], []
    for at in range(3):
        runs.append(library.sync(library.vault()))
        floors.append(first_floor(library, vault, tmp_path / str(at)))
    assert all(one.report["vault"]["created"] == ITEMS for one in runs)
    # The pages, the tree, the rights: nothing is asked for once an item.
    assert all(one.report["requests"] <= ITEMS / 100 + 5 for one in runs)
    wall, cpu = medians(runs)
    floor, floor_cpu = (statistics.median(one[name] for one in floors) for name in ("wall", "cpu"))
    peak = max(one.peak for one in runs)
    own = (cpu - floor_cpu) / ITEMS * 1000
    ratio = statistics.median(one.wall / two["wall"] for one, two in zip(runs, floors, strict=True))
    table.add(f"first sync, {ITEMS:,} items", f"{wall:.1f} s", f"{floor:.1f} s", f"{ratio:.1f}", "")
    table.add("its own processor time", f"{own:.2f} ms an item", "–", "–", "≤ 0.6 ms")
    table.add("its memory", f"{peak:.0f} MB", "–", "–", "≤ 150 MB")
    assert peak < 150
    assert own < 5


def test_first_sync_from_afar(table: Table, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server on this machine answers in milliseconds; one across a network does not, and there the floor is real."""
    folder = tmp_path_factory.mktemp("afar")
    with served(folder, ITEMS, PAUSE) as library:
        vault = library.vault()
        done = library.sync(vault)
        floor = first_floor(library, vault, folder / "floor")["wall"]
    what = f"the same, answers {PAUSE:g} s late"
    table.add(what, f"{done.wall:.1f} s", f"{floor:.1f} s", f"{done.wall / floor:.1f}", "≤ 1.3")
    assert done.wall < 3 * floor


def test_one_edit_in_a_note(library: Library, vault: Path, table: Table) -> None:
    note = sorted((vault / "Papers").glob("*.md"))[ITEMS // 2]
    runs = []
    for at in range(TIMES):
        library.sync(vault)  # the own write before comes back as news, so that each edit meets a quiet library
        note.write_bytes(note.read_bytes().replace(b"tags:\n", f"tags:\n  - mine-{at}\n".encode(), 1))
        runs.append(library.sync(vault))
    assert all(one.report["zotero"]["updated"] == 1 for one in runs)
    assert all(one.report["requests"] <= 3 for one in runs)
    requests = max(one.report["requests"] for one in runs)
    wall, _ = medians(runs)
    table.add("one edit in a note", f"{wall:.2f} s, {requests} requests", "–", "–", "≤ 3 requests")
    assert wall < 5


def test_one_change_in_zotero(library: Library, vault: Path, table: Table) -> None:
    import httpx2

    runs = []
    with httpx2.Client(base_url=library.url, headers={"Zotero-API-Key": library.key}) as client:
        item = client.get("/users/1/items/top", params={"limit": "1"}).json()[0]
        for at in range(TIMES):
            library.sync(vault)
            body = {"title": f"Changed {at}"}
            headers = {"If-Unmodified-Since-Version": "999999"}
            client.patch(f"/users/1/items/{item['key']}", json=body, headers=headers).raise_for_status()
            runs.append(library.sync(vault))
    assert all(one.report["vault"]["updated"] == 1 for one in runs)
    wall, _ = medians(runs)
    requests = max(one.report["requests"] for one in runs)
    table.add("one change in Zotero", f"{wall:.2f} s, {requests} requests", "–", "–", "–")
    assert wall < 5


@pytest.mark.parametrize("command", [["--help"], ["status"]], ids=lambda command: command[0])
def test_start(library: Library, vault: Path, table: Table, command: list[str]) -> None:
    arguments = command if command[0] == "--help" else ["-C", str(vault), *command]
    pairs = [(library.bridge(*arguments), library.python("pass")) for _ in range(TIMES)]
    assert all(one.code == 0 for one, _ in pairs)
    wall, floor = (statistics.median(pair[at].wall for pair in pairs) for at in (0, 1))
    table.add(f"`bridge {command[0]}`", f"{wall:.2f} s", f"{floor:.2f} s", f"{wall / floor:.1f}", "–")
    assert wall < 3


@pytest.mark.long
def test_a_hundred_thousand(table: Table, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Time grows with the number of items, not faster; memory stays far from all of them."""
    seconds: dict[int, float] = {}
    peak = 0.0
    for items in (ITEMS, 10 * ITEMS):
        with served(tmp_path_factory.mktemp("many"), items) as library:
            done = library.sync(library.vault())
            assert done.report["vault"]["created"] == items
            seconds[items], peak = done.cpu, done.peak
    growth = seconds[10 * ITEMS] / seconds[ITEMS]
    table.add(
        "first sync, 100,000 items", f"{peak:.0f} MB", "–", f"{growth:.1f} × the time of 10,000", "≤ 500 MB, linear"
    )
    assert peak < 500
    assert growth < 20
