"""Which paper a dead one became, whatever was merged into what (R22); links as properties hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.kin import link_to, merged, survivor
from bridge.core.policy import normal_link
from bridge.core.record import ItemId

ITEMS = [ItemId("users/1", letter * 8) for letter in "ABCDE"]
an_item = st.sampled_from(ITEMS)


@given(st.sets(st.tuples(an_item, an_item)), st.sets(an_item))
def test_r22_who_survived_whom_is_told_alike_from_both_ends(
    replaces: set[tuple[ItemId, ItemId]], live: set[ItemId]
) -> None:
    def old(item: ItemId) -> list[ItemId]:
        return [b for a, b in replaces if a == item]

    def new(item: ItemId) -> list[ItemId]:
        return [a for a, b in replaces if b == item]

    for item in ITEMS:
        for dead in merged(item, old, new, live.__contains__) if item in live else ():
            assert dead not in live
            assert survivor(dead, new, live.__contains__) == item
        if item not in live and (heir := survivor(item, new, live.__contains__)) is not None:
            assert heir in live
            assert item in merged(heir, old, new, live.__contains__)


def test_r22_rings_have_an_end() -> None:
    a, b, *_ = ITEMS
    assert survivor(a, {a: [b], b: [a]}.__getitem__, lambda _: False) is None


@pytest.mark.parametrize(
    ("path", "alone", "link"),
    [
        ("Papers/@wei2025.md", True, "[[@wei2025]]"),
        ("Papers/@wei2025.md", False, "[[Papers/@wei2025|@wei2025]]"),
        ("Papers/a|b.md", True, ""),
        ("Papers/a]].md", True, ""),
        ("Papers/%%.md", True, ""),
    ],
)
def test_a_link_names_a_file_and_nothing_else(path: str, alone: bool, link: str) -> None:
    assert link_to(path, is_alone=alone) == link


@pytest.mark.parametrize(
    "link", ["[[@Wei2025]]", "[[Papers/@wei2025]]", "[[@wei2025.md|as I call it]]", "[[@wei2025#Notes]]"]
)
def test_r2_the_same_link_in_other_words_is_the_same(link: str) -> None:
    assert normal_link(link) == "[[@wei2025]]"


def test_r2_what_is_no_link_is_a_text() -> None:
    assert normal_link("zotero://select/library/items/ABCD2345 ") == "zotero://select/library/items/ABCD2345"
