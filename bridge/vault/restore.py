"""Files put back as they were: bytes, names and all (law 4), where they still are what is expected (law 6).

What is there is told to the recorder first, so that putting back can itself be taken back. Within a group of files that
hang together all writing comes before any removing: a crash leaves a file too many, never one too few (law 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bridge.core.deeds import FileDeed, Recorder
from bridge.core.names import EXTENSION
from bridge.core.place import NoteIndex, Stat
from bridge.core.undo import Shown, Step
from bridge.errors import BridgeError, NoteError
from bridge.vault import files
from bridge.vault.batch import Batch
from bridge.vault.note import ReadNote
from bridge.vault.scan import row_of


class Restorer:
    """Reads files whatever the index knows of them, and puts them back."""

    def __init__(
        self, root: Path, index: NoteIndex, read: Callable[[bytes, str], ReadNote], recorder: Recorder
    ) -> None:
        self._root, self._index, self._read, self._recorder = root, index, read, recorder

    def look(self, path: str) -> bytes | None:
        """What a file holds; ``None`` where there is none.

        :raises NoteError: it cannot be read, or is being written.
        """
        place = self._root / path
        try:
            place.lstat()
        except OSError:
            return None
        return files.read_stable(place)[0]

    def digest(self, data: bytes | None) -> str:
        """The digest of what a file holds; ``""`` for no file."""
        return "" if data is None else files.digest(data)

    def show(self, path: str, data: bytes) -> Shown:
        """What bytes say, or would say at a path; those of other files than notes say nothing."""
        if not path.endswith(EXTENSION):
            return Shown(None, {}, "", is_blank=False)
        note = self._read(data, path)
        return Shown(note.id, note.face, note.stamp, is_blank=not data.strip())

    def put_back(self, groups: Sequence[Sequence[Step]], deeds: Sequence[FileDeed]) -> dict[str, str]:
        """Carry out steps, by what hangs together; why each path was left alone that was.

        :param deeds: what all of them amount to, for the recorder.
        :raises VaultError: no file can be written now.
        """
        present = [step.expect for steps in groups for step in steps if step.expect is not None]
        self._recorder.keep(deeds, {files.digest(data): data for data in present})
        left: dict[str, str] = {}
        written = self._write([step for steps in groups for step in steps], left)
        removed: list[str] = []
        for steps in groups:
            if left.keys().isdisjoint(step.path for step in steps):
                removed += self._remove(steps, left)
        self._know(written, removed)
        return left

    def _write(self, steps: Iterable[Step], left: dict[str, str]) -> dict[str, tuple[bytes, Stat]]:
        writing: dict[Path, tuple[str, bytes]] = {}
        written: dict[str, tuple[bytes, Stat]] = {}
        with Batch(self._root) as batch:
            for step in steps:
                if step.wanted is None:
                    continue
                place = self._root / step.path
                try:
                    files.make_folder(self._root, place.parent)
                    batch.stage(place, step.wanted, None if step.expect is None else files.digest(step.expect))
                    writing[place] = (step.path, step.wanted)
                except NoteError as error:
                    left[step.path] = str(error)
            for place, result in batch.commit().items():
                path, data = writing[place]
                if isinstance(result, BridgeError):
                    left[path] = str(result)
                else:
                    written[path] = (data, result)
        return written

    def _remove(self, steps: Iterable[Step], left: dict[str, str]) -> Iterator[str]:
        for step in steps:
            if step.wanted is not None or step.expect is None:
                continue
            try:
                files.remove(self._root, self._root / step.path, files.digest(step.expect))
                yield step.path
            except (files.StaleFileError, NoteError) as error:
                left[step.path] = str(error)

    def _know(self, written: Mapping[str, tuple[bytes, Stat]], removed: Sequence[str]) -> None:
        """The index knows what was put back, so that the next scan takes none of it for somebody's edit (law 8)."""
        rows = []
        waiting = {row.id for path in removed if (row := self._index.row(path)) is not None and row.pending}
        for path, (data, stat) in written.items():
            if not path.endswith(EXTENSION):
                continue
            note, before = self._read(data, path), self._index.row(path)
            row = row_of(path, stat, files.digest(data), note, note.id)
            # What was waiting to be reconciled before waits on.
            is_due = note.id in waiting or (before is not None and before.pending and before.id == note.id)
            rows.append(replace(row, pending=is_due))
        self._index.drop_rows(removed)
        self._index.put_rows(rows)
