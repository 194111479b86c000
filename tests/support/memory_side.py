"""Both sides of a sync in memory, behind the ports of :mod:`bridge.sync`, with failures on demand.

:class:`MemoryServer` and :class:`MemoryDisk` are the two worlds that people edit; they outlive any cycle.
:class:`MemoryLibrary` and :class:`MemoryVault` are the sides that a cycle sees them through. A :class:`Kill` stands for
the power cut: from the chosen point on nothing reaches either world any more.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Protocol

from bridge.core.children import FILES, HIGHLIGHTS, NOTES
from bridge.core.evidence import stems_of
from bridge.core.mirror import ChildWrite, Hung
from bridge.core.place import NoteIndex, NoteRow, Stat
from bridge.core.plan import Held
from bridge.core.policy import Policy, build_policy
from bridge.core.reconcile import members
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.renames import Rekeying, RenamePreview
from bridge.core.scope import Labels
from bridge.core.side import Edit, Outcome
from bridge.core.status import StatusNames
from bridge.errors import NoteError, StaleError, UnreachableError
from bridge.vault import tags
from bridge.vault.identity import COPIES, RELATIVE, identify
from bridge.zotero import hanging
from bridge.zotero.children import children, digests

LIBRARY = "users/7"
STATUS = StatusNames()
#: The design's field table with one custom field.
POLICY: Policy = build_policy(tag_key=tags.key, tag_shown=tags.legal, status_normal=STATUS.normal, custom=("rating",))
SCALARS = ("title", "doi", "url", "rating", "citekey")
BLOCKS = ("abstract", HIGHLIGHTS, NOTES, FILES)
DERIVED = ("year", "published", "venue", "type", "added")
KEPT_EMPTY = ("status", "tags")


class Killed(Exception):  # noqa: N818 (not an error of Bridge: the process is gone)
    """The process was killed."""


@dataclass
class Kill:
    """Counts the points at which a process may die; ``at`` names the one at which it does (none: never).

    With ``meddle`` it does not die there: a person does something under its hands.
    """

    at: int | None = None
    meddle: Callable[[], None] | None = None
    count: int = 0
    on_kill: Callable[[], None] = lambda: None
    is_dead: bool = False

    def point(self) -> None:
        if self.is_dead:
            raise Killed
        self.count += 1
        if self.meddle is not None:
            if self.count == self.at:
                self.meddle()
        elif self.at is not None and self.count >= self.at:
            self.is_dead = True
            self.on_kill()
            raise Killed


def item_id(key: str) -> ItemId:
    return ItemId(LIBRARY, key)


# --- Zotero -----------------------------------------------------------------------------------------------------


def served(name: str, text: str) -> str:
    """What the server makes of a text (law 8): composed, trimmed, and a URL with its scheme in lower case."""
    text = unicodedata.normalize("NFC", text).strip()
    if name == "url" and "://" in text:
        scheme, rest = text.split("://", 1)
        text = f"{scheme.lower()}://{rest}"
    return text


@dataclass
class MemoryServer:
    """A Zotero library; ``writes`` counts what the sync changed in it, ``answers`` says how the next writes fare.

    An answer is ``""`` (as usual), ``"lost"`` (carried out, the answer never comes), ``"dropped"`` (never arrives) or
    ``"down"`` (refused at once: the whole side fails).
    """

    version: int = 0
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    tree: tuple[str, ...] = ()
    tree_version: int = 0
    writes: int = 0
    writable: bool = True
    shows_notes: bool = True
    answers: deque[str] = field(default_factory=deque)
    fail_at_page: int | None = None

    def add(self, key: str, **fields: Value) -> None:
        """A person adds an item."""
        self.version += 1
        self.items[key] = {"key": key, "version": self.version, "data": {"itemType": "book", "tags": []}}
        self.erased.pop(key, None)
        self.change(key, {"title": key, "citekey": key.lower(), **fields})

    def change(self, key: str, fields: Face) -> None:
        """Fields of an item take new values; a new object each time, so that old ones are a backup."""
        self.version += 1
        data = dict(self.items[key]["data"])
        for name, value in fields.items():
            if name in ("tags", "keywords"):
                kind = 0 if name == "tags" else 1
                others = [one for one in data["tags"] if one["type"] != kind]
                unique = {tags.zotero_key(raw): raw for raw in reversed(members(value))}
                mine = [{"tag": key, "type": kind} for key in reversed(unique)]
                data["tags"] = [*mine, *(one for one in others if kind == 1 or one["tag"] not in unique)]
            elif name == "collections":
                data["collections"] = list(value)
            elif name == "zotero-status":
                data["deleted"] = int(value == "trashed")
            else:
                own = "citationKey" if name == "citekey" else name  # the one that the state looks for by itself
                data[own] = value if isinstance(value, tuple) else served(name, value)
        self.items[key] = {"key": key, "version": self.version, "data": {**data, "version": self.version}}

    def hang(self, key: str, kind: str, parent: str, **data: Any) -> None:
        """A person adds or changes a child: an ``attachment``, ``note`` or ``annotation``."""
        self.version += 1
        old = self.items[key]["data"] if key in self.items else {"tags": []}
        self.items[key] = {
            "key": key,
            "version": self.version,
            "data": {**old, "itemType": kind, "parentItem": parent, **data, "version": self.version},
        }
        self.erased.pop(key, None)

    def trash(self, key: str, *, trashed: bool) -> None:
        self.change(key, {})
        data = self.items[key]["data"]
        data.pop("deleted", None)
        if trashed:
            data["deleted"] = 1

    def merge(self, old: str, into: str) -> None:
        """One paper becomes another, as Zotero does it: that one names it, and it goes into the trash."""
        said = self.items[into]["data"].get("relations", {}).get("dc:replaces", [])
        self.change(into, {})
        address = f"http://zotero.org/{LIBRARY}/items/{old}"
        self.items[into]["data"]["relations"] = {"dc:replaces": [*said, address]}
        self.trash(old, trashed=True)

    def heir(self, key: str) -> str:
        """The living paper that a dead one was merged into, over others or at once; ``""`` for none."""
        row, seen = {key}, {key}
        if self.is_live(key):
            return ""
        while row := {into for into, obj in self.items.items() if _replaced(obj) & row} - seen:
            if live := sorted(one for one in row if self.is_live(one)):
                return live[0]
            seen |= row
        return ""

    def is_live(self, key: str) -> bool:
        return key in self.items and not self.items[key]["data"].get("deleted")

    def erase(self, key: str) -> None:
        self.version += 1
        del self.items[key]
        self.erased[key] = self.version

    def backup(self) -> tuple[int, dict[str, dict[str, Any]], dict[str, int]]:
        return self.version, dict(self.items), dict(self.erased)

    def roll_back(self, backup: tuple[int, dict[str, dict[str, Any]], dict[str, int]]) -> None:
        self.version, self.items, self.erased = backup[0], dict(backup[1]), dict(backup[2])

    def face(self, key: str) -> Face:
        return read(self.items[key], self.items.values()).face


def _as_served(fields: Mapping[str, Any], there: Mapping[str, Any] | None) -> dict[str, Any]:
    """A child's fields as the server keeps them: bold is ``<strong>``, white space at the ends goes."""
    data = {name: value for name, value in fields.items() if name not in ("itemType", "parentItem")}
    if "note" in data:
        data["note"] = data["note"].replace("<b>", "<strong>").replace("</b>", "</strong>").strip()
    kind = there["data"]["itemType"] if there else fields["itemType"]
    return {"kind": kind, **data}


