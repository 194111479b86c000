"""Histories with names: each broke a simpler design once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from memory_side import Kill, MemoryNote, MemoryVault, item_id
from world import TODAY, World

from bridge.core.safety import Limits
from bridge.core.side import Edit
from bridge.errors import GuardStop, OutdatedAnswerError, UnreachableError


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three papers, synced."""
    world = World(tmp_path)
    world.server.tree = ("NLP",)
    world.server.add("AAAA", title="Attention", url="http://a.org", tags=("Digital Twin", "nlp"), status="new")
    world.server.add("BBBB", title="Bert", doi="10.1/b", tags=("nlp",), collections=("NLP",))
    world.server.add("CCCC", title="Chain")
    world.sync()
    assert world.settle() == 0
    return world


def both(world: World, key: str, field: str, value: str) -> None:
    """Zotero and the note show one value."""
    assert (world.zotero(key)[field], world.shows(key, field)) == (value, value)


# --- R1: stamps -------------------------------------------------------------------------------------------------


def test_r1_a_phones_late_copy_undoes_nothing(world: World) -> None:
    phone = world.note("AAAA")
    world.edit("AAAA", title="Better", tags=("nlp",), url="")
    world.change("BBBB", title="BERT")
    world.settle()
    sent = world.server.writes
    world.disk.put(world.home("AAAA"), phone)
    assert world.settle() == 1
    both(world, "AAAA", "title", "Better")
    assert world.zotero("AAAA")["tags"] == ("nlp",)
    assert world.zotero("AAAA")["url"] == ""
    assert world.server.writes == sent
    assert world.conflicts() == []


def test_r1_what_was_edited_on_the_phone_is_an_edit(world: World) -> None:
    phone = world.note("AAAA")
    world.edit("AAAA", title="Better")
    world.settle()
    world.disk.put(world.home("AAAA"), replace(phone, face={**phone.face, "url": "http://phone.org"}))
    world.settle()
    both(world, "AAAA", "title", "Better")
    both(world, "AAAA", "url", "http://phone.org")


def test_r1_an_old_branch_of_the_whole_vault_undoes_nothing(world: World) -> None:
    branch = dict(world.disk.files)
    for key in ("AAAA", "BBBB", "CCCC"):
        world.edit(key, title=f"Second {key}", rating="5", tags=("new",))
    world.settle()
    for key in ("AAAA", "BBBB", "CCCC"):
        world.change(key, title=f"Third {key}")
    world.settle()
    sent = world.server.writes
    for path, (note, _) in branch.items():
        world.disk.put(path, note)
    world.settle()
    for key in ("AAAA", "BBBB", "CCCC"):
        both(world, key, "title", f"Third {key}")
        both(world, key, "rating", "5")
        assert world.shows(key, "tags") == ("new",)
    assert world.server.writes == sent


def test_r1_with_the_state_lost_a_fitting_stamp_makes_zotero_the_base(world: World) -> None:
    world.edit("AAAA", title="Mine", tags=("nlp",))
    world.lose_state()
    world.settle()
    both(world, "AAAA", "title", "Mine")
    assert world.zotero("AAAA")["tags"] == ("nlp",)
    assert world.conflicts() == []


def test_r1_law_11_an_unknown_stamp_is_a_lost_base(world: World) -> None:
    """Tags unite, nothing is removed, scalars that differ become conflicts."""
    world.edit("AAAA", title="Mine", tags=("nlp",), url="")
    world.change("AAAA", tags=("Digital Twin", "new"))
    world.lose_state()
    world.settle()
    assert set(world.zotero("AAAA")["tags"]) == {"Digital Twin", "nlp", "new"}
    both(world, "AAAA", "url", "http://a.org")
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Attention", "Mine")
    assert (world.zotero("AAAA")["title"], world.shows("AAAA", "title")) == ("Attention", "Mine")


# --- R2: no echo ------------------------------------------------------------------------------------------------


def test_r2_what_the_server_makes_of_a_value_starts_no_loop(world: World) -> None:
    world.edit("AAAA", url="HTTPS://Example.org ", title="Cafe\u0301 ", doi="https://doi.org/10.1/X")
    assert world.settle() == 1
    sent = world.writes()
    for _ in range(3):
        world.sync(full=True)
    assert world.writes() == sent
    assert world.zotero("AAAA")["url"] == "https://Example.org"
    world.change("BBBB", title="x")  # any change brings its version back: still no news about this item
    world.settle()
    assert world.shows("AAAA", "doi") == "https://doi.org/10.1/X"


