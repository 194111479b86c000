"""Edits carried out: the text of each note made first, then all of a chunk brought to the disk together.

Kept here: law 6 (an edit is carried out in the very text it was planned on), law 2 (a note that shows what is wanted
already is not written), law 5 (what is reported is on the disk; what a crash leaves is met again by the next scan), R26
and R27 for new notes. A citation key that changes is put on a list before the note is written; what follows from it
(:mod:`bridge.vault.rename`) comes after all edits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.deeds import NOBODY, FileDeed, Recorder
from bridge.core.names import EXTENSION, folded
from bridge.core.place import FormerKey, NoteRow, Stat
from bridge.core.reconcile import members
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.side import Edit, Outcome, Result
from bridge.errors import BridgeError, NoteError
from bridge.vault import files
from bridge.vault.batch import Batch
from bridge.vault.create import Catalogue, Layout, stem_in
from bridge.vault.identity import COPIED
from bridge.vault.note import NoteRules, ReadNote, edit_note, new_note, read_note
from bridge.vault.remake import Remaking, make
from bridge.vault.renewal import EntryTemplateError, Renewal
from bridge.vault.scan import VaultIndex, row_of
from bridge.vault.shown import Shown, ShownRules
from bridge.vault.sources import Templates
from bridge.vault.template import TEMPLATE

if TYPE_CHECKING:
    from bridge.vault.quiet import Quiet
    from bridge.vault.rename import Done, RenameLog

#: What is said of a note whose body was to be made anew and was not.
LEFT = "a person has written in it"
#: A file up to this size may be one that a clicked link made: nothing but white space.
_BLANK = 64


@dataclass(slots=True)
class Applied:
    """What was done: notes made, notes written, files renamed, other files whose links followed a rename."""

    created: int = 0
    written: int = 0
    renamed: int = 0
    linked: int = 0


@dataclass(slots=True)
class _Work:
    """One file on its way to the disk: what it holds, and what it is to hold.

    ``present`` is ``None`` for a new file. ``row`` is what the index remembers of it, and ``stat`` is that of
    ``present``. ``at`` is the edit's place in its chunk. ``blocks`` are those that were generated for it, packed
    (:class:`bridge.vault.renewal.Renewal`). ``note`` is said of an edit that was carried out.
    """

    path: str
    data: bytes
    present: bytes | None
    edit: Edit
    row: NoteRow | None = None
    stat: Stat | None = None
    at: int = -1
    blocks: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def expect(self) -> str | None:
        """The digest of what is there."""
        return None if self.present is None else files.digest(self.present)


class _Left(Exception):  # noqa: N818 (an answer, not a fault; never leaves this module)
    """An edit is not carried out, and why."""

    def __init__(self, result: Result, reason: str) -> None:
        super().__init__(reason)
        self.result, self.reason = result, reason


class Writer:
    """Carries out edits, a chunk at a time."""

    def __init__(
        self,
        root: Path,
        index: VaultIndex,
        log: RenameLog,
        rules: NoteRules,
        layout: Layout,
        shown: ShownRules,
        quiet: Quiet | None = None,
        recorder: Recorder = NOBODY,
    ) -> None:
        self._root, self._index, self._log, self._rules, self._layout = root, index, log, rules, layout
        self._quiet, self._recorder = quiet, recorder
        self._catalogue: Catalogue | None = None
        self._templates = Templates(root, layout.templates)
        self._shown = Shown(shown, self._templates)
        #: Path and digest before, to digest after, of notes changed by no more than a link: an edit planned on the text
        #: before holds for the text after.
        self._carried: dict[tuple[str, str], str] = {}
        #: Folded names on the disk by folder, as listed since the last scan; see :class:`Batch`.
        self._listed: dict[Path, set[str]] = {}
        self.stats = Applied()

    def forget(self) -> None:
        """The vault is about to be looked at anew."""
        self._catalogue = None
        self._templates.forget()
        self._carried.clear()
        self._listed.clear()

    def renamed(self, done: Done) -> None:
        """Files have other names now, and links in others lead there."""
        self._carried |= done.carried
        self.stats.renamed += done.renamed
        self.stats.linked += done.linked
        self._catalogue = None
        self._listed.clear()

    def moved(self) -> None:
        """A note was moved as a whole."""
        self.stats.renamed += 1
        self._catalogue = None
        self._listed.clear()

    def is_as_made(self, body: str, face: Face, record: Record, written: Mapping[str, Sequence[str]]) -> bool:
        """Whether the body of a note that shows ``face`` is as a template made it; see :class:`Remaking`.

        :param written: what was generated for the note last, as it is remembered.
        """
        edit = Edit(record.id, "", face, record, written=written)
        return Remaking(self._shown, edit, self._templates.source(TEMPLATE), face).is_as_made(body)

    @property
    def _names(self) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._index, self._layout)
        return self._catalogue

    def foreign(self, item: ItemId, face: Face) -> str | None:
        """The path of somebody's own note about this paper that is not empty (R26), or ``None``."""
        found = self._names.foreign(item, face)
        return None if found is None or self._blank(found) is not None else found

    def stems(self, item: ItemId, face: Face) -> tuple[str, ...]:
        """The base names that somebody's own note about this paper may bear (R26)."""
        return self._names.stems(item, face)

    def run(self, edits: list[Edit]) -> list[Outcome]:
        """Carry out a chunk of edits; their outcomes in the same order.

        :raises VaultError: no note can be written now.
        :raises ConfigError: the template or the folder for new notes cannot be used.
        """
        works, outcomes = self._all_planned(edits)
        former = [each for work in works.values() for each in self._former_keys(work)]
        if former:
            self._log.add(former)
        outcomes |= self._commit(works.values())
        if former:
            done = {outcome.id for outcome in outcomes.values() if outcome.result == "applied"}
            self._log.settle([one for one in former if one.id in done], [one for one in former if one.id not in done])
        return [outcomes[at] for at in range(len(edits))]

    def preview(self, edits: list[Edit]) -> list[Outcome]:
        """What would become of edits of notes that are there, as far as their own text goes (law 12).

        :raises ConfigError: as :meth:`run`.
        """
        works, outcomes = self._all_planned(edits)
        for work in works.values():
            shown = Record(work.edit.id, {}, files.digest(work.data))
            outcomes[work.at] = Outcome(work.edit.id, "applied", shown, work.note)
        return [outcomes[at] for at in range(len(edits))]

    def _all_planned(self, edits: Sequence[Edit]) -> tuple[dict[str, _Work], dict[int, Outcome]]:
        """The files to be written, by path, and the edits that are not carried out, by place."""
        rows = self._index.rows_of([edit.bound for edit in edits])
        works: dict[str, _Work] = {}
        outcomes: dict[int, Outcome] = {}
        for at, edit in enumerate(edits):
            try:
                work = self._planned(edit, rows.get(edit.bound), works)
                work.at = at
                works[work.path] = work
            except _Left as answer:
                outcomes[at] = Outcome(edit.id, answer.result, reason=answer.reason)
            except NoteError as error:
                outcomes[at] = Outcome(edit.id, "refused", reason=f"not-edited: {error}")
            except EntryTemplateError as error:
                outcomes[at] = Outcome(edit.id, "refused", reason=f"broken-template: {error}")
        return works, outcomes

    # --- the text of each note ------------------------------------------------------------------------------------

    def _planned(self, edit: Edit, row: NoteRow | None, works: Mapping[str, _Work]) -> _Work:
        if edit.at:
            row = self._own(edit, row)
        work = self._edited(edit, row) if edit.expect else self._made(edit, row)
        if work.path in works:
            raise _Left("stale", "an edit before this one has changed the note")
        return work

    def _own(self, edit: Edit, row: NoteRow | None) -> NoteRow | None:
        """The note of a person's own that becomes the item's (R28)."""
        if row is not None and row.path != edit.at:
            raise _Left("stale", "the item has a note")
        own = self._index.row(edit.at)
        if own is not None:
            self._names.add(own.path, edit.id)
        return own

    def _edited(self, edit: Edit, row: NoteRow | None) -> _Work:
        """A note with the edit carried out in the text it was planned on."""
        if row is None:
            raise _Left("stale", "the item has no note any more")
        if come := set(members(edit.set.get("aliases"))) - set(members(row.face.get("aliases"))):
            taken = come.difference(self._names.free_aliases(tuple(come)))  # R27
            free = tuple(alias for alias in members(edit.set["aliases"]) if alias not in taken)
            edit = replace(edit, set={**edit.set, "aliases": free})
        try:
            data, stat = files.read_stable(self._root / row.path)
        except NoteError as error:
            raise _Left("stale", str(error)) from None
        expect, found = edit.expect, files.digest(data)
        while expect != found:
            if (after := self._carried.get((row.path, expect))) is None:
                raise _Left("stale", "the note has changed since it was read")
            expect = after
        renewal = (
            Remaking(self._shown, edit, self._templates.source(TEMPLATE), row.face)
            if edit.remake
            else Renewal(self._shown, edit)
        )
        changed = edit_note(data, edit, self._rules, renewal.renew)
        is_left = isinstance(renewal, Remaking) and renewal.is_left
        work = _Work(row.path, changed, data, edit, row, stat, blocks=renewal.written, note=LEFT if is_left else "")
        self._stop_if_warm(row.path, stat, row)
        return work

    def _stop_if_warm(self, path: str, stat: Stat | None, row: NoteRow | None) -> None:
        """Leave a file alone that somebody is editing: it stood still when it was read, and must not have moved since.

        Its text may be what was read all the same: an editor that is open saves what it has.
        """
        if self._quiet is not None and (path in self._quiet.warm or row is None or row.stat != stat):
            raise _Left("stale", "the note is being edited")

    def _former_keys(self, work: _Work) -> Iterator[FormerKey]:
        """Citation keys that a note had until now, if its key is another one with the edit.

        The key changes with the edit, or a person changed it in the note and the other side has followed: either way it
        is not what was last agreed on. What the note showed until now is a former key too: its file may be named so.
        """
        if work.row is None:
            return
        item, shown = work.edit.id, work.row.face
        new = work.edit.set.get("citekey", shown.get("citekey"))
        before = work.edit.before.get("citekey")
        if not new or before == new:
            return
        for old in dict.fromkeys((before or "", shown.get("citekey", ""))):
            stem = self._layout.stem(item, {**shown, "citekey": old})
            # A paper that had no key yet is named after its item key.
            if isinstance(old, str) and old != new and (old or folded(stem_in(work.path)) == folded(stem)):
                yield FormerKey(item, old, stem, work.edit.stamp)

    def _made(self, edit: Edit, row: NoteRow | None) -> _Work:
        """A new note, or an empty one that a clicked link made, filled (R26)."""
        item, record, names = edit.id, edit.record, self._names
        if row is not None:
            raise _Left("stale", "the item has a note")
        if record is None:
            raise _Left("refused", "no-record: a note is made from the whole record")
        if item in names.items:
            raise _Left("refused", f"{COPIED}: several files have the zotero-key of this item")
        face: Face = {**record.face, **edit.set}
        if (path := self.foreign(item, face)) is not None:
            raise _Left("refused", f"foreign-note: {path} is about this paper and is not adopted")
        aliases: Value = names.free_aliases(face.get("aliases", ()))
        if aliases != face.get("aliases", ()):
            edit = replace(edit, set={**edit.set, "aliases": aliases})
        renewal = Renewal(self._shown, edit)
        body = make(renewal, self._templates.source(TEMPLATE), replace(record, face=face))
        data = new_note(edit, self._rules, body)
        stem = self._layout.stem(item, face)
        for path in names.own(stem):
            if (blank := self._blank(path)) is not None:
                self._stop_if_warm(path, files.stat_of(self._root / path), self._index.row(path))
                names.add(path, item, aliases)
                return _Work(path, data, blank, edit, blocks=renewal.written)
        folder = self._layout.folder(item.library)
        files.make_folder(self._root, self._root / folder)
        name = names.unique_stem(stem, item.key) + EXTENSION
        path = f"{folder}/{name}" if folder else name
        names.add(path, item, aliases)
        return _Work(path, data, None, edit, blocks=renewal.written)

    def _blank(self, path: str) -> bytes | None:
        """What a file holds that holds nothing but white space; ``None`` for any other."""
        stat = files.stat_of(self._root / path)
        if stat is None or stat.size > _BLANK:
            return None
        try:
            data, _ = files.read_stable(self._root / path)
        except NoteError:
            return None
        return None if data.strip() else data

    # --- to the disk ----------------------------------------------------------------------------------------------

    def _commit(self, works: Collection[_Work]) -> dict[int, Outcome]:
        """Bring all files to the disk, then tell the index; the outcomes of the edits, by place."""
        results: dict[str, Stat | BridgeError | None] = {}
        paths = {work.path: self._root / work.path for work in works}
        with Batch(self._root, self._listed) as batch:
            for work in works:
                if work.data == work.present:
                    results[work.path] = work.stat
                    continue
                try:
                    batch.stage(paths[work.path], work.data, work.expect)
                except NoteError as error:
                    results[work.path] = error
            deeds = self._told([work for work in works if work.path not in results])
            batch.begin()
            # While the disk works, what was written is read back.
            found = {work.path: read_note(work.data, work.path, self._rules) for work in works}
            placed = batch.commit()
        done = {path for path in deeds if isinstance(placed[paths[path]], Stat)}
        self._recorder.made(deed for path, deed in deeds.items() if not deed.before and path in done)
        self._recorder.withdraw(deed for path, deed in deeds.items() if deed.before and path not in done)
        rows: list[NoteRow] = []
        outcomes = {
            work.at: self._outcome(work, results.get(work.path) or placed[paths[work.path]], found[work.path], rows)
            for work in works
        }
        self._index.put_rows(rows)
        return outcomes

    def _told(self, works: Iterable[_Work]) -> dict[str, FileDeed]:
        """What is about to be done to each file, by path; the recorder knows of what is replaced when this returns."""
        deeds: dict[str, FileDeed] = {}
        contents: dict[str, bytes] = {}
        for work in works:
            before = work.expect or ""
            deeds[work.path] = FileDeed(work.path if before else "", work.path, before, files.digest(work.data))
            if work.present is not None:
                contents[before] = work.present
        self._recorder.keep([deed for deed in deeds.values() if deed.before], contents)
        return deeds

    def _outcome(self, work: _Work, result: Stat | BridgeError, found: ReadNote, rows: list[NoteRow]) -> Outcome:
        item = work.edit.id
        if isinstance(result, files.StaleFileError | files.NameTakenError):
            return Outcome(item, "stale", reason=str(result))
        if isinstance(result, BridgeError):
            return Outcome(item, "refused", reason=f"not-written: {result}")
        if work.row is None:
            self.stats.created += 1
        elif work.data != work.present:
            self.stats.written += 1
        row = row_of(work.path, result, files.digest(work.data), found, found.id)
        rows.append(row)
        return Outcome(item, "applied", Record(item, row.face, row.digest, blocks=work.blocks), work.note)
