"""Papers that leave the scope and come back: nothing is deleted (law 9), and each resumes where it was (R38)."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_side import item_id
from world import World

from bridge.core.scope import Choice, Scope

NLP = Scope(Choice(collections=frozenset({"NLP"})))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two papers in the scope and one out of it, synced."""
    world = World(tmp_path)
    world.server.tree = ("NLP", "Vision")
    world.narrow(NLP)
    world.server.add("AAAA", collections=("NLP",), tags=("a",), url="http://a.org")
    world.server.add("BBBB", collections=("NLP",))
    world.server.add("CCCC", collections=("Vision",))
    world.sync()
    assert world.settle() == 0
    return world


def resting(world: World) -> int:
    with world.state() as state:
        return state.counts()["out_of_scope"]


def test_only_papers_in_scope_get_notes(world: World) -> None:
    assert [world.disk.paths_of(item_id(key)) for key in ("AAAA", "CCCC")] == [["Papers/@aaaa.md"], []]
    world.change("CCCC", collections=("NLP", "Vision"))
    world.settle()
    assert world.shows("CCCC", "title") == "CCCC"


def test_law_9_a_paper_that_leaves_keeps_its_note_as_it_is(world: World) -> None:
    note = world.note("AAAA")
    world.change("AAAA", collections=("Vision",), title="News")
    world.settle()
    assert world.note("AAAA") == note
    assert resting(world) == 1
    world.edit("AAAA", tags=("a", "mine"))
    sent = world.server.writes
    world.settle()
    assert world.server.writes == sent
    with world.state() as state:
        assert state.counts()["pending"] == 0


def test_r38_a_paper_that_comes_back_resumes_where_it_was(world: World) -> None:
    world.change("AAAA", collections=("Vision",), tags=("a", "theirs"))
    world.settle()
    world.edit("AAAA", url="http://mine.org", tags=("mine",))
    world.settle()
    world.change("AAAA", collections=("NLP",), title="News")
    world.settle()
    assert (world.shows("AAAA", "title"), world.zotero("AAAA")["url"]) == ("News", "http://mine.org")
    assert set(world.zotero("AAAA")["tags"]) == {"theirs", "mine"}
    assert world.conflicts() == []
    assert resting(world) == 0


def test_law_9_a_changed_scope_deletes_nothing_and_taken_back_it_is_as_before(world: World) -> None:
    before = dict(world.disk.files)
    world.narrow(Scope(Choice(tags=frozenset({"none has it"}))))
    world.settle()
    assert (dict(world.disk.files), resting(world)) == (before, 2)
    world.narrow(Scope())
    world.settle()
    assert resting(world) == 0
    assert world.shows("CCCC", "title") == "CCCC"


def test_a_conflict_rests_with_its_paper(world: World) -> None:
    world.change("AAAA", title="Theirs")
    world.edit("AAAA", title="Mine")
    world.settle()
    world.change("AAAA", collections=())
    world.settle()
    assert world.conflicts() == []
    world.change("AAAA", collections=("NLP",))
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Theirs", "Mine")


def test_a_note_deleted_out_of_scope_stays_deleted_when_its_paper_comes_back(world: World) -> None:
    world.change("AAAA", collections=())
    world.sync()
    world.disk.delete(world.home("AAAA"))
    world.settle()
    assert resting(world) == 0
    world.change("AAAA", collections=("NLP",))
    world.settle()
    assert world.disk.paths_of(item_id("AAAA")) == []


def test_a_collection_that_nobody_has_is_said_when_something_is_due(world: World) -> None:
    world.narrow(Scope(Choice(collections=frozenset({"NLPP"}))))
    report = world.sync()
    assert report is not None
    assert report.messages == ["[scope]: there is no such collection."]
    report = world.sync()
    assert report is not None
    assert report.messages == []


def test_law_12_a_dry_run_says_what_the_scope_would_do(world: World) -> None:
    world.narrow(Scope(exclude=Choice(collections=frozenset({"NLP"}))))
    planned = world.plan()
    assert [row.id.key for row in planned.plan or ()] == ["CCCC"]
    report = world.sync()
    assert report is not None
    assert (report.vault_created, report.vault_updated) == (planned.vault_created, planned.vault_updated) == (1, 0)