def test_r2_both_sides_reformatting_is_no_conflict(world: World) -> None:
    world.edit("AAAA", title=" Attention", doi="")
    world.change("AAAA", title="Attention  ")
    assert world.settle() == 0
    assert world.conflicts() == []


# --- R3: downloads are kept -------------------------------------------------------------------------------------


def test_r3_a_held_note_forgets_nothing(world: World) -> None:
    path = world.home("AAAA")
    whole = world.note("AAAA")
    world.disk.put(path, replace(whole, broken=True))
    world.change("AAAA", title="News")
    world.change("BBBB", title="Others sync on")
    world.settle()
    assert world.held_codes() == {"broken-yaml"}
    both(world, "BBBB", "title", "Others sync on")
    world.disk.put(path, whole)
    requests = world.sync()
    assert requests is not None
    both(world, "AAAA", "title", "News")
    assert world.held_codes() == set()


def test_r3_a_guard_stop_forgets_nothing(world: World) -> None:
    world.limits = Limits(share=0.3, minimum=2)
    for key in ("AAAA", "BBBB"):
        world.change(key, title=f"News {key}")
    before = world.writes()
    with pytest.raises(GuardStop):
        world.sync(yes=False)
    assert world.writes() == before
    with pytest.raises(GuardStop):  # it is asked again, though nothing new came
        world.sync(yes=False)
    world.sync(yes=True)
    for key in ("AAAA", "BBBB"):
        both(world, key, "title", f"News {key}")


def test_r3_a_cut_off_download_moves_nothing(world: World) -> None:
    for key in ("AAAA", "BBBB", "CCCC"):
        world.change(key, title=f"News {key}")
    with world.state() as state:
        cursor = state.items.cursor("users/7")
    world.server.fail_at_page = 1
    with pytest.raises(UnreachableError):
        world.sync()
    with world.state() as state:
        assert state.items.cursor("users/7") == cursor
        assert list(state.items.pending("users/7")) == []
    world.server.fail_at_page = None
    world.sync()
    both(world, "CCCC", "title", "News CCCC")


# --- R4: intent before write ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["lost", "dropped"])
def test_r4_no_answer_then_a_new_edit_is_no_conflict_with_oneself(world: World, answer: str) -> None:
    world.edit("AAAA", title="First", tags=("nlp", "first"), status="reading")
    world.server.answers.append(answer)
    report = world.sync()
    assert report is not None
    assert report.out_of_reach
    world.edit("AAAA", title="Second", tags=("nlp", "second"), status="read")
    world.settle()
    both(world, "AAAA", "title", "Second")
    both(world, "AAAA", "status", "read")
    assert set(world.zotero("AAAA")["tags"]) == {"nlp", "second"}
    assert world.conflicts() == []


def test_r4_a_crash_at_any_point_then_a_new_edit_is_no_conflict_with_oneself(tmp_path: Path) -> None:
    for at in range(1, 40):
        (tmp_path / str(at)).mkdir()
        world = World(tmp_path / str(at))
        world.server.add("AAAA", title="Attention", tags=("a",))
        world.sync()
        world.edit("AAAA", title="First", tags=("a", "first"))
        kill = Kill(at=at)
        world.sync(kill)
        world.edit("AAAA", title="Second", tags=("a", "second"))
        world.settle()
        both(world, "AAAA", "title", "Second")
        assert set(world.zotero("AAAA")["tags"]) == {"a", "second"}, at
        assert world.conflicts() == [], at
        if not kill.is_dead:
            assert at > 8
            return
    raise AssertionError("the cycle never ran to its end")


@pytest.mark.parametrize("answer", ["lost", "dropped"])
def test_r4_what_zotero_had_changed_by_itself_was_never_agreed(world: World, answer: str) -> None:
    world.change("AAAA", title="Theirs", tags=("Digital Twin", "nlp", "theirs"))
    world.edit("AAAA", url="http://mine.org", tags=("nlp", "mine", "Digital-Twin"))
    world.server.answers.append(answer)
    world.sync()
    world.edit("AAAA", title="Mine", url="http://later.org", tags=("nlp", "mine", "later", "Digital-Twin"))
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Theirs", "Mine")
    both(world, "AAAA", "url", "http://later.org")
    assert set(world.zotero("AAAA")["tags"]) == {"Digital Twin", "nlp", "theirs", "mine", "later"}
    assert set(world.note("AAAA").face["tags"]) == {"Digital-Twin", "nlp", "theirs", "mine", "later"}


