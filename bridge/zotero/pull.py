"""Reading a library completely, with a cursor that is honest (R16, R17, R20; laws 7 and 9).

Why the cursor is honest. The version the first page bears is the cursor *C*. Whatever changes after that has a version
above *C* and comes again next time. Left to prove is that everything with a version in ``(since, C]`` was received. If
all pages bear *C* and the number of distinct objects is the number announced, they were one unmoved list. Otherwise
pages may have slid past each other; then one ``format=versions`` names every object and its version, and each with a
version up to *C* that was not received at that version is fetched by key. Versions never fall, so what is up to *C*
there has stood still since *C*: nothing has to be checked twice, and a pass ends however often others write.

What is read beside the objects (the collection tree, the deletions) is read after the first page and so shows a state
at or after *C*, for which the same holds.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard

from bridge.errors import ProtocolError, UnreachableError
from bridge.zotero.http import Answer, Session

if TYPE_CHECKING:
    from concurrent.futures import Future

#: An API object: ``{"key", "version", "library", "links", "meta", "data"}``.
Object: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["items", "collections"]

#: Objects on a page; the server's maximum.
PAGE = 100
#: Keys in one request; the documented maximum.
KEYS = 50
#: Pages asked for at a time, and pages in memory at a time.
THREADS, AHEAD = 4, 8

_KEY = re.compile(r"[A-Z0-9]{8}")


def objects(answer: Answer) -> list[Object]:
    """The objects of a page.

    :raises ProtocolError: it is not a list of objects with a key, a version and data.
    """
    data = answer.data
    if not isinstance(data, list) or not all(is_object(one) for one in data):
        raise ProtocolError("Zotero's answer is not a list of objects with key, version and data")
    return data


def is_object(data: object) -> TypeGuard[Object]:
    """Whether this has the shape of an API object."""
    return (
        isinstance(data, dict)
        and isinstance(data.get("key"), str)
        and type(data.get("version")) is int
        and isinstance(data.get("data"), dict)
    )


def _shown(kind: Kind) -> dict[str, str]:
    # Without `includeTrashed`, moving to the trash would look like erasing; collections always list theirs.
    return {"includeTrashed": "1"} if kind == "items" else {}


def page(session: Session, kind: Kind, since: int, start: int = 0, *, newer_than: int | None = None) -> Answer:
    """One page of the objects changed after ``since``.

    The order is by ``dateAdded``, which others' edits do not disturb; the default order moves with every edit.
    """
    query = {
        "format": "json",
        "since": str(since),
        "sort": "dateAdded",
        "direction": "asc",
        "start": str(start),
        "limit": str(PAGE),
    }
    return session.get(session.in_library(kind), query | _shown(kind), newer_than=newer_than)


def versions(session: Session, kind: Kind, since: int) -> tuple[dict[str, int], int]:
    """Key to version of every object changed after ``since``, and the library version that was said at."""
    answer = session.get(session.in_library(kind), {"format": "versions", "since": str(since)} | _shown(kind))
    data = answer.data
    # PHP writes an empty map as an empty list.
    if data == []:
        data = {}
    if not isinstance(data, dict) or not all(type(version) is int for version in data.values()):
        raise ProtocolError("Zotero's answer is not a map from key to version")
    return data, answer.at


def fetch(session: Session, kind: Kind, keys: Iterable[str]) -> Iterator[tuple[list[Object], int]]:
    """The named objects as they are now, in lists of at most 50, each with the library version it was said at.

    Keys that are not there are left out, and so are malformed ones: the server drops those silently, and a request in
    which no key is left would answer with the whole library.
    """
    wanted = [key for key in dict.fromkeys(keys) if _KEY.fullmatch(key)]
    name = "itemKey" if kind == "items" else "collectionKey"
    for start in range(0, len(wanted), KEYS):
        some = wanted[start : start + KEYS]
        query = {"format": "json", name: ",".join(some), "limit": str(PAGE)}
        answer = session.get(session.in_library(kind), query | _shown(kind))
        found = objects(answer)
        if not {one["key"] for one in found} <= set(some):
            raise ProtocolError("Zotero answered with objects that were not asked for")
        yield found, answer.at


@dataclass(frozen=True, slots=True)
class Pass:
    """One complete reading of what changed in one kind of object; ``first`` is the answer that was its first page."""

    session: Session
    kind: Kind
    since: int
    first: Answer

    @property
    def cursor(self) -> int:
        """The version this pass is complete at once :meth:`pages` is exhausted."""
        return self.first.at

    @property
    def total(self) -> int:
        """How many objects the first page announced.

        :raises ProtocolError: it announced none.
        """
        if self.first.total is None:
            raise ProtocolError("Zotero's answer does not say how many objects there are")
        return self.first.total

    def pages(self) -> Iterator[list[Object]]:
        """All objects, page by page; one that moved meanwhile may come twice, the newer one last.

        :raises UnreachableError: the library went back in time, or hides what it lists; the pass is void.
        """
        received: dict[str, int] = {}
        moved = False
        for answer in self._answers():
            _no_earlier(answer.at, self.cursor)
            moved = moved or answer.at > self.cursor
            yield self._newer(objects(answer), received)
        if moved or len(received) != self.total:
            yield from self._missed(received)

    def _newer(self, found: list[Object], received: dict[str, int]) -> list[Object]:
        fresh = [one for one in found if received.get(one["key"], -1) < one["version"]]
        received.update((one["key"], one["version"]) for one in fresh)
        return fresh

    def _missed(self, received: dict[str, int]) -> Iterator[list[Object]]:
        there, at = versions(self.session, self.kind, self.since)
        _no_earlier(at, self.cursor)
        lost = [key for key, version in there.items() if received.get(key, -1) < version <= self.cursor]
        moved = False
        for found, now in fetch(self.session, self.kind, lost):
            _no_earlier(now, at)
            moved = moved or now != at
            yield self._newer(found, received)
        # One that vanished since is in the log of deletions; but nothing vanishes from a library that stands still.
        if not moved and any(received.get(key, -1) < there[key] for key in lost):
            raise UnreachableError("Zotero lists objects that it does not show")

    def _answers(self) -> Iterator[Answer]:
        """The pages in order, read ahead by a few threads; memory holds at most ``AHEAD`` of them."""
        if self.total <= PAGE:
            yield self.first
            return
        # Not needed by a cycle that has nothing to read.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(THREADS, thread_name_prefix="zotero-page") as pool:
            ahead: deque[Future[Answer]] = deque()
            try:
                ahead.append(pool.submit(lambda: self.first))
                for start in range(PAGE, self.total, PAGE):
                    ahead.append(pool.submit(page, self.session, self.kind, self.since, start))
                    if len(ahead) >= AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()


class Pull:
    """What changed in a library since a version; :func:`pull` makes it, having sent one request.

    ``unchanged``: nothing is newer. ``backwards``: the library is older than ``since`` (R17); nothing was read, and the
    caller voids its bases and pulls again from 0. Otherwise ``total`` objects were announced: exhaust :meth:`pages`;
    only then are ``version``, ``deleted_items`` and ``deleted_collections`` there: no cursor moves too early (law 7).
    """

    def __init__(self, session: Session, since: int, first: Answer, *, full: bool) -> None:
        self._session, self._since, self._full = session, since, full
        self.unchanged = first.status == 304 and (first.version is None or first.version >= since)
        self.backwards = not self.unchanged and first.at < since
        self._pass = None if self.unchanged or self.backwards else Pass(session, "items", _from(since, full), first)
        self.total = 0 if self._pass is None else self._pass.total
        self._deleted: Mapping[Kind, frozenset[str]] | None = None
        self._tree: list[Object] | None = None
        self._aside_read = False
        self._complete = self.unchanged

    @property
    def version(self) -> int:
        """The cursor: everything up to this library version has been received.

        :raises RuntimeError: the pages have not been exhausted.
        """
        self._need_complete()
        return self._since if self._pass is None else self._pass.cursor

    @property
    def deleted_items(self) -> frozenset[str]:
        """Keys of items erased since; not those in the trash."""
        return self._erased("items")

    @property
    def deleted_collections(self) -> frozenset[str]:
        """Keys of collections erased since; of a subtree only the topmost is logged (R20)."""
        return self._erased("collections")

    def pages(self) -> Iterator[list[Object]]:
        """The changed items, trashed ones and children included, at most 100 at a time.

        :raises ZoteroError: the pass is void; the cursor must stay where it is.
        """
        if self._pass is None:
            return
        for found in self._pass.pages():
            if found:
                yield found
        self._read_aside()
        self._complete = True

    def collections(self) -> list[Object] | None:
        """The whole collection tree if any collection changed or was erased, else ``None``; callable at any time."""
        self._read_aside()
        return self._tree

    def _need_complete(self) -> None:
        if not self._complete:
            raise RuntimeError("the pages of this pull have not been read to the end")

    def _erased(self, kind: Kind) -> frozenset[str]:
        self._need_complete()
        return frozenset() if self._deleted is None else self._deleted[kind]

    def _read_aside(self) -> None:
        """Read the deletions and, if it changed in any way, the tree: once a pull, and after its first page."""
        if self._aside_read or self._pass is None:
            return
        session, cursor = self._session, self._pass.cursor
        if self._since or self._full:
            self._deleted, at = deleted(session, self._since)
            _no_earlier(at, cursor)
        if self._tree_changed(cursor):
            whole = Pass(session, "collections", 0, page(session, "collections", 0))
            _no_earlier(whole.cursor, cursor)
            self._tree = [one for found in whole.pages() for one in found]
        self._aside_read = True

    def _tree_changed(self, cursor: int) -> bool:
        since = _from(self._since, self._full)
        if since == 0 or (self._deleted and self._deleted["collections"]):
            return True
        changed, at = versions(self._session, "collections", since)
        _no_earlier(at, cursor)
        return bool(changed)


def _from(since: int, full: bool) -> int:
    return 0 if full else since


def _no_earlier(at: int, cursor: int) -> None:
    if at < cursor:
        raise UnreachableError("The library's version went back while it was read")


def deleted(session: Session, since: int) -> tuple[Mapping[Kind, frozenset[str]], int]:
    """What was erased since a version, by kind (the trash is not in it), and the library version that was said at."""
    answer = session.get(session.in_library("deleted"), {"since": str(since)})
    data = answer.data
    if not isinstance(data, dict) or not all(
        isinstance(data.get(kind), list) and all(isinstance(key, str) for key in data[kind])
        for kind in ("items", "collections")
    ):
        raise ProtocolError("Zotero's answer is no list of deletions")
    return {"items": frozenset(data["items"]), "collections": frozenset(data["collections"])}, answer.at


def pull(session: Session, since: int, *, full: bool = False) -> Pull:
    """Begin to read what changed after ``since``: one request, and the only one if nothing did.

    :param since: the cursor of the last complete pull; 0 for a library never read.
    :param full: read every item, collection and logged deletion, to compare everything (R17).
    """
    conditional = None if full or since == 0 else since
    first = page(session, "items", _from(since, full), newer_than=conditional)
    return Pull(session, since, first, full=full)
