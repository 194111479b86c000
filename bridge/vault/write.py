"""Edits carried out: the text of each note made first, then all of a chunk brought to the disk together.

Kept here: law 6 (an edit is carried out in the very text it was planned on), law 2 (a note that shows what is wanted
already is not written), law 5 (what is reported is on the disk; what a crash leaves is met again by the next scan), R26
and R27 for new notes, and the order of a rename: first the file, then the links to it, last the note's own text. A
crash anywhere in between leaves the note due, so that the next cycle does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bridge.core.deeds import NOBODY, FileDeed, Recorder
from bridge.core.names import EXTENSION, folded
from bridge.core.place import NoteRow, Stat
from bridge.core.reconcile import members
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.side import Edit, Outcome, Result
from bridge.errors import BridgeError, NoteError
from bridge.vault import files
from bridge.vault.carry import Renaming, carry
from bridge.vault.create import Catalogue, Layout
from bridge.vault.identity import COPIED
from bridge.vault.note import NoteRules, ReadNote, edit_note, new_note, read_note
from bridge.vault.renewal import EntryTemplateError, Renewal
from bridge.vault.scan import VaultIndex, row_of
from bridge.vault.shown import Shown, ShownRules
from bridge.vault.sources import Templates
from bridge.vault.template import TEMPLATE, context, render_body
from bridge.vault.walk import CANVAS, walk

if TYPE_CHECKING:
    from bridge.vault.quiet import Quiet

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

    ``present`` is ``None`` for a new file. ``edit`` is ``None`` for a file that only follows a rename. ``row`` is what
    the index remembers of it, and ``stat`` is that of ``present``. ``at`` is the edit's place in its chunk. ``blocks``
    are those that were generated for it, packed (:class:`bridge.vault.renewal.Renewal`).
    """

    path: str
    data: bytes
    present: bytes | None
    edit: Edit | None = None
    row: NoteRow | None = None
    stat: Stat | None = None
    at: int = -1
    blocks: Mapping[str, str] = field(default_factory=dict)

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
        rules: NoteRules,
        layout: Layout,
        shown: ShownRules,
        quiet: Quiet | None = None,
        recorder: Recorder = NOBODY,
    ) -> None:
        self._root, self._index, self._rules, self._layout = root, index, rules, layout
        self._quiet, self._recorder = quiet, recorder
        self._catalogue: Catalogue | None = None
        self._templates = Templates(root, layout.templates)
        self._shown = Shown(shown, self._templates)
        #: Path and digest before, to digest after, of notes changed by no more than a link: an edit planned on the text
        #: before holds for the text after.
        self._carried: dict[tuple[str, str], str] = {}
        #: Folded names on the disk by folder, as listed since the last scan; see :class:`files.Batch`.
        self._listed: dict[Path, set[str]] = {}
        self.stats = Applied()

    def forget(self) -> None:
        """The vault is about to be looked at anew."""
        self._catalogue = None
        self._templates.forget()
        self._carried.clear()
        self._listed.clear()

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
        moved = list(works.values())
        if renaming := self._rename(moved):
            moved += self._following(renaming, {work.path: work for work in moved})
        outcomes |= self._commit(moved)
        return [outcomes[at] for at in range(len(edits))]

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
        return self._index.row(edit.at)

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
        renewal = Renewal(self._shown, edit)
        changed = edit_note(data, edit, self._rules, renewal.renew)
        work = _Work(row.path, changed, data, edit, row, stat, blocks=renewal.written)
        self._stop_if_warm(row.path, stat, row)
        self._stop_if_links_are_warm(work)
        return work

    def _stop_if_warm(self, path: str, stat: Stat | None, row: NoteRow | None) -> None:
        """Leave a file alone that somebody is editing: it stood still when it was read, and must not have moved since.

        Its text may be what was read all the same: an editor that is open saves what it has.
        """
        if self._quiet is not None and (path in self._quiet.warm or row is None or row.stat != stat):
            raise _Left("stale", "the note is being edited")

    def _stop_if_links_are_warm(self, work: _Work) -> None:
        """Leave a citation key alone while a note that may link to it is being edited: all links follow at once."""
        if self._quiet is None or not self._quiet.warm or (change := _key_change(work)) is None:
            return
        olds = [old.encode() for old in change[0]]
        for path in self._quiet.warm:
            with suppress(OSError):
                data = (self._root / path).read_bytes()
                if any(old in data for old in olds):
                    raise _Left("stale", "a note that links to it is being edited")

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
        body = render_body(self._templates.source(TEMPLATE), context(replace(record, face=face), renewal.block))
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

    # --- renames --------------------------------------------------------------------------------------------------

    def _rename(self, works: Iterable[_Work]) -> Renaming:
        """Rename the files still named after a citation key that changes; what links and citations are to follow."""
        stems: list[tuple[str, str, str]] = []
        keys: list[tuple[str, str]] = []
        waiting: list[tuple[_Work, str]] = []
        for work in works:
            change = _key_change(work)
            if change is None:
                continue
            olds, new, face = change
            item, path = _id(work), PurePosixPath(work.path)
            wanted = self._layout.stem(item, {**face, "citekey": new})
            for old in olds:
                former = self._layout.stem(item, {**face, "citekey": old})
                is_shared = self._names.is_taken(former, but=(work.path,))
                if not is_shared:  # else another paper has that key too, and a citation may mean either
                    keys.append((old, new))
                if folded(path.stem) in {folded(former), folded(f"{former} {item.key}")} and path.stem != wanted:
                    waiting.append((work, wanted))
                elif folded(path.stem) == folded(wanted) != folded(former) and not is_shared:
                    stems.append((former, wanted, _folder(path)))  # renamed before a crash; the links may not be
        while done := [pair for pair in waiting if self._move(*pair, stems)]:
            waiting = [pair for pair in waiting if pair not in done]
        return Renaming(tuple(stems), tuple(keys))

    def _move(self, work: _Work, wanted: str, stems: list[tuple[str, str, str]]) -> bool:
        """Rename one file, if the name is free; a name that is taken may be so for now only, or else the old stays."""
        old = PurePosixPath(work.path)
        new = old.with_name(wanted + old.suffix)
        if self._names.is_taken(wanted, but=(work.path, str(new))):
            return False
        same = "" if work.present is None else files.digest(work.present)
        deed = FileDeed(work.path, str(new), same, same)
        self._recorder.keep([deed], {})
        try:
            files.move(self._root, self._root / old, self._root / new)
        except (files.NameTakenError, NoteError):
            self._recorder.withdraw([deed])
            return False
        self._listed.clear()
        self._names.drop(work.path)
        work.path = str(new)
        self._names.add(work.path, _id(work))
        self.stats.renamed += 1
        stems.append((old.stem, wanted, _folder(old)))
        return True

    def _following(self, renaming: Renaming, works: Mapping[str, _Work]) -> list[_Work]:
        """All other files that hold a link to follow; each file of the vault is read once."""
        followers = []
        tree = walk(self._root, (self._layout.templates,))
        for path in (*tree.files, *tree.canvases):
            if (work := works.get(path)) is not None:
                work.data = carry(work.data, renaming)
                continue
            try:
                data = (self._root / path).read_bytes()
            except OSError:
                continue
            changed = carry(data, renaming, is_canvas=path.lower().endswith(CANVAS))
            if changed is not data:
                followers.append(_Work(path, changed, data, row=self._index.row(path)))
        return followers

    # --- to the disk ----------------------------------------------------------------------------------------------

    def _commit(self, works: Iterable[_Work]) -> dict[int, Outcome]:
        """Bring all files to the disk, then tell the index; the outcomes of the edits, by place."""
        works = list(works)
        results: dict[str, Stat | BridgeError | None] = {}
        paths = {work.path: self._root / work.path for work in works}
        with files.Batch(self._root, self._listed) as batch:
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
            found = {work.path: read_note(work.data, work.path, self._rules) for work in works if work.edit is not None}
            placed = batch.commit()
        done = {path for path in deeds if isinstance(placed[paths[path]], Stat)}
        self._recorder.made(deed for path, deed in deeds.items() if not deed.before and path in done)
        self._recorder.withdraw(deed for path, deed in deeds.items() if deed.before and path not in done)
        outcomes: dict[int, Outcome] = {}
        rows: list[NoteRow] = []
        dropped: list[str] = []
        for work in works:
            result = results.get(work.path) or placed[paths[work.path]]
            if work.edit is not None:
                outcomes[work.at] = self._outcome(work, result, found[work.path], rows, dropped)
            elif isinstance(result, Stat):
                self._followed(work, result, rows)
        self._index.drop_rows(dropped)
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

    def _outcome(
        self, work: _Work, result: Stat | BridgeError, found: ReadNote, rows: list[NoteRow], dropped: list[str]
    ) -> Outcome:
        item = _id(work)
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
        if work.row is not None and work.row.path != work.path:
            dropped.append(work.row.path)
        return Outcome(item, "applied", Record(item, row.face, row.digest, blocks=work.blocks))

    def _followed(self, work: _Work, stat: Stat, rows: list[NoteRow]) -> None:
        """A file whose links followed: known as before, but for its text. One changed meanwhile is left to the scan."""
        self.stats.linked += 1
        if work.row is None or work.row.digest != work.expect:
            return
        digest = files.digest(work.data)
        self._carried[work.path, work.row.digest] = digest
        found = read_note(work.data, work.path, self._rules)
        rows.append(replace(work.row, stat=stat, digest=digest, face=found.face, facts=found.facts))


def _id(work: _Work) -> ItemId:
    assert work.edit is not None
    return work.edit.id


def _folder(path: PurePosixPath) -> str:
    return "" if path.parent == PurePosixPath() else path.parent.as_posix()


def _key_change(work: _Work) -> tuple[list[str], str, Face] | None:
    """Former citation keys of a note, its key after the edit and what else it shows, if the key is another one then.

    The key changes with the edit, or a person changed it in the note and the other side has followed: either way it is
    not what was last agreed on. What the note showed until now is a former key too: a file may be named after it.
    """
    if work.edit is None or work.row is None:
        return None
    face: Face = {**work.row.face, **work.edit.set}
    before, shown = work.edit.before.get("citekey"), work.row.face.get("citekey")
    new = face.get("citekey")
    if not before or not isinstance(new, str) or not new or before == new:
        return None
    olds = dict.fromkeys(old for old in (before, shown) if isinstance(old, str) and old and old != new)
    return list(olds), new, face
