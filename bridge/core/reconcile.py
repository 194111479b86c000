"""The merge: two faces and their base become a plan. The truth table is :func:`three_way`, on one screen.

Laws kept here: 1 (per field, for tags per member, three ways), 3 (no lost edit), 8 (compared in normal form), 11 (no
base is a union). Rules: R2, R5 to R7, R9, R10, R15, R28, R30. Pure: today's date, the library's tag spellings and what
Zotero would refuse are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias

from bridge.core.plan import Conflict, Held, ItemPlan, PutBack, Unsent
from bridge.core.policy import Field, Kind, Policy, Text, normal_day, normal_text
from bridge.core.record import Base, Face, ItemId, Standing, Value

ConflictPolicy: TypeAlias = Literal["ask", "zotero", "vault"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the merge must be told from outside.

    ``today`` is the day in the configured zone (R10). ``spell(field, member, zotero face)`` gives the raw member to add
    to Zotero for one typed in a note. ``refusal(field, text)`` says why Zotero would not take a value or member, or
    ``None``. ``writable`` is false where the library is read-only (R23): outgoing changes then stay pending.
    """

    today: str
    spell: Callable[[str, str, Face], str] = lambda _field, member, _face: member
    refusal: Callable[[str, str], str | None] = lambda _field, _text: None
    is_reading: Callable[[str], bool] = "reading".__eq__
    is_read: Callable[[str], bool] = "read".__eq__
    conflicts: ConflictPolicy = "ask"
    writable: bool = True


class Verdict(Enum):
    """What becomes of one scalar."""

    AGREE = "both sides show the same, or neither moved"
    TO_VAULT = "the note takes Zotero's value"
    TO_ZOTERO = "Zotero takes the note's value"
    STAND = "an open conflict stands"
    CONFLICT = "both sides moved apart"


def three_way(
    z: str,
    v: str,
    old: tuple[str, str] | None,
    stand: Standing | None,
    normal: Text,
    prefer: ConflictPolicy = "ask",
) -> Verdict:
    """The truth table for one scalar: Zotero's value, the note's, and what each showed at the last agreement.

    An open conflict is a base of its own: the two values as they stood when it was opened. So a later edit on one side
    wins (R6), and edits on both open it anew.
    """
    zn, vn = normal(z), normal(v)
    if zn == vn:
        return Verdict.AGREE
    if stand is not None:
        stood = (normal(stand.zotero), normal(stand.vault)) == (zn, vn)
        old = (stand.zotero, stand.vault) if stood or not stand.void else None
    if old is None:  # law 11: a union; only what differs outright is a conflict
        return Verdict.TO_VAULT if not vn else Verdict.TO_ZOTERO if not zn else Verdict.CONFLICT
    match (normal(old[0]) != zn, normal(old[1]) != vn):
        case (True, False):
            return Verdict.TO_VAULT
        case (False, True):
            return Verdict.TO_ZOTERO
        case (True, True):
            # A conflict without a base never reaches this line, so the policies never decide one (R6).
            decided = {"zotero": Verdict.TO_VAULT, "vault": Verdict.TO_ZOTERO}
            return Verdict.CONFLICT if stand is not None else decided.get(prefer, Verdict.CONFLICT)
    if stand is None:
        return Verdict.AGREE  # a standing disagreement is no change (R11, R28)
    return {"zotero": Verdict.TO_VAULT, "vault": Verdict.TO_ZOTERO}.get(stand.answer, Verdict.STAND)


def reconcile(
    item: ItemId,
    base: Base | None,
    zotero: Face,
    vault: Face,
    policy: Policy,
    rules: Rules,
    *,
    skip: frozenset[str] = frozenset(),
) -> ItemPlan:
    """Merge one item three ways.

    :param base: the last agreement, or ``None`` where there is none (law 11).
    :param vault: the note's face; an empty mapping for a note yet to be made.
    :param skip: fields held already because the note shows them in no readable form; they are left alone.
    """
    if not skip.isdisjoint(_COMPOUND):
        # R10, law 3: a day that cannot be read is not put back from Zotero, and its status waits with it.
        skip |= _COMPOUND
    draft = _Draft(item, base, zotero, vault, rules, open=set(skip))
    for row in policy.fields.values():
        if row.name not in skip:
            _MERGE[row.kind](draft, row)
    return draft.plan()


