"""What the vault showed: one row a Markdown file. The note index of :class:`bridge.vault.side.VaultSide`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from bridge.core.names import EXTENSION, folded
from bridge.core.place import Facts, NoteRow, Stat
from bridge.core.plan import Held
from bridge.core.record import ItemId
from bridge.state.db import transaction
from bridge.state.faces import dump, load_face
from bridge.state.kin import Kin
from bridge.state.schema import base_name

_COLUMNS = "path, size, mtime_ns, inode, digest, library, key, stamp, face, facts, held, pending"
#: Held codes that make a note a second one of its item rather than the item's note (R8).
COPY_CODES = frozenset({"copied-note", "conflict-copy"})


class Notes:
    """Implements :class:`bridge.core.place.NoteIndex`."""

    def __init__(self, db: sqlite3.Connection, kin: Kin) -> None:
        self._db, self._kin = db, kin

    def stats(self) -> Mapping[str, Stat]:
        """Path to stat of every file known."""
        return {row[0]: Stat(*row[1:]) for row in self._db.execute("SELECT path, size, mtime_ns, inode FROM notes")}

    def row(self, path: str) -> NoteRow | None:
        """The row of one path."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM notes WHERE path = ?", (path,)).fetchone()  # noqa: S608 (constant)
        return _row(found) if found else None

    def rows_of(self, ids: Iterable[ItemId]) -> Mapping[ItemId, NoteRow]:
        """The note of each item that has one; copies are no item's note."""
        found: dict[ItemId, NoteRow] = {}
        query = f"SELECT {_COLUMNS} FROM notes WHERE library = ? AND key = ? AND NOT copy ORDER BY path"  # noqa: S608 (constant)
        for item in ids:
            if (row := self._db.execute(query, item).fetchone()) is not None:
                found[item] = _row(row)
        return found

    def strays(self) -> set[str]:
        """Paths of notes that name an item no library has."""
        query = (
            "SELECT path FROM notes n WHERE key IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM items i WHERE i.library = n.library AND i.key = n.key)"
        )
        return {path for (path,) in self._db.execute(query)}

    def bound(self) -> Mapping[str, ItemId]:
        """Path to item of every bound note, held copies included."""
        query = "SELECT path, library, key FROM notes WHERE key IS NOT NULL"
        return {path: ItemId(library, key) for path, library, key in self._db.execute(query)}

    def homes(self) -> dict[ItemId, str]:
        """Item to path of every item that has a note."""
        query = "SELECT library, key, path FROM notes WHERE key IS NOT NULL AND NOT copy"
        return {ItemId(library, key): path for library, key, path in self._db.execute(query)}

    def path_of(self, item: ItemId) -> str:
        """Where the note of an item is, ``""`` where it has none."""
        query = "SELECT path FROM notes WHERE library = ? AND key = ? AND NOT copy ORDER BY path LIMIT 1"
        row = self._db.execute(query, item).fetchone()
        return row[0] if row else ""

    def paper_of(self, target: str) -> ItemId | None:
        """The paper whose note a link names (``@key``, ``Papers/@key.md#Part``): by path, or by a name no other has."""
        path = folded(target.partition("#")[0].strip().removesuffix(EXTENSION))
        query = (
            "SELECT n.path, n.library, n.key FROM names JOIN notes n ON n.path = names.path"
            " WHERE names.name = ? AND n.key IS NOT NULL AND NOT n.copy"
        )
        named = {
            folded(found.removesuffix(EXTENSION)): ItemId(*item)
            for found, *item in self._db.execute(query, (path.rpartition("/")[2],))
            if base_name(found) == path.rpartition("/")[2]
        }
        return named.get(path) or (next(iter(named.values())) if len(named) == 1 else None)

    def bound_items(self) -> int:
        """How many items have a note, held copies included."""
        query = "SELECT count(*) FROM (SELECT DISTINCT library, key FROM notes WHERE key IS NOT NULL)"
        return int(self._db.execute(query).fetchone()[0])

    def noted(self, library: str, keys: Sequence[str]) -> set[str]:
        """Those of the library's items that have a note, by key."""
        query = "SELECT key FROM notes WHERE library = ? AND key IN (SELECT value FROM json_each(?)) AND NOT copy"
        return {row[0] for row in self._db.execute(query, (library, dump(keys)))} if keys else set()

    def put_rows(self, rows: Sequence[NoteRow]) -> None:
        """Remember rows, by path."""
        with transaction(self._db):
            self._touch({row.path: row.id for row in rows})
            self._db.executemany("DELETE FROM names WHERE path = ?", ((row.path,) for row in rows))
            self._db.executemany(
                "INSERT INTO names VALUES (?,?)",
                ((row.path, name) for row in rows for name in {base_name(row.path), *map(folded, row.facts.aliases)}),
            )
            self._db.executemany(
                f"INSERT OR REPLACE INTO notes ({_COLUMNS}, copy) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 (constant)
                (
                    (
                        row.path,
                        *row.stat,
                        row.digest,
                        *(row.id or (None, None)),
                        row.stamp,
                        dump(dict(row.face)),
                        _dump_facts(row.facts),
                        dump([[h.code, h.reason, h.path, h.field] for h in row.held]),
                        row.pending,
                        any(h.code in COPY_CODES for h in row.held),
                    )
                    for row in rows
                ),
            )

    def drop_rows(self, paths: Iterable[str]) -> None:
        """Forget paths."""
        paths = list(paths)
        with transaction(self._db):
            self._touch(dict.fromkeys(paths))
            self._db.executemany("DELETE FROM notes WHERE path = ?", ((path,) for path in paths))

    def _touch(self, homes: Mapping[str, ItemId | None]) -> None:
        """Notes are at these paths from now on; kin show where a paper's note is, and whether it has one."""
        if not homes or not self._kin.is_any:
            return
        query = "SELECT path, library, key FROM notes WHERE path IN (SELECT value FROM json_each(?))"
        known = {path: ItemId(*item) for path, *item in self._db.execute(query, (dump([*homes]),)) if item[1]}
        moved = {path for path, item in homes.items() if known.get(path) != item}
        self._kin.touch([item for path in sorted(moved) for item in (known.get(path), homes[path]) if item])

    def is_alone(self, path: str) -> bool:
        """Whether no other note bears the base name of this one, as a name or an alias."""
        query = "SELECT 1 FROM names WHERE name = ? AND path <> ? LIMIT 1"
        return self._db.execute(query, (base_name(path), path)).fetchone() is None

    def names_other(self, names: Iterable[str], item: ItemId) -> bool:
        """Whether the note of another paper bears one of these folded names, as its own or as an alias."""
        query = (
            "SELECT 1 FROM names JOIN notes USING (path) WHERE name = ? AND key IS NOT NULL"
            " AND (library, key) <> (?, ?) LIMIT 1"
        )
        return any(self._db.execute(query, (name, *item)).fetchone() for name in names)

    def heirs(self) -> Mapping[ItemId, ItemId]:
        """Papers that are others by now, merged into them or moved to their library; see :meth:`Kin.heirs`."""
        return self._kin.heirs()

    def forget_stats(self) -> None:
        """Have every file read again: the configuration by which notes are read has changed."""
        self._db.execute("UPDATE notes SET mtime_ns = -1")

    def pending(self, library: str) -> list[ItemId]:
        """Items whose note was read and not yet reconciled."""
        query = "SELECT DISTINCT library, key FROM notes WHERE pending AND library = ? AND NOT copy ORDER BY key"
        return [ItemId(*row) for row in self._db.execute(query, (library,))]

    def set_pending(self, items: Iterable[ItemId], *, pending: bool) -> None:
        """Mark the notes of items as due, or as done."""
        self._db.executemany(
            "UPDATE notes SET pending = ? WHERE library = ? AND key = ? AND NOT copy",
            ((pending, *item) for item in items),
        )

    def set_resting(self, items: Iterable[ItemId], *, resting: bool) -> None:
        """Remember that papers are out of scope, so that their notes rest, or that they are in it again."""
        change = (
            "INSERT OR IGNORE INTO resting VALUES (?,?)"
            if resting
            else "DELETE FROM resting WHERE library = ? AND key = ?"
        )
        if resting or self._db.execute("SELECT 1 FROM resting LIMIT 1").fetchone():
            self._db.executemany(change, items)

    def resting(self) -> int:
        """How many notes rest because their paper is out of scope."""
        query = "SELECT count(*) FROM resting JOIN notes USING (library, key) WHERE NOT copy"
        return int(self._db.execute(query).fetchone()[0])

    def held(self) -> Iterator[Held]:
        """What is held about files, as last read."""
        query = "SELECT path, library, key, held FROM notes WHERE held <> '[]'"
        for path, library, key, held in self._db.execute(query):
            item = ItemId(library, key) if key else None
            for code, reason, held_path, field in json.loads(held):
                yield Held(code, reason, held_path or path, field, item)

    def facts(self) -> Iterator[tuple[str, Facts]]:
        """What notes not bound to any item tell about papers (R26, R28)."""
        for path, facts in self._db.execute("SELECT path, facts FROM notes WHERE key IS NULL AND facts <> '{}'"):
            yield path, _load_facts(facts)

    def unstamped(self) -> Iterator[tuple[str, Facts, ItemId | None]]:
        """Notes that Bridge has not written, as far as their stamps tell, with the item they name (R28); no copies."""
        query = "SELECT path, facts, library, key FROM notes WHERE stamp = '' AND NOT copy ORDER BY path"
        for path, facts, library, key in self._db.execute(query).fetchall():
            yield path, _load_facts(facts), ItemId(library, key) if key else None

    def citekeys(self) -> Mapping[ItemId, str]:
        """The citation key that each item's note shows, where it shows one."""
        query = (
            "SELECT library, key, json_extract(face, '$.citekey') AS citekey FROM notes"
            " WHERE key IS NOT NULL AND NOT copy AND citekey <> ''"
        )
        return {ItemId(library, key): citekey for library, key, citekey in self._db.execute(query)}

    def ambiguous(self) -> dict[str, list[str]]:
        """Citation keys that the notes of several living papers bear, each with the paths of these notes."""
        query = (
            "SELECT json_extract(face, '$.citekey') AS citekey, path FROM notes WHERE key IS NOT NULL AND NOT copy"
            " AND citekey <> '' AND coalesce(json_extract(face, '$.\"zotero-status\"'), '') = '' ORDER BY path"
        )
        found: dict[str, tuple[str, list[str]]] = {}
        for citekey, path in self._db.execute(query):
            found.setdefault(folded(citekey), (citekey, []))[1].append(path)
        return {citekey: paths for citekey, paths in sorted(found.values()) if len(paths) > 1}

    def linking(self, names: Collection[str]) -> set[str]:
        """Paths of files that hold a link or citation which may mean one of ``names``."""
        query = (
            "SELECT notes.path, link.value FROM notes, json_each(facts, '$.links') AS link"
            " WHERE instr(facts, '\"links\"')"
        )
        return {path for path, name in self._db.execute(query) if name in names}

    def mentions(self) -> set[str]:
        """Citation keys that any note links to."""
        query = "SELECT facts FROM notes WHERE facts LIKE '%\"mentions\"%'"
        return {name for (facts,) in self._db.execute(query) for name in _load_facts(facts).mentions}

    def taken_names(self) -> Mapping[str, Sequence[str]]:
        """Base names and aliases of all known notes, folded, to the paths that bear them (R27)."""
        taken: dict[str, list[str]] = {}
        for path, name in self._db.execute("SELECT path, name FROM names"):
            taken.setdefault(name, []).append(path)
        return taken


def _row(found: tuple[Any, ...]) -> NoteRow:
    path, size, mtime_ns, inode, digest, library, key, stamp, face, facts, held, pending = found
    item = ItemId(library, key) if key else None
    return NoteRow(
        path=path,
        stat=Stat(size, mtime_ns, inode),
        digest=digest,
        id=item,
        stamp=stamp,
        face=load_face(face),
        facts=_load_facts(facts),
        held=tuple(Held(code, reason, where, field, item) for code, reason, where, field in json.loads(held)),
        pending=bool(pending),
    )


_FACTS = tuple(field.name for field in fields(Facts))


def _dump_facts(facts: Facts) -> str:
    """Only what is there, so that a plain note costs two bytes."""
    return dump({name: value for name in _FACTS if (value := getattr(facts, name))})


def _load_facts(text: str) -> Facts:
    found: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
    }
    return Facts(**found)
