"""The vault as one side of the sync: what its notes show, and edits carried out in them.

The rooms behind it: :mod:`bridge.vault.scan` finds what changed, :mod:`bridge.vault.write` carries out edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.deeds import NOBODY, FileDeed, Recorder
from bridge.core.place import NoteRow, Stat
from bridge.core.record import ItemId, Record
from bridge.core.renames import Rekeying, RenamePreview
from bridge.core.side import Edit, Outcome
from bridge.errors import NoteError
from bridge.vault import batch, files, frontmatter
from bridge.vault.create import Layout
from bridge.vault.note import NoteRules, ReadNote, edit_note, read_note
from bridge.vault.restore import Restorer
from bridge.vault.scan import Scanner, VaultIndex, VaultScan, row_of
from bridge.vault.section import section
from bridge.vault.shown import ShownRules
from bridge.vault.write import Applied, Writer

if TYPE_CHECKING:
    from bridge.vault.away import Mover
    from bridge.vault.quiet import Quiet
    from bridge.vault.rename import RenameLog, Renamer

__all__ = ["Applied", "Layout", "VaultSide"]

#: Edits that are brought to the disk together, before any of them is reported.
CHUNK = 200


class VaultSide:
    """Implements :class:`bridge.core.side.Side` on a folder of Markdown files.

    :param index: what is remembered of the files; ``apply`` keeps it true, ``scan`` only reads it.
    :param log: which renames are due and at work.
    :param shown: how notes show what hangs below a paper.
    :param vault_id: the id that the marker must bear; ``""`` takes any.
    :param quiet: what the daemon remembers of files that somebody is editing: notes among them are neither read for
        edits nor written (R37). Without one, as for ``sync --once``, every file is taken as it stands.
    :param recorder: is told of every file that is made, replaced or renamed, so that it can be taken back.
    """

    def __init__(
        self,
        root: Path,
        index: VaultIndex,
        log: RenameLog,
        rules: NoteRules,
        layout: Layout,
        *,
        shown: ShownRules | None = None,
        vault_id: str = "",
        quiet: Quiet | None = None,
        recorder: Recorder = NOBODY,
    ) -> None:
        self._root, self._index, self._log, self._rules, self._quiet = root, index, log, rules, quiet
        self._layout, self._recorder = layout, recorder
        self._is_name_free = False  # files went at the last look: a note may get the name it could not have
        self._scanner = Scanner(
            root, index, self._read, layout.stem, skip=(layout.templates,), vault_id=vault_id, quiet=quiet
        )
        self._writer = Writer(root, index, log, rules, layout, shown or ShownRules(), quiet, recorder)

    def _read(self, data: bytes, path: str) -> ReadNote:
        return read_note(data, path, self._rules)

    @property
    def stats(self) -> Applied:
        """What was done so far."""
        return self._writer.stats

    @property
    def renamed(self) -> int:
        """Files renamed so far."""
        return self._writer.stats.renamed

    def scan(self) -> VaultScan:
        """Look at the whole vault; nothing is written, neither there nor into the index.

        :raises VaultMarkerError: the vault's marker is missing or another one (law 9).
        :raises VaultError: the vault's own folder cannot be listed.
        """
        self._writer.forget()
        found = self._scanner.scan()
        self._is_name_free = bool(found.dropped)
        return found

    def glance(self) -> None:
        """Note which files have changed, without reading one (R37); errors as in :meth:`scan`."""
        self._scanner.glance()

    def is_warm(self, path: str) -> bool:
        """Whether somebody was editing this note when the vault was last looked at."""
        return self._quiet is not None and path in self._quiet.warm

    def remember(self, path: str, data: bytes, stat: Stat) -> None:
        """Take a file that was written by another room as known, so that the next scan need not open it.

        Not for the notes of papers: what was pending about them stays pending.
        """
        note = self._read(data, path)
        if note.id is None:
            self._index.put_rows([row_of(path, stat, files.digest(data), note, None)])

    def look(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Record]:
        """The notes of the given items as they are on disk now; those without a readable note are left out."""
        shown = {}
        for item, row in self._index.rows_of(ids).items():
            try:
                data, _ = files.read_stable(self._root / row.path)
            except NoteError:
                continue
            found = self._read(data, row.path)
            if found.id == item:
                shown[item] = Record(item, found.face, files.digest(data))
        return shown

    def restorer(self) -> Restorer:
        """What puts files back as they were."""
        return Restorer(self._root, self._index, self._read, self._recorder)

    def mover(self) -> Mover:
        """What puts notes away and brings them back."""
        from bridge.vault.away import Mover  # nearly no cycle needs it

        archive, writer = self._layout.archive, self._writer
        return Mover(
            self._root, self._index, self._rules, archive, self._read, writer.is_as_made, self._recorder, writer.moved
        )

    def section(self, note: NoteRow, heading: str) -> str | None:
        """The person's Markdown under a heading of a note; ``None`` where there is no such heading.

        :raises NoteError: the note cannot be read now, is not as it was when its row was made, or holds a broken block.
        """
        data, _ = files.read_stable(self._root / note.path)
        if files.digest(data) != note.digest:
            raise NoteError("the note has changed since it was read")
        return section(frontmatter.read(data).parts.body.decode(), heading)

    def foreign(self, record: Record) -> str | None:
        """The path of somebody's own note about this paper, which is not bound to it yet (R26), or ``None``."""
        return self._writer.foreign(record.id, record.face)

    def stems(self, record: Record) -> tuple[str, ...]:
        """The base names that somebody's own note about this paper may bear (R26)."""
        return self._writer.stems(record.id, record.face)

    def as_note_of(self, path: str, item: ItemId) -> NoteRow | None:
        """A note of somebody's own as it is now, read as this item's.

        ``None`` for one that cannot be read, and for an empty one, which the next sync fills (R26).
        """
        try:
            data, stat = files.read_stable(self._root / path)
        except NoteError:
            return None
        if not data.strip():
            return None
        return row_of(path, stat, files.digest(data), read_note(data, path, self._rules, item=item), item)

    def preview(self, edits: Iterable[Edit]) -> Iterator[Outcome]:
        """What would become of edits of notes that are there: their tokens, with nothing written (law 12).

        :raises ConfigError: as :meth:`apply`.
        """
        source = iter(edits)
        while chunk := list(islice(source, CHUNK)):
            yield from self._writer.preview(chunk)

    def apply(self, edits: Iterable[Edit]) -> Iterator[Outcome]:
        """Carry out edits and report on each, in the order given, when it is durable.

        The reason of one that is refused reads ``code: words``.

        :raises VaultError: no note can be written now (disk full, read-only).
        :raises ConfigError: the person's template for new notes cannot be used, or a folder is not allowed.
        """
        # Not while scanning: a scan, and so a dry run, writes nothing (law 12).
        files.sweep(self._root / path for path in self._scanner.leftovers)
        self._scanner.leftovers = ()
        source = iter(edits)
        while chunk := list(islice(source, CHUNK)):
            yield from self._writer.run(chunk)

    def carry_renames(self, *, begin: bool) -> Sequence[str]:
        """Rename the files of papers whose citation key changed, and have all links follow; what could not, in words.

        Does nothing, and opens nothing, where nothing is due.

        :param begin: whether to begin with what is due, after a cycle's edits; before them, only what an earlier cycle
            began is finished.
        :raises VaultError: no file can be written now; the next cycle goes on.
        """
        if not (self._log.journal() or self._log.due() or (begin and self._is_name_free)):
            return ()
        renamer = self._renamer()
        done = renamer.run() if begin else renamer.resume()
        self._is_name_free &= not begin
        self._writer.renamed(done)
        return done.left

    def preview_renames(self, changes: Sequence[Rekeying]) -> RenamePreview:
        """What renames are due, and would be if papers had other citation keys; writes nothing (law 12)."""
        if not (changes or self._log.due() or self._is_name_free):
            return RenamePreview()
        return self._renamer().preview(changes)

    def rekey(self, change: Rekeying) -> None:
        """Write another citation key into a paper's note, as the person would who asked for it.

        :raises NoteError: the paper has no note, or it cannot be changed.
        """
        row = self._index.rows_of([change.id]).get(change.id)
        if row is None:
            raise NoteError("the paper has no note")
        data, _ = files.read_stable(self._root / row.path)
        edited = edit_note(data, Edit(change.id, "", {"citekey": change.new}), self._rules)
        before, after = files.digest(data), files.digest(edited)
        self._recorder.keep([FileDeed(row.path, row.path, before, after)], {before: data})
        try:
            batch.replace(self._root, self._root / row.path, edited, before)
        except files.StaleFileError:
            raise NoteError("the note is being edited") from None

    def _renamer(self) -> Renamer:
        from bridge.vault.rename import Renamer  # a cycle without renames does not pay for it

        return Renamer(self._root, self._index, self._log, self._layout, self._rules, self._quiet, self._recorder)
