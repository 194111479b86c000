"""A vault in a folder with its side, a dictionary for its index, and records to write into it."""

from __future__ import annotations

from pathlib import Path

from memory_index import MemoryIndex, MemoryLog

from bridge.core.record import Face, ItemId, Record
from bridge.core.side import Edit, Outcome
from bridge.vault import marker
from bridge.vault.note import NoteRules
from bridge.vault.scan import VaultScan
from bridge.vault.shown import ShownRules
from bridge.vault.side import Layout, VaultSide

LIBRARY = "users/1"


def item(letter: str) -> ItemId:
    return ItemId(LIBRARY, letter * 8)


def record(letter: str, **face: str | tuple[str, ...]) -> Record:
    shown: Face = {
        "title": f"Paper {letter}",
        "status": "new",
        "tags": ("one",),
        "citekey": letter.lower(),
        "aliases": (f"Paper {letter}",),
        **{name.replace("_", "-"): value for name, value in face.items()},
    }
    return Record(item(letter), shown, "1", blocks={"abstract": "About it."})


class VaultMaker:
    """``scan`` stores what it finds, as the cycle does."""

    def __init__(self, root: Path, layout: Layout | None = None) -> None:
        self.root = root
        self.index = MemoryIndex()
        self.log = MemoryLog()
        if not (root / marker.FOLDER).exists():
            marker.create_marker(root)
        self.layout = layout or Layout()
        self.side = self.again()

    def again(self, shown: ShownRules | None = None) -> VaultSide:
        """The side as another process would have it."""
        return VaultSide(self.root, self.index, self.log, NoteRules(LIBRARY), self.layout, shown=shown)

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
        return target

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def scan(self) -> VaultScan:
        found = self.side.scan()
        self.index.drop_rows(found.dropped)
        self.index.put_rows(found.rows)
        return found

    def make(self, *records: Record) -> list[Outcome]:
        """New notes, after a scan."""
        self.scan()
        return list(self.side.apply([Edit(each.id, "", record=each, stamp="7f3k2m9d") for each in records]))

    def edit(self, of: Record, before: Face | None = None, **changes: str | tuple[str, ...]) -> Edit:
        """An edit of the note of an item, planned on the note as last read."""
        row = self.index.rows_of([of.id])[of.id]
        return Edit(of.id, row.digest, changes, of, before=of.face if before is None else before)

    def path_of(self, of: Record) -> str:
        return self.index.rows_of([of.id])[of.id].path

    def files(self) -> list[str]:
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.startswith(".bridge/"))
