"""What Zotero sent: R3 (kept, with the cursor), R17 (suspicious content), law 8 (own writes are no news)."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.record import ItemId
from bridge.errors import UnreachableError
from bridge.state import State

LIB = "users/7"


def item_id(key: str) -> ItemId:
    return ItemId(LIB, key)


def obj(key: str, version: int = 1, kind: str = "book", **data: Any) -> dict[str, Any]:
    return {"key": key, "version": version, "data": {"key": key, "version": version, "itemType": kind, **data}}


def pending(state: State) -> list[str]:
    return [item.key for item in state.items.pending(LIB)]


def done(state: State) -> None:
    state.items.set_pending([item_id(key) for key in pending(state)], pending=False)


def test_r3_a_failing_page_leaves_neither_download_nor_cursor(state: State) -> None:
    state.items.put_items(LIB, [obj("A")])
    state.items.set_cursor(LIB, 5)

    def download() -> None:
        with state.transaction():
            state.items.put_items(LIB, [obj("A", 6, title="new"), obj("B", 6)])
            state.items.set_tree(LIB, [{"key": "C"}])
            state.items.mark_gone(LIB, ["A"])
            state.items.set_cursor(LIB, 9)
            raise UnreachableError("cut off")

    with pytest.raises(UnreachableError):
        download()
    assert state.items.cursor(LIB) == 5
    assert state.items.tree(LIB) == []
    assert state.items.get_item(item_id("A")) == obj("A")
    assert state.items.get_item(item_id("B")) is None


def test_cursor_and_tree_are_kept_by_library(state: State) -> None:
    assert (state.items.cursor(LIB), state.items.tree(LIB)) == (0, [])
    state.items.set_tree(LIB, [{"key": "C"}])
    state.items.set_cursor(LIB, 3)
    state.items.set_cursor("groups/51", 8)
    state.items.set_tree(LIB, [{"key": "D"}])
    assert (state.items.cursor(LIB), state.items.tree(LIB)) == (3, [{"key": "D"}])
    assert (state.items.cursor("groups/51"), state.items.tree("groups/51")) == (8, [])


def test_r3_news_are_pending_until_done(state: State) -> None:
    state.items.put_items(LIB, [obj("B"), obj("A")])
    assert pending(state) == ["A", "B"]
    done(state)
    assert pending(state) == []
    state.items.set_all_pending(LIB)
    assert pending(state) == ["A", "B"]


def test_law_8_an_own_write_that_comes_back_is_no_news(state: State) -> None:
    written = obj("A", 7, title="mine")
    state.items.put_items(LIB, [obj("A", 5)])
    state.items.put_items(LIB, [written])
    done(state)
    assert state.items.put_items(LIB, [written]) == frozenset()
    assert pending(state) == []


def test_law_8_a_version_alone_is_no_news(state: State) -> None:
    state.items.put_items(LIB, [obj("A", 5, title="T")])
    done(state)
    state.items.put_items(LIB, [obj("A", 6, title="T")])
    assert pending(state) == []
    stored = state.items.get_item(item_id("A"))
    assert stored is not None
    assert stored["version"] == 6, "the next write expects the present version"


def test_r3_what_was_pending_stays_so_when_it_is_downloaded_again(state: State) -> None:
    state.items.put_items(LIB, [obj("A", 5, title="T")])
    state.items.put_items(LIB, [obj("A", 6, title="T")])
    assert pending(state) == ["A"]


def test_r17_content_that_changed_without_its_version_rising_is_suspicious(state: State) -> None:
    state.items.put_items(LIB, [obj("A", 5, title="T"), obj("B", 5), obj("C", 5), obj("D", 5)])
    found = state.items.put_items(
        LIB, [obj("A", 5, title="U"), obj("B", 5), obj("C", 4), obj("D", 6, title="U"), obj("E", 1)]
    )
    assert found == {"A", "C"}


def test_children_are_no_papers(state: State) -> None:
    state.items.put_items(
        LIB,
        [
            obj("A"),
            obj("F", kind="attachment", parentItem="A"),
            obj("M", kind="annotation", parentItem="F"),
            obj("N", kind="note"),
        ],
    )
    assert pending(state) == ["A"]
    assert state.items.papers(LIB) == 1
    assert state.items.life(item_id("F")) is None
    assert state.items.keys(LIB) == {"A", "F", "M", "N"}


def test_r26_highlights_are_those_of_the_papers_own_files(state: State) -> None:
    state.items.put_items(
        LIB,
        [
            obj("A"),
            obj("B"),
            obj("F", kind="attachment", parentItem="A"),
            obj("M", kind="annotation", parentItem="F"),
            obj("G", kind="attachment", parentItem="B"),
            obj("N", kind="note", parentItem="G"),
        ],
    )
    assert state.items.has_highlights(item_id("A"))
    assert not state.items.has_highlights(item_id("B"))
    state.items.mark_gone(LIB, ["M"])
    assert not state.items.has_highlights(item_id("A"))


def test_r26_a_highlight_in_the_trash_is_none(state: State) -> None:
    state.items.put_items(LIB, [obj("A"), obj("F", kind="attachment", parentItem="A", deleted=1)])
    state.items.put_items(LIB, [obj("M", kind="annotation", parentItem="F")])
    assert not state.items.has_highlights(item_id("A"))
    state.items.put_items(LIB, [obj("F", 2, kind="attachment", parentItem="A")])
    assert state.items.has_highlights(item_id("A"))
    state.items.put_items(LIB, [obj("M", 2, kind="annotation", parentItem="F", deleted=1)])
    assert not state.items.has_highlights(item_id("A"))


def test_r21_what_is_below_a_paper_is_found_without_a_look_at_the_rest(state: State) -> None:
    def steps() -> int:
        """What the database does to find what is below ``A``, in steps of its machine."""
        taken: list[int] = []
        state._db.set_progress_handler(lambda: taken.append(1), 1)
        try:
            assert sorted(one["key"] for one in state.items.get_below(item_id("A"))) == ["F", "M"]
            assert state.items.has_highlights(item_id("A"))
        finally:
            state._db.set_progress_handler(None, 1)
        return len(taken)

    def hang(letter: str, marks: int) -> None:
        state.items.put_items(
            LIB,
            [
                obj(f"A{letter}"),
                obj(f"F{letter}", kind="attachment", parentItem=f"A{letter}"),
                *(obj(f"M{letter}{n}", kind="annotation", parentItem=f"F{letter}") for n in range(marks)),
            ],
        )

    hang("", 0)
    state.items.put_items(LIB, [obj("M", kind="annotation", parentItem="F")])
    alone = steps()
    hang("Z", 500)
    assert steps() <= alone + 20


def test_law_9_lives_and_what_erasing_leaves(state: State) -> None:
    state.items.put_items(LIB, [obj("A", title="T"), obj("B", deleted=1)])
    done(state)
    assert (state.items.life(item_id("A")), state.items.life(item_id("B"))) == ("live", "trashed")
    assert state.items.life(item_id("Z")) is None
    assert state.items.papers(LIB) == 1
    assert state.items.mark_gone(LIB, ["A", "Z"]) == 1
    assert state.items.mark_gone(LIB, ["A"]) == 0
    assert state.items.life(item_id("A")) == "deleted"
    assert pending(state) == ["A"]
    stored = state.items.get_item(item_id("A"))
    assert stored is not None
    assert stored["data"]["title"] == "T", "its last content is kept"
    assert state.items.keys(LIB) == {"B"}


def test_r17_an_erased_item_that_is_back_is_news(state: State) -> None:
    state.items.put_items(LIB, [obj("A")])
    state.items.mark_gone(LIB, ["A"])
    done(state)
    state.items.put_items(LIB, [obj("A")])
    assert pending(state) == ["A"]
    assert state.items.life(item_id("A")) == "live"


def test_r20_papers_in_moved_collections_are_due(state: State) -> None:
    state.items.put_items(LIB, [obj("A", collections=["X", "Y"]), obj("B", collections=["Z"]), obj("C")])
    done(state)
    state.items.set_collections_pending(LIB, ["Y", "W"])
    assert pending(state) == ["A"]


def test_r26_papers_are_found_by_their_citation_key(state: State) -> None:
    state.items.put_items(LIB, [obj("A"), obj("B"), obj("C", deleted=1)])
    for key, citekey in (("A", "wei2025"), ("B", "li2024"), ("C", "wei2025")):
        state.items.set_citekey(item_id(key), citekey)
    assert state.items.by_citekey(LIB, ["wei2025", "none"]) == [item_id("A")]
    assert state.items.by_citekey("groups/51", ["wei2025"]) == []
    state.items.put_items(LIB, [obj("A", 2, title="new")])
    assert state.items.by_citekey(LIB, ["wei2025"]) == [item_id("A")]


def test_r9_tags_are_counted_as_zotero_spells_them(state: State) -> None:
    tags = [{"tag": "NLP"}, {"tag": "nlp", "type": 1}]
    state.items.put_items(LIB, [obj("A", tags=tags), obj("B", tags=tags[:1]), obj("C", tags=tags), obj("D")])
    state.items.mark_gone(LIB, ["C"])
    assert state.items.tag_uses(LIB) == {"NLP": 2, "nlp": 1}


def test_many_items_are_compared_with_what_is_known(state: State) -> None:
    many = [obj(f"K{number}") for number in range(1100)]
    state.items.put_items(LIB, many)
    done(state)
    changed = [obj(f"K{number}", 2, title="x" if number == 1050 else "") for number in range(1100)]
    same = [one if one["key"] == "K1050" else obj(one["key"], 2) for one in changed]
    state.items.put_items(LIB, same)
    assert pending(state) == ["K1050"]
