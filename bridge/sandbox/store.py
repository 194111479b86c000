"""The sandbox's SQLite file: its tables, its transactions and its snapshots; no rule of the API is in here.

Two processes may serve one folder at once: the file is in WAL mode, writes begin with ``BEGIN IMMEDIATE`` and
wait for each other. The file holds the API keys of the sandbox, so nobody else may read it (law 14).
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BUSY_SECONDS = 20.0

_TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, username TEXT NOT NULL, name TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS keys (
        key TEXT PRIMARY KEY, user INTEGER NOT NULL, name TEXT NOT NULL, access TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS groups (
        id INTEGER PRIMARY KEY, version INTEGER NOT NULL, created TEXT NOT NULL, data TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS members (
        group_id INTEGER NOT NULL, user INTEGER NOT NULL, role TEXT NOT NULL,
        PRIMARY KEY (group_id, user)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS libraries (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, version INTEGER NOT NULL,
        UNIQUE (kind, number))""",
    """CREATE TABLE IF NOT EXISTS objects (
        id INTEGER PRIMARY KEY, library INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
        version INTEGER NOT NULL, parent TEXT, type TEXT NOT NULL, deleted INTEGER NOT NULL,
        title TEXT NOT NULL, creator TEXT NOT NULL, date TEXT NOT NULL, added TEXT NOT NULL,
        modified TEXT NOT NULL, children INTEGER NOT NULL DEFAULT 0, attachment TEXT,
        meta TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (library, kind, key))""",
    "CREATE INDEX IF NOT EXISTS objects_version ON objects (library, kind, version)",
    "CREATE INDEX IF NOT EXISTS objects_parent ON objects (library, kind, parent)",
    # Covers the default order and the usual filters, so that deep pages and totals read no row.
    """CREATE INDEX IF NOT EXISTS objects_modified
        ON objects (library, kind, modified, key, deleted, version, parent, type)""",
    """CREATE TABLE IF NOT EXISTS item_tags (
        library INTEGER NOT NULL, item TEXT NOT NULL, tag TEXT NOT NULL, type INTEGER NOT NULL,
        version INTEGER NOT NULL, PRIMARY KEY (library, item, tag)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS item_tags_tag ON item_tags (library, tag, type, item, version)",
    """CREATE TABLE IF NOT EXISTS item_collections (
        library INTEGER NOT NULL, collection TEXT NOT NULL, item TEXT NOT NULL,
        PRIMARY KEY (library, collection, item)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS item_collections_item ON item_collections (library, item)",
    """CREATE TABLE IF NOT EXISTS makers (
        library INTEGER NOT NULL, item TEXT NOT NULL, user INTEGER NOT NULL,
        PRIMARY KEY (library, item)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS deletions (
        library INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL,
        PRIMARY KEY (library, kind, key)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS settings (
        library INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (library, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS fulltext (
        library INTEGER NOT NULL, item TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (library, item)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS write_tokens (
        key TEXT NOT NULL, token TEXT NOT NULL, used REAL NOT NULL, PRIMARY KEY (key, token)) WITHOUT ROWID""",
)


class Store:
    """One connection to a sandbox folder. Threads may share it; each transaction holds it alone.

    ``clock`` gives the server's time, for tests that must not wait a second for a new ``dateModified``.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        path = folder / "library.sqlite"
        path.touch(mode=0o600)
        try:
            self.db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._use_wal()
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.db.execute("PRAGMA cache_size = -32768")
            with self.write():
                for statement in _TABLES:
                    self.db.execute(statement)
        except sqlite3.DatabaseError as error:
            raise StateError(f"{path} is not a sandbox library: {error}") from error

    def _use_wal(self) -> None:
        """Switch to WAL; SQLite does not wait for a lock here, and two processes may start at once."""
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self.db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def close(self) -> None:
        """Close the connection; the store cannot be used afterwards."""
        with self._lock:
            self.db.close()

    def now(self) -> str:
        """Return the server's time as the API writes it, e.g. ``2024-05-01T09:30:00Z``."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def timestamp(self) -> float:
        """Return the server's time in seconds since 1970."""
        return self._clock().timestamp()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Hold one consistent view of the library; inside a transaction that is already open, use that."""
        with self._lock:
            if self.db.in_transaction:
                yield self.db
                return
            self.db.execute("BEGIN")
            try:
                yield self.db
            finally:
                self.db.execute("COMMIT")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; commit at the end, or leave no trace if the body raises."""
        with self._lock:
            if self.db.in_transaction:
                yield self.db
                return
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    # --- small facts -------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        """Return a named fact about this folder, or None."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Keep a named fact about this folder."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # --- snapshots ---------------------------------------------------------------------------------------------

    def snapshot(self) -> str:
        """Keep the present state of all libraries and return its id."""
        folder = self.folder / "snapshots"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{len(list(folder.iterdir())):04d}-{secrets.token_hex(4)}"
        path = folder / f"{name}.sqlite"
        path.touch(mode=0o600)
        with self._lock:
            copy = sqlite3.connect(path)
            try:
                self.db.backup(copy)
            finally:
                copy.close()
        return name

    def rollback(self, name: str | None = None) -> bool:
        """Go back to a snapshot (None: the latest), as a server restored from a backup does (R17).

        Returns False where there is no such snapshot.
        """
        found = sorted((self.folder / "snapshots").glob("*.sqlite"))
        chosen = [path for path in found if name is None or path.stem == name]
        if not chosen:
            return False
        with self._lock:
            copy = sqlite3.connect(chosen[-1])
            try:
                copy.backup(self.db)
            finally:
                copy.close()
        return True
