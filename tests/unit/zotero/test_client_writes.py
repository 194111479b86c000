"""Laws 5 to 7 on the way out: per-object reports, no blind repetition, isolation of what cannot be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from zotero_double import KEY, Double, key_of

from bridge.errors import (
    AmbiguousWriteError,
    BackOffError,
    BridgeError,
    ForbiddenError,
    ProtocolError,
    UnreachableError,
)
from bridge.zotero.client import ZoteroClient
from bridge.zotero.writes import WriteResult


@pytest.fixture
def double() -> Double:
    made = Double()
    made.fill(120)
    return made


@pytest.fixture
def client(double: Double) -> Iterator[ZoteroClient]:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with ZoteroClient(
        "http://zotero.test", "users/7", KEY, transport=double.transport, sleep=sleep, clock=lambda: now[0]
    ) as made:
        yield made


def change(double: Double, number: int, **fields: Any) -> dict[str, Any]:
    there = double.items.get(key_of(number), {"version": 1})
    return {"key": key_of(number), "version": there["version"], **(fields or {"title": f"new {number}"})}


def written(client: ZoteroClient, objects: list[dict[str, Any]]) -> tuple[list[WriteResult], BridgeError | None]:
    """The results that came, and the error that ended them."""
    results: list[WriteResult] = []
    try:
        for result in client.write_items(objects):
            results.append(result)  # noqa: PERF402 (an error must not lose what came before it)
    except BridgeError as failed:
        return results, failed
    return results, None


def statuses(results: list[WriteResult]) -> list[str]:
    return [result.status for result in results]


def on_post(double: Double, *answers: Callable[[httpx2.Request], httpx2.Response] | None) -> None:
    """Answer the first writes by these, ``None`` standing for the library's own answer."""
    left = list(answers)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST" or not left:
            return None
        answer = left.pop(0)
        return None if answer is None else answer(request)

    double.before = before


