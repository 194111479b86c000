"""A Zotero library in memory behind an HTTP transport, for histories that a faithful server would not play on demand.

It keeps only the rules the client relies on (versions, `since`, 304, paging, per-object reports); the sandbox library
is the faithful one. ``before`` is called with every request and may change the library, answer in its place or raise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

KEY = "SECRETkey1234567890abcde"
Before = Callable[[httpx2.Request], httpx2.Response | None]


def key_of(number: int) -> str:
    """An object key from a number."""
    return f"{number:08d}"


@dataclass
class Double:
    """The library ``users/7``; ``log`` holds ``METHOD path?query`` of every request."""

    version: int = 1
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    collections: dict[str, dict[str, Any]] = field(default_factory=dict)
    erased: dict[str, dict[str, int]] = field(default_factory=lambda: {"items": {}, "collections": {}})
    group: dict[str, Any] = field(default_factory=dict)
    access: dict[str, Any] = field(default_factory=lambda: {"user": {"library": True, "notes": True, "write": True}})
    before: Before | None = None
    log: list[str] = field(default_factory=list)
    headers: list[httpx2.Headers] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def put(self, number: int, kind: str = "items", **data: Any) -> dict[str, Any]:
        """Make or change an object; the library's version goes up by one."""
        self.version += 1
        key = key_of(number)
        store: dict[str, dict[str, Any]] = getattr(self, kind)
        old = store.get(key, {"data": {"itemType": "book", "dateAdded": f"2024-01-01T00:00:{number % 60:02d}Z"}})
        store[key] = {
            "key": key,
            "version": self.version,
            "library": {},
            "meta": {},
            "data": {**old["data"], "key": key, "version": self.version, **data},
        }
        self.erased[kind].pop(key, None)
        return store[key]

    def fill(self, count: int) -> None:
        for number in range(count):
            self.put(number)

    def erase(self, number: int, kind: str = "items") -> None:
        self.version += 1
        getattr(self, kind).pop(key_of(number))
        self.erased[kind][key_of(number)] = self.version

    def said(self, fragment: str) -> int:
        """How many requests hold a text."""
        return sum(fragment in line for line in self.log)

    # --- answers -------------------------------------------------------------------------------------------------

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        with self.lock:  # pages are asked for by threads
            return self._answer(request)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.log.append(f"{request.method} {request.url.raw_path.decode()}")
        self.headers.append(request.headers)
        if self.before is not None and (answer := self.before(request)) is not None:
            return answer
        place = request.url.path.split("/users/7/")[-1].strip("/")
        if request.method == "POST":
            return self.write(json.loads(request.content))
        if place.endswith("keys/current"):
            return httpx2.Response(200, json={"key": KEY, "userID": 7, "username": "ada", "access": self.access})
        if "groups/" in place:
            return httpx2.Response(200, json={"id": 51, "version": 1, "data": self.group})
        if place == "deleted":
            return self.deleted(int(request.url.params["since"]))
        return self.listing(place, request)

    def say(self, data: Any, **more: str) -> httpx2.Response:
        return httpx2.Response(200, json=data, headers={"Last-Modified-Version": str(self.version), **more})

    def deleted(self, since: int) -> httpx2.Response:
        found = {kind: [k for k, v in log.items() if v > since] for kind, log in self.erased.items()}
        return self.say({**found, "searches": [], "tags": [], "settings": []})

    def listing(self, kind: str, request: httpx2.Request) -> httpx2.Response:
        query = request.url.params
        known = request.headers.get("If-Modified-Since-Version")
        if known is not None and self.version <= int(known):
            return httpx2.Response(304, headers={"Last-Modified-Version": str(self.version)})
        found = [one for one in getattr(self, kind).values() if one["version"] > int(query.get("since", 0))]
        if named := query.get("itemKey", query.get("collectionKey")):
            found = [one for one in found if one["key"] in named.split(",")]
        if query.get("includeTrashed") != "1" and kind == "items":
            found = [one for one in found if not one["data"].get("deleted")]
        if query.get("format") == "versions":
            return self.say({one["key"]: one["version"] for one in found})
        if query.get("sort") == "dateAdded":
            found.sort(key=lambda one: (str(one["data"].get("dateAdded")), one["key"]))
        start = int(query.get("start", 0))
        shown = found[start : start + min(100, int(query.get("limit", 25)))]
        return self.say(shown, **{"Total-Results": str(len(found))})

    def write(self, objects: list[Mapping[str, Any]]) -> httpx2.Response:
        report: dict[str, dict[str, Any]] = {"successful": {}, "success": {}, "unchanged": {}, "failed": {}}
        if len(objects) > 50:
            return httpx2.Response(413)
        for index, one in enumerate(objects):
            there = self.items.get(one["key"])
            change = {name: value for name, value in one.items() if name not in ("key", "version")}
            if there is None:
                report["failed"][str(index)] = {"code": 404, "message": "Item doesn&#39;t exist"}
            elif there["version"] > one["version"]:
                report["failed"][str(index)] = {"code": 412, "message": "Item has been modified"}
            elif "poison" in change:
                report["failed"][str(index)] = {"code": 413, "message": "Tag &lsquo;x&rsquo; &amp; too long"}
            elif all(there["data"].get(name) == value for name, value in change.items()):
                report["unchanged"][str(index)] = one["key"]
            else:
                report["successful"][str(index)] = self.put(int(one["key"]), **change)
                report["success"][str(index)] = one["key"]
        return self.say({name: part or [] for name, part in report.items()})
