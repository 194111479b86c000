"""The order of one cycle: download, scan, plan, guard, apply, report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.core import safety
from bridge.core.kin import target_of
from bridge.core.mirror import SECTION_FIELD
from bridge.core.reconcile import members, text
from bridge.core.record import ItemId
from bridge.core.renames import Rekeying
from bridge.errors import GuardStop
from bridge.state import State
from bridge.state.history import ChangeRow
from bridge.sync.applying import Applier, changes
from bridge.sync.download import Downloading, download
from bridge.sync.guarding import ANSWERED, APPROVED_NEW, SHOWN, Guard, question
from bridge.sync.leaving import deleted
from bridge.sync.ledger import Ledger
from bridge.sync.options import Options
from bridge.sync.planning import Planner, Plans, Task
from bridge.sync.ports import LibrarySide, Progress, Scan, VaultScanner
from bridge.sync.pushing import Asking, Pusher, Pushes
from bridge.sync.report import Report

if TYPE_CHECKING:
    from bridge.sync.keymaking import KeyMaker

#: Meta names in the state.
FINGERPRINT, SOURCES = "fingerprint", "sources"
#: Meta name: the guard that stopped the last cycle and what it asked about, as JSON; empty where none did.
OPEN_GUARD = "guard-open"
#: Agreements older than this are forgotten, unless they are bases (R1).
STAMP_LIFE = timedelta(days=365)


def run_cycle(
    state: State,
    vault: VaultScanner,
    libraries: Sequence[LibrarySide],
    options: Options,
    *,
    now: Callable[[], datetime],
    progress: Progress,
    ledger: Ledger | None = None,
) -> Report:
    """Run one cycle over one vault and its libraries.

    :param now: the time, with a zone; for records only, no decision of the merge hangs on it.
    :param ledger: the recorder that the sides tell of their deeds; without one nothing can be undone.
    :raises GuardStop: a guard stopped it before its first write.
    :raises BridgeError: a side failed as a whole; what was confirmed until then is kept.
    """
    began = time.monotonic()
    report = Report()
    ledger = ledger or Ledger(state, lambda: now().isoformat(timespec="seconds"))
    cycle = _Cycle(state, vault, libraries, options, report, now, progress, ledger)
    try:
        cycle.run()
    finally:
        report.requests = sum(side.requests for side in libraries) - cycle.requests_before
        report.seconds = time.monotonic() - began
        cycle.close()
    return report


class _Cycle:
    """One run; holds what its steps share."""

    def __init__(
        self,
        state: State,
        vault: VaultScanner,
        libraries: Sequence[LibrarySide],
        options: Options,
        report: Report,
        now: Callable[[], datetime],
        progress: Progress,
        ledger: Ledger,
    ) -> None:
        self.state, self.vault, self.libraries, self.options = state, vault, libraries, options
        self.report, self.progress, self.ledger = report, progress, ledger
        self._now = now
        self.requests_before = sum(side.requests for side in libraries)
        self._renamed_before = vault.renamed
        self._guard = Guard(state, options, [side.library for side in libraries], now)
        self._waiting: set[ItemId] = set()
        self._keys_moved = False
        self._new: int | None = None
        self._restoring: ItemId | None = None

    def stamp_now(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def run(self) -> None:
        try:
            self._run()
        except GuardStop as stop:
            self._remember(json.dumps(question(stop)))
            raise
        if not self.options.adopting:  # which plans nothing that a guard may have asked about
            self._remember("")

    def _remember(self, question: str) -> None:
        """Keep in sight what a guard asked, until a cycle comes past it (R33)."""
        if not self.options.dry_run and (self.state.get_meta(OPEN_GUARD) or "") != question:
            with self.state.transaction():
                self.state.set_meta(OPEN_GUARD, question)

    def _run(self) -> None:
        self._compare_anew()
        options = self.options
        agreed = frozenset(about for about, answer in options.answers.items() if answer == "yes")
        how = Downloading(full=options.full, answered=options.yes, agreed=agreed, limits=options.limits)
        for side in self.libraries:
            self.report.cursors[side.library] = download(self.state, side, how, self.progress)
        pusher = self._pusher()
        self._scan()
        if options.restore is not None:
            self._restoring = self._restored(*options.restore)
        planned = self._plan_adoption() if options.adopting else [self._plan(side) for side in self.libraries]
        if not options.adopting:
            self._new = sum(len(plans.new) for _, _, plans in planned)
        self._check_scope(planned)
        pushes = [pusher.plan(side, planner.is_in_scope) for side, planner, _ in planned] if pusher else []
        maker = self._keymaker()
        keys = [maker.plan(side, planner) if maker else [] for side, planner, _ in planned]
        self._guard.changes(planned, pusher, pushes)
        self._guard.keys(maker, [key for each in keys for key in each])
        if self.options.dry_run:
            self.report.plan = []
            for mine, (_, planner, plans) in zip(keys, planned, strict=True):
                self.report.plan += maker.foretell(mine, planner, plans) if maker else ()
            self.report.plan += [row for each in planned for row in self._preview(*each)]
            self._preview_renames(self.report.plan)
            if pusher:
                self._preview_pushes(pusher, planned, pushes)
            self._count_waiting([plans for _, _, plans in planned])
            return
        self.state.kin.touched.clear()
        self.report.messages += self.vault.carry_renames(begin=False)
        for mine, (side, planner, plans) in zip(keys, planned, strict=True):
            if maker:
                maker.run(side, mine, planner, plans)
            self._apply(side, planner, plans)
        self.report.messages += self.vault.carry_renames(begin=True)
        self._look_twice(planned, self._depart(planned))
        if self._keys_moved:
            from bridge.sync.ambiguous import news

            self.report.messages += news(self.state)
        if pusher:
            ask = self._asking(pushes)
            for side, planner, _ in planned:
                pusher.run(side, pusher.plan(side, planner.is_in_scope), ask)
        self._count_waiting([])

    def close(self) -> None:
        """Record the cycle in the history if it changed anything."""
        self.progress.done()
        if self.options.dry_run:
            return
        self.report.vault_renamed = self.vault.renamed - self._renamed_before
        with self.state.transaction():
            self.state.set_meta("last-cycle", self.stamp_now())
            self._use_up()
            if (number := self.ledger.cycle) is not None:
                if self._guard.answered:  # a person has agreed to all that this cycle did, too (R33)
                    self.state.set_meta(ANSWERED, str(number))
                self.state.history.end_cycle(number, self.report.seconds, self.report.to_json())
                self.state.agreements.prune((self._now() - STAMP_LIFE).isoformat(timespec="seconds"))

    def _use_up(self) -> None:
        """New notes that a person agreed to are agreed to once (R26): in the first sync, be it cut off or not."""
        agreed = int(self.state.get_meta(APPROVED_NEW) or 0)
        if agreed and self._new is not None:
            left = max(0, min(agreed, self._new) - self.report.vault_created)
            self.state.set_meta(APPROVED_NEW, str(left))

    # --- steps

    def _compare_anew(self) -> None:
        """A changed configuration may show everything differently; it is a scope change and deletes nothing (law 9)."""
        fingerprint = self.options.fingerprint
        if self.state.get_meta(FINGERPRINT) == fingerprint:
            return
        with self.state.transaction():
            self.state.set_meta(FINGERPRINT, fingerprint)
            self.state.notes.forget_stats()
            for side in self.libraries:
                self.state.items.set_all_pending(side.library)
            self._forget_moved_fields()
            if self.options.mirroring is None or not self.options.mirroring.notes:
                self.state.history.end_conflicts_of([SECTION_FIELD], self.stamp_now())

    def _forget_moved_fields(self) -> None:
        """A field kept at another place in Zotero from now on has no base: what is not there yet was not cleared."""
        before: dict[str, str] = json.loads(self.state.get_meta(SOURCES) or "{}")
        now = self.options.settings.sources
        moved = {name for name, source in now.items() if before.get(name, source) != source}
        if "status" in moved:
            moved.add("status-date")
        self.state.agreements.forget_fields(moved)
        self.state.history.end_conflicts_of(moved, self.stamp_now())
        self.state.set_meta(SOURCES, json.dumps({**before, **now}))

    def _scan(self) -> None:
        scan = self.vault.scan()
        bases, shelter = self.state.agreements, self.state.away
        gone = [item for item in scan.gone if bases.base(item) is not None and not shelter.is_in_trash(item)]
        stop = safety.vanished_notes(scan.bound_before, len(gone), self.options.limits)
        # Nothing of the scan is remembered if this stops, so notes that come back are known.
        self._guard.ask(stop, [*gone], [(self._path(item), "", "", "") for item in gone[:SHOWN]] if stop else [])
        self.report.held += len(scan.held)
        if not (scan.rows or scan.dropped or scan.gone):
            return
        with self.state.transaction():
            self.state.notes.drop_rows(scan.dropped)
            self.state.notes.put_rows(scan.rows)
            self.state.agreements.set_absent(scan.gone, absent=True)
            for item, away in deleted(self.state, scan.gone, self.options.settings.leaving):
                self.state.away.put(item, "zotero", away)
            self._look_again(scan)

    def _path(self, item: ItemId) -> str:
        row = self.state.notes.rows_of([item]).get(item)
        return row.path if row else str(item)

    def _look_again(self, scan: Scan) -> None:
        """A note of somebody's own that held an item back may be gone or bound now (R26)."""
        if scan.dropped or any(row.id is None for row in scan.rows):
            held = (h.id for h in self.state.history.held() if h.code == "foreign-note" and h.id is not None)
            self.state.items.set_pending(held, pending=True)

    def _plan(self, side: LibrarySide) -> tuple[LibrarySide, Planner, Plans]:
        planner = self._planner(side)
        return side, planner, planner.plan()

    def _restored(self, library: str, name: str) -> ItemId:
        """The paper whose note is to be there again."""
        from bridge.sync.restoring import check, meant

        item = meant(self.state, self.libraries, name, library)
        side = next(side for side in self.libraries if side.library == item.library)
        check(self.state, self._planner(side), item)
        return item

    def _planner(self, side: LibrarySide) -> Planner:
        libraries = frozenset(each.library for each in self.libraries)
        return Planner(self.state, side, self.vault, self.options.settings, libraries, self._restoring)

    def _plan_adoption(self) -> list[tuple[LibrarySide, Planner, Plans]]:
        """What a person asked to have adopted, and nothing else (R28)."""
        from bridge.sync.adopting import Adopter

        options = self.options
        assert options.adopting is not None
        planners = [(side, self._planner(side)) for side in self.libraries]
        policy = options.settings.policy
        adopter = Adopter(self.state, self.vault, planners, options.adopting, policy, self.progress)
        tasks = adopter.plan()
        if options.dry_run:
            self.report.adoption = adopter.survey
        self.report.messages += [
            f"{left.path} was left alone: {left.reason}" for left in adopter.survey.left if left.reason
        ]
        return [(side, planner, Plans(tasks=tasks[side.library])) for side, planner in planners]

    def _pusher(self) -> Pusher | None:
        if self.options.mirroring is None or self.options.adopting:
            return None
        pusher = Pusher(
            self.state, self.vault, self.options.mirroring, self.report, self.stamp_now, self.progress, self.ledger
        )
        for side in self.libraries:
            pusher.recognise(side)
        return pusher

    def _keymaker(self) -> KeyMaker | None:
        if not self.options.citekeys or self.options.adopting:
            return None
        if not any(self.state.items.keyless(side.library, due=True) for side in self.libraries):
            return None
        from bridge.sync.keymaking import KeyMaker

        return KeyMaker(
            self.state, self.vault, self.options.citekeys, self.report, self._now, self.progress, self.ledger
        )

    def _preview_pushes(
        self, pusher: Pusher, planned: Sequence[tuple[LibrarySide, Planner, Plans]], pushes: Sequence[Pushes]
    ) -> None:
        """As :meth:`_preview`; the questions go into the copy of the state, where they are counted."""
        assert self.report.plan is not None
        assert self.report.renames is not None
        moved = {note.id: note.to for note in self.report.renames.notes if note.path != note.to}
        made = {row.id: row.title for row in self.report.plan if (row.side, row.why) == ("vault", "new")}
        ask = self._asking(pushes, len(made))
        for (side, planner, _), each in zip(planned, pushes, strict=True):
            pusher.settle(each)
            rows = [p.change() for p in each.pushes if p.row.kind != "backlink" or p.row.id not in moved]
            here = {item: path for item, path in moved.items() if planner.is_in_scope(item)}
            for row in (*rows, *pusher.foretell(side, here, made, ask)):
                self.report.count("zotero", [row])
                self.report.plan.append(row)

    def _asking(self, pushes: Sequence[Pushes], made: int = 0) -> Asking:
        asked = frozenset(push.row.id for each in pushes for push in each.pushes)
        return Asking(asked, self.state.counts()["notes"] + made, self.options.limits)

    def _check_scope(self, planned: Sequence[tuple[LibrarySide, Planner, Plans]]) -> None:
        """Say it where the scope names a collection that no library has: a typing error leaves all papers out."""
        if not any(plans.due for _, _, plans in planned):
            return
        found: dict[str, list[str | None]] = {}
        for _, planner, _ in planned:
            for path, why in planner.misnamed().items():
                found.setdefault(path, []).append(why)
        self.report.messages += [f"[scope]: {whys[0]}." for whys in found.values() if all(whys)]

    def _apply(self, side: LibrarySide, planner: Planner, plans: Plans) -> None:
        applier = self._applier(side, planner)
        passed = [*plans.passed, *plans.resting]
        with self.state.transaction():
            self.state.notes.set_resting([*(task.id for task in plans.tasks), *plans.passed], resting=False)
            self.state.notes.set_resting(plans.resting, resting=True)
            self.state.items.set_pending(passed, pending=False)
            self.state.notes.set_pending(passed, pending=False)
            for item in passed:
                self.state.history.set_held(item, plans.held.get(item, ()))
            planner.leaving.settle(filter(planner.leaving.is_over, plans.passed))
        self._keys_moved |= bool(plans.new) or any(
            "citekey" in task.plan.vault or "citekey" in task.plan.zotero for task in plans.tasks
        )
        applier.run(plans.tasks)
        applier.make(planner.new_tasks(plans.new), len(plans.new))
        self._waiting |= applier.waiting

    def _depart(self, planned: Sequence[tuple[LibrarySide, Planner, Plans]]) -> frozenset[ItemId]:
        """Put away what goes with its other half, and bring back what came; the papers to be looked at again."""
        again: set[ItemId] = set()
        for _, planner, plans in planned:
            placed = [task for task in plans.tasks if task.place]
            again |= planner.leaving.carry_out(plans.departures, placed, self._waiting, self.report, self.ledger)
        return frozenset(again)

    def _look_twice(self, planned: Sequence[tuple[LibrarySide, Planner, Plans]], due: frozenset[ItemId]) -> None:
        """Notes made, moved or renamed just now are named in those of their kin: a second look, at those alone.

        And at papers and notes that came back.
        """
        due |= self.state.kin.touched
        self.state.kin.touched.clear()
        if self.options.adopting:
            self.state.items.set_pending(due, pending=True)
            return  # the next sync sees to them
        for side, _, _ in planned:
            if any(item.library == side.library for item in due):
                planner = self._planner(side)
                self._apply(side, planner, planner.plan(due))

    def _applier(self, side: LibrarySide, planner: Planner) -> Applier:
        policy = self.options.settings.policy
        return Applier(
            self.state, side, self.vault, planner, policy, self.report, self.stamp_now, self.progress, self.ledger
        )

    def _preview(self, side: LibrarySide, planner: Planner, plans: Plans) -> Iterator[ChangeRow]:
        """What would be written, counted as it would be (law 12)."""
        applier = self._applier(side, planner)
        for task in plans.tasks:
            sent = changes(task, "zotero", task.zotero.face, task.plan.zotero)
            told = applier.foretell(task)
            noted = [] if applier.is_void(told) else changes(task, "vault", task.note.face, told.plan.vault)
            self.report.count("zotero", sent)
            self.report.count("vault", noted)
            yield from sent
            yield from noted
            if task.place and (to := planner.leaving.place_of(task, self.vault.mover())):
                self.report.vault_renamed += 1
                yield ChangeRow("vault", task.id, to, _title(task), "path", task.note.path, to, task.place)
        yield from self._preview_related(planner, plans)
        for row in map(planner.leaving.fetching, plans.departures.back):
            self.report.vault_renamed += 1
            yield row
        for going in plans.departures.going:
            self.report.count_gone(going.rows())
            yield from going.rows()
        for one in planner.new_tasks(plans.new):
            if isinstance(one, Task):
                made = changes(one, "vault", {}, one.plan.vault)
                self.report.count("vault", made)
                yield from made
            elif one.id is not None:
                plans.held[one.id] = [one]

    def _preview_related(self, planner: Planner, plans: Plans) -> Iterator[ChangeRow]:
        """What the notes of papers will show that others' notes were linked to, or no longer are (law 12)."""
        kin, notes, due = self.state.kin, self.state.notes, set[ItemId]()
        for task in plans.tasks:
            if "related" in task.plan.zotero:
                links = members(task.plan.zotero["related"])
                others = {paper for link in links if (paper := notes.paper_of(target_of(link))) is not None}
                due |= others.symmetric_difference(kin.related(task.id))
                kin.foretell(task.id, others)
        for task in planner.plan(due).tasks if due else ():
            rows = changes(task, "vault", task.note.face, {k: v for k, v in task.plan.vault.items() if k == "related"})
            self.report.count("vault", rows)
            yield from rows

    def _preview_renames(self, plan: Sequence[ChangeRow]) -> None:
        changed = [Rekeying(row.id, row.before, row.after) for row in plan if row.field == "citekey"]
        asked = [self.options.rekey] if self.options.rekey is not None else []
        self.report.renames = self.vault.preview_renames([*changed, *asked])
        self.report.vault_renamed += self.report.renames.moved

    def _count_waiting(self, planned: Sequence[Plans]) -> None:
        """Conflicts and held parts there are, or (for a dry run) would be."""
        history = self.state.history
        conflicts = {(row.id, row.field) for row in history.conflicts()}
        files, known = list(self.state.notes.held()), history.held()
        looked_at = {item for plans in planned for item in plans.looked_at}
        # What was held about an item is found anew when it is looked at; what is wrong with a file stands in its row.
        there = [*files, *(h for h in known if h.id not in looked_at)]
        held = {(h.id, h.path if h.id is None else "", h.code, h.field, h.reason) for h in there}
        for plans in planned:
            for task in plans.tasks:
                conflicts -= {(task.id, name) for name in task.plan.ended}
                conflicts |= {(task.id, conflict.field) for conflict in task.plan.conflicts}
            held |= {(item, "", h.code, h.field, h.reason) for item, found in plans.held.items() for h in found}
        self.report.conflicts = len(conflicts)
        self.report.held += len(held)


def _title(task: Task) -> str:
    return text(task.zotero.face.get("title"))
