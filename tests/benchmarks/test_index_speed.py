"""What index notes cost beside ten thousand papers, the index part alone (R35; ``pytest -m benchmark -s``).

The floor of a change is the same files written by nothing but their bytes, in the same run. Counts are asserted, times
only printed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from index_vault import Library, synthetic

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

PAPERS, TIMES = 10_000, 15


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("index")
    with Library.made(folder, [synthetic(n) for n in range(PAPERS)]) as found:
        yield found


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def renew(library: Library, written: list[str]) -> None:
    written += library.renew().written


def test_a_full_rebuild(library: Library) -> None:
    written: list[str] = []
    first = timed(lambda: written.extend(library.renew().written))
    again = timed(lambda: written.extend(library.renew(everything=True).written))
    floor = timed(lambda: library.write_alone(written, library.root / "Floor"))
    files, size = len(written), sum((library.root / path).stat().st_size for path in written)
    print(f"\n{files} index files, {size / 1e6:.1f} MB: {first:.2f} s, {first / floor:.1f} × writing them alone")
    print(f"rendered again, nothing written: {again:.2f} s, {again / PAPERS * 1000:.2f} ms a paper")


def test_r35_one_change_writes_only_what_it_touches(library: Library) -> None:
    library.renew()
    spent, floors, counts = [], [], []
    for turn in range(TIMES):
        paper = library.papers[synthetic(turn * 97).id]
        library.change(replace(paper, shelf="read", finished="2025-06-20", status_date="2025-06-20"))
        written: list[str] = []
        spent.append(timed(partial(renew, library, written)))
        floors.append(timed(partial(library.write_alone, written, library.root / f"Floor{turn}")))
        counts.append(len(written))
    middle, floor = statistics.median(spent), statistics.median(floors)
    most = f"at most {max(counts)} files"
    print(f"\none change among {PAPERS:,}: {middle * 1000:.0f} ms, {most}; the files alone {floor * 1000:.0f} ms")
    assert max(counts) <= 6
    assert middle < 2
