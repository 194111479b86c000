"""What the contract suite needs of each side: a world of three papers, and a person who edits it behind its back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any, Protocol

from library_server import LIBRARY, LibraryServer
from memory_index import MemoryIndex
from memory_side import MemoryDisk, MemoryLibrary, MemoryServer, MemoryVault, item_id
from vault_maker import VaultMaker, record

from bridge.core.record import Face, ItemId
from bridge.core.side import Edit, Side
from bridge.core.status import StatusNames
from bridge.zotero.client import ZoteroClient
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.rights import Rights
from bridge.zotero.side import ZoteroSide
from bridge.zotero.tree import CollectionTree

#: A file and a mark in it, as people make them.
FILE: Mapping[str, Any] = {"linkMode": "imported_url", "title": "Full Text PDF", "contentType": "application/pdf"}
MARK: Mapping[str, Any] = {
    "annotationType": "highlight",
    "annotationColor": "#ffd400",
    "annotationPageLabel": "12",
    "annotationSortIndex": "00002|000100|00000",
    "annotationPosition": '{"pageIndex":2}',
}


class Harness(Protocol):
    """A side with three papers: title ``Paper 0`` to ``Paper 2``, URL ``http://0.org``…, tag ``one``, a rating of none.

    ``gone`` is an id of the same library that is not there.
    """

    side: Side
    ids: list[ItemId]
    gone: ItemId

    def world(self) -> object:
        """All that the side could change, as it is out there."""
        ...

    def person_edits(self, item: ItemId) -> None:
        """A person sets the URL to ``http://person.org``."""
        ...

    def refusable(self, item: ItemId) -> Edit:
        """An edit that this side cannot carry out, whatever it expects."""
        ...


class LibraryHarness(Harness, Protocol):
    """A library, below whose papers things hang. ``store`` holds what was downloaded."""

    store: ItemStore

    def hang(self, item: ItemId, text: str) -> None:
        """The paper's file, which is made if need be, gets the one highlight with this text; both are downloaded."""
        ...


@dataclass
class ItemStore:
    """Downloaded objects in a dictionary."""

    held: dict[ItemId, Mapping[str, Any]] = field(default_factory=dict)

    def get_item(self, id: ItemId) -> Mapping[str, Any] | None:  # noqa: A002 (the protocol's word)
        return self.held.get(id)

    def get_below(self, id: ItemId) -> Sequence[Mapping[str, Any]]:  # noqa: A002 (the protocol's word)
        below: list[Mapping[str, Any]] = []
        for parent in (id.key, *(one["key"] for one in self._under(id.key))):
            below += self._under(parent)
        return below

    def _under(self, parent: str) -> list[Mapping[str, Any]]:
        return [one for one in self.held.values() if one["data"].get("parentItem") == parent]

    def put_items(self, library: str, objs: Sequence[Mapping[str, Any]]) -> None:
        self.held |= {ItemId(library, one["key"]): json.loads(json.dumps(one)) for one in objs}


class InMemoryLibrary:
    def __init__(self) -> None:
        self._server = MemoryServer()
        self.ids = [item_id(f"AAAAAAA{number}") for number in range(3)]
        self.gone = item_id("ZZZZZZZZ")
        for number, item in enumerate(self.ids):
            self._server.add(item.key, title=f"Paper {number}", url=f"http://{number}.org", tags=("one",))
        self.store = ItemStore()
        self.side: Side = MemoryLibrary(self._server, self.store)

    def world(self) -> object:
        return self._server.backup()

    def hang(self, item: ItemId, text: str) -> None:
        file, mark = f"FFFFFFF{item.key[-1]}", f"MMMMMMM{item.key[-1]}"
        self._server.hang(file, "attachment", item.key, **FILE)
        self._server.hang(mark, "annotation", file, **MARK, annotationText=text)
        self.store.put_items(item.library, [self._server.items[file], self._server.items[mark]])

    def person_edits(self, item: ItemId) -> None:
        self._server.change(item.key, {"url": "http://person.org"})

    def refusable(self, item: ItemId) -> Edit:
        return Edit(item, self.side.look([item])[item].token, {"title": "POISON"})


