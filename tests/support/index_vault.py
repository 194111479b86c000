"""A vault with index notes and a state behind them, without Zotero and without papers' notes on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from bridge.core.place import Facts, NoteRow, Stat
from bridge.core.record import ItemId
from bridge.indexes.paper import Paper
from bridge.indexes.rules import IndexRules
from bridge.indexing import Indexer, Renewal
from bridge.state import State
from bridge.vault import files
from bridge.vault.note import NoteRules, read_note


def synthetic(n: int) -> Paper:
    """The ``n``-th of a library that grew over six years: one of 200 collections, five of some 500 tags."""
    added = date(2019, 1, 1) + timedelta(n * 7 % 2400)
    shelf = ("new", "to-read", "reading", "read")[n % 4]
    started = added + timedelta(3) if n % 4 > 1 else None
    finished = added + timedelta(9) if n % 4 == 3 else None
    key = f"{n:08}"
    return Paper(
        id=ItemId("users/1", key),
        title=f"On the matter number {n} of some length: a title as titles are",
        note=f"Papers/@author{n}.md",
        zotero=f"zotero://select/library/items/{key}",
        by=f"Author{n % 900} et al.",
        year=str(added.year),
        published=f"{added.year}-{n % 12 + 1:02}",
        venue="Journal of Matters",
        shelf=shelf,
        status_date=added.isoformat(),
        added=added.isoformat(),
        started=started.isoformat() if started else "",
        finished=finished.isoformat() if finished else "",
        topics=(f"Field {n % 20}/Subject {n % 200}",),
        tags=tuple(f"tag-{(n * step) % 500}" for step in (1, 3, 7, 11, 13)),
        points=("a point of mine",) if n % 10 == 0 else (),
        questions=("What of it?",) if n % 100 == 0 else (),
    )


@dataclass
class Library:
    """Papers, their notes as the state knows them, and the index notes on the disk."""

    root: Path
    state: State
    papers: dict[ItemId, Paper]
    rules: IndexRules = field(default_factory=IndexRules)

    @classmethod
    @contextmanager
    def made(cls, folder: Path, papers: Sequence[Paper]) -> Iterator[Library]:
        """A library whose papers have all just come."""
        (folder / "vault/.bridge").mkdir(parents=True)
        with State.open(folder / "state.sqlite") as state:
            library = cls(folder / "vault", state, {})
            library.change(*papers)
            yield library

    def change(self, *papers: Paper) -> None:
        """Papers come, or are others now."""
        self.papers |= {paper.id: paper for paper in papers}
        aliases = [(paper.title, f"{paper.by} {paper.year}") for paper in papers]
        self.state.notes.put_rows(
            [
                NoteRow(paper.note or f"Papers/{paper.id.key}.md", Stat(0, 0, 0), "", paper.id, facts=Facts(names))
                for paper, names in zip(papers, aliases, strict=True)
            ]
        )

    def remove(self, item: ItemId) -> None:
        """A paper goes, its note with it."""
        self.state.notes.drop_rows([self.papers.pop(item).note])

    def indexer(self, rules: IndexRules | None = None) -> Indexer:
        """What the composition root would make."""
        return Indexer(self.root, self.state, rules or self.rules, self.papers.get, self._remember)

    def renew(self, *, everything: bool = False, write: bool = True) -> Renewal:
        """Bring the index notes up to date."""
        return self.indexer().renew(everything=everything, write=write)

    def _remember(self, path: str, data: bytes, stat: Stat) -> None:
        note = read_note(data, path, NoteRules("users/1"))
        self.state.notes.put_rows([NoteRow(path, stat, files.digest(data), facts=note.facts)])

    def scan(self) -> None:
        """Take in what a person did to the files in the vault, as a scan does."""
        there = {path.relative_to(self.root).as_posix(): path for path in self.root.rglob("*.md")}
        known = self.state.notes.stats()
        gone = [path for path in known if path not in there and not path.startswith("Papers/")]
        self.state.notes.drop_rows(gone)
        for path, place in there.items():
            stat = files.stat_of(place)
            if not path.startswith(".") and stat is not None and stat != known.get(path):
                self._remember(path, place.read_bytes(), stat)

    def texts(self) -> dict[str, str]:
        """Every file of the vault."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes().decode()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def write_alone(self, paths: Sequence[str], target: Path) -> None:
        """A floor: the same files' bytes written elsewhere, each brought to the disk and put in place."""
        target.mkdir()
        for number, path in enumerate(paths):
            data = (self.root / path).read_bytes()
            beside = target / f".{number}"
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(target / str(number))
