"""What hangs below papers, over HTTP: R21, R23, R25, R26, law 2 (what a change costs)."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from command import run, run_json
from desk import Desk, Library, paper, quiet

from bridge.core.children import FILES, HIGHLIGHTS, NOTES, Children
from bridge.core.record import ItemId
from bridge.core.status import StatusNames
from bridge.sandbox import accounts
from bridge.sandbox.server import SandboxServer
from bridge.state import State
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.tree import CollectionTree

#: What asks for news, when there are some: the items, the collections and the deletions.
NEWS = 3


def pdf(parent: str, **fields: Any) -> dict[str, Any]:
    told = {"linkMode": "imported_url", "title": "Full Text PDF", "contentType": "application/pdf"}
    return {"itemType": "attachment", "parentItem": parent, **told, **fields}


def mark(file: str, text: str, page: int = 0, **fields: Any) -> dict[str, Any]:
    told = {"annotationType": "highlight", "annotationText": text, "annotationPageLabel": str(page + 11)}
    where = {"annotationSortIndex": f"{page:05}|000100|00000", "annotationPosition": f'{{"pageIndex":{page}}}'}
    return {"itemType": "annotation", "parentItem": file, **told, **where, **fields}


def note(parent: str, html: str) -> dict[str, Any]:
    return {"itemType": "note", "parentItem": parent, "note": html}


@pytest.fixture
def read(desk: Desk) -> tuple[str, str, str]:
    """A desk at which ``p1`` is being read: its file, a mark in it, a note beside it; the cursor is past them."""
    (file,) = desk.web.add(pdf(desk.keys["p1"]))
    made, beside = desk.web.add(mark(file, "one"), note(desk.keys["p1"], "<p>one</p>"))
    assert planned(desk) == [("p1", HIGHLIGHTS), ("p1", NOTES), ("p1", FILES)]
    assert desk.sync()[1]["vault"]["updated"] == 1
    desk.settle()
    return file, made, beside


def planned(desk: Desk) -> list[tuple[str, str]]:
    """Which blocks of which papers a cycle would renew; nothing else may be in its plan."""
    names = {key: name for name, key in desk.keys.items()}
    rows = desk.sync("--dry-run")[1]["plan"]
    assert all(row["side"] == "vault" and row["why"] != "new" for row in rows)
    return [(names[row["key"]], row["field"]) for row in rows]


def renewed(desk: Desk) -> int:
    """How many notes a cycle renews, which costs only what news cost; afterwards all is quiet."""
    code, report = desk.sync()
    assert (code, report["requests"]) == (0, NEWS), report
    code, after = desk.sync()
    assert (code, quiet(after), after["requests"]) == (0, True, 1), after
    updated: int = report["vault"]["updated"]
    return updated


def test_r21_what_happens_to_a_highlight_renews_its_paper_alone(desk: Desk, read: tuple[str, str, str]) -> None:
    file, made, _ = read
    desk.web.change(made, annotationComment="Is it so?")
    assert planned(desk) == [("p1", HIGHLIGHTS)]
    assert renewed(desk) == 1
    desk.web.add(mark(file, "two", page=3))
    assert renewed(desk) == 1
    desk.web.trash(made)
    assert renewed(desk) == 1
    desk.web.trash(made, trashed=False)
    assert renewed(desk) == 1
    desk.web.erase(made)
    assert planned(desk) == [("p1", HIGHLIGHTS)]
    assert renewed(desk) == 1


def test_r21_a_file_that_moves_renews_both_papers(desk: Desk, read: tuple[str, str, str]) -> None:
    file, _, _ = read
    desk.web.change(file, parentItem=desk.keys["p2"])
    assert sorted(planned(desk)) == [(name, field) for name in ("p1", "p2") for field in (FILES, HIGHLIGHTS)]
    assert renewed(desk) == 2
    desk.web.change(file, parentItem=False)
    assert sorted(planned(desk)) == [("p2", FILES), ("p2", HIGHLIGHTS)]
    assert renewed(desk) == 1


def test_law_8_a_file_that_was_opened_and_synced_is_no_change(desk: Desk, read: tuple[str, str, str]) -> None:
    file, _, _ = read
    before = desk.stats()
    desk.web.change(file, lastRead=1_700_000_000, md5="0" * 32, mtime=1_700_000_000_000)
    assert planned(desk) == []
    assert renewed(desk) == 0
    assert desk.stats() == before


def test_r21_an_erased_paper_takes_all_along_and_its_note_stays(desk: Desk, read: tuple[str, str, str]) -> None:
    desk.web.erase(desk.keys["p1"])
    assert desk.sync()[1]["vault"]["marked"] == 1
    assert desk.value("p1", "zotero-status") == "deleted"


# --- rights, groups, what is wanted -----------------------------------------------------------------------------------


@pytest.fixture
def place(server: SandboxServer, tmp_path: Path) -> Path:
    """Where the vaults of the following tests are; the guard of many new notes is far."""
    return tmp_path / "vault"


def set_up(vault: Path, server: SandboxServer, *flags: str) -> None:
    code, out, err = run("init", vault, "--url", server.url, "--yes", "--no-template", *flags)
    assert code == 0, out + err
    config = vault / ".bridge" / "config.toml"
    config.write_text(config.read_text() + "\n[index]\npages = []\n")


def sync(vault: Path, *flags: str) -> Any:
    code, report = run_json("-C", vault, "sync", "--once", *flags)
    assert code == 0, report
    return report


def shown(vault: Path, item: ItemId) -> Children:
    """What is shown below a paper, from what the vault's state keeps of it."""
    (path,) = (vault.parent / "state").rglob("state.db")
    mapper = Mapper(item.library, MappingRules(StatusNames(), UTC), CollectionTree.build(()))
    with State.peek(path) as state:
        stored = state.items.get_item(item)
        assert stored is not None
        return mapper.record(stored, state.items.get_below(item)).children


