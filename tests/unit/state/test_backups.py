"""Replaced bytes by digest, and the deeds that need them (law 5: kept before anything is replaced)."""

from __future__ import annotations

import random
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.core.deeds import FileDeed, ItemDeed
from bridge.core.record import ItemId
from bridge.errors import StateError
from bridge.recording import recorded
from bridge.state import State
from bridge.state.backups import Backups
from bridge.sync.ledger import Ledger

A = ItemId("users/1", "AAAA2345")
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def test_contents_come_back_byte_for_byte(tmp_path: Path) -> None:
    contents = {"one": b"\xef\xbb\xbf---\r\n\x00\xff", "two": b"", "three": b"x" * 100_000}
    with Backups(tmp_path / "backups.db") as backups:
        backups.put(contents)
        backups.put({"one": b"the digest says that it is there"})
    with Backups(tmp_path / "backups.db") as backups:
        assert {name: backups.get(name) for name in contents} == contents
        assert backups.get("four") is None


def test_law_12_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "backups.db"
    with Backups(path) as backups:
        assert backups.get("one") is None
        backups.retain([])
    assert list(tmp_path.iterdir()) == []
    with Backups(path) as backups:
        backups.put({})
    assert list(tmp_path.iterdir()) == []
    with Backups(path) as backups:
        backups.put({"one": b"1"})
    before = path.read_bytes()
    with Backups(path) as backups:
        assert backups.get("one") == b"1"
    assert (list(tmp_path.iterdir()), path.read_bytes()) == ([path], before)


def test_law_14_nobody_else_can_read_them(tmp_path: Path) -> None:
    with Backups(tmp_path / "backups.db") as backups:
        backups.put({"one": b"1"})
    assert stat.S_IMODE((tmp_path / "backups.db").stat().st_mode) == 0o600


def test_what_is_no_longer_needed_gives_its_space_back(tmp_path: Path) -> None:
    path = tmp_path / "backups.db"
    with Backups(path) as backups:
        backups.put({str(n): random.Random(n).randbytes(20_000) for n in range(1, 50)})
        size = path.stat().st_size
        backups.retain(["7"])
        assert backups.get("7") is not None
        assert backups.get("8") is None
    assert path.stat().st_size < size / 4


def test_a_damaged_file_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "backups.db").write_bytes(b"this is no database at all" * 50)
    with Backups(tmp_path / "backups.db") as backups, pytest.raises(StateError, match="cannot be used"):
        backups.get("one")


def test_an_empty_file_left_by_a_crash_is_filled(tmp_path: Path) -> None:
    (tmp_path / "backups.db").touch()
    with Backups(tmp_path / "backups.db") as backups:
        assert backups.get("one") is None
        backups.put({"one": b"1"})
        assert backups.get("one") == b"1"


REPLACED = FileDeed("a.md", "a.md", "old", "new")
MADE = FileDeed("", "b.md", "", "b")
SENT = ItemDeed(A, {"title": "Old", "tags": [{"tag": "x", "type": 1}], "DOI": None}, {"title": "New"})


def ledger(state: State, path: Path) -> Ledger:
    return Ledger(state, NOW.isoformat, Backups(path))


def test_law_5_what_is_replaced_is_kept_when_the_recorder_returns(state: State, tmp_path: Path) -> None:
    one = ledger(state, tmp_path / "backups.db")
    one.keep([REPLACED], {"old": b"as it was"})
    assert one.cycle is not None
    with State.peek(tmp_path / "state" / "state.db") as other, Backups(tmp_path / "backups.db") as backups:
        assert other.deeds.files(one.cycle) == [REPLACED]
        assert backups.get("old") == b"as it was"


def test_deeds_stand_in_the_order_in_which_they_were_done(state: State, tmp_path: Path) -> None:
    one = ledger(state, tmp_path / "backups.db")
    one.made([MADE])
    assert state.history.cycles() == []  # nothing hangs on it: it goes with what records the cycle
    one.keep([REPLACED], {"old": b""})
    one.made([MADE._replace(new="c.md")])
    one.flush()
    one.withdraw([REPLACED])
    assert state.deeds.files(one.number()) == [MADE, MADE._replace(new="c.md")]


def test_what_the_server_made_of_it_is_what_was_done(state: State, tmp_path: Path) -> None:
    b, c = ItemId("users/1", "BBBB2345"), ItemId("users/1", "CCCC2345")
    one = ledger(state, tmp_path / "backups.db")
    made = ItemDeed(c, None, {"itemType": "note"})
    one.sending([SENT, ItemDeed(b, {"url": ""}, {"url": "x"}), made])
    one.sent({A: {"title": "New, trimmed"}, b: None})  # of the third nobody knows: what was meant stays
    assert one.cycle is not None
    assert state.deeds.items(one.cycle) == [ItemDeed(A, SENT.before, {"title": "New, trimmed"}), made]
    assert state.deeds.is_kept(one.cycle)


def test_a_ledger_without_backups_numbers_the_cycle_and_keeps_nothing(state: State) -> None:
    one = Ledger(state, NOW.isoformat)
    one.keep([REPLACED], {"old": b""})
    one.made([MADE])
    one.sending([SENT])
    one.sent({A: None})
    one.withdraw([REPLACED])
    one.flush()
    assert one.cycle is None
    assert not state.deeds.is_kept(one.number())


def test_deeds_live_as_long_as_configured_and_their_bytes_with_them(state: State, tmp_path: Path) -> None:
    path = tmp_path / "backups.db"
    with recorded(state, path, 30, lambda: NOW) as (first, _):
        first.keep([REPLACED], {"old": b"only the first needs it"})
    with recorded(state, path, 30, lambda: NOW + timedelta(days=10)) as (second, _):
        second.keep([REPLACED._replace(before="both")], {"both": b"needed"})
    with recorded(state, path, 30, lambda: NOW + timedelta(days=35)):
        pass  # it changed nothing, so nothing is looked at
    assert first.cycle is not None
    assert second.cycle is not None
    assert state.deeds.is_kept(first.cycle)
    with recorded(state, path, 30, lambda: NOW + timedelta(days=35)) as (third, _):
        third.keep([REPLACED._replace(before="third")], {"third": b""})
    assert [state.deeds.is_kept(each.cycle or 0) for each in (first, second, third)] == [False, True, True]
    with Backups(path) as backups:
        assert [backups.get(each) for each in ("old", "both", "third")] == [None, b"needed", b""]
    with recorded(state, path, 0, lambda: NOW + timedelta(days=36)) as (last, _):
        last.keep([REPLACED], {"old": b"1"})
        last.number()
    assert not any(state.deeds.is_kept(number) for number in range(1, 9))
    with Backups(path) as backups:
        assert backups.get("both") is None
