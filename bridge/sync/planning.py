"""What is due, and what each due item needs. Reads the state and asks the sides; writes nothing to either."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bridge.core.adopted import adopted, stamp_of
from bridge.core.base import advance, as_shown, confirm, stamp
from bridge.core.children import NONE
from bridge.core.place import NoteRow, Stat
from bridge.core.plan import Held, ItemPlan
from bridge.core.policy import Kind, Policy
from bridge.core.reconcile import Rules, reconcile, text
from bridge.core.record import Base, Face, ItemId, Record
from bridge.core.scope import Scope
from bridge.state import State
from bridge.sync.leaving import Departing, Departures, Leaving, Place
from bridge.sync.life import MARKS, RESTING, Family, marks
from bridge.sync.ports import LibrarySide, VaultScanner

#: How often one field is put back before another tool is taken to be fighting (R15).
PUT_BACK_LIMIT = 3
_NO_STAT = Stat(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the plans of one run are made by."""

    policy: Policy
    rules: Rules
    spell_tag: Any  # (typed, own automatic tags, uses in the library) -> raw tag; see bridge.vault.tags.spell
    create: Literal["all", "wanted"] = "all"
    #: Which papers of each library have notes; all of a library that is not named.
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    #: What becomes of notes whose paper is gone, and of papers whose note is.
    leaving: Leaving = field(default_factory=Leaving)
    #: Where in Zotero each field is kept, in any words; a field whose place changes has no base any more.
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One item with a note, what it needs, and what that was planned on."""

    plan: ItemPlan
    zotero: Record
    note: NoteRow
    base: Base | None
    #: The stamp the note is to bear in the end, as far as can be told before Zotero has answered.
    stamp: str
    #: The note is a person's own until this is carried out (adoption, R28).
    adopts: bool = False
    #: Where the note is due to go as a whole, once it is written.
    place: Place = ""

    @property
    def id(self) -> ItemId:
        """The item."""
        return self.plan.id

    @property
    def idle(self) -> bool:
        """Whether nothing is to be written: not even a stamp (R1), or whose note it is (R22)."""
        return self.plan.idle and self.stamp == self.note.stamp and self.was is None

    @property
    def was(self) -> ItemId | None:
        """The item whose note it is until now, where it becomes this one's (R22)."""
        return self.note.id if self.note.id != self.id else None

    @property
    def rests(self) -> bool:
        """Whether the paper is no more, so that nothing but the note's marks moves."""
        return self.zotero.life in RESTING


@dataclass(slots=True)
class Plans:
    """Everything due in one library."""

    tasks: list[Task] = field(default_factory=list)
    #: Items that need a note; only their ids, for a first sync has many.
    new: list[ItemId] = field(default_factory=list)
    #: Items that need nothing but to be remembered as looked at.
    passed: list[ItemId] = field(default_factory=list)
    held: dict[ItemId, list[Held]] = field(default_factory=dict)
    #: Items with a note that are out of scope: it stays as it is, and its base waits (R38).
    resting: list[ItemId] = field(default_factory=list)
    departures: Departures = field(default_factory=Departures)

    @property
    def looked_at(self) -> Iterator[ItemId]:
        """The items that the plan says everything of that is held about them."""
        yield from (task.id for task in self.tasks)
        yield from self.passed
        yield from self.new

    @property
    def due(self) -> bool:
        """Whether anything was to be looked at."""
        return bool(self.tasks or self.new or self.passed or self.resting)


