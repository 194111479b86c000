"""Whose note each file is, for any set of files (R7, R8, law 9)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.record import ItemId
from bridge.vault.identity import COPIES, KEY_CHANGED, identify

ITEMS = [ItemId("users/1", letter * 8) for letter in "ABCD"]
PATHS = ["a.md", "b.md", "c.md", "d.md", "e (conflicted copy 1).md"]

homes_made = st.dictionaries(st.sampled_from(ITEMS), st.sampled_from(PATHS), max_size=4).filter(
    lambda homes: len(set(homes.values())) == len(homes)
)
says_made = st.dictionaries(st.sampled_from(PATHS), st.sampled_from([None, *ITEMS]), max_size=5)
heirs_made = st.dictionaries(st.sampled_from(ITEMS), st.sampled_from(ITEMS), max_size=2)
pairs = st.sets(st.tuples(st.sampled_from(PATHS), st.sampled_from(ITEMS)))


@given(homes_made, says_made, heirs_made, pairs, pairs)
def test_r8_each_item_has_one_note_at_most_and_no_file_is_left_without_an_answer(
    homes: dict[ItemId, str],
    says: dict[str, ItemId | None],
    heirs: dict[ItemId, ItemId],
    same: set[tuple[str, ItemId]],
    named: set[tuple[str, ItemId]],
) -> None:
    verdict = identify(
        homes,
        says,
        list(says),
        heirs,
        is_same_file=lambda path, item: (path, item) in same,
        is_named_for=lambda path, item: (path, item) in named,
    )
    for item, path in verdict.notes.items():
        assert says[path] == item
        assert path not in verdict.codes
    for path, said in says.items():
        if said is not None:  # a file that names an item is its note, or is held, and never both or neither
            assert (verdict.notes.get(said) == path) != (path in verdict.codes)
    for item, home in homes.items():
        if says.get(home) == item:
            assert verdict.notes[item] == home  # a note that stays where it was is never displaced
    assert not verdict.gone & verdict.notes.keys()


@given(homes_made, says_made, heirs_made, pairs)
def test_law_9_an_item_is_gone_only_if_no_file_names_it_and_its_file_is_no_longer_there(
    homes: dict[ItemId, str],
    says: dict[str, ItemId | None],
    heirs: dict[ItemId, ItemId],
    same: set[tuple[str, ItemId]],
) -> None:
    verdict = identify(
        homes,
        says,
        list(says),
        heirs,
        is_same_file=lambda path, item: (path, item) in same,
        is_named_for=lambda *_: False,
    )
    for item in verdict.gone:
        assert item not in says.values()
        home = homes[item]
        if home in says:  # another note was moved over it
            other = says[home]
            assert other is not None
            assert other != item
            assert (home, other) in same
    for path, (item, code) in verdict.codes.items():
        assert item not in verdict.gone
        if code == KEY_CHANGED:
            assert homes[item] == path
        if code in COPIES:
            assert says[path] == item
