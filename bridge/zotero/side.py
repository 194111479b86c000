"""The Zotero side: shows items as records, and carries out edits that each name the version they expect (law 6).

The stored API object is what an edit is cut from: it must still be the version the edit was planned on, and only the
fields that differ from it are sent; an edit that changes nothing there is never sent, since the server would count the
library's version up for it. Whatever the server answers with is stored before it is reported (R3, law 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from bridge.core.deeds import NOBODY, Recorder
from bridge.core.mirror import ChildWrite, Hung
from bridge.core.record import Face, ItemId, Record
from bridge.core.side import Edit, Outcome, Result
from bridge.errors import BridgeError
from bridge.zotero import hanging, relating
from bridge.zotero.mapping import Mapper, UnwritableError
from bridge.zotero.pull import Object
from bridge.zotero.relating import Pair
from bridge.zotero.rights import Rights
from bridge.zotero.sending import ItemStore, Sending, send
from bridge.zotero.writes import BATCH, Status, WriteResult

if TYPE_CHECKING:
    from bridge.zotero.client import ZoteroClient

#: Seconds between the batches of a bulk write (R19): people's own edits go first, and the rate limit stays far.
BULK_REST = 1.0

_RESULTS: Mapping[Status, Result] = {
    "applied": "applied",
    "unchanged": "applied",
    "stale": "stale",
    "missing": "stale",  # nothing was written; the next look shows that it is gone
    "refused": "refused",
    "unknown": "unknown",
}


@dataclass(slots=True)
class _Planned:
    """An edit in a batch: its outcome where that is known already, else what will be sent."""

    edit: Edit
    outcome: Outcome | None = None
    stored: Mapping[str, Any] | None = None
    send: Sending | None = None
    #: Which papers this one is to be related to, or no longer.
    pairs: Sequence[Pair] = ()


class ZoteroSide:
    """One Zotero library as a side of the sync; see :class:`bridge.core.side.Side` for the contract.

    ``mapper`` may be exchanged between calls, when the collection tree has changed (R20).
    """

    def __init__(
        self, client: ZoteroClient, mapper: Mapper, items: ItemStore, rights: Rights, recorder: Recorder = NOBODY
    ) -> None:
        self.mapper = mapper
        self._client, self._items, self._rights, self._recorder = client, items, rights, recorder

    def look(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Record]:
        """Download the given items, store them, and show those that are there and are papers."""
        found = self.fetch(ids)
        return {item: self.read(one) for item, one in found.items() if self.mapper.is_paper(one)}

    def fetch(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Object]:
        """Download the given objects, papers or not, and store them; those that are gone are left out."""
        keys = [one.key for one in ids if one.library == self._client.library]
        found = self._client.fetch(keys) if keys else []
        if found:
            self._items.put_items(self._client.library, found)
        return {self._id(one): one for one in found}

    def read(self, item: Mapping[str, Any]) -> Record:
        """The record of a paper's object, with what is stored below it."""
        return self.mapper.record(item, self._items.get_below(self._id(item)))

    def apply(self, edits: Iterable[Edit], *, bulk: bool = False) -> Iterator[Outcome]:
        """Carry out edits in batches of at most 50 and report on each, in the order given.

        :param bulk: writes the machine thought of (R19): paced, and with a ``dateModified`` that keeps people's order.
        :raises ForbiddenError, UnreachableError, ProtocolError: after the outcomes that were known by then.
        """
        if not self._rights.write:
            for edit in edits:
                yield Outcome(edit.id, "denied", reason=self._rights.reason)
            return
        batch: list[_Planned] = []
        ids: set[ItemId] = set()
        for edit in edits:
            # A second edit of an item is cut from what the first one left behind.
            if edit.id in ids or sum(one.send is not None for one in batch) == BATCH:
                yield from self._carry_out(batch, bulk=bulk)
                batch, ids = [], set()
            batch.append(self._plan(edit, bulk=bulk))
            ids.add(edit.id)
        yield from self._carry_out(batch, bulk=bulk)

    def put_back(self, changes: Sequence[tuple[Object, Mapping[str, Any]]]) -> Iterator[Outcome]:
        """Send fields of ``data`` as they were once, each object expected at the version it was fetched at (law 6).

        Reports on each in the order given; errors as in :meth:`apply`.
        """
        for start in range(0, len(changes), BATCH):
            sendings = [Sending(found["key"], fields, found) for found, fields in changes[start : start + BATCH]]
            results, failure = send(self._client, self._items, self._recorder, sendings)
            for one in sendings:
                if (result := results.get(one.key)) is not None:
                    yield Outcome(ItemId(self._client.library, one.key), _RESULTS[result.status], None, result.message)
            if failure is not None:
                raise failure

    def hung(self, item: Mapping[str, Any]) -> Hung:
        """What a stored object shows as a child of a paper."""
        return hanging.hung(item)

    def write_children(self, writes: Iterable[ChildWrite]) -> Iterator[Outcome]:
        """Write children of papers, each key once, in batches of at most 50 with a rest between them (R19).

        :raises ForbiddenError, UnreachableError, ProtocolError: after the outcomes that were known by then.
        """
        source = iter(writes)
        resting = False
        while batch := list(islice(source, BATCH)):
            if resting:
                self._client.rest(BULK_REST)
            resting = True
            yield from self._write_children(batch)

    def _write_children(self, batch: list[ChildWrite]) -> Iterator[Outcome]:
        sendings: list[Sending] = []
        outcomes: dict[ItemId, Outcome] = {}
        for write in batch:
            stored = self._items.get_item(write.id) if write.expect else None
            if not self._rights.write or (write.kind == "note" and not self._rights.notes):
                outcomes[write.id] = Outcome(write.id, "denied", reason=self._rights.reason)
            elif write.expect and (stored is None or str(stored["version"]) != write.expect):
                outcomes[write.id] = Outcome(write.id, "stale", reason="the stored child is another one")
            else:
                sendings.append(Sending(write.id.key, hanging.fields(write, stored), stored))
        results, failure = send(self._client, self._items, self._recorder, sendings)
        for write in batch:
            if (result := results.get(write.id.key)) is not None:
                yield Outcome(write.id, _RESULTS[result.status], reason=result.message)
            elif write.id in outcomes:
                yield outcomes[write.id]
        if failure is not None:
            raise failure

    def _id(self, item: Mapping[str, Any]) -> ItemId:
        return ItemId(self._client.library, item["key"])

    # --- before sending ------------------------------------------------------------------------------------------

    def _plan(self, edit: Edit, *, bulk: bool) -> _Planned:
        stored = self._items.get_item(edit.id) if edit.id.library == self._client.library else None
        if stored is None or str(stored["version"]) != edit.expect:
            reason = "the stored item is not the one this edit was planned on"
            return _Planned(edit, Outcome(edit.id, "stale", reason=reason))
        try:
            patch = self.mapper.patch(stored, edit.set)
        except UnwritableError as refused:
            return _Planned(edit, Outcome(edit.id, "refused", self.read(stored), str(refused)))
        related = self.mapper.rules.related
        pairs = relating.pairs(related, edit.id, edit.set["related"]) if "related" in edit.set else []
        if not patch:
            return _Planned(
                edit, None if pairs else Outcome(edit.id, "applied", self.read(stored)), stored, pairs=pairs
            )
        if bulk and (modified := _second_later(stored["data"].get("dateModified"))):
            patch = {**patch, "dateModified": modified}
        return _Planned(edit, stored=stored, send=Sending(edit.id.key, patch, stored), pairs=pairs)

    # --- sending and after ---------------------------------------------------------------------------------------

    def _carry_out(self, batch: list[_Planned], *, bulk: bool) -> Iterator[Outcome]:
        """Send a batch and report on it; on an error, first on what is known of it."""
        objects = [one.send for one in batch if one.send is not None]
        results, failure = send(self._client, self._items, self._recorder, objects)
        if objects and bulk:
            self._client.rest(BULK_REST)
        if failure is None:
            failure = self._relate([pair for one in batch if _is_written(one, results) for pair in one.pairs])
        for one in batch:
            if one.outcome is not None:
                yield one.outcome
            elif one.pairs and _is_written(one, results):
                yield self._related(one)
            elif one.edit.id.key in results:
                yield self._outcome(one, results[one.edit.id.key])
        if failure is not None:
            raise failure

    def _relate(self, pairs: Sequence[Pair]) -> BridgeError | None:
        """Relate papers, or part them, in both objects, cut from what they are now (law 6); what ended it, if anything.

        What came of it is in the store.
        """
        keys = sorted({key for pair in pairs for key in pair[:2]})
        try:
            for start in range(0, len(keys), BATCH):
                found = self._client.fetch(keys[start : start + BATCH])
                self._items.put_items(self._client.library, found)
                fields = ((one, relating.changed(self._client.library, one, pairs)) for one in found)
                objects = [Sending(one["key"], changes, one) for one, changes in fields if changes]
                _, failure = send(self._client, self._items, self._recorder, objects)
                if failure is not None:
                    return failure
        except BridgeError as failed:
            return failed
        return None

    def _related(self, planned: _Planned) -> Outcome:
        """What became of an edit of relations, by the store; one that is not done yet waits for the next cycle."""
        edit, stored = planned.edit, self._items.get_item(planned.edit.id)
        if stored is None or relating.pairs(self.mapper.rules.related, edit.id, edit.set["related"]):
            return Outcome(edit.id, "stale", reason="not all papers could be related")
        return Outcome(edit.id, "applied", self.read(stored))

    def _outcome(self, planned: _Planned, result: WriteResult) -> Outcome:
        edit, now = planned.edit, result.object
        if result.status == "unchanged":
            now = dict(planned.stored or {})
        record = self.read(now) if now is not None else None
        status = _RESULTS[result.status]
        if result.status == "unknown" and now is not None and self._shows(now, edit.set):
            status = "applied"
        return Outcome(edit.id, status, record, result.message)

    def _shows(self, item: Object, wanted: Face) -> bool:
        """Whether an item read back is as the edit meant it: nothing would be left to write."""
        try:
            return not self.mapper.patch(item, wanted)
        except UnwritableError:
            return False


def _is_written(planned: _Planned, results: Mapping[str, WriteResult]) -> bool:
    """Whether the fields of an edit, if it has any, are known to stand in Zotero."""
    result = results.get(planned.edit.id.key)
    is_known = result is not None and result.status in ("applied", "unchanged")
    return planned.outcome is None and (planned.send is None or is_known)


_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def _second_later(stamp: object) -> str:
    """An API time stamp one second on, so that the order by "Modified" stays (R19); empty for anything else."""
    if not isinstance(stamp, str):
        return ""
    try:
        return (datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) + timedelta(seconds=1)).strftime(_STAMP)
    except ValueError:
        return ""
