"""The client against the sandbox library, over real sockets: what it counts on is what a faithful server does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import AmbiguousWriteError, BridgeError, ForbiddenError, UnreachableError
from bridge.sandbox.server import SandboxServer
from bridge.zotero.client import ZoteroClient
from bridge.zotero.pull import Pull
from bridge.zotero.writes import WriteResult

Connect = Callable[..., ZoteroClient]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox"), seed="demo") as running:
        yield running


@pytest.fixture
def connect(server: SandboxServer) -> Iterator[Connect]:
    made: list[ZoteroClient] = []

    def connect(library: str = server.library, key: str = server.key) -> ZoteroClient:
        # A pause asked for is not slept out: the clock is moved instead.
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        made.append(ZoteroClient(server.url, library, key, sleep=sleep, clock=lambda: now[0]))
        return made[-1]

    server.faults.clear()
    yield connect
    server.faults.clear()
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Connect) -> ZoteroClient:
    return connect()


def received(pull: Pull) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for page in pull.pages() for one in page}


def papers(client: ZoteroClient, count: int) -> list[dict[str, Any]]:
    """Some top-level items as they are now."""
    found = [
        one for one in received(client.pull(0)).values() if "title" in one["data"] and not one["data"].get("parentItem")
    ]
    return found[:count]


def change(item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"key": item["key"], "version": item["version"], **fields}


def written(client: ZoteroClient, objects: list[dict[str, Any]]) -> tuple[list[WriteResult], BridgeError | None]:
    results: list[WriteResult] = []
    try:
        for result in client.write_items(objects):
            results.append(result)  # noqa: PERF402 (an error must not lose what came before it)
    except BridgeError as failed:
        return results, failed
    return results, None


def statuses(results: list[WriteResult]) -> list[str]:
    return [result.status for result in results]


def test_r16_the_whole_library_and_then_nothing(client: ZoteroClient) -> None:
    pull = client.pull(0)
    held = received(pull)
    assert len(held) == pull.total > 100
    assert {key: one["version"] for key, one in held.items()} == client.versions()
    assert pull.collections()
    before = client.requests
    again = client.pull(pull.version)
    assert again.unchanged
    assert again.version == pull.version == client.library_version()
    assert client.requests - before == 2


def test_r17_a_cursor_from_the_future_is_a_library_gone_back(client: ZoteroClient) -> None:
    assert client.pull(client.library_version() + 100).backwards


def test_d1_d2_the_cursor_moves_by_reading_and_every_object_has_its_own_version(client: ZoteroClient) -> None:
    since = client.library_version()
    items = papers(client, 5)
    results, _ = written(client, [change(one, title=f"D1 {one['key']}") for one in items])
    assert statuses(results) == ["applied"] * 5
    assert all(result.object is not None for result in results)
    pull = client.pull(since)
    held = received(pull)
    assert held == {result.key: result.object for result in results}
    assert len({one["version"] for one in held.values()}) == 5


def test_a_half_successful_batch(client: ZoteroClient, connect: Connect) -> None:
    items = papers(client, 4)
    written(connect(), [change(items[1], title="somebody else's")])
    objects = [
        change(items[0], title="half 0"),
        change(items[1], title="half 1"),
        change(items[2], tags=[{"tag": "x" * 300}]),
        change(items[3], collections=["ZZZZ9999"]),
        {"key": "ZZZZ9999", "version": 3, "title": "gone"},
        change(items[3], nonsense="x"),
    ]
    results, error = written(client, objects)
    assert error is None
    assert statuses(results) == ["applied", "stale", "refused", "refused", "missing", "refused"]
    assert "&" not in results[2].message
    assert results[2].message


def test_the_trash_is_shown_and_the_erased_named(client: ZoteroClient, server: SandboxServer) -> None:
    item = papers(client, 1)[0]
    since = client.library_version()
    results, _ = written(client, [change(item, deleted=1)])
    assert statuses(results) == ["applied"]
    pull = client.pull(since)
    assert received(pull)[item["key"]]["data"]["deleted"] == 1
    assert pull.deleted_items == frozenset()
    assert client.fetch([item["key"]])[0]["data"]["deleted"] == 1
    written(client, [change(client.fetch([item["key"]])[0], deleted=0)])


def test_law_5_drop_before_and_drop_after(client: ZoteroClient, server: SandboxServer) -> None:
    items = papers(client, 2)
    server.faults.add("drop-before", method="POST")
    results, error = written(client, [change(one, title=f"before {one['key']}") for one in items])
    assert error is None
    assert statuses(results) == ["applied", "applied"]
    server.faults.add("drop-after", method="POST")
    server.requests.reset()
    items = client.fetch([one["key"] for one in items])
    results, error = written(client, [change(one, title=f"after {one['key']}") for one in items])
    assert error is None
    assert statuses(results) == ["unknown", "unknown"]
    assert [result.object["data"]["title"] for result in results if result.object] == [
        f"after {one['key']}" for one in items
    ]
    assert server.requests.count("POST") == 1


@pytest.mark.parametrize("kind", ["truncate", "drop-before", "status"])
def test_reads_survive_a_fault(client: ZoteroClient, server: SandboxServer, kind: Any) -> None:
    server.faults.add(kind, times=2)
    assert client.versions()
    assert client.requests == 3


def test_a_truncated_report_is_read_back(client: ZoteroClient, server: SandboxServer) -> None:
    item = papers(client, 1)[0]
    server.faults.add("truncate", method="POST")
    results, error = written(client, [change(item, title="cut off")])
    assert error is None
    assert statuses(results) == ["unknown"]


def test_rate_limit_and_backoff_are_obeyed(client: ZoteroClient, server: SandboxServer) -> None:
    item = papers(client, 1)[0]
    server.faults.add("rate-limit", method="POST", seconds=9)
    results, _ = written(client, [change(item, title="limited")])
    assert statuses(results) == ["applied"]
    assert client.paused_until == 9
    server.faults.add("backoff", seconds=14)
    client.versions()
    assert client.paused_until == 9 + 14
    client.versions()


def test_a_server_that_is_gone_while_writing(client: ZoteroClient, server: SandboxServer) -> None:
    item = papers(client, 1)[0]
    server.faults.add("drop-after", method="POST")
    server.faults.add("drop-before", method="GET", times=5)
    results, error = written(client, [change(item, title="gone")])
    assert isinstance(error, AmbiguousWriteError)
    assert statuses(results) == ["unknown"]


def test_r23_rights_by_key_and_role(server: SandboxServer, connect: Connect) -> None:
    assert connect().rights().write
    reader = server.add_key(write=False)
    rights = connect(key=reader).rights()
    assert (rights.read, rights.write) == (True, False)
    with pytest.raises(ForbiddenError):
        connect(key="wrongwrongwrongwrongwrong").rights()
    server.revoke(reader)
    with pytest.raises(ForbiddenError):
        connect(key=reader).rights()


@pytest.mark.parametrize(
    ("editing", "role", "write"),
    [("members", "member", True), ("admins", "member", False), ("admins", "admin", True)],
)
def test_r23_the_role_in_a_group(server: SandboxServer, connect: Connect, editing: str, role: str, write: bool) -> None:
    number = 700 + len(editing) + len(role)
    library = server.add_group(number, "Readers", editing=editing, role=role)
    assert library == f"groups/{number}"
    assert connect(library).rights().write == write


def test_d2_a_writer_between_the_objects_of_a_batch_is_not_missed(client: ZoteroClient, server: SandboxServer) -> None:
    items = papers(client, 4)
    since = client.library_version()
    between = items[3]["key"]
    server.faults.add("interleave", method="POST", key=between, changes={"title": "in between"})
    results, _ = written(client, [change(one, title=f"D2 {one['key']}") for one in items[:3]])
    assert statuses(results) == ["applied"] * 3
    held = received(client.pull(since))
    assert held[between]["data"]["title"] == "in between"
    assert len(held) == 4


def test_r17_a_rollback_is_noticed(tmp_path: Path) -> None:
    with (
        SandboxServer(tmp_path, seed="demo") as server,
        ZoteroClient(server.url, server.library, server.key) as client,
    ):
        server.snapshot()
        items = papers(client, 3)
        written(client, [change(one, title=f"lost {one['key']}") for one in items])
        cursor = client.library_version()
        assert server.rollback()
        assert client.pull(cursor).backwards


def test_a_server_that_is_not_there_is_out_of_reach(server: SandboxServer) -> None:
    with (
        ZoteroClient("http://127.0.0.1:9", server.library, server.key, sleep=lambda _: None) as client,
        pytest.raises(UnreachableError),
    ):
        client.versions()
