"""Chosen faults: what the sandbox does wrong on demand, and the record of requests that tests count.

A fault waits for a request that fits, lets the first ``after`` of them pass, fires ``times`` times and is spent.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from bridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FaultKind = Literal[
    "drop-before",
    "drop-after",
    "truncate",
    "status",
    "delay",
    "backoff",
    "rate-limit",
    "rollback",
    "interleave",
]
_KINDS: tuple[str, ...] = get_args(FaultKind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    ``drop-before``: the connection dies before the request is handled. ``drop-after``: the request is carried out,
    then the connection dies without an answer. ``truncate``: half of the answer's body, then the end. ``status``:
    answer with ``status``, nothing done. ``delay``: wait ``seconds``, then go on. ``backoff``: the answer bears
    ``Backoff: seconds``. ``rate-limit``: 429 with ``Retry-After: seconds``. ``rollback``: before the request all
    libraries go back to snapshot ``key`` (None: the latest). ``interleave``: after the first object of a batch,
    another writer changes ``changes`` of item ``key``.

    ``method`` and ``path`` (a regular expression searched in path and query) choose the requests; ``after`` of them
    pass first; it fires ``times`` times (None: always).
    """

    kind: FaultKind
    status: int = 503
    seconds: float = 0.0
    method: str | None = None
    path: str | None = None
    after: int = 0
    times: int | None = 1
    key: str | None = None
    changes: Mapping[str, Any] | None = None

    def fits(self, method: str, target: str) -> bool:
        """Whether a request is one this fault waits for."""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or re.search(self.path, target) is not None
        )


def fault_from(given: Mapping[str, Any]) -> Fault:
    """Return a fault from its JSON form. Raises :class:`UsageError`."""
    known = {field.name for field in fields(Fault)}
    if unknown := set(given) - known:
        raise UsageError(f"a fault has no '{min(unknown)}'; it has {', '.join(sorted(known))}")
    if given.get("kind") not in _KINDS:
        raise UsageError(f"'{given.get('kind')}' is no kind of fault; there are {', '.join(_KINDS)}")
    try:
        re.compile(given.get("path") or "")
    except re.error as error:
        raise UsageError(f"'{given['path']}' is no regular expression: {error}") from error
    return Fault(**given)


def parse_fault(text: str) -> Fault:
    """Return a fault from its form on the command line: ``503:times=2,method=POST`` or ``delay:seconds=0.5``.

    Before the colon stands a kind, or a status for ``status``; ``times=always`` never ends. Raises
    :class:`UsageError`.
    """
    head, _, rest = text.partition(":")
    given: dict[str, Any] = {"kind": "status", "status": int(head)} if head.isdecimal() else {"kind": head}
    for pair in filter(None, rest.split(",")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"'{pair}' is not name=value in the fault '{text}'")
        try:
            if name == "times":
                given[name] = None if value == "always" else int(value)
            elif name in {"status", "after"}:
                given[name] = int(value)
            else:
                given[name] = float(value) if name == "seconds" else value
        except ValueError as error:
            raise UsageError(f"'{value}' is no number in the fault '{text}'") from error
    return fault_from(given)


class FaultBoard:
    """The faults that wait; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, list[int]]] = []  # with the number of fitting requests seen so far

    def add(self, kind: FaultKind | Fault, **options: Any) -> None:
        """Add a fault, ready-made or as ``add("status", status=500, method="POST")``. Raises :class:`UsageError`."""
        fault = kind if isinstance(kind, Fault) else fault_from({"kind": kind, **options})
        with self._lock:
            self._waiting.append((fault, [0]))

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, target: str) -> list[Fault]:
        """Return the faults that fire on a request, and count it against all that wait for such a request."""
        fired = []
        with self._lock:
            for fault, seen in self._waiting:
                if not fault.fits(method, target):
                    continue
                seen[0] += 1
                if seen[0] > fault.after and (fault.times is None or seen[0] <= fault.after + fault.times):
                    fired.append(fault)
        return fired


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was handled: ``target`` is path and query without any key; ``status`` 0 if no answer went out."""

    method: str
    target: str
    status: int


class RequestLog:
    """What was asked since the last reset; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[Request] = []

    def add(self, request: Request) -> None:
        """Write a request down."""
        with self._lock:
            self._seen.append(request)

    def reset(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._seen.clear()

    @property
    def all(self) -> tuple[Request, ...]:
        """The requests, oldest first."""
        with self._lock:
            return tuple(self._seen)

    def count(self, method: str | None = None, path: str = "") -> int:
        """Return how many requests had this method and a target in which the expression ``path`` is found."""
        return sum(1 for seen in self.all if (method is None or seen.method == method) and re.search(path, seen.target))
