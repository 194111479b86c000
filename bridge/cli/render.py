"""Results in words: short, calm, and with the next step where one is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bridge.cli.advice import for_code, for_error
from bridge.cli.talk import many, plain
from bridge.core.children import BLOCKS
from bridge.core.difference import difference
from bridge.remedies import for_held

if TYPE_CHECKING:
    from bridge.core.plan import Held
    from bridge.daemon.status import DaemonStatus, Trouble
    from bridge.state import ConflictRow
    from bridge.state.history import ChangeRow
    from bridge.sync import Report

SHOWN = 20
"""Rows of one kind that are written out for people; the rest is counted."""

_VALUE = 60
#: Reasons of changes that are said with them.
_WHY = {
    "put-back": "put back: it is Zotero's",
    "note-deleted": "its note was deleted",
    "note-back": "its note is back",
}


def report_lines(report: Report) -> Iterator[str]:
    """What one cycle did, or (after a dry run) would do."""
    would = report.plan is not None
    yield from map(change_line, report.plan or ())  # all of it: that is what a dry run is for (law 12)
    zotero = [
        f"{many(count, 'item')} {verb}"
        for count, verb in (
            (report.zotero_created, "made"),
            (report.zotero_updated, "updated"),
            (report.zotero_trashed, "put into the trash"),
        )
        if count
    ]
    notes = [
        f"{many(count, 'note')} {verb}"
        for count, verb in (
            (report.vault_created, "made"),
            (report.vault_updated, "updated"),
            (report.vault_renamed, "renamed"),
            (report.vault_marked, "marked as trashed, merged or deleted"),
            (report.removed, "taken away again"),
        )
        if count
    ]
    for side, done in (("Zotero", zotero), ("Vault", notes)):
        if done:
            yield f"{side}: {', '.join(done)}{' (nothing was written)' if would else ''}."
    for message in report.messages:
        yield plain(message)
    if report.out_of_reach:
        yield f"Not everything reached Zotero: {report.out_of_reach}. The rest goes with the next sync."
    if report.conflicts:
        yield f"{many(report.conflicts, 'conflict')}: both sides changed the same field. See: bridge conflicts"
    if report.held:
        mended = "it" if report.held == 1 else "them"
        yield f"{many(report.held, 'thing')} held until somebody mends {mended}. See: bridge status"
    if not (report.changed or report.conflicts or report.held or report.out_of_reach):
        yield "In step."


def change_line(change: ChangeRow) -> str:
    """One changed value."""
    side = "Zotero" if change.side == "zotero" else "note"
    name = plain(change.title or change.path or str(change.id), _VALUE)
    if change.why == "new":
        return f"  {side}  {name}: {f'{change.field} ' if change.field else ''}made"
    if change.why == "removed":
        gone = "put into the trash" if change.side == "zotero" else "taken away again"
        return f"  {side}  {name}: {f'{change.field} ' if change.field else ''}{gone}"
    if change.why == "refresh":
        return f"  {side}  {name}: shown anew"
    if change.field in BLOCKS:
        return f"  {side}  {name}: {change.field} renewed"  # the values are digests
    if change.why == "undo" and change.before == change.after:
        return f"  {side}  {name}: {f'{change.field} ' if change.field else ''}put back as it was"
    why = f"  ({_WHY[change.why]})" if change.why in _WHY else ""
    return f"  {side}  {name}: {change.field} {_difference(change.before, change.after)}{why}"


def _difference(before: str, after: str) -> str:
    """From one value to another; of lists, the members that come and go."""
    if (members := difference(before, after)) is None:
        first, second = (f"“{plain(text, _VALUE)}”" if text else "nothing" for text in (before, after))
        return f"{first} → {second}"
    come = [f"+ “{plain(each, _VALUE)}”" for each in members.come]
    go = [f"− “{plain(each, _VALUE)}”" for each in members.go]
    return "  ".join([*come, *go]) or "in another order"


def conflict_lines(rows: Sequence[ConflictRow]) -> Iterator[str]:
    """Open conflicts, each with both values and the command that settles it."""
    for row in rows:
        yield f"{row.number}  {plain(row.title or str(row.id), 80)}  ({plain(row.path) or row.id.key})"
        yield f"   {row.field} in Zotero:    {_value(row.zotero)}"
        yield f"   {row.field} in the note:  {_value(row.vault)}"
        yield f"   bridge resolve {row.number} --keep zotero   or   bridge resolve {row.number} --keep vault"


def ambiguous_lines(found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Citation keys of several papers, with the paths of their notes."""
    for key, paths in [*found.items()][:SHOWN]:
        yield f"Keys     {plain(key)} is the citation key of {many(len(paths), 'paper')}: {plain(', '.join(paths))}"
    if len(found) > SHOWN:
        yield f"         … and {len(found) - SHOWN:,} more keys like that (--json gives all)"


