"""The base of an adopted note: both sides as they are, so that nothing moves until someone edits (R28). Pure.

What another tool or a person wrote differently from Zotero is a *standing disagreement*: no edit, and not put right
either, until one of the sides changes it. It is kept by the base having two faces (R2). A key the note does not have
says nothing and is filled from Zotero (R7), and so is one that is there without a value, as templates leave them.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.core.base import as_shown, names_of, stamp
from bridge.core.policy import Field, Kind, Policy, normal_day
from bridge.core.reconcile import members
from bridge.core.record import Base, Face, ItemId, Value

#: In the note's face of a base: this block was not wanted when the note was adopted, so its text is never put in.
NO_BLOCK = "none"


def adopted(zotero: Face, vault: Face, policy: Policy, *, push: bool = False, blocks: bool = False) -> Base:
    """The base by which a note is merged when it is adopted.

    :param vault: the note's face, read as the item's.
    :param push: the note's values count as edits where both sides may change a field: a value differing from Zotero's
        goes there, and tags and collections unite.
    :param blocks: managed blocks are put into the note.
    """
    new_z: dict[str, Value] = {}
    new_v: dict[str, Value] = {}
    shown = as_shown(zotero, policy) if push else {}
    for row in policy.fields.values():
        if row.kind is Kind.BLOCK:
            if not blocks:
                new_z[row.name], new_v[row.name] = zotero.get(row.name, ""), NO_BLOCK
            continue
        for name in names_of(row):
            is_empty = name in vault and not vault[name]
            if is_empty or name not in zotero or (push and row.kind is Kind.MEMBERS):
                continue  # without a base: Zotero's value comes, and members unite
            new_z[name] = zotero[name]
            if name in vault:
                is_edit = push and row.kind in (Kind.SCALAR, Kind.STATUS)
                new_v[name] = shown.get(name, "") if is_edit else vault[name]
    return Base(new_z, new_v)


def stamp_of(item: ItemId, base: Base, policy: Policy) -> str:
    """The stamp of an agreement (R1), which vouches for what stands differently in an adopted note too."""
    return stamp(item, base.zotero, policy, base.conflicts, standing(base.zotero, base.vault, policy))


def standing(zotero: Face, vault: Face, policy: Policy) -> dict[str, Value]:
    """What a note shows otherwise than Zotero, by field: empty for every note that Bridge made and keeps.

    Fields that merge or that Zotero alone may change are looked at; a note that lacks one says nothing of it.
    """
    return {
        name: vault[name]
        for row in policy.of(Kind.SCALAR, Kind.STATUS, Kind.MEMBERS, Kind.DERIVED)
        for name in names_of(row)
        if vault.get(name) and name in zotero and not _shows_same(row, name, zotero[name], vault[name])
    }


def _shows_same(row: Field, name: str, zotero: Value, vault: Value) -> bool:
    if zotero == vault:
        return True
    first, second = list(_normal(row, name, zotero)), list(_normal(row, name, vault))
    if row.kind is Kind.MEMBERS or row.many:
        return set(first) == set(second)
    return first == second


def _normal(row: Field, name: str, value: Value) -> Iterator[str]:
    normal = normal_day if name == "status-date" else row.normal
    return (normal(row.shown(text)) for text in members(value))
