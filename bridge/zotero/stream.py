"""Zotero's streaming API: one connection that says when a library has changed.

It carries no data, only the word that there is some; the cycle that is woken reads it, or finds nothing new. So nothing
is lost with a connection, and whatever goes wrong here ends in asking now and then, as without it.

Law 14: the key is in one message to the server and in nothing that is written, said or logged; what the server says is
compared and never repeated, for it names keys. R24: who makes a :class:`Stream` answers for its address; connections
follow no redirect.

Messages and close codes are from zotero.org's "Streaming API" page and from the source of zotero/stream-server
(``server.js``: close codes are an HTTP status plus 4000).
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bridge import __version__

if TYPE_CHECKING:
    from websockets.sync.connection import Connection

#: Seconds of the first wait before connecting again, and of the longest. Each is twice the one before, and never less
#: than the server asks for; up to half of it is added by chance, so that a restarted server is not met by all at once.
FIRST, LAST = 2.0, 300.0
#: A server may not ask for more, in seconds: it would be as good as none.
LONGEST_RETRY = 3600.0
#: A connection that has held so long, in seconds, was a good one: the waits begin anew.
STEADY = 60.0
#: Seconds until a connection, and until an answer.
PATIENCE = 15.0
#: Seconds between two signs of life, and until the server's answer to one: a dead line is noticed by them alone.
PING, PONG = 60.0, 20.0
#: Seconds for the farewells of a connection, and for its thread to end: the daemon ends within a second.
FAREWELL = 0.2
#: The longest message, in bytes; real ones have a few hundred.
LONGEST_MESSAGE = 2**16
#: Close codes for what will be no better the next time: 4403 is a key that is not valid, 4413 too many subscriptions.
#: The two left out ask to come again later.
REFUSALS = frozenset(range(4400, 4500)) - {4408, 4429}

_log = logging.getLogger("bridge.zotero.stream")
#: The library logs every message it sends, the key with it (law 14): it gets a logger that takes nothing.
_SILENT = logging.Logger("silent", logging.CRITICAL + 1)  # noqa: LOG001 (one that nobody can reach and turn on)


class _NoAnswerError(Exception):
    """The server did not say what the protocol has it say."""


class Stream:
    """Listens for changes of the libraries of one key, in a thread of its own, until it is stopped or refused.

    :param url: the streaming server, ``wss://…`` (or ``ws://…``).
    :param key: the API key; it is sent there.
    :param libraries: ``users/123``, ``groups/51``.
    :param changed: called when one of them has changed, or may have while nobody listened.
    :param moved: called when :attr:`covers` is another set, or there is something to tell.
    :param tell: takes what a person should hear, without a key or a word of the server.
    :param first: seconds of the first wait before connecting again.

    The callables are called in the stream's thread, and must not raise.
    """

    def __init__(
        self,
        url: str,
        key: str,
        libraries: Iterable[str],
        *,
        changed: Callable[[], None],
        moved: Callable[[], None],
        tell: Callable[[str], None],
        first: float = FIRST,
    ) -> None:
        self._url, self._key, self._first = url, key, first
        self._topics = {f"/{library}": library for library in libraries}
        self._changed, self._moved, self._tell = changed, moved, tell
        self._covers: frozenset[str] = frozenset()
        self._retry = 0.0
        self._over = threading.Event()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    @property
    def covers(self) -> frozenset[str]:
        """The libraries whose changes are announced at present."""
        return self._covers

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; returns within half a second, whatever the server does."""
        self._over.set()
        if (connection := self._connection) is not None:
            connection.close()
        # One that is still connecting ends by itself, when it has its answer; nothing waits for it.
        self._thread.join(FAREWELL)

    # --- in the thread ---

    def _run(self) -> None:
        failures = 0
        while not self._over.is_set():
            began = time.monotonic()
            try:
                code = self._listen()
            except Exception as error:  # noqa: BLE001 (nothing that goes wrong here may end anything else)
                # Its class alone: its text may hold words of the server (law 14).
                code, why = None, type(error).__name__
            else:
                why = f"closed with code {code}"
            self._connection = None
            lost = bool(self._covers)
            self._cover(frozenset())
            if self._over.is_set():
                return
            if code in REFUSALS:
                self._say(f"announces no changes to this key (code {code})")
                return
            failures = 1 if time.monotonic() - began > STEADY else failures + 1
            if lost or failures == 1:  # a server that is away for a week is one line in the log
                _log.info("Zotero announces no changes at present (%s).", why)
            self._over.wait(pause(failures, self._retry, self._first) * random.uniform(1.0, 1.5))  # noqa: S311 (no secret)

    def _listen(self) -> int | None:
        """Connect and listen until the connection is closed; the server's close code, if it gave one.

        :raises Exception: of any kind the network, TLS or the protocol has.
        """
        from websockets.exceptions import ConnectionClosed  # an extra, and 40 ms that only a daemon needs
        from websockets.sync.client import connect

        with connect(
            self._url,
            logger=_SILENT,
            user_agent_header=f"bridge/{__version__}",
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=FAREWELL,
            ping_interval=PING,
            ping_timeout=PONG,
            max_size=LONGEST_MESSAGE,
        ) as connection:
            self._connection = connection
            try:
                # Asked after the line above: `stop` finds the connection, or is found here.
                if not self._over.is_set():
                    self._subscribe(connection)
                    while True:
                        self._hear(_read(connection.recv()))
            except ConnectionClosed as error:
                return error.rcvd.code if error.rcvd is not None else None
        return None

    def _subscribe(self, connection: Connection) -> None:
        retry = _await(connection, "connected").get("retry")
        if isinstance(retry, int | float):
            self._retry = min(max(0.0, retry / 1000), LONGEST_RETRY)
        wanted = {"apiKey": self._key, "topics": sorted(self._topics)}
        connection.send(json.dumps({"action": "createSubscriptions", "subscriptions": [wanted]}))
        said = _await(connection, "subscriptionsCreated").get("subscriptions")
        found = {topic for each in _dicts(said) for topic in _texts(each.get("topics"))}
        for topic in sorted(self._topics.keys() - found):
            self._say(f"does not announce changes of {self._topics[topic]} to this key")
        self._cover(frozenset(library for topic, library in self._topics.items() if topic in found))
        if self._covers:
            _log.info("Zotero announces changes of %s.", ", ".join(sorted(self._covers)))
        # What happened before anybody listened is announced by nobody.
        self._changed()

    def _hear(self, said: Mapping[str, Any]) -> None:
        topic = said.get("topic")
        library = self._topics.get(topic) if isinstance(topic, str) else None
        if library is None:
            return
        match said.get("event"):
            case "topicUpdated":
                self._changed()
            case "topicRemoved" | "topicDeleted":
                self._say(f"announces changes of {library} no more: it is gone, or this key may not read it now")
                self._cover(self._covers - {library})
                self._changed()  # what that means for the library is for a cycle to find out

    def _cover(self, libraries: frozenset[str]) -> None:
        if libraries != self._covers:
            self._covers = libraries
            self._moved()

    def _say(self, what: str) -> None:
        self._tell(f"Zotero's streaming server {what}; changes are found by asking now and then")
        self._moved()


def pause(failures: int, retry: float, first: float = FIRST) -> float:
    """Seconds until the next try, before chance adds to them.

    :param failures: tries in a row that came to nothing, at least 1.
    :param retry: what the server asked for.
    """
    return max(min(first * 2.0 ** min(failures - 1, 20), LAST), retry)


def _await(connection: Connection, event: str) -> Mapping[str, Any]:
    """The first message of a kind; others before it are passed over.

    :raises _NoAnswerError: it did not come in time.
    """
    until = time.monotonic() + PATIENCE
    while (left := until - time.monotonic()) > 0:
        try:
            said = _read(connection.recv(timeout=left))
        except TimeoutError:
            break
        if said.get("event") == event:
            return said
    raise _NoAnswerError(event)


def _read(message: str | bytes) -> Mapping[str, Any]:
    """A message of the server; what cannot be understood says nothing."""
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _dicts(said: object) -> list[dict[str, Any]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _texts(said: object) -> list[str]:
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
