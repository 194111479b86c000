"""The Zotero side over a library in memory: laws 2, 6 and 7, R3, R4, R19, R23."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

import httpx2
import pytest
from harnesses import ItemStore
from zotero_double import KEY, Double, key_of

from bridge.core.record import Face, ItemId
from bridge.core.side import Edit, Outcome, Side
from bridge.core.status import StatusNames
from bridge.errors import BridgeError, ForbiddenError, UnreachableError
from bridge.zotero.client import ZoteroClient
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.rights import Rights
from bridge.zotero.side import ZoteroSide
from bridge.zotero.tree import CollectionTree

LIBRARY = "users/7"
WRITE = Rights(read=True, write=True, notes=True)


@pytest.fixture
def double() -> Double:
    made = Double()
    for number in range(120):
        made.put(number, itemType="book", title=f"Book {number}", dateModified="2024-02-28T23:59:59Z", tags=[])
    return made


@pytest.fixture
def store(double: Double) -> ItemStore:
    made = ItemStore()
    made.put_items(LIBRARY, list(double.items.values()))
    return made


@pytest.fixture
def client(double: Double) -> Iterator[ZoteroClient]:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with ZoteroClient(
        "http://zotero.test", LIBRARY, KEY, transport=double.transport, sleep=sleep, clock=lambda: now[0]
    ) as made:
        yield made


@pytest.fixture
def mapper() -> Mapper:
    return Mapper(LIBRARY, MappingRules(status=StatusNames(), zone=UTC), CollectionTree.build([]))


@pytest.fixture
def side(client: ZoteroClient, mapper: Mapper, store: ItemStore) -> ZoteroSide:
    return ZoteroSide(client, mapper, store, WRITE)


def id_of(number: int) -> ItemId:
    return ItemId(LIBRARY, key_of(number))


def edit(store: ItemStore, number: int, **face: Any) -> Edit:
    there = store.held.get(id_of(number), {"version": 5})
    return Edit(id_of(number), str(there["version"]), face or {"title": f"New {number}"})


def applied(side: ZoteroSide, edits: Sequence[Edit], **how: bool) -> tuple[list[Outcome], BridgeError | None]:
    outcomes: list[Outcome] = []
    try:
        for outcome in side.apply(edits, **how):
            outcomes.append(outcome)  # noqa: PERF402 (an error must not lose what came before it)
    except BridgeError as failed:
        return outcomes, failed
    return outcomes, None


def results(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def face_of(outcome: Outcome) -> Face:
    assert outcome.record is not None
    return outcome.record.face


def test_it_is_a_side(side: ZoteroSide) -> None:
    as_side: Side = side
    assert as_side is side


# --- look --------------------------------------------------------------------------------------------------------


def test_r3_look_shows_and_stores_what_is_there_now(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    double.put(1, title="Changed", deleted=1)
    double.erase(2)
    double.put(3, itemType="note", parentItem=key_of(0))
    seen = side.look([id_of(0), id_of(1), id_of(2), id_of(3), ItemId("users/8", key_of(4))])
    assert seen.keys() == {id_of(0), id_of(1)}
    assert (seen[id_of(1)].face["title"], seen[id_of(1)].life) == ("Changed", "trashed")
    assert seen[id_of(1)].token == str(double.version - 2)
    assert store.held[id_of(1)] == double.items[key_of(1)]
    assert double.said("GET") == 1


def test_looking_at_nothing_asks_for_nothing(side: ZoteroSide, client: ZoteroClient) -> None:
    assert side.look([]) == side.look([ItemId("users/8", key_of(4))]) == {}
    assert client.requests == 0


# --- apply -------------------------------------------------------------------------------------------------------


def test_r3_an_edit_is_written_stored_and_shown(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    outcomes, error = applied(side, [edit(store, 0, title="New", tags=("a", "b"))])
    assert error is None
    assert results(outcomes) == ["applied"]
    assert outcomes[0].record is not None
    assert outcomes[0].record.token == str(double.version)
    assert face_of(outcomes[0])["tags"] == ("a", "b")
    assert store.held[id_of(0)] == double.items[key_of(0)]


def test_only_what_differs_is_sent(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    bodies: list[Any] = []
    double.before = lambda request: bodies.append(json.loads(request.content))
    version = store.held[id_of(0)]["version"]
    applied(side, [edit(store, 0, title="New", url="")])
    assert bodies == [[{"key": key_of(0), "version": version, "title": "New"}]]


def test_law_2_an_edit_that_changes_nothing_is_done_without_a_request(
    side: ZoteroSide, client: ZoteroClient, store: ItemStore
) -> None:
    outcomes, _ = applied(side, [edit(store, 0, title="Book 0"), edit(store, 1, title=" Book 1 ", url="")])
    assert results(outcomes) == ["applied", "applied"]
    assert outcomes[0].record is not None
    assert client.requests == 0


def test_law_6_an_edit_planned_on_another_version_is_stale_unsent(
    side: ZoteroSide, client: ZoteroClient, store: ItemStore
) -> None:
    edits = [
        Edit(id_of(0), "999", {"title": "x"}),
        Edit(id_of(1), "", {"title": "x"}),
        Edit(id_of(500), "3", {"title": "x"}),
        Edit(ItemId("users/8", key_of(1)), str(store.held[id_of(1)]["version"]), {"title": "x"}),
    ]
    assert results(applied(side, edits)[0]) == ["stale"] * 4
    assert client.requests == 0


def test_outcomes_come_in_order_whatever_became_of_each(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    edits = [
        edit(store, 0),
        edit(store, 1),
        edit(store, 2, title="Book 2"),
        edit(store, 3),
        edit(store, 4, collections=("Nowhere",)),
        Edit(id_of(5), "1", {"title": "x"}),
        edit(store, 6, tags=("x" * 256,)),
        edit(store, 7),
    ]
    double.put(1, title="somebody else's")
    double.erase(3)
    outcomes, error = applied(side, edits)
    assert error is None
    assert [outcome.id for outcome in outcomes] == [one.id for one in edits]
    assert results(outcomes) == [
        "applied", "stale", "applied", "stale", "refused", "stale", "refused", "applied",
    ]  # fmt: skip
    assert "collection" in outcomes[4].reason
    assert "255" in outcomes[6].reason
    assert double.items[key_of(1)]["data"]["title"] == "somebody else's"
    assert double.said("POST") == 1


def test_a_refusal_by_the_server_gives_its_words(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    report = {"failed": {"0": {"code": 413, "message": "Tag &#39;x&#39; too long"}}}
    double.before = lambda _: double.say(report)
    outcomes, _ = applied(side, [edit(store, 0)])
    assert (outcomes[0].result, outcomes[0].reason) == ("refused", "Tag 'x' too long")


def test_edits_go_in_full_batches(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    edits = [edit(store, number, title=f"Book {number}" if number % 2 else "New") for number in range(120)]
    outcomes, _ = applied(side, edits)
    assert results(outcomes) == ["applied"] * 120
    assert double.said("POST") == 2  # 60 of them change anything


def test_a_second_edit_of_an_item_is_cut_from_the_first_ones_result(
    side: ZoteroSide, double: Double, store: ItemStore
) -> None:
    first = edit(store, 0, title="One")
    outcomes, _ = applied(side, [first, Edit(first.id, first.expect, {"title": "Two"})])
    assert results(outcomes) == ["applied", "stale"]
    assert double.items[key_of(0)]["data"]["title"] == "One"


def test_r23_without_the_right_to_write_nothing_is_asked(
    client: ZoteroClient, mapper: Mapper, store: ItemStore
) -> None:
    side = ZoteroSide(client, mapper, store, Rights(True, False, True, "the key may only read"))
    outcomes, error = applied(side, [edit(store, 0), edit(store, 1, title="Book 1")])
    assert error is None
    assert results(outcomes) == ["denied", "denied"]
    assert outcomes[0].reason == "the key may only read"
    assert client.requests == 0


# --- no answer, no more right ------------------------------------------------------------------------------------


def lost_answer(double: Double) -> None:
    """The next write is carried out, and its answer lost."""

    def before(request: httpx2.Request) -> None:
        if request.method == "POST":
            double.before = None
            double.write(json.loads(request.content))
            raise httpx2.ReadTimeout("x")

    double.before = before


def test_r4_a_write_found_done_counts_as_done(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    lost_answer(double)
    outcomes, error = applied(side, [edit(store, 0, title="New", tags=("b", "a"), status="read")])
    assert error is None
    assert results(outcomes) == ["applied"]
    assert face_of(outcomes[0])["title"] == "New"
    assert store.held[id_of(0)] == double.items[key_of(0)]
    assert double.said("POST") == 1


def test_r4_a_write_found_overtaken_stays_unknown(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    lost_answer(double)
    then = double.before

    def before(request: httpx2.Request) -> None:
        try:
            assert then is not None
            then(request)
        finally:
            double.put(0, title="somebody else's")

    double.before = before
    outcomes, _ = applied(side, [edit(store, 0)])
    assert results(outcomes) == ["unknown"]
    assert face_of(outcomes[0])["title"] == "somebody else's"


def test_what_cannot_be_read_back_is_unknown_without_a_record(
    side: ZoteroSide, double: Double, store: ItemStore
) -> None:
    double.before = lambda _: httpx2.Response(502)
    outcomes, error = applied(side, [edit(store, 0), edit(store, 1, title="Book 1")])
    assert isinstance(error, UnreachableError)
    assert results(outcomes) == ["unknown", "applied"]
    assert outcomes[0].record is None


def test_a_403_while_writing_comes_after_what_was_done(side: ZoteroSide, double: Double, store: ItemStore) -> None:
    double.before = lambda _: httpx2.Response(403) if double.said("POST") == 2 else None
    outcomes, error = applied(side, [edit(store, number) for number in range(120)])
    assert isinstance(error, ForbiddenError)
    assert results(outcomes) == ["applied"] * 50
    assert double.said("POST") == 2


# --- bulk (R19) --------------------------------------------------------------------------------------------------


def test_r19_bulk_writes_keep_peoples_order_and_are_paced(
    side: ZoteroSide, double: Double, store: ItemStore, client: ZoteroClient
) -> None:
    outcomes, _ = applied(side, [edit(store, number) for number in range(101)], bulk=True)
    assert results(outcomes) == ["applied"] * 101
    modified = {double.items[key_of(number)]["data"]["dateModified"] for number in range(101)}
    assert modified == {"2024-02-29T00:00:00Z"}
    assert double.said("POST") == 3
    assert client.paused_until == 3.0  # a second after each batch


@pytest.mark.parametrize("stamp", [None, "", "yesterday", "2024-02-30T00:00:00Z"])
def test_r19_a_stamp_that_cannot_be_read_is_left_to_the_server(
    side: ZoteroSide, double: Double, store: ItemStore, stamp: object
) -> None:
    double.put(0, dateModified=stamp)
    store.put_items(LIBRARY, [double.items[key_of(0)]])
    bodies: list[Any] = []
    double.before = lambda request: bodies.append(json.loads(request.content))
    applied(side, [edit(store, 0)], bulk=True)
    assert "dateModified" not in bodies[0][0]


def test_r19_an_edit_of_a_person_lets_the_server_set_the_time(
    side: ZoteroSide, double: Double, store: ItemStore
) -> None:
    bodies: list[Any] = []
    double.before = lambda request: bodies.append(json.loads(request.content))
    applied(side, [edit(store, 0)])
    assert "dateModified" not in bodies[0][0]
