"""Faults on demand, the record of requests, snapshots, and two servers over one folder."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx2
import pytest

from bridge.errors import BridgeError, StateError, UsageError
from bridge.sandbox.faults import Fault, FaultBoard, RequestLog, parse_fault
from bridge.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox_api import Api

BOOK = {"itemType": "book"}


def test_drop_before_the_request_nothing_is_done(api: Api) -> None:
    api.server.faults.add("drop-before", method="POST")
    with pytest.raises(httpx2.RemoteProtocolError):
        api("POST", "items", [BOOK])
    assert api.get("items").headers["Total-Results"] == "0"


def test_drop_after_the_request_it_is_done_and_nobody_knows(api: Api) -> None:
    api.server.faults.add("drop-after", method="POST")
    with pytest.raises(httpx2.RemoteProtocolError):
        api("POST", "items", [BOOK])
    assert api.get("items").headers["Total-Results"] == "1"
    assert [seen.status for seen in api.server.requests.all] == [0, 200]


def test_truncate_cuts_the_body(api: Api) -> None:
    api.make()
    api.server.faults.add("truncate", path="/items")
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending complete"):
        api("GET", "items")
    assert len(api.get("items").json()) == 1


def test_a_status_is_answered_instead_of_the_request(api: Api) -> None:
    api.server.faults.add("status", status=502, method="POST", times=2)
    assert [api("POST", "items", [BOOK]).status_code for _ in range(3)] == [502, 502, 200]
    assert api.get("items").headers["Total-Results"] == "1"


def test_rate_limit_and_backoff_say_how_long(api: Api) -> None:
    api.server.faults.add("rate-limit", seconds=7)
    limited = api("GET", "items")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    api.server.faults.add("backoff", seconds=3)
    assert api.get("items").headers["Backoff"] == "3"
    assert "Backoff" not in api.get("items").headers


def test_a_delay_comes_before_the_answer_and_others_are_not_held_up(api: Api) -> None:
    api.server.faults.add("delay", seconds=0.05)
    api.server.faults.add("status", status=500)
    assert api("GET", "items").status_code == 500
    assert api("GET", "items").status_code == 200


def test_after_lets_the_first_ones_pass_and_path_and_method_choose(api: Api) -> None:
    api.server.faults.add(Fault("status", status=500, method="GET", path=r"items\?.*since=5", after=1))
    asked = ["items?since=5", "items?since=4", "items?since=5", "items?since=5"]
    assert [api("GET", path).status_code for path in asked] == [200, 200, 500, 200]


def test_faults_over_http_are_for_this_machine_and_not_for_its_browser(api: Api) -> None:
    fault = [{"kind": "status", "status": 418, "times": None}]
    page = {"Origin": "https://example.org"}
    assert api.client.post("/_sandbox/faults", json=fault, headers=page).status_code == 403
    assert api.client.post("/_sandbox/faults", json=[{"kind": "flood"}]).status_code == 400
    assert api.client.post("/_sandbox/faults", json=[{"kind": "status", "statu": 1}]).status_code == 400
    assert api.client.post("/_sandbox/faults", json=fault).status_code == 204
    assert [api("GET", "items").status_code for _ in range(2)] == [418, 418]
    assert api.client.delete("/_sandbox/faults").status_code == 204
    assert api("GET", "items").status_code == 200


def test_requests_are_counted_but_not_those_that_ask_for_the_count(api: Api) -> None:
    api.make()
    api.get("items?limit=1")
    seen = api.client.get("/_sandbox/requests").json()
    assert (seen["count"], seen["methods"]) == (2, {"POST": 1, "GET": 1})
    assert seen["requests"][1] == {"method": "GET", "target": f"/{api.library}/items?limit=1", "status": 200}
    assert (api.server.requests.count("GET"), api.server.requests.count(path="limit=")) == (1, 1)
    api.client.delete("/_sandbox/requests")
    assert api.server.requests.count() == 0


def test_a_rollback_takes_contents_and_versions_back(api: Api) -> None:
    """R17: what the bridge must notice."""
    first = api.make(title="before")
    at = api.version
    name = api.client.post("/_sandbox/snapshot").json()["id"]
    api.post({"key": first["key"], "version": first["version"], "title": "after"})
    api.make()
    assert api.client.post("/_sandbox/rollback", json={"id": name}).status_code == 204
    assert (api.version, [one["data"]["title"] for one in api.get("items").json()]) == (at, ["before"])
    assert api.client.post("/_sandbox/rollback", json={"id": "none"}).status_code == 404
    api.make()
    api.server.faults.add("rollback")
    assert api.get("items").headers["Last-Modified-Version"] == str(at)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("503", Fault("status", status=503)),
        ("503:times=2,method=POST", Fault("status", status=503, times=2, method="POST")),
        ("delay:seconds=0.5,times=always", Fault("delay", seconds=0.5, times=None)),
        ("drop-after:after=1,path=/items", Fault("drop-after", after=1, path="/items")),
    ],
)
def test_faults_on_the_command_line(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize("text", ["", "flood", "503:times", "503:times=x", "503:size=1", "delay:path=("])
def test_faults_that_cannot_be_read_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError):
        parse_fault(text)


def test_a_fault_is_spent_after_its_times() -> None:
    board, log = FaultBoard(), RequestLog()
    board.add("backoff", times=2)
    assert [len(board.take("GET", "/x")) for _ in range(3)] == [1, 1, 0]
    assert log.all == ()


# --- servers ----------------------------------------------------------------------------------------------------


def test_two_servers_share_one_folder(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as first, SandboxServer(tmp_path) as second:
        assert (first.key, first.library) == (second.key, second.library)
        versions = []
        for number in range(6):
            server = (first, second)[number % 2]
            response = httpx2.post(f"{server.url}/users/1/items", json=[BOOK], headers={"Zotero-API-Key": server.key})
            versions.append(int(response.headers["Last-Modified-Version"]))
        assert versions == [2, 3, 4, 5, 6, 7]


def test_a_folder_keeps_its_library_and_key_from_run_to_run(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, seed="empty") as server:
        key, headers = server.key, {"Zotero-API-Key": server.key}
        httpx2.post(f"{server.url}/users/1/items", json=[BOOK], headers=headers)
    assert (tmp_path / "library.sqlite").stat().st_mode & 0o077 == 0, "law 14"
    with SandboxServer(tmp_path, seed="demo") as server:
        assert server.key == key
        assert httpx2.get(f"{server.url}/users/1/items", headers=headers).headers["Total-Results"] == "1"


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        SandboxServer(tmp_path, seed="nonsense")
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "library.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StateError):
        SandboxServer(bad)
    idle = SandboxServer(tmp_path / "idle")
    with pytest.raises(BridgeError):
        idle.url  # noqa: B018
    idle.stop()
    with SandboxServer(tmp_path / "one") as one:
        other = SandboxServer(tmp_path / "two", port=int(one.url.rpartition(":")[2]))
        with pytest.raises(BridgeError, match="cannot listen"):
            other.start()
        other.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM to send")
def test_serving_ends_when_told_to_and_another_process_has_shared_the_folder(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from bridge.sandbox.server import serve;"
        "serve(pathlib.Path(sys.argv[1]), announce=lambda s: print(s.url, s.key, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url, key = process.stdout.readline().split()
        with SandboxServer(tmp_path) as here:
            assert here.key == key
            versions: list[int] = []

            def write(address: str) -> None:
                for _ in range(5):
                    path = f"{address}/users/1/items"
                    report = httpx2.post(path, json=[BOOK] * 10, headers={"Zotero-API-Key": key}).json()
                    versions.extend(made["version"] for made in report["successful"].values())

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(write, (url, here.url)))
        assert sorted(versions) == list(range(2, 102)), "no version was given twice"
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()
