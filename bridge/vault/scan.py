"""Which notes there are and which of them changed, by looking at the whole vault every time.

Events only wake; this decides. Only files whose stat differs from what is remembered are opened, and nothing is
written: the cycle stores what a scan found in its own transaction (law 12).

Law 9: a note is *gone* only when a whole look at a vault with the right marker, done twice, found it nowhere. One that
cannot be read, is away in a cloud, lies in a folder that cannot be listed, or is there without its key, is held; so are
the notes that :mod:`bridge.vault.identity` finds to be copies. Held files keep their item, and the item its base (R38).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from bridge.core.names import folded
from bridge.core.place import Facts, NoteIndex, NoteRow, Stat
from bridge.core.plan import Held
from bridge.core.record import Face, ItemId
from bridge.errors import NoteError, VaultMarkerError
from bridge.vault import files, marker
from bridge.vault.identity import (
    CONFLICT_COPY,
    COPIED,
    COPIES,
    KEY_CHANGED,
    LOST_KEY,
    RELATIVE,
    Verdict,
    identify,
)
from bridge.vault.walk import Tree, walk

if TYPE_CHECKING:
    from bridge.vault.note import ReadNote
    from bridge.vault.quiet import Quiet

UNAVAILABLE, UNREADABLE = "unavailable", "unreadable"

_REASONS = {
    COPIED: "another note has the same zotero-key",
    CONFLICT_COPY: "a conflict copy made by a sync tool",
    KEY_CHANGED: "its zotero-key was changed",
    LOST_KEY: "its zotero-key was removed",
    UNAVAILABLE: "it is not on this machine just now, or lies behind a link",
}


class VaultIndex(NoteIndex, Protocol):
    """The note index, with what finding problems and other people's notes needs besides."""

    def held(self) -> Iterable[Held]:
        """What is held about files as last read, each with its ``path``."""
        ...

    def strays(self) -> Collection[str]:
        """Paths of notes that name an item no library has."""
        ...

    def citekeys(self) -> Mapping[ItemId, str]:
        """The citation key that each item's note shows."""
        ...

    def linking(self, names: Collection[str]) -> Collection[str]:
        """Paths of files one of whose :attr:`Facts.links` is among ``names``."""
        ...

    def facts(self) -> Iterable[tuple[str, Facts]]:
        """What notes not bound to any item tell about papers (R26, R28), by path."""
        ...


@dataclass(frozen=True, slots=True)
class VaultScan:
    """What a look at the vault found. Nothing of it is in the index yet.

    ``changed``: notes whose text changed or that appeared, but for those held as a whole. ``gone``: items whose note is
    nowhere any more. ``held``: notes that cannot be read just now; they keep the rows they have. What is held about a
    file that was read stands in its row, and the ``id`` there of a copy names the item it copies, which is not held.
    ``bound_before``, ``bound_now``: how many items had a note, and how many of these have one still (held and
    unavailable ones included). ``files``: how many notes there are; ``opened``: how many were read. ``rows``,
    ``dropped``: what the index is to remember and forget. ``moved``: pairs of old and new path.
    """

    changed: tuple[NoteRow, ...] = ()
    gone: tuple[ItemId, ...] = ()
    held: tuple[Held, ...] = ()
    bound_before: int = 0
    bound_now: int = 0
    files: int = 0
    opened: int = 0
    rows: tuple[NoteRow, ...] = ()
    dropped: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()


