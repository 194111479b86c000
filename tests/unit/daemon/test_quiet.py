"""R37: a note is taken when it was seen to stand still, and its date does not count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from memory_index import MemoryIndex, MemoryLog
from still_time import HandClock

from bridge.core.place import Stat
from bridge.core.record import ItemId, Record
from bridge.core.side import Edit
from bridge.vault import marker
from bridge.vault.note import NoteRules
from bridge.vault.quiet import FLOOD, PATIENCE, Quiet
from bridge.vault.scan import VaultScan
from bridge.vault.side import Layout, VaultSide

A, B = (ItemId("users/1", key) for key in ("AAAAAAAA", "BBBBBBBB"))
ONE, TWO = Stat(1, 1, 1), Stat(2, 2, 2)


def head(item: ItemId, title: str = "T", body: str = "") -> str:
    return f"---\ntitle: {title}\ncitekey: {item.key[:1].lower()}\nzotero-key: {item.key}\n---\n\n{body}\n"


class Watched:
    """A vault as the daemon sees it, with its own clock."""

    def __init__(self, root: Path) -> None:
        self.root, self.index, self.clock = root, MemoryIndex(), HandClock()
        marker.create_marker(root)
        self.quiet = Quiet(5.0, self.clock.monotonic)
        layout = Layout({"users/1": "Papers"}, "@{citekey}.md", "Templates/Bridge")
        self.log = MemoryLog()
        self.side = VaultSide(root, self.index, self.log, NoteRules("users/1"), layout, quiet=self.quiet)

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def scan(self) -> VaultScan:
        found = self.side.scan()
        self.index.drop_rows(found.dropped)
        self.index.put_rows(found.rows)
        return found

    def changed(self, after: float = 0.0) -> list[str]:
        self.clock.pass_by(after)
        return [row.path for row in self.scan().changed]


@pytest.fixture
def vault(tmp_path: Path) -> Watched:
    """A vault with the notes of A and B, known and at rest."""
    watched = Watched(tmp_path)
    watched.write("Papers/@a.md", head(A))
    watched.write("Papers/@b.md", head(B))
    watched.scan()
    watched.scan()
    watched.clock.pass_by(5)
    assert watched.changed() == []
    assert not watched.quiet.warm
    return watched


# --- the memory alone ---


def test_r37_what_differs_is_warm_until_it_was_seen_unchanged_long_enough() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    assert quiet.look({"a": ONE}, {"a"}, reading=True) == {"a"}
    clock.pass_by(4.9)
    assert quiet.look({"a": TWO}, {"a"}, reading=True) == {"a"}  # changed again: from the beginning
    assert quiet.due == clock.mono + 5
    clock.pass_by(4.9)
    assert quiet.look({"a": TWO}, {"a"}, reading=True) == {"a"}
    clock.pass_by(0.1)
    assert quiet.look({"a": TWO}, {"a"}, reading=True) == frozenset()
    assert quiet.due is None


def test_a_glance_that_finds_it_still_leaves_it_to_be_read() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    quiet.look({"a": ONE}, {"a"}, reading=False)
    clock.pass_by(6)
    assert quiet.look({"a": ONE}, {"a"}, reading=False) == frozenset()
    assert quiet.due is not None
    assert quiet.due <= clock.mono
    quiet.look({"a": ONE}, {"a"}, reading=True)
    assert quiet.due is None


def test_without_a_quiet_period_a_change_is_due_at_once() -> None:
    clock = HandClock()
    quiet = Quiet(0.0, clock.monotonic)
    assert quiet.look({"a": ONE}, {"a"}, reading=False) == frozenset()
    assert quiet.due == clock.mono


def test_what_was_seen_is_forgotten_when_it_differs_no_more() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    quiet.look({"a": ONE}, {"a"}, reading=True)
    clock.pass_by(5)
    quiet.look({"a": ONE}, {"a"}, reading=True)
    quiet.look({"a": ONE}, (), reading=True)
    assert quiet.look({"a": TWO}, {"a"}, reading=True) == {"a"}


# --- in a vault ---


def test_r37_a_note_is_read_for_edits_when_it_stands_still_whatever_its_date(vault: Watched) -> None:
    path = vault.write("Papers/@a.md", head(A, "New"))
    os.utime(path, (0, 0))  # a date says nothing
    assert vault.changed() == []
    assert vault.side.is_warm("Papers/@a.md")
    assert vault.changed(after=4) == []
    assert vault.changed(after=1) == ["Papers/@a.md"]
    assert not vault.side.is_warm("Papers/@a.md")


def test_r37_a_note_edited_for_ten_minutes_does_not_stop_the_others(vault: Watched) -> None:
    found = []
    for second in range(0, 600, 4):
        vault.write("Papers/@a.md", head(A, body="x" * (second + 1)))
        if second == 300:
            vault.write("Papers/@b.md", head(B, "Other"))
        found += vault.changed(after=4)
    assert found == ["Papers/@b.md"]
    assert vault.changed(after=5) == ["Papers/@a.md"]


def test_r37_a_warm_note_is_not_written_and_its_edit_waits(vault: Watched) -> None:
    expect = vault.index.notes["Papers/@a.md"].digest
    edit = Edit(A, expect, {"title": "From Zotero"}, record=Record(A, {"title": "From Zotero"}, "1"))
    path = vault.root / "Papers/@a.md"
    os.utime(path, (1, 1))  # saved without a change: the text is the one planned on
    before = path.read_bytes()
    vault.scan()
    assert [outcome.result for outcome in vault.side.apply([edit])] == ["stale"]
    assert path.read_bytes() == before
    vault.changed(after=5)
    assert [outcome.result for outcome in vault.side.apply([edit])] == ["applied"]


def test_r37_a_save_between_scan_and_write_is_not_written_over(vault: Watched) -> None:
    vault.scan()
    path = vault.root / "Papers/@a.md"
    os.utime(path, (1, 1))
    edit = Edit(A, vault.index.notes["Papers/@a.md"].digest, {"title": "X"}, record=Record(A, {"title": "X"}, "1"))
    assert [outcome.result for outcome in vault.side.apply([edit])] == ["stale"]


def test_law_8_what_it_wrote_itself_is_not_warm(vault: Watched) -> None:
    edit = Edit(A, vault.index.notes["Papers/@a.md"].digest, {"title": "X"}, record=Record(A, {"title": "X"}, "1"))
    vault.scan()
    assert [outcome.result for outcome in vault.side.apply([edit])] == ["applied"]
    vault.side.glance()
    assert vault.quiet.due is None
    assert vault.changed() == []


def test_law_9_a_note_deleted_and_made_anew_was_never_gone(vault: Watched) -> None:
    path = vault.root / "Papers/@a.md"
    path.unlink()
    found = vault.scan()
    assert (found.gone, found.dropped) == ((), ())
    vault.clock.pass_by(1)
    vault.write("Papers/@a.md", head(A, "Anew"))
    assert vault.changed() == []
    assert vault.changed(after=5) == ["Papers/@a.md"]


def test_law_9_a_note_that_stays_away_is_gone(vault: Watched) -> None:
    (vault.root / "Papers/@a.md").unlink()
    vault.scan()
    vault.clock.pass_by(5)
    found = vault.scan()
    assert (found.gone, found.dropped) == ((A,), ("Papers/@a.md",))


def test_a_moved_note_is_followed_at_once(vault: Watched) -> None:
    (vault.root / "Papers/@a.md").rename(vault.root / "moved.md")
    found = vault.scan()
    assert (found.moved, found.gone) == ((("Papers/@a.md", "moved.md"),), ())
    assert vault.index.notes["moved.md"].id == A
    assert "Papers/@a.md" not in vault.index.notes
    assert not vault.index.notes["moved.md"].held


def test_a_note_that_arrives_counts_for_its_item_at_once_and_is_taken_later(vault: Watched) -> None:
    other = ItemId("users/1", "CCCCCCCC")
    vault.write("Papers/@c.md", "")  # its text is on its way
    vault.scan()
    vault.write("Papers/@c.md", head(other))
    assert vault.scan().rows[0].id == other
    assert vault.side.is_warm("Papers/@c.md")
    vault.clock.pass_by(5)
    vault.scan()
    assert not vault.side.is_warm("Papers/@c.md")


def test_a_half_typed_link_in_an_own_note_is_not_taken(vault: Watched) -> None:
    vault.write("Daily.md", "nothing yet")
    vault.scan()
    vault.write("Daily.md", "see [[@smi]]")
    vault.scan()
    assert "smi" not in vault.index.notes["Daily.md"].facts.mentions
    vault.clock.pass_by(5)
    vault.scan()
    assert "smi" in vault.index.notes["Daily.md"].facts.mentions


def test_what_comes_to_rest_in_one_flood_is_read_at_once() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    there: dict[str, Stat] = {}
    began = clock.mono
    for number in range(8):
        there[str(number)] = ONE
        quiet.look(there, there.keys(), reading=False)
        clock.pass_by(0.5)
    assert quiet.due == began + 3.5 + 5
    clock.pass_by(1)
    quiet.look({**there, "later": ONE}, {*there, "later"}, reading=False)
    assert quiet.due == began + 3.5 + 5  # that one is no part of the flood


def test_r37_a_flood_is_one_change_and_warm_until_its_last_file_stands_still() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    there = {str(number): ONE for number in range(FLOOD)}
    quiet.look(there, there, reading=False)
    clock.pass_by(4)  # longer than a few files would be waited for
    there |= {str(number): TWO for number in range(FLOOD // 2)}
    quiet.look(there, there, reading=False)
    over = clock.mono + 5
    assert quiet.due == over
    clock.pass_by(4)
    assert quiet.look(there, there, reading=True) == there.keys()  # a poll in between takes no half of it
    assert quiet.due == over
    clock.pass_by(1)
    assert quiet.look(there, there, reading=True) == frozenset()
    assert quiet.due is None


def test_r37_a_note_edited_without_pause_does_not_hold_up_a_flood() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    for second in range(0, 100, 2):
        clock.pass_by(2)
        quiet.look({"typed": Stat(second, 1, 1)}, {"typed"}, reading=True)
    there = {str(number): ONE for number in range(FLOOD)}
    for second in range(4):
        now = {**there, "typed": Stat(200 + second, 1, 1)}
        assert quiet.look(now, now, reading=False) == now.keys()
        clock.pass_by(1.25)
    now = {**there, "typed": Stat(300, 1, 1)}
    assert quiet.look(now, now, reading=True) == {"typed"}


def test_r37_a_note_typed_in_since_the_flood_began_holds_it_up_for_a_minute_at_most() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    there = {str(number): ONE for number in range(FLOOD)}
    began, second = clock.mono, 0
    while len(quiet.look({**there, "typed": Stat(second, 1, 1)}, {*there, "typed"}, reading=True)) > 1:
        clock.pass_by(2)
        second += 2
    assert PATIENCE < clock.mono - began <= PATIENCE + 5 + 2


def test_r37_a_stream_that_never_ends_is_not_waited_for() -> None:
    clock = HandClock()
    quiet = Quiet(5.0, clock.monotonic)
    there: dict[str, Stat] = {}
    began = clock.mono
    for number in range(200):
        there[str(number)] = ONE
        quiet.look(there, there.keys(), reading=False)
        clock.pass_by(0.5)
    assert quiet.due is not None
    assert quiet.due <= began + 5 + PATIENCE
    assert quiet.look(there, there.keys(), reading=True) == {str(number) for number in range(191, 200)}
