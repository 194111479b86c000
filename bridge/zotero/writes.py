"""Writing items in batches, each object with the version it expects (laws 5, 6, 7; R16's counterpart on the way out).

A batch is no transaction: every object succeeds or fails by itself, and the report names them by their place. A
batch's ``Last-Modified-Version`` may cover others' writes, so it is never looked at. No write is repeated blindly:
where no answer came, the objects are read back; one that still has the version expected was not written and is sent
again with the same precondition, one that moved is handed to the caller, who knows what was meant.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bridge.errors import AmbiguousWriteError, BridgeError, ProtocolError, StaleError, UnreachableError
from bridge.zotero.http import CrashedWriteError, RejectedError, Session
from bridge.zotero.pull import Object, fetch, is_object

#: Objects in one request (413 beyond it), and bytes, since servers in front of Zotero bound those.
BATCH, BATCH_BYTES = 50, 1_000_000
#: How often a lone object may be answered with 500, and how many such objects one batch may have.
LONE_CRASHES, CULPRITS = 2, 2

#: ``unknown``: sent without an answer; ``object`` is what was read back (it moved), or ``None`` where that failed too.
#: ``missing``: erased meanwhile.
Status: TypeAlias = Literal["applied", "unchanged", "stale", "refused", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one object; ``object`` is the server's whole object after the write, ``message`` its reason."""

    key: str
    status: Status
    object: Object | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One object on its way: its key, the version it expects, its JSON."""

    key: str
    version: int
    body: bytes


def write_items(session: Session, items: Sequence[Mapping[str, Any]], *, tries: int) -> Iterator[WriteResult]:
    """Write objects of ``{"key", "version", <fields that change>}``; existing items are patched. Each key once.

    Results come in the order given, batch by batch. An error ends the rest, after the results of what was sent before
    it; what was sent without an answer and cannot be read back is ``unknown`` among them.

    :param tries: how often one object is sent at most because no answer came.
    :raises ProtocolError: an object has no key or no version (nothing is sent), or the server says so (428).
    :raises ZoteroError: what concerns the whole library.
    """
    pieces = [_piece(item) for item in items]
    for batch in _batches(pieces):
        yield from _Batch(session, batch, tries).results()


def _piece(item: Mapping[str, Any]) -> _Piece:
    key, version = item.get("key"), item.get("version")
    if not isinstance(key, str) or type(version) is not int:
        raise ProtocolError("An object without key or version is never sent (law 6)")
    return _Piece(key, version, json.dumps(item, separators=(",", ":")).encode())


def _batches(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        if batch and (len(batch) == BATCH or size + len(piece.body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += len(piece.body)
    if batch:
        yield batch


class _Batch:
    """One batch on its way to a result for every object of it."""

    def __init__(self, session: Session, pieces: list[_Piece], tries: int) -> None:
        self._session, self._pieces, self._tries = session, pieces, tries
        self._done: dict[str, WriteResult] = {}
        self._crashes = 0

    def results(self) -> Iterator[WriteResult]:
        failure: BridgeError | None = None
        try:
            self._settle(self._pieces, self._tries)
        except BridgeError as failed:
            failure = failed
        yield from (self._done[piece.key] for piece in self._pieces if piece.key in self._done)
        if failure is not None:
            raise failure

    def _note(self, piece: _Piece, status: Status, found: Object | None = None, message: str = "") -> None:
        self._done[piece.key] = WriteResult(piece.key, status, found, message)

    def _settle(self, pieces: list[_Piece], tries: int) -> None:
        """Send pieces until each has a result."""
        try:
            left_out = self._send(pieces)
        except StaleError:
            for piece in pieces:
                self._note(piece, "stale")
        except RejectedError as refused:
            # One object may be what the whole request is refused for; the others must not suffer for it.
            if len(pieces) > 1:
                self._halve(pieces, tries)
            else:
                self._note(pieces[0], "refused", message=str(refused))
        except AmbiguousWriteError as lost:
            self._read_back(pieces, tries, lost)
        else:
            if left_out:
                self._read_back(left_out, tries, AmbiguousWriteError("Zotero's report leaves objects out"))

    def _halve(self, pieces: list[_Piece], tries: int) -> None:
        middle = len(pieces) // 2
        self._settle(pieces[:middle], tries)
        self._settle(pieces[middle:], tries)

    def _send(self, pieces: list[_Piece]) -> list[_Piece]:
        """Send one request and note what its report says; return the pieces it says nothing certain about."""
        body = b"[" + b",".join(piece.body for piece in pieces) + b"]"
        report = self._session.post(self._session.in_library("items"), body).data
        successful, unchanged, failed = (_part(report, name) for name in ("successful", "unchanged", "failed"))
        left_out: list[_Piece] = []
        misused = False
        for index, piece in enumerate(pieces):
            place = str(index)
            written = successful.get(place)
            if is_object(written) and written["key"] == piece.key:
                self._note(piece, "applied", written)
            elif place in unchanged:
                self._note(piece, "unchanged")
            elif place in failed:
                code, message = _fault(failed[place])
                misused = misused or code == 428
                if code in _PASSING:
                    left_out.append(piece)
                else:
                    self._note(piece, _STATUSES.get(code, "refused"), message=message)
            else:
                left_out.append(piece)
        if misused:
            raise ProtocolError("Zotero says that an object was sent without a version; this is a fault in Bridge")
        return left_out

    def _read_back(self, pieces: list[_Piece], tries: int, lost: AmbiguousWriteError) -> None:
        """After a write without an answer: see what it did, and send again what it certainly did not do."""
        try:
            pages = fetch(self._session, "items", [piece.key for piece in pieces])
            now = {one["key"]: one for found, _ in pages for one in found}
        except BridgeError:
            for piece in pieces:
                self._note(piece, "unknown")
            raise lost from None
        again: list[_Piece] = []
        for piece in pieces:
            found = now.get(piece.key)
            if (found["version"] if found else 0) == piece.version:
                again.append(piece)
            elif found:
                self._note(piece, "unknown", found)
            else:
                self._note(piece, "missing")
        if again:
            self._send_again(again, tries, lost)

    def _send_again(self, pieces: list[_Piece], tries: int, lost: AmbiguousWriteError) -> None:
        """``pieces`` were certainly not written when they were read back."""
        crashed = isinstance(lost, CrashedWriteError)
        if crashed and len(pieces) > 1:
            self._halve(pieces, tries)
        elif crashed and self._tries - tries >= LONE_CRASHES - 1:
            # An object or two may be what the server trips over; if it is more than that, it is the server.
            self._crashes += 1
            if self._crashes > CULPRITS:
                raise UnreachableError(str(lost))
            self._note(pieces[0], "refused", message=str(lost))
        elif tries > 1:
            self._session.pacer.ask(_growing(self._tries - tries))
            self._settle(pieces, tries - 1)
        else:
            raise UnreachableError(str(lost))


def _growing(resent: int) -> float:
    """Seconds before sending again: at once the first time, since a dropped connection is often just an idle one."""
    return 0.0 if resent == 0 else 2.0 ** (resent - 1)


def _part(report: object, name: str) -> Mapping[str, Any]:
    """One part of a batch's report; PHP writes an empty map as an empty list."""
    part = report.get(name) if isinstance(report, dict) else None
    return part if isinstance(part, dict) else {}


def _fault(entry: object) -> tuple[int, str]:
    """Code and message of a failed object; messages come HTML-escaped."""
    if not isinstance(entry, dict):
        return 0, ""
    code, message = entry.get("code"), entry.get("message")
    return code if isinstance(code, int) else 0, html.unescape(str(message or ""))


#: Codes of one object's failure; all others refuse it for what it holds (400, 409, 413...).
_STATUSES: Mapping[int, Status] = {404: "missing", 412: "stale"}
#: Codes that will pass; the object is read back and sent again.
_PASSING = frozenset({408, 429, 502, 503, 504})
