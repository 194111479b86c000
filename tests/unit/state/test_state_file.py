"""The file: made, migrated, refused, copied; law 12 (looking writes nothing), law 7 (all or nothing)."""

from __future__ import annotations

import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from bridge.core.record import Base, ItemId
from bridge.errors import StateError
from bridge.state import State
from bridge.state.schema import MIGRATIONS

ITEM = ItemId("users/7", "AAAA2345")


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as db:
        found = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()
    return found


def test_an_empty_file_becomes_a_state(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()
    State.open(path).close()
    assert {"items", "notes", "agreements", "bases", "intents", "conflicts", "cycles", "changes"} <= tables(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    db.close()


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with State.open(path) as state:
        state.set_meta("name", "value")
        state.set_meta("name", "other")
    with State.open(path) as state:
        assert state.get_meta("name") == "other"
        assert state.get_meta("none") is None


@pytest.mark.parametrize("open_it", [State.open, State.peek])
def test_a_newer_file_is_refused(tmp_path: Path, open_it: object) -> None:
    path = tmp_path / "state.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(StateError, match="newer Bridge"):
        open_it(path)  # type: ignore[operator]  # both take a path
    assert tables(path) == set()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("not a database, and long enough to be looked at as one " * 20)
    with pytest.raises(StateError):
        State.open(path)
    with pytest.raises(StateError):
        State.peek(path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.db"
    State.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_law_12_looking_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with State.open(path) as state:
        state.set_meta("name", "value")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    with State.peek(path) as copy:
        assert copy.get_meta("name") == "value"
        copy.set_meta("name", "changed")
        copy.items.set_cursor("users/7", 9)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_law_12_a_state_that_never_was_is_empty_and_stays_away(tmp_path: Path) -> None:
    with State.peek(tmp_path / "folder" / "state.db") as state:
        assert state.counts() == {"items": 0, "notes": 0, "pending": 0, "out_of_scope": 0, "conflicts": 0, "held": 0}
    assert list(tmp_path.iterdir()) == []


def test_law_12_a_snapshot_is_another_state(state: State) -> None:
    state.set_meta("name", "value")
    with state.snapshot() as copy:
        assert copy.get_meta("name") == "value"
        copy.set_meta("name", "changed")
        with copy.transaction():
            number = copy.agreements.add(ITEM, Base({}, {}), "stamp", "2025")
            copy.agreements.settle(ITEM, number)
    assert state.get_meta("name") == "value"
    assert state.agreements.base(ITEM) is None


def test_a_transaction_is_all_or_nothing_and_nested_ones_join(state: State) -> None:
    def broken_off() -> None:
        with state.transaction():
            state.set_meta("outer", "1")
            with state.transaction():
                state.set_meta("inner", "1")
            raise KeyError

    with pytest.raises(KeyError):
        broken_off()
    assert (state.get_meta("outer"), state.get_meta("inner")) == (None, None)
    with state.transaction(), state.transaction():
        state.set_meta("inner", "2")
    assert state.get_meta("inner") == "2"


def test_a_database_error_is_a_state_error_and_keeps_nothing(state: State) -> None:
    def failing() -> None:
        with state.transaction():
            state.set_meta("name", "value")
            state._db.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StateError):
        failing()
    assert state.get_meta("name") is None
