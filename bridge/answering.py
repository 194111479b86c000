"""A person's answer to a conflict: given before a cycle, looked at after it (R6)."""

from __future__ import annotations

from typing import Literal

from bridge.core.policy import Policy
from bridge.errors import OutdatedAnswerError
from bridge.order import Order
from bridge.state import ConflictRow, State


def give_answer(state: State, order: Order) -> ConflictRow | None:
    """Put an order's answer into the state; the conflict it answers, ``None`` where the order has none.

    :raises UsageError: there never was a conflict of this number.
    :raises OutdatedAnswerError: it is over, or its values have changed since.
    """
    if order.answer is None:
        return None
    number, keep = order.answer
    asked = next((row for row in state.history.conflicts() if row.number == number), None)
    with state.transaction():
        state.history.answer(number, keep)  # raises where there is no such open conflict
    return asked


def check_answer(state: State, policy: Policy, asked: ConflictRow, keep: Literal["zotero", "vault"]) -> None:
    """Whether the answer still fitted what the cycle found: an edit made since outranks it (R6)."""
    for row in state.history.conflicts():
        if (row.id, row.field) == (asked.id, asked.field):
            if row.number == asked.number:
                return  # it could not be carried out yet; the answer stands and is counted as open
            raise OutdatedAnswerError(
                f"`{asked.field}` was edited on both sides again since; that is conflict {row.number} now"
            )
    note = state.notes.rows_of([asked.id]).get(asked.id)
    if note is None or asked.field not in note.face:
        return
    normal = policy.fields[asked.field].normal
    chosen = asked.zotero if keep == "zotero" else asked.vault
    if normal(str(note.face[asked.field])) != normal(chosen):
        raise OutdatedAnswerError(f"`{asked.field}` was edited since the conflict arose, and that edit stands")