def held_lines(rows: Sequence[Held]) -> Iterator[str]:
    """What is held, why, and what to do."""

    def line(held: Held) -> str:
        where = plain(held.path) or (str(held.id) if held.id else "the vault")
        remedy = for_held(held)
        return f"  {where}: {plain(held.reason)}{f'. To do: {remedy}' if remedy else ''}"

    lines = list(dict.fromkeys(map(line, rows)))  # one note may hold back several papers
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"  … and {len(lines) - SHOWN:,} more (--json gives all)"


def daemon_json(status: DaemonStatus) -> dict[str, Any]:
    """A running daemon, for machines; ``trouble`` and ``news`` bear their advice."""
    found = asdict(status)
    if status.trouble is not None:
        found["trouble"]["advice"] = _daemon_advice(status.trouble)
    if status.news:
        from bridge.daemon.news import WORDS

        found["news"] = {"code": status.news, "said": WORDS[status.news], "advice": for_code(status.news)}
    return found


def daemon_lines(status: DaemonStatus) -> Iterator[str]:
    """A running daemon: since when, its last and next look, and what keeps it from its work."""
    since, last, until = (each.replace("T", " ") for each in (status.started, status.last_cycle, status.next_poll))
    following = f", next look {until}" if until else ""
    yield f"Daemon   running since {since} (process {status.pid}), last sync {last or 'not yet'}{following}"
    if status.being_edited:
        still = "it stands" if status.being_edited == 1 else "they stand"
        yield f"         {many(status.being_edited, 'file')} being edited; taken when {still} still"
    if status.watching == "timer" and status.cycles:
        yield "         changes in notes are found by looking now and then, since the system lets no folder be watched"
    if status.news:
        from bridge.daemon.news import WORDS

        advice = for_code(status.news)
        yield f"         {WORDS[status.news]}{f'. {advice}' if advice else ''}"
    if status.config:
        yield f"         the new configuration cannot be used, the old one is: {plain(status.config)}"
    if status.trouble is not None:
        yield f"         since {status.trouble.since.replace('T', ' ')}: {plain(status.trouble.message)}"
        yield f"         {_daemon_advice(status.trouble)}"


def _daemon_advice(trouble: Trouble) -> str:
    from bridge.daemon.mailbox import error_of

    return for_error(error_of(trouble.code, trouble.message))


def held_json(held: Held) -> dict[str, Any]:
    """Something held, for machines."""
    return {
        "code": held.code,
        "reason": held.reason,
        "path": held.path,
        "field": held.field,
        "library": held.id.library if held.id else "",
        "key": held.id.key if held.id else "",
        "advice": for_held(held),
    }


def conflict_json(row: ConflictRow) -> dict[str, Any]:
    """A conflict, for machines; ``id`` is what ``bridge resolve`` takes."""
    return {
        "id": row.number,
        "library": row.id.library,
        "key": row.id.key,
        "title": row.title,
        "path": row.path,
        "field": row.field,
        "zotero": row.zotero,
        "vault": row.vault,
        "opened": row.opened,
    }


def change_json(change: ChangeRow) -> dict[str, Any]:
    """A changed value, for machines."""
    return {
        "side": change.side,
        "library": change.id.library,
        "key": change.id.key,
        "title": change.title,
        "path": change.path,
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "why": change.why,
    }


def _value(text: str) -> str:
    return f"“{plain(text, 200)}”" if text else "(empty)"
