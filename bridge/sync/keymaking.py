"""Citation keys for papers that have none: into Zotero first, so that each note bears its key from the beginning.

R19: only where it was asked for, in paced batches, with the order by "Modified" kept; R33: more than a person has
agreed to are asked about. A key once given never changes by itself, and one is made for a paper only once: where it was
taken away again, by an undoing or by somebody in Zotero, it stays away. Law 6: each is written into the very object
that was seen without one, so a key that Zotero itself or Better BibTeX gives meanwhile wins. Law 5: what a kill leaves
over is still due. Law 2: only papers just downloaded are looked at; an idle cycle asks one question of an index, and
does not even import this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bridge.citekeys import Keys, Work, parse, work_of
from bridge.core.names import folded
from bridge.core.reconcile import text
from bridge.core.record import Base, Face, ItemId
from bridge.core.side import Edit, Outcome
from bridge.state import State
from bridge.state.history import MADE, ChangeRow
from bridge.sync.applying import chunks
from bridge.sync.ledger import Ledger
from bridge.sync.planning import Planner, Plans
from bridge.sync.ports import LibrarySide, Progress, VaultScanner
from bridge.sync.report import Report

#: Keys sent between two commits of the state: one batch of Zotero's.
BATCH: Final = 50
#: A line of Extra that names a key, as Better BibTeX pinned them; wider than Zotero reads it, since a key too many kept
#: free, or a paper left to people, does no harm.
_LINE: Final = re.compile(r"^\s*(?:\{:)?citation[ _-]?key\s*:\s*([^\s}]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A citation key about to be given to a paper, the version it is meant for, and how the note shows it until now."""

    id: ItemId
    key: str
    token: str
    title: str
    path: str
    shown: Face

    @property
    def row(self) -> ChangeRow:
        """It, as the history and a dry run's plan show it."""
        return ChangeRow("zotero", self.id, self.path, self.title, "citekey", "", self.key, MADE)