def is_paper(obj: Mapping[str, Any]) -> bool:
    return "parentItem" not in obj["data"]


def _replaced(obj: Mapping[str, Any]) -> set[str]:
    return {address.rpartition("/")[2] for address in obj["data"].get("relations", {}).get("dc:replaces", ())}


def read(obj: Mapping[str, Any], below: Iterable[Mapping[str, Any]]) -> Record:
    """The record of an object, as the memory library keeps it."""
    data, key = obj["data"], obj["key"]
    face: dict[str, Value] = {name: data.get(name, "") for name in (*SCALARS, "status", "status-date", *DERIVED)}
    for kind, name in enumerate(("tags", "keywords")):
        face[name] = tuple(one["tag"] for one in data["tags"] if one["type"] == kind)
    face["citekey"] = data.get("citationKey", "")
    face["collections"] = tuple(data.get("collections", ()))
    face["authors"] = tuple(data.get("authors", ()))
    face["aliases"] = (face["title"],) if isinstance(face["title"], str) and face["title"] else ()
    face["zotero-link"] = f"zotero://select/library/items/{key}"
    face["zotero-status"] = "trashed" if data.get("deleted") else ""
    face["related"] = tuple(data.get("related", ()))
    face["also-in"], face["merged-into"] = (), ""
    face["abstract"] = data.get("abstract", "")
    hanging = children(obj, below, "library", UTC)
    face |= digests(hanging)
    life = "trashed" if data.get("deleted") else "live"
    return Record(item_id(key), face, str(obj["version"]), life=life, children=hanging)  # type: ignore[arg-type]  # of two words