@dataclass(slots=True)
class _Draft:
    """A plan in the making, with the states it is made from."""

    item: ItemId
    base: Base | None
    z: Face
    v: Face
    rules: Rules
    to_zotero: dict[str, Value] = field(default_factory=dict)
    to_vault: dict[str, Value] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    put_back: list[PutBack] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    unsent: dict[str, Unsent] = field(default_factory=dict)

    def plan(self) -> ItemPlan:
        return ItemPlan(
            id=self.item,
            zotero=self.to_zotero,
            vault=self.to_vault,
            conflicts=tuple(self.conflicts),
            ended=tuple(self.ended),
            held=tuple(self.held),
            put_back=tuple(self.put_back),
            open=frozenset(self.open),
            unsent=self.unsent,
        )

    def hold(self, code: str, reason: str, name: str) -> None:
        """Hold one field: its base stays, the rest goes on."""
        self.held.append(Held(code, reason, field=name, id=self.item))
        self.open.add(name)

    def old(self, name: str) -> tuple[str, str] | None:
        """What each side showed of a scalar at the last agreement; ``None`` where the field has no base."""
        if self.base is None or name not in self.base.zotero:
            return None
        return text(self.base.zotero[name]), text(self.base.vault.get(name, ""))


def text(value: Value | None) -> str:
    """A value as one text: a scalar as it is, a list by its first member (R36)."""
    if isinstance(value, str):
        return value
    return value[0] if value else ""


def members(value: Value | None) -> tuple[str, ...]:
    """A value as members: a list as it is, a text as its one member."""
    if isinstance(value, str):
        return (value,) if value else ()
    return value or ()


# --- scalars ----------------------------------------------------------------------------------------------------


def _decide(d: _Draft, row: Field) -> Verdict:
    """The verdict on a scalar, its conflicts noted."""
    name = row.name
    stand = d.base.conflicts.get(name) if d.base else None
    if name in d.v:
        v = text(d.v[name])
    elif stand is not None:
        v = stand.vault  # the key was taken out, or an old copy came back: the note's side of a conflict is kept
    else:
        return Verdict.TO_VAULT if text(d.z[name]) else Verdict.AGREE  # R7: an absent key says nothing
    z = text(d.z[name])
    verdict = three_way(z, v, d.old(name), stand, row.normal, d.rules.conflicts)
    if verdict is Verdict.CONFLICT:
        d.conflicts.append(Conflict(name, z, v))
    if verdict in (Verdict.CONFLICT, Verdict.STAND):
        d.open.add(name)
        if name not in d.v:
            d.to_vault[name] = v
    elif stand is not None:
        d.ended.append(name)
    if verdict is Verdict.AGREE and name not in d.v and z:
        return Verdict.TO_VAULT  # Zotero came to the value the note had, and the note lost its key (R7)
    return verdict


def _scalar(d: _Draft, row: Field) -> None:
    name = row.name
    match _decide(d, row):
        case Verdict.TO_VAULT:
            d.to_vault[name] = text(d.z[name])
        case Verdict.TO_ZOTERO:
            stand = d.base.conflicts.get(name) if d.base else None
            value = text(d.v[name]) if name in d.v else stand.vault if stand else ""
            if row.required and not row.normal(value):
                d.hold(f"cleared-{name}", f"`{name}` was emptied in the note; Zotero keeps it", name)
            elif (why := d.rules.refusal(name, value)) is not None:
                d.hold(f"refused-{name}", why, name)
            elif not d.rules.writable:
                d.open.add(name)
            else:
                d.to_zotero[name] = value
                if name not in d.v:
                    d.to_vault[name] = value
        case _:
            pass


# --- status (R10) -----------------------------------------------------------------------------------------------

_DATE = "status-date"
_COMPOUND = frozenset(("status", _DATE))
_IS_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _status(d: _Draft, row: Field) -> None:
    verdict = _decide(d, row)
    old = d.old(_DATE)
    z_name, v_name = (row.normal(text(face.get("status"))) for face in (d.z, d.v))
    if verdict is Verdict.AGREE and "status" in d.v and z_name != v_name:
        return  # a standing disagreement (R28): the day belongs to another status
    z_day, v_day = normal_day(text(d.z.get(_DATE))), normal_day(text(d.v.get(_DATE)))
    v_moved = _DATE in d.v and (old is None or normal_day(old[1]) != v_day)
    z_moved = normal_day(old[0]) != z_day if old is not None else bool(z_day)  # law 11: no day takes none away
    match verdict:
        case Verdict.TO_VAULT:
            d.to_vault["status"] = text(d.z["status"])
            if z_day != v_day:
                d.to_vault[_DATE] = z_day
        case Verdict.TO_ZOTERO:
            _send_status(d, row, v_day if v_moved else "")
        case Verdict.AGREE:
            if z_day == v_day:
                pass
            elif v_moved and not z_day and not text(d.z["status"]):
                d.open.add(_DATE)  # law 3: it waits in the note for its status
            elif v_moved and not z_moved and text(d.z["status"]):
                _send_date(d, v_day)
            else:
                d.to_vault[_DATE] = z_day  # equal status: Zotero's date
        case _:
            d.open.add(_DATE)


