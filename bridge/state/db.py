"""Transactions over the state's one connection."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from bridge.errors import StateError


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; nested use joins the outer transaction.

    :raises StateError: the database failed (disk full, damaged); nothing of the transaction is kept.
    """
    if db.in_transaction:
        yield
        return
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise
    except sqlite3.Error as error:
        raise StateError(f"The state could not be written: {error}") from error