def test_r4_of_two_writes_without_an_answer_the_first_may_be_the_one_that_arrived(world: World) -> None:
    world.edit("AAAA", title="First", tags=("nlp", "first"))
    world.server.answers.append("lost")
    world.sync()
    world.edit("AAAA", title="Second", tags=("nlp", "second"))
    world.server.answers.append("dropped")
    world.sync()
    world.settle()
    both(world, "AAAA", "title", "Second")
    assert world.zotero("AAAA")["tags"] == ("nlp", "second")
    assert world.conflicts() == []


def test_r4_what_was_answered_by_a_later_edit_in_zotero_is_a_conflict_still(world: World) -> None:
    world.edit("AAAA", title="First")
    world.server.answers.append("lost")
    world.sync()
    world.change("AAAA", title="Theirs")
    world.edit("AAAA", title="Mine")
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Theirs", "Mine")


# --- R5, R6: conflicts ------------------------------------------------------------------------------------------


def in_conflict(world: World) -> int:
    world.edit("AAAA", title="Mine")
    world.change("AAAA", title="Theirs")
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    return row.number


def test_r5_both_values_stay_where_they_are_until_a_person_decides(world: World) -> None:
    in_conflict(world)
    for _ in range(3):
        world.change("BBBB", title="again")
        world.sync(full=True)
    assert (world.zotero("AAAA")["title"], world.shows("AAAA", "title")) == ("Theirs", "Mine")


def test_r6_the_item_syncs_on_around_its_conflict(world: World) -> None:
    number = in_conflict(world)
    world.edit("AAAA", url="http://new.org", tags=("mine",))
    world.change("AAAA", rating="5")
    world.settle()
    both(world, "AAAA", "url", "http://new.org")
    both(world, "AAAA", "rating", "5")
    assert world.zotero("AAAA")["tags"] == ("mine",)
    assert [row.number for row in world.conflicts()] == [number]


@pytest.mark.parametrize(("keep", "value"), [("zotero", "Theirs"), ("vault", "Mine")])
def test_r6_an_answer_ends_it(world: World, keep: str, value: str) -> None:
    world.answer(in_conflict(world), keep)
    world.settle()
    both(world, "AAAA", "title", value)
    assert world.conflicts() == []


def test_r6_a_later_edit_on_either_side_wins(world: World) -> None:
    in_conflict(world)
    world.edit("AAAA", title="Later")
    world.settle()
    both(world, "AAAA", "title", "Later")
    world.edit("AAAA", title="Mine")
    world.change("AAAA", title="Theirs")
    world.settle()
    world.change("AAAA", title="Later there")
    world.settle()
    both(world, "AAAA", "title", "Later there")
    assert world.conflicts() == []


def test_r6_becoming_equal_ends_it(world: World) -> None:
    in_conflict(world)
    world.change("AAAA", title="Mine")
    world.settle()
    both(world, "AAAA", "title", "Mine")
    assert world.conflicts() == []


def test_r6_both_edited_again_opens_it_anew_and_an_old_answer_is_refused(world: World) -> None:
    number = in_conflict(world)
    world.edit("AAAA", title="Mine 2")
    world.change("AAAA", title="Theirs 2")
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Theirs 2", "Mine 2")
    assert row.number != number
    with pytest.raises(OutdatedAnswerError):
        world.answer(number, "zotero")


def test_r6_an_old_copy_during_a_conflict_decides_nothing(world: World) -> None:
    old = world.note("AAAA")
    number = in_conflict(world)
    world.disk.put(world.home("AAAA"), old)
    world.settle()
    assert (world.zotero("AAAA")["title"], world.shows("AAAA", "title")) == ("Theirs", "Mine")
    assert [row.number for row in world.conflicts()] == [number]


def test_r1_an_unknown_copy_during_a_conflict_overwrites_nothing(world: World) -> None:
    """Of a time before the state was lost: its stamp is unknown, and its title no later edit than Zotero's."""
    old = world.note("AAAA")
    world.lose_state()
    world.change("AAAA", title="Theirs")
    world.settle()
    world.disk.put(world.home("AAAA"), replace(old, stamp="ancient2", face={**old.face, "title": "Ancient"}))
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Theirs", "Ancient")
    assert world.zotero("AAAA")["title"] == "Theirs"


