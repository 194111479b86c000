"""The one contract of :class:`bridge.core.side.Side`, on every side there is."""

from __future__ import annotations

import pytest
from harnesses import Harness

from bridge.core.record import Face, ItemId, Value
from bridge.core.side import Edit, Outcome, Result


def edit(harness: Harness, number: int, changes: Face) -> Edit:
    """An edit planned on what the side shows now."""
    item = harness.ids[number]
    return Edit(item, harness.side.look([item])[item].token, changes)


def apply(harness: Harness, *edits: Edit) -> list[Outcome]:
    return list(harness.side.apply(edits))


def results(outcomes: list[Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes]


def face(harness: Harness, number: int) -> Face:
    item = harness.ids[number]
    return harness.side.look([item])[item].face


def test_a_look_shows_what_is_there_and_leaves_out_what_is_not(harness: Harness) -> None:
    elsewhere = ItemId("groups/99", harness.ids[0].key)
    found = harness.side.look([*harness.ids, harness.gone, elsewhere])
    assert sorted(found) == sorted(harness.ids)
    for number, item in enumerate(harness.ids):
        assert found[item].id == item
        assert found[item].life == "live"
        assert found[item].token
        assert found[item].face["title"] == f"Paper {number}"
        assert found[item].face["url"] == f"http://{number}.org"
        assert found[item].face["tags"] == ("one",)
    assert harness.side.look([]) == {}


def test_looking_changes_nothing(harness: Harness) -> None:
    before = harness.world()
    first = harness.side.look(harness.ids)
    assert harness.side.look(harness.ids) == first
    assert harness.world() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another title: with a colon"),
        ("url", "https://example.org/?a=1&b=2"),
        ("tags", ("one", "two")),
        ("tags", ()),
        ("doi", "10.1/x"),
    ],
)
def test_law_6_with_the_right_token_the_next_look_shows_the_value(harness: Harness, field: str, value: Value) -> None:
    (outcome,) = apply(harness, edit(harness, 1, {field: value}))
    assert outcome.result == "applied"
    assert face(harness, 1)[field] == value


def test_r10_status_and_date_are_set_together(harness: Harness) -> None:
    (outcome,) = apply(harness, edit(harness, 0, {"status": "read", "status-date": "2024-03-28"}))
    assert outcome.result == "applied"
    assert face(harness, 0)["status"] == "read"
    assert str(face(harness, 0)["status-date"]).startswith("2024-03-28")


def test_law_7_the_record_reported_is_that_of_a_fresh_look(harness: Harness) -> None:
    outcomes = apply(harness, edit(harness, 0, {"title": "New"}), edit(harness, 1, {"tags": ("x", "one"), "url": ""}))
    assert results(outcomes) == ["applied", "applied"]
    assert {outcome.id: outcome.record for outcome in outcomes} == harness.side.look(harness.ids[:2])


def test_law_6_a_stale_token_writes_nothing(harness: Harness) -> None:
    planned = edit(harness, 0, {"title": "Planned on old news"})
    harness.person_edits(harness.ids[0])
    before = harness.world()
    (outcome,) = apply(harness, planned)
    assert outcome.result == "stale"
    assert harness.world() == before
    assert face(harness, 0)["url"] == "http://person.org"
    assert face(harness, 0)["title"] == "Paper 0"


def test_law_6_a_token_is_good_for_one_write(harness: Harness) -> None:
    first = edit(harness, 0, {"title": "First"})
    assert results(apply(harness, first)) == ["applied"]
    second = Edit(first.id, first.expect, {"title": "Second"})
    assert results(apply(harness, second)) == ["stale"]
    assert face(harness, 0)["title"] == "First"


def test_law_6_what_is_not_there_is_not_made(harness: Harness) -> None:
    before = harness.world()
    assert results(apply(harness, Edit(harness.gone, "1", {"title": "New"}))) == ["stale"]
    assert harness.world() == before


def test_untouched_fields_stay(harness: Harness) -> None:
    before = dict(face(harness, 2))
    apply(harness, edit(harness, 2, {"doi": "10.1/x"}))
    after = dict(face(harness, 2))
    assert after.pop("doi") == "10.1/x"
    before.pop("doi", None)
    assert after == before


def test_other_items_stay(harness: Harness) -> None:
    others = harness.side.look(harness.ids[1:])
    apply(harness, edit(harness, 0, {"title": "New", "tags": ()}))
    assert harness.side.look(harness.ids[1:]) == others


def test_r7_an_empty_value_clears(harness: Harness) -> None:
    (outcome,) = apply(harness, edit(harness, 0, {"url": "", "tags": ()}))
    assert outcome.result == "applied"
    assert face(harness, 0).get("url", "") == ""
    assert face(harness, 0)["tags"] == ()
    assert face(harness, 0)["title"] == "Paper 0"


def test_law_2_an_edit_that_changes_nothing_writes_nothing(harness: Harness) -> None:
    before = harness.world()
    (outcome,) = apply(harness, edit(harness, 0, {"title": "Paper 0", "tags": ("one",)}))
    assert outcome.result == "applied"
    assert harness.world() == before
    assert outcome.record == harness.side.look(harness.ids[:1])[harness.ids[0]]


def test_outcomes_come_in_order_one_each(harness: Harness) -> None:
    order = (2, 0, 1)
    edits = [edit(harness, number, {"title": f"New {number}"}) for number in order]
    edits.insert(1, Edit(harness.gone, "1", {"title": "None"}))
    outcomes = apply(harness, *edits)
    assert [outcome.id for outcome in outcomes] == [one.id for one in edits]
    assert results(outcomes) == ["applied", "stale", "applied", "applied"]


def test_a_refused_edit_leaves_the_others(harness: Harness) -> None:
    refused = harness.refusable(harness.ids[1])
    outcomes = apply(harness, edit(harness, 0, {"title": "New"}), refused, edit(harness, 2, {"title": "New"}))
    assert results(outcomes) == ["applied", "refused", "applied"]
    assert outcomes[1].reason
    assert [face(harness, number)["title"] for number in (0, 2)] == ["New", "New"]


def test_no_edits_no_outcomes(harness: Harness) -> None:
    assert apply(harness) == []
