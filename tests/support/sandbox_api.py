"""A client of a sandbox library and a clock for its server, as tests use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

    from bridge.sandbox.server import SandboxServer


class Clock:
    """The server's time, moved by hand: tests never wait for the next second."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Api:
    """A client of one library."""

    def __init__(self, server: SandboxServer, clock: Clock, client: httpx2.Client) -> None:
        self.server, self.clock, self.library, self.client = server, clock, server.library, client

    def __call__(self, method: str, path: str, json: Any = None, **headers: Any) -> httpx2.Response:
        """Send a request below the library; ``If_Unmodified_Since_Version=3`` is a header."""
        sent = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        return self.client.request(method, f"/{self.library}/{path}", json=json, headers=sent)

    def get(self, path: str, **headers: Any) -> httpx2.Response:
        """Read, and be sure that it succeeded."""
        response = self("GET", path, **headers)
        assert response.status_code == 200, response.text
        return response

    def post(self, *objects: dict[str, Any], kind: str = "items", **headers: Any) -> dict[str, Any]:
        """Write a batch and return the report."""
        response = self("POST", kind, list(objects), **headers)
        assert response.status_code == 200, response.text
        report: dict[str, Any] = response.json()
        return report

    def make(self, item_type: str = "book", **fields: Any) -> dict[str, Any]:
        """Make an item and return it as the server shows it."""
        return self._made({"itemType": item_type, **fields}, "items")

    def collection(self, name: str, parent: str | bool = False) -> dict[str, Any]:
        """Make a collection and return it."""
        return self._made({"name": name, "parentCollection": parent}, "collections")

    def search(self, name: str = "s") -> dict[str, Any]:
        """Make a saved search and return it."""
        condition = {"condition": "title", "operator": "contains", "value": "x"}
        return self._made({"name": name, "conditions": [condition]}, "searches")

    def _made(self, given: dict[str, Any], kind: str) -> dict[str, Any]:
        report = self.post(given, kind=kind)
        assert not report["failed"], report["failed"]
        made: dict[str, Any] = report["successful"]["0"]
        return made

    @property
    def version(self) -> int:
        """The library's version."""
        return int(self.get("items?limit=1&format=keys").headers["Last-Modified-Version"])
