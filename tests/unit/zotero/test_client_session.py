"""Law 14, R24, and the fault catalogue: what one request does on every answer there is."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx2
import pytest
from zotero_double import KEY, Double

from bridge.errors import (
    AmbiguousWriteError,
    BackOffError,
    BridgeError,
    ConfigError,
    ForbiddenError,
    NotFoundError,
    ProtocolError,
    StaleError,
    UnreachableError,
)
from bridge.zotero.client import ZoteroClient
from bridge.zotero.http import RejectedError, Session


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def double() -> Double:
    return Double()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(double: Double, time: Time) -> Iterator[ZoteroClient]:
    with ZoteroClient(
        "http://zotero.test/prefix",
        "users/7",
        KEY,
        transport=double.transport,
        sleep=time.sleep,
        clock=time.clock,
    ) as made:
        yield made


def faults(*answers: httpx2.Response | Exception) -> Callable[[httpx2.Request], httpx2.Response | None]:
    """Give these answers first, one a request."""
    left = list(answers)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if not left:
            return None
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return before


def status(code: int, text: str = "<html>no</html>", **headers: str) -> httpx2.Response:
    return httpx2.Response(code, text=text, headers={name.replace("_", "-"): value for name, value in headers.items()})


# --- headers and addresses ---------------------------------------------------------------------------------------


def test_r24_the_key_is_in_one_header_and_in_no_address(client: ZoteroClient, double: Double) -> None:
    client.key_info()
    client.pull(0)
    assert [KEY in line for line in double.log] == [False, False]
    holding = [[name for name, value in headers.items() if KEY in value] for headers in double.headers]
    assert holding == [["authorization"], ["authorization"]]


def test_the_path_prefix_of_a_self_hosted_server_stays(client: ZoteroClient, double: Double) -> None:
    client.key_info()
    client.library_version()
    assert double.log[0] == "GET /prefix/keys/current"
    assert double.log[1].startswith("GET /prefix/users/7/collections?")


def test_d17_the_user_agent_is_no_client_that_stores_dates_as_given(client: ZoteroClient, double: Double) -> None:
    client.key_info()
    agent = double.headers[0]["user-agent"]
    assert agent.startswith("bridge/")
    assert "Zotero" not in agent
    assert "Firefox" not in agent
    assert double.headers[0]["zotero-api-version"] == "3"


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a.b", "api.zotero.org", "https://", "https://u:SECRETword@a.b", "https://a.b/?key=SECRETword",
        "https://a.b/#SECRETword", "https://a.b:0", "http://[::1", "",
    ],
)  # fmt: skip
def test_law_14_an_address_that_could_hold_a_secret_is_refused_unquoted(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ZoteroClient(address, "users/7", KEY)
    assert "SECRETword" not in str(caught.value)


@pytest.mark.parametrize("library", ["users/", "user/7", "groups/x", "users/7/items", "../7"])
def test_a_library_is_users_or_groups_and_a_number(library: str) -> None:
    with pytest.raises(ConfigError):
        ZoteroClient("https://a.b", library, KEY)


@pytest.mark.parametrize("key", ["SECRET\nX: y", "SECRETé", "SEC RET"])
def test_law_14_a_key_no_header_can_hold_is_refused_unquoted(key: str) -> None:
    with pytest.raises(ForbiddenError) as caught:
        ZoteroClient("https://a.b", "users/7", key)
    assert "SEC" not in str(caught.value)


# --- statuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, RejectedError), (401, ForbiddenError), (403, ForbiddenError), (404, NotFoundError), (409, ProtocolError),
        (412, StaleError), (413, RejectedError), (428, ProtocolError), (304, UnreachableError),
    ],
)  # fmt: skip
def test_a_clear_answer_is_not_asked_for_again(
    client: ZoteroClient, double: Double, code: int, error: type[BridgeError]
) -> None:
    double.before = faults(*[status(code)] * 9)
    with pytest.raises(error) as caught:
        client.key_info()
    assert client.requests == len(double.log) == 1
    assert "<html>" not in str(caught.value)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_r24_no_redirect_is_followed(client: ZoteroClient, double: Double, code: int) -> None:
    double.before = faults(*[status(code, Location="http://evil.test/")] * 9)
    with pytest.raises(UnreachableError):
        client.key_info()
    assert double.log == ["GET /prefix/keys/current"]


@pytest.mark.parametrize(
    "fault",
    [
        status(500), status(502), status(503), status(408), status(200), status(200, '{"userID": 7'),
        status(200, ""), httpx2.ConnectError("x"), httpx2.ReadTimeout("x"), httpx2.RemoteProtocolError("x"),
        httpx2.ReadError("x"), httpx2.ConnectTimeout("x"), httpx2.DecodingError("x"),
    ],
)  # fmt: skip
def test_reads_are_tried_again_with_growing_waits(
    client: ZoteroClient, double: Double, time: Time, fault: httpx2.Response | Exception
) -> None:
    double.before = faults(fault, fault, fault)
    assert client.key_info().user == 7
    assert client.requests == 4
    assert len(time.slept) == 3
    assert time.slept[0] >= 1
    assert time.slept[1] >= 2
    assert time.slept[2] >= 4


def test_reads_give_up_after_five_tries(client: ZoteroClient, double: Double) -> None:
    double.before = faults(*[status(500)] * 9)
    with pytest.raises(UnreachableError) as caught:
        client.key_info()
    assert client.requests == 5
    assert not isinstance(caught.value, BackOffError)


# --- pauses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_waited_for_and_not_longer(client: ZoteroClient, double: Double, time: Time, code: int) -> None:
    double.before = faults(status(code, Retry_After="10"))
    client.key_info()
    assert client.requests == 2
    assert sum(time.slept) == 10


def test_a_long_retry_after_is_handed_to_the_caller_with_its_seconds(
    client: ZoteroClient, double: Double, time: Time
) -> None:
    double.before = faults(status(429, Retry_After="3600"))
    with pytest.raises(BackOffError) as caught:
        client.key_info()
    assert caught.value.seconds == 3600
    assert client.requests == 1
    assert client.paused_until == 1000 + 3600
    with pytest.raises(BackOffError):  # and until then nothing is sent
        client.key_info()
    assert client.requests == 1
    time.now += 3600
    client.key_info()
    assert client.requests == 2


def test_waits_add_up_to_the_patience_of_one_request(client: ZoteroClient, double: Double, time: Time) -> None:
    double.before = faults(*[status(429, Retry_After="25")] * 9)
    with pytest.raises(BackOffError) as caught:
        client.key_info()
    assert client.requests == 3
    assert sum(time.slept) == 50
    assert caught.value.seconds == 25


def test_a_429_that_does_not_say_how_long_waits_30_then_hands_over_60(
    client: ZoteroClient, double: Double, time: Time
) -> None:
    double.before = faults(*[status(429)] * 9)
    with pytest.raises(BackOffError) as caught:
        client.key_info()
    assert sum(time.slept) == 30
    assert caught.value.seconds == 60
    assert client.requests == 2


def test_a_server_that_always_says_wait_a_moment_is_left_after_five_tries(client: ZoteroClient, double: Double) -> None:
    double.before = faults(*[status(429, Retry_After="0")] * 9)
    with pytest.raises(BackOffError):
        client.key_info()
    assert client.requests == 5


def test_backoff_on_a_good_answer_pauses_the_next_request(client: ZoteroClient, double: Double, time: Time) -> None:
    double.before = lambda _: None if len(double.log) > 1 else double.say({"userID": 7}, Backoff="12")
    assert client.key_info().user == 7
    assert time.slept == []
    client.key_info()
    assert time.slept == [12]


def test_garbage_in_the_pause_headers_is_no_pause(client: ZoteroClient, double: Double, time: Time) -> None:
    double.before = faults(status(503, Retry_After="soon", Backoff="-1"))
    client.key_info()
    assert client.requests == 2
    assert client.paused_until <= time.now


# --- writes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def session(double: Double, time: Time) -> Iterator[Session]:
    made = Session(
        "http://zotero.test", "users/7", KEY,
        transport=double.transport, sleep=time.sleep, clock=time.clock, tries=5, patience=60,
    )  # fmt: skip
    yield made
    made.close()


@pytest.mark.parametrize(
    "fault",
    [
        status(500), status(502), status(504), status(408), status(503, Retry_After="1"), status(200, "{"),
        httpx2.ReadTimeout("x"), httpx2.WriteError("x"), httpx2.RemoteProtocolError("x"), httpx2.ReadError("x"),
    ],
)  # fmt: skip
def test_a_write_without_a_clear_answer_is_sent_once(
    session: Session, double: Double, fault: httpx2.Response | Exception
) -> None:
    double.before = faults(*[fault] * 9)
    with pytest.raises(AmbiguousWriteError):
        session.post("/users/7/items", b"[]")
    assert session.requests == 1


@pytest.mark.parametrize("fault", [httpx2.ConnectError("x"), httpx2.ConnectTimeout("x"), status(429, Retry_After="1")])
def test_a_write_the_server_certainly_did_not_do_is_sent_again(
    session: Session, double: Double, fault: httpx2.Response | Exception
) -> None:
    double.before = faults(fault)
    session.post("/users/7/items", b"[]")
    assert session.requests == 2


def test_a_write_that_reached_nobody_is_not_ambiguous(session: Session, double: Double) -> None:
    double.before = faults(*[httpx2.ConnectError("x")] * 9)
    with pytest.raises(UnreachableError) as caught:
        session.post("/users/7/items", b"[]")
    assert not isinstance(caught.value, AmbiguousWriteError)


# --- law 14 over a real socket -----------------------------------------------------------------------------------


class _Rude(BaseHTTPRequestHandler):
    """Answers with what it is told by the path, and echoes every header it got into the body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers: Message = self.headers
        code = int(self.path.split("/")[-1])
        if code == 0:
            self.close_connection = True
            return
        body = str(headers).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) + (9 if code == 200 else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def rude() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Rude) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_law_14_no_key_in_any_error_traceback_repr_or_log_record(rude: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    with ZoteroClient(rude, "users/7", KEY, sleep=lambda _: None, tries=2) as client:
        for code in (0, 200, 302, 400, 403, 404, 412, 428, 429, 500):
            with pytest.raises(BridgeError) as caught:
                client._session.get(f"/{code}")
            seen += [repr(caught.value), *traceback.format_exception(caught.value)]
        seen += [repr(client), str(client), repr(client._session)]
    with (
        ZoteroClient("http://127.0.0.1:9", "users/7", KEY, sleep=lambda _: None) as nobody,
        pytest.raises(UnreachableError) as closed,
    ):
        nobody.key_info()
    seen += traceback.format_exception(closed.value)
    seen += [f"{record.getMessage()} {record.args!r}" for record in caplog.records]
    assert any("httpcore" in record.name for record in caplog.records)  # the wire was logged at all
    assert [text for text in seen if KEY in text] == []