def drop_before(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")


def drop_after(double: Double) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        double.write(json.loads(request.content))
        raise httpx2.ReadTimeout("x")

    return answer


def answered(code: int, **headers: str) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(code, headers={name.replace("_", "-"): text for name, text in headers.items()})


# --- reports -----------------------------------------------------------------------------------------------------


def test_c_the_report_is_read_object_by_object(client: ZoteroClient, double: Double) -> None:
    """Trap C of pyzotero: its own calls answer True whatever the report says."""
    stale = change(double, 1)
    double.put(1)
    objects = [
        change(double, 0), stale, change(double, 2, itemType="book"), change(double, 3, poison=1), change(double, 999),
        change(double, 4),
    ]  # fmt: skip
    results, error = written(client, objects)
    assert error is None
    assert statuses(results) == ["applied", "stale", "unchanged", "refused", "missing", "applied"]
    assert [result.key for result in results] == [one["key"] for one in objects]
    assert results[0].object == double.items[key_of(0)]
    assert results[3].message == "Tag ‘x’ & too long"
    assert client.requests == 1


def test_law_6_every_object_says_its_version_and_the_library_is_no_precondition(
    client: ZoteroClient, double: Double
) -> None:
    bodies: list[Any] = []
    double.before = lambda request: bodies.append(json.loads(request.content))
    objects = [change(double, 0), change(double, 1)]
    written(client, objects)
    assert bodies == [objects]
    assert "If-Unmodified-Since-Version" not in double.headers[0]
    assert double.headers[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize("broken", [{"version": 3}, {"key": "AAAA2222"}, {"key": "AAAA2222", "version": "3"}])
def test_law_6_nothing_is_sent_when_an_object_lacks_key_or_version(
    client: ZoteroClient, double: Double, broken: dict[str, Any]
) -> None:
    _, error = written(client, [change(double, 0), broken])
    assert isinstance(error, ProtocolError)
    assert client.requests == 0


def test_d9_a_428_in_a_report_is_our_fault_and_stops_the_writing(client: ZoteroClient, double: Double) -> None:
    report = {"successful": {"0": double.items[key_of(0)]}, "failed": {"1": {"code": 428, "message": "m"}}}
    on_post(double, lambda _: double.say(report))
    results, error = written(client, [change(double, number) for number in range(60)])
    assert isinstance(error, ProtocolError)
    assert results[0].status == "applied"
    assert client.requests == 1


def test_batches_hold_at_most_fifty(client: ZoteroClient, double: Double) -> None:
    results, _ = written(client, [change(double, number) for number in range(120)])
    assert statuses(results) == ["applied"] * 120
    assert client.requests == 3


def test_batches_hold_at_most_a_megabyte(client: ZoteroClient, double: Double) -> None:
    sizes: list[int] = []
    double.before = lambda request: sizes.append(len(request.content))
    results, _ = written(client, [change(double, number, abstractNote="é" * 60_000) for number in range(6)])
    assert statuses(results) == ["applied"] * 6
    assert len(sizes) == 3
    assert max(sizes) <= 1_000_100


def test_results_come_before_the_next_batch_is_sent(client: ZoteroClient, double: Double) -> None:
    results = client.write_items([change(double, number) for number in range(60)])
    next(results)
    assert client.requests == 1


def test_an_empty_php_report_part_is_an_empty_map(client: ZoteroClient, double: Double) -> None:
    report = {"successful": [], "success": [], "unchanged": {"0": key_of(0)}, "failed": []}
    on_post(double, lambda _: double.say(report))
    assert statuses(written(client, [change(double, 0)])[0]) == ["unchanged"]


# --- no answer ---------------------------------------------------------------------------------------------------


def test_law_5_a_write_lost_on_the_way_there_is_sent_again_after_a_look(client: ZoteroClient, double: Double) -> None:
    on_post(double, drop_before)
    results, error = written(client, [change(double, 0), change(double, 1)])
    assert error is None
    assert statuses(results) == ["applied", "applied"]
    assert [line.split()[0] for line in double.log] == ["POST", "GET", "POST"]


def test_law_5_a_write_whose_answer_was_lost_is_never_sent_again(client: ZoteroClient, double: Double) -> None:
    on_post(double, drop_after(double))
    version = double.version
    results, error = written(client, [change(double, 0), change(double, 1)])
    assert error is None
    assert statuses(results) == ["unknown", "unknown"]
    assert [result.object for result in results] == [double.items[key_of(0)], double.items[key_of(1)]]
    assert double.version == version + 2
    assert [line.split()[0] for line in double.log] == ["POST", "GET"]


def test_law_5_a_half_done_batch_is_told_apart(client: ZoteroClient, double: Double) -> None:
    def half(request: httpx2.Request) -> httpx2.Response:
        double.write(json.loads(request.content)[:1])
        double.erase(2)
        return httpx2.Response(502)

    on_post(double, half)
    results, error = written(client, [change(double, number) for number in range(3)])
    assert error is None
    assert statuses(results) == ["unknown", "applied", "missing"]
    assert double.items[key_of(1)]["data"]["title"] == "new 1"


def test_a_cut_off_report_is_no_report(client: ZoteroClient, double: Double) -> None:
    def cut(request: httpx2.Request) -> httpx2.Response:
        whole = double.write(json.loads(request.content))
        return httpx2.Response(200, content=whole.content[:-20])

    on_post(double, cut)
    assert statuses(written(client, [change(double, 0)])[0]) == ["unknown"]


@pytest.mark.parametrize(
    "report",
    [
        {}, [], {"successful": {}}, {"successful": {"0": {"key": key_of(5), "version": 3, "data": {}}}},
        {"successful": {"0": {"key": key_of(0)}}}, {"success": {"0": key_of(0)}},
        {"failed": {"0": {"code": 503, "message": "m"}}},
    ],
)  # fmt: skip
def test_an_object_the_report_leaves_out_is_looked_at(
    client: ZoteroClient, double: Double, report: dict[str, Any]
) -> None:
    on_post(double, lambda _: double.say(report))
    assert statuses(written(client, [change(double, 0)])[0]) == ["applied"]
    assert [line.split()[0] for line in double.log] == ["POST", "GET", "POST"]


def test_what_can_not_be_read_back_is_unknown_and_ends_the_writing(client: ZoteroClient, double: Double) -> None:
    def before(request: httpx2.Request) -> httpx2.Response | None:
        if len(double.log) <= 1:
            return None
        raise httpx2.ReadTimeout("x")

    double.before = before
    results, error = written(client, [change(double, number) for number in range(110)])
    assert isinstance(error, AmbiguousWriteError)
    assert statuses(results) == ["applied"] * 50 + ["unknown"] * 50
    assert {result.object for result in results[50:]} == {None}
    assert double.said("POST") == 2


def test_a_server_that_never_answers_a_write_is_left_after_five_sends(client: ZoteroClient, double: Double) -> None:
    on_post(double, *[drop_before] * 9)
    results, error = written(client, [change(double, 0)])
    assert isinstance(error, UnreachableError)
    assert not isinstance(error, AmbiguousWriteError)  # it was read back: nothing was written
    assert results == []
    assert double.said("POST") == 5
    assert client.paused_until == 0 + 1 + 2 + 4  # a dropped connection is often just an idle one: the first at once


# --- refusals of a whole request ---------------------------------------------------------------------------------


def poisoned(double: Double, code: int, *numbers: int) -> None:
    """Answer every request that holds one of these objects with a code."""

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST":
            return None
        sent = {one["key"] for one in json.loads(request.content)}
        return httpx2.Response(code) if sent & {key_of(number) for number in numbers} else None

    double.before = before


@pytest.mark.parametrize("code", [400, 413, 500])
def test_a_poison_object_blocks_only_itself(client: ZoteroClient, double: Double, code: int) -> None:
    poisoned(double, code, 17)
    results, error = written(client, [change(double, number) for number in range(60)])
    assert error is None
    assert [number for number, result in enumerate(results) if result.status == "refused"] == [17]
    assert statuses(results).count("applied") == 59
    assert double.said("POST") <= 2 + 2 * 6 + 1


def test_a_server_that_crashes_on_everything_is_out_of_reach_and_is_not_hammered(
    client: ZoteroClient, double: Double
) -> None:
    poisoned(double, 500, *range(50))
    _, error = written(client, [change(double, number) for number in range(50)])
    assert isinstance(error, UnreachableError)
    assert double.said("POST") <= 20


def test_a_403_ends_the_writing_after_what_was_done(client: ZoteroClient, double: Double) -> None:
    on_post(double, None, answered(403))
    results, error = written(client, [change(double, number) for number in range(120)])
    assert isinstance(error, ForbiddenError)
    assert statuses(results) == ["applied"] * 50
    assert client.requests == 2


def test_a_412_for_a_request_is_a_412_for_each_object(client: ZoteroClient, double: Double) -> None:
    on_post(double, answered(412))
    assert statuses(written(client, [change(double, 0), change(double, 1)])[0]) == ["stale", "stale"]
    assert client.requests == 1


# --- pauses ------------------------------------------------------------------------------------------------------


def test_c_a_429_is_waited_for_and_sent_again(client: ZoteroClient, double: Double) -> None:
    """Trap C of pyzotero: on 429 it reports success, having written nothing."""
    on_post(double, answered(429, Retry_After="7"))
    results, _ = written(client, [change(double, 0)])
    assert statuses(results) == ["applied"]
    assert client.requests == 2
    assert client.paused_until == 7


def test_a_long_429_ends_the_writing_with_its_seconds(client: ZoteroClient, double: Double) -> None:
    on_post(double, None, answered(429, Retry_After="900"))
    results, error = written(client, [change(double, number) for number in range(60)])
    assert isinstance(error, BackOffError)
    assert error.seconds == 900
    assert statuses(results) == ["applied"] * 50


def test_a_503_may_have_written_and_is_read_back_after_its_pause(client: ZoteroClient, double: Double) -> None:
    on_post(double, answered(503, Retry_After="20"))
    assert statuses(written(client, [change(double, 0)])[0]) == ["applied"]
    assert [line.split()[0] for line in double.log] == ["POST", "GET", "POST"]
    assert client.paused_until == 20


def test_r19_a_rest_delays_the_next_request(client: ZoteroClient, double: Double) -> None:
    client.rest(3)
    client.key_info()
    assert client.paused_until == 3
