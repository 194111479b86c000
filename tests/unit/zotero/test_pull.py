"""R16, R17, R20; laws 7 and 9: a pass is complete, its cursor honest, and it ends."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator
from typing import cast

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zotero_double import KEY, Double, key_of

from bridge.errors import ForbiddenError, ProtocolError, UnreachableError
from bridge.zotero.client import ZoteroClient
from bridge.zotero.pull import AHEAD, Object, Pull


@pytest.fixture
def double() -> Double:
    return Double()


def client_of(double: Double) -> ZoteroClient:
    return ZoteroClient("http://zotero.test", "users/7", KEY, transport=double.transport, sleep=lambda _: None)


@pytest.fixture
def client(double: Double) -> Iterator[ZoteroClient]:
    with client_of(double) as made:
        yield made


def received(pull: Pull) -> dict[str, int]:
    """Key to version as a store would hold them after the pass."""
    held: dict[str, int] = {}
    for page in pull.pages():
        for one in page:
            assert one["version"] > held.get(one["key"], -1)
            held[one["key"]] = one["version"]
    return held


def answer_start(request: httpx2.Request) -> int:
    return int(request.url.params.get("start", -1)) if request.url.path.endswith("items") else -1


# --- nothing new, or older than known ----------------------------------------------------------------------------


def test_law_2_nothing_new_costs_one_request(client: ZoteroClient, double: Double) -> None:
    double.fill(3)
    pull = client.pull(double.version)
    assert pull.unchanged
    assert (pull.version, list(pull.pages()), pull.collections()) == (double.version, [], None)
    assert pull.deleted_items == pull.deleted_collections == frozenset()
    assert client.requests == 1
    assert double.headers[0]["If-Modified-Since-Version"] == str(double.version)


def test_r17_a_304_from_a_library_that_is_older_is_no_news_of_peace(client: ZoteroClient, double: Double) -> None:
    double.fill(3)
    pull = client.pull(double.version + 5)
    assert pull.backwards
    assert not pull.unchanged
    assert list(pull.pages()) == []
    with pytest.raises(RuntimeError):
        _ = pull.version
    assert client.requests == 1


def test_r17_a_200_from_a_library_that_is_older(client: ZoteroClient, double: Double) -> None:
    double.fill(3)
    pull = client.pull(99, full=True)
    assert pull.backwards
    assert not received(client.pull(0)).keys() ^ double.items.keys()


# --- small passes ------------------------------------------------------------------------------------------------


def test_a_single_page_needs_no_check(client: ZoteroClient, double: Double) -> None:
    double.fill(5)
    since = double.version
    double.put(2)
    double.put(9)
    pull = client.pull(since)
    assert received(pull) == {key_of(2): since + 1, key_of(9): since + 2}
    assert pull.version == since + 2
    assert pull.collections() is None
    assert client.requests == 3  # items, deletions, collections
    assert double.said("format=versions&since=") == 1  # of the collections


def test_d11_trashed_items_come_and_erased_ones_are_named(client: ZoteroClient, double: Double) -> None:
    double.fill(3)
    since = double.version
    double.put(0, deleted=1)
    double.erase(1)
    pull = client.pull(since)
    assert received(pull).keys() == {key_of(0)}
    assert pull.deleted_items == {key_of(1)}


def test_the_first_pull_asks_for_no_deletions_and_sends_no_condition(client: ZoteroClient, double: Double) -> None:
    double.fill(2)
    double.erase(0)
    pull = client.pull(0)
    assert len(received(pull)) == 1
    assert pull.deleted_items == frozenset()
    assert pull.collections() == []
    assert double.said("/deleted") == 0
    assert "If-Modified-Since-Version" not in double.headers[0]


def test_a_full_pull_reads_everything_and_all_deletions_since(client: ZoteroClient, double: Double) -> None:
    double.fill(3)
    double.erase(0)
    pull = client.pull(double.version, full=True)
    assert not pull.unchanged
    assert len(received(pull)) == 2
    assert double.said(f"/deleted?since={double.version}") == 1
    assert pull.collections() == []


def test_law_7_there_is_no_cursor_before_the_last_page(client: ZoteroClient, double: Double) -> None:
    double.fill(150)
    pull = client.pull(0)
    pages = pull.pages()
    next(pages)
    for early in ("version", "deleted_items", "deleted_collections"):
        with pytest.raises(RuntimeError):
            getattr(pull, early)
    assert len(list(pages)) == 1
    assert pull.version == double.version


# --- the tree (R20) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("erase", [False, True])
def test_r20_any_change_of_a_collection_reads_the_whole_tree_again(
    client: ZoteroClient, double: Double, erase: bool
) -> None:
    for number in range(130):
        double.put(number, "collections", name=str(number))
    since = double.version
    if erase:
        double.erase(7, "collections")
    else:
        double.put(7, "collections", name="renamed")
    pull = client.pull(since)
    tree = pull.collections()
    assert tree is not None
    assert {one["key"] for one in tree} == double.collections.keys()
    received(pull)
    assert pull.deleted_collections == ({key_of(7)} if erase else frozenset())
    assert pull.collections() is tree
    assert client.requests == (4 if erase else 5)  # items, deletions, (collections since), two pages of the tree


# --- many pages (R16) --------------------------------------------------------------------------------------------


def test_pages_come_in_order_with_few_in_flight(client: ZoteroClient, double: Double) -> None:
    double.fill(2050)
    pull = client.pull(0)
    pages = pull.pages()
    first = next(pages)
    assert client.requests <= 1 + AHEAD
    rest = list(pages)
    assert [len(page) for page in (first, *rest)] == [100] * 20 + [50]
    dates = [one["data"]["dateAdded"] for page in (first, *rest) for one in page]
    assert dates == sorted(dates)
    assert client.requests == 21 + 1  # every page once, then the collections; nothing moved, so nothing is checked
    assert double.said("format=versions") == 0


def test_a_pass_given_up_half_way_stops_asking(client: ZoteroClient, double: Double) -> None:
    double.fill(5000)
    pages = client.pull(0).pages()
    next(pages)
    cast("Generator[list[Object], None, None]", pages).close()
    assert client.requests <= 1 + AHEAD


def test_r16_an_item_that_slid_between_pages_is_read_by_key(client: ZoteroClient, double: Double) -> None:
    double.fill(350)
    cursor = double.version

    def before(request: httpx2.Request) -> None:
        if answer_start(request) == 100:  # one of the first page goes: all others move up by one
            double.erase(int(next(iter(sorted(double.items, key=lambda k: double.items[k]["data"]["dateAdded"])))))
            double.before = None

    double.before = before
    pull = client.pull(0)
    held = received(pull)
    assert held.keys() >= double.items.keys()
    assert pull.version == cursor
    assert double.said("format=versions&since=0") == 1
    again = client.pull(cursor)
    received(again)
    assert again.deleted_items == held.keys() - double.items.keys()
    assert len(again.deleted_items) == 1


def test_r16_a_short_page_is_noticed_by_the_count(client: ZoteroClient, double: Double) -> None:
    double.fill(250)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if answer_start(request) == 100:
            return double.say(list(double.items.values())[:1], **{"Total-Results": "250"})
        return None

    double.before = before
    assert received(client.pull(0)).keys() == double.items.keys()
    assert double.said("itemKey=") == 2  # 99 are missing


def test_r16_an_object_listed_but_never_shown_voids_the_pass(client: ZoteroClient, double: Double) -> None:
    double.fill(150)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if answer_start(request) == 100 or "itemKey" in request.url.params:
            return double.say([], **{"Total-Results": "150"})
        return None

    double.before = before
    with pytest.raises(UnreachableError):
        received(client.pull(0))


def test_r16_a_pass_ends_while_others_write_before_every_request(client: ZoteroClient, double: Double) -> None:
    double.fill(1000)
    cursor = double.version

    def before(request: httpx2.Request) -> None:
        if request.url.params.get("start") != "0":
            double.put(len(double.log) % 1000)

    double.before = before
    pull = client.pull(0)
    held = received(pull)
    assert len(held) == 1000
    assert pull.version == cursor
    assert client.requests == 10 + 1 + 1  # ten pages, one check; the collections; no item was lost by edits alone
    double.before = None
    held |= received(client.pull(cursor))
    assert held == {key: one["version"] for key, one in double.items.items()}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), busy=st.floats(0, 1), stable=st.booleans())
def test_r16_law_7_whatever_others_do_two_passes_hold_all_there_is(seed: int, busy: float, stable: bool) -> None:
    """Edits, new items with old dates, and erasures at any request, and a server that does not even sort stably."""
    chance = random.Random(seed)
    double = Double()
    double.fill(420)
    since = chance.choice([0, 0, 60])
    held = {key: one["version"] for key, one in double.items.items() if one["version"] <= since}

    def before(request: httpx2.Request) -> None:
        if not stable:
            shuffled = list(double.items)
            chance.shuffle(shuffled)
            for number, key in enumerate(shuffled):
                double.items[key]["data"]["dateAdded"] = number
        if request.url.params.get("start") == "0" or chance.random() > busy:
            return
        known = [int(key) for key in double.items]
        changes: list[Callable[[], object]] = [
            lambda: double.put(chance.choice(known), title="edited"),
            lambda: double.put(chance.randrange(1000, 9999), dateAdded="2020"),
            lambda: double.erase(chance.choice(known)),
        ]
        chance.choice(changes)()

    double.before = before
    with client_of(double) as client:
        pull = client.pull(since)
        held |= received(pull)
        held = {key: version for key, version in held.items() if key not in pull.deleted_items}
        cursor = pull.version
        # Honest: everything up to the cursor that still is so, is held.
        assert {
            k: one["version"] for k, one in double.items.items() if one["version"] <= cursor
        }.items() <= held.items()
        double.before = None
        again = client.pull(cursor)
        held |= received(again)
        held = {key: version for key, version in held.items() if key not in again.deleted_items}
        assert held == {key: one["version"] for key, one in double.items.items()}


@pytest.mark.parametrize("number", range(2, 11))
def test_r17_law_7_no_answer_may_be_older_than_the_cursor(client: ZoteroClient, double: Double, number: int) -> None:
    """A server that goes back, or one of its copies that lags: whichever answer it is, the pass is void."""
    double.fill(350)
    double.put(1, "collections", name="Topic")
    since = 2
    double.erase(0)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.params.get("start") == "100":
            return double.say([], **{"Total-Results": "350"})  # so that there is something to fetch by key
        return None

    double.before = before
    pull = client.pull(since)
    received(pull)
    assert pull.collections()
    assert client.requests == 4 + 1 + 2 + 1 + 1 + 1  # pages, check, by key, deletions, collections, tree
    whole = double.answer

    def lagging(request: httpx2.Request) -> httpx2.Response:
        answer = whole(request)
        if len(double.log) == number:
            answer.headers["Last-Modified-Version"] = str(int(answer.headers["Last-Modified-Version"]) - 1)
        return answer

    double.log.clear()
    with (
        ZoteroClient("http://zotero.test", "users/7", KEY, transport=httpx2.MockTransport(lagging)) as late,
        pytest.raises(UnreachableError),
    ):
        received(late.pull(since))


# --- wrong content -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"items": []}, "text", 7, False, [[]], [{"key": "AAAA2222", "version": 3}],
        [{"key": "AAAA2222", "data": {}}], [{"version": 3, "data": {}}], [{"key": 1, "version": 3, "data": {}}],
        [{"key": "AAAA2222", "version": "3", "data": {}}], [{"key": "AAAA2222", "version": True, "data": {}}],
    ],
)  # fmt: skip
def test_a_page_of_another_shape_is_never_taken(client: ZoteroClient, double: Double, body: object) -> None:
    double.before = lambda _: double.say(body, **{"Total-Results": "1"})
    with pytest.raises(ProtocolError):
        received(client.pull(0))


@pytest.mark.parametrize("missing", ["Last-Modified-Version", "Total-Results"])
def test_a_page_without_version_or_count_is_never_taken(client: ZoteroClient, double: Double, missing: str) -> None:
    def before(_: httpx2.Request) -> httpx2.Response:
        answer = double.say([], **{"Total-Results": "0"})
        del answer.headers[missing]
        return answer

    double.before = before
    with pytest.raises(ProtocolError):
        received(client.pull(0))


@pytest.mark.parametrize("body", [[], {"items": "AAAA2222", "collections": []}, {"items": [1], "collections": []}, {}])
def test_law_9_only_a_proper_list_of_deletions_deletes(client: ZoteroClient, double: Double, body: object) -> None:
    double.fill(1)
    double.before = lambda request: double.say(body) if request.url.path.endswith("/deleted") else None
    with pytest.raises(ProtocolError):
        received(client.pull(1))


def test_an_error_on_a_late_page_is_raised_and_leaves_no_cursor(client: ZoteroClient, double: Double) -> None:
    double.fill(1500)
    double.before = lambda request: httpx2.Response(403) if answer_start(request) == 700 else None
    pull = client.pull(0)
    with pytest.raises(ForbiddenError):
        received(pull)
    with pytest.raises(RuntimeError):
        _ = pull.version


# --- by key ------------------------------------------------------------------------------------------------------


def test_fetch_asks_in_lists_of_fifty_and_shows_the_trash(client: ZoteroClient, double: Double) -> None:
    double.fill(120)
    double.put(3, deleted=1)
    found = client.fetch([key_of(number) for number in (*range(120), 5, 500)])
    assert {one["key"] for one in found} == double.items.keys()
    assert client.requests == 3


def test_fetch_never_sends_a_list_without_a_key(client: ZoteroClient, double: Double) -> None:
    double.fill(2)
    assert client.fetch(["", "a,b", "../x"]) == []
    assert client.requests == 0


def test_fetch_takes_nothing_it_did_not_ask_for(client: ZoteroClient, double: Double) -> None:
    double.fill(2)
    double.before = lambda _: double.say(list(double.items.values()))
    with pytest.raises(ProtocolError):
        client.fetch([key_of(0)])


def test_versions_come_in_one_request_and_an_empty_php_map_is_a_map(client: ZoteroClient, double: Double) -> None:
    double.fill(300)
    assert client.versions() == {key: one["version"] for key, one in double.items.items()}
    assert client.requests == 1
    double.before = lambda _: double.say([])
    assert client.versions(5) == {}
    double.before = lambda _: double.say(["AAAA2222"])
    with pytest.raises(ProtocolError):
        client.versions(5)


def test_library_version_is_the_header(client: ZoteroClient, double: Double) -> None:
    double.fill(4)
    assert client.library_version() == double.version