def test_r17_a_rollback_during_a_conflict_overwrites_nothing(world: World) -> None:
    backup = world.server.backup()
    in_conflict(world)
    world.server.roll_back(backup)
    world.settle()
    row = world.conflict("AAAA", "title")
    assert row is not None
    assert (row.zotero, row.vault) == ("Attention", "Mine")
    assert world.shows("AAAA", "title") == "Mine"


@pytest.mark.parametrize("policy", ["zotero", "vault"])
def test_r6_no_policy_decides_what_has_no_base(world: World, policy: str) -> None:
    world.decide(policy)  # type: ignore[arg-type]  # of two words
    world.edit("AAAA", title="Mine", url="http://b.org")
    world.change("AAAA", title="Theirs")
    world.lose_state()
    world.settle()
    assert world.conflict("AAAA", "title") is not None
    assert (world.zotero("AAAA")["title"], world.shows("AAAA", "title")) == ("Theirs", "Mine")


# --- R8, R38, law 9: files that come and go ---------------------------------------------------------------------


def test_r8_of_a_copied_note_only_the_newcomer_is_held(world: World) -> None:
    path = world.home("AAAA")
    copy = world.note("AAAA")
    world.disk.put("Elsewhere/copy.md", replace(copy, face={**copy.face, "title": "Of the copy"}))
    world.change("AAAA", url="http://new.org")
    world.settle()
    assert world.held_codes() == {"copied-note"}
    assert world.zotero("AAAA")["title"] == "Attention"
    assert world.disk.note(path).face["url"] == "http://new.org"
    assert world.disk.note("Elsewhere/copy.md").face["title"] == "Of the copy"
    world.disk.delete("Elsewhere/copy.md")
    world.settle()
    assert world.held_codes() == set()


def test_r8_a_known_note_whose_key_changes_is_held(world: World) -> None:
    path = world.home("AAAA")
    world.disk.delete(world.home("BBBB"))
    world.sync()
    world.disk.put(path, replace(world.disk.note(path), id=item_id("BBBB")))
    world.settle()
    assert world.held_codes() == {"key-changed"}
    assert world.zotero("BBBB")["title"] == "Bert"
    assert world.zotero("AAAA")["title"] == "Attention"


def test_r38_a_deleted_note_is_not_made_again_and_resumes_where_it_was(world: World) -> None:
    path = world.home("AAAA")
    note = world.note("AAAA")
    world.disk.delete(path)
    world.settle()
    world.change("AAAA", title="News", tags=("nlp",))
    world.settle()
    assert world.disk.paths_of(item_id("AAAA")) == []
    world.disk.put(path, replace(note, face={**note.face, "url": "http://meanwhile.org"}))
    world.settle()
    both(world, "AAAA", "title", "News")
    both(world, "AAAA", "url", "http://meanwhile.org")
    assert world.shows("AAAA", "tags") == ("nlp",)
    assert world.conflicts() == []


def test_law_9_erased_in_zotero_the_note_stays_and_says_so(world: World) -> None:
    world.edit("AAAA", title="Edited as it went")
    world.server.erase("AAAA")
    world.settle()
    assert world.shows("AAAA", "title") == "Edited as it went"
    assert world.shows("AAAA", "zotero-status") == "deleted"
    assert "AAAA" not in world.server.items


def test_law_9_trashed_the_note_says_so_and_restored_the_line_goes(world: World) -> None:
    world.server.trash("AAAA", trashed=True)
    world.settle()
    assert world.shows("AAAA", "zotero-status") == "trashed"
    world.server.trash("AAAA", trashed=False)
    world.settle()
    assert world.shows("AAAA", "zotero-status") is None
    assert world.conflicts() == []


def test_law_9_an_emptied_vault_stops_before_anything_is_believed(world: World) -> None:
    files = dict(world.disk.files)
    world.disk.files.clear()
    with pytest.raises(GuardStop) as stop:
        world.sync(yes=False)
    assert stop.value.guard == "vault-emptied"
    world.disk.files.update(files)
    assert world.settle() == 0


# --- R17: the server goes back in time --------------------------------------------------------------------------


