"""R38: a note that was deleted or put away is there again when a person asks for it, and goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memory_side import Kill, item_id
from world import World

from bridge.core.scope import Choice, Scope
from bridge.errors import RestoreError, UnknownPaperError
from bridge.sync.leaving import Leave


def made(folder: Path) -> World:
    folder.mkdir(exist_ok=True)
    world = World(folder)
    world.server.tree = ("Archive",)
    for key in ("AAAA", "BBBB"):
        world.server.add(key, status="new", tags=("t",))
    world.sync()
    assert world.settle() == 0
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two papers with notes, synced."""
    return made(tmp_path / "world")


@pytest.mark.parametrize("name", ["AAAA", "aaaa", "@aaaa"])
def test_r38_a_deleted_note_is_made_again(world: World, name: str) -> None:
    world.disk.delete(world.home("AAAA"))
    world.settle()
    world.change("AAAA", title="Changed meanwhile")
    world.settle()
    assert world.disk.paths_of(item_id("AAAA")) == []
    report = world.sync(restore=name)
    assert report is not None
    assert report.vault_created == 1
    assert world.settle() == 0
    assert world.shows("AAAA", "title") == "Changed meanwhile"
    world.edit("AAAA", title="Mine")
    world.settle()
    assert world.zotero("AAAA")["title"] == "Mine"


def test_r38_it_has_what_only_it_knew(world: World) -> None:
    world.edit("AAAA", status="reading", started="2020-01-01", aliases=("AAAA", "my own name"))
    world.change("BBBB", title="Theirs")
    world.edit("BBBB", title="Mine")
    world.settle()
    for key in ("AAAA", "BBBB"):
        world.disk.delete(world.home(key))
        world.settle()
        world.sync(restore=key)
    assert world.settle() == 0
    assert (world.shows("AAAA", "status"), world.shows("AAAA", "started")) == ("reading", "2020-01-01")
    assert world.shows("AAAA", "aliases") == ("AAAA", "my own name")
    row = world.conflict("BBBB", "title")
    assert row is not None
    assert (row.zotero, row.vault, world.shows("BBBB", "title")) == ("Theirs", "Mine", "Mine")


def test_a_note_is_made_for_a_paper_that_none_was_wanted_for(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.settings = replace(world.settings, create="wanted")
    world.server.add("AAAA", status="new")
    world.settle()
    assert world.disk.files == {}
    world.sync(restore="AAAA")
    assert world.settle() == 0
    assert world.shows("AAAA", "title") == "AAAA"


@pytest.mark.parametrize("how", ["archive", "trash"])
def test_a_note_that_was_put_away_is_brought_back_and_stays(world: World, how: Leave) -> None:
    world.part(note=how)
    world.server.trash("AAAA", trashed=True)
    world.settle()
    assert world.home("AAAA") != "Papers/@aaaa.md"
    world.sync(restore="AAAA")
    assert world.home("AAAA") == "Papers/@aaaa.md"
    assert world.settle() <= 1
    world.change("AAAA", year="1999")
    world.settle()
    assert world.home("AAAA") == "Papers/@aaaa.md"
    assert world.shows("AAAA", "zotero-status") == "trashed"
    world.server.trash("AAAA", trashed=False)
    world.settle()
    world.server.trash("AAAA", trashed=True)  # and once more
    world.settle()
    assert world.home("AAAA") != "Papers/@aaaa.md"


@pytest.mark.parametrize("how", ["archive", "trash"])
def test_a_paper_that_went_with_its_note_comes_back_with_it(world: World, how: Leave) -> None:
    world.part(paper=how)
    world.disk.delete(world.home("AAAA"))
    world.settle()
    world.sync(restore="AAAA")
    assert not world.server.items["AAAA"]["data"].get("deleted")
    assert world.zotero("AAAA")["collections"] == ()
    assert world.home("AAAA") == "Papers/@aaaa.md"
    world.settle()
    assert world.shows("AAAA", "zotero-status") is None


def test_what_cannot_be_restored_is_said(world: World) -> None:
    before = world.writes()
    for name, kind, words in (
        ("nobody", UnknownPaperError, "no paper nobody in users/7"),
        ("AAAA", RestoreError, "its note is there: Papers/@aaaa.md"),
    ):
        with pytest.raises(kind, match=words):
            world.sync(restore=name)
    for key in ("AAAA", "BBBB"):
        world.disk.delete(world.home(key))
    world.server.trash("AAAA", trashed=True)
    with pytest.raises(RestoreError, match="Zotero's trash"):
        world.sync(restore="AAAA")
    world.server.erase("AAAA")
    with pytest.raises(RestoreError, match="erased"):
        world.sync(restore="AAAA")
    world.narrow(Scope(Choice(tags=frozenset({"other"}))))
    with pytest.raises(RestoreError, match="scope"):
        world.sync(restore="BBBB")
    world.change("BBBB", citekey="twin", tags=("other",))
    world.server.add("CCCC", citekey="twin")
    with pytest.raises(UnknownPaperError, match="BBBB in users/7, CCCC in users/7"):
        world.sync(restore="twin")
    assert world.writes() == before


def test_law_12_a_dry_run_restores_nothing(world: World) -> None:
    world.disk.delete(world.home("AAAA"))
    world.settle()
    before = world.writes()
    planned = world.plan(restore="AAAA")
    assert [(row.id.key, row.why) for row in planned.plan or ()] == [("AAAA", "new")]
    assert world.writes() == before


def test_law_5_a_note_is_restored_in_any_number_of_pieces(tmp_path: Path) -> None:
    def begun(name: str) -> World:
        world = made(tmp_path / name)
        world.disk.delete(world.home("AAAA"))
        world.settle()
        return world

    whole = Kill()
    begun("calm").sync(whole, restore="AAAA")
    for at in range(1, whole.count + 1):
        world = begun(str(at))
        assert world.sync(Kill(at=at), restore="AAAA") is None
        if not world.disk.paths_of(item_id("AAAA")):
            world.sync(restore="AAAA")  # it was not done yet, and a person asks again
        world.settle()
        assert world.disk.paths_of(item_id("AAAA")) == ["Papers/@aaaa.md"], at
        world.edit("AAAA", title="Mine")
        world.settle()
        assert world.zotero("AAAA")["title"] == "Mine", at
