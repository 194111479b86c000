"""Bases, the stamps that name them, and what was about to be written (R1, R2, R4, R38)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from bridge.core.mirror import SECTION_FIELD
from bridge.core.record import Base, Face, ItemId, Standing
from bridge.state.faces import dump, load_face


class Agreement(NamedTuple):
    """A base with the stamp its note was given."""

    base: Base
    stamp: str


class Agreements:
    """Every agreement a note may still bear the stamp of; one of them is the item's base."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def base(self, item: ItemId) -> Agreement | None:
        """The present base, with the open conflicts."""
        query = (
            "SELECT zotero, vault, stamp FROM bases JOIN agreements ON number = agreement"
            " WHERE bases.library = ? AND bases.key = ?"
        )
        return self._load(item, query, item)

    def by_stamp(self, item: ItemId, stamp: str) -> Agreement | None:
        """The last agreement that was given this stamp (R1), with the open conflicts."""
        query = (
            "SELECT zotero, vault, stamp FROM agreements WHERE library = ? AND key = ? AND stamp = ?"
            " ORDER BY number DESC LIMIT 1"
        )
        return self._load(item, query, (*item, stamp))

    def intents(self, item: ItemId) -> list[Base]:
        """What was about to be written to Zotero and has not been confirmed, oldest first (R4)."""
        query = (
            "SELECT zotero, vault FROM intents JOIN agreements ON number = agreement"
            " WHERE intents.library = ? AND intents.key = ? ORDER BY number"
        )
        return [Base(load_face(row[0]), load_face(row[1])) for row in self._db.execute(query, item)]

    def _load(self, item: ItemId, query: str, arguments: tuple[str, ...]) -> Agreement | None:
        row = self._db.execute(query, arguments).fetchone()
        if row is None:
            return None
        return Agreement(Base(load_face(row[0]), load_face(row[1]), self.conflicts(item)), row[2])

    def conflicts(self, item: ItemId) -> dict[str, Standing]:
        """The open conflicts of one item's fields, by field; not that of its mirror, which no merge is about."""
        query = (
            "SELECT field, zotero, vault, answer FROM conflicts"
            " WHERE library = ? AND key = ? AND ended = '' AND field <> ?"
        )
        return {row[0]: Standing(row[1], row[2], row[3]) for row in self._db.execute(query, (*item, SECTION_FIELD))}

    def add(self, item: ItemId, base: Base, stamp: str, now: str) -> int:
        """Store an agreement that is about to be written; returns its number."""
        cursor = self._db.execute(
            "INSERT INTO agreements (library, key, stamp, zotero, vault, given) VALUES (?,?,?,?,?,?)",
            (*item, stamp, dump(dict(base.zotero)), dump(dict(base.vault)), now),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def amend(self, number: int, base: Base, stamp: str) -> None:
        """Correct a stored agreement by what the sides showed in the end."""
        self._db.execute(
            "UPDATE agreements SET stamp = ?, zotero = ?, vault = ? WHERE number = ?",
            (stamp, dump(dict(base.zotero)), dump(dict(base.vault)), number),
        )

    def intend(self, item: ItemId, number: int) -> None:
        """Note that a write to Zotero is about to be sent.

        Those before it stay: what one of them did may be all that Zotero shows. The same again counts once.
        """
        self._db.execute(
            "DELETE FROM intents WHERE library = ? AND key = ? AND agreement IN"
            " (SELECT old.number FROM agreements old JOIN agreements new USING (library, key, zotero, vault)"
            " WHERE library = ? AND key = ? AND new.number = ?)",
            (*item, *item, number),
        )
        self._db.execute("INSERT INTO intents VALUES (?,?,?)", (*item, number))

    def settle(self, item: ItemId, number: int) -> None:
        """An agreement becomes the base; what was intended before is done with."""
        self.settle_all([(item, number)])

    def settle_all(self, numbers: Iterable[tuple[ItemId, int]]) -> None:
        """As :meth:`settle`, of many items."""
        rows = [(*item, number) for item, number in numbers]
        self._db.executemany("INSERT OR REPLACE INTO bases (library, key, agreement, absent) VALUES (?,?,?,0)", rows)
        self._db.executemany("DELETE FROM intents WHERE library = ? AND key = ?", (row[:2] for row in rows))

    def forget(self, item: ItemId) -> None:
        """The item has no base any more; what its notes' stamps mean is still known."""
        self._db.execute("DELETE FROM bases WHERE library = ? AND key = ?", item)
        self.drop_intents(item)

    def drop_intents(self, item: ItemId) -> None:
        """What was intended has been looked into."""
        self._db.execute("DELETE FROM intents WHERE library = ? AND key = ?", item)

    def void(self, items: Iterable[ItemId]) -> None:
        """What was agreed about these items holds no longer: their bases are empty and bear no stamp (R17).

        That there was a note holds still, so that one which is gone is known to have been deleted (R38).
        """
        rows = list(items)
        for change in (
            "DELETE FROM intents WHERE library = ? AND key = ?",
            "UPDATE agreements SET stamp = '', zotero = '{}', vault = '{}' WHERE library = ? AND key = ?",
            "DELETE FROM agreements WHERE library = ? AND key = ? AND number NOT IN (SELECT agreement FROM bases)",
        ):
            self._db.executemany(change, rows)

    def forget_fields(self, names: Iterable[str]) -> None:
        """No agreement says anything about these fields any more: a union is to be made of them (law 11)."""
        for name in names:
            path = f'$."{name}"'  # names of keys hold no quotation marks (bridge.config)
            self._db.execute(
                "UPDATE agreements SET zotero = json_remove(zotero, ?), vault = json_remove(vault, ?)", (path, path)
            )

    def inherit(self, old: ItemId, new: ItemId, face: Face) -> None:
        """All that was agreed about one item is agreed about another, whose note its note becomes (R22).

        An open conflict is one with the other's value from now on (law 3). Nothing is done where the other has a base.

        :param face: what Zotero shows of the other.
        """
        if self.base(new) is not None:
            return
        for field in self.conflicts(old):
            query = (
                "UPDATE conflicts SET zotero = ?, answer = ''"
                " WHERE library = ? AND key = ? AND field = ? AND ended = ''"
            )
            value = face.get(field, "")
            self._db.execute(query, (value if isinstance(value, str) else "", *old, field))
        tables = ["agreements", "bases", "intents", "conflicts", "written", "former_keys"]
        if old.library == new.library:  # children come along in a merge; in another library there are only copies
            tables.append("mirrors")
        for table in tables:
            query = f"UPDATE OR IGNORE {table} SET library = ?, key = ? WHERE library = ? AND key = ?"  # noqa: S608 (constant)
            self._db.execute(query, (*new, *old))

    # --- tombstones -------------------------------------------------------------------------------------------------

    def set_absent(self, items: Iterable[ItemId], *, absent: bool) -> None:
        """Keep the base of a note that was deleted, or take the note as there again (R38)."""
        self._db.executemany(
            "UPDATE bases SET absent = ? WHERE library = ? AND key = ?", ((absent, *item) for item in items)
        )

    def known(self, library: str) -> set[str]:
        """Keys of items that were agreed on once."""
        return {row[0] for row in self._db.execute("SELECT key FROM bases WHERE library = ?", (library,))}

    def absent(self, library: str) -> set[str]:
        """Keys of items whose note a person deleted: it is not made again."""
        return {row[0] for row in self._db.execute("SELECT key FROM bases WHERE library = ? AND absent", (library,))}

    def prune(self, before: str) -> None:
        """Forget agreements given before a moment (ISO 8601), but for bases and intentions."""
        self._db.execute(
            "DELETE FROM agreements WHERE given < ? AND number NOT IN (SELECT agreement FROM bases)"
            " AND number NOT IN (SELECT agreement FROM intents)",
            (before,),
        )
