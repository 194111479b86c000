"""What the state knows of papers that have to do with each other, and whom it makes due."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bridge.core.place import NoteRow, Stat
from bridge.core.record import ItemId
from bridge.state import State
from bridge.state.kin import relations
from bridge.state.schema import MIGRATIONS, migrate

MINE, GROUP = "users/1", "groups/51"


def obj(key: str, version: int = 1, /, **data: Any) -> dict[str, Any]:
    return {"key": key, "version": version, "data": {"itemType": "book", "version": version, **data}}


def uri(library: str, key: str) -> str:
    return f"http://zotero.org/{library}/items/{key}"


def row(path: str, item: ItemId) -> NoteRow:
    return NoteRow(path, Stat(1, 1, 1), "d", item)


def due(state: State, library: str = MINE) -> set[str]:
    return {item.key for item in state.items.pending(library)}


def settle(state: State) -> None:
    for library in (MINE, GROUP):
        state.items.set_pending(list(state.items.pending(library)), pending=False)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([], []),
        ({}, []),
        ({"dc:relation": uri(MINE, "AAAAAAAA")}, [("dc:relation", (MINE, "AAAAAAAA"))]),
        ({"mendeleyDB:relatedDocumentUUID": "x"}, []),
        ({"dc:replaces": uri(MINE, "AAAAAAAA")}, [("dc:replaces", (MINE, "AAAAAAAA"))]),
        (
            {"owl:sameAs": [uri(GROUP, "BBBBBBBB"), "http://zotero.org/users/local/x/items/CCCCCCCC", 7]},
            [("owl:sameAs", (GROUP, "BBBBBBBB"))],
        ),
    ],
)
def test_relations_are_read_in_every_form_the_server_has(said: Any, found: list[Any]) -> None:
    assert list(relations({"relations": said})) == found


def test_r22_whoever_shows_a_paper_is_due_when_its_life_changes(state: State) -> None:
    state.items.put_items(MINE, [obj("AAAAAAAA"), obj("BBBBBBBB"), obj("CCCCCCCC")])
    settle(state)
    state.items.put_items(MINE, [obj("BBBBBBBB", 2, relations={"dc:replaces": uri(MINE, "AAAAAAAA")})])
    assert due(state) == {"AAAAAAAA", "BBBBBBBB"}
    settle(state)
    state.items.put_items(MINE, [obj("AAAAAAAA", 3, deleted=1)])
    assert due(state) == {"AAAAAAAA", "BBBBBBBB"}
    assert state.kin.heir(ItemId(MINE, "AAAAAAAA")) == ((MINE, "BBBBBBBB"), "merged")
    assert state.kin.heirs() == {}  # of a library that was never read to its end nothing is known
    state.items.set_cursor(MINE, 3)
    assert state.kin.heirs() == {(MINE, "AAAAAAAA"): (MINE, "BBBBBBBB")}
    settle(state)
    state.items.mark_gone(MINE, ["BBBBBBBB"])
    assert due(state) == {"AAAAAAAA", "BBBBBBBB"}
    assert state.kin.heir(ItemId(MINE, "AAAAAAAA")) is None
    settle(state)
    state.items.put_items(MINE, [obj("BBBBBBBB", 5)])  # and it names nobody any more
    assert due(state) == {"AAAAAAAA", "BBBBBBBB"}
    settle(state)
    state.items.put_items(MINE, [obj("BBBBBBBB", 6, title="x")])
    assert due(state) == {"BBBBBBBB"}


def test_a_paper_that_left_for_another_library_is_its_only_living_copy(state: State) -> None:
    old, new = ItemId(MINE, "AAAAAAAA"), ItemId(GROUP, "BBBBBBBB")
    state.items.put_items(MINE, [obj(old.key, relations={"owl:sameAs": uri(*new)})])
    state.items.put_items(GROUP, [obj(new.key)])
    assert state.kin.heir(old) is None  # it was copied, and lives in both
    state.items.put_items(MINE, [obj(old.key, 2, deleted=1, relations={"owl:sameAs": uri(*new)})])
    assert state.kin.heir(old) == (new, "moved")
    assert state.kin.dead(new) == [old]
    assert due(state, GROUP) == {new.key}


def test_a_note_that_comes_moves_or_goes_makes_twins_due(state: State) -> None:
    one, two = ItemId(MINE, "AAAAAAAA"), ItemId(GROUP, "BBBBBBBB")
    for item, spelled in ((one, "10.1/X"), (two, "https://doi.org/10.1/x")):
        state.items.put_items(item.library, [obj(item.key, DOI=spelled)])
        state.items.set_cursor(item.library, 1)
    settle(state)
    state.notes.put_rows([row("a.md", one)])
    assert (due(state), due(state, GROUP)) == (set(), {two.key})
    settle(state)
    state.notes.put_rows([row("a.md", one)])  # only its text is another
    assert (due(state), due(state, GROUP)) == (set(), set())
    state.notes.put_rows([row("b.md", one)])
    state.notes.drop_rows(["a.md"])
    assert due(state, GROUP) == {two.key}
    settle(state)
    state.items.put_items(MINE, [obj(one.key, 2, DOI="10.1/other")])
    assert due(state, GROUP) == {two.key}
    assert state.kin.same_doi(two) == []


def test_a_file_of_a_former_version_is_brought_along(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    before = next(number for number, script in enumerate(MIGRATIONS) if "CREATE TABLE relations" in script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bridge.state.schema.MIGRATIONS", MIGRATIONS[:before])
        migrate(db)
    said = obj("BBBBBBBB", relations={"dc:replaces": [uri(MINE, "AAAAAAAA")]}, DOI="https://doi.org/10.1/X")
    db.execute(
        "INSERT INTO items (library, key, version, json, paper, trashed, pending) VALUES (?,?,1,?,1,0,0)",
        (MINE, "BBBBBBBB", json.dumps(said)),
    )
    migrate(db)
    assert db.execute("SELECT * FROM relations").fetchall() == [(MINE, "BBBBBBBB", "dc:replaces", MINE, "AAAAAAAA")]
    assert db.execute("SELECT doi FROM items").fetchall() == [("10.1/x",)]
    db.close()
