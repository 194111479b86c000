"""What goes with its other half, where a person configured it; nothing is erased, it goes to an archive or a trash.

``[notes] on_zotero_delete`` is about notes of papers that left Zotero, ``on_note_delete`` about papers whose note was
deleted. Law 9: a note was deleted when a whole look at a vault with its marker found it nowhere, twice; and an edit
beats a deletion: a paper that was changed in Zotero since both sides agreed stays. Law 5: what is to be put away is
written down first. What went comes back when its other half does, if it still is where it was put. A change of the
configuration puts no paper away whose note was deleted before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from bridge.core.policy import Kind, Policy, normal_text
from bridge.core.reconcile import members, text
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.safety import Move
from bridge.core.side import Edit
from bridge.state.away import Away
from bridge.state.faces import dump
from bridge.state.history import ChangeRow

if TYPE_CHECKING:
    from bridge.core.place import NoteRow
    from bridge.state import State
    from bridge.sync.ledger import Ledger
    from bridge.sync.planning import Task
    from bridge.sync.ports import LibrarySide, NoteMover, VaultScanner
    from bridge.sync.report import Report

Leave: TypeAlias = Literal["mark", "archive", "trash"]
#: Where a note is due to go.
Place: TypeAlias = Literal["", "archive", "trash", "home"]

STATUS, COLLECTIONS = "zotero-status", "collections"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of the other half. ``collection`` is the one in Zotero that an archived paper is put into."""

    on_zotero_delete: Leave = "mark"
    on_note_delete: Leave = "mark"
    collection: str = "Archive"


@dataclass(frozen=True, slots=True)
class Going:
    """A paper to be put away because its note was deleted, or to be brought back with it.

    ``set`` is what changes in Zotero, ``record`` what it was planned on.
    """

    record: Record
    set: Face
    back: bool = False

    @property
    def id(self) -> ItemId:
        """The paper."""
        return self.record.id

    def move(self) -> Move:
        """As the guards count it: a paper put into the trash is one that something is taken away from."""
        if STATUS in self.set and not self.back:
            return Move(self.id, STATUS, "live", "")
        name = next(iter(self.set))
        return Move(self.id, name, self.record.face.get(name, ""), self.set[name])

    def rows(self) -> list[ChangeRow]:
        """For the history, and for a dry run's plan."""
        title, why = text(self.record.face.get("title")), "note-back" if self.back else "note-deleted"
        return [
            ChangeRow("zotero", self.id, "", title, name, _said(self.record.face.get(name, "")), _said(value), why)
            for name, value in self.set.items()
        ]


@dataclass(slots=True)
class Departures:
    """What is due in one library.

    ``back`` are papers that live again while their note is in the vault's trash. ``missing`` says why papers that are
    to go into a collection cannot: it is not there.
    """

    going: list[Going] = field(default_factory=list)
    back: list[ItemId] = field(default_factory=list)
    missing: str = ""


