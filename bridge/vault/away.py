"""Notes put away, into the archive folder or the vault's trash, and brought back (``[notes] on_zotero_delete``).

Nothing is removed. In the archive a note keeps its path below the folder: a link that names the end of its path, and
so every link to it, still finds it (Obsidian looks a path up by its end). The trash is ``.trash``, as Obsidian has it,
which no scan looks into; only a note that says nothing but what Bridge wrote goes there.

Kept here: law 6 (a note that is no longer what was read stays), law 13 and R32 (one configured folder, and the trash).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bridge.core.deeds import FileDeed, Recorder
from bridge.errors import ConfigError, NoteError
from bridge.vault import files, frontmatter
from bridge.vault.scan import VaultIndex, row_of

if TYPE_CHECKING:
    from bridge.core.place import NoteRow
    from bridge.core.record import Face, ItemId, Record
    from bridge.vault.note import NoteRules, ReadNote

TRASH = ".trash"


class Mover:
    """Moves notes of papers as a whole.

    :param archive: the archive folder, relative to the vault.
    :param is_as_made: whether a note's body, by its face, its paper and what was generated last, is nobody's words.
    :param moved: told of every move.
    """

    def __init__(
        self,
        root: Path,
        index: VaultIndex,
        rules: NoteRules,
        archive: str,
        read: Callable[[bytes, str], ReadNote],
        is_as_made: Callable[[str, Face, Record, Mapping[str, Sequence[str]]], bool],
        recorder: Recorder,
        moved: Callable[[], None],
    ) -> None:
        self._root, self._index, self._rules, self._archive = root, index, rules, archive
        self._read, self._is_as_made, self._recorder, self._moved = read, is_as_made, recorder, moved

    def archived(self, note: NoteRow) -> str:
        """Where a note goes in the archive; ``""`` for one that is there."""
        if PurePosixPath(note.path).is_relative_to(self._archive):
            return ""
        return self._free(f"{self._archive}/{note.path}")

    def trashed(self, note: NoteRow, record: Record, written: Mapping[str, Sequence[str]]) -> str:
        """Where a note goes in the trash; ``""`` for one that holds anything of a person's: that stays in sight.

        :param written: what was generated for the note last.
        """
        return self._free(f"{TRASH}/{PurePosixPath(note.path).name}") if self._is_bare(note, record, written) else ""

    def move(self, item: ItemId, at: str, to: str) -> str:
        """Move an item's note, to the path given or a free one beside it; where it is now.

        ``""`` where it was left alone: it is not there, is another's, or changed since it was read.
        """
        row = self._index.row(at)
        try:
            data, stat = files.read_stable(self._root / at)
            note, digest = self._read(data, at), files.digest(data)
            if note.id != item or (row is not None and digest != row.digest):
                return ""
            to = self._free(to)
            files.make_folder(self._root, (self._root / to).parent)
            deed = FileDeed(at, to, digest, digest)
            self._recorder.keep([deed], {})
            try:
                files.move(self._root, self._root / at, self._root / to)
            except (files.NameTakenError, NoteError):
                self._recorder.withdraw([deed])
                return ""
        except NoteError:
            return ""
        found = row or replace(row_of(at, stat, digest, note, item), pending=True)
        self._index.drop_rows([at])
        if not to.startswith(f"{TRASH}/"):
            held = tuple(replace(problem, path=to) for problem in found.held)
            self._index.put_rows([replace(found, path=to, held=held)])
        self._moved()
        return to

    def _free(self, path: str) -> str:
        """The path, or one beside it where something is there."""
        place, number = PurePosixPath(path), 1
        while (self._root / place).exists():
            number += 1
            place = PurePosixPath(path).with_stem(f"{PurePosixPath(path).stem} {number}")
        return place.as_posix()

    def _is_bare(self, note: NoteRow, record: Record, written: Mapping[str, Sequence[str]]) -> bool:
        """Whether a note says nothing but what Bridge wrote: its properties, its blocks, and the body it was made with.

        In doubt it does not.
        """
        try:
            data, _ = files.read_stable(self._root / note.path)
            head = frontmatter.read(data)
            if files.digest(data) != note.digest or not {*head.nodes} <= {*self._rules.names.values()}:
                return False
            return self._is_as_made(head.parts.body.decode(), note.face, record, written)
        except (NoteError, ConfigError):
            return False