def fields(vault: Path) -> list[str]:
    return [row["field"] for row in sync(vault, "--dry-run")["plan"]]


def test_r23_a_key_that_gains_the_right_to_see_notes_reads_them_all(
    server: SandboxServer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = Library(server)
    (key,) = web.add(paper(1))
    (beside,) = web.add(note(key, "<p>one</p>"))
    mine = server.add_key(notes=False)
    monkeypatch.setenv("ZOTERO_API_KEY", mine)
    set_up(place, server)
    sync(place)
    web.change(beside, note="<p>two</p>")
    web.change(key, DOI="10.1/x")
    assert fields(place) == ["doi"]
    sync(place)
    assert quiet(sync(place))
    access: dict[str, dict[str, bool]] = {"user": {"library": True, "notes": True, "write": True}, "groups": {}}
    accounts.update_key(server.store, mine, access, "Bridge")
    assert fields(place) == [NOTES], "what changed meanwhile has a version below the cursor"
    assert sync(place)["vault"]["updated"] == 1
    after = sync(place)
    assert (quiet(after), after["requests"]) == (True, 1)
    access["user"]["notes"] = False
    accounts.update_key(server.store, mine, access, "Bridge")
    web.change(key, DOI="10.1/y")
    assert fields(place) == ["doi"], "notes that may not be seen any more are not taken for erased"


def test_r25_in_a_group_links_and_makers_are_the_groups(server: SandboxServer, place: Path) -> None:
    group = server.add_group(51, "Lab", role="admin")
    web = Library(server, group)
    (key,) = web.add(paper(1))
    (file,) = web.add(pdf(key))
    web.add(mark(file, "one", page=6))
    set_up(place, server, "--library", group)
    report = sync(place)
    assert report["vault"]["created"] == 1
    (highlight,) = shown(place, ItemId(group, key)).highlights
    assert highlight.link == f"zotero://open-pdf/groups/51/items/{file}?page=7&annotation={highlight.key}"
    assert highlight.page == "17"
    assert highlight.author


def test_r26_a_highlight_makes_a_paper_wanted(server: SandboxServer, place: Path) -> None:
    web = Library(server)
    keys = web.add(*(paper(n, extra="") for n in range(2)))
    (file,) = web.add(pdf(keys[1]))
    set_up(place, server, "--create", "wanted")
    assert sync(place)["vault"]["created"] == 0
    (made,) = web.add(mark(file, "one", deleted=1))
    assert sync(place)["vault"]["created"] == 0, "it is in the trash"
    web.trash(made, trashed=False)
    assert sync(place)["vault"]["created"] == 1