class InMemoryVault:
    def __init__(self) -> None:
        self._disk, index = MemoryDisk(), MemoryIndex()
        self.ids = [item_id(f"AAAAAAA{number}") for number in range(3)]
        self.gone = item_id("ZZZZZZZZ")
        self.side: Side = MemoryVault(self._disk, index)
        faces: list[Face] = [
            {"title": f"Paper {n}", "url": f"http://{n}.org", "tags": ("one",), "citekey": f"c{n}"} for n in range(3)
        ]
        outcomes = self.side.apply(Edit(item, "", face) for item, face in zip(self.ids, faces, strict=True))
        assert [outcome.result for outcome in outcomes] == ["applied"] * 3

    def world(self) -> object:
        return dict(self._disk.files)

    def person_edits(self, item: ItemId) -> None:
        (path,) = self._disk.paths_of(item)
        self._disk.edit(path, {"url": "http://person.org"})

    def refusable(self, item: ItemId) -> Edit:
        (path,) = self._disk.paths_of(item)
        note = replace(self._disk.note(path), broken=True)
        self._disk.put(path, note)
        return Edit(item, note.digest, {"title": "New"})


class OnDisk:
    def __init__(self, root: Path) -> None:
        self._maker = VaultMaker(root)
        self._records = {
            each.id: each
            for letter, number in zip("ABC", range(3), strict=True)
            for each in [record(letter, title=f"Paper {number}", url=f"http://{number}.org")]
        }
        self.ids = list(self._records)
        self.gone = record("Z").id
        assert [outcome.result for outcome in self._maker.make(*self._records.values())] == ["applied"] * 3
        self.side: Side = self._maker.side

    def world(self) -> object:
        paths = [self._maker.root / path for path in self._maker.files()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}

    def person_edits(self, item: ItemId) -> None:
        path = self._maker.path_of(self._records[item])
        old = self._records[item].face["url"]
        self._maker.write(path, self._maker.read(path).replace(f"url: {old}", "url: http://person.org"))

    def refusable(self, item: ItemId) -> Edit:
        path = self._maker.path_of(self._records[item])
        self._maker.write(path, f"---\nzotero-key: {item.key}\ntitle: [\n---\n")
        self._maker.scan()
        return self._maker.edit(self._records[item], title="New")


class OverAServer:
    def __init__(self, server: LibraryServer, client: ZoteroClient) -> None:
        self._server = server
        made = server.make(
            *(
                {
                    "itemType": "journalArticle",
                    "title": f"Paper {number}",
                    "url": f"http://{number}.org",
                    "tags": [{"tag": "one"}],
                    "extra": "PMID: 7\nmy words",
                }
                for number in range(3)
            )
        )
        self.ids = [ItemId(LIBRARY, one["key"]) for one in made]
        self.gone = ItemId(LIBRARY, "ZZZZZZZZ")
        self.store = store = ItemStore()
        store.put_items(LIBRARY, made)
        mapper = Mapper(LIBRARY, MappingRules(StatusNames(), UTC), CollectionTree.build([]))
        self.side: Side = ZoteroSide(client, mapper, store, Rights(read=True, write=True, notes=True))

    def world(self) -> object:
        return self._server.send("GET", "items?limit=100&sort=dateAdded").json()

    def hang(self, item: ItemId, text: str) -> None:
        below = self.store.get_below(item)
        files = [one for one in below if one["data"]["itemType"] == "attachment"]
        if not files:
            files += self._server.make({"itemType": "attachment", "parentItem": item.key, **FILE})
        marks = [one for one in below if one["data"]["itemType"] == "annotation"]
        old = {"key": marks[0]["key"], "version": marks[0]["version"]} if marks else {}
        mark = {"itemType": "annotation", "parentItem": files[0]["key"], **MARK, "annotationText": text, **old}
        self.store.put_items(LIBRARY, [*files, *self._server.make(mark)])

    def person_edits(self, item: ItemId) -> None:
        version = self._server.item(item.key)["version"]
        change = {"url": "http://person.org"}
        answer = self._server.send("PATCH", f"items/{item.key}", change, If_Unmodified_Since_Version=version)
        assert answer.status_code == 204

    def refusable(self, item: ItemId) -> Edit:
        return Edit(item, self.side.look([item])[item].token, {"collections": ("Nowhere",)})
