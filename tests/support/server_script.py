"""A script of single requests to a server of the Zotero Web API; every step is taken over the same small library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
from library_server import LibraryServer

BOOK, PAPER, NOTE, FILE, TRASHED, ERASED, NEW = (letter * 4 + "2222" for letter in "BPNFTEW")
TOP, SUB = "CCCC2222", "SSSS2222"
MISSING = "ZZZZ9999"

Step = Callable[[LibraryServer], httpx2.Response]


def fill(server: LibraryServer) -> None:
    server.make({"key": TOP, "version": 0, "name": "Top"}, kind="collections")
    server.make({"key": SUB, "version": 0, "name": "Sub", "parentCollection": TOP}, kind="collections")
    server.make(
        {
            "key": BOOK,
            "version": 0,
            "itemType": "book",
            "title": "A Book",
            "dateAdded": "2020-01-01T00:00:00Z",
            "tags": [{"tag": "one"}, {"tag": "two", "type": 1}],
            "collections": [TOP],
            "extra": "a: b",
        },
        {
            "key": PAPER,
            "version": 0,
            "itemType": "journalArticle",
            "title": "A Paper",
            "dateAdded": "2021-01-01T00:00:00Z",
            "date": "June 2017",
            "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"}],
            "collections": [SUB],
        },
        {"key": TRASHED, "version": 0, "itemType": "book", "title": "Trashed"},
        {"key": ERASED, "version": 0, "itemType": "book", "title": "Erased"},
    )
    server.make({"key": NOTE, "version": 0, "itemType": "note", "parentItem": PAPER, "note": "<p>A note</p>"})
    server.make(
        {
            "key": FILE,
            "version": 0,
            "itemType": "attachment",
            "parentItem": PAPER,
            "linkMode": "linked_url",
            "url": "https://x.test/",
            "title": "Link",
        }
    )
    server.make({"key": TRASHED, "version": server.item(TRASHED)["version"], "deleted": 1})
    server.erase(ERASED)


def get(path: str, **headers: Any) -> Step:
    return lambda server: server.send("GET", path, **headers)


def post(*objects: dict[str, Any], kind: str = "items", **headers: Any) -> Step:
    """A batch of objects."""

    def step(server: LibraryServer) -> httpx2.Response:
        batch = [resolve(server, kind, one.get("key", ""), one) for one in objects]
        return server.send("POST", kind, batch, **resolve(server, kind, "", headers))

    return step


def one(method: str, path: str, body: dict[str, Any] | None = None, **headers: Any) -> Step:
    """A write to one object."""

    def step(server: LibraryServer) -> httpx2.Response:
        kind, _, key = path.partition("/")
        sent = None if body is None else resolve(server, kind, key, body)
        return server.send(method, path, sent, **resolve(server, kind, key, headers))

    return step


def after(objects: list[dict[str, Any]], path: str) -> Step:
    """What is read after something was made."""

    def step(server: LibraryServer) -> httpx2.Response:
        server.make(*objects)
        return server.send("GET", path)

    return step


class Now(int):
    """A version: so far from that of the object when the step is taken."""


class Library(Now):
    """A version: so far from that of the library when the step is taken."""


def resolve(server: LibraryServer, kind: str, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A body or headers with the versions in place of the distances."""

    def resolved(value: Any) -> Any:
        if isinstance(value, Library):
            return server.version + value
        return server.send("GET", f"{kind}/{key}").json()["version"] + value if isinstance(value, Now) else value

    return {name: resolved(value) for name, value in given.items()}


