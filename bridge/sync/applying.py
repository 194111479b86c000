"""Plans carried out: Zotero first, then the notes, and the base moved by what each side confirmed.

Law 5: what is about to be written is stored before it is written (R1, R4), and what came of it in one transaction
after. Law 6: every edit says what it expects; where that fails, the item waits for the next cycle. Law 7: only outcomes
move the base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from bridge.core.adopted import stamp_of
from bridge.core.base import advance, sent, stamp
from bridge.core.children import BLOCKS, FILES, HIGHLIGHTS, NOTES
from bridge.core.plan import Held, SideName
from bridge.core.policy import Policy
from bridge.core.reconcile import reconcile, text
from bridge.core.record import Base, Face, ItemId, Record, Value
from bridge.core.side import Edit, Outcome
from bridge.errors import BridgeError
from bridge.state import State
from bridge.state.faces import dump
from bridge.state.history import ChangeRow
from bridge.sync.ledger import Ledger
from bridge.sync.planning import Planner, Task, vault_after
from bridge.sync.ports import LibrarySide, Progress, VaultScanner
from bridge.sync.report import Report

#: Edits handed to a side at once, between two commits of the state.
CHUNK = 200
#: Blocks that may hold a person's words among the generated ones.
_BELOW = {FILES, HIGHLIGHTS, NOTES}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Done:
    """A task whose Zotero half is over, with what was agreed there."""

    task: Task
    agreed: Base | None
    record: Record


class Applier:
    """Carries out the plans of one library."""

    def __init__(
        self,
        state: State,
        side: LibrarySide,
        vault: VaultScanner,
        planner: Planner,
        policy: Policy,
        report: Report,
        now: Callable[[], str],
        progress: Progress,
        ledger: Ledger,
    ) -> None:
        self._state = state
        self._side = side
        self._vault = vault
        self._planner = planner
        self._policy = policy
        self._report = report
        self._now = now
        self._progress = progress
        #: Papers of which something waits still, after all that could be done now.
        self.waiting: set[ItemId] = set()
        self._ledger = ledger

    # --- tasks: items with a note

    def run(self, tasks: Sequence[Task]) -> None:
        """Carry out tasks.

        :raises BridgeError: a whole side failed (forbidden, out of reach); what was confirmed until then is kept.
        """
        self._settle_idle([task for task in tasks if task.idle])
        outgoing = [task for task in tasks if task.plan.zotero]
        incoming = [task for task in tasks if not task.idle and not task.plan.zotero]
        if outgoing:
            self._progress.start("writing to Zotero", len(outgoing))
        for chunk in chunks(outgoing, CHUNK):
            done: list[_Done] = []
            try:
                done.extend(self._send(chunk))
            finally:
                # Law 7: what Zotero confirmed before a failure is confirmed.
                self._write([self._after_sending(one) for one in done])
        self._progress.done()
        if incoming:
            self._progress.start("writing notes", len(incoming))
        for chunk in chunks(incoming, CHUNK):
            self._write([(task, task.base) for task in chunk])
            self._progress.advance(len(chunk))
        self._progress.done()

    def _settle_idle(self, tasks: Sequence[Task]) -> None:
        with self._state.transaction():
            for task in tasks:
                old = self._state.agreements.base(task.id)
                plan = task.plan
                new = advance(task.base, plan, task.zotero.face, task.note.face, self._policy)
                if old is None or (old.base.zotero, old.base.vault) != (new.zotero, new.vault):
                    number = self._state.agreements.add(task.id, new, task.stamp, self._now())
                    self._state.agreements.settle(task.id, number)
                else:
                    self._state.agreements.drop_intents(task.id)
                    self._state.agreements.set_absent([task.id], absent=False)
            self._finish(tasks)

    def _send(self, tasks: Sequence[Task]) -> Iterator[_Done]:
        """Send edits to Zotero, their intentions stored first (R4)."""
        edits, intents = [], {}
        with self._state.transaction():
            for task in tasks:
                shown = {name: value for name, value in task.note.face.items() if name in task.plan.zotero}
                intended = Base(task.plan.zotero, shown)
                number = self._state.agreements.add(task.id, intended, "", self._now())
                self._state.agreements.intend(task.id, number)
                intents[task.id] = (number, intended)
                edits.append(Edit(task.id, task.zotero.token, task.plan.zotero))
        by_id = {task.id: task for task in tasks}
        for outcome in self._side.apply(edits):
            task = by_id[outcome.id]
            if outcome.result == "applied":
                assert outcome.record is not None
                record = self._planner.complete(outcome.record)
                with self._state.transaction():
                    self._keep_answer(*intents[task.id], outcome.record)
                    self._log("zotero", [(task, task.zotero.face, task.plan.zotero)])
                shown = vault_after(task.note.face, task.plan.vault)
                agreed = sent(task.base, task.plan.zotero, record.face, shown)
                yield _Done(task, agreed, record)
            elif outcome.result == "refused":
                yield self._refused(task, outcome)
            elif outcome.result == "unknown":
                self._report.out_of_reach = outcome.reason or "Zotero did not answer a write"
            # stale and denied: the item waits, its intention is looked into next time
            self._progress.advance()  # last: it may end the cycle, and what came of this item is known by now

    def _keep_answer(self, number: int, intended: Base, record: Record) -> None:
        """What the server made of an edit is what it confirmed; the note may never be written (law 8)."""
        made = {name: record.face[name] for name in intended.zotero if name in record.face}
        if made != intended.zotero:
            self._state.agreements.amend(number, Base(made, intended.vault), "")

    def foretell(self, task: Task) -> Task:
        """A task as it would be carried out: what the note takes over of what Zotero makes of its own edit (law 12)."""
        raw = self._state.items.get_item(task.id)
        if raw is None or not task.plan.zotero:
            return task
        record = self._planner.complete(self._side.foretell(raw, task.plan.zotero))
        shown = vault_after(task.note.face, task.plan.vault)
        agreed = sent(task.base, task.plan.zotero, record.face, shown)
        return self._after_sending(_Done(task, agreed, record))[0]

    def _refused(self, task: Task, outcome: Outcome) -> _Done:
        """Zotero will not take this item's edit: it is held, and what comes from Zotero still goes into the note."""
        names = frozenset(task.plan.zotero)
        held = Held("refused-by-zotero", outcome.reason, task.note.path, id=task.id)
        plan = replace(
            task.plan,
            zotero={},
            vault={name: value for name, value in task.plan.vault.items() if name not in names},
            held=(*task.plan.held, held),
            open=task.plan.open | names,
        )
        return _Done(replace(task, plan=plan), task.base, task.zotero)

    def _after_sending(self, done: _Done) -> tuple[Task, Base | None]:
        """The note's half of a task, planned on what Zotero made of the first half."""
        task, policy = done.task, self._policy
        if not task.plan.zotero:
            return task, done.agreed
        shown = vault_after(task.note.face, task.plan.vault)
        skip = frozenset(held.field for held in task.note.held if held.field)
        again = reconcile(
            task.id, done.agreed, done.record.face, shown, policy, self._planner.rules(task.id), skip=skip
        )
        plan = replace(
            task.plan,
            vault={**task.plan.vault, **again.vault},
            open=(task.plan.open | again.open | again.zotero.keys()) - task.plan.zotero.keys(),
        )
        return replace(task, plan=plan, zotero=done.record), done.agreed

    # --- new notes

    def make(self, tasks: Iterator[Task | Held], total: int) -> None:
        """Make notes a chunk at a time, so that a first sync of many holds few in memory."""
        if total:
            self._progress.start("making notes", total)
        while chunk := list(islice(tasks, CHUNK)):
            with self._state.transaction():
                for one in chunk:
                    if isinstance(one, Held) and one.id is not None:
                        self._state.history.set_held(one.id, [one])
                        self._state.items.set_pending([one.id], pending=False)
            self._write([(one, one.base) for one in chunk if isinstance(one, Task)])
            self._progress.advance(len(chunk))
        self._progress.done()

    # --- the note's half

    def _write(self, tasks: Sequence[tuple[Task, Base | None]]) -> None:
        """Write notes; the agreement that each will bear the stamp of is stored first (R1)."""
        if not tasks:
            return
        edits, pledged = [], {}
        with self._state.transaction():
            for task, agreed in tasks:
                shown = _shown_after(task)
                predicted = advance(agreed, task.plan, task.zotero.face, shown, self._policy)
                mark = task.stamp
                if not task.note.digest:  # a new note shows nothing differently, and there are many at first
                    mark = stamp(task.id, predicted.zotero, self._policy, predicted.conflicts)
                elif not task.rests:
                    mark = stamp_of(task.id, predicted, self._policy)
                number = self._state.agreements.add(task.id, predicted, mark, self._now())
                pledged[task.id] = (task, agreed, number, mark, shown)
                edits.append(self._edit(task, mark))
        outcomes: list[Outcome] = []
        failure: BridgeError | None = None
        try:
            outcomes.extend(self._vault.apply(edits))
        except BridgeError as error:
            failure = error
        with self._state.transaction():
            done = [outcome.id for outcome in outcomes if self._confirm(outcome, *pledged[outcome.id])]
            tasks_done = [pledged[item][0] for item in done]
            self._state.written.put((o.id, o.record.blocks) for o in outcomes if o.record is not None)
            self._state.agreements.settle_all((item, pledged[item][2]) for item in done)
            idle = {outcome.id for outcome in outcomes if _is_as_it_was(pledged[outcome.id][0], outcome)}
            changed = [task for task in tasks_done if task.id not in idle]
            self._log("vault", [(task, task.note.face, task.plan.vault) for task in changed])
            self._finish(tasks_done)
        if failure is not None:
            raise failure

    def _edit(self, task: Task, mark: str) -> Edit:
        return Edit(
            task.id,
            task.note.digest,
            task.plan.vault,
            record=task.zotero,
            stamp=mark,
            before=_before(task),
            was=task.was,
            written=self._state.written.of(task.id) if _BELOW & task.plan.vault.keys() else {},
            at=task.note.path if task.adopts else "",
        )

    def is_void(self, task: Task) -> bool:
        """Whether what is due in a note comes to nothing, as what a block would show that a person deleted (R29)."""
        if not task.note.digest or not task.plan.vault or not task.plan.vault.keys() <= set(BLOCKS):
            return False
        return any(_is_as_it_was(task, outcome) for outcome in self._vault.preview([self._edit(task, task.stamp)]))

    def _confirm(self, outcome: Outcome, task: Task, agreed: Base | None, number: int, mark: str, shown: Face) -> bool:
        """Whether a note was written as meant; the agreement then says what it really shows (law 7)."""
        if outcome.result == "refused":
            code, _, why = outcome.reason.partition(": ")
            held = Held(code if why else "refused", why or code, task.note.path, id=task.id)
            self._state.history.set_held(task.id, [*task.plan.held, held])
            return False
        if outcome.result != "applied":
            return False  # the note changed under our hands: it waits for the next cycle
        assert outcome.record is not None
        if outcome.record.face != shown:
            settled = advance(agreed, task.plan, task.zotero.face, outcome.record.face, self._policy)
            self._state.agreements.amend(number, settled, mark)
        return True

    def _finish(self, tasks: Sequence[Task]) -> None:
        """What both sides agreed on is done with; what is open, held or unsent stays in sight."""
        now = self._now()
        history = self._state.history
        waiting: list[ItemId] = []
        placed = [task.id for task in tasks if task.place]
        for task in tasks:
            plan = task.plan
            ended = [*plan.ended, *(name for name in plan.zotero if name not in plan.open)]
            history.end_conflicts(task.id, ended, now, by=self._ledger.cycle)
            history.open_conflicts(task.id, plan.conflicts, now)
            history.set_held(task.id, plan.held)
            for put in plan.put_back:
                history.count_put_back(task.id, put.field)
            still = plan.open - {c.field for c in plan.conflicts}
            is_waiting = bool(plan.unsent) or (bool(still) and bool(still - self._standing(task)))
            if is_waiting and not task.rests:
                waiting.append(task.id)
        was = [task.was for task in tasks if task.was is not None]
        for item in was:
            history.set_held(item, ())
        done = [*(task.id for task in tasks), *was]
        self._state.items.set_pending(done, pending=False)
        self._state.notes.set_pending(done, pending=False)
        self._state.items.set_pending(self._state.kin.touched.intersection(done), pending=True)
        self._state.notes.set_pending([*waiting, *placed], pending=True)
        self.waiting.update(waiting)

    def _standing(self, task: Task) -> frozenset[str]:
        conflicts = frozenset(self._state.agreements.conflicts(task.id))
        return conflicts | {"status-date"} if "status" in conflicts else conflicts

    # --- history

    def _log(self, side: SideName, done: Iterable[tuple[Task, Face, Face]]) -> None:
        """Record what was changed: tasks, with the face before and what was changed in it."""
        logged: list[ChangeRow] = []
        for task, before, after in done:
            rows = changes(task, side, before, after)
            self._report.count(side, rows)
            logged += rows
        if logged:
            self._state.history.add_changes(self._ledger.number(), logged)
        self._ledger.flush()


