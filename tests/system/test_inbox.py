"""The inbox in the vault, end to end: asked in a note, answered with a tick, carried out by the next cycle."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk, quiet

from bridge.app import App
from bridge.errors import GuardStop
from bridge.order import Order
from bridge.progress import for_stream
from bridge.vault.quiet import Quiet

NOTE = "Index/Needs attention.md"


def note(desk: Desk) -> Path:
    return desk.vault / NOTE


def tick(desk: Desk, words: str) -> None:
    """Tick the box that says ``words``, as Obsidian does it."""
    text = note(desk).read_text()
    ticked, count = re.subn(rf"^- \[ \] (?=.*{re.escape(words)})", "- [x] ", text, flags=re.MULTILINE)
    assert count == 1, text
    note(desk).write_text(ticked)


def stopped(desk: Desk) -> None:
    """A cycle of a daemon that a guard stops."""
    app = App.open(desk.vault)
    with app.stay(Quiet(0, time.monotonic), time.sleep), pytest.raises(GuardStop):
        app.cycle(Order(quiet=True), for_stream(io.StringIO(), machine=True))


def in_conflict(desk: Desk, name: str = "p1") -> None:
    desk.web.change(desk.keys[name], title="Theirs")
    desk.edit(name, "^title: .*$", "title: Mine")
    assert desk.sync()[0] == 3


def mass_edit(desk: Desk, count: int = 30) -> None:
    for n in range(count):
        desk.edit(f"p{n}", "^title: .*$", f"title: Changed {n}")


@pytest.mark.parametrize(("words", "wanted"), [("keep Zotero's", "Theirs"), ("keep mine", "Mine")])
def test_r6_a_tick_settles_a_conflict_and_the_note_goes_away(desk: Desk, words: str, wanted: str) -> None:
    in_conflict(desk)
    assert "Theirs" in note(desk).read_text()
    assert "Mine" in note(desk).read_text()
    tick(desk, words)
    code, report = desk.sync()
    assert (code, report["conflicts"]) == (0, 0)
    assert (desk.value("p1", "title"), desk.web.item(desk.keys["p1"])["title"]) == (wanted, wanted)
    assert not note(desk).exists()
    desk.settle()


def test_law2_a_standing_question_is_written_once(desk: Desk) -> None:
    in_conflict(desk)
    before = desk.stats()
    for _ in range(2):
        code, report = desk.sync()
        assert (code, quiet(report)) == (3, True)
    assert desk.stats() == before


def test_law8_its_own_note_is_no_news(desk: Desk) -> None:
    in_conflict(desk)
    app = App.open(desk.vault)
    with app.memory() as state:
        row = state.notes.row(NOTE)
    assert row is not None
    assert row.stat.mtime_ns == note(desk).stat().st_mtime_ns
    tick(desk, "keep mine")
    assert desk.sync()[0] == 0
    with app.memory() as state:
        assert state.notes.row(NOTE) is None


def test_law12_a_dry_run_reads_ticks_and_writes_nothing(desk: Desk) -> None:
    in_conflict(desk)
    tick(desk, "keep mine")
    before = desk.bytes()
    _, said = desk.sync("--dry-run")
    planned = [(row["side"], row["field"], row["after"]) for row in said["plan"]]
    assert planned[0] == ("zotero", "title", "Mine")
    assert desk.bytes() == before
    assert desk.sync()[0] == 0
    assert desk.web.item(desk.keys["p1"])["title"] == "Mine"


def test_r6_an_outdated_tick_is_refused_and_shown_anew(desk: Desk) -> None:
    in_conflict(desk)
    stale = note(desk).read_text()
    desk.web.change(desk.keys["p1"], title="Theirs, again")
    desk.edit("p1", "^title: .*$", "title: Mine, again")
    assert desk.sync()[0] == 3
    # A tick made on another machine, on the note as it was before, arrives late.
    note(desk).write_text(stale.replace("- [ ] keep mine", "- [x] keep mine"))
    code, report = desk.sync()
    assert (code, report["conflicts"]) == (3, 1)
    text = note(desk).read_text()
    assert "Theirs, again" in text
    assert "Please look again" in text
    assert "[x]" not in text
    assert desk.web.item(desk.keys["p1"])["title"] == "Theirs, again"
    tick(desk, "keep mine")
    assert desk.sync()[0] == 0
    assert desk.web.item(desk.keys["p1"])["title"] == "Mine, again"


def test_law11_with_the_state_lost_a_tick_is_asked_for_again(desk: Desk) -> None:
    in_conflict(desk)
    tick(desk, "keep mine")
    for path in desk.state.rglob("state.db*"):
        path.unlink()
    for _ in range(2):
        assert desk.sync()[0] == 3
    text = note(desk).read_text()
    assert (text.count("[x]"), text.count("keep mine")) == (0, 1)
    assert desk.web.item(desk.keys["p1"])["title"] == "Theirs"
    tick(desk, "keep mine")
    assert desk.sync()[0] == 0
    assert desk.web.item(desk.keys["p1"])["title"] == "Mine"


def test_r6_an_edit_made_after_the_tick_outranks_it(desk: Desk) -> None:
    in_conflict(desk)
    tick(desk, "keep Zotero's")
    desk.edit("p1", "^title: .*$", "title: Better")
    assert desk.sync()[0] == 0
    assert desk.web.item(desk.keys["p1"])["title"] == "Better"


def test_r33_do_it_answers_a_guard_from_inside_the_vault(desk: Desk) -> None:
    mass_edit(desk)
    stopped(desk)
    assert desk.web.item(desk.keys["p0"])["title"] == "Paper number 0"
    text = note(desk).read_text()
    assert "30 of 44 papers" in text
    assert len(re.findall(r"`title` from Paper number \d+ to Changed \d+", text)) == 10
    tick(desk, "do it")
    code, report = desk.sync()
    assert (code, report["zotero"]["updated"]) == (0, 30)
    assert not note(desk).exists()
    desk.settle()


def test_r33_put_it_back_restores_the_notes_and_keeps_what_they_said(desk: Desk) -> None:
    before = {n: desk.text(f"p{n}") for n in range(30)}
    mass_edit(desk)
    stopped(desk)
    tick(desk, "put it back")
    code, report = desk.sync()
    assert (code, report["zotero"]["updated"], report["vault"]["updated"]) == (0, 0, 30)
    assert {n: desk.text(f"p{n}") for n in range(30)} == before
    assert desk.web.item(desk.keys["p0"])["title"] == "Paper number 0"
    changes = desk.json("log")[1]["cycles"][0]["changes"]
    assert {row["before"] for row in changes if row["field"] == "title"} == {f"Changed {n}" for n in range(30)}
    desk.settle()


def empty_the_vault(desk: Desk) -> None:
    for path in (desk.vault / "Papers").glob("*.md"):
        path.unlink()


def trash_half_the_library(desk: Desk) -> None:
    for n in range(22):
        desk.web.trash(desk.keys[f"p{n}"])


def rewrite_half_of_the_library(desk: Desk) -> None:
    for n in range(22):
        desk.web.change(desk.keys[f"p{n}"], title=f"Rewritten {n}")


def double_the_library(desk: Desk) -> None:
    config = desk.vault / ".bridge/config.toml"
    config.write_text(re.sub(r"^max_new = \d+", "max_new = 5", config.read_text(), flags=re.MULTILINE))
    desk.web.add(*({"itemType": "book", "title": f"New {n}"} for n in range(50)))


@pytest.mark.parametrize(
    "harm", [empty_the_vault, trash_half_the_library, rewrite_half_of_the_library, double_the_library]
)
def test_r33_every_guard_takes_its_answer_from_the_note(desk: Desk, harm: Callable[[Desk], None]) -> None:
    harm(desk)
    stopped(desk)
    before = note(desk).read_text()
    stopped(desk)  # it is not asked twice
    assert note(desk).read_text() == before
    tick(desk, "do it")
    assert desk.sync()[0] == 0
    assert not note(desk).exists()
    assert desk.sync()[0] == 0


def test_a_notice_is_shown_for_what_is_new_and_only_where_it_is_wanted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[bool] = []
    monkeypatch.setattr("bridge.notice.notice", lambda: shown.append(True))
    config = desk.vault / ".bridge/config.toml"
    whole = config.read_text()
    for name, wanted, count in (("p1", False, 0), ("p2", True, 1), ("p2", True, 1), ("p3", True, 2)):
        if wanted:
            config.write_text(f"{whole}\n[daemon]\nnotify = true\n")
        desk.web.change(desk.keys[name], title="Theirs")
        desk.edit(name, "^title: .*$", f"title: Mine of {name}")
        app = App.open(desk.vault)
        with app.stay(Quiet(0, time.monotonic), time.sleep):
            app.cycle(Order(quiet=True), for_stream(io.StringIO(), machine=True))
        assert len(shown) == count


def test_r33_an_answer_holds_for_what_was_asked_alone(desk: Desk) -> None:
    mass_edit(desk, 29)
    stopped(desk)
    tick(desk, "do it")
    desk.edit("p29", "^title: .*$", "title: One more")
    assert desk.sync()[0] == 4
    assert desk.web.item(desk.keys["p0"])["title"] == "Paper number 0"
    assert "[x]" not in note(desk).read_text()
    tick(desk, "do it")
    assert desk.sync()[0] == 0
    assert desk.web.item(desk.keys["p29"])["title"] == "One more"


def test_law10_a_command_that_a_guard_stops_writes_not_even_this_note(desk: Desk) -> None:
    mass_edit(desk)
    before = desk.bytes()
    assert desk.sync()[0] == 4
    assert desk.bytes() == before


def test_law3_what_a_person_writes_into_the_note_stays(desk: Desk) -> None:
    in_conflict(desk)
    text = note(desk).read_text()
    note(desk).write_text(text + "\nask Ada about this\n")
    tick(desk, "keep mine")
    assert desk.sync()[0] == 0
    left = note(desk).read_text()
    assert "ask Ada about this" in left
    assert "Nothing needs you now." in left
    assert "keep mine" not in left
    before = desk.stats()
    assert quiet(desk.sync()[1])
    assert desk.stats() == before
    in_conflict(desk, "p2")
    assert "ask Ada about this" in note(desk).read_text()
    assert "keep mine" in note(desk).read_text()


def test_r29_a_note_that_a_person_deleted_comes_back_for_news_only(desk: Desk) -> None:
    in_conflict(desk)
    note(desk).unlink()
    assert desk.sync()[0] == 3
    assert not note(desk).exists()
    in_conflict(desk, "p2")
    assert note(desk).read_text().count("keep mine") == 2


def test_r27_the_note_takes_no_name_that_another_note_bears(desk: Desk) -> None:
    (desk.vault / "Needs attention.md").write_text("my own list\n")
    in_conflict(desk)
    assert not note(desk).exists()
    assert (desk.vault / "Index/Needs attention Bridge.md").exists()
    assert (desk.vault / "Needs attention.md").read_text() == "my own list\n"


def test_held_things_are_listed_with_what_to_do(desk: Desk) -> None:
    desk.edit("p3", "^tags:$", "tags: [unclosed")
    assert desk.sync()[0] == 3
    text = note(desk).read_text()
    assert "[[Papers/@p3]]" in text
    assert "mend the properties" in text
    desk.edit("p3", "^tags: .unclosed$", "tags:")
    assert desk.sync()[0] == 0
    assert not note(desk).exists()


def test_it_can_be_turned_off(desk: Desk) -> None:
    config = desk.vault / ".bridge/config.toml"
    before = config.read_text().partition("\n[index]\n")[0]
    config.write_text(f"{before}\n[index]\npages = []\nattention = false\n")
    in_conflict(desk)
    assert not note(desk).exists()


def test_r31_once_on_another_machine_writes_no_note(desk: Desk) -> None:
    (desk.vault / ".bridge/owner").write_text(json.dumps({"machine": "0" * 16, "name": "desk"}))
    before = desk.bytes()
    assert desk.sync()[0] == 4
    assert desk.bytes() == before
