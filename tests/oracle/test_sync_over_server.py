"""Whole cycles by the command line over either server: notes appear, edits go both ways, a second sync does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import bare_machine, run_json
from library_server import LibraryServer

EXTRA = "first line\nCitation Key: attention2017\n\n  last line, indented"


@pytest.fixture
def vault(tmp_path: Path, server: LibraryServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A vault connected with the server's library; on this machine nothing else is known."""
    with bare_machine(tmp_path, monkeypatch):
        monkeypatch.setenv("ZOTERO_API_KEY", server.key)
        code, _ = run_json("init", tmp_path / "vault", "--url", server.url, "--yes", "--no-template")
        assert code == 0
        yield tmp_path / "vault"


def sync(vault: Path) -> dict[str, Any]:
    code, report = run_json("-C", vault, "sync", "--once")
    assert code == 0, report
    found: dict[str, Any] = report
    return found


def notes(vault: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of the vault outside ``.bridge``: its bytes and its mtime."""
    return {
        path.relative_to(vault).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(vault.rglob("*"))
        if path.is_file() and ".bridge" not in path.parts
    }


def edit(note: Path, old: str, new: str) -> None:
    text = note.read_text("utf-8")
    assert text.count(old) == 1
    note.write_text(text.replace(old, new), "utf-8")


def fill(server: LibraryServer) -> tuple[dict[str, Any], dict[str, Any]]:
    (place,) = server.make({"name": "NLP"}, kind="collections")
    paper, book = server.make(
        {
            "itemType": "preprint",
            "title": "Attention Is All You Need",
            "creators": [{"creatorType": "author", "firstName": "Ashish", "lastName": "Vaswani"}],
            "date": "2017-06-12",
            "abstractNote": "The dominant sequence transduction models…",
            "collections": [place["key"]],
            "tags": [{"tag": "attention"}, {"tag": "automatic", "type": 1}],
            "extra": EXTRA,
        },
        {"itemType": "book", "title": "A Book", "citationKey": "book2020"},
    )
    server.make({"itemType": "note", "note": "<p>A thought</p>", "parentItem": paper["key"]})
    server.make(*({"itemType": "book", "title": f"More {n}", "citationKey": f"more{n}"} for n in range(40)))
    return paper, book


def test_laws_1_2_8_notes_appear_edits_go_both_ways_and_then_nothing(server: LibraryServer, vault: Path) -> None:
    paper, book = fill(server)
    first = sync(vault)
    assert first["vault"]["created"] == 42
    assert first["zotero"] == {"created": 0, "updated": 0, "trashed": 0}
    note, other = vault / "Papers" / "@attention2017.md", vault / "Papers" / "@book2020.md"
    text = note.read_text("utf-8")
    for line in (
        "  - attention\n",
        "  - NLP\n",
        "  - Ashish Vaswani\n",
        "year: 2017\n",
        f"zotero-key: {paper['key']}\n",
    ):
        assert line in text
    # Law 2: nothing to do is one request, no write, every mtime as it was.
    before = notes(vault)
    idle = sync(vault)
    assert idle["requests"] == 1
    assert notes(vault) == before

    # A person edits a note: one item changes in Zotero, and Extra keeps its other lines.
    edit(note, "status:\n", "status: reading\n")
    edit(note, "  - attention\n", "  - attention\n  - my own\n")
    out = sync(vault)
    assert out["zotero"]["updated"] == 1
    data = server.item(paper["key"])["data"]
    assert {one["tag"]: one.get("type", 0) for one in data["tags"]} == {"attention": 0, "automatic": 1, "my own": 0}
    lines = data["extra"].split("\n")
    assert [line for line in lines if not line.startswith("Read_Status")] == EXTRA.split("\n")
    assert "Read_Status: In Progress" in lines
    assert server.item(book["key"]) == book

    # A person edits an item: one note changes.
    answer = server.send(
        "PATCH", f"items/{book['key']}", {"title": "Another Title"}, If_Unmodified_Since_Version=book["version"]
    )
    assert answer.status_code == 204
    back = sync(vault)
    assert back["zotero"]["updated"] == 0
    assert "title: Another Title\n" in other.read_text("utf-8")

    # Law 8: what came of its own writes is no change, and then all is at rest.
    sync(vault)
    before, version = notes(vault), server.version
    idle = sync(vault)
    assert (idle["requests"], idle["conflicts"], idle["held"]) == (1, 0, 0)
    assert notes(vault) == before
    assert server.version == version


def test_law_3_both_sides_change_one_field_and_both_values_stay(server: LibraryServer, vault: Path) -> None:
    (book,) = server.make({"itemType": "book", "title": "A Book", "citationKey": "book2020"})
    sync(vault)
    note = vault / "Papers" / "@book2020.md"
    edit(note, "title: A Book\n", "title: Mine\n")
    edit(note, "tags: []\n", "tags:\n  - mine\n")
    answer = server.send(
        "PATCH", f"items/{book['key']}", {"title": "Theirs"}, If_Unmodified_Since_Version=book["version"]
    )
    assert answer.status_code == 204
    code, report = run_json("-C", vault, "sync", "--once")
    assert (code, report["conflicts"]) == (3, 1)
    data = server.item(book["key"])["data"]
    assert (data["title"], data["tags"]) == ("Theirs", [{"tag": "mine"}])
    assert "title: Mine\n" in note.read_text("utf-8")


def test_law_9_trashed_and_erased_items_leave_their_notes(server: LibraryServer, vault: Path) -> None:
    trashed, erased = server.make(
        {"itemType": "book", "title": "A", "citationKey": "a"}, {"itemType": "book", "title": "B", "citationKey": "b"}
    )
    server.make(*({"itemType": "book", "title": f"More {n}", "citationKey": f"more{n}"} for n in range(40)))
    sync(vault)
    answer = server.send("PATCH", f"items/{trashed['key']}", {"deleted": 1}, If_Unmodified_Since_Version=server.version)
    assert answer.status_code == 204
    server.erase(erased["key"])
    sync(vault)
    assert "zotero-status: trashed\n" in (vault / "Papers" / "@a.md").read_text("utf-8")
    assert "zotero-status: deleted\n" in (vault / "Papers" / "@b.md").read_text("utf-8")
