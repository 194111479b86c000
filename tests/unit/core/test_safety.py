"""The guards, each at, below and above its limit (law 10, R33)."""

from __future__ import annotations

import pytest

from bridge.core.record import ItemId, Value
from bridge.core.safety import (
    Limits,
    Move,
    Stop,
    many_new,
    mass_change,
    moves,
    swapped_library,
    vanished_items,
    vanished_notes,
)

LIMITS = Limits(share=0.3, minimum=20, max_new=50)


def guard(stop: Stop | None) -> str:
    return stop.guard if stop else ""


def move(number: int, before: Value, after: Value, field: str = "title") -> Move:
    return Move(ItemId("users/7", f"{number:08}"), field, before, after)


@pytest.mark.parametrize(
    ("bound", "gone", "name"),
    [
        pytest.param(100, 0, "", id="nothing gone"),
        pytest.param(100, 30, "", id="at the share"),
        pytest.param(100, 31, "notes-vanished", id="above the share"),
        pytest.param(30, 19, "", id="below the minimum"),
        pytest.param(30, 20, "notes-vanished", id="at the minimum and above the share"),
        pytest.param(1, 1, "", id="the only one may go"),
        pytest.param(2, 2, "vault-emptied", id="law 9: all of two"),
        pytest.param(3, 2, "", id="not all, below the minimum"),
    ],
)
def test_r33_vanished_notes(bound: int, gone: int, name: str) -> None:
    assert guard(vanished_notes(bound, gone, LIMITS)) == name


@pytest.mark.parametrize(
    ("papers", "gone", "name"),
    [(100, 30, ""), (100, 31, "items-vanished"), (1, 1, ""), (2, 2, "library-emptied"), (19, 18, "")],
)
def test_r33_vanished_items(papers: int, gone: int, name: str) -> None:
    assert guard(vanished_items(papers, gone, LIMITS)) == name


@pytest.mark.parametrize(
    ("stored", "missing", "name"),
    [(10, 5, ""), (10, 6, "library-swapped"), (1, 1, ""), (2, 2, "library-swapped"), (0, 0, "")],
)
def test_r17_a_library_that_went_back_and_holds_other_things(stored: int, missing: int, name: str) -> None:
    assert guard(swapped_library(stored, missing)) == name


@pytest.mark.parametrize(
    ("new", "approved", "name"), [(50, 0, ""), (51, 0, "many-new-notes"), (51, 51, ""), (52, 51, "many-new-notes")]
)
def test_r26_more_new_notes_than_anybody_was_told_of(new: int, approved: int, name: str) -> None:
    assert guard(many_new(new, approved, LIMITS)) == name


@pytest.mark.parametrize(("changed", "name"), [(19, ""), (20, ""), (30, ""), (31, "mass-zotero")])
def test_law_10_mass_change_needs_a_share_and_a_minimum(changed: int, name: str) -> None:
    many = [move(number, "a", "b") for number in range(changed)]
    assert guard(mass_change(many, 100, LIMITS, side="zotero")) == name


def test_law_10_the_minimum_alone_is_not_enough_nor_is_the_share() -> None:
    assert mass_change([move(n, "a", "b") for n in range(19)], 20, LIMITS, side="vault") is None
    assert guard(mass_change([move(n, "a", "b") for n in range(20)], 20, LIMITS, side="vault")) == "mass-vault"


def test_r33_several_fields_of_one_paper_count_once() -> None:
    many = [move(n % 20, "a", "b", field) for n in range(20) for field in ("title", "url", "doi")]
    assert mass_change(many, 100, LIMITS, side="zotero") is None


def test_r33_the_rolling_day_counts_too() -> None:
    few = [move(number, "a", "b") for number in range(10)]
    assert mass_change(few, 100, LIMITS, side="zotero", earlier=20) is None
    stop = mass_change(few, 100, LIMITS, side="zotero", earlier=21)
    assert stop is not None
    assert "31 of 100" in stop.message
    assert "21 of the last day" in stop.message


def test_r33_an_idle_cycle_is_not_stopped_by_the_day_before() -> None:
    assert mass_change([], 100, LIMITS, side="zotero", earlier=90) is None


def test_r33_blanking_all_of_two_stops_below_every_minimum() -> None:
    blanked = [move(1, "a", ""), move(2, ("t",), ())]
    assert guard(mass_change(blanked, 2, LIMITS, side="vault")) == "mass-vault"
    assert mass_change(blanked, 3, LIMITS, side="vault") is None
    assert mass_change(blanked[:1], 1, LIMITS, side="vault") is None
    assert mass_change([move(1, "a", "b"), move(2, "a", "b")], 2, LIMITS, side="vault") is None


def test_r33_one_tag_renamed_on_many_items_is_one_decision() -> None:
    renamed = [move(n, ("nlp", "x"), ("language", "x"), "tags") for n in range(90)]
    assert mass_change(renamed, 100, LIMITS, side="zotero") is None
    two = [*renamed, *(move(n, ("ml",), ("ai",), "tags") for n in range(90))]
    assert mass_change(two, 100, LIMITS, side="zotero") is None


def test_r33_one_tag_taken_out_of_many_items_is_not() -> None:
    taken = [move(n, ("nlp", "x"), ("x",), "tags") for n in range(31)]
    assert guard(mass_change(taken, 100, LIMITS, side="zotero")) == "mass-zotero"


def test_r33_added_tags_count() -> None:
    added = [move(n, (), ("spam",), "tags") for n in range(31)]
    assert guard(mass_change(added, 100, LIMITS, side="zotero")) == "mass-zotero"


@pytest.mark.parametrize(
    ("before", "after", "loses"),
    [
        ("a", "", True), ("a", "b", False), ("", "a", False),
        (("a", "b"), ("a",), True), (("a",), ("a", "b"), False), (("a",), ("b",), True), (("a",), "", True),
    ],
)  # fmt: skip
def test_what_loses_something(before: Value, after: Value, loses: bool) -> None:
    assert move(1, before, after).loses is loses


def test_moves_are_cut_to_the_fields_asked_for() -> None:
    item = ItemId("users/7", "AAAA2345")
    found = moves(item, {"title": "T"}, {"title": "U", "url": "u", "year": "1"}, ["title", "url", "doi"])
    assert found == [Move(item, "title", "T", "U"), Move(item, "url", "", "u")]
