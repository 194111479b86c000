"""Ready-made libraries: the demo's real papers, and synthetic items in bulk for benchmarks.

Both are written straight into the store, with the same keys and versions every time.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from bridge.data import schema
from bridge.sandbox import accounts, validate
from bridge.sandbox.accounts import version_of
from bridge.sandbox.library import save_new

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bridge.sandbox.store import Store
    from bridge.sandbox.validate import Data

_LETTERS = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_BULK_COLLECTIONS = 40
_CHUNK = 5_000

_SUBJECTS = (
    *("Sparse", "Linear", "Causal", "Robust", "Neural", "Hidden"),
    *("Modular", "Adaptive", "Latent", "Recurrent", "Spectral", "Bayesian"),
)
_OBJECTS = (
    *("Circuits", "Features", "Agents", "Graphs", "Memories", "Tokens"),
    *("Priors", "Kernels", "Policies", "Embeddings", "Proofs", "Maps"),
)
_NAMES = (
    *("Almeida", "Bergström", "Chen", "Dubois", "Eriksen", "Fujita", "García"),
    *("Haddad", "Ivanova", "Jensen", "Kowalski", "Łukasz", "Müller"),
)
_TYPES = ("journalArticle", "preprint", "conferencePaper", "book", "webpage", "report", "thesis")
_STATUSES = (None, "New", "To Read", "In Progress", "Read", "Read", "Not Reading")


class _Known:
    """The keys of a seed so far, as validation asks for them."""

    in_group = False

    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.files: set[str] = set()
        self.collections: set[str] = set()

    def item_type(self, key: str) -> str | None:
        """Return the type of an item of this seed."""
        return self.items.get(key)

    def has_file(self, key: str) -> bool:
        """Whether this seed has a file of this key."""
        return key in self.files

    def has_collection(self, key: str) -> bool:
        """Whether this seed has a collection."""
        return key in self.collections


def seed_demo(store: Store) -> None:
    """Fill the empty library ``users/1`` with 132 real papers, their files, notes and highlights."""
    raw = json.loads(resources.files(__package__).joinpath("data", "demo.json").read_text(encoding="utf-8"))
    with store.write() as db:
        library = accounts.find_library(store, "users", 1)
        save_new(db, library, _demo_rows(raw, version_of(db, library)))


def _demo_rows(raw: Mapping[str, Any], version: int) -> Iterator[tuple[str, str, int, Data]]:
    known = _Known()
    for given in raw["collections"]:
        version += 1
        known.collections.add(given["key"])
        yield "collection", given["key"], version, validate.collection(given, None, known)
    for given in raw["items"]:
        version += 1
        known.items[given["key"]] = given["itemType"]
        if given.get("linkMode") not in (None, "linked_url", "embedded_image"):
            known.files.add(given["key"])
        yield "item", given["key"], version, validate.item(given, None, known)


def seed_bulk(store: Store, count: int, *, library: str = "users/1") -> None:
    """Add ``count`` varied synthetic items, and the collections they are in, to a library without them."""
    kind, _, number = library.partition("/")
    with store.write() as db:
        target = accounts.find_library(store, kind, int(number))
        for first in range(0, count, _CHUNK):
            version = version_of(db, target)
            rows = _bulk_rows(first, min(first + _CHUNK, count), version)
            save_new(db, target, rows)


def _bulk_rows(first: int, end: int, version: int) -> Iterator[tuple[str, str, int, Data]]:
    keys = [_bulk_key("C", place) for place in range(_BULK_COLLECTIONS)]
    if first == 0:
        for place, key in enumerate(keys):
            version += 1
            # Every fourth collection is a top-level one with the next three below it.
            parent: str | bool = keys[place - place % 4] if place % 4 else False
            yield "collection", key, version, {"name": f"Topic {place}", "parentCollection": parent, "relations": {}}
    for place in range(first, end):
        version += 1
        yield "item", _bulk_key("B", place), version, _bulk_item(place, keys)


def _bulk_key(letter: str, place: int) -> str:
    text = ""
    for _ in range(7):
        place, digit = divmod(place, len(_LETTERS))
        text = _LETTERS[digit] + text
    return letter + text


def _bulk_item(place: int, collections: list[str]) -> Data:
    kind = schema().types[_TYPES[place % len(_TYPES)]]
    subject, thing = _SUBJECTS[place % 12], _OBJECTS[place // 12 % 12]
    names = [_NAMES[(place + step * 5) % len(_NAMES)] for step in range(1 + place % 4)]
    year = 1990 + place % 35
    added = datetime(2015, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=37 * place)
    modified = added + timedelta(hours=place % 500)
    status = _STATUSES[place % len(_STATUSES)]
    extra = [f"arXiv: {year % 100:02d}{1 + place % 12:02d}.{place % 100_000:05d} [cs]"] if place % 3 == 0 else []
    if status:
        extra += [f"Read_Status: {status}", f"Read_Status_Date: {modified:%Y-%m-%dT%H:%M:%S}.000Z"]
    values = {
        "title": f"{subject} {thing}: Study {place}",
        "abstractNote": " ".join([f"What {subject.lower()} {thing.lower()} do in case {place}."] * (3 + place % 6)),
        "date": f"{year}-{1 + place % 12:02d}",
        "citationKey": f"{names[0].lower()}{year}{subject.lower()}{place}" if place % 20 else "",
        "DOI": f"10.5555/bulk.{place}" if place % 2 else "",
        "url": f"https://example.org/papers/{place}",
        "extra": "\n".join(extra),
    }
    creators = [
        {"creatorType": kind.primary_creator, "firstName": f"N. {place % 7}", "lastName": name} for name in names
    ]
    # Built as validation would leave it, but without its cost: a hundred thousand of these are asked for.
    title = kind.fields[0]
    fields = {name: values.get(name, "") for name in kind.fields[1:]}
    tags = sorted({f"{subject} {thing}", f"area {place % 60}"}, key=str.casefold)
    return {
        "itemType": kind.name,
        title: values["title"],
        "creators": creators,
        **fields,
        "tags": [{"tag": tag} for tag in tags] + ([{"tag": "zz automatic", "type": 1}] if place % 5 == 0 else []),
        "collections": [collections[place % _BULK_COLLECTIONS]],
        "relations": {},
        "dateAdded": added.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dateModified": modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
