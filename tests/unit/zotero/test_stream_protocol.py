"""The streaming connection against a server that speaks the protocol, and one that does not."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import pytest
from running import until
from stream_double import StreamServer
from websockets.sync.server import ServerConnection

from bridge.zotero import stream
from bridge.zotero.stream import LAST, LONGEST_RETRY, Stream, pause

KEY = "SECRETabcdefghij12345678"
ME, GROUP = "users/1", "groups/51"


class Heard:
    """A stream, and what it called."""

    def __init__(self, url: str, *libraries: str, key: str = KEY, first: float = 0.01) -> None:
        self.changes = self.moves = 0
        self.told: list[str] = []
        self.stream = Stream(
            url, key, libraries, changed=self._change, moved=self._move, tell=self.told.append, first=first
        )

    def _change(self) -> None:
        self.changes += 1

    def _move(self) -> None:
        self.moves += 1

    @property
    def is_over(self) -> bool:
        """Whether its thread has ended."""
        return not self.stream._thread.is_alive()

    def __enter__(self) -> Self:
        self.stream.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.stop()


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with StreamServer({KEY: ["/users/1", "/groups/51"]}) as running:
        yield running


def test_it_subscribes_to_its_libraries_and_to_nothing_else(server: StreamServer) -> None:
    with Heard(server.url, ME, GROUP) as heard:
        until(lambda: heard.stream.covers == {ME, GROUP})
        assert server.received == [
            {
                "action": "createSubscriptions",
                "subscriptions": [{"apiKey": KEY, "topics": ["/groups/51", "/users/1"]}],
            }
        ]
        until(lambda: heard.changes)
        assert (heard.changes, heard.moves, heard.told) == (1, 1, [])  # the one look after connecting


def test_each_update_is_heard_once_and_other_topics_are_not(server: StreamServer) -> None:
    with Heard(server.url, ME) as heard:
        until(lambda: heard.changes)
        server.announce("/users/1", 7)
        server.announce("/users/1", 8)
        server.say('{"event": "topicUpdated", "topic": "/users/2", "version": 1}')
        server.say('{"event": "somethingNew", "topic": "/users/1"}')
        server.announce("/users/1", 9)
        until(lambda: heard.changes == 4)
        time.sleep(0.05)
        assert heard.changes == 4


GARBAGE: list[str | bytes] = [
    "",
    "no json",
    "[1, 2]",
    "null",
    "[" * 20_000,
    b"\xff\xfe\x00",
    '{"event": ["topicUpdated"], "topic": {"a": 1}}',
    '{"event": "topicUpdated", "topic": ["/users/1"]}',
    '{"event": "topicUpdated"}',
]


def test_garbage_says_nothing_and_ends_nothing(server: StreamServer) -> None:
    with Heard(server.url, ME) as heard:
        until(lambda: heard.changes)
        for message in GARBAGE:
            server.say(message)
        server.announce("/users/1")
        until(lambda: heard.changes == 2)
        assert server.connections == 1


def test_a_message_beyond_measure_ends_the_connection_and_no_more(server: StreamServer) -> None:
    with Heard(server.url, ME) as heard:
        until(lambda: heard.changes)
        server.say("x" * (stream.LONGEST_MESSAGE + 1))
        until(lambda: heard.changes == 2)
        assert server.connections == 2


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4429, 4500])
def test_it_connects_again_and_looks_once_for_what_it_missed(server: StreamServer, code: int) -> None:
    with Heard(server.url, ME) as heard:
        until(lambda: heard.changes)
        server.drop(code)
        until(lambda: heard.changes == 2)
        until(lambda: heard.stream.covers == {ME})
        assert (server.connections, heard.told) == (2, [])
        assert heard.moves == 3  # there, gone, there again


@pytest.mark.parametrize("code", [4400, 4403, 4409, 4413])
def test_a_refusal_ends_the_tries_with_this_key_and_is_said_once(server: StreamServer, code: int) -> None:
    with Heard(server.url, ME) as heard:
        until(lambda: heard.changes)
        server.drop(code)
        until(lambda: heard.is_over)
        assert heard.stream.covers == frozenset()
        assert len(heard.told) == 1
        assert str(code) in heard.told[0]
        assert server.connections == 1


def test_law_14_a_refused_key_is_in_no_word(server: StreamServer, caplog: pytest.LogCaptureFixture) -> None:
    """The server's reason repeats the key; so do its messages, and the library's own log of them."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.DEBUG)
    server.keys = {}
    with Heard(server.url, ME) as heard:
        until(lambda: heard.is_over)
        assert server.received
        assert KEY not in f"{heard.told} {caplog.text} {heard.stream!r} {heard.stream._thread!r}"
        assert heard.told


