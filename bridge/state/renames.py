"""Which renames are due in the vault, and the one at work: what a kill must not make it forget (law 5)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from bridge.core.place import FormerKey
from bridge.core.record import ItemId
from bridge.state.db import transaction

_DELETE = "DELETE FROM former_keys WHERE library = ? AND key = ? AND citekey = ?"


class Renames:
    """Implements :class:`bridge.vault.rename.RenameLog`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def due(self) -> Sequence[FormerKey]:
        """Former citation keys that notes and links have not followed yet."""
        query = "SELECT library, key, citekey, stem, stamp FROM former_keys ORDER BY library, key, citekey"
        return [FormerKey(ItemId(library, key), *rest) for library, key, *rest in self._db.execute(query)]

    def add(self, former: Iterable[FormerKey]) -> None:
        """Put keys on the list; one that is there stays as it is."""
        with transaction(self._db):
            rows = ((*each.id, each.key, each.stem, each.stamp) for each in former)
            self._db.executemany("INSERT OR IGNORE INTO former_keys VALUES (?,?,?,?,?)", rows)

    def settle(self, written: Iterable[FormerKey], unwritten: Iterable[FormerKey]) -> None:
        """Say which of the keys' edits were written; the others come off the list."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE former_keys SET stamp = '' WHERE library = ? AND key = ? AND citekey = ?", _names(written)
            )
            self._db.executemany(_DELETE, _names(unwritten))

    def journal(self) -> str:
        """The renaming at work, ``""`` where there is none."""
        found = self._db.execute("SELECT journal FROM renaming").fetchone()
        return str(found[0]) if found else ""

    def keep(self, journal: str, absorbed: Iterable[FormerKey] = ()) -> None:
        """Remember how far the renaming is (``""``: it is done), and take the keys it takes care of off the list."""
        with transaction(self._db):
            self._db.execute("DELETE FROM renaming")
            if journal:
                self._db.execute("INSERT INTO renaming VALUES (1, ?)", (journal,))
            self._db.executemany(_DELETE, _names(absorbed))


def _names(former: Iterable[FormerKey]) -> Iterator[tuple[str, str, str]]:
    return ((*each.id, each.key) for each in former)