def test_r17_after_a_rollback_nothing_is_taken_back_unasked(world: World) -> None:
    backup = world.server.backup()
    world.edit("AAAA", title="Mine")
    world.change("BBBB", title="Theirs", tags=("nlp", "new"))
    world.settle()
    world.server.roll_back(backup)
    world.settle()
    for key, old, new in (("AAAA", "Attention", "Mine"), ("BBBB", "Bert", "Theirs")):
        row = world.conflict(key, "title")
        assert row is not None
        assert (row.zotero, row.vault) == (old, new)
    assert set(world.zotero("BBBB")["tags"]) == {"nlp", "new"}


def test_r17_r38_a_note_deleted_before_the_rollback_shows_is_not_made_again(world: World) -> None:
    backup = world.server.backup()
    world.change("AAAA", title="News")
    world.settle()
    world.server.roll_back(backup)
    world.disk.delete(world.home("AAAA"))
    world.settle()
    assert world.disk.paths_of(item_id("AAAA")) == []


def test_r17_a_library_that_holds_other_papers_stops(world: World) -> None:
    world.server.roll_back((0, {}, {}))
    world.server.add("DDDD")
    before = world.writes()
    with pytest.raises(GuardStop) as stop:
        world.sync(yes=False)
    assert stop.value.guard == "library-swapped"
    assert world.writes() == before


# --- R15, R23, laws 5, 6 ----------------------------------------------------------------------------------------


def test_r15_a_fight_with_another_tool_ends(world: World) -> None:
    world.change("AAAA", year="2017")
    world.settle()
    for number in range(4):
        world.edit("AAAA", year=f"190{number}")
        world.settle()
        assert world.shows("AAAA", "year") == ("2017" if number < 3 else "1903")
    assert world.held_codes() == {"put-back-fight"}


def test_r23_a_read_only_library_keeps_edits_pending_until_it_can_take_them(world: World) -> None:
    world.use(writable=False)
    world.edit("AAAA", title="Mine", tags=("nlp", "mine"), status="read")
    world.change("AAAA", url="http://new.org")
    world.settle()
    assert world.zotero("AAAA")["title"] == "Attention"
    assert world.shows("AAAA", "url") == "http://new.org"
    assert world.shows("AAAA", "title") == "Mine"
    world.use(writable=True)
    world.settle()
    both(world, "AAAA", "title", "Mine")
    both(world, "AAAA", "status", "read")
    assert world.zotero("AAAA")["tags"] == ("nlp", "mine")
    assert world.zotero("AAAA")["status-date"] == TODAY


def test_law_6_an_edit_under_our_hands_is_not_overwritten(world: World) -> None:
    world.change("AAAA", title="News")

    class Meddled(MemoryVault):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]  # passed through
            self.before_write: Callable[[Edit], None] = lambda _edit: world.edit("AAAA", url="http://now.org")

    world.sync(vault=Meddled)
    assert world.shows("AAAA", "url") == "http://now.org"
    world.settle()
    both(world, "AAAA", "title", "News")
    both(world, "AAAA", "url", "http://now.org")


def test_law_7_what_the_server_made_of_a_value_is_known_though_the_note_was_not_written(world: World) -> None:
    world.edit("AAAA", url="HTTP://mine.org")

    class Meddled(MemoryVault):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]  # passed through
            self.before_write: Callable[[Edit], None] = lambda _edit: world.edit("AAAA", url="http://now.org")

    world.sync(vault=Meddled)
    assert world.zotero("AAAA")["url"] == "http://mine.org"
    world.settle()
    assert world.conflicts() == []
    both(world, "AAAA", "url", "http://now.org")


def test_law_6_an_item_that_moved_since_it_was_read_is_not_overwritten(world: World) -> None:
    world.edit("AAAA", title="Mine")

    class Meddled(MemoryVault):
        def scan(self) -> object:  # type: ignore[override]  # what it shows is passed on
            world.change("AAAA", title="Theirs")  # after the download, before the write
            return super().scan()

    world.sync(vault=Meddled)
    assert world.zotero("AAAA")["title"] == "Theirs"
    world.settle()
    assert world.conflict("AAAA", "title") is not None


