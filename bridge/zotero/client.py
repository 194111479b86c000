"""Everything Bridge asks of one Zotero library over the Web API, version 3.

Reading keeps R16 and R17 (:mod:`bridge.zotero.pull`), writing keeps laws 6 and 7 (:mod:`bridge.zotero.writes`),
the session keeps law 14 (:mod:`bridge.zotero.http`). Facts about the API are from zotero.org's "Web API v3" pages and
from the source of zotero/dataserver.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bridge.errors import ForbiddenError, NotFoundError
from bridge.zotero import pull, rights, writes
from bridge.zotero.http import Session
from bridge.zotero.pull import Object, Pull
from bridge.zotero.rights import GroupInfo, KeyInfo, Rights
from bridge.zotero.writes import WriteResult

if TYPE_CHECKING:
    import httpx2


class ZoteroClient:
    """One Zotero library (a user's or a group's); a context manager, since it holds connections.

    :param base_url: ``https://api.zotero.org``, or another server with the same API, path prefix included.
    :param library: ``users/123`` or ``groups/51``.
    :param key: the API key; it is sent in a header to ``base_url`` and appears nowhere else (law 14, R24).
    :param tries: how often one request, or one unanswered object of a batch, is sent at most.
    :param patience: seconds one request waits at most where the server asks for pauses; beyond: :class:`BackOffError`.
    :raises ConfigError: the address or the library cannot be used.

    All calls raise :class:`UnreachableError` (of which :class:`BackOffError` is one), :class:`ForbiddenError`,
    :class:`NotFoundError` or :class:`ProtocolError` of :mod:`bridge.errors`.
    """

    def __init__(
        self,
        base_url: str,
        library: str,
        key: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        tries: int = 5,
        patience: float = 60.0,
    ) -> None:
        self.library = library
        self._tries = tries
        self._session = Session(
            base_url,
            library,
            key,
            transport=transport,
            sleep=sleep,
            clock=clock,
            tries=tries,
            patience=patience,
        )

    def __repr__(self) -> str:
        return f"<ZoteroClient of {self.library} at {self._session.base}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._session.requests

    @property
    def paused_until(self) -> float:
        """When the pause the server asked for ends, by the client's clock; in the past where there is none."""
        return self._session.pacer.until

    def rest(self, seconds: float) -> None:
        """Send nothing for so many seconds from now: the pace of writes that are in no hurry (R19)."""
        self._session.pacer.ask(seconds)

    # --- whose key, which library --------------------------------------------------------------------------------

    def key_info(self) -> KeyInfo:
        """Whose key it is and what it was given (``/keys/current``; the key stays out of the address)."""
        return rights.key_info(self._session.get("/keys/current").data)

    def group(self, number: int) -> GroupInfo:
        """The metadata of a group that decides who may write to it."""
        return rights.group_info(self._session.get(f"/groups/{number}").data)

    def rights(self) -> Rights:
        """The effective rights in this library (R23): one request, in a group two."""
        key = self.key_info()
        kind, number = self.library.split("/")
        group = None
        if kind == "groups":
            try:
                group = self.group(int(number))
            except (NotFoundError, ForbiddenError):
                group = None  # hidden from this key; the library then counts as read-only
        return rights.rights(key, self.library, group)

    def library_version(self) -> int:
        """The library's present version."""
        # The tree is asked for since items may be a hundred thousand; only the header counts.
        path = self._session.in_library("collections")
        return self._session.get(path, {"format": "json", "limit": "1"}).at

    def top_level(self) -> int:
        """How many top-level items there are, the trash left out: papers, and attachments and notes of their own."""
        path = self._session.in_library("items/top")
        return self._session.get(path, {"format": "json", "limit": "1"}).total or 0

    def sample(self, most: int = 100) -> list[Object]:
        """Some top-level items, at most ``most`` (100), the last changed ones first."""
        path = self._session.in_library("items/top")
        found = self._session.get(path, {"format": "json", "limit": str(most), "sort": "dateModified"}).data
        return list(filter(pull.is_object, found)) if isinstance(found, list) else []

    # --- reading -------------------------------------------------------------------------------------------------

    def pull(self, since: int, *, full: bool = False) -> Pull:
        """Begin to read what changed after the cursor ``since``; see :class:`bridge.zotero.pull.Pull`."""
        return pull.pull(self._session, since, full=full)

    def fetch(self, keys: Iterable[str]) -> list[Object]:
        """The named items as they are now, trashed ones included; those that are gone are left out."""
        return [one for found, _ in pull.fetch(self._session, "items", keys) for one in found]

    def versions(self, since: int = 0) -> dict[str, int]:
        """Key to version of every item changed after ``since``, trashed ones included, in one request."""
        return pull.versions(self._session, "items", since)[0]

    # --- writing -------------------------------------------------------------------------------------------------

    def write_items(self, objects: Sequence[Mapping[str, Any]]) -> Iterator[WriteResult]:
        """Write changes to items in batches of at most 50; see :func:`bridge.zotero.writes.write_items`."""
        return writes.write_items(self._session, objects, tries=self._tries)