class ItemStore(Protocol):
    """What of the state the memory library needs."""

    def get_item(self, item: ItemId) -> Mapping[str, Any] | None: ...
    def get_below(self, item: ItemId) -> Sequence[Mapping[str, Any]]: ...
    def put_items(self, library: str, objects: Sequence[Mapping[str, Any]]) -> object: ...


@dataclass
class MemoryDownload:
    """Implements :class:`bridge.sync.ports.Download`; two objects a page."""

    server: MemoryServer
    since: int
    full: bool
    unchanged: bool = field(init=False)
    backwards: bool = field(init=False)
    version: int = field(init=False)
    total: int = field(init=False)
    deleted_items: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.version = self.server.version
        self.backwards = not self.full and self.version < self.since
        self.unchanged = not self.full and self.version == self.since
        floor = 0 if self.full else self.since
        there = self.server.items.values()
        seen = [one for one in there if self.server.shows_notes or one["data"]["itemType"] != "note"]
        self._found = [one for one in seen if one["version"] > floor]
        self.total = len(self._found)
        self.deleted_items = frozenset(key for key, version in self.server.erased.items() if version > floor)
        self._tree = self.full or self.server.tree_version > floor or not self.since

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        for number, start in enumerate(range(0, self.total, 2)):
            if self.server.fail_at_page == number:
                raise UnreachableError("the answer was cut off")
            yield json.loads(json.dumps(self._found[start : start + 2]))

    def collections(self) -> list[dict[str, Any]] | None:
        return [{"key": path} for path in self.server.tree] if self._tree else None