class KeyMaker:
    """Makes the keys of one cycle, over all its libraries: no two papers of a vault get the same one."""

    def __init__(
        self,
        state: State,
        vault: VaultScanner,
        formula: str,
        report: Report,
        now: Callable[[], datetime],
        progress: Progress,
        ledger: Ledger,
    ) -> None:
        self._state, self._vault, self._formula, self._report = state, vault, parse(formula), report
        self._now, self._progress, self._ledger = now, progress, ledger
        self._keys: Keys | None = None

    # --- planning

    def plan(self, side: LibrarySide, planner: Planner) -> list[NewKey]:
        """The keys that papers of a library are to be given; nothing is written."""
        due = self._state.items.keyless(side.library, due=True)
        if not due:
            return []
        if not side.writable:
            self._say_once(side.library)
            return []
        return list(self._new(side, planner, due))

    def _new(self, side: LibrarySide, planner: Planner, due: Sequence[ItemId]) -> Iterator[NewKey]:
        for item in due:
            note = self._state.notes.rows_of([item]).get(item)
            shown: Face = note.face if note is not None else {}
            if text(shown.get("citekey")) or (note is not None and self._vault.is_warm(note.path)):
                continue  # the key that a person writes into the note goes to Zotero by itself
            if not planner.is_in_scope(item):
                continue
            if self._state.history.was_given_key(item):
                continue
            raw = self._state.items.get_item(item)
            assert raw is not None
            if _LINE.search(raw["data"].get("extra") or ""):
                continue
            record = side.read(raw)
            if text(record.face.get("citekey")):
                continue  # the line is written in yet another way (R11)
            if note is None and self._vault.foreign(record) is not None:
                continue  # that note may name the key that its author cites the paper by (R26)
            yield NewKey(
                item,
                self._make(work_of(raw, record.face), item),
                record.token,
                text(record.face.get("title")),
                note.path if note is not None else "",
                {name: value for name, value in shown.items() if name == "citekey"},
            )

    def _make(self, work: Work, item: ItemId) -> str:
        if self._keys is None:
            self._keys = Keys(self._formula, self._taken())
        names = self._state.notes
        # R27: former keys are among the aliases of the papers that had them.
        return self._keys.make(work, lambda key: not names.names_other((folded(key), folded(f"@{key}")), item))

    def _taken(self) -> Iterator[str]:
        """Every key that a paper of any library bears, or that a note shows and Zotero is still to hear of."""
        for key, extra in self._state.items.claims():
            if key:
                yield key
            yield from _LINE.findall(extra)
        yield from self._state.notes.citekeys().values()

    def _say_once(self, library: str) -> None:
        name = f"citekeys-unwritable:{library}"
        if self._state.get_meta(name) is None:
            with self._state.transaction():
                self._state.set_meta(name, "said")
            self._report.messages.append(f"{library} is read-only: no citation keys are made for its papers.")

    def made_since(self, answered: int) -> int:
        """How many keys were made within a day and after a cycle: the last that a person has agreed to (R33)."""
        day_ago = (self._now() - timedelta(days=1)).isoformat(timespec="seconds")
        return len(self._state.history.outgoing_since(day_ago, after=answered, made=True))

    # --- carrying out

    def foretell(self, keys: Sequence[NewKey], planner: Planner, plans: Plans) -> Iterator[ChangeRow]:
        """Show the keys, and plan what follows as if they were written (law 12); the state is a copy."""
        for each in keys:
            raw = self._state.items.get_item(each.id)
            assert raw is not None
            named = {**raw, "data": {**raw["data"], "citationKey": each.key}}
            self._state.items.put_items(each.id.library, [named])
            self._report.count("zotero", [each.row])
            yield each.row
        _plan_anew(planner, plans, {each.id for each in keys}, set())

    def run(self, side: LibrarySide, keys: Sequence[NewKey], planner: Planner, plans: Plans) -> None:
        """Give papers their keys, and plan what follows; those that could not be given one just now wait.

        :raises BridgeError: the whole side failed; what was confirmed until then is kept.
        """
        if not keys:
            return
        waiting: set[ItemId] = set()
        self._progress.start("making citation keys", len(keys))
        for batch in chunks(keys, BATCH):
            by_id = {each.id: each for each in batch}
            self._intend(batch)
            edits = [Edit(each.id, each.token, {"citekey": each.key}) for each in batch]
            for outcome in side.apply(edits, bulk=True):
                if not self._confirm(by_id[outcome.id], outcome):
                    waiting.add(outcome.id)
                self._progress.advance()  # last: it may end the cycle
        self._progress.done()
        _plan_anew(planner, plans, {each.id for each in keys}, waiting)

    def _intend(self, keys: Sequence[NewKey]) -> None:
        """R4: should this end before anybody hears of it, a key made here is not taken for an edit in Zotero."""
        now = self._now().isoformat(timespec="seconds")
        agreements = self._state.agreements
        with self._state.transaction():
            for each in keys:
                if agreements.base(each.id) is not None:
                    number = agreements.add(each.id, Base({"citekey": each.key}, each.shown), "", now)
                    agreements.intend(each.id, number)

    def _confirm(self, key: NewKey, outcome: Outcome) -> bool:
        """Record what became of a key; whether it is settled."""
        if outcome.result == "applied":
            with self._state.transaction():
                self._report.count("zotero", [key.row])
                self._state.history.add_changes(self._ledger.number(), [key.row])
            return True
        if outcome.result == "refused":
            name = key.title or key.id.key
            self._report.messages.append(f"{name}: Zotero does not take the citation key {key.key}: {outcome.reason}")
            return True
        if outcome.result == "unknown":
            self._report.out_of_reach = outcome.reason or "Zotero did not answer a write"
        return False


def _plan_anew(planner: Planner, plans: Plans, keyed: set[ItemId], waiting: set[ItemId]) -> None:
    """Plan what is different with a key: notes that are there, and notes that are wanted by their key (R26).

    Papers that wait for theirs are left alone until then, for a note is named after its key; they stay due.
    """
    looked_at = {task.id for task in plans.tasks}.union(plans.passed) & (keyed - waiting)
    plans.tasks = [task for task in plans.tasks if task.id not in keyed]
    plans.passed = [item for item in plans.passed if item not in keyed]
    plans.new = [item for item in plans.new if item not in waiting]
    again = planner.plan(looked_at)
    plans.tasks += again.tasks
    plans.new += again.new
    plans.passed += again.passed
    plans.held |= again.held
