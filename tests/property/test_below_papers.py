"""R21 and R23: what hangs below papers, in whatever order it comes, goes and moves.

The store is given pages of changes as a server might send them. After each, the record of every paper must be the one
read from the server's own tree, the papers whose record changed must be due, and none that nothing was done below.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_side import LIBRARY, item_id
from world import World

from bridge.core.children import FILES, HIGHLIGHTS, NOTES
from bridge.core.status import StatusNames
from bridge.state import State
from bridge.state.schema import migrate
from bridge.sync import Report
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.tree import CollectionTree

PAPERS = ("PAPERAAA", "PAPERBBB")
FILES_ = ("FILEAAAA", "FILEBBBB", "FILECCCC")
CHILDREN: Mapping[str, tuple[str, ...]] = {
    "attachment": FILES_,
    "note": ("NOTEAAAA", "NOTEBBBB"),
    "annotation": ("MARKAAAA", "MARKBBBB", "MARKCCCC"),
}
KIND = {key: kind for kind, keys in CHILDREN.items() for key in keys}
MAPPER = Mapper(LIBRARY, MappingRules(StatusNames(), UTC), CollectionTree.build(()))

Data = dict[str, Any]


@st.composite
def a_child(draw: st.DrawFn) -> Data:
    """A child in one of few states, so that some changes change nothing that is shown."""
    key = draw(st.sampled_from(sorted(KIND)))
    kind = KIND[key]
    parents = {"annotation": FILES_, "attachment": (None, *PAPERS, "NOTEAAAA"), "note": (None, *PAPERS)}[kind]
    word = draw(st.sampled_from(("one", "two")))
    own: Data = {
        "attachment": {"linkMode": draw(st.sampled_from(("imported_file", "embedded_image"))), "title": word},
        "note": {"note": f"<p>{word}</p>"},
        "annotation": {"annotationType": "highlight", "annotationText": word},
    }[kind]
    data: Data = {"key": key, "itemType": kind, "tags": [], "mtime": draw(st.integers(0, 2)), **own}
    if (parent := draw(st.sampled_from(parents))) is not None:
        data["parentItem"] = parent
    if draw(st.integers(0, 3)) == 0:
        data["deleted"] = 1
    return data


a_page = st.lists(a_child(), min_size=1, max_size=4, unique_by=lambda data: data["key"])
an_erasure = st.sets(st.sampled_from((*KIND, PAPERS[0])), min_size=1, max_size=3)


class Tree:
    """The server's items, and the store that is told of them."""

    def __init__(self) -> None:
        self.version = 0
        self.live: dict[str, Data] = {}
        self.state = _state()
        self.put([{"key": key, "itemType": "book", "title": key, "tags": []} for key in PAPERS])
        self.due()

    def put(self, page: Iterable[Data]) -> set[str]:
        """Store a page; the keys whose content changed."""
        changed, objects = set(), []
        for data in page:
            self.version += 1
            old = self.live.get(data["key"])
            if old is None or {**old, "mtime": 0} != {**data, "mtime": 0}:
                changed.add(data["key"])
            self.live[data["key"]] = data
            objects.append({"key": data["key"], "version": self.version, "meta": {}, "data": dict(data)})
        self.state.items.put_items(LIBRARY, objects)
        return changed

    def erase(self, keys: set[str]) -> set[str]:
        gone = keys & self.live.keys()
        for key in gone:
            del self.live[key]
        self.state.items.mark_gone(LIBRARY, sorted(keys))
        return gone

    def due(self) -> set[str]:
        """The papers that are due; they are done with then."""
        found = list(self.state.items.pending(LIBRARY))
        self.state.items.set_pending(found, pending=False)
        return {item.key for item in found}

    def shown(self) -> dict[str, Any]:
        """What the records of the papers say, from the store."""
        return {key: self._children(key, self.state.items.get_below(item_id(key))) for key in PAPERS}

    def true(self) -> dict[str, Any]:
        """What they must say."""
        objects = [{"key": key, "version": 1, "meta": {}, "data": data} for key, data in self.live.items()]
        return {key: self._children(key, objects) for key in PAPERS}

    def _children(self, key: str, below: Iterable[Mapping[str, Any]]) -> Any:
        record = MAPPER.record({"key": key, "version": 1, "data": {"itemType": "book"}}, below)
        return record.children, [record.face[name] for name in (HIGHLIGHTS, NOTES, FILES)]


def _state() -> State:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    return State(db)


def above(key: str, live: Mapping[str, Data]) -> Iterator[str]:
    """A key and those above it."""
    while key:
        yield key
        key = live.get(key, {}).get("parentItem", "")