class Departing:
    """Decides and does it, for one library in one cycle."""

    def __init__(self, state: State, side: LibrarySide, vault: VaultScanner, rules: Leaving, policy: Policy) -> None:
        self._state, self._side, self._vault, self._rules, self._policy = state, side, vault, rules, policy
        self._notes = state.away.of(side.library, "vault")
        self._papers = state.away.of(side.library, "zotero")

    # --- decisions

    def away(self, item: ItemId) -> Away | None:
        """Where a paper's note was put, if it was put away."""
        away = self._notes.get(item.key)
        return away if away is not None and away.now else None

    def is_taken_along(self, item: ItemId) -> bool:
        """Whether a paper is away because its note was deleted."""
        away = self._papers.get(item.key)
        return away is not None and away.done

    @property
    def due(self) -> list[ItemId]:
        """Papers whose note was deleted and that are to follow it."""
        return [ItemId(self._side.library, key) for key, away in self._papers.items() if not away.done]

    def is_over(self, item: ItemId) -> bool:
        """Whether a paper whose note is gone need not follow it, or has come back without it."""
        away = self._papers.get(item.key)
        return away is not None and (not away.done or (away.how == "trash" and self._state.kin.is_live(item)))

    def place(self, record: Record, note: NoteRow) -> Place:
        """Where a paper's note is due to go."""
        away = self._notes.get(record.id.key)
        if record.life == "live":
            return "home" if away else ""
        how = self._rules.on_zotero_delete
        if how == "mark" or (away is not None and (away.done or note.path != away.was)):
            return ""
        return how

    def is_back(self, item: ItemId) -> bool:
        """Whether a paper lives again whose note is in the vault's trash."""
        away = self._notes.get(item.key)
        return away is not None and away.how == "trash" and bool(away.now) and self._state.kin.is_live(item)

    def follow(self, record: Record) -> Going | None:
        """How a paper follows its note that was deleted; ``None`` where it stays."""
        away = self._papers.get(record.id.key)
        base = self._state.agreements.base(record.id)
        if away is None or away.done or record.life != "live" or base is None or self._moved(base.base.zotero, record):
            return None
        if away.how == "trash":
            return Going(record, {STATUS: "trashed"})
        held = members(record.face.get(COLLECTIONS))
        return Going(record, {COLLECTIONS: (*held, away.now)}) if away.now not in held else None

    def bring(self, record: Record) -> Going | None:
        """How a paper comes back whose note is there again; ``None`` where it need not."""
        away = self._papers.get(record.id.key)
        if away is None or not away.done:
            return None
        if away.how == "trash":
            return Going(record, {STATUS: ""}, back=True) if record.life == "trashed" else None
        held = members(record.face.get(COLLECTIONS))
        kept = tuple(path for path in held if path != away.now)
        return Going(record, {COLLECTIONS: kept}, back=True) if kept != held else None

    def _moved(self, agreed: Face, record: Record) -> bool:
        """Whether a paper was changed in Zotero since both sides agreed on it; one nobody agreed on was."""
        rows = [
            row for row in self._policy.of(Kind.SCALAR, Kind.STATUS, Kind.MEMBERS, Kind.BLOCK) if row.name in agreed
        ]
        faces = ((row, members(agreed[row.name]), members(record.face.get(row.name))) for row in rows)
        return not rows or any(sorted(map(row.normal, a)) != sorted(map(row.normal, b)) for row, a, b in faces)

    def missing(self, item: ItemId) -> str | None:
        """Why a paper cannot be put into the collection that it is to go into."""
        away = self._papers[item.key]
        return self._side.refusal({}, COLLECTIONS, away.now) if away.how == "archive" else None

    # --- deeds

    def carry_out(
        self, due: Departures, placed: Sequence[Task], waiting: Collection[ItemId], report: Report, ledger: Ledger
    ) -> set[ItemId]:
        """Do what is due; the papers to be looked at again, for they came back.

        :param placed: papers whose note is due to go somewhere.
        :param waiting: those of which something else waits.
        :raises BridgeError: a whole side failed; what was confirmed until then is kept.
        """
        if due.going:
            self.send(due.going, report, ledger)
        if due.missing:
            report.messages.append(f"[notes] archive_collection: {due.missing}.")
        if not (due.back or placed):
            return {going.id for going in due.going if going.back}
        mover = self._vault.mover()
        rows = [self.fetch(item, mover) for item in due.back]
        for task in placed:
            note = self._state.notes.rows_of([task.id]).get(task.id)
            if note is not None and not self._vault.is_warm(note.path):
                rows.append(self.put_away(replace(task, note=note), mover))
                with self._state.transaction():
                    self._state.notes.set_pending({task.id}.difference(waiting), pending=False)
        if done := [row for row in rows if row is not None]:
            with self._state.transaction():
                self._state.history.add_changes(ledger.number(), done)
                ledger.flush()
        return {*due.back, *(going.id for going in due.going if going.back)}

    # --- deeds in Zotero

    def send(self, going: Sequence[Going], report: Report, ledger: Ledger) -> None:
        """Have papers follow their notes.

        :raises BridgeError: the whole side failed; what was confirmed until then is kept.
        """
        by_id = {each.id: each for each in going}
        edits = (Edit(each.id, each.record.token, each.set) for each in going)
        for outcome in self._side.apply(edits):
            one = by_id[outcome.id]
            if outcome.result == "applied":
                self._sent(one, report, ledger)
            elif outcome.result == "refused":
                report.messages.append(f"{one.id} stays as it is in Zotero: {outcome.reason}.")
                with self._state.transaction():
                    self._state.away.drop([one.id], "zotero")
            # stale, denied, unknown: it waits, and is looked at anew

    def _sent(self, one: Going, report: Report, ledger: Ledger) -> None:
        with self._state.transaction():
            if one.back:
                self._state.away.drop([one.id], "zotero")
                self._state.items.set_pending([one.id], pending=True)
            else:
                self._state.away.put(one.id, "zotero", self._papers[one.id.key]._replace(done=True))
                self._state.items.set_pending([one.id], pending=False)
            report.count_gone(one.rows())
            self._state.history.add_changes(ledger.number(), one.rows())
            ledger.flush()

    def settle(self, items: Iterable[ItemId]) -> None:
        """Forget papers that stay after all, for they were edited, or their note is back and nothing was done."""
        self._state.away.drop(items, "zotero")

    # --- deeds in the vault

    def place_of(self, task: Task, mover: NoteMover) -> str:
        """The path that a task's note goes to; ``""`` where it stays after all."""
        away = self._notes.get(task.id.key)
        if task.place == "home":
            return away.was if away is not None and task.note.path == away.now else ""
        if away is not None:
            return away.now  # begun, and cut short
        if task.place == "archive":
            return mover.archived(task.note)
        written = self._state.written.of(task.id)
        return mover.trashed(task.note, task.zotero, written) if self._is_settled(task) else ""

    def _is_settled(self, task: Task) -> bool:
        """Whether all that a note says in two-way fields was agreed on: else it holds what only it knows (law 3)."""
        base = self._state.agreements.base(task.id)
        if base is None or base.base.conflicts or task.note.held:
            return False
        return all(
            base.base.vault.get(row.name, "") == task.note.face.get(row.name, "")
            for row in self._policy.of(Kind.SCALAR, Kind.STATUS, Kind.MEMBERS)
        )

    def put_away(self, task: Task, mover: NoteMover) -> ChangeRow | None:
        """Move a note to where it is due; what was done, for the history."""
        away, note, place = self._notes.get(task.id.key), task.note, task.place
        to = self.place_of(task, mover)
        if place in ("archive", "trash") and to and away is None:
            away = Away("archive" if place == "archive" else "trash", note.path, to, done=False)
            with self._state.transaction():
                self._state.away.put(task.id, "vault", away)
        now = mover.move(task.id, note.path, to) if to else ""
        with self._state.transaction():
            if place == "home":
                if now or not to:
                    self._is_home(task.id, away)
            elif now and away is not None:
                self._state.away.put(task.id, "vault", away._replace(now=now, done=True))
        title = text(task.zotero.face.get("title"))
        return ChangeRow("vault", task.id, now, title, "path", note.path, now, place) if now else None

    def _is_home(self, item: ItemId, away: Away | None) -> None:
        """A note is back; that of a paper that is gone still was asked for, and stays (``bridge restore``)."""
        if away is None or self._state.kin.is_live(item):
            self._state.away.drop([item], "vault")
        else:
            self._state.away.put(item, "vault", away._replace(now="", done=True))

    def fetching(self, item: ItemId) -> ChangeRow:
        """What :meth:`fetch` is to do."""
        away = self._notes[item.key]
        return ChangeRow("vault", item, away.was, "", "path", away.now, away.was, "home")

    def fetch(self, item: ItemId, mover: NoteMover) -> ChangeRow | None:
        """Bring a note back from the vault's trash; ``None`` where it is there no more."""
        away = self._notes[item.key]
        now = mover.move(item, away.now, away.was)
        with self._state.transaction():
            self._state.agreements.set_absent([item], absent=False)
            self._is_home(item, away)
        return replace(self.fetching(item), path=now, after=now) if now else None


def deleted(state: State, gone: Iterable[ItemId], rules: Leaving) -> Iterator[tuple[ItemId, Away]]:
    """Papers whose note a person deleted just now and that are to follow it."""
    if rules.on_note_delete == "mark":
        return
    now = normal_text(rules.collection) if rules.on_note_delete == "archive" else ""
    for item in gone:
        if not state.away.is_in_trash(item) and state.kin.is_live(item):
            yield item, Away(rules.on_note_delete, "", now, done=False)


def _said(value: Value) -> str:
    return value if isinstance(value, str) else dump(list(value))