class Scanner:
    """Looks at a vault.

    :param reader: reads a note's bytes, given its path (``bridge.vault.note.read_note``); never raises for a bad note.
    :param stem_of: the base name a note is made with: of two unknown files with one key the one so named is the note.
    :param skip: folders that are not looked into.
    :param vault_id: the id the marker must bear; ``""`` takes any.
    :param quiet: the daemon's memory of which files stand still; without one a file is taken as it stands (R37).
    """

    def __init__(
        self,
        root: Path,
        index: VaultIndex,
        reader: Callable[[bytes, str], ReadNote],
        stem_of: Callable[[ItemId, Face], str],
        *,
        skip: Collection[str] = (),
        vault_id: str = "",
        quiet: Quiet | None = None,
    ) -> None:
        self._root, self._index, self._reader, self._stem_of = root, index, reader, stem_of
        self._skip, self._vault_id, self._quiet = skip, vault_id, quiet
        #: Half-written files of a killed process, found by the last scan.
        self.leftovers: tuple[str, ...] = ()

    def scan(self) -> VaultScan:
        """Look at the whole vault.

        :raises VaultMarkerError: its marker is missing or another one: nothing can be said about it (law 9).
        :raises VaultError: the vault's own folder cannot be listed.
        """
        self._check_marker()
        tree = walk(self._root, self._skip)
        result = self._look(tree)
        if result.gone:
            # A file moved while folders were listed one by one may have been seen in none of them, and an editor may
            # delete a file and make it anew. So absence is believed at the second look only.
            again = walk(self._root, self._skip)
            if again != tree:
                tree, before = again, result.opened
                result = self._look(tree)
                result = replace(result, opened=result.opened + before)
        self._check_marker()  # a disk may go away in the middle
        self.leftovers = tuple(tree.leftovers)
        return result

    def glance(self) -> None:
        """Note which files have changed, without reading one: what stands still is counted from then on.

        Errors as in :meth:`scan`.
        """
        self._check_marker()
        if self._quiet is not None:
            tree = walk(self._root, self._skip)
            self._quiet.look(tree.files, _differing(tree, self._index.stats()), reading=False)

    def _check_marker(self) -> None:
        found = marker.read_marker(self._root)
        if self._vault_id and found.id != self._vault_id:
            raise VaultMarkerError("the vault's marker is that of another vault")

    def _look(self, tree: Tree) -> VaultScan:
        known = self._index.stats()
        differing = _differing(tree, known)
        warm = self._quiet.look(tree.files, differing, reading=True) if self._quiet is not None else frozenset()
        if not differing:  # as nearly always: then no more is asked than how many there are
            items = self._index.bound_items()
            return VaultScan(bound_before=items, bound_now=items, files=len(tree.files))
        bound, held = self._index.bound(), tuple(self._index.held())
        missing = {path for path in differing if path not in tree.files}
        # A warm note keeps the row it has. A warm file that is nobody's note is read all the same, for who it is: an
        # item whose note is just arriving must not be given a second one.
        edited = {path for path in warm if path in bound} - missing
        odd = differing - missing - edited
        unsure = missing & warm
        if not odd and missing == unsure:
            items = len(set(bound.values()))
            return VaultScan(bound_before=items, bound_now=items, files=len(tree.files))
        odd |= {problem.path for problem in held if problem.code in RELATIVE} - missing - edited
        hidden = {path for path in missing if tree.hides(path)}
        look = _Look(self._root, self._index, self._reader)
        for path in sorted(odd):
            look.read(path, known.get(path))
        look.leave_nameless(odd & warm & known.keys())
        copies = {problem.path for problem in held if problem.code in COPIES}
        # R8 keeps a pair of note and item together; a key that is no item's made no pair, and may go or change.
        single = copies.union(self._index.strays())
        homes = {item: path for path, item in bound.items() if path not in single}
        says: dict[str, ItemId | None] = {
            path: item for path, item in bound.items() if path not in missing or path in hidden
        }
        says |= {path: text.note.id for path, text in look.texts.items()}
        verdict = identify(
            homes,
            says,
            look.texts,
            self._index.heirs(),
            is_same_file=look.is_same_file(homes),
            is_named_for=self._is_named_for(look),
        )
        # An item whose last files were held copies is gone with them.
        verdict.gone |= {bound[path] for path in copies if path in bound} - homes.keys() - set(says.values())
        # Absence must stand still too: many editors delete a file and make it anew.
        verdict.gone -= {bound[path] for path in unsure if path in bound}
        unsure = {path for path in unsure if path not in bound or bound[path] not in verdict.notes}
        away = [_held(UNAVAILABLE, path, bound[path]) for path in sorted(hidden) if path in bound]
        result = look.result(homes, verdict, missing - hidden - unsure)
        before = set(bound.values())
        return replace(
            result,
            held=(*result.held, *away),
            files=len(tree.files),
            bound_before=len(before),
            bound_now=len(before - verdict.gone),
        )

    def _is_named_for(self, look: _Look) -> Callable[[str, ItemId], bool]:
        def asked(path: str, item: ItemId) -> bool:
            text = look.texts.get(path)
            stem = PurePosixPath(path).stem
            return text is not None and folded(stem) == folded(self._stem_of(item, text.note.face))

        return asked


def _differing(tree: Tree, known: Mapping[str, Stat]) -> set[str]:
    """The paths at which a file is new, changed or gone."""
    odd = {path for path, stat in tree.files.items() if known.get(path) != stat}
    return odd | {path for path in known if path not in tree.files}


