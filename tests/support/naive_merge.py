"""A second merge, written from the design's text and not from the code: slow, plain, and with nothing shared.

It answers with the values that both sides are to show in the end, never with edits. ``None`` stands for a key that is
missing from the note. Values are compared as they are, so tests feed it values in normal form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Ends(NamedTuple):
    """A scalar on both sides in the end."""

    zotero: str
    vault: str | None
    conflict: bool = False
    over: bool = False  # a conflict that was open is over


def scalar(
    base: tuple[str, str] | None,
    zotero: str,
    vault: str | None,
    *,
    standing: tuple[str, str, str] | None = None,
    policy: str = "ask",
) -> Ends:
    """One scalar. ``base``: what either side showed at the last agreement. ``standing``: a conflict and its answer.

    The tale of a field, told by who edited since: nobody, one side, or both.
    """
    if vault is None:
        if standing is None:
            return Ends(zotero, zotero or None)  # R7: a missing key says nothing and is put back
        vault = standing[1]  # R6: both sides keep their value of an open conflict
    if zotero == vault:
        return Ends(zotero, vault, over=standing is not None)  # equal ends a conflict
    seen = standing[:2] if standing else base
    if seen is None:  # law 11: a union, and what differs outright is a conflict
        if not (zotero and vault):
            return Ends(zotero or vault, zotero or vault)
        return Ends(zotero, vault, conflict=True)
    edited = ("z" if zotero != seen[0] else "") + ("v" if vault != seen[1] else "")
    if edited == "z":
        return Ends(zotero, zotero, over=standing is not None)
    if edited == "v":
        return Ends(vault, vault, over=standing is not None)
    if edited == "zv":
        if standing is None and policy != "ask":
            kept = zotero if policy == "zotero" else vault
            return Ends(kept, kept)
        return Ends(zotero, vault, conflict=True)
    if standing is None:
        return Ends(zotero, vault)  # R28: a disagreement that was agreed on is no edit
    if standing[2]:
        kept = zotero if standing[2] == "zotero" else vault
        return Ends(kept, kept, over=True)
    return Ends(zotero, vault, conflict=True)


class Members(NamedTuple):
    """A by-member field on both sides in the end: raw members there, forms here."""

    zotero: frozenset[str]
    vault: frozenset[str]


def members(
    base: tuple[frozenset[str], frozenset[str]] | None,
    zotero: frozenset[str],
    vault: frozenset[str] | None,
    form: Callable[[str], str],
) -> Members:
    """One by-member field (R9), each form by itself. ``base`` has raw members and forms; none is an empty one."""
    if vault is None:
        return Members(zotero, frozenset(map(form, zotero)))
    old_raw, old_forms = base or (frozenset(), frozenset())
    raw_after: set[str] = set()
    forms_after: set[str] = set()
    for one in {*map(form, zotero | old_raw), *vault, *old_forms}:
        here = {raw for raw in zotero if form(raw) == one}
        there = {raw for raw in old_raw if form(raw) == one}
        person_removed = one in old_forms and one not in vault
        person_added = one in vault and one not in old_forms
        if person_removed:
            here -= there  # only what the base had under it
            shown = bool(here)  # one that Zotero added since restores the form
        elif person_added:
            here = here or {one}
            shown = True
        elif one in vault:
            shown = not (there and not here)  # Zotero took out the last of this form
        else:
            shown = bool(here) and not there  # Zotero put in the first
        raw_after |= here
        forms_after |= {one} if shown else set()
    return Members(frozenset(raw_after), frozenset(forms_after))


class StatusEnds(NamedTuple):
    """Status and date on both sides in the end (R10)."""

    zotero: tuple[str, str]
    vault: tuple[str | None, str | None]
    conflict: bool = False


def status(
    base: tuple[str, str] | None,
    zotero: tuple[str, str],
    vault: tuple[str | None, str | None],
    today: str,
) -> StatusEnds:
    """Status and date without an open conflict. ``base``: both sides showed this."""
    name = scalar((base[0], base[0]) if base else None, zotero[0], vault[0])
    if name.conflict:
        return StatusEnds(zotero, vault, conflict=True)
    day, date = vault[1], zotero[1]
    dated = day is not None and (base is None or day != base[1])  # the person gave a date
    if vault[0] is not None and name.zotero == vault[0] != zotero[0]:  # the person's status wins
        date = ((day if dated else "") or today) if name.zotero else ""
        return StatusEnds((name.zotero, date), (vault[0], date or None))
    if name.zotero == zotero[0] == (vault[0] or "") and name.zotero and dated and day != date:
        unmoved = date == base[1] if base else not date  # with no base nothing is removed (law 11)
        if unmoved:
            return StatusEnds((zotero[0], day or ""), (vault[0], day or None))
    if not name.zotero and not date and dated and not vault[0]:
        return StatusEnds(zotero, (name.vault, day or None))  # a date waits in the note for its status
    return StatusEnds((name.zotero, date), (name.vault, date or None))
