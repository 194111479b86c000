"""One session with one Zotero server: headers, pauses, repeated tries, and errors in Bridge's own words.

Law 14 is kept here: the key is in one request header and nowhere else, no redirect carries it (R24), and no message,
address, log record or ``repr`` shows it. Answers of the network and of the server become :mod:`bridge.errors` at this
border. A read is repeated; a write is repeated only where it is certain that the server did nothing with it, and is
reported as :class:`AmbiguousWriteError` otherwise.

The connection and the headers are pyzotero's; its calls are bypassed, since they drop per-object reports and keep
state that threads would mix up (it is made once here, and only its HTTP client is shared between threads).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from bridge import __version__
from bridge.errors import (
    AmbiguousWriteError,
    BackOffError,
    ConfigError,
    ForbiddenError,
    NotFoundError,
    ProtocolError,
    StaleError,
    UnreachableError,
    ZoteroError,
)

if TYPE_CHECKING:
    import httpx2
    from pyzotero.zotero import Zotero
    from tenacity import RetryCallState

#: Zotero serves five requests at a time to one key (dataserver, ``RateLimiter``).
CONNECTIONS = 5
#: Seconds to wait after a 429 that does not say how long; the desktop client's steps (``sync/syncAPIClient.js``).
SILENT_PAUSES = (30.0, 60.0, 300.0)
#: Seconds until a connection, and until an answer: a batch of 50 objects can take a busy server its time.
CONNECT_SECONDS, ANSWER_SECONDS = 15.0, 60.0

_LIBRARY = re.compile(r"(users|groups)/[0-9]+")
_KEY = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its status (200 or 304), ``Last-Modified-Version``, ``Total-Results`` and parsed JSON body."""

    status: int
    version: int | None
    total: int | None
    data: Any

    @property
    def at(self) -> int:
        """The library version the answer was given at.

        :raises ProtocolError: the answer did not say.
        """
        if self.version is None:
            raise ProtocolError("Zotero's answer bears no version")
        return self.version


class RejectedError(ProtocolError):
    """The server refuses a request as it stands (400, 413); sending it again would not help."""


class CrashedWriteError(AmbiguousWriteError):
    """The server answered a write with 500; a batch may be half done, and one of its objects may be the cause."""


class _AgainError(Exception):
    """A try that may be repeated; ``error`` is raised when tries run out.

    ``paced``: the shared pause decides when; ``silent``: the server wants a pause but did not say how long.
    """

    def __init__(self, error: UnreachableError, *, paced: bool = False, silent: bool = False) -> None:
        super().__init__()
        self.error, self.paced, self.silent = error, paced, silent


