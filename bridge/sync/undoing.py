"""A cycle taken back on both sides, where nobody has edited since; a cycle of its own, which can be taken back too.

It looks first (:meth:`Undoing.plan`), then does (:meth:`Undoing.run`), and in the end both sides agree as they then
stand (:mod:`bridge.sync.resettling`). Law 5: that a cycle is being taken back is stored before anything is written, and
whatever runs next on the vault first brings that to its end. Law 6: each object is expected at the version it was just
fetched at, each file as it was just read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bridge.core.deeds import FileDeed, ItemDeed
from bridge.core.mirror import LINK_FIELD, SECTION_FIELD, Hung
from bridge.core.policy import Kind, Policy
from bridge.core.reconcile import text
from bridge.core.record import Face, ItemId, Record
from bridge.core.side import Outcome
from bridge.core.undo import Group, Return, Shown, Step, give_back, groups, merged
from bridge.errors import NoteError, UnreachableError
from bridge.state import State
from bridge.state.backups import Backups
from bridge.state.history import ChangeRow
from bridge.sync.applying import as_text, chunks
from bridge.sync.ports import Progress

_SENT = (Kind.SCALAR, Kind.STATUS, Kind.MEMBERS)
#: Files put back between two looks at whether to go on.
CHUNK = 200
#: Stands in the history for a file that belongs to no paper.
_NOBODYS = ItemId("", "")


class Files(Protocol):
    """The vault's files; :class:`bridge.vault.restore.Restorer` does it."""

    def look(self, path: str) -> bytes | None:
        """What a file holds; ``None`` where there is none. Raises :class:`~bridge.errors.NoteError`."""
        ...

    def digest(self, data: bytes | None) -> str:
        """The digest of what a file holds; ``""`` for no file."""
        ...

    def show(self, path: str, data: bytes) -> Shown:
        """What bytes say, or would say at a path."""
        ...

    def put_back(self, groups: Sequence[Sequence[Step]], deeds: Sequence[FileDeed]) -> Mapping[str, str]:
        """Carry out steps, by what hangs together; why each path was left alone that was.

        :param deeds: what all of them amount to.
        """
        ...