def _held(code: str, path: str, item: ItemId | None, reason: str = "") -> Held:
    return Held(code, reason or _REASONS[code], path, id=item)


def is_whole(problems: Iterable[Held]) -> bool:
    """Whether one of the problems holds the whole note, not only a field."""
    return any(not problem.field for problem in problems)


@dataclass(frozen=True, slots=True)
class _Text:
    """A file as read now, and its row as remembered (``None`` for a new one)."""

    stat: Stat
    digest: str
    note: ReadNote
    old: NoteRow | None


class _Look:
    """The files read in one look, and what follows from them."""

    def __init__(self, root: Path, index: VaultIndex, reader: Callable[[bytes, str], ReadNote]) -> None:
        self._root, self._index, self._reader = root, index, reader
        self._opened = 0
        self._problems: list[Held] = []
        self.texts: dict[str, _Text] = {}

    def read(self, path: str, known: Stat | None) -> None:
        """Read one file. One that cannot be read keeps the row it has, and is tried again next time."""
        old = self._index.row(path) if known is not None else None
        self._opened += 1
        try:
            data, stat = files.read_stable(self._root / path)
        except NoteError as error:
            if old is None or old.id is not None:
                self._problems.append(_held(UNREADABLE, path, old.id if old else None, str(error)))
            return
        digest = files.digest(data)
        self.texts[path] = _Text(stat, digest, self._reader(data, path), old)

    def leave_nameless(self, paths: Iterable[str]) -> None:
        """Take back what was read of those of the files that name no item: they keep the rows they have."""
        for path in paths:
            if (text := self.texts.get(path)) is not None and text.note.id is None:
                del self.texts[path]

    def is_same_file(self, homes: Mapping[ItemId, str]) -> Callable[[str, ItemId], bool]:
        """Whether the file read at a path is the one remembered as an item's note, by its inode or its text."""

        def asked(path: str, item: ItemId) -> bool:
            home, text = homes.get(item), self.texts.get(path)
            old = self._old(home) if home is not None else None
            if old is None or text is None:
                return False
            return old.digest == text.digest or (old.stat.inode == text.stat.inode != 0)

        return asked

    def _old(self, path: str) -> NoteRow | None:
        text = self.texts.get(path)
        return text.old if text else self._index.row(path)

    def result(self, homes: Mapping[ItemId, str], verdict: Verdict, missing: Collection[str]) -> VaultScan:
        """What the index and the cycle are told."""
        rows, changed, moved = [], [], []
        for path, text in self.texts.items():
            item, code = verdict.codes.get(path) or (text.note.id, "")
            home = homes.get(item) if item and not code else None
            old = text.old
            if home is not None and home != path:
                moved.append((home, path))
                old = self._old(home)
            row, is_new = _row(path, text, item, code, old)
            if row != text.old:
                rows.append(row)
            if is_new and not is_whole(row.held):
                changed.append(row)
        return VaultScan(
            changed=tuple(changed),
            gone=tuple(sorted(verdict.gone)),
            held=tuple(self._problems),
            opened=self._opened,
            rows=tuple(rows),
            dropped=tuple(sorted(missing)),
            moved=tuple(sorted(moved)),
        )


def _row(path: str, text: _Text, item: ItemId | None, code: str, old: NoteRow | None) -> tuple[NoteRow, bool]:
    """The row to remember of a file, and whether it is news about its item.

    :param old: the row of the item's note as last read, maybe at another path; else that of the file.
    """
    row = row_of(path, text.stat, text.digest, text.note, item)
    if code and not (code == LOST_KEY and is_whole(row.held)):  # a broken head says more than that its key is missing
        row = replace(row, held=(_held(code, path, item), *row.held))
    is_same = (
        old is not None
        and (old.id, old.digest, old.face) == (item, row.digest, row.face)
        and not any(problem.code in RELATIVE for problem in old.held)
    )
    is_new = item is not None and not code and not is_same
    return replace(row, pending=item is not None and (is_new or (old is not None and old.pending))), is_new


def row_of(path: str, stat: Stat, digest: str, note: ReadNote, item: ItemId | None) -> NoteRow:
    """The row to remember of a file as it was read or written; what is held about it says where, and of which item."""
    held = tuple(replace(problem, path=problem.path or path, id=item) for problem in note.held)
    return NoteRow(path, stat, digest, item, note.stamp, note.face, note.facts, held)
