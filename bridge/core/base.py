"""How the base advances, and the stamp that names an agreement.

Law 7: the base advances only by what a side confirmed, so :func:`advance` takes the faces as both sides showed them
*after* the plan was carried out. R1: a note carries the stamp of the agreement it was last written with, so that an old
copy of it is merged against what was agreed then. R4: :func:`confirm` takes an intended write that a side is found
showing as confirmed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

from bridge.core.plan import ItemPlan, Unsent
from bridge.core.policy import Field, Kind, Policy, normal_day, normal_text
from bridge.core.reconcile import members
from bridge.core.record import Base, Face, ItemId, Standing, Value

_STATUS_DATE = "status-date"
#: Fields a stamp vouches for: those that merge three ways.
_STAMPED = (Kind.SCALAR, Kind.STATUS, Kind.MEMBERS)
#: Fields of which the base remembers what the note no longer shows: a key that a person took out is not set again, a
#: block that was not wanted when the note was adopted does not come later.
_REMEMBERED = (Kind.ONCE, Kind.BLOCK)


def names_of(row: Field) -> tuple[str, ...]:
    """The face entries of one row of the table."""
    return (row.name, _STATUS_DATE) if row.kind is Kind.STATUS else (row.name,)


def advance(base: Base | None, plan: ItemPlan, zotero: Face, vault: Face, policy: Policy) -> Base:
    """The base after a plan was carried out on both sides.

    :param zotero: Zotero's face after the plan, as the server returned it.
    :param vault: the note's face after the plan, as read from the bytes written.
    """
    old_z, old_v = (base.zotero, base.vault) if base else ({}, {})
    new_z: dict[str, Value] = {}
    new_v: dict[str, Value] = {}
    for row in policy.fields.values():
        for name in names_of(row):
            source_z, source_v = (old_z, old_v) if name in plan.open else (zotero, vault)
            if name in source_z:
                new_z[name] = source_z[name]
            if name in source_v:
                new_v[name] = source_v[name]
            elif row.kind in _REMEMBERED and name in old_v:
                new_v[name] = old_v[name]
        if (unsent := plan.unsent.get(row.name)) is not None and row.name not in plan.open:
            new_v[row.name] = _without_unsent(row, unsent, members(vault.get(row.name)), members(old_v.get(row.name)))
    conflicts = {name: stand for name, stand in (base.conflicts if base else {}).items() if name not in plan.ended}
    conflicts |= {conflict.field: Standing(conflict.zotero, conflict.vault) for conflict in plan.conflicts}
    return Base(new_z, new_v, conflicts)


def _without_unsent(row: Field, unsent: Unsent, shown: Iterable[str], old: Iterable[str]) -> tuple[str, ...]:
    """The note's members as far as Zotero knows of them: what was not sent stays a change to be sent."""
    kept = [member for member in shown if row.normal(member) not in unsent.added]
    return (*kept, *(member for member in old if row.normal(member) in unsent.removed))


def confirm(base: Base | None, intended: Base, zotero: Face, vault: Face, policy: Policy) -> Base | None:
    """The base, moved by what an interrupted write is found to have done (R4).

    ``intended`` holds the fields that were sent, as they were to stand in Zotero, and as the note showed them then.
    Only what the note has changed *since* needs it: where the note still shows what was sent, both sides are equal
    anyway. A scalar that Zotero shows as intended is agreed; of a by-member field the members that arrived or left as
    the note had it are.
    """
    if base is None:
        return None
    new_z, new_v = dict(base.zotero), dict(base.vault)
    for row in policy.of(*_STAMPED):
        names = names_of(row)
        if row.name not in intended.zotero or all(vault.get(name) == intended.vault.get(name) for name in names):
            continue
        if row.kind is Kind.MEMBERS:
            _confirm_members(row, intended, zotero, new_z, new_v)
        elif all(_equal(row, name, intended.zotero.get(name, ""), zotero.get(name, "")) for name in names):
            for name in names:
                new_z[name] = intended.zotero.get(name, "")
                if name in intended.vault:
                    new_v[name] = intended.vault[name]
    return Base(new_z, new_v, base.conflicts)


