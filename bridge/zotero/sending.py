"""The one place where objects are sent: told to the recorder before, stored and told again after (R3, law 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from bridge.core.deeds import ItemDeed, Recorder
from bridge.core.record import ItemId
from bridge.errors import BridgeError
from bridge.zotero.writes import WriteResult

if TYPE_CHECKING:
    from bridge.zotero.client import ZoteroClient

#: Sent with a change, but no part of what it means.
_MEANS = frozenset({"dateModified"})


class ItemStore(Protocol):
    """Where downloaded API objects are kept; :class:`bridge.state.items.Items` does it."""

    def get_item(self, item: ItemId, /) -> Mapping[str, Any] | None:
        """The stored API object."""
        ...

    def get_below(self, item: ItemId, /) -> Sequence[Mapping[str, Any]]:
        """The stored API objects of an item's children and of theirs, erased ones left out (R21)."""
        ...

    def put_items(self, library: str, objects: Sequence[Mapping[str, Any]], /) -> object:
        """Store API objects, newer over older."""
        ...


class Sending(NamedTuple):
    """One object to be sent: the fields of ``data`` that change, and the object as stored.

    ``stored`` is ``None`` for an object that is to be made; its key is made here, too, and it must not exist.
    """

    key: str
    fields: Mapping[str, Any]
    stored: Mapping[str, Any] | None

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {"key": self.key, "version": self.stored["version"] if self.stored else 0, **self.fields}

    def deed(self, library: str) -> ItemDeed:
        """What is about to be done."""
        meant = {name: value for name, value in self.fields.items() if name not in _MEANS}
        before = None if self.stored is None else {name: self.stored["data"].get(name) for name in meant}
        return ItemDeed(ItemId(library, self.key), before, meant)


def send(
    client: ZoteroClient, items: ItemStore, recorder: Recorder, objects: Sequence[Sending]
) -> tuple[dict[str, WriteResult], BridgeError | None]:
    """Send objects, each key once, and store what the server made of them.

    Returns the results by key, so far as they are known, and what ended it before all were.

    :raises StateError: what is about to be done could not be recorded; nothing was sent.
    """
    if not objects:
        return {}, None
    results: dict[str, WriteResult] = {}
    failure: BridgeError | None = None
    deeds = {one.key: one.deed(client.library) for one in objects}
    recorder.sending(deeds.values())
    try:
        for result in client.write_items([one.body for one in objects]):
            results[result.key] = result
    except BridgeError as failed:
        failure = failed
    moved = [one.object for one in results.values() if one.object is not None]
    if moved:
        items.put_items(client.library, moved)
    known = {key: result for key, result in results.items() if result.status != "unknown"}
    recorder.sent({deeds[key].id: _made(deeds[key], result) for key, result in known.items()})
    return results, failure


def _made(deed: ItemDeed, result: WriteResult) -> Mapping[str, Any] | None:
    """The fields that were sent, as the server made them; ``None`` where it wrote nothing."""
    if result.status == "unchanged" and "relations" in deed.after:
        return deed.after  # the server has given the relation in return, for another object of this very batch
    if result.status != "applied" or result.object is None:
        return None
    data = result.object["data"]
    return {name: data.get(name) for name in deed.after}
