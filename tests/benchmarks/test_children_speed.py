"""How fast Bridge is with many highlights, as whole processes (``pytest -m benchmark -s``); see :mod:`test_speed`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from bench import Library, run, served

from bridge.sandbox import accounts
from bridge.sandbox.accounts import version_of
from bridge.sandbox.library import save_new
from bridge.sandbox.store import Store

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

FLOORS = Path(__file__).with_name("floors.py")
PAPERS, MARKS = 1_000, 50
#: Every paper has one file.
OBJECTS = PAPERS * (2 + MARKS)
_LETTERS = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_WORDS = "which the network that was trained on it does not show in any case but for the first of them"


def key_of(letter: str, place: int) -> str:
    text = ""
    for _ in range(7):
        place, digit = divmod(place, len(_LETTERS))
        text = _LETTERS[digit] + text
    return letter + text


def hang(store: Store) -> None:
    """Put a file with its marks below every paper, as the server would keep them."""
    with store.write() as db:
        library = accounts.find_library(store, "users", 1)
        query = "SELECT key FROM objects WHERE library = ? AND kind = 'item' AND parent IS NULL ORDER BY key"
        papers = [row[0] for row in db.execute(query, (library.id,))]
        version = version_of(db, library)
        save_new(db, library, _rows(papers, version))


def _rows(papers: list[str], version: int) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    day = "2024-05-06T07:08:09Z"
    common = {"tags": [], "relations": {}, "dateAdded": day, "dateModified": day}
    for place, paper in enumerate(papers):
        version += 1
        file = key_of("F", place)
        told = {"linkMode": "imported_url", "title": "Full Text PDF", "url": "", "contentType": "application/pdf"}
        stored = {"accessDate": "", "note": "", "charset": "", "filename": "paper.pdf", "md5": None, "mtime": None}
        yield "item", file, version, {"parentItem": paper, "itemType": "attachment", **told, **stored, **common}
        for at in range(MARKS):
            version += 1
            mark = {
                "annotationType": "highlight",
                "annotationAuthorName": "",
                "annotationText": f"{_WORDS} {_WORDS[at:]} {place}",
                "annotationComment": "Is it so?" if at % 3 else "",
                "annotationColor": ("#ffd400", "#ff6666", "#5fb236")[at % 3],
                "annotationPageLabel": str(at // 4 + 1),
                "annotationSortIndex": f"{at // 4:05}|{at:06}|00000",
                "annotationPosition": json.dumps({"pageIndex": at // 4, "rects": [[72.1, 600.25, 300.5, 612.75]] * 3}),
            }
            key = key_of("M", place * MARKS + at)
            yield "item", key, version, {"parentItem": file, "itemType": "annotation", **mark, **common}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with served(tmp_path_factory.mktemp("marked"), PAPERS, more=hang) as found:
        yield found


def test_fifty_thousand_highlights(library: Library, tmp_path: Path) -> None:
    """A first sync within the budget of each object; then one changed highlight, which costs one note."""
    vault = library.vault()
    done = library.sync(vault)
    assert done.report["vault"]["created"] == PAPERS
    assert done.report["requests"] <= OBJECTS / 100 + 5
    arguments = ["first", library.url, library.key, str(OBJECTS), str(vault / "Papers"), str(tmp_path / "floor")]
    floor = json.loads(run([sys.executable, str(FLOORS), *arguments], library.env).out)
    own = (done.cpu - floor["cpu"]) / OBJECTS * 1000

    library.sync(vault)
    assert library.opened(vault) == 0
    with httpx2.Client(base_url=library.url, headers={"Zotero-API-Key": library.key}) as client:
        headers = {"If-Unmodified-Since-Version": "99999999"}
        change = {"annotationComment": "Changed."}
        client.patch(f"/users/1/items/{key_of('M', 777)}", json=change, headers=headers).raise_for_status()
    one = library.sync(vault)
    assert (one.report["vault"]["updated"], one.report["requests"]) == (1, 3)

    print("\n| what | measured | goal |\n|---|---|---|")
    print(f"| first sync, {PAPERS * MARKS:,} highlights on {PAPERS:,} papers | {done.wall:.1f} s | |")
    print(f"| its own processor time | {own:.2f} ms an object | ≤ 0.6 ms |")
    print(f"| its memory | {done.peak:.0f} MB | ≤ 150 MB |")
    print(f"| one changed highlight | {one.wall:.2f} s, {one.report['requests']} requests, 1 note | |")
    assert own < 5
    assert done.peak < 300