class MemoryLibrary:
    """Implements :class:`bridge.sync.ports.LibrarySide`."""

    def __init__(self, server: MemoryServer, store: ItemStore, kill: Kill | None = None) -> None:
        self.server, self._store, self._kill = server, store, kill or Kill()
        self.library = LIBRARY
        self.requests = 0
        self._tree: frozenset[str] = frozenset()

    @property
    def writable(self) -> bool:
        return self.server.writable

    @property
    def shows_notes(self) -> bool:
        return self.server.shows_notes

    def pull(self, since: int, *, full: bool = False) -> MemoryDownload:
        self._kill.point()
        self.requests += 1
        return MemoryDownload(self.server, since, full)

    def use_tree(self, collections: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        before, self._tree = self._tree, frozenset(str(one["key"]) for one in collections)
        return before ^ self._tree

    def read(self, item: Mapping[str, Any]) -> Record:
        return read(item, self._store.get_below(item_id(item["key"])))

    def labels(self, item: Mapping[str, Any]) -> Labels:
        data = item["data"]
        tags = tuple(tag["tag"] for tag in data["tags"])
        return Labels(tuple(data.get("collections", ())), tags, data["itemType"])

    def foretell(self, item: Mapping[str, Any], changes: Face) -> Record:
        key = item["key"]
        double = MemoryServer(items={key: dict(item)})
        double.change(key, changes)
        return self.read(double.items[key])

    def refusal(self, item: Mapping[str, Any], field: str, text: str) -> str | None:
        if field == "tags":
            return tags.usable(text)
        if field == "status":
            return STATUS.usable(text)
        if field == "collections" and text not in self._tree:
            return "there is no such collection"
        return None

    def look(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Record]:
        self.requests += 1
        found = [self.server.items[one.key] for one in ids if one.library == LIBRARY and one.key in self.server.items]
        self._store.put_items(LIBRARY, found)
        return {item_id(one["key"]): self.read(one) for one in found if is_paper(one)}

    def apply(self, edits: Iterable[Edit], *, bulk: bool = False) -> Iterator[Outcome]:
        for edit in edits:
            self._kill.point()
            outcome = self._apply(edit)
            answer = self.server.items.get(edit.id.key)  # whatever comes of the item before it is stored
            self._kill.point()
            if outcome.result == "applied" and answer is not None:
                self._store.put_items(LIBRARY, [answer])
            yield outcome

    def hung(self, item: Mapping[str, Any]) -> Hung:
        return hanging.hung(item)

    def write_children(self, writes: Iterable[ChildWrite]) -> Iterator[Outcome]:
        for write in writes:
            self._kill.point()
            outcome = self._write_child(write)
            self._kill.point()
            if outcome.result == "applied":
                self._store.put_items(LIBRARY, [self.server.items[write.id.key]])
            yield outcome

    def _write_child(self, write: ChildWrite) -> Outcome:
        self.requests += 1
        server, there = self.server, self.server.items.get(write.id.key)
        answer = server.answers.popleft() if server.answers else ""
        if answer == "down":
            raise UnreachableError("connection refused")
        if answer == "dropped":
            return Outcome(write.id, "unknown", reason="no answer")
        if (str(there["version"]) if there else "") != write.expect:
            return Outcome(write.id, "stale", reason="version")
        if "POISON" in write.html:
            return Outcome(write.id, "refused", reason="the server does not take this")
        fields = hanging.fields(write, there)
        server.hang(write.id.key, parent=write.parent, **_as_served(fields, there))
        server.writes += 1
        return Outcome(write.id, "unknown", reason="no answer") if answer == "lost" else Outcome(write.id, "applied")

    def _apply(self, edit: Edit) -> Outcome:
        self.requests += 1
        server, stored = self.server, self.server.items.get(edit.id.key)
        answer = server.answers.popleft() if server.answers else ""
        if answer == "down":
            raise UnreachableError("connection refused")
        if answer == "dropped":
            return Outcome(edit.id, "unknown", reason="no answer")
        if stored is None or str(stored["version"]) != edit.expect:
            return Outcome(edit.id, "stale", reason="version")
        if any("POISON" in one for value in edit.set.values() for one in members(value)):
            return Outcome(edit.id, "refused", self.read(stored), "the server does not take this")
        if any(self.read(stored).face.get(name) != value for name, value in edit.set.items()):
            server.change(edit.id.key, edit.set)
            server.writes += 1
        if answer == "lost":
            return Outcome(edit.id, "unknown", reason="no answer")
        return Outcome(edit.id, "applied", self.read(server.items[edit.id.key]))


# --- the vault --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MemoryNote:
    """What a file says. A ``broken`` one cannot be read; ``extra`` is text that only people write.

    ``blocks`` are what its blocks show, which nobody reads from it.
    """

    id: ItemId | None
    face: Face
    stamp: str = ""
    broken: bool = False
    extra: str = ""
    blocks: Face = field(default_factory=dict)

    @property
    def digest(self) -> str:
        said = [self.id, sorted(self.face.items()), self.stamp, self.broken, self.extra, sorted(self.blocks.items())]
        return hashlib.blake2b(json.dumps(said).encode(), digest_size=8).hexdigest()


@dataclass
class MemoryDisk:
    """A vault's files; ``writes`` counts those of the sync."""

    files: dict[str, tuple[MemoryNote, Stat]] = field(default_factory=dict)
    clock: int = 0
    writes: int = 0

    def put(self, path: str, note: MemoryNote) -> None:
        """Write a file, as a person or the sync does."""
        self.clock += 1
        inode = self.files[path][1].inode if path in self.files else self.clock
        self.files[path] = (note, Stat(len(note.digest), self.clock, inode))

    def note(self, path: str) -> MemoryNote:
        return self.files[path][0]

    def edit(self, path: str, fields: Mapping[str, Value | None]) -> None:
        """A person edits the head of a note; ``None`` takes a key out."""
        note = self.note(path)
        face = {name: value for name, value in {**note.face, **fields}.items() if value is not None}
        self.put(path, replace(note, face=face))

    def move(self, path: str, to: str) -> None:
        self.files[to] = self.files.pop(path)

    def delete(self, path: str) -> None:
        del self.files[path]

    def paths_of(self, item: ItemId) -> list[str]:
        return [path for path, (note, _) in self.files.items() if note.id == item]


@dataclass(frozen=True)
class MemoryScan:
    """Implements :class:`bridge.sync.ports.Scan`."""

    rows: tuple[NoteRow, ...] = ()
    dropped: tuple[str, ...] = ()
    gone: tuple[ItemId, ...] = ()
    held: tuple[Held, ...] = ()
    bound_before: int = 0


class MemoryMover:
    """Implements :class:`bridge.sync.ports.NoteMover`; a note is bare while nobody wrote below its head."""

    def __init__(self, vault: MemoryVault, index: NoteIndex, kill: Kill) -> None:
        self._vault, self._index, self._kill = vault, index, kill

    def archived(self, note: NoteRow) -> str:
        return "" if note.path.startswith("Archive/") else f"Archive/{note.path}"

    def trashed(self, note: NoteRow, record: Record, written: Mapping[str, Sequence[str]]) -> str:
        return "" if self._vault.disk.note(note.path).extra else f".trash/{note.path.rpartition('/')[2]}"

    def move(self, item: ItemId, at: str, to: str) -> str:
        self._kill.point()
        disk, index = self._vault.disk, self._index
        row = index.row(at)
        if at not in disk.files or to in disk.files or disk.note(at).id != item:
            return ""
        if row is not None and row.digest != disk.note(at).digest:
            return ""
        disk.move(at, to)
        disk.writes += 1
        self._vault.renamed += 1
        self._kill.point()
        index.drop_rows([at])
        note, stat = disk.files[to]
        found = row or NoteRow(to, stat, note.digest, item, note.stamp, note.face, pending=True)
        if not to.startswith(".trash/"):
            index.put_rows([replace(found, path=to)])
        return to


class MemoryVault:
    """Implements :class:`bridge.sync.ports.VaultScanner` over the index of a state."""

    def __init__(self, disk: MemoryDisk, index: NoteIndex, kill: Kill | None = None) -> None:
        self.disk, self._index, self._kill = disk, index, kill or Kill()
        self.renamed = 0
        #: Called before each file is written: for an edit under the hands of the sync.
        self.before_write: Callable[[Edit], None] = lambda _edit: None

    def scan(self) -> MemoryScan:
        self._kill.point()
        files = {path: file for path, file in self.disk.files.items() if not path.startswith(".trash/")}
        known, bound = self._index.stats(), self._index.bound()
        before = len(set(bound.values()))
        if known == {path: stat for path, (_, stat) in files.items()}:
            return MemoryScan(bound_before=before)
        old = {path: row for path in known if (row := self._index.row(path)) is not None}
        homes = {item: path for path, item in bound.items() if not _codes(old[path]) & COPIES}
        says = {path: None if note.broken else note.id for path, (note, _) in files.items()}

        def is_same_file(path: str, item: ItemId) -> bool:
            row = old.get(homes.get(item, ""))
            note, stat = files[path]
            return row is not None and (row.digest == note.digest or row.stat.inode == stat.inode)

        verdict = identify(
            homes,
            says,
            files,
            self._index.heirs(),
            is_same_file=is_same_file,
            is_named_for=lambda path, item: path == _path(files[path][0].face, item),
        )
        rows = []
        for path in files:
            item, code = verdict.codes.get(path) or (says[path], "")
            home = homes.get(item, "") if item is not None and not code else path
            row = self._row(path, item, code, old.get(home) or old.get(path))
            if row != old.get(path):
                rows.append(row)
        dropped = tuple(sorted(known.keys() - files.keys()))
        return MemoryScan(tuple(rows), dropped, tuple(sorted(verdict.gone)), bound_before=before)

    def _row(self, path: str, item: ItemId | None, code: str, old: NoteRow | None) -> NoteRow:
        note, stat = self.disk.files[path]
        face = {} if note.broken else note.face
        held: tuple[Held, ...] = ()
        if note.broken or code:
            held = (Held("broken-yaml" if note.broken else code, "a person must mend it", path, id=item),)
        same = old is not None and (old.id, old.digest, old.face) == (item, note.digest, face)
        same = same and old is not None and not _codes(old) & RELATIVE
        is_new = item is not None and not code and not same
        pending = item is not None and (is_new or (old is not None and old.pending))
        return NoteRow(path, stat, note.digest, item, note.stamp, face, held=held, pending=pending)

    def section(self, note: NoteRow, heading: str) -> str | None:
        """What only people write in a note; a note without any has no such section."""
        if note.path not in self.disk.files or self.disk.note(note.path).digest != note.digest:
            raise NoteError("the note was changed")
        return self.disk.note(note.path).extra or None

    def is_warm(self, path: str) -> bool:
        """No note is ever being edited."""
        return False

    def foreign(self, record: Record) -> str | None:
        return None

    def stems(self, record: Record) -> tuple[str, ...]:
        return stems_of(str(record.face.get("citekey", "")))

    def as_note_of(self, path: str, item: ItemId) -> NoteRow | None:
        note, stat = self.disk.files[path]
        return NoteRow(path, stat, note.digest, item, note.stamp, note.face)

    def mover(self) -> MemoryMover:
        return MemoryMover(self, self._index, self._kill)

    def preview(self, edits: Iterable[Edit]) -> Iterator[Outcome]:
        """Here every edit changes its note."""
        return (Outcome(edit.id, "applied") for edit in edits)

    def carry_renames(self, *, begin: bool) -> Sequence[str]:
        """Here a file is renamed when its note is written, and nothing links to it."""
        return ()

    def preview_renames(self, changes: Sequence[Rekeying]) -> RenamePreview:
        return RenamePreview()

    def look(self, ids: Iterable[ItemId]) -> Mapping[ItemId, Record]:
        rows = self._index.rows_of(ids)
        notes = {item: self.disk.note(row.path) for item, row in rows.items() if row.path in self.disk.files}
        return {item: Record(item, note.face, note.digest) for item, note in notes.items() if not note.broken}

    def apply(self, edits: Iterable[Edit]) -> Iterator[Outcome]:
        for edit in edits:
            self._kill.point()
            self.before_write(edit)
            if any(self.disk.note(path).broken for path in self.disk.paths_of(edit.bound)):
                yield Outcome(edit.id, "refused", reason="not-edited: a person must mend it")
                continue
            try:
                path, note = self._edited(edit)
            except StaleError as stale:
                yield Outcome(edit.id, "stale", reason=str(stale))
                continue
            if path not in self.disk.files or self.disk.note(path) != note:
                self.disk.put(path, note)
                self.disk.writes += 1
                path = self._renamed(path, edit, note)
            stat = self.disk.files[path][1]  # of what was written, whatever comes of the file before it is remembered
            self._kill.point()
            self._index.put_rows([NoteRow(path, stat, note.digest, edit.id, note.stamp, note.face)])
            yield Outcome(edit.id, "applied", Record(edit.id, note.face, note.digest))

    def _edited(self, edit: Edit) -> tuple[str, MemoryNote]:
        row = self._index.rows_of([edit.bound]).get(edit.bound)
        if edit.expect == "":
            if row is not None:
                raise StaleError("the item has a note")
            path, note = _path(edit.set, edit.id), MemoryNote(edit.id, {})
            while path in self.disk.files:
                path = path.replace(".md", " 2.md")
        else:
            row = self._index.row(edit.at) if edit.at and row is None else row
            if row is None or row.path not in self.disk.files:
                raise StaleError("the note is gone")
            path, note = row.path, self.disk.note(row.path)
            if note.digest != edit.expect:
                raise StaleError("the note was changed")
        blocks = {name: value for name, value in edit.set.items() if name in BLOCKS}
        face = {**note.face, **{name: value for name, value in edit.set.items() if name not in blocks}}
        face = {name: value for name, value in face.items() if value or name in KEPT_EMPTY or name not in edit.set}
        shown = {**note.blocks, **blocks}
        return path, replace(note, id=edit.id, face=face, stamp=edit.stamp or note.stamp, blocks=shown)

    def _renamed(self, path: str, edit: Edit, note: MemoryNote) -> str:
        """A file still named after its old citation key follows the new one."""
        new = _path(note.face, edit.id)
        if "citekey" not in edit.before or path != _path(edit.before, edit.id) or new in self.disk.files:
            return path
        self.disk.move(path, new)
        self._index.drop_rows([path])
        self.renamed += 1
        return new


def _codes(row: NoteRow) -> set[str]:
    return {held.code for held in row.held}


def _path(face: Face, item: ItemId) -> str:
    return f"Papers/@{face.get('citekey') or item.key}.md"