def _send_status(d: _Draft, row: Field, day: str) -> None:
    """The note's status goes to Zotero, with the day the person gave or else today."""
    stand = d.base.conflicts.get("status") if d.base else None
    name = row.normal(text(d.v["status"]) if "status" in d.v else stand.vault if stand else "")
    day = (day or d.rules.today) if name else ""
    why = d.rules.refusal("status", name)
    if why is None and day and not _IS_DAY.fullmatch(day):
        why = "`status-date` is not a date (YYYY-MM-DD)"
    if why is not None:
        d.hold("refused-status", why, "status")
    if why is not None or not d.rules.writable:
        d.open.update(("status", _DATE))
        return
    d.to_zotero["status"], d.to_zotero[_DATE] = name, day
    if day != normal_day(text(d.v.get(_DATE))):
        d.to_vault[_DATE] = day
    if "status" not in d.v:
        d.to_vault["status"] = name


def _send_date(d: _Draft, day: str) -> None:
    """Only the date was changed in the note."""
    if day and not _IS_DAY.fullmatch(day):
        d.hold("not-a-date", "`status-date` is not a date (YYYY-MM-DD)", _DATE)
    elif not d.rules.writable:
        d.open.add(_DATE)
    else:
        d.to_zotero["status"], d.to_zotero[_DATE] = text(d.z["status"]), day


def _once(d: _Draft, row: Field) -> None:
    """`started` and `finished`: set when the status first is reading or read, then the person's.

    The base remembers that one was set, so a person who takes the key out is not contradicted.
    """
    name = row.name
    reached = d.rules.is_reading if name == "started" else d.rules.is_read
    status = text(d.to_vault.get("status", d.to_zotero.get("status", d.v.get("status", ""))))
    day = text(d.to_vault.get(_DATE, d.to_zotero.get(_DATE, d.v.get(_DATE, ""))))
    was_set = name in d.v or (d.base is not None and name in d.base.vault)
    if reached(status) and not was_set and _IS_DAY.fullmatch(day) and "status" not in d.open:
        d.to_vault[name] = day


# --- by member (R9, R30) ----------------------------------------------------------------------------------------


def _keys(values: Iterable[str], normal: Text) -> dict[str, str]:
    """Member key to its first spelling, in order."""
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(normal(value), value)
    found.pop("", None)
    return found


def _members(d: _Draft, row: Field) -> None:
    name, normal = row.name, row.normal
    z = members(d.z[name])
    if name not in d.v:  # R7: an absent key says nothing and is put back
        shown = tuple(_keys((row.shown(raw) for raw in z), normal).values())
        if shown or not d.v:
            d.to_vault[name] = shown
        return
    v = members(d.v[name])
    old_z = members(d.base.zotero.get(name)) if d.base else ()
    old_v = members(d.base.vault.get(name)) if d.base else ()
    own = _in_forms(row, (*old_z, *z), old_v if d.base and name in d.base.zotero else v)

    def known_as(member: str) -> str:
        """A member of the note by its key; that of the tag it is another tool's form of (R28)."""
        return own.get(normal(member), normal(member))

    zk, old_zk = _keys(z, normal), _keys(old_z, normal)
    vk, old_vk = _keys(v, known_as), _keys(old_v, known_as)
    taken_out = old_vk.keys() - vk.keys()
    put_in = [key for key in vk if key not in old_vk]

    # R9: a form taken out removes the raw members the base had under it; one that Zotero added since stays.
    known = {normal_text(raw) for raw in old_z}
    target = [raw for raw in z if not (normal(raw) in taken_out and normal_text(raw) in known)]
    new = {key: vk[key] for key in put_in if key not in zk}
    refused = {key: why for key, typed in new.items() if (why := d.rules.refusal(name, typed)) is not None}
    target += [d.rules.spell(name, typed, d.z) for key, typed in new.items() if key not in refused]
    for why in refused.values():
        d.held.append(Held(f"refused-{name}", why, field=name, id=d.item))
    if refused:
        d.unsent[name] = Unsent(added=frozenset(refused))

    if tuple(target) != z:
        if d.rules.writable:
            d.to_zotero[name] = tuple(target)
        else:
            d.unsent[name] = Unsent(frozenset(new), frozenset(taken_out & zk.keys()))
    target_k = _keys(target, normal)
    gone = (old_zk.keys() - target_k.keys()) - set(put_in)
    kept = [member for member in v if known_as(member) not in gone]
    came = [
        row.shown(raw)
        for key, raw in target_k.items()
        if key not in vk and (key not in old_zk or key in taken_out)  # else a standing disagreement (R28)
    ]
    if came or len(kept) != len(v):
        d.to_vault[name] = (*kept, *_keys(came, normal).values())


