"""Bases, stamps and intentions: R1, R2, R4, R17, R38."""

from __future__ import annotations

from bridge.core.plan import Conflict
from bridge.core.record import Base, ItemId, Standing
from bridge.state import State
from bridge.state.agreements import Agreement

ITEM, OTHER = ItemId("users/7", "AAAA2345"), ItemId("users/7", "BBBB2345")
OLD, NEW = "2024-01-01T00:00:00+00:00", "2025-01-01T00:00:00+00:00"


def base(word: str) -> Base:
    return Base({"title": word, "tags": ("a", "b")}, {"title": word, "tags": ("b",)})


def agree(state: State, word: str, stamp: str, given: str = NEW, item: ItemId = ITEM) -> int:
    number = state.agreements.add(item, base(word), stamp, given)
    state.agreements.settle(item, number)
    return number


def test_r2_both_faces_come_back_as_they_were(state: State) -> None:
    agree(state, "T", "stamp")
    assert state.agreements.base(ITEM) == Agreement(base("T"), "stamp")
    assert state.agreements.base(OTHER) is None


def test_r1_every_stamp_given_names_its_agreement(state: State) -> None:
    agree(state, "first", "s1")
    agree(state, "second", "s2")
    found = state.agreements.by_stamp(ITEM, "s1")
    assert found is not None
    assert found.base.zotero["title"] == "first"
    assert state.agreements.by_stamp(OTHER, "s1") is None
    assert state.agreements.by_stamp(ITEM, "s3") is None


def test_r1_of_two_agreements_with_one_stamp_the_last_counts(state: State) -> None:
    agree(state, "first", "s1")
    agree(state, "second", "s2")
    agree(state, "third", "s1")
    found = state.agreements.by_stamp(ITEM, "s1")
    assert found is not None
    assert found.base.zotero["title"] == "third"


def test_an_agreement_is_corrected_by_what_was_shown_in_the_end(state: State) -> None:
    number = agree(state, "planned", "s1")
    state.agreements.amend(number, base("shown"), "s2")
    assert state.agreements.base(ITEM) == Agreement(base("shown"), "s2")


def test_r4_an_intention_stands_until_it_is_settled(state: State) -> None:
    agree(state, "before", "s1")
    number = state.agreements.add(ITEM, base("intended"), "", NEW)
    state.agreements.intend(ITEM, number)
    assert state.agreements.intents(ITEM) == [base("intended")]
    present = state.agreements.base(ITEM)
    assert present is not None
    assert present.base == base("before"), "an intention is no base"
    agree(state, "after", "s2")
    assert state.agreements.intents(ITEM) == []


def test_r4_tries_of_unknown_end_are_all_kept_and_the_same_once(state: State) -> None:
    for word in ("first", "second", "first", "first"):
        state.agreements.intend(ITEM, state.agreements.add(ITEM, base(word), "", NEW))
    state.agreements.intend(OTHER, state.agreements.add(OTHER, base("first"), "", NEW))
    assert state.agreements.intents(ITEM) == [base("second"), base("first")]
    assert state.agreements.intents(OTHER) == [base("first")]


def test_r4_an_intention_can_be_dropped(state: State) -> None:
    state.agreements.intend(ITEM, state.agreements.add(ITEM, base("intended"), "", NEW))
    state.agreements.drop_intents(ITEM)
    assert state.agreements.intents(ITEM) == []


def test_r6_open_conflicts_come_with_the_base(state: State) -> None:
    agree(state, "T", "s1")
    state.history.open_conflicts(ITEM, [Conflict("url", "a", "b")], NEW)
    state.history.answer(state.history.conflicts()[0].number, "vault")
    found = state.agreements.base(ITEM)
    assert found is not None
    assert found.base.conflicts == {"url": Standing("a", "b", "vault")}
    assert state.agreements.conflicts(OTHER) == {}


def test_r38_a_tombstone_keeps_its_base(state: State) -> None:
    agree(state, "T", "s1")
    agree(state, "U", "s2", item=OTHER)
    state.agreements.set_absent([ITEM], absent=True)
    assert state.agreements.absent("users/7") == {ITEM.key}
    assert state.agreements.absent("groups/51") == set()
    assert state.agreements.base(ITEM) == Agreement(base("T"), "s1")
    state.agreements.set_absent([ITEM], absent=False)
    assert state.agreements.absent("users/7") == set()


def test_r38_a_note_that_is_agreed_on_is_there(state: State) -> None:
    agree(state, "T", "s1")
    state.agreements.set_absent([ITEM], absent=True)
    agree(state, "U", "s2")
    assert state.agreements.absent("users/7") == set()


def test_r17_what_is_void_has_an_empty_base_no_stamps_and_no_intention(state: State) -> None:
    agree(state, "T", "s1")
    agree(state, "U", "s2", item=OTHER)
    state.agreements.intend(ITEM, state.agreements.add(ITEM, base("intended"), "", NEW))
    state.agreements.void([ITEM])
    assert state.agreements.base(ITEM) == Agreement(Base({}, {}), "")
    assert state.agreements.by_stamp(ITEM, "s1") is None
    assert state.agreements.intents(ITEM) == []
    assert state.agreements.base(OTHER) is not None


def test_r17_r38_a_tombstone_stays_with_nothing_in_it(state: State) -> None:
    agree(state, "old", "s1")
    agree(state, "T", "s2")
    state.agreements.set_absent([ITEM], absent=True)
    state.agreements.void([ITEM])
    assert state.agreements.absent("users/7") == {ITEM.key}
    assert state.agreements.base(ITEM) == Agreement(Base({}, {}), "")
    assert state.agreements.by_stamp(ITEM, "s1") is None


def test_r1_pruning_spares_bases_and_intentions(state: State) -> None:
    agree(state, "forgotten", "s1", OLD)
    agree(state, "base", "s2", OLD)
    state.agreements.intend(ITEM, state.agreements.add(ITEM, base("intended"), "", OLD))
    state.agreements.add(OTHER, base("young"), "s3", NEW)
    state.agreements.prune("2024-06-01")
    assert state.agreements.by_stamp(ITEM, "s1") is None
    assert state.agreements.base(ITEM) == Agreement(base("base"), "s2")
    assert state.agreements.intents(ITEM) == [base("intended")]
    assert state.agreements.by_stamp(OTHER, "s3") is not None