@settings(max_examples=300, deadline=None)
@given(st.lists(a_page | an_erasure, max_size=12))
def test_r21_every_owner_is_true_and_due_when_something_below_it_changed(events: list[list[Data] | set[str]]) -> None:
    tree = Tree()
    links: dict[str, Data] = {}  # parents as they were known last, erased objects included
    for event in events:
        before, parents = tree.true(), dict(links)
        changed = tree.erase(event) if isinstance(event, set) else tree.put(event)
        links |= tree.live
        due, after = tree.due(), tree.true()
        assert tree.shown() == after
        assert {key for key in PAPERS if before[key] != after[key]} <= due
        touched = {owner for key in changed for known in (parents, links) for owner in above(key, known)}
        assert due <= touched
    tree.state.close()


# --- whole cycles, in memory -----------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    for key in ("AAAA", "BBBB"):
        world.server.add(key, tags=("one",))
    world.server.hang("FILE", "attachment", "AAAA", linkMode="imported_file", contentType="application/pdf")
    mark(world, "one")
    world.server.hang("NOTE", "note", "BBBB", note="<p>one</p>")
    world.sync()
    return world


def mark(world: World, text: str) -> None:
    told = {"annotationType": "highlight", "annotationText": text, "annotationSortIndex": "00000|000000|00000"}
    world.server.hang("MARK", "annotation", "FILE", **told)


def updated(report: Report | None) -> int:
    assert report is not None
    return report.vault_updated


def planned(world: World) -> list[tuple[str, str]]:
    plan = world.plan().plan
    assert plan is not None
    return [(row.id.key, row.field) for row in plan]


def test_r21_one_changed_highlight_renews_one_note_once(world: World) -> None:
    assert planned(world) == []
    mark(world, "two")
    assert planned(world) == [("AAAA", HIGHLIGHTS)]
    assert [updated(world.sync()) for _ in range(2)] == [1, 0]
    assert planned(world) == []


def test_r21_the_file_that_is_trashed_takes_its_highlights_along(world: World) -> None:
    world.server.trash("FILE", trashed=True)
    assert planned(world) == [("AAAA", HIGHLIGHTS), ("AAAA", FILES)]
    world.sync()
    mark(world, "two")
    assert planned(world) == [], "it is hidden"
    world.sync()
    world.server.trash("FILE", trashed=False)
    assert planned(world) == [("AAAA", HIGHLIGHTS), ("AAAA", FILES)]


def test_r21_a_child_that_moves_renews_both_papers(world: World) -> None:
    world.server.hang("FILE", "attachment", "BBBB")
    assert planned(world) == [(key, field) for key in ("AAAA", "BBBB") for field in (HIGHLIGHTS, FILES)]


def test_law_8_what_is_not_shown_is_no_change(world: World) -> None:
    world.server.hang("FILE", "attachment", "AAAA", mtime=7, md5="0" * 32, lastRead=9)
    with world.state() as state:
        before = state.items.cursor(LIBRARY)
    assert updated(world.sync()) == 0
    with world.state() as state:
        assert state.items.cursor(LIBRARY) > before
        assert list(state.items.pending(LIBRARY)) == []


def test_r23_notes_that_the_key_may_not_see_any_more_are_kept(world: World) -> None:
    world.server.shows_notes = False
    world.sync()
    world.server.hang("NOTE", "note", "BBBB", note="<p>two</p>")
    for full in (False, True):
        world.server.change("AAAA", {"url": f"http://{full}.org"})
        assert [field for _, field in planned(world)] == ["url"]
        world.sync(full=full)


def test_r23_once_it_may_see_them_what_changed_meanwhile_is_read(world: World) -> None:
    world.server.shows_notes = False
    world.server.hang("NOTE", "note", "BBBB", note="<p>two</p>")
    world.server.hang("NEXT", "note", "AAAA", note="<p>new</p>")
    world.server.change("AAAA", {"url": "http://one.org"})  # the cursor comes past them
    world.sync()
    assert planned(world) == []
    world.server.shows_notes = True
    assert planned(world) == [("AAAA", NOTES), ("BBBB", NOTES)]
    assert [updated(world.sync()) for _ in range(2)] == [2, 0]


def test_r23_a_note_erased_on_the_servers_word_goes_though_no_note_can_be_seen(world: World) -> None:
    world.server.shows_notes = False
    world.server.erase("NOTE")
    assert planned(world) == [("BBBB", NOTES)]
    world.sync(full=True)
    assert planned(world) == []


def test_a_stale_right_to_see_notes_loses_none_in_a_full_comparison(world: World) -> None:
    """Rights are kept from cycle to cycle; a listing without any note says nothing about the one that was there."""

    hidden = world.server.items.pop("NOTE")  # not in the log of deletions
    world.server.change("AAAA", {"url": "http://one.org"})
    world.sync(full=True)
    with world.state() as state:
        (kept,) = state.items.get_below(item_id("BBBB"))
    assert kept == hidden