def sent(base: Base | None, names: Iterable[str], zotero: Face, vault: Face) -> Base:
    """The base once Zotero has confirmed some fields: whatever the server made of them is agreed (law 8)."""
    old = base or Base({}, {})
    moved = [name for name in names if name in zotero]
    return Base(
        {**old.zotero, **{name: zotero[name] for name in moved}},
        {**old.vault, **{name: vault[name] for name in moved if name in vault}},
        {name: stand for name, stand in old.conflicts.items() if name not in moved},
    )


def _equal(row: Field, name: str, first: Value, second: Value) -> bool:
    normal = normal_day if name == _STATUS_DATE else row.normal
    return [normal(text) for text in members(first)] == [normal(text) for text in members(second)]


def _confirm_members(
    row: Field, intended: Base, zotero: Face, new_z: dict[str, Value], new_v: dict[str, Value]
) -> None:
    shown = {normal_text(raw) for raw in members(zotero.get(row.name))}
    wanted = members(intended.zotero[row.name])
    old = members(new_z.get(row.name))
    known = {normal_text(raw) for raw in wanted}
    # What came or went without the note having asked for it is Zotero's own news.
    asked = {row.normal(member) for member in members(intended.vault.get(row.name))}
    arrived = [raw for raw in wanted if normal_text(raw) in shown and raw not in old and row.normal(raw) in asked]
    gone = [raw for raw in old if normal_text(raw) not in known and normal_text(raw) not in shown]
    left = {row.normal(raw) for raw in gone} - asked
    new_z[row.name] = (*(raw for raw in old if row.normal(raw) not in left), *arrived)
    keys = {row.normal(raw) for raw in arrived}
    old_v = members(new_v.get(row.name))
    had = {row.normal(member) for member in old_v}
    joined = (m for m in members(intended.vault.get(row.name)) if row.normal(m) in keys and row.normal(m) not in had)
    new_v[row.name] = (*(member for member in old_v if row.normal(member) not in left), *joined)


def stamp(
    item: ItemId,
    zotero: Face,
    policy: Policy,
    conflicts: Mapping[str, Standing] | None = None,
    disagreement: Mapping[str, Value] | None = None,
) -> str:
    """A short digest of what both sides agreed on, from Zotero's face: eight characters of base 32.

    Empty values do not count, so that a newly configured field does not spoil the stamps of notes that do not use it.
    It is computed from Zotero's face alone, so that with the state lost a note can still vouch for what Zotero shows
    (R1). Open conflicts count: a copy from before one was opened is then known for old, and the value it shows is not
    taken for a later edit that ends the conflict (R6). So does what an adopted note shows otherwise than Zotero
    (:func:`bridge.core.adopted.standing`): with the state lost it vouches for that too, and none of it is an edit.
    """
    agreed: dict[str, list[str]] = {}
    for row in policy.of(*_STAMPED):
        for name in names_of(row):
            if name in zotero:
                normal = normal_day if name == _STATUS_DATE else normal_text if row.kind is Kind.MEMBERS else row.normal
                texts = [normal(text) for text in members(zotero[name])]
                agreed[name] = sorted(texts) if row.kind is Kind.MEMBERS else texts
    compact = {name: texts for name, texts in agreed.items() if any(texts)}
    parts: list[object] = [item.library, item.key, compact]
    if conflicts:
        parts.append({name: [stand.zotero, stand.vault] for name, stand in conflicts.items()})
    if disagreement:
        parts.append([[name, *members(disagreement[name])] for name in sorted(disagreement)])
    payload = json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    digest = hashlib.blake2b(payload.encode(), digest_size=5).digest()
    return base64.b32encode(digest).decode().lower()


def as_shown(record: Mapping[str, Value], policy: Policy) -> dict[str, Value]:
    """What a note would show of Zotero's face: the note's half of a base that only a stamp vouches for (R1)."""
    shown: dict[str, Value] = {}
    for row in policy.fields.values():
        for name in names_of(row):
            value = record.get(name)
            if value is None or row.kind is Kind.BLOCK:
                continue
            if isinstance(value, tuple):
                unique: dict[str, str] = {}
                for raw in value:
                    unique.setdefault(row.normal(row.shown(raw)), row.shown(raw))
                shown[name] = tuple(unique.values())
            elif value or name == "status":
                shown[name] = value
    return shown
