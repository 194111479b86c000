"""What renames cost in a vault of 10,000 notes (``pytest -m benchmark -s``): counts are asserted, times printed.

A renaming opens only files that can hold what follows, each once, and beyond that costs one look at the vault's folders
and one question to the index. Reading every note, as it would be without the index, is measured beside it.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import Library, run, served

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

ITEMS, TIMES, LINKED = 10_000, 5, 200
#: One cycle, with the opens of each note counted.
_COUNTED = """
import collections, json, sys
opened = collections.Counter()
def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith((".md", ".canvas")):
        opened[str(arguments[0])] += 1
sys.addaudithook(hook)
from bridge.cli import main
code = main(sys.argv[1:])
print(json.dumps(opened), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with served(tmp_path_factory.mktemp("rename"), ITEMS) as found:
        yield found


@pytest.fixture(scope="module")
def vault(library: Library) -> Path:
    """A vault in step, in which every fiftieth note cites the first paper, and all others cite something."""
    found = library.vault()
    library.sync(found)
    notes = sorted((found / "Papers").glob("@*.md"))
    for at, path in enumerate(notes):
        cited = notes[0 if at % (ITEMS // LINKED) == 0 else (at * 7 + 1) % (len(notes) - 1) + 1].stem
        with path.open("a") as file:
            file.write(f"\nSee [[{cited}]] and [{cited}].\n")
    library.sync(found)
    library.sync(found)
    return found


def cycle(library: Library, vault: Path, *, expect: int) -> tuple[float, dict[str, int]]:
    arguments = ["-C", str(vault), "sync", "--once", "--yes", "--json"]
    done = run([sys.executable, "-c", _COUNTED, *arguments], library.env)
    assert done.code == 0, done.out + done.err
    assert json.loads(done.out)["vault"]["renamed"] == expect
    opened: dict[str, int] = json.loads(done.err.splitlines()[-1])
    return done.wall, opened


def rekey(path: Path, new: str) -> Path:
    old = path.stem.removeprefix("@")
    path.write_text(path.read_text().replace(f"citekey: {old}\n", f"citekey: {new}\n"))
    return path.with_name(f"@{new}.md")


def test_one_key_among_ten_thousand_notes(library: Library, vault: Path) -> None:
    path = min((vault / "Papers").glob("@*.md"))
    walls = []
    for at in range(TIMES):
        path = rekey(path, f"aaa{at}renamed")
        wall, opened = cycle(library, vault, expect=1)
        walls.append(wall)
        holders = [name for name, times in opened.items() if times]
        # Each holder is read once and looked at once more before it is replaced (law 6); the paper's own note is read
        # by the scan, for its edit and for its links.
        assert len(holders) <= LINKED + 2
        assert all(times <= 3 for name, times in opened.items() if not name.endswith("renamed.md"))
        library.sync(vault)
    idle = statistics.median(library.sync(vault).wall for _ in range(3))
    began = time.perf_counter()
    read = sum(len(each.read_bytes()) for each in (vault / "Papers").glob("*.md"))
    floor = time.perf_counter() - began
    wall = statistics.median(walls)
    print(f"\n| one key renamed, {ITEMS:,} notes, {LINKED} with links to it | {wall:.2f} s |")
    print(f"| of it, a cycle with nothing to do | {idle:.2f} s |")
    print(f"| reading all notes ({read / 1e6:.0f} MB), which it does not | {floor:.2f} s |")
    assert wall < 10


def test_a_thousand_keys_at_once(library: Library, vault: Path) -> None:
    paths = sorted((vault / "Papers").glob("@*.md"))[1:1001]
    for at, path in enumerate(paths):
        rekey(path, f"many{at}renamed")
    wall, opened = cycle(library, vault, expect=len(paths))
    print(f"\n| a thousand keys renamed at once | {wall:.1f} s, {wall / len(paths) * 1000:.1f} ms each |")
    assert max(opened.values()) <= 7
    assert wall < 120
