"""The one contract of writing children of papers, on every library there is (law 6, R4)."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from harnesses import LibraryHarness

from bridge.core.mirror import ChildWrite, Hung, child_key
from bridge.core.record import ItemId
from bridge.sync.ports import LibrarySide


@pytest.fixture
def harness(library: LibraryHarness) -> LibraryHarness:
    return library


def write(harness: LibraryHarness, *writes: ChildWrite) -> list[str]:
    return [outcome.result for outcome in cast("LibrarySide", harness.side).write_children(writes)]


def hung(harness: LibraryHarness, child: ItemId) -> Hung:
    """A child as a fresh look shows it."""
    side = cast("LibrarySide", harness.side)
    side.look([child])
    stored = harness.store.get_item(child)
    assert stored is not None
    return side.hung(stored)


def note(harness: LibraryHarness, html: str = "<p>one</p>") -> ChildWrite:
    paper = harness.ids[0]
    return ChildWrite(ItemId(paper.library, child_key("v", paper, "notes", 0)), paper.key, "note", "", html=html)


def test_a_note_is_made_under_its_paper_and_changed_in_place(harness: LibraryHarness) -> None:
    made = note(harness)
    assert write(harness, made) == ["applied"]
    first = hung(harness, made.id)
    assert (first.key, first.parent, first.kind, first.html) == (made.id.key, harness.ids[0].key, "note", "<p>one</p>")
    assert write(harness, replace(made, expect=first.token, html="<p>two</p>")) == ["applied"]
    assert hung(harness, made.id).html == "<p>two</p>"


def test_r4_what_was_made_is_not_made_again(harness: LibraryHarness) -> None:
    assert write(harness, note(harness)) == ["applied"]
    before = harness.world()
    assert write(harness, note(harness, "<p>again</p>")) == ["stale"]
    assert harness.world() == before


def test_law_6_a_stale_token_writes_nothing(harness: LibraryHarness) -> None:
    made = note(harness)
    write(harness, made)
    token = hung(harness, made.id).token
    write(harness, replace(made, expect=token, html="<p>two</p>"))
    assert write(harness, replace(made, expect=token, html="<p>three</p>")) == ["stale"]
    assert hung(harness, made.id).html == "<p>two</p>"


def test_a_link_is_made_and_follows(harness: LibraryHarness) -> None:
    paper = harness.ids[1]
    key = child_key("v", paper, "backlink", 0)
    made = ChildWrite(
        ItemId(paper.library, key), paper.key, "link", "", title="Open in Obsidian", url="obsidian://open?file=a%2Fb"
    )
    assert write(harness, made) == ["applied"]
    first = hung(harness, made.id)
    assert (first.kind, first.url) == ("link", "obsidian://open?file=a%2Fb")
    assert write(harness, replace(made, expect=first.token, url="obsidian://open?file=c")) == ["applied"]
    assert hung(harness, made.id).url == "obsidian://open?file=c"


def test_several_are_reported_in_the_order_given(harness: LibraryHarness) -> None:
    papers = harness.ids
    writes = [
        ChildWrite(ItemId(paper.library, child_key("v", paper, "notes", 0)), paper.key, "note", "", html="<p>x</p>")
        for paper in papers
    ]
    writes[1] = replace(writes[1], expect="1")
    assert write(harness, *writes) == ["applied", "stale", "applied"]
