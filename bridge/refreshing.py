"""``bridge refresh``: notes that are there, shown by the present templates and settings (R34).

Everything goes through the vault side as in a cycle: law 6 (a note that changed since it was last read is left for the
next time), law 4, and what is replaced is kept, so that a refresh can be undone. No base moves: what a note and Zotero
agree on is not touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from bridge.core.children import BLOCKS
from bridge.core.place import NoteRow
from bridge.core.record import ItemId, Record
from bridge.core.side import Edit
from bridge.errors import ConfigError, UsageError
from bridge.state.history import ChangeRow
from bridge.sync.report import Report

if TYPE_CHECKING:
    from bridge.core.side import Outcome
    from bridge.state import State
    from bridge.sync.ledger import Ledger
    from bridge.sync.ports import Progress
    from bridge.vault.side import VaultSide

#: What the vault side says of a note whose block has a template that cannot be used.
_BROKEN = "broken-template: "


def chosen(state: State, names: Sequence[str]) -> list[ItemId]:
    """The papers that are meant: those with these item keys or citation keys, or all that have a note.

    :raises UsageError: one of them is no paper with a note.
    """
    noted = {item: path for path, item in state.notes.bound().items()}
    if not names:
        return sorted(noted)
    rows = state.notes.rows_of(noted)
    found: list[ItemId] = []
    for name in names:
        key = name.removeprefix("@")
        meant = [item for item, row in rows.items() if key in (item.key, row.face.get("citekey"))]
        if not meant:
            raise UsageError(f"there is no note of a paper with the key {name}")
        found += meant
    return sorted(set(found))


def refresh(
    state: State,
    side: VaultSide,
    records: Callable[[ItemId], Record | None],
    items: Sequence[ItemId],
    ledger: Ledger,
    progress: Progress,
    *,
    dry_run: bool,
) -> Report:
    """Render the notes of ``items`` anew, or with ``dry_run`` say which would change (law 12).

    :raises ConfigError: a template cannot be used; the message gives the line in it. What was written until then stays.
    """
    began = time.monotonic()
    report = Report(refreshed=[])
    rows = {item: row for item, row in state.notes.rows_of(items).items() if all(held.field for held in row.held)}
    edits = _edits(state, side, rows, records, report)
    progress.start("refreshing notes", len(rows))
    try:
        for outcome in side.preview(edits) if dry_run else side.apply(edits):
            _take(outcome, rows[outcome.id], state, ledger, report, dry_run=dry_run)
            progress.advance()
    finally:
        progress.done()
        if not dry_run and ledger.cycle is not None:
            report.seconds, report.cycle = time.monotonic() - began, ledger.cycle
            with state.transaction():
                ledger.flush()
                state.history.end_cycle(ledger.cycle, report.seconds, report.to_json())
    report.seconds = time.monotonic() - began
    return report


def _edits(
    state: State,
    side: VaultSide,
    rows: dict[ItemId, NoteRow],
    records: Callable[[ItemId], Record | None],
    report: Report,
) -> Iterator[Edit]:
    for item, row in rows.items():
        record = records(item)
        if record is None:
            continue
        if side.is_warm(row.path):
            report.left.append((row.path, "it is being edited"))
            continue
        known = state.agreements.base(item)
        shown = known.base.zotero if known is not None else None
        yield Edit(
            item,
            row.digest,
            {name: record.face.get(name, "") for name in BLOCKS},
            record,
            before={} if shown is None else {name: shown.get(name, "") for name in BLOCKS},
            written=state.written.of(item),
            remake=True,
        )


def _take(outcome: Outcome, row: NoteRow, state: State, ledger: Ledger, report: Report, *, dry_run: bool) -> None:
    """Record what became of one note."""
    if outcome.reason.startswith(_BROKEN):
        raise ConfigError(outcome.reason.removeprefix(_BROKEN))
    if outcome.result == "stale":
        report.left.append((row.path, "it has changed since the last sync; sync, then refresh it"))
    elif outcome.reason:
        report.left.append((row.path, outcome.reason))
    if outcome.record is None:
        return
    is_changed = outcome.record.token != row.digest
    if is_changed:
        assert report.refreshed is not None
        report.refreshed.append(row.path)
        report.vault_updated += 1
    if dry_run:
        return
    with state.transaction():
        state.written.put([(outcome.id, outcome.record.blocks)])
        if row.pending:
            state.notes.set_pending([outcome.id], pending=True)  # what was read of it waits still
        if is_changed:
            title = str(row.face.get("title", ""))
            change = ChangeRow("vault", outcome.id, row.path, title, "", "", "", "refresh")
            state.history.add_changes(ledger.number(), [change])