def _in_forms(row: Field, raws: Sequence[str], shown: Iterable[str]) -> dict[str, str]:
    """Keys under which a note shows members in another tool's form, to the keys they have in Zotero (R28).

    :param shown: what the note showed when it was adopted; what is put in later is meant as it is typed.
    """
    known = {row.normal(raw) for raw in raws}
    odd = {row.normal(member) for member in shown} - known
    if not odd:
        return {}
    own: dict[str, str] = {}
    for raw in raws:
        for form in row.forms(raw):
            own.setdefault(form, row.normal(raw))
    return {key: own[key] for key in odd & own.keys()}


def _local(d: _Draft, row: Field) -> None:
    """`aliases`: what Zotero gives joins and leaves by member; the person's members and removals stay (R30)."""
    name, normal = row.name, row.normal
    given = _keys(members(d.z.get(name)), normal)
    former = _former_citekey(d)
    if name not in d.v:
        wanted = (*given.values(), *((former,) if former and normal(former) not in given else ()))
        if wanted:
            d.to_vault[name] = wanted
        return
    v = members(d.v[name])
    vk = _keys(v, normal)
    before = _keys(members(d.base.zotero.get(name)), normal) if d.base else {}
    leaving = before.keys() - given.keys()
    joining = [alias for key, alias in given.items() if key not in before and key not in vk]
    if former and normal(former) not in vk:
        joining.append(former)
    kept = [alias for alias in v if normal(alias) not in leaving or normal(alias) == normal(former)]
    if joining or len(kept) != len(v):
        d.to_vault[name] = (*kept, *joining)


def _former_citekey(d: _Draft) -> str:
    """The citation key this note bore until now, where this plan changes it."""
    old = d.old("citekey")
    if old is None or "citekey" in d.open:
        return ""
    new = text(d.to_vault.get("citekey", d.v.get("citekey", d.z["citekey"])))
    former = old[1] or old[0]
    return former if former and new and normal_text(former) != normal_text(new) else ""


# --- Zotero's own -----------------------------------------------------------------------------------------------


def _derived(d: _Draft, row: Field) -> None:
    """Zotero's value stands; a person's is kept in the history and put back in the same cycle (R15)."""
    name = row.name
    z: Value = d.z[name]
    if row.many:
        z = _many(row, z)
    if name not in d.v:
        if z:
            d.to_vault[name] = z
        return
    v = d.v[name]
    if _same(z, v, row) or _stands(d, row, z, v):
        return
    d.to_vault[name] = z
    if d.base is not None and name in d.base.vault and not _same(d.base.vault[name], v, row):
        d.put_back.append(PutBack(name, ", ".join(members(v))))


def _stands(d: _Draft, row: Field, z: Value, v: Value) -> bool:
    """Whether both sides show what they showed when the note was adopted (R28): no change, whoever wrote it."""
    name = row.name
    if d.base is None or name not in d.base.zotero or name not in d.base.vault:
        return False
    old_z = _many(row, d.base.zotero[name]) if row.many else d.base.zotero[name]
    return _same(d.base.vault[name], v, row) and _same(old_z, z, row)


def _many(row: Field, value: Value) -> tuple[str, ...]:
    """A list of Zotero's as notes show it."""
    return tuple(_keys((row.shown(member) for member in members(value)), row.normal).values())


def _same(a: Value, b: Value, row: Field) -> bool:
    first, second = ([row.normal(member) for member in members(value)] for value in (a, b))
    return first == second if row.ordered else sorted(first) == sorted(second)


def _block(d: _Draft, row: Field) -> None:
    """A managed block is due when its source changed since the last agreement (R29)."""
    z = d.z.get(row.name, "")
    if (d.base.zotero.get(row.name, "") if d.base else "") != z:
        d.to_vault[row.name] = z


_MERGE: dict[Kind, Callable[[_Draft, Field], None]] = {
    Kind.SCALAR: _scalar,
    Kind.STATUS: _status,
    Kind.MEMBERS: _members,
    Kind.LOCAL: _local,
    Kind.DERIVED: _derived,
    Kind.ONCE: _once,
    Kind.BLOCK: _block,
}
