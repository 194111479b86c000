"""What becomes of a note when its paper is no more, and what a note shows of papers that have to do with its own.

R22: a paper that was merged into another is no paper of its own any more. Its note becomes the other's where that has
none: nothing a person wrote is left behind, and what they have not synced yet reaches the paper that lives. Where both
have a note both stay; the one says what it was merged into, and nothing goes out from it. A paper that left for another
library (its only living copy is there) hands its note on in the same way.

One work in two libraries, by Zotero's own word or by its DOI, has two notes that link to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.core.kin import link_to
from bridge.core.reconcile import members, text
from bridge.core.record import Record, Value

if TYPE_CHECKING:
    from bridge.core.place import NoteRow
    from bridge.core.policy import Policy
    from bridge.core.record import Face, ItemId
    from bridge.state import State
    from bridge.sync.ports import LibrarySide

STATUS, INTO, ALSO = "zotero-status", "merged-into", "also-in"
#: All that a note shows of a paper that is no more; the rest of it stands still.
MARKS = (STATUS, INTO, ALSO)
#: Lives in which nothing but the marks of a note moves.
RESTING = frozenset({"deleted", "merged"})


class Family:
    """The kin of one library's papers, as they are in this cycle.

    :param libraries: those that are synced; a paper elsewhere is nobody's heir.
    """

    def __init__(self, state: State, side: LibrarySide, libraries: Collection[str]) -> None:
        self._state, self._side, self._libraries = state, side, libraries
        self._is_any = state.kin.is_any

    def complete(self, record: Record) -> Record:
        """A record with what its note shows of its kin: former keys of papers merged into it, notes of its twins."""
        if not self._is_any:
            return record
        face: dict[str, Value] = {}
        if former := self._former_keys(record):
            face["aliases"] = (*members(record.face.get("aliases")), *former)
        if twins := self._twins(record.id):
            face[ALSO] = twins
        return replace(record, face={**record.face, **face}) if face else record

    def mark(self, record: Record) -> Record:
        """The record of a paper that is trashed or erased, as its note is to show it; ``life`` is what it came to."""
        if self._is_any and (heir := self._state.kin.heir(record.id)) is not None and heir[1] == "merged":
            face = {STATUS: "merged", INTO: self._link(heir[0])}
            return replace(record, face={**record.face, **face}, life="merged")
        if record.life == "deleted":
            return replace(record, face={**record.face, STATUS: "deleted"})
        return record

    # --- notes that change hands

    def passes_on(self, item: ItemId) -> bool:
        """Whether the note of an item becomes another paper's; it is looked at with that paper."""
        if not self._is_any or (heir := self._state.kin.heir(item)) is None:
            return False
        new = heir[0]
        if new.library not in self._libraries or self._state.notes.rows_of([new]):
            return False
        if new.key in self._state.agreements.absent(new.library):
            return False
        row = self.inherited(new)
        if row is None or row.id != item:
            return False
        self._state.items.set_pending([new], pending=True)
        return True

    def inherited(self, item: ItemId) -> NoteRow | None:
        """The note that becomes that of a paper without one."""
        if not self._is_any or not self._state.kin.is_live(item):
            return None
        rows = self._state.notes.rows_of(self._state.kin.dead(item))
        return next((row for row in rows.values() if all(held.field for held in row.held)), None)

    # --- links and names

    def _former_keys(self, record: Record) -> tuple[str, ...]:
        own = text(record.face.get("citekey"))
        keys = [self._citekey(item) for item in self._state.kin.dead(record.id)]
        return tuple(dict.fromkeys(key for key in keys if key and key != own))

    def _citekey(self, item: ItemId) -> str:
        raw = self._state.items.get_item(item) if item.library == self._side.library else None
        if raw is not None:
            return text(self._side.read(raw).face.get("citekey"))
        row = self._state.notes.rows_of([item]).get(item)
        return text(row.face.get("citekey")) if row else ""

    def _twins(self, item: ItemId) -> tuple[str, ...]:
        kin = self._state.kin
        if not kin.has_twins:
            return ()
        twins = {one for one in (*kin.same(item), *kin.same_doi(item)) if one.library != item.library}
        links = (self._note(one) for one in sorted(twins) if one.library in self._libraries and kin.is_live(one))
        return tuple(dict.fromkeys(link for link in links if link))

    def _link(self, item: ItemId) -> str:
        """A link to a paper's note, or to the paper in Zotero where it has none that a link can name."""
        if link := self._note(item):
            return link
        raw = self._state.items.get_item(item) if item.library == self._side.library else None
        return text(self._side.read(raw).face.get("zotero-link")) if raw is not None else ""

    def _note(self, item: ItemId) -> str:
        row = self._state.notes.rows_of([item]).get(item)
        return link_to(row.path, is_alone=self._state.notes.is_alone(row.path)) if row else ""


def marks(record: Record, note: Face, policy: Policy) -> Mapping[str, Value]:
    """Which of a note's marks differ from those of its paper; a note that does not show one shows it empty."""
    return {
        name: wanted
        for name in MARKS
        if _form(wanted := record.face.get(name, ""), name, policy) != _form(note.get(name), name, policy)
    }


def _form(value: Value | None, name: str, policy: Policy) -> list[str]:
    return sorted(policy.fields[name].normal(one) for one in members(value))