def _is_as_it_was(task: Task, outcome: Outcome) -> bool:
    """Whether nothing had to be written for a task of a note."""
    return outcome.record is not None and outcome.record.token == task.note.digest


def _shown_after(task: Task) -> Face:
    """What a note will show once its task is done, as far as can be told before it is written.

    A new one has all that every note has, and its blocks stand in its body; nothing is to be amended of most then.
    """
    shown = vault_after(task.note.face, task.plan.vault)
    if task.note.digest:
        return shown
    bare: Face = {"status": "", "tags": ()}
    return {**bare, **{name: value for name, value in shown.items() if name not in BLOCKS}}


def _before(task: Task) -> Face:
    """What the note and its blocks showed at the last agreement, for what follows a title or a citation key (R30).

    Not what was agreed with Zotero a moment ago: the file still bears the citation key before that. A field in conflict
    has not moved, so nothing follows it yet.
    """
    if task.base is None:
        return {}
    shown = {name: value for name, value in task.base.vault.items() if name not in task.plan.open}
    return {**{block: task.base.zotero.get(block, "") for block in BLOCKS}, **shown}


def changes(task: Task, side: SideName, before: Face, after: Face) -> list[ChangeRow]:
    """A task's changes on one side, for the history and for a dry run's plan; a new note is one change."""
    title = text(task.zotero.face.get("title"))
    if side == "vault" and not task.note.digest:
        return [ChangeRow(side, task.id, task.note.path, title, "", "", "", "new")] if after or task.stamp else []
    put_back = {put.field for put in task.plan.put_back}
    if adopts := side == "vault" and task.adopts:
        after = {"zotero-key": task.id.key, **{name: value for name, value in after.items() if value}}
    return [
        ChangeRow(
            side,
            task.id,
            task.note.path,
            title,
            name,
            as_text(before.get(name, "")),
            as_text(value),
            "adopted" if adopts else "put-back" if name in put_back else "edit" if side == "zotero" else "update",
        )
        for name, value in after.items()
    ]


def as_text(value: Value) -> str:
    """A value as the history keeps it: a list as a JSON array."""
    return value if isinstance(value, str) else dump(list(value))


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """A sequence in pieces of at most ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
