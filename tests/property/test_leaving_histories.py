"""What goes with its other half and comes back with it (``on_zotero_delete``, ``on_note_delete``; laws 5, 9, 10)."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from memory_side import Kill, item_id
from world import OPEN_GUARDS, World

from bridge.core.safety import Limits
from bridge.errors import GuardStop, UnreachableError
from bridge.sync.leaving import Leave


def made(folder: Path) -> World:
    folder.mkdir(exist_ok=True)
    world = World(folder)
    world.server.tree = ("Archive", "NLP")
    for key in ("AAAA", "BBBB", "CCCC"):
        world.server.add(key, tags=(key.lower(),), collections=("NLP",), url=f"http://{key}.org")
    world.sync()
    assert world.settle() == 0
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three papers with notes, synced; collections ``NLP`` and ``Archive``."""
    return made(tmp_path / "world")


def paths(world: World) -> set[str]:
    return set(world.disk.files)


# --- notes of papers that went ---


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_note_goes_to_the_archive_with_its_paper_and_says_so(world: World, is_erased: bool) -> None:
    world.part(note="archive")
    world.settle()
    world.server.trash("AAAA", trashed=True)
    if is_erased:
        world.server.erase("AAAA")
    report = world.sync()
    assert report is not None
    assert (report.vault_marked, report.vault_renamed) == (1, 1)
    assert "Archive/Papers/@aaaa.md" in paths(world)
    assert world.shows("AAAA", "zotero-status") == ("deleted" if is_erased else "trashed")
    assert world.settle() == 0
    with world.state() as state:
        assert state.counts()["pending"] == 0


@pytest.mark.parametrize("how", ["archive", "trash"])
def test_a_note_comes_back_with_its_paper_and_goes_on(world: World, how: Leave) -> None:
    world.part(note=how)
    world.server.trash("AAAA", trashed=True)
    world.settle()
    assert "Papers/@aaaa.md" not in paths(world)
    world.change("AAAA", title="Changed in the trash", deleted="")
    world.server.trash("AAAA", trashed=False)
    world.sync()
    assert "Papers/@aaaa.md" in paths(world)
    assert world.settle() == 0
    assert world.shows("AAAA", "title") == "Changed in the trash"
    assert world.shows("AAAA", "zotero-status") is None
    world.edit("AAAA", title="Mine again")
    world.settle()
    assert world.zotero("AAAA")["title"] == "Mine again"
    world.server.trash("AAAA", trashed=True)  # and once more
    world.settle()
    assert "Papers/@aaaa.md" not in paths(world)


def test_what_a_person_wrote_stays_in_sight(world: World) -> None:
    world.part(note="trash")
    world.disk.put(world.home("AAAA"), replace(world.note("AAAA"), extra="Words of mine"))
    world.settle()
    world.server.trash("AAAA", trashed=True)
    world.server.trash("BBBB", trashed=True)
    world.settle()
    assert paths(world) == {"Papers/@aaaa.md", ".trash/@bbbb.md", "Papers/@cccc.md"}
    assert world.shows("AAAA", "zotero-status") == "trashed"


def test_law_3_what_was_not_synced_yet_stays_in_sight(world: World) -> None:
    world.part(note="trash")
    world.settle()
    world.server.erase("AAAA")
    world.edit("AAAA", title="Mine")
    world.settle()
    assert world.shows("AAAA", "title") == "Mine"
    assert "Papers/@aaaa.md" in paths(world)


@pytest.mark.parametrize("how", ["archive", "trash"])
def test_a_note_that_a_person_took_elsewhere_stays_there(world: World, how: Leave) -> None:
    world.part(note=how)
    world.server.trash("AAAA", trashed=True)
    world.settle()
    [put] = [path for path in paths(world) if path.endswith("@aaaa.md")]
    world.disk.move(put, "Thesis/Mine.md")
    world.settle()
    world.change("AAAA", year="1999")
    world.settle()
    assert "Thesis/Mine.md" in paths(world)
    world.server.trash("AAAA", trashed=False)
    world.settle()
    assert world.home("AAAA") == "Thesis/Mine.md"
    assert world.shows("AAAA", "zotero-status") is None


def test_a_note_is_made_anew_where_the_trash_was_emptied(world: World) -> None:
    world.part(note="trash")
    world.server.trash("AAAA", trashed=True)
    world.settle()
    world.disk.delete(".trash/@aaaa.md")
    world.settle()
    world.server.trash("AAAA", trashed=False)
    world.sync()
    assert world.home("AAAA") == "Papers/@aaaa.md"
    assert world.settle() == 0