def test_law_12_a_dry_run_writes_nothing_and_plans_what_the_real_run_does(world: World) -> None:
    world.edit("AAAA", title="Mine", tags=("nlp",), status="read")
    world.change("BBBB", title="Theirs", url="http://new.org")
    world.edit("BBBB", title="Mine")
    world.change("CCCC", year="1999")
    world.server.erase("CCCC")
    world.server.add("DDDD", title="New")
    before = (
        world.writes(),
        dict(world.disk.files),
        {path.name: path.read_bytes() for path in world.path.parent.iterdir()},
    )
    planned = world.plan()
    again = world.plan()
    after = (
        world.writes(),
        dict(world.disk.files),
        {path.name: path.read_bytes() for path in world.path.parent.iterdir()},
    )
    assert after == before
    report = world.sync()
    assert report is not None
    with world.state() as state:
        done = state.history.cycles(1)[0].changes
    assert planned.plan is not None
    assert planned.plan == again.plan
    told = {(row.side, row.id.key, row.field, row.after) for row in planned.plan if row.why != "new"}
    assert told == {(row.side, row.id.key, row.field, row.after) for row in done if row.why != "new"}
    assert len(told) >= 5
    for count in ("zotero_updated", "vault_created", "vault_updated", "vault_marked", "conflicts", "held"):
        assert getattr(planned, count) == getattr(report, count), count


def test_r33_guards_count_a_rolling_day_and_an_answer_ends_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    keys = [f"K{number:03}" for number in range(10)]
    for key in keys:
        world.server.add(key)
    world.sync()
    world.limits = Limits(share=0.3, minimum=3)
    for key in keys[:3]:
        world.edit(key, url=f"http://{key}")
        world.sync(yes=False)
    world.edit(keys[3], url="http://too.many")
    sent = world.server.writes
    with pytest.raises(GuardStop) as stop:
        world.sync(yes=False)
    assert stop.value.guard == "mass-zotero"
    assert world.server.writes == sent == 3
    world.sync(yes=True)
    world.edit(keys[4], url="http://asked.since")
    world.sync(yes=False)
    both(world, keys[4], "url", "http://asked.since")


def test_a_refused_item_leaves_the_others(world: World) -> None:
    world.edit("AAAA", title="POISON")
    world.change("AAAA", url="http://new.org")
    world.edit("BBBB", title="Fine")
    world.settle()
    both(world, "BBBB", "title", "Fine")
    assert world.held_codes() == {"refused-by-zotero"}
    assert world.shows("AAAA", "title") == "POISON"
    assert world.shows("AAAA", "url") == "http://new.org"
    world.edit("AAAA", title="Better")
    world.settle()
    both(world, "AAAA", "title", "Better")
    assert world.held_codes() == set()


def test_law_5_a_crash_at_any_point_reaches_the_same_end(tmp_path: Path) -> None:
    """Every point at which a cycle reads the clock, reaches a side or has just written to one."""

    def prepared(name: str) -> World:
        (tmp_path / name).mkdir()
        world = World(tmp_path / name)
        for key in ("AAAA", "BBBB", "CCCC", "DDDD"):
            world.server.add(key, title=key, tags=("Big Data", "old"), url=f"http://{key}", status="new")
        world.sync()
        world.edit("AAAA", title="Mine", tags=("Big-Data", "mine"), citekey="other")
        world.change("AAAA", rating="5", tags=("Big Data", "old", "theirs"))
        world.edit("BBBB", title="Mine", status="reading")
        world.change("BBBB", title="Theirs")
        world.change("CCCC", url="http://new.org", year="1999")
        world.edit("CCCC", doi="10.1/c", year="1")
        world.server.erase("DDDD")
        world.server.add("EEEE")
        return world

    def end(world: World) -> object:
        open_conflicts = {(row.id.key, row.field, row.zotero, row.vault) for row in world.conflicts()}
        faces = {key: dict(world.zotero(key)) for key in world.server.items}
        notes: dict[str, MemoryNote] = {}
        for path, (note, _) in world.disk.files.items():
            lists = {name: sorted(value) for name, value in note.face.items() if isinstance(value, tuple)}
            notes[path] = replace(note, face={**note.face, **{name: tuple(some) for name, some in lists.items()}})
        return faces, notes, open_conflicts, world.held_codes()

    calm = prepared("calm")
    whole = Kill()
    calm.sync(whole)
    calm.settle()
    expected = end(calm)
    assert whole.count > 30
    for at in range(1, whole.count + 1):
        world = prepared(str(at))
        assert world.sync(Kill(at=at)) is None
        world.settle()
        assert end(world) == expected, f"killed at point {at} of {whole.count}"
