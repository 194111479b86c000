"""A running server of the Zotero Web API, ours or another's, as tests ask things of it: over HTTP and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from bridge.zotero.client import ZoteroClient

USER = 1
LIBRARY = f"users/{USER}"
OTHER_USER = 2


@dataclass
class LibraryServer:
    """One server and the library of user 1 on it; ``admin`` is the name and password of its set-up calls.

    The set-up calls are those of the real server's own test suite: ``/test/setup``, keys and groups made by an admin.
    """

    name: str
    url: str
    admin: tuple[str, str]
    http: httpx2.Client = field(repr=False)
    key: str = field(default="", repr=False)

    @classmethod
    @contextmanager
    def at(cls, name: str, url: str, admin: tuple[str, str]) -> Iterator[LibraryServer]:
        """Talk to a server that runs at ``url``."""
        with httpx2.Client(base_url=url, timeout=30, trust_env=False) as http:
            yield cls(name, url, admin, http)

    # --- setting up ------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Empty all libraries; user 1 gets a new key with every right."""
        made = self._as_admin("POST", f"/test/setup?u={USER}&u2={OTHER_USER}")
        self.key = made.json()["user1"]["apiKey"]

    def make_key(self, access: dict[str, Any]) -> str:
        """A further key of user 1; ``access`` is in the API's own form."""
        made = self._as_admin("POST", f"/users/{USER}/keys", json={"name": "Test", "access": access})
        key: str = made.json()["key"]
        return key

    def make_group(self, *, editing: str, role: str) -> str:
        """A private group of user 2 in which user 1 has a role; returns its library."""
        element = (
            f'<group owner="{OTHER_USER}" name="Readers" type="Private" libraryEditing="{editing}"'
            ' libraryReading="members" fileEditing="none"/>'
        )
        made = self._as_admin("POST", "/groups", content=element)
        number = made.headers["Location"].rpartition("/")[2]
        self._as_admin("POST", f"/groups/{number}/users", content=f'<user id="{USER}" role="{role}"/>')
        return f"groups/{number}"

    def _as_admin(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        answer = self.http.request(method, path, auth=self.admin, **sent)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer

    # --- the API, without a client -----------------------------------------------------------------------------------

    def send(self, method: str, path: str, json: Any = None, **headers: Any) -> httpx2.Response:
        """A request below user 1's library; ``If_Unmodified_Since_Version=3`` is a header."""
        sent = {"Zotero-API-Key": self.key, "Zotero-API-Version": "3"}
        sent |= {name.replace("_", "-"): str(value) for name, value in headers.items()}
        return self.http.request(method, f"/{LIBRARY}/{path}", json=json, headers=sent)

    def make(self, *objects: dict[str, Any], kind: str = "items") -> list[dict[str, Any]]:
        """Make objects, at most 50, and return them as the server shows them."""
        answer = self.send("POST", kind, list(objects))
        assert answer.status_code == 200, answer.text
        report = answer.json()
        assert not report["failed"], report["failed"]
        return [report["successful"][str(place)] for place in range(len(objects))]

    def books(self, count: int) -> list[dict[str, Any]]:
        """Make books, however many."""
        made: list[dict[str, Any]] = []
        while len(made) < count:
            numbers = range(len(made), min(count, len(made) + 50))
            made += self.make(*({"itemType": "book", "title": f"Book {number}"} for number in numbers))
        return made

    def item(self, key: str) -> dict[str, Any]:
        """One item as it is now."""
        answer = self.send("GET", f"items/{key}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def version(self) -> int:
        """The library's version."""
        return int(self.send("GET", "collections?limit=1").headers["Last-Modified-Version"])

    def erase(self, *keys: str, kind: str = "items") -> None:
        """Erase objects for good, one by one."""
        for key in keys:
            answer = self.send("DELETE", f"{kind}/{key}", If_Unmodified_Since_Version=self.version)
            assert answer.status_code == 204, answer.text

    # --- Bridge's client ------------------------------------------------------------------------------------------

    def client(self, library: str = LIBRARY, key: str | None = None) -> ZoteroClient:
        """A client of a library; a pause it is asked for is not slept out, its clock is moved instead."""
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        return ZoteroClient(self.url, library, self.key if key is None else key, sleep=sleep, clock=lambda: now[0])
