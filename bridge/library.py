"""One Zotero library as the cycle needs it: the Zotero side, with the download and the rules beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bridge.core.deeds import NOBODY, Recorder
from bridge.core.record import Face, Record
from bridge.core.scope import Labels
from bridge.zotero.mapping import Mapper, MappingRules, UnwritableError
from bridge.zotero.sending import ItemStore
from bridge.zotero.side import ZoteroSide
from bridge.zotero.tree import CollectionTree

if TYPE_CHECKING:
    from bridge.zotero.client import ZoteroClient
    from bridge.zotero.pull import Pull
    from bridge.zotero.rights import Rights


class Library(ZoteroSide):
    """A library over its client; the collection tree is handed in by each cycle (R20)."""

    def __init__(
        self,
        client: ZoteroClient,
        rules: MappingRules,
        items: ItemStore,
        rights: Rights,
        recorder: Recorder = NOBODY,
    ) -> None:
        super().__init__(client, Mapper(client.library, rules, CollectionTree.build(())), items, rights, recorder)
        self._rules = rules
        self._collections: frozenset[str] = frozenset()

    @property
    def library(self) -> str:
        """``users/123`` or ``groups/51``."""
        return self._client.library

    @property
    def writable(self) -> bool:
        """Whether Zotero takes writes from this key here (R23)."""
        return self._rights.write

    @property
    def shows_notes(self) -> bool:
        """Whether this key may see the library's notes (R23)."""
        return self._rights.notes

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._client.requests

    def pull(self, since: int, *, full: bool = False) -> Pull:
        """Ask for what changed since a version."""
        return self._client.pull(since, full=full)

    def use_tree(self, collections: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """From now on derive collection paths from this tree; returns the keys whose path differs from before (R20)."""
        before, after = self.mapper.tree, CollectionTree.build(collections)
        keys = frozenset(str(each["key"]) for each in collections)
        moved = frozenset(key for key in keys | self._collections if before.path(key) != after.path(key))
        self._collections = keys
        self.mapper = Mapper(self.library, self._rules, after)
        return moved

    def labels(self, item: Mapping[str, Any]) -> Labels:
        """What a stored object is filed under; much cheaper than its record."""
        return self.mapper.labels(item)

    def foretell(self, item: Mapping[str, Any], changes: Face) -> Record:
        """The record a stored object would show after an edit, as far as can be told without the server (law 12)."""
        try:
            patch = self.mapper.patch(item, changes)
        except UnwritableError:
            patch = {}
        record = self.read({**item, "data": {**item["data"], **patch}})
        # Which papers are related stands in other objects, too.
        told = {name: value for name, value in changes.items() if name == "related"}
        return replace(record, face={**record.face, **told})

    def refusal(self, item: Mapping[str, Any], field: str, text: str) -> str | None:
        """Why Zotero would not take a value or member, or ``None``."""
        return self.mapper.refusal(item, field, text)