class Objects(Protocol):
    """One library's objects; :class:`bridge.library.Library` does it."""

    @property
    def library(self) -> str:
        """``users/123`` or ``groups/51``."""
        ...

    @property
    def writable(self) -> bool:
        """Whether Zotero takes writes from this key here (R23)."""
        ...

    def use_tree(self, collections: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """From now on derive collection paths from this tree."""
        ...

    def fetch(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Mapping[str, Any]]:
        """Download and store objects; those that are gone are left out."""
        ...

    def hung(self, item: Mapping[str, Any]) -> Hung:
        """What a stored object shows as a child of a paper."""
        ...

    def read(self, item: Mapping[str, Any]) -> Record:
        """The record of a paper's object."""
        ...

    def put_back(self, changes: Sequence[tuple[dict[str, Any], Mapping[str, Any]]]) -> Iterator[Outcome]:
        """Send fields as they were, each object at the version it has here."""
        ...


@dataclass(frozen=True, slots=True)
class NotePart:
    """A note in a group of files: where it was and what it showed before the cycle, and after it; ``None`` for none."""

    id: ItemId
    before: tuple[str, Shown] | None
    after: tuple[str, Shown] | None

    @property
    def title(self) -> str:
        """The paper's title, as the note has it."""
        faces = (each[1].face for each in (self.before, self.after) if each)
        return next((title for face in faces if (title := text(face.get("title")))), "")

    @property
    def is_bound(self) -> bool:
        """Whether it was the paper's note both before and after; else its face says nothing of its text."""
        return all(each is not None and each[1].id is not None for each in (self.before, self.after))

    @property
    def is_same(self) -> bool:
        """Whether the note was this paper's before and after."""
        return all(part is not None and part[1].id == self.id for part in (self.before, self.after))

    @property
    def moves(self) -> bool:
        """Whether the note's file gets another name or place."""
        return self.before is not None and self.after is not None and self.before[0] != self.after[0]


@dataclass(frozen=True, slots=True)
class FilePart:
    """Files that go back together."""

    group: Group
    steps: tuple[Step, ...]
    notes: tuple[NotePart, ...]


@dataclass(frozen=True, slots=True)
class ItemPart:
    """An object that goes back, as it was just fetched, and what was sent to it."""

    deed: ItemDeed
    found: Mapping[str, Any]
    back: Return
    was_pending: bool


@dataclass(frozen=True, slots=True)
class Left:
    """What is left alone, and why, in words."""

    what: str
    why: str


@dataclass(slots=True)
class UndoPlan:
    """What taking a cycle back needs; also what of it is back already, for the sides may not have agreed on that."""

    cycle: int
    files: list[FilePart] = field(default_factory=list)
    items: list[ItemPart] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be written on either side."""
        return not any(part.steps for part in self.files) and not any(part.back.send for part in self.items)


class Undoing:
    """Takes one cycle back.

    :param backups: where the bytes of replaced files are.
    """

    def __init__(
        self, state: State, vault: Files, libraries: Sequence[Objects], backups: Backups, policy: Policy
    ) -> None:
        self._state, self._vault, self._backups = state, vault, backups
        #: What of Zotero's face anybody but Zotero changes.
        self._sent = frozenset(("status-date", *(row.name for row in policy.of(*_SENT))))
        self._libraries = {each.library: each for each in libraries}
        #: Index notes of ours change all the time, and are brought up to date after the undoing.
        self._pages = frozenset(page.path for page in state.pages.written() if page.own)

    # --- looking ---

    def plan(self, cycle: int) -> UndoPlan:
        """What taking a cycle back needs. Reads the files and asks Zotero; what Zotero says is stored.

        :raises ZoteroError: Zotero cannot be asked.
        """
        plan = UndoPlan(cycle)
        for group in groups(self._state.deeds.files(cycle)):
            self._plan_files(group, plan)
        for library, deeds in _by_library(merged(self._state.deeds.items(cycle))).items():
            self._plan_items(library, deeds, plan)
        return plan

    def _plan_files(self, group: Group, plan: UndoPlan) -> None:
        present: dict[str, bytes | None] = {}
        for path in group.before:
            try:
                present[path] = self._vault.look(path)
            except NoteError as error:
                plan.left.append(Left(path, str(error)))
                return
        # An empty file in the place of none is as good as none: a click on a link makes such, and a claim of a name.
        digests = {path: self._vault.digest(data or None) for path, data in present.items()}
        digests |= {
            path: digest
            for path, data in present.items()
            if data == b"" and (digest := self._vault.digest(data)) in group.seen[path]
        }
        if changed := group.changed(digests):
            named = [path for path in changed if path not in self._pages]
            plan.left += (Left(path, self._why(path, digests[path], plan.cycle)) for path in named)
            return
        wanted = {
            path: None if not digest else present[path] if digest == digests[path] else self._backups.get(digest)
            for path, digest in group.before.items()
        }
        if missing := [path for path, digest in group.before.items() if digest and wanted[path] is None]:
            plan.left += (Left(path, "what it was before is not kept any more") for path in missing)
            return
        steps = [Step(path, present[path], wanted[path]) for path in wanted if present[path] != wanted[path]]
        # Of what is back already, only the backups of the undoing itself know what it was.
        after = {
            path: self._backups.get(group.after[path])
            if digests[path] == digest != group.after[path]
            else present[path]
            for path, digest in group.before.items()
        }
        plan.files.append(FilePart(group, tuple(steps), tuple(self._notes(wanted, after))))

    def _why(self, path: str, digest: str, cycle: int) -> str:
        if not digest:
            return "it was deleted, renamed or moved since"
        if later := self._state.deeds.later(path, digest, cycle):
            return f"sync {later} changed it since; undo that first"
        return "it was edited since"

    def _notes(self, wanted: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> Iterator[NotePart]:
        """The notes among some files, as they were and as the cycle left them."""
        old, new = (
            {path: self._vault.show(path, data) for path, data in files.items() if data is not None}
            for files in (wanted, after)
        )
        old_ids, new_ids = ({shown.id: path for path, shown in each.items() if shown.id} for each in (old, new))
        for item in old_ids | new_ids:
            # A note that is bound on one side only is the same file on the other (filled, or adopted).
            was = old_ids.get(item, new_ids.get(item, ""))
            became = new_ids.get(item, old_ids.get(item, ""))
            yield NotePart(
                item,
                (was, old[was]) if was in old else None,
                (became, new[became]) if became in new else None,
            )

    def _plan_items(self, library: str, deeds: Sequence[ItemDeed], plan: UndoPlan) -> None:
        side = self._libraries.get(library)
        if side is None or not side.writable:
            why = "the library is read-only" if side else "the library is no longer synced here"
            plan.left += (Left(self._title(deed.id), why) for deed in deeds)
            return
        side.use_tree(self._state.items.tree(library))
        moving = {note.id for part in plan.files for note in part.notes if note.moves}
        deeds = [deed for deed in deeds if self._is_of_the_cycle(deed, moving)]
        found = side.fetch([deed.id for deed in deeds])
        for deed in deeds:
            if (now := found.get(deed.id)) is None:
                plan.left.append(Left(self._title(deed.id), "it is gone from Zotero"))
                continue
            back = give_back(deed, now["data"])
            was_pending = self._state.items.is_pending(deed.id)
            plan.items.append(ItemPart(deed, now, back, was_pending))
            if back.left:
                names = ", ".join(sorted(back.left))
                plan.left.append(Left(self._title(deed.id), f"edited in Zotero since: {names}"))

    def _is_of_the_cycle(self, deed: ItemDeed, moving: Collection[ItemId]) -> bool:
        """Whether a deed is to be taken back: not a link that followed a note which stays where it is."""
        followed = (
            deed.before is not None and "url" in deed.after
        )  # else it was made, or went into the trash or out of it
        mirror = self._state.mirrors.of_child(deed.id) if followed else None
        return mirror is None or mirror.kind != "backlink" or mirror.id in moving

    def _title(self, item: ItemId) -> str:
        raw = self._state.items.get_item(item)
        if raw is not None and (parent := raw["data"].get("parentItem")):
            return self._title(ItemId(item.library, str(parent)))
        return (str(raw["data"].get("title") or "") if raw else "") or str(item)

    # --- telling ---

    def rows(self, plan: UndoPlan) -> list[ChangeRow]:
        """What is to be done, for the history and for people."""
        found: list[ChangeRow] = []
        for part in plan.items:
            if part.back.send:
                found += self._item_rows(part)
        for files in plan.files:
            if files.steps:
                found += _file_rows(files)
        return found

    def _item_rows(self, part: ItemPart) -> Iterator[ChangeRow]:
        item, data, side = part.deed.id, part.found["data"], self._libraries[part.deed.id.library]
        below = ""
        if parent := data.get("parentItem"):  # what Bridge hung below a paper is told as a part of that paper
            item = ItemId(item.library, str(parent))
            below = SECTION_FIELD if side.hung(part.found).kind == "note" else LINK_FIELD
        note = self._state.notes.rows_of([item]).get(item)
        path, title = note.path if note else "", self._title(item)
        if part.deed.before is None:
            yield ChangeRow("zotero", item, path, title, below, "", "", "removed")
            return
        shown = []
        if not below and self._state.items.life(item) is not None:  # else it has no face
            becomes = side.read({**part.found, "data": {**data, **part.back.send}}).face
            differences = _differences(side.read(part.found).face, becomes)
            shown = [each for each in differences if each[0] in self._sent]
        for name, before, after in shown or [(below, "", "")]:
            yield ChangeRow("zotero", item, path, title, name, before, after, "undo")

    # --- doing ---

    def run(self, plan: UndoPlan, progress: Progress) -> None:
        """Carry out a plan; what turns out to be changed at the last moment leaves it for ``plan.left``.

        :raises BridgeError: a side failed as a whole. The rest is done when this is run again, on a new plan.
        """
        progress.start("putting back", len(plan.items) + len(plan.files))
        idle = self._idle(plan)
        for library, side in self._libraries.items():
            mine = [part for part in plan.items if part.deed.id.library == library]
            self._send(side, [part for part in mine if part.back.send], plan)
            progress.advance(len(mine))
        for chunk in chunks(list(plan.files), CHUNK):
            self._put_back([part for part in chunk if part.steps], plan)
            progress.advance(len(chunk))
        back = {note.id for part in plan.files for note in part.notes if note.is_same}
        self._state.items.set_pending(back & idle, pending=False)
        progress.done()

    def _idle(self, plan: UndoPlan) -> set[ItemId]:
        """The papers of which nothing waits: that others' notes get their names back is no news to theirs."""
        found = {note.id for part in plan.files for note in part.notes}
        return {item for item in found if not self._state.items.is_pending(item)}

    def _send(self, side: Objects, parts: Sequence[ItemPart], plan: UndoPlan) -> None:
        by_id = {part.deed.id: part for part in parts}
        for outcome in side.put_back([(dict(part.found), part.back.send) for part in parts]):
            part = by_id[outcome.id]
            # What the server says to our own write is no news (law 8); what it said before may have been.
            self._state.items.set_pending([outcome.id], pending=part.was_pending)
            if outcome.result == "unknown":
                raise UnreachableError(outcome.reason or "Zotero did not answer a write")
            if outcome.result != "applied":
                why = outcome.reason if outcome.result == "refused" else "it was edited in Zotero just now"
                plan.items.remove(part)
                plan.left.append(Left(self._title(outcome.id), why))

    def _put_back(self, parts: Sequence[FilePart], plan: UndoPlan) -> None:
        if not parts:
            return
        left = self._vault.put_back(
            [part.steps for part in parts],
            [deed for part in reversed(parts) for deed in part.group.reverse()],
        )
        for part in parts:
            if failed := [step.path for step in part.steps if step.path in left]:
                plan.files.remove(part)
                plan.left += (Left(path, left[path]) for path in failed)


def _by_library(deeds: Iterable[ItemDeed]) -> dict[str, list[ItemDeed]]:
    found: dict[str, list[ItemDeed]] = {}
    for deed in deeds:
        found.setdefault(deed.id.library, []).append(deed)
    return found


def _file_rows(files: FilePart) -> Iterator[ChangeRow]:
    if not files.notes:
        for step in files.steps:
            yield ChangeRow("vault", _NOBODYS, step.path, "", "", "", "", "undo")
    for note in files.notes:
        yield from _note_rows(note)


def _note_rows(note: NotePart) -> Iterator[ChangeRow]:
    """A note's way back, value by value; or as a whole, where only other text of it changes."""
    if note.before is None or note.after is None:
        where, _ = note.before or note.after or ("", None)
        yield ChangeRow("vault", note.id, where, note.title, "", "", "", "removed" if note.after else "new")
        return
    (path, was), (now, shown) = note.before, note.after
    renamed = [("file", now, path)] if now != path else []
    changed = list(_differences(shown.face, was.face)) if note.is_bound else []
    for name, before, after in [*renamed, *changed] or [("", "", "")]:
        yield ChangeRow("vault", note.id, path, note.title, name, before, after, "undo")


def _differences(now: Face, then: Face) -> Iterator[tuple[str, str, str]]:
    for name in {**now, **then}:
        before, after = now.get(name, ""), then.get(name, "")
        if before != after:
            yield name, as_text(before), as_text(after)