DATES = (
    "2017",
    "2017-06",
    "2017-06-12",
    "June 2017",
    "12 June 2017",
    "June 12, 2017",
    "6/12/2017",
    "12/2017",
    "2017/06/12",
    "Spring 2017",
    "c. 2017",
    "2017-2018",
    "n.d.",
    "in press",
    "17 Mai 2017",
    "20170612",
    "0017",
    "2017-13-40",
)
CREATORS: tuple[list[dict[str, str]], ...] = tuple(
    [{"creatorType": kind, "firstName": "A", "lastName": name} for kind, name in names]
    for names in (
        [("author", "One")],
        [("author", "One"), ("author", "Two")],
        [("author", "One"), ("author", "Two"), ("author", "Three")],
        [("editor", "One"), ("editor", "Two")],
        [("editor", "One"), ("author", "Two")],
        [("contributor", "One")],
        [("translator", "One"), ("contributor", "Two")],
    )
)
STEPS: dict[str, Step] = {
    # reading
    "items": get("items?sort=dateAdded&direction=asc"),
    "items with the trash": get("items?includeTrashed=1"),
    "top": get("items/top"),
    "trash": get("items/trash"),
    "children": get(f"items/{PAPER}/children"),
    "versions": get("items?format=versions&since=0&includeTrashed=1"),
    "keys": get("items?format=keys&includeTrashed=1"),
    "since the last version": lambda server: server.send("GET", f"items?since={server.version}&includeTrashed=1"),
    "since the one before": lambda server: server.send(
        "GET", f"items?since={server.item(BOOK)['version']}&format=versions&includeTrashed=1"
    ),
    "since in words": get("items?since=abc"),
    "not modified": lambda server: server.send(
        "GET", "items?includeTrashed=1", If_Modified_Since_Version=server.version
    ),
    "not modified, collections": lambda server: server.send(
        "GET", "collections", If_Modified_Since_Version=server.version
    ),
    "modified": get("items?includeTrashed=1", If_Modified_Since_Version=1),
    "not modified, one item": lambda server: server.send(
        "GET", f"items/{BOOK}", If_Modified_Since_Version=server.version
    ),
    "limit 1": get(f"items?limit=1&itemKey={BOOK}&format=keys"),  # what was made in one second has no order
    "limit 0": get("items?limit=0"),
    "limit 1000": get("items?limit=1000"),
    "start past the end": get("items?start=50"),
    "by key": get(f"items?itemKey={BOOK},{TRASHED},{MISSING}"),
    "by key with the trash": get(f"items?itemKey={BOOK},{TRASHED},{MISSING}&includeTrashed=1"),
    "one item": get(f"items/{BOOK}"),
    "one paper": get(f"items/{PAPER}"),
    "one trashed": get(f"items/{TRASHED}"),
    "one erased": get(f"items/{ERASED}"),
    "deleted": get("deleted?since=0"),
    "deleted without since": get("deleted"),
    "collections": get("collections"),
    "collection versions": get("collections?format=versions&since=0"),
    "one collection": get(f"collections/{SUB}"),
    "tags": get("tags"),
    "tags of an item": get(f"items/{BOOK}/tags"),
    "whose key": get("../../keys/current"),
    "schema": get("../../schema"),
    # batches
    "a new item": post({"itemType": "book", "title": "New"}),
    "a new item with a key": post({"key": NEW, "version": 0, "itemType": "book"}),
    "a new item with a key and no version": post({"key": NEW, "itemType": "book"}),
    "an item that should not be there": post({"key": BOOK, "version": 0, "title": "New"}),
    "three changes": post(*({"key": key, "version": Now(), "title": "New"} for key in (BOOK, PAPER, TRASHED))),
    "no change": post({"key": BOOK, "version": Now(), "title": "A Book"}),
    "no version": post({"key": BOOK, "title": "New"}),
    "stale": post({"key": BOOK, "version": Now(-1), "title": "New"}),
    "a version to come": post({"key": BOOK, "version": Now(1000), "title": "New"}),
    "missing": post({"key": MISSING, "version": 5, "title": "New"}),
    "erased": post({"key": ERASED, "version": 5, "title": "New"}),
    "one of each": post(
        {"key": BOOK, "version": Now(), "title": "New"},
        {"key": PAPER, "version": Now(-1), "title": "New"},
        {"key": TRASHED, "version": Now(), "title": "Trashed"},
        {"key": MISSING, "version": 5, "title": "New"},
        {"itemType": "book", "title": "New"},
        {"itemType": "nonsense"},
    ),
    "the library as it is": post({"key": BOOK, "title": "New"}, If_Unmodified_Since_Version=Library()),
    "the library as it was": post({"key": BOOK, "title": "New"}, If_Unmodified_Since_Version=Library(-1)),
    "the library to come": post({"key": BOOK, "title": "New"}, If_Unmodified_Since_Version=Library(5)),
    "a missing collection": post({"key": BOOK, "version": Now(), "collections": [MISSING]}),
    "a missing parent": post({"itemType": "note", "note": "x", "parentItem": MISSING}),
    "a new note": post({"itemType": "note", "note": "<p>x</p>", "parentItem": BOOK}),
    "an unknown property": post({"key": BOOK, "version": Now(), "nonsense": "x"}),
    "another type's field": post({"key": BOOK, "version": Now(), "caseName": "x"}),
    "an unknown type": post({"itemType": "nonsense"}),
    "no type": post({"title": "x"}),
    "a long tag": post({"key": BOOK, "version": Now(), "tags": [{"tag": "x" * 256}]}),
    "tags of both types": post({"key": BOOK, "version": Now(), "tags": [{"tag": "x"}, {"tag": "y", "type": 1}]}),
    "a tag twice": post({"key": BOOK, "version": Now(), "tags": [{"tag": "x"}, {"tag": "x"}]}),
    "an empty tag": post({"key": BOOK, "version": Now(), "tags": [{"tag": ""}, {"tag": " x "}]}),
    "spaces around": post({"key": BOOK, "version": Now(), "title": "  New  ", "extra": " a: b\n"}),
    "into the trash": post({"key": BOOK, "version": Now(), "deleted": 1}),
    "into the trash by true": post({"key": BOOK, "version": Now(), "deleted": True}),
    "out of the trash": post({"key": TRASHED, "version": Now(), "deleted": 0}),
    "out of collections": post({"key": BOOK, "version": Now(), "collections": []}),
    "no tags": post({"key": BOOK, "version": Now(), "tags": []}),
    "a creator of another type": post(
        {"key": BOOK, "version": Now(), "creators": [{"creatorType": "director", "name": "x"}]}
    ),
    "a citation key": post({"key": BOOK, "version": Now(), "citationKey": "lovelace1843"}),
    "not an object": lambda server: server.send("POST", "items", ["x"]),
    "a note's markup": post({"itemType": "note", "note": "<p>A <b>bold</b> <i>word</i></p>"}),
    "not an array": lambda server: server.send("POST", "items", {"itemType": "book"}),
    "51 objects": post(*({"itemType": "book"} for _ in range(51))),
    "a new collection": post({"name": "New"}, kind="collections"),
    "a renamed collection": post({"key": TOP, "version": Now(), "name": "New"}, kind="collections"),
    "a collection without a name": post({"name": ""}, kind="collections"),
    "a collection under a missing one": post({"name": "New", "parentCollection": MISSING}, kind="collections"),
    "dates": after(
        [
            {"itemType": "book", "dateAdded": f"2022-01-{day:02d}T00:00:00Z", "title": date, "date": date}
            for day, date in enumerate(DATES, 1)
        ],
        "items?sort=dateAdded&direction=desc",
    ),
    "creators": after(
        [
            {
                "itemType": "book",
                "dateAdded": f"2022-01-{day:02d}T00:00:00Z",
                "title": f"Creators {day}",
                "creators": creators,
            }
            for day, creators in enumerate(CREATORS, 1)
        ],
        "items?sort=dateAdded&direction=desc",
    ),
    "related": post({"itemType": "book", "relations": {"dc:relation": f"http://zotero.org/users/1/items/{BOOK}"}}),
    "replaces": post(
        {"key": BOOK, "version": Now(), "relations": {"dc:replaces": f"http://zotero.org/users/1/items/{MISSING}"}}
    ),
    "a wrong relation": post({"key": BOOK, "version": Now(), "relations": {"dc:nonsense": "x"}}),
    "an annotation": post(
        {
            "itemType": "annotation",
            "parentItem": FILE,
            "annotationType": "highlight",
            "annotationText": "x",
            "annotationColor": "#ffd400",
            "annotationPageLabel": "1",
            "annotationSortIndex": "00001|000001|00001",
            "annotationPosition": '{"pageIndex":0}',
        }
    ),
    "another type": post({"key": BOOK, "version": Now(), "itemType": "report"}),
    "a note elsewhere": post({"key": NOTE, "version": Now(), "parentItem": BOOK}),
    "a note on its own": post({"key": NOTE, "version": Now(), "parentItem": False}),
    "a citation key of a note": post({"itemType": "note", "citationKey": "x"}),
    "times of one's own": post({"itemType": "book", "dateAdded": "yesterday"}),
    "a number for a title": post({"key": BOOK, "version": Now(), "title": 5}),
    "a list for a title": post({"key": BOOK, "version": Now(), "title": ["x"]}),
    "tags as texts": post({"key": BOOK, "version": Now(), "tags": ["x"]}),
    "a tag of a type that is none": post({"key": BOOK, "version": Now(), "tags": [{"tag": "x", "type": 2}]}),
    "a creator without a name": post({"key": BOOK, "version": Now(), "creators": [{"creatorType": "author"}]}),
    "a collection trashed": post({"key": TOP, "version": Now(), "deleted": True}, kind="collections"),
    "a collection under itself": post({"key": TOP, "version": Now(), "parentCollection": TOP}, kind="collections"),
    # single objects
    "patch": one("PATCH", f"items/{BOOK}", {"title": "New"}, If_Unmodified_Since_Version=Now()),
    "patch by its own version": one("PATCH", f"items/{BOOK}", {"title": "New", "version": Now()}),
    "patch, stale": one("PATCH", f"items/{BOOK}", {"title": "New"}, If_Unmodified_Since_Version=Now(-1)),
    "patch, no version": one("PATCH", f"items/{BOOK}", {"title": "New"}),
    "patch, two versions": one(
        "PATCH", f"items/{BOOK}", {"title": "New", "version": Now()}, If_Unmodified_Since_Version=1
    ),
    "patch, no change": one("PATCH", f"items/{BOOK}", {"title": "A Book"}, If_Unmodified_Since_Version=Now()),
    "patch, missing": one("PATCH", f"items/{MISSING}", {"title": "New"}, If_Unmodified_Since_Version=5),
    "patch, missing, no version": one("PATCH", f"items/{MISSING}", {"title": "New"}),
    "patch, unknown property": one("PATCH", f"items/{BOOK}", {"nonsense": "x"}, If_Unmodified_Since_Version=Now()),
    "delete": one("DELETE", f"items/{BOOK}", If_Unmodified_Since_Version=Now()),
    "delete, stale": one("DELETE", f"items/{BOOK}", If_Unmodified_Since_Version=1),
    "delete, no version": one("DELETE", f"items/{BOOK}"),
    "delete, missing": one("DELETE", f"items/{MISSING}", If_Unmodified_Since_Version=Library()),
    "delete a collection": one("DELETE", f"collections/{TOP}", If_Unmodified_Since_Version=Library()),
    "delete a collection by its own version": one("DELETE", f"collections/{TOP}", If_Unmodified_Since_Version=Now()),
    "delete several": lambda server: server.send(
        "DELETE", f"items?itemKey={BOOK},{TRASHED}", If_Unmodified_Since_Version=server.version
    ),
    "delete several, stale": lambda server: server.send(
        "DELETE", f"items?itemKey={BOOK},{TRASHED}", If_Unmodified_Since_Version=server.version - 1
    ),
    "delete several, no version": lambda server: server.send("DELETE", f"items?itemKey={BOOK},{TRASHED}"),
}
