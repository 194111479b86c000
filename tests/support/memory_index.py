"""A note index in a dictionary, for tests of the vault side; it counts what is written to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from bridge.core.names import folded
from bridge.core.place import Facts, FormerKey, NoteRow, Stat
from bridge.core.plan import Held
from bridge.core.record import ItemId
from bridge.vault.identity import COPIES


class MemoryIndex:
    """Implements :class:`bridge.vault.scan.VaultIndex`."""

    def __init__(self) -> None:
        self.notes: dict[str, NoteRow] = {}
        self.puts = 0
        self.became: dict[ItemId, ItemId] = {}

    def stats(self) -> Mapping[str, Stat]:
        return {path: row.stat for path, row in self.notes.items()}

    def row(self, path: str) -> NoteRow | None:
        return self.notes.get(path)

    def rows_of(self, ids: Iterable[ItemId]) -> Mapping[ItemId, NoteRow]:
        wanted = set(ids)
        notes = [row for row in self.notes.values() if not _is_copy(row)]
        return {row.id: row for row in notes if row.id is not None and row.id in wanted}

    def bound(self) -> Mapping[str, ItemId]:
        return {path: row.id for path, row in self.notes.items() if row.id is not None}

    def bound_items(self) -> int:
        return len({row.id for row in self.notes.values() if row.id is not None})

    def put_rows(self, rows: Sequence[NoteRow]) -> None:
        self.puts += len(rows)
        self.notes |= {row.path: row for row in rows}

    def drop_rows(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.notes.pop(path, None)

    def taken_names(self) -> Mapping[str, Sequence[str]]:
        taken: dict[str, list[str]] = {}
        for path, row in self.notes.items():
            for name in {folded(PurePosixPath(path).stem), *map(folded, row.facts.aliases)}:
                taken.setdefault(name, []).append(path)
        return taken

    def heirs(self) -> Mapping[ItemId, ItemId]:
        return self.became

    def citekeys(self) -> Mapping[ItemId, str]:
        notes = [row for row in self.notes.values() if not _is_copy(row)]
        return {row.id: str(row.face["citekey"]) for row in notes if row.id is not None and row.face.get("citekey")}

    def linking(self, names: Collection[str]) -> set[str]:
        return {path for path, row in self.notes.items() if not set(names).isdisjoint(row.facts.links)}

    def strays(self) -> set[str]:
        return set()

    def held(self) -> Iterator[Held]:
        for row in self.notes.values():
            yield from row.held

    def facts(self) -> Iterator[tuple[str, Facts]]:
        for path, row in self.notes.items():
            if row.id is None and row.facts != Facts():
                yield path, row.facts


class MemoryLog:
    """Implements :class:`bridge.vault.rename.RenameLog`."""

    def __init__(self) -> None:
        self.former: dict[tuple[ItemId, str], FormerKey] = {}
        self.text = ""

    def due(self) -> Sequence[FormerKey]:
        return list(self.former.values())

    def add(self, former: Iterable[FormerKey]) -> None:
        for each in former:
            self.former.setdefault((each.id, each.key), each)

    def settle(self, written: Iterable[FormerKey], unwritten: Iterable[FormerKey]) -> None:
        for each in written:
            self.former[each.id, each.key] = each._replace(stamp="")
        for each in unwritten:
            self.former.pop((each.id, each.key), None)

    def journal(self) -> str:
        return self.text

    def keep(self, journal: str, absorbed: Iterable[FormerKey] = ()) -> None:
        self.text = journal
        for each in absorbed:
            self.former.pop((each.id, each.key), None)


def _is_copy(row: NoteRow) -> bool:
    return any(problem.code in COPIES for problem in row.held)
