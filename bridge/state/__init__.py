"""What Bridge remembers, in SQLite outside the vault. It never merges.

Laws kept here: 7 (a download and its cursor in one transaction, R3; an intention before the write, R4), 11 (a lost file
is a union, so nothing here is needed to find a note again), 12 (a dry run works on :meth:`State.snapshot`, a copy in
memory).
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from bridge.errors import StateError
from bridge.state.agreements import Agreements
from bridge.state.away import Shelter
from bridge.state.citations import Citations
from bridge.state.db import transaction
from bridge.state.deeds import Deeds
from bridge.state.history import ConflictRow, CycleRow, History
from bridge.state.items import Items
from bridge.state.kin import Kin
from bridge.state.mirrors import Mirrors
from bridge.state.notes import Notes
from bridge.state.pages import Pages
from bridge.state.renames import Renames
from bridge.state.schema import migrate
from bridge.state.written import Written

__all__ = ["ConflictRow", "CycleRow", "State"]


class State:
    """The state of one vault; one process writes it at a time (the vault's lock sees to that).

    Its parts share one connection: :attr:`items` (what Zotero sent), :attr:`notes` (what the vault showed),
    :attr:`agreements` (bases, stamps, intentions), :attr:`history` (conflicts, held parts, cycles and their changes),
    :attr:`pages` (what index notes show), :attr:`citations` (what the bibliography shows), :attr:`deeds` (what cycles
    did, to be taken back), :attr:`kin` (papers that have to do with each other), :attr:`written` (what was generated
    for notes), :attr:`renames` (what renames are due in the vault), :attr:`away` (what was put away with its other
    half).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.kin = Kin(connection)
        self.away = Shelter(connection)
        self.items = Items(connection, self.kin)
        self.notes = Notes(connection, self.kin)
        self.agreements = Agreements(connection)
        self.history = History(connection)
        self.pages = Pages(connection)
        self.citations = Citations(connection)
        self.deeds = Deeds(connection)
        self.written = Written(connection)
        self.renames = Renames(connection)
        self.mirrors = Mirrors(connection)

    @classmethod
    def open(cls, path: Path) -> State:
        """Open the state file, made or migrated as needed.

        :raises StateError: it cannot be opened, is no database, or was written by a newer Bridge.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Page downloads are stored by the cycle's own thread; the threads that fetch never touch the database.
            connection = sqlite3.connect(path, isolation_level=None)
            path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # a note must never bear a stamp that a power cut forgot
            migrate(connection)
        except (sqlite3.Error, OSError) as error:
            raise StateError(f"The state file {path} cannot be used: {error}") from error
        return cls(connection)

    def snapshot(self) -> State:
        """A copy in memory, for a dry run: what it changes is gone with it (law 12)."""
        copy = sqlite3.connect(":memory:", isolation_level=None)
        self._db.backup(copy)
        return State(copy)

    @classmethod
    def peek(cls, path: Path) -> State:
        """A copy in memory of the state file as it is; an empty state where there is none. Writes nothing (law 12)."""
        memory = sqlite3.connect(":memory:", isolation_level=None)
        try:
            if path.exists():
                # A read-only connection would leave the two files of a write-ahead log behind, a writing one takes them
                # away again; but where a log is there (of a cycle at work, or killed), only that may fold it in.
                mode = "ro" if path.with_name(f"{path.name}-wal").exists() else "rw"
                source = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)
                try:
                    source.backup(memory)
                finally:
                    source.close()
            migrate(memory)
        except sqlite3.Error as error:
            memory.close()
            raise StateError(f"The state file {path} cannot be read: {error}") from error
        return cls(memory)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; nested use joins the outer transaction.

        :raises StateError: the database failed (disk full, damaged); nothing of the transaction is kept.
        """
        return transaction(self._db)

    # --- small facts ------------------------------------------------------------------------------------------------

    def get_meta(self, name: str) -> str | None:
        """A remembered fact, or ``None``."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Remember a fact."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def counts(self) -> dict[str, int]:
        """How much there is: items, notes, pending, conflicts, held."""
        items, notes = self._db.execute(
            "SELECT (SELECT count(*) FROM items WHERE paper AND NOT gone),"
            " (SELECT count(*) FROM notes WHERE key IS NOT NULL)"
        ).fetchone()
        (pending,) = self._db.execute(
            "SELECT count(*) FROM (SELECT library, key FROM items WHERE pending AND paper"
            " UNION SELECT library, key FROM notes WHERE pending AND key IS NOT NULL)"
        ).fetchone()
        return {
            "items": items,
            "notes": notes,
            "pending": pending,
            "out_of_scope": self.notes.resting(),
            "conflicts": len(self.history.conflicts()),
            "held": len(self.history.held()),
        }