def test_law_14_the_key_is_in_one_message_and_in_no_address_header_or_log(
    server: StreamServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Heard(server.url, ME, GROUP, "groups/9") as heard:
        until(lambda: heard.changes)
        server.say(f'{{"event": "topicRemoved", "apiKey": "{KEY}", "topic": "/users/1"}}')
        server.say(f'{{"{KEY}": {KEY}')
        server.drop(1011)
        until(lambda: heard.changes == 3)
    assert KEY not in f"{server.headers} {heard.told} {caplog.text}"
    assert [str(each).count(KEY) for each in server.received] == [1, 1]


def test_law_14_the_library_that_carries_the_key_logs_nowhere() -> None:
    assert not stream._SILENT.isEnabledFor(logging.CRITICAL)
    assert stream._SILENT.handlers == []
    assert stream._SILENT.parent is None


def test_a_library_that_is_not_announced_is_named_and_the_others_are_heard(server: StreamServer) -> None:
    server.keys[KEY] = ["/users/1"]
    with Heard(server.url, ME, GROUP) as heard:
        until(lambda: heard.changes)
        assert heard.stream.covers == {ME}
        assert len(heard.told) == 1
        assert GROUP in heard.told[0]


@pytest.mark.parametrize("event", ["topicRemoved", "topicDeleted"])
def test_a_library_that_is_taken_away_is_said_and_looked_for(server: StreamServer, event: str) -> None:
    with Heard(server.url, ME, GROUP) as heard:
        until(lambda: heard.changes)
        server.announce("/groups/51", event=event)
        until(lambda: heard.changes == 2)
        assert heard.stream.covers == {ME}
        assert len(heard.told) == 1
        assert GROUP in heard.told[0]


def hang_up(_: ServerConnection) -> None:
    """Close without a word."""


def babble(connection: ServerConnection) -> None:
    connection.send("hello")
    connection.send('{"event": "disconnected"}')


def silent(connection: ServerConnection) -> None:
    connection.recv(timeout=10)


def half(connection: ServerConnection) -> None:
    """No answer to the subscriptions."""
    connection.send('{"event": "connected", "retry": "soon"}')
    connection.recv(timeout=10)
    connection.recv(timeout=10)


def strange(connection: ServerConnection) -> None:
    """An answer of another shape."""
    connection.send('{"event": "connected", "retry": null}')
    connection.recv(timeout=10)
    connection.send('{"event": "subscriptionsCreated", "subscriptions": [1, {"topics": 5}, {"topics": [[]]}]}')
    connection.close(1011)


def test_a_server_that_does_not_keep_to_the_protocol_is_tried_again(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PATIENCE", 0.2)
    server.scripts = [hang_up, babble, silent, half, strange]
    with Heard(server.url, ME) as heard:
        until(lambda: heard.stream.covers == {ME})
        assert server.connections == 6
        assert len(server.received) == 1


def test_nobody_there_is_tried_again_with_growing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def noted(failures: int, retry: float, first: float) -> float:
        tries.append(failures)
        return 0.001

    monkeypatch.setattr(stream, "pause", noted)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Heard(f"ws://127.0.0.1:{nobody.getsockname()[1]}", ME) as heard:
            until(lambda: len(tries) >= 4)
    assert tries[:4] == [1, 2, 3, 4]
    assert (heard.told, heard.changes, heard.moves) == ([], 0, 0)  # polling goes on, and nobody need know


def test_a_server_that_is_away_is_one_line_in_the_log(server: StreamServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge")
    server.scripts = [hang_up] * 5
    with Heard(server.url, ME) as heard:
        until(lambda: heard.stream.covers)
    assert [each.levelname for each in caplog.records].count("INFO") == 2  # away; there


def test_waits_grow_to_an_end_and_are_never_less_than_the_server_asks() -> None:
    waits = [pause(failures, 0.0) for failures in range(1, 2000)]
    assert waits[:3] == [2.0, 4.0, 8.0]
    assert waits == sorted(waits)
    assert waits[-1] == LAST
    assert pause(1, 10.0) == 10.0
    assert pause(2000, 10.0) == LAST


@pytest.mark.parametrize(("retry", "taken"), [(10_000, 10.0), (-5, 0.0), (1e300, LONGEST_RETRY)])
def test_the_servers_wish_is_honoured_within_reason(retry: float, taken: float) -> None:
    with StreamServer({KEY: ["/users/1"]}, retry=retry) as server, Heard(server.url, ME) as heard:
        until(lambda: heard.changes)
        assert heard.stream._retry == taken


def test_a_dead_line_is_noticed(server: StreamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine at the other end is gone, and nothing says so but that it answers no sign of life."""
    monkeypatch.setattr(stream, "PING", 0.1)
    monkeypatch.setattr(stream, "PONG", 0.1)
    gone = threading.Event()

    def deaf(connection: ServerConnection) -> None:
        connection.send('{"event": "connected", "retry": 1}')
        connection.recv()
        connection.send('{"event": "subscriptionsCreated", "subscriptions": [{"topics": ["/users/1"]}]}')
        monkeypatch.setattr(connection.protocol, "receive_data", lambda _: None)  # hears no more
        gone.wait(10)

    server.scripts = [deaf]
    with Heard(server.url, ME) as heard:
        until(lambda: server.connections == 2 and heard.stream.covers)
        assert heard.changes == 2
        gone.set()


def ended_within(heard: Heard) -> float:
    began = time.monotonic()
    heard.stream.stop()
    return time.monotonic() - began


@pytest.mark.parametrize("script", [None, silent, half])
def test_it_ends_within_a_second_whatever_the_server_does(server: StreamServer, script: Any) -> None:
    server.scripts = [script] if script else []
    with Heard(server.url, ME) as heard:
        until(lambda: server.connections)
        if script is None:
            until(lambda: heard.changes)
        assert ended_within(heard) < 1.0  # a promise, and not a measure of speed
        until(lambda: heard.is_over)
        assert heard.stream.covers == frozenset()


def test_it_ends_within_a_second_while_it_connects_and_sends_nothing_then() -> None:
    """A machine that takes the connection and says nothing, until it is too late."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with Heard(f"ws://127.0.0.1:{listening.getsockname()[1]}", ME) as heard:
            client = listening.accept()[0]
            client.recv(4096)
            assert ended_within(heard) < 1.0
        client.close()
        until(lambda: heard.is_over)
    assert (heard.changes, heard.moves) == (0, 0)


def test_it_ends_while_it_waits_to_try_again(server: StreamServer) -> None:
    server.scripts = [hang_up] * 9
    with Heard(server.url, ME, first=60.0) as heard:
        until(lambda: server.connections)
        assert ended_within(heard) < 1.0
        until(lambda: heard.is_over)
        assert server.connections == 1


def test_r24_a_redirect_is_not_followed(server: StreamServer) -> None:
    """Another server must not get the key by this one's word."""
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, Heard(f"ws://127.0.0.1:{listening.getsockname()[1]}", ME, first=60.0):
        client = listening.accept()[0]
        client.recv(4096)
        client.sendall(f"HTTP/1.1 302 Found\r\nLocation: {server.url}\r\nContent-Length: 0\r\n\r\n".encode())
        assert client.recv(4096) == b""  # it hangs up
        client.close()
    assert server.connections == 0
