"""What of an answer two servers of the Zotero Web API can be held to, and where two answers differ.

Versions are told by their distance from the library's version before the request, since servers count from different
numbers. Times, links and words are left out.
"""

from __future__ import annotations

from typing import Any

import httpx2

#: Not part of what an object is: times, and what the servers leave out where it is empty.
LEFT_OUT = {"dateAdded", "dateModified", "version", "key"}


def essence(answer: httpx2.Response, before: int) -> dict[str, Any]:
    """What an answer says, without its words, its links and its times."""
    seen: dict[str, Any] = {"status": answer.status_code}
    if (at := answer.headers.get("Last-Modified-Version")) is not None:
        seen["at"] = int(at) - before
    if (total := answer.headers.get("Total-Results")) is not None:
        seen["total"] = int(total)
    try:
        body = answer.json()
    except ValueError:
        return seen if answer.status_code != 200 else seen | {"text": sorted(answer.text.split())}
    return seen | {"body": shape(body, before)}


def shape(body: Any, before: int) -> Any:
    if isinstance(body, list):
        return list_shape(body, before)
    if not isinstance(body, dict):
        return body
    if "data" in body:
        return object_shape(body, before)
    if "successful" in body:
        return {
            "successful": {place: shape(one, before) for place, one in part(body, "successful").items()},
            "unchanged": sorted(part(body, "unchanged")),
            "failed": {place: one["code"] for place, one in part(body, "failed").items()},
        }
    if "key" in body and "access" in body:
        return {"user": body["userID"], "access": body["access"]}
    if "itemTypes" in body:
        return sorted(one["itemType"] for one in body["itemTypes"])
    if "tag" in body:
        return {"tag": body["tag"], "meta": body["meta"]}
    return {name: value - before if type(value) is int else value for name, value in body.items()}


def list_shape(body: list[Any], before: int) -> Any:
    """Objects by name, since the order of those of one second is the server's own."""
    if all(isinstance(one, dict) and "data" in one for one in body):
        return {one["data"].get("title") or one["data"].get("name") or one["key"]: shape(one, before) for one in body}
    return sorted((shape(one, before) for one in body), key=repr)


def object_shape(one: dict[str, Any], before: int) -> dict[str, Any]:
    data = {name: value for name, value in one["data"].items() if name not in LEFT_OUT and not is_empty(value)}
    if "tags" in data:
        data["tags"] = sorted(data["tags"], key=repr)
    meta = {name: value for name, value in one.get("meta", {}).items() if not is_empty(value)}
    return {"version": one["version"] - before, "data": data, "meta": meta}


def is_empty(value: Any) -> bool:
    return value in ("", [], {}, False, 0)


def part(report: dict[str, Any], name: str) -> dict[str, Any]:
    found = report.get(name, {})
    return found if isinstance(found, dict) else {f"list {place}": one for place, one in enumerate(found)}


def differences(first: Any, second: Any, place: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two essences differ, e.g. ``body.failed.0``, and what each says there.

    ``None`` is nothing; what only one of them has stands as ``...`` where it is more than a plain value.
    """
    if isinstance(first, list) and isinstance(second, list):
        first, second = dict(enumerate(first)), dict(enumerate(second))
    if isinstance(first, dict) and isinstance(second, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for name in first.keys() | second.keys():
            found |= differences(first.get(name), second.get(name), f"{place}.{name}" if place else str(name))
        return found
    return {} if first == second else {place: (brief(first), brief(second))}


def brief(value: Any) -> Any:
    return "..." if isinstance(value, (dict, list)) else value