class Pacer:
    """The pause all requests of a session share: what one answer asks for, every thread obeys."""

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float], patience: float) -> None:
        self._sleep, self._clock, self._patience = sleep, clock, patience
        self._lock = threading.Lock()
        self._until = 0.0

    @property
    def until(self) -> float:
        """The end of the pause by the session's clock; in the past where there is none."""
        return self._until

    @property
    def left(self) -> float:
        """Seconds until the pause is over, at least 0."""
        return max(0.0, self._until - self._clock())

    def ask(self, seconds: float) -> None:
        """Let nobody send for so many seconds from now."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    def wait(self, spent: float = 0.0) -> float:
        """Sleep until the pause is over; return ``spent`` and the seconds slept.

        :param spent: what the same request has waited already.
        :raises BackOffError: the request would wait longer than the session's patience altogether.
        """
        while (left := self.left) > 0:
            if spent + left > self._patience:
                raise BackOffError("Zotero asks for a pause", left)
            self._sleep(left)
            spent += left
        return spent


class Session:
    """Requests to one library of one server.

    :param base_url: ``https://api.zotero.org`` or any server with the same API; a path prefix is fine.
    :param library: ``users/123`` or ``groups/51``.
    :param tries: how often one request is sent at most.
    :param patience: how many seconds one request waits at most because the server asked for a pause.
    :raises ConfigError: the address or the library cannot be used.
    :raises ForbiddenError: the key holds characters that no key holds.
    """

    def __init__(
        self,
        base_url: str,
        library: str,
        key: str,
        *,
        transport: httpx2.BaseTransport | None,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        tries: int,
        patience: float,
    ) -> None:
        self.base = _checked_base(base_url)
        if not _LIBRARY.fullmatch(library):
            raise ConfigError("A library is given as users/<number> or groups/<number>")
        if not _KEY.fullmatch(key):  # checked here since the HTTP library would quote the header in its error
            raise ForbiddenError("The API key holds characters that no Zotero key has")
        self.library = library
        self.requests = 0
        self.pacer = Pacer(sleep, clock, patience)
        self._sleep, self._tries = sleep, tries
        self._count = threading.Lock()
        self._zotero = _pyzotero(self.base, library, key, transport)  # closes its client when it is collected
        self._client = cast("httpx2.Client", self._zotero.client)
        # "Zotero" or "Firefox" here would make the server store `dateModified` as given (dataserver, `Items.inc.php`).
        self._headers = {**self._zotero.default_headers(), "User-Agent": f"bridge/{__version__}"}

    def __repr__(self) -> str:
        return f"<Session of {self.library} at {self.base}>"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, *, newer_than: int | None = None) -> Answer:
        """Read ``path`` (below the base URL) as JSON; tried again on network trouble, 5xx and broken bodies.

        :param newer_than: sent as ``If-Modified-Since-Version``; only then may the answer be a 304, without data.
        :raises UnreachableError: no good answer came in all tries; :class:`BackOffError` where a pause was asked for.
        :raises ForbiddenError, NotFoundError, ProtocolError: by the answer.
        """
        extra = {} if newer_than is None else {"If-Modified-Since-Version": str(newer_than)}

        def once() -> Answer:
            response = self._send("GET", path, params, extra, None)
            self._check(response, path, conditional=newer_than is not None)
            return _parsed(response, path)

        return self._tried(once)

    def in_library(self, path: str) -> str:
        """The path of something in this session's library."""
        return f"/{self.library}/{path}"

    def post(self, path: str, body: bytes) -> Answer:
        """Write JSON to ``path``; sent again only where the server has done nothing (no connection, 429).

        :raises AmbiguousWriteError: it was sent and may or may not have been carried out.
        :raises RejectedError: 400 or 413 for the request as a whole.
        :raises UnreachableError, ForbiddenError, NotFoundError, StaleError, ProtocolError: nothing was carried out.
        """

        def once() -> Answer:
            response = self._send("POST", path, None, {"Content-Type": "application/json"}, body)
            try:
                self._check(response, path)
                return _parsed(response, path)
            except _AgainError as failed:
                if response.status_code == 429:  # the rate limiter stands before everything else
                    raise
                kind = CrashedWriteError if response.status_code == 500 else AmbiguousWriteError
                raise kind(str(failed.error)) from None

        return self._tried(once)

    # --- one request, in as many tries as it takes ---------------------------------------------------------------

    def _tried(self, once: Callable[[], Answer]) -> Answer:
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

        growing = wait_exponential_jitter(initial=1.0, max=30.0, jitter=1.0)
        silent = iter(SILENT_PAUSES)
        spent = 0.0

        def paced() -> Answer:
            nonlocal spent
            spent = self.pacer.wait(spent)
            try:
                return once()
            except _AgainError as failed:
                if failed.silent:
                    self.pacer.ask(next(silent, SILENT_PAUSES[-1]))
                raise

        def wait(state: RetryCallState) -> float:
            failed = state.outcome.exception() if state.outcome else None
            return 0.0 if isinstance(failed, _AgainError) and failed.paced else growing(state)

        again = Retrying(
            retry=retry_if_exception_type(_AgainError),
            stop=stop_after_attempt(self._tries),
            wait=wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return again(paced)
        except _AgainError as failed:
            if failed.paced:
                raise BackOffError(str(failed.error), self.pacer.left) from None
            raise failed.error from None

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        extra: Mapping[str, str],
        body: bytes | None,
    ) -> httpx2.Response:
        import httpx2

        with self._count:
            self.requests += 1
        try:
            response = self._client.request(
                method, self.base + path, params=params, headers={**self._headers, **extra}, content=body
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as failed:
            # Nothing was sent, so even a write may be tried again.
            reason = f"{self.base} cannot be reached ({type(failed).__name__})"
            raise _AgainError(UnreachableError(reason)) from None
        except httpx2.RequestError as failed:
            reason = f"no whole answer from {self.base} ({type(failed).__name__})"
            if body is not None:
                raise AmbiguousWriteError(reason) from None
            raise _AgainError(UnreachableError(reason)) from None
        if (seconds := _seconds(response.headers.get("Backoff"))) is not None:
            self.pacer.ask(seconds)
        return response

    def _check(self, response: httpx2.Response, path: str, *, conditional: bool = False) -> None:
        """Raise what the status says. No text of the answer is quoted: it is the server's, and may be a whole page."""
        status = response.status_code
        if status == 200 or (status == 304 and conditional):
            return
        reason = f"Zotero answered {status} for {path}"
        seconds = _seconds(response.headers.get("Retry-After"))
        if status == 429 or (status == 503 and seconds is not None):
            if seconds is not None:
                self.pacer.ask(seconds)
            raise _AgainError(UnreachableError(reason), paced=True, silent=seconds is None)
        if status == 408 or status >= 500:
            raise _AgainError(UnreachableError(reason))
        if 300 <= status < 400:  # a login page of a network, or a server that moved; R24
            raise UnreachableError(f"{reason}; Bridge follows no redirect, since it would carry the key elsewhere")
        raise _ERRORS.get(status, ProtocolError)(reason)


_ERRORS: Mapping[int, type[ZoteroError]] = {
    400: RejectedError,
    401: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    412: StaleError,
    413: RejectedError,
}


def _pyzotero(base: str, library: str, key: str, transport: httpx2.BaseTransport | None) -> Zotero:
    """A session of pyzotero for a library, with an HTTP client set up for Bridge."""
    import httpx2
    from pyzotero.zotero import Zotero

    parts = urlsplit(base)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    client = httpx2.Client(
        transport=transport,
        follow_redirects=False,
        # Plain http to the loopback has nothing to verify, and loading certificates costs an idle cycle 40 ms.
        verify=not (local and parts.scheme == "http"),
        trust_env=not local,  # a proxy of the environment has no business with the loopback
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=CONNECTIONS),
    )
    kind, number = library.split("/")
    zotero = Zotero(number, kind.removesuffix("s"), key, client=client)
    zotero.endpoint = base
    return zotero


def _checked_base(base_url: str) -> str:
    try:
        parts = urlsplit(base_url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # Whatever stands where a secret could stand is refused without quoting it (law 14).
    if not usable or parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError("The address of the Zotero server must be http(s)://host[:port][/path] and nothing more")
    return parts.geturl().rstrip("/")


def _seconds(header: str | None) -> float | None:
    """Whole seconds of a ``Backoff`` or ``Retry-After`` header, at least one; ``None`` where it says none."""
    return max(1.0, float(header)) if header and header.strip().isdecimal() else None


def _number(header: str | None) -> int | None:
    return int(header) if header and header.strip().isdecimal() else None


def _parsed(response: httpx2.Response, path: str) -> Answer:
    """The answer of a good response; a body that is not whole JSON (cut off, a proxy's page) is asked for again."""
    data = None
    if response.status_code == 200:
        try:
            data = json.loads(response.content)
        except ValueError:
            raise _AgainError(UnreachableError(f"Zotero's answer for {path} is not whole JSON")) from None
    headers = response.headers
    return Answer(
        response.status_code,
        _number(headers.get("Last-Modified-Version")),
        _number(headers.get("Total-Results")),
        data,
    )
