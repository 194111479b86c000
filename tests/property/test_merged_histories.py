"""R22 as histories with names: papers merged in Zotero, their notes, and what becomes of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memory_side import Kill, item_id
from world import World

from bridge.core.reconcile import members


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three papers with notes; one of them is about to swallow another."""
    world = World(tmp_path)
    for key in ("AAAA", "BBBB", "CCCC"):
        world.server.add(key, title=f"Paper {key}", tags=(key.lower(),), status="new")
    world.sync()
    assert world.settle() == 0
    return world


def lonely(folder: Path) -> World:
    """A paper with a note, merged into one that the vault has not heard of yet; the note has an edit of its own."""
    folder.mkdir(exist_ok=True)
    world = World(folder)
    world.server.add("AAAA", title="Old", url="http://a.org", tags=("old", "both"), status="reading")
    world.sync()
    world.edit("AAAA", url="http://mine.org", tags=("old", "both", "mine"))
    world.server.add("BBBB", title="New", url="http://a.org", tags=("new", "both"), status="reading")
    world.server.merge("AAAA", "BBBB")
    return world


def test_r22_both_notes_stay_and_the_old_one_says_what_became_of_it(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    assert world.settle() == 1
    old, new = world.note("AAAA"), world.note("BBBB")
    assert (old.face["zotero-status"], old.face["merged-into"]) == ("merged", "[[@bbbb]]")
    assert new.face["aliases"] == ("Paper BBBB", "aaaa")
    assert "zotero-status" not in new.face


def test_r22_nothing_goes_out_from_a_merged_note(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    world.settle()
    before = world.zotero("AAAA")
    world.edit("AAAA", title="Mine", tags=("mine",), status="read")
    world.change("AAAA", url="http://theirs.org")
    sent = world.server.writes
    world.settle()
    assert world.server.writes == sent
    assert world.shows("AAAA", "title") == "Mine"
    assert world.shows("AAAA", "url") is None
    assert world.zotero("AAAA") == {**before, "url": "http://theirs.org"}
    world.server.erase("AAAA")  # the trash is emptied: it is merged still
    world.settle()
    assert world.shows("AAAA", "zotero-status") == "merged"
    assert world.shows("BBBB", "aliases") == ("Paper BBBB", "aaaa")


def test_r22_a_merge_taken_back_is_none(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    world.settle()
    world.edit("AAAA", title="Edited meanwhile")
    world.sync()
    world.server.trash("AAAA", trashed=False)
    world.settle()
    assert {"zotero-status", "merged-into"}.isdisjoint(world.note("AAAA").face)
    assert world.shows("BBBB", "aliases") == ("Paper BBBB",)
    assert world.zotero("AAAA")["title"] == "Edited meanwhile"


def test_r22_counts_only_while_the_old_paper_is_dead_and_the_new_one_lives(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    world.server.trash("AAAA", trashed=False)
    world.settle()
    assert "zotero-status" not in world.note("AAAA").face
    world.server.trash("AAAA", trashed=True)
    world.server.trash("BBBB", trashed=True)
    world.settle()
    assert (world.shows("AAAA", "zotero-status"), world.shows("BBBB", "zotero-status")) == ("trashed", "trashed")
    assert world.shows("AAAA", "merged-into") is None


def test_r22_chains_lead_to_the_paper_that_lives(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    world.settle()
    world.server.merge("BBBB", "CCCC")
    world.settle()
    assert [world.shows(key, "merged-into") for key in ("AAAA", "BBBB")] == ["[[@cccc]]", "[[@cccc]]"]
    assert set(members(world.shows("CCCC", "aliases"))) == {"Paper CCCC", "aaaa", "bbbb"}
    assert world.shows("BBBB", "aliases") == ("Paper BBBB", "aaaa")  # nothing of a merged note moves
    world.server.trash("BBBB", trashed=False)
    world.settle()
    assert world.shows("AAAA", "merged-into") == "[[@bbbb]]"
    assert world.shows("CCCC", "aliases") == ("Paper CCCC",)


def test_r22_the_link_follows_the_note_wherever_it_is_taken(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    world.settle()
    world.disk.move(world.home("BBBB"), "Thesis/Mine.md")
    assert world.settle() == 1
    assert world.shows("AAAA", "merged-into") == "[[Mine]]"
    world.edit("AAAA", merged_into="[[Thesis/Mine|as I like it]]")  # the same link in other words
    assert world.settle() == 0
    world.disk.move("Thesis/Mine.md", "Papers/Again.md")
    world.change("BBBB", citekey="other")
    world.settle()
    assert world.shows("AAAA", "merged-into") == "[[Again]]"


def test_r22_a_note_becomes_that_of_a_paper_without_one(tmp_path: Path) -> None:
    """Nothing a person wrote is left behind: what is not synced yet goes to the paper that lives."""
    world = lonely(tmp_path)
    world.settle()
    assert world.disk.paths_of(item_id("AAAA")) == []
    note = world.note("BBBB")
    assert len(world.disk.files) == 1
    assert (note.face["title"], note.face["url"]) == ("New", "http://mine.org")
    assert set(members(note.face["tags"])) == {"new", "both", "mine"}
    assert set(members(note.face["aliases"])) == {"New", "aaaa"}
    assert (world.zotero("BBBB")["url"], set(world.zotero("BBBB")["tags"])) == (
        "http://mine.org",
        {"new", "both", "mine"},
    )
    assert world.zotero("AAAA")["url"] == "http://a.org"
    assert world.conflicts() == []
    world.server.trash("AAAA", trashed=False)  # taken back: it is a paper without a note, and gets one
    world.settle()
    assert (world.shows("AAAA", "title"), world.shows("BBBB", "title")) == ("Old", "New")


def test_r22_an_open_conflict_goes_with_the_note(tmp_path: Path) -> None:
    world = lonely(tmp_path)
    world.server.trash("AAAA", trashed=False)
    world.server.trash("BBBB", trashed=True)
    world.change("AAAA", url="http://theirs.org")
    world.settle()
    assert world.conflict("AAAA", "url") is not None
    world.server.trash("BBBB", trashed=False)
    world.server.trash("AAAA", trashed=True)
    world.settle()
    [row] = world.conflicts()
    assert (row.id.key, row.zotero, row.vault) == ("BBBB", "http://a.org", "http://mine.org")
    assert world.shows("BBBB", "url") == "http://mine.org"
    world.answer(row.number, "vault")
    world.settle()
    assert world.zotero("BBBB")["url"] == "http://mine.org"


def test_r38_a_paper_whose_note_was_deleted_takes_no_other_note(world: World) -> None:
    world.disk.delete(world.home("BBBB"))
    world.sync()
    world.server.merge("AAAA", "BBBB")
    world.settle()
    assert world.shows("AAAA", "zotero-status") == "merged"
    assert world.shows("AAAA", "merged-into") == "zotero://select/library/items/BBBB"
    assert world.disk.paths_of(item_id("BBBB")) == []


def test_r8_a_person_may_give_the_note_to_the_new_paper(world: World) -> None:
    world.disk.delete(world.home("BBBB"))
    world.sync()
    world.server.merge("AAAA", "BBBB")
    world.settle()
    path = world.home("AAAA")
    world.disk.put(path, replace(world.note("AAAA"), id=item_id("BBBB")))
    world.settle()
    assert world.held_codes() == set()
    assert world.home("BBBB") == path
    row = world.conflict("BBBB", "title")  # of the two papers' titles nobody has chosen yet
    assert row is not None
    assert (row.zotero, row.vault) == ("Paper BBBB", "Paper AAAA")


def test_law_11_a_merge_is_known_though_the_state_was_lost(world: World) -> None:
    world.server.merge("AAAA", "BBBB")
    world.server.erase("AAAA")
    world.lose_state()
    world.settle()
    assert (world.shows("AAAA", "zotero-status"), world.shows("AAAA", "merged-into")) == ("merged", "[[@bbbb]]")
    assert world.held_codes() == set()


def test_law_5_a_note_that_changes_hands_may_do_so_in_any_number_of_pieces(tmp_path: Path) -> None:
    calm = lonely(tmp_path / "calm")
    whole = Kill()
    calm.sync(whole)
    calm.settle()
    for at in range(1, whole.count + 1):
        world = lonely(tmp_path / str(at))
        assert world.sync(Kill(at=at)) is None
        world.settle()
        assert world.held_codes() == set(), at
        assert world.conflicts() == [], at
        assert {path: note.id for path, (note, _) in world.disk.files.items()} == {
            path: note.id for path, (note, _) in calm.disk.files.items()
        }, at
        assert world.zotero("BBBB") == calm.zotero("BBBB"), at
        assert dict(world.note("BBBB").face) == dict(calm.note("BBBB").face), at
