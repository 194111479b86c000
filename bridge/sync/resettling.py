"""What both sides agree on once a cycle was taken back: both faces as they then stand (R2).

A value that went back on one side alone is a standing disagreement, and that is no change (R11, R28): the next cycle
neither does again what was undone, nor undoes the rest of it. Only what went back moves the base; what a person edited
since, or what waits to be sent, stays the change that it is (law 3). A note bears the stamp it bore before, and that
stamp means this agreement from now on (R1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

from bridge.core.kin import target_of
from bridge.core.mirror import SECTION_FIELD, as_it_stands
from bridge.core.place import NoteRow
from bridge.core.policy import Field, Kind, Policy, Text, normal_text
from bridge.core.reconcile import members, text
from bridge.core.record import Base, Face, ItemId, Value
from bridge.state import State
from bridge.state.kin import RELATED, relations
from bridge.sync.undoing import ItemPart, NotePart, Objects, UndoPlan

_STATUS_DATE = "status-date"


class Resettler:
    """Moves the bases of everything that one undoing put back; call it in a transaction."""

    def __init__(
        self, state: State, libraries: Iterable[Objects], policy: Policy, now: str, undone: int, cycle: int
    ) -> None:
        """Of the cycle ``undone``, which ``cycle`` took back."""
        self._state, self._policy, self._now, self._undone, self._cycle = state, policy, now, undone, cycle
        self._libraries = {each.library: each for each in libraries}
        self._absent = cache(state.agreements.absent)

    def settle(self, plan: UndoPlan) -> None:
        """Have both sides agree on what is back."""
        notes = {note.id: note for files in plan.files for note in files.notes}
        parts = {part.deed.id: part for part in plan.items if part.back.back}
        for item in notes | parts:
            self._settle(item, notes.get(item), parts.get(item))
        touched = list({**notes, **parts})
        for item in touched:
            self._end_equal(item)
            self._follow_no_more(item)
        self._reopen(touched)
        for part in parts.values():
            self._settle_mirror(part)

    def _settle(self, item: ItemId, note: NotePart | None, part: ItemPart | None) -> None:
        agreements = self._state.agreements
        if note is not None and not self._note_is_there(item, note):
            return
        stamp = note.before[1].stamp if note is not None and note.before is not None else ""
        current = agreements.base(item) or (agreements.by_stamp(item, stamp) if stamp else None)
        if current is None:
            return
        zotero, vault = dict(current.base.zotero), dict(current.base.vault)
        if part is not None:
            self._move_zotero(part, zotero)
            self._move_related(part, zotero)
            for intended in agreements.intents(
                item
            ):  # sent by a cycle that was cut short: it came to no agreement (R4)
                vault |= intended.vault
        if note is not None and note.before is not None and note.after is not None and note.after[1].id == item:
            self._move(vault, note.after[1].face, note.before[1].face, lambda row: row.normal)
        elif note is not None:
            # Zotero may have moved on while it was away (R38), or what held it is over.
            self._state.notes.set_pending([item], pending=True)
        was_absent = note is None and item.key in self._absent(item.library)
        number = agreements.add(item, Base(zotero, vault), stamp or current.stamp, self._now)
        agreements.settle(item, number)
        if was_absent:  # a person deleted its note meanwhile, and what went back in Zotero makes none (R38)
            agreements.set_absent([item], absent=True)

    def _note_is_there(self, item: ItemId, note: NotePart) -> bool:
        """Whether the item has a note again; else it is settled here what that means."""
        agreements = self._state.agreements
        shown = note.before[1] if note.before is not None else None
        if shown is not None and shown.id == item:
            return True
        if shown is None or shown.is_blank or shown.id is not None:
            # As if a person had deleted it: it is not made again (R38), nor taken from another paper once more (R22).
            agreements.set_absent([item], absent=True)
        else:
            # It was a person's own note, and is so again; the item waits as it did before it was adopted (R26).
            agreements.forget(item)
            self._state.items.set_pending([item], pending=True)
        return False

    def _move_zotero(self, part: ItemPart, face: dict[str, Value]) -> None:
        """Move Zotero's half by the fields that are back, told by what the deed made them show."""
        raw = self._state.items.get_item(part.deed.id)
        if raw is None or part.deed.before is None or self._state.items.life(part.deed.id) is None:
            return
        read = self._libraries[part.deed.id.library].read
        after, before = (
            read({**raw, "data": {**raw["data"], **_known(values, part.back.back)}}).face
            for values in (part.deed.after, part.deed.before)
        )
        self._move(face, after, before, lambda _: normal_text)  # two raw tags may be one in a note (R9)

    def _move_related(self, part: ItemPart, face: dict[str, Value]) -> None:
        """Move the links to related papers by the relations that are back: what is related stands in both objects."""
        raw, before = self._state.items.get_item(part.deed.id), part.deed.before
        if raw is None or before is None or "relations" not in part.back.back:
            return
        moved = frozenset(relations(part.deed.after)) ^ frozenset(relations(before))
        papers = {paper for kind, paper in moved if kind == RELATED}
        if not papers:
            return

        def paper_of(link: str) -> ItemId | None:
            return self._state.notes.paper_of(target_of(link))

        shown = members(self._libraries[part.deed.id.library].read(raw).face.get("related"))
        # A link that leads nowhere by now is as good as gone on both sides.
        kept = [each for each in members(face.get("related")) if paper_of(each) not in (None, *papers)]
        face["related"] = (*kept, *(each for each in shown if paper_of(each) in papers))

    def _move(self, face: dict[str, Value], after: Face, before: Face, normal: Callable[[Field], Text]) -> None:
        """Take out of a face what made ``after`` of ``before``; of members only those that came or went."""
        for row in self._policy.fields.values():
            for name in (row.name, _STATUS_DATE) if row.kind is Kind.STATUS else (row.name,):
                if after.get(name) == before.get(name):
                    continue
                if row.kind is Kind.MEMBERS and name in before:
                    face[name] = _moved(
                        normal(row), members(face.get(name)), members(after.get(name)), members(before[name])
                    )
                elif name in before:
                    face[name] = before[name]
                elif row.kind is not Kind.ONCE:  # that one was set is remembered, or it would be set again
                    face.pop(name, None)

    def _settle_mirror(self, part: ItemPart) -> None:
        """A child that the vault hung below a paper is agreed on as it is again; not where that was a question."""
        child = part.deed.id
        mirror, raw = self._state.mirrors.of_child(child), self._state.items.get_item(child)
        if mirror is None or raw is None:
            return
        if any(name == SECTION_FIELD for _, name, _, _ in self._state.history.ended_by(self._undone, mirror.id)):
            return  # the next cycle finds what it found before, and asks again
        from bridge.sync.pushing import form_of  # needs what turns Markdown into HTML

        hung = self._libraries[child.library].hung(raw)
        note = self._note(mirror.id)
        source = as_it_stands(note.digest) if note is not None and mirror.kind == "notes" else mirror.source
        self._state.mirrors.put([replace(mirror, source=source, agreed=form_of(mirror.kind, hung), meant="")])

    # --- conflicts (R6) ---

    def _reopen(self, items: Iterable[ItemId]) -> None:
        """A conflict that the cycle ended is open again where both values are what they were."""
        for item in items:
            faces = self._faces(item)
            for number, name, zotero, vault in self._state.history.ended_by(self._undone, item):
                if (row := self._policy.fields.get(name)) is None:
                    continue  # of a mirror: see there
                stood = tuple(row.normal(each) for each in (zotero, vault))
                if faces and tuple(row.normal(text(face.get(name))) for face in faces) == stood:
                    self._state.history.reopen(number)

    def _end_equal(self, item: ItemId) -> None:
        """A conflict is over where both sides show the same again."""
        faces = self._faces(item)
        if faces is None:
            return
        equal = [
            name
            for name in self._state.agreements.conflicts(item)
            if (row := self._policy.fields.get(name)) is not None
            and len({row.normal(text(face.get(name))) for face in faces}) == 1
        ]
        # What an undoing took back stands again once that is taken back, and so does its end of a conflict.
        by = self._state.deeds.undoes(self._undone) or self._cycle
        self._state.history.end_conflicts(item, equal, self._now, by=by)

    def _follow_no_more(self, item: ItemId) -> None:
        """A citation key that Zotero shows again is no former one, for which a name or citations still wait."""
        if (faces := self._faces(item)) is not None:
            present = normal_text(text(faces[0].get("citekey")))
            due = (each for each in self._state.renames.due() if each.id == item)
            self._state.renames.settle((), [each for each in due if normal_text(each.key) == present])

    def _faces(self, item: ItemId) -> tuple[Face, Face] | None:
        raw, note = self._state.items.get_item(item), self._note(item)
        if raw is None or note is None or item.library not in self._libraries:
            return None
        return self._libraries[item.library].read(raw).face, note.face

    def _note(self, item: ItemId) -> NoteRow | None:
        return self._state.notes.rows_of([item]).get(item)


def _known(values: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    return {name: values.get(name) for name in names}


def _moved(normal: Text, face: tuple[str, ...], after: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """Members without those that came, and with those that went."""
    had, was, now = ({normal(each) for each in one} for one in (after, before, face))
    kept = [each for each in face if normal(each) in was or normal(each) not in had]
    return (*kept, *(each for each in before if normal(each) not in had | now))