def test_what_was_put_away_is_no_deleted_note(world: World) -> None:
    """Law 9, 10: neither a guard nor the paper takes it for one."""
    world.part(note="trash", paper="trash")
    world.limits = Limits(share=0.1, minimum=1)
    for key in ("AAAA", "BBBB", "CCCC"):
        world.server.trash(key, trashed=True)
    world.sync(yes=True)
    assert world.sync(yes=False) is not None
    world.server.trash("AAAA", trashed=False)
    world.settle()
    assert world.shows("AAAA", "zotero-status") is None
    assert not world.server.items["AAAA"]["data"].get("deleted")


def test_a_changed_configuration_counts_for_papers_that_are_gone_already(world: World) -> None:
    world.server.trash("AAAA", trashed=True)
    world.settle()
    assert "Papers/@aaaa.md" in paths(world)
    world.part(note="archive")
    world.settle()
    assert "Archive/Papers/@aaaa.md" in paths(world)
    world.part(note="mark")
    world.settle()
    assert "Archive/Papers/@aaaa.md" in paths(world)  # it moves nothing that nobody asked for


@pytest.mark.parametrize("how", ["archive", "trash"])
@pytest.mark.parametrize("is_return", [False, True])
def test_law_5_a_note_is_put_away_and_back_in_any_number_of_pieces(tmp_path: Path, how: Leave, is_return: bool) -> None:
    def begun(name: str) -> World:
        world = made(tmp_path / name)
        world.part(note=how)
        world.server.trash("AAAA", trashed=True)
        if is_return:
            world.settle()
            world.server.trash("AAAA", trashed=False)
        return world

    calm, whole = begun("calm"), Kill()
    calm.sync(whole)
    calm.settle()
    for at in range(1, whole.count + 1):
        world = begun(str(at))
        assert world.sync(Kill(at=at)) is None
        world.settle()
        assert {path: dict(note.face) for path, (note, _) in world.disk.files.items()} == {
            path: dict(note.face) for path, (note, _) in calm.disk.files.items()
        }, at
        assert world.held_codes() == set()


# --- papers whose note was deleted ---


def test_a_deleted_note_leaves_its_paper_alone(world: World) -> None:
    world.disk.delete(world.home("AAAA"))
    world.settle()
    assert "deleted" not in world.server.items["AAAA"]["data"]


def test_a_paper_goes_to_the_trash_with_its_note_and_comes_back_with_it(world: World) -> None:
    world.part(paper="trash")
    note = world.note("AAAA")
    world.disk.delete(world.home("AAAA"))
    report = world.sync()
    assert report is not None
    assert (report.zotero_trashed, report.zotero_updated) == (1, 0)
    assert world.server.items["AAAA"]["data"]["deleted"] == 1
    assert world.settle() == 0
    world.disk.put("Papers/@aaaa.md", note)
    world.sync()
    assert not world.server.items["AAAA"]["data"].get("deleted")
    assert "zotero-status" not in world.note("AAAA").face
    assert world.settle() == 0


def test_a_paper_that_a_person_trashed_too_stays_there_when_its_note_comes_back(world: World) -> None:
    world.part(paper="trash")
    note = world.note("AAAA")
    world.disk.delete(world.home("AAAA"))
    world.server.trash("AAAA", trashed=True)
    world.settle()
    world.disk.put("Papers/@aaaa.md", note)
    world.settle()
    assert world.server.items["AAAA"]["data"]["deleted"] == 1
    assert world.shows("AAAA", "zotero-status") == "trashed"


def test_a_paper_that_came_back_without_its_note_goes_its_own_way(world: World) -> None:
    world.part(paper="trash")
    note = world.note("AAAA")
    world.disk.delete(world.home("AAAA"))
    world.settle()
    world.server.trash("AAAA", trashed=False)
    world.settle()
    world.server.trash("AAAA", trashed=True)
    world.settle()
    world.disk.put("Papers/@aaaa.md", note)
    world.settle()
    assert world.server.items["AAAA"]["data"]["deleted"] == 1


def test_a_paper_goes_to_a_collection_with_its_note(world: World) -> None:
    world.part(paper="archive")
    note = world.note("AAAA")
    world.disk.delete(world.home("AAAA"))
    world.settle()
    assert world.zotero("AAAA")["collections"] == ("NLP", "Archive")
    world.disk.put("Papers/@aaaa.md", note)
    world.settle()
    assert world.zotero("AAAA")["collections"] == world.shows("AAAA", "collections") == ("NLP",)