class Planner:
    """Plans one library's items.

    :param libraries: all libraries that this vault is in step with.
    :param restoring: a paper whose note a person wants to be there again (R38).
    """

    def __init__(
        self,
        state: State,
        side: LibrarySide,
        vault: VaultScanner,
        settings: Settings,
        libraries: Collection[str],
        restoring: ItemId | None = None,
    ) -> None:
        self._state = state
        self._side = side
        self._vault = vault
        self._settings = settings
        self._family = Family(state, side, libraries)
        self.leaving = Departing(state, side, vault, settings.leaving, settings.policy)
        self._scope = settings.scopes.get(side.library) or None
        self._uses: Mapping[str, int] | None = None
        self._restoring = restoring

    def plan(self, only: Collection[ItemId] | None = None) -> Plans:
        """What is due in this library; with ``only``, what these items need."""
        plans = Plans()
        state, library = self._state, self._side.library
        absent = state.agreements.absent(library)
        if only is not None:
            due = dict.fromkeys(item for item in sorted(only) if item.library == library)
        else:
            due = dict.fromkeys([*state.items.pending(library), *state.notes.pending(library), *self.leaving.due])
            if self._settings.create == "wanted":
                due |= dict.fromkeys(state.items.by_citekey(library, state.notes.mentions()))
        if self._restoring is not None and self._restoring.library == library:
            due[self._restoring] = None
        noted = state.notes.noted(library, [item.key for item in due])
        for item in due:
            if item.key in noted:
                if self.is_in_scope(item):
                    self._plan_noted(item, plans)
                else:
                    plans.resting.append(item)
            elif self.leaving.is_back(item) or (item == self._restoring and self.leaving.away(item)):
                plans.departures.back.append(item)
            elif item == self._restoring:
                self._plan_restored(item, plans)
            elif item.key in absent:
                self._plan_absent(item, plans)
            elif (note := self._family.inherited(item)) is not None:
                self._plan_inherited(item, note, plans)
            elif self.is_in_scope(item) and self.wants(item):
                plans.new.append(item)
            else:
                plans.passed.append(item)
        return plans

    def is_in_scope(self, item: ItemId) -> bool:
        """Whether an item is one of those that are to have a note; an item never heard of is."""
        if self._scope is None:
            return True
        raw = self._state.items.get_item(item)
        return raw is None or self._scope.holds(self._side.labels(raw))

    def misnamed(self) -> Mapping[str, str | None]:
        """The collections that the scope names, each with why there is none of that name, or ``None``."""
        named = (self._scope.include.collections | self._scope.exclude.collections) if self._scope else ()
        return {path: self._side.refusal({}, "collections", path) for path in sorted(named)}

    # --- items with a note

    def _plan_restored(self, item: ItemId, plans: Plans) -> None:
        """A person wants the note again: a paper that went with it comes back first."""
        if (going := self.leaving.bring(self._record(item))) is not None and self._side.writable:
            plans.departures.going.append(going)
        elif self._state.kin.is_live(item):
            plans.new.append(item)

    def _plan_absent(self, item: ItemId, plans: Plans) -> None:
        """R38: a deleted note is not made again, and its base waits; the paper may have to follow it."""
        if item not in self.leaving.due or (going := self.leaving.follow(self._record(item))) is None:
            plans.passed.append(item)
        elif (why := self.leaving.missing(item)) is not None:
            plans.departures.missing = why  # it waits for its collection
        elif self._side.writable:
            plans.departures.going.append(going)

    def _plan_noted(self, item: ItemId, plans: Plans) -> None:
        note = self._state.notes.rows_of([item])[item]
        if self._vault.is_warm(note.path):
            return  # it stays due: what it shows may be half a word, and it is not written either (R37)
        record = self._record(item)
        if record.life != "live" and self._family.passes_on(item):
            return
        if not record.token and record.life != "merged":
            plans.held[item] = [
                Held("unknown-item", "the note's `zotero-key` names no item of the library", note.path, id=item)
            ]
            plans.passed.append(item)
            return
        if (going := self.leaving.bring(record)) is not None and self._side.writable:
            plans.departures.going.append(going)  # and then it is looked at anew
            return
        if any(not held.field for held in note.held):
            plans.passed.append(item)  # the file itself is held; it stays as it is until its text changes
            return
        task = self.task(item, record, note)
        plans.held[item] = list(task.plan.held)
        is_asked = item == self._restoring and self.leaving.away(item) is not None
        task = replace(task, place="home" if is_asked else self.leaving.place(record, note))
        if task.idle:  # what it shows is not needed any more, and a changed configuration makes such of all papers
            task = replace(task, zotero=replace(task.zotero, blocks={}, children=NONE))
        plans.tasks.append(task)

    def _record(self, item: ItemId) -> Record:
        """An item as its note is to show it; one that nobody has heard of has no token."""
        life = self._state.items.life(item)
        raw = self._state.items.get_item(item)
        if raw is None or life is None:
            return self._family.mark(Record(item, {}, "", life="deleted"))
        record = self.complete(self._side.read(raw))
        return record if life == "live" else self._family.mark(replace(record, life=life))

    def complete(self, record: Record) -> Record:
        """A record as Zotero shows it, with what its note shows of other papers."""
        return self._family.complete(record)

    def _plan_inherited(self, item: ItemId, note: NoteRow, plans: Plans) -> None:
        """The note of a paper that was merged into this one, or moved here, becomes its own, with what was agreed."""
        if self._vault.is_warm(note.path):
            return
        assert note.id is not None
        record = self._record(item)
        with self._state.transaction():
            self._state.agreements.inherit(note.id, item, record.face)
        task = self.task(item, record, note)
        plans.held[item] = list(task.plan.held)
        plans.tasks.append(task)

    def task(self, item: ItemId, zotero: Record, note: NoteRow, *, base: Base | None = None) -> Task:
        """Plan one item against its note as last read.

        :param base: what it is merged against, where the state does not say.
        """
        base, late = (base, False) if base is not None else self._base(item, zotero, note)
        if zotero.life in RESTING:
            return self._mark(item, zotero, note, base)
        vault = _without_stale_conflicts(note.face, base) if late and base else note.face
        agreed = base
        for intended in self._state.agreements.intents(item):
            base = confirm(base, intended, zotero.face, vault, self._settings.policy)
        skip = frozenset(held.field for held in note.held if held.field)
        plan = reconcile(item, base, zotero.face, vault, self._settings.policy, self.rules(item), skip=skip)
        plan = self._hold_fights(plan)
        policy = self._settings.policy
        shown = vault_after(note.face, plan.vault)
        after = advance(base, plan, {**zotero.face, **plan.zotero}, shown, policy)
        # An agreement that stands keeps the stamp it was given: that of an undone cycle is none it would get by itself.
        mark = note.stamp if after == agreed and not late else ""
        return Task(plan, zotero, note, base, mark or stamp_of(item, after, policy))

    def put_back(self, task: Task) -> Task:
        """A task that writes Zotero's values back into the note instead of the note's into Zotero.

        A person's explicit answer to a guard (R33); what the note showed stands in the history (law 3). What would have
        followed from the edits, such as an alias or a date, does not follow.
        """
        shown = as_shown(task.zotero.face, self._settings.policy)
        back = {
            name: shown.get(name, () if isinstance(value, tuple) else "") for name, value in task.plan.zotero.items()
        }
        as_if = self.task(task.id, task.zotero, replace(task.note, face={**task.note.face, **back}))
        return replace(as_if, plan=replace(as_if.plan, vault={**back, **as_if.plan.vault}), note=task.note)

    def _base(self, item: ItemId, zotero: Record, note: NoteRow) -> tuple[Base | None, bool]:
        """What this note is merged against (R1, R8, law 11); whether that is an older agreement than the base."""
        agreements, policy = self._state.agreements, self._settings.policy
        current = agreements.base(item)
        if current is not None and current.stamp and note.stamp in (current.stamp, ""):
            # (A stamp taken out says nothing, R7; a base without one is void, R17.)
            return current.base, False
        if note.stamp and (known := agreements.by_stamp(item, note.stamp)) is not None:
            return known.base, current is not None
        if note.stamp and note.stamp == stamp(item, zotero.face, policy):
            return Base(zotero.face, as_shown(zotero.face, policy), agreements.conflicts(item)), False
        # A note of Bridge's making bears a stamp, and this link; one without was bound by another tool or by hand, and
        # nothing in it is an edit (R28). A stamp may vouch for what stood differently when the note was adopted, too.
        is_foreign = current is None and not note.stamp and "zotero-link" not in note.face
        if is_foreign or (note.stamp and note.stamp == stamp_of(item, Base(zotero.face, note.face), policy)):
            return adopted(zotero.face, note.face, policy), False
        conflicts = {name: replace(stand, void=True) for name, stand in agreements.conflicts(item).items()}
        return (Base({}, {}, conflicts) if conflicts else None), False

    def _mark(self, item: ItemId, zotero: Record, note: NoteRow, base: Base | None) -> Task:
        """The item was erased or merged: the note says so, and nothing else moves on either side."""
        policy = self._settings.policy
        rest = frozenset((*policy.fields, "status-date")).difference(MARKS)
        plan = ItemPlan(item, vault=marks(zotero, note.face, policy), open=rest)
        return Task(plan, zotero, note, base, note.stamp)

    def _hold_fights(self, plan: ItemPlan) -> ItemPlan:
        """R15: a field that was put back often enough is left to the other tool, and said so."""
        if not plan.put_back:
            return plan
        times = self._state.history.put_backs(plan.id)
        fought = {put.field for put in plan.put_back if times.get(put.field, 0) >= PUT_BACK_LIMIT}
        why = "it belongs to Zotero, and another tool keeps changing it"
        held = [Held("put-back-fight", f"`{name}`: {why}", field=name, id=plan.id) for name in sorted(fought)]
        return replace(
            plan,
            vault={name: value for name, value in plan.vault.items() if name not in fought},
            put_back=tuple(put for put in plan.put_back if put.field not in fought),
            held=(*plan.held, *held),
            open=plan.open | fought,
        )

    # --- the merge's outside knowledge

    def rules(self, item: ItemId) -> Rules:
        """The rules of the run, with what only this item and its library can tell."""

        def refusal(name: str, value: str) -> str | None:
            raw = self._state.items.get_item(item)
            return None if raw is None else self._side.refusal(raw, name, value)

        return replace(self._settings.rules, writable=self._side.writable, spell=self._spell, refusal=refusal)

    def _spell(self, name: str, typed: str, zotero: Face) -> str:
        if name != "tags":
            return typed
        if self._uses is None:
            self._uses = self._state.items.tag_uses(self._side.library)
        keywords = zotero.get("keywords", ())
        return str(self._settings.spell_tag(typed, keywords, self._uses))

    # --- items without a note

    def wants(self, item: ItemId) -> bool:
        """Whether an item without a note is to have one (R26)."""
        if self._state.items.life(item) != "live":
            return False
        if self._settings.create == "all":
            return True
        raw = self._state.items.get_item(item)
        assert raw is not None
        face = self._side.read(raw).face
        citekey = text(face.get("citekey"))
        self._state.items.set_citekey(item, citekey)
        status = text(face.get("status"))
        return (
            (bool(status) and status != "new")
            or (bool(citekey) and citekey in self._state.notes.mentions())
            or self._state.items.has_highlights(item)
        )

    def new_tasks(self, items: Iterable[ItemId]) -> Iterator[Task | Held]:
        """Plan new notes, one at a time; a note of somebody's own that fits the item holds it (R26)."""
        settings = self._settings
        known: set[str] | None = None
        for item in items:
            raw = self._state.items.get_item(item)
            assert raw is not None
            record = self.complete(self._side.read(raw))
            if (path := self._vault.foreign(record)) is not None:
                yield Held("foreign-note", "a note about this paper is there already and not adopted", path, id=item)
                continue
            empty = NoteRow(path="", stat=_NO_STAT, digest="", id=item)
            known = self._state.agreements.known(self._side.library) if known is None else known
            base = self._resumed(item) if item.key in known else None
            shown = dict(base.vault) if base else {}
            plan = reconcile(item, base, record.face, shown, settings.policy, settings.rules)
            if shown:
                plan = replace(plan, vault={**shown, **plan.vault})
            yield Task(plan, record, empty, base, "")  # its stamp is made with the agreement, when it is written

    def _resumed(self, item: ItemId) -> Base | None:
        """What a note that is made again goes on from: what stood in it alone, and conflicts that are open (R38)."""
        found = self._state.agreements.base(item)
        if found is None:
            return None
        alone = [row.name for row in self._settings.policy.of(Kind.ONCE, Kind.LOCAL)]
        zotero, vault = found.base.zotero, found.base.vault
        stood = [{name: face[name] for name in alone if name in face} for face in (zotero, vault)]
        return Base(stood[0], stood[1], found.base.conflicts)


def vault_after(face: Face, changes: Face) -> dict[str, Any]:
    """A note's face once changes are written: emptied keys are left out, but for `status` and `tags`."""
    after = {**face, **changes}
    return {name: value for name, value in after.items() if value or name in ("status", "tags") or name not in changes}


def _without_stale_conflicts(face: Face, base: Base) -> Face:
    """An old copy of a note says nothing about a field in conflict that it shows as it was back then (R1)."""
    return {name: value for name, value in face.items() if name not in base.conflicts or base.vault.get(name) != value}
