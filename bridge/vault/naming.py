"""Which notes are to be called otherwise, and which citations are to follow: planned whole before anything is touched.

A note still named after a former citation key gets the name of its present one. Names change hands as they would if all
files were renamed at once: two notes may change names, and one may take the name that another gives up. R27: a name
that another file bears stays with it; the newcomer is called ``@key ITEMKEY``, as when it is made, and gets the plain
name when that becomes free. A name that a person gave stays.

Reads the index; writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

from bridge.core.names import folded, unique, with_key
from bridge.core.place import FormerKey, NoteRow
from bridge.core.policy import normal_text
from bridge.core.record import ItemId
from bridge.vault.carry import Rekeyed, Renamed, Renaming
from bridge.vault.create import Catalogue, Layout, stem_in
from bridge.vault.scan import VaultIndex


class Move(NamedTuple):
    """A note's file from one path to another in the same folder.

    ``via`` is a third path, which a ring of names goes through; a note left there by a kill has a fitting name.
    ``rivals`` are the folders of other files with the old base name.
    """

    id: ItemId
    at: str
    to: str
    via: str
    rivals: tuple[str, ...] = ()

    def renamed(self, path: str) -> Renamed | None:
        """What links follow if the file is at ``path`` now."""
        old, new = stem_in(self.at), stem_in(path)
        return None if old == new else Renamed(old, new, folder_of(path), self.rivals)


class KeyChange(NamedTuple):
    """A paper whose citation key is another one now, with the path of its note."""

    id: ItemId
    path: str
    olds: tuple[str, ...]
    new: str


@dataclass(frozen=True, slots=True)
class NamePlan:
    """What is due.

    ``files`` are former names that nobody bears any more, whose links follow without a file being moved. ``absorbed``
    are the entries of the list of former keys that are done with once this is.
    """

    moves: tuple[Move, ...] = ()
    files: tuple[Renamed, ...] = ()
    keys: tuple[Rekeyed, ...] = ()
    changes: tuple[KeyChange, ...] = ()
    absorbed: tuple[FormerKey, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moves or self.files or self.keys)

    @property
    def renaming(self) -> Renaming:
        """What links and citations follow if all moves can be made."""
        moved = (move.renamed(move.to) for move in self.moves)
        return Renaming((*(each for each in moved if each is not None), *self.files), self.keys)


class _Mover(NamedTuple):
    row: NoteRow
    item: ItemId
    wanted: str


def plan_names(
    index: VaultIndex,
    layout: Layout,
    due: Sequence[FormerKey],
    keys: Mapping[ItemId, str] | None = None,
) -> NamePlan:
    """Plan the renames that follow from former citation keys, and those of notes whose plain name became free.

    :param keys: present citation keys that no note shows yet, for a preview.
    """
    return _Planner(index, layout, due, keys or {}).plan()


class _Planner:
    def __init__(self, index: VaultIndex, layout: Layout, due: Sequence[FormerKey], keys: Mapping[ItemId, str]) -> None:
        self._index, self._layout = index, layout
        self._former: dict[ItemId, list[FormerKey]] = {}
        for former in due:
            self._former.setdefault(former.id, []).append(former)
        self._rows = index.rows_of(self._former)
        shown = {item: str(row.face.get("citekey") or "") for item, row in self._rows.items()}
        self._present = {**shown, **{item: key for item, key in keys.items() if item in self._rows}}

    @cached_property
    def _names(self) -> Catalogue:
        return Catalogue(self._index, self._layout)

    @cached_property
    def _empty(self) -> frozenset[str]:
        """Files without a byte, which a clicked link or a cut-short rename leaves behind: their names may be taken."""
        return frozenset(path for path, stat in self._index.stats().items() if stat.size == 0)

    def plan(self) -> NamePlan:
        changes = tuple(self._changes())
        movers, orphans = [], []
        for change in changes:
            row = self._rows[change.id]
            wanted = self._layout.stem(change.id, {**row.face, "citekey": change.new})
            stems = [former.stem for former in self._former[change.id] if former.key in change.olds]
            name, key = stem_in(row.path), change.id.key
            if self._is_named_after(name, [*stems, wanted], key):
                movers.append(_Mover(row, change.id, wanted))
            elif folded(name) == folded(wanted):  # its file was renamed by hand, and not in Obsidian
                orphans += [Renamed(stem, name, folder_of(row.path)) for stem in stems if not self._names.named(stem)]
        movers += self._waiting(dict.fromkeys(change.id for change in changes))
        keys, waiting = self._keys(changes) if changes else ([], set())
        # A note that cannot be read just now shows no key.
        done = (each for former in self._former.values() for each in former if self._present.get(each.id) != "")
        return NamePlan(
            tuple(self._moves(movers)),
            tuple(orphans),
            tuple(keys),
            changes,
            tuple(each for each in done if (each.id, each.key) not in waiting),
        )

    def _changes(self) -> Iterator[KeyChange]:
        for item, formers in self._former.items():
            new = self._present.get(item)
            olds = tuple(former.key for former in formers if former.key != new)
            if new and olds:
                yield KeyChange(item, self._rows[item].path, olds, new)

    def _is_named_after(self, name: str, stems: Iterable[str], key: str) -> bool:
        """Whether a file bears one of these names as the bridge would give it; the last counts with the key only."""
        *former, wanted = stems
        given = {folded(each) for stem in former for each in (stem, with_key(stem, key))}
        return name != wanted and folded(name) in given | {folded(with_key(wanted, key))}

    def _waiting(self, others: Collection[ItemId]) -> Iterator[_Mover]:
        """Notes called ``@key ITEMKEY``, as far as that is not for good."""
        for path, item in self._index.bound().items():
            if item in others or not stem_in(path).endswith(f" {item.key}"):
                continue
            row = self._index.rows_of([item]).get(item)
            if row is None or row.path != path or not row.face.get("citekey"):
                continue
            wanted = self._layout.stem(item, row.face)
            if folded(stem_in(path)) == folded(with_key(wanted, item.key)):
                yield _Mover(row, item, wanted)

    def _moves(self, movers: Sequence[_Mover]) -> Iterator[Move]:
        leaving = {mover.row.path for mover in movers}
        taken: set[str] = set()
        for mover in sorted(movers, key=lambda mover: (mover.item in self._former, mover.item)):
            at = PurePosixPath(mover.row.path)
            blocked = _Blocked(self._names, leaving, at, self._empty, taken)
            name = unique(mover.wanted, blocked, mover.item.key)
            taken.add(folded(name))
            to = str(at.with_name(name + at.suffix))
            if to == mover.row.path:
                continue
            aside = unique(
                mover.wanted, _Blocked(self._names, (), at, (), {*taken, folded(mover.wanted)}), mover.item.key
            )
            rivals = sorted({folder_of(path) for path in self._names.named(at.stem) - {mover.row.path}})
            yield Move(mover.item, mover.row.path, to, str(at.with_name(aside + at.suffix)), tuple(rivals))

    def _keys(self, changes: Sequence[KeyChange]) -> tuple[list[Rekeyed], set[tuple[ItemId, str]]]:
        """Keys whose citations follow, and those whose citations are to wait.

        A citation names no more than a key, so one that may mean another paper as well is left as it is: where another
        paper had the old key too, for good; where another has the new key, until that is settled, for afterwards nobody
        could tell them apart.
        """
        old, new = defaultdict[str, set[ItemId]](set), defaultdict[str, set[ItemId]](set)
        changed = {change.id: change for change in changes}
        for item, key in {**self._index.citekeys(), **{each.id: each.new for each in changes}}.items():
            new[normal_text(key)].add(item)
            for former in changed[item].olds if item in changed else (key,):
                old[normal_text(former)].add(item)
        follow, wait = [], set()
        for change in changes:
            for key in filter(None, change.olds):
                had, have = old[normal_text(key)], new[normal_text(change.new)]
                if had == have:
                    follow.append(Rekeyed(key, change.new))
                elif had <= have:
                    wait.add((change.id, key))
        return list(dict.fromkeys(follow)), wait


class _Blocked:
    """Names that a note cannot have once all that leave their names have left.

    :param leaving: paths of the files that give up their names.
    :param own: the note's path; what it bears itself blocks nothing.
    :param empty: files that may be taken over, where one is in the note's folder.
    :param taken: names given away already.
    """

    def __init__(
        self,
        names: Catalogue,
        leaving: Collection[str],
        own: PurePosixPath,
        empty: Collection[str],
        taken: Collection[str],
    ) -> None:
        self._names, self._leaving, self._own, self._taken = names, leaving, str(own), taken
        self._empty = {path for path in empty if folder_of(path) == folder_of(self._own)}

    def __contains__(self, name: object) -> bool:
        assert isinstance(name, str)
        if name in self._taken or self._names.aliased(name) - {self._own}:
            return True
        return any(path not in self._leaving and path not in self._empty for path in self._names.named(name))


def folder_of(path: str) -> str:
    """The folder of a path in the vault, ``""`` for the vault's own."""
    return path.rpartition("/")[0]