def test_a_paper_waits_for_the_collection_it_is_to_go_into(world: World) -> None:
    world.part(paper="archive")
    world.server.tree = ("NLP",)
    world.change("BBBB", year="1999")
    world.server.tree_version = world.server.version
    world.disk.delete(world.home("AAAA"))
    report = world.sync()
    assert report is not None
    assert report.messages == ["[notes] archive_collection: there is no such collection."]
    assert world.zotero("AAAA")["collections"] == ("NLP",)
    world.server.tree = ("Archive", "NLP")
    world.change("BBBB", year="2000")
    world.server.tree_version = world.server.version
    world.settle()
    assert world.zotero("AAAA")["collections"] == ("NLP", "Archive")


def test_law_9_an_edit_beats_a_deletion_without_bringing_the_note_back(world: World) -> None:
    world.part(paper="trash")
    world.disk.delete(world.home("AAAA"))
    world.change("AAAA", title="Edited meanwhile")
    world.settle()
    assert "deleted" not in world.server.items["AAAA"]["data"]
    assert world.disk.paths_of(item_id("AAAA")) == []
    world.change("AAAA", title="Paper again")  # and it was decided once
    world.settle()
    assert "deleted" not in world.server.items["AAAA"]["data"]


def test_law_9_notes_deleted_before_it_was_configured_take_no_paper_with_them(world: World) -> None:
    world.disk.delete(world.home("AAAA"))
    world.settle()
    world.part(paper="trash")
    world.settle()
    assert "deleted" not in world.server.items["AAAA"]["data"]


def test_r38_a_moved_note_is_no_deleted_one(world: World) -> None:
    world.part(paper="trash")
    world.disk.move(world.home("AAAA"), "Else/x.md")
    world.settle()
    assert "deleted" not in world.server.items["AAAA"]["data"]


def test_law_10_many_papers_go_only_when_a_person_agreed(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(10):
        world.server.add(f"K{number:03}")
    world.sync()
    world.part(paper="trash")
    world.sync()
    world.limits = Limits(share=0.3, minimum=3)
    for number in range(2):
        world.disk.delete(world.home(f"K{number:03}"))
    world.sync(yes=False)
    world.disk.delete(world.home("K002"))
    with pytest.raises(GuardStop):
        world.sync(yes=False)
    assert sum(bool(item["data"].get("deleted")) for item in world.server.items.values()) == 2
    world.sync(yes=True)
    assert world.server.items["K002"]["data"]["deleted"] == 1


def test_r33_put_it_back_leaves_the_papers_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(10):
        world.server.add(f"K{number:03}")
    world.sync()
    world.part(paper="trash")
    world.sync()
    world.limits = Limits(share=0.35, minimum=3)
    for number in range(3):
        world.disk.delete(world.home(f"K{number:03}"))
    with pytest.raises(GuardStop) as stop:
        world.sync(yes=False)
    assert stop.value.guard == "mass-zotero"
    world.sync(yes=False, answers={stop.value.about: "put-back"})
    world.limits = OPEN_GUARDS
    assert world.settle() == 0
    assert not any(item["data"].get("deleted") for item in world.server.items.values())
    assert len(world.disk.files) == 7


def test_r23_in_a_read_only_library_nothing_goes(world: World) -> None:
    world.part(paper="trash")
    world.use(writable=False)
    world.disk.delete(world.home("AAAA"))
    world.settle()
    assert "deleted" not in world.server.items["AAAA"]["data"]
    world.use(writable=True)
    world.settle()
    assert world.server.items["AAAA"]["data"]["deleted"] == 1


@pytest.mark.parametrize("answer", ["lost", "dropped", "down"])
def test_r4_a_paper_follows_its_note_though_the_answer_was_lost(world: World, answer: str) -> None:
    world.part(paper="trash")
    world.settle()
    world.disk.delete(world.home("AAAA"))
    world.server.answers.append(answer)
    with contextlib.suppress(UnreachableError):
        world.sync()
    world.settle()
    assert world.server.items["AAAA"]["data"]["deleted"] == 1


def test_law_12_a_dry_run_says_what_would_go(world: World) -> None:
    world.part(note="archive", paper="trash")
    world.settle()
    world.disk.delete(world.home("AAAA"))
    world.server.trash("BBBB", trashed=True)
    before = world.writes(), dict(world.disk.files)
    planned = world.plan()
    assert (world.writes(), dict(world.disk.files)) == before
    told = {(row.side, row.id.key, row.field, row.after) for row in planned.plan or ()}
    assert {
        ("zotero", "AAAA", "zotero-status", "trashed"),
        ("vault", "BBBB", "path", "Archive/Papers/@bbbb.md"),
        ("vault", "BBBB", "zotero-status", "trashed"),
    } == told
    report = world.sync()
    assert report is not None
    for count in ("zotero_trashed", "zotero_updated", "vault_marked", "vault_renamed"):
        assert getattr(planned, count) == getattr(report, count), count
