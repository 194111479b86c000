"""What Bridge hangs below a paper in Zotero: the mirror of a note's section, and the link back; both truth tables.

The section ``## Notes`` of a note is mirrored as one child note; Zotero's text never goes back into it. Which child it
is, is known by its item key. The key is made here, from the vault, the paper and a number, so that a write repeated
after a crash, or after an answer that was lost, makes no second one (R4), and a state that was lost finds it again.

Laws kept here: 3 (a person's edit of the mirror in Zotero is a conflict; nothing of it is overwritten but by a person's
answer), 8 (what the server made of a mirror is what was agreed on), 9 (one that a person deleted is not made again
before the section changes), 11 (a mirror without a base that differs is a conflict).

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

from bridge.core.record import ItemId

#: The name under which a conflict between a section and its mirror is shown. No field can have it: keys hold no ``#``.
SECTION_FIELD: Final = "## Notes"
#: The name under which the link back stands in the history.
LINK_FIELD: Final = "link to Obsidian"

MirrorKind: TypeAlias = Literal["notes", "backlink"]

#: The alphabet of Zotero's object keys (zotero/dataserver, Zotero_ID).
_ALPHABET: Final = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"


def child_key(vault: str, item: ItemId, kind: MirrorKind, number: int) -> str:
    """The item key of the ``number``-th mirror that a vault makes below an item; always the same."""
    told = f"{vault}|{item.library}|{item.key}|{kind}|{number}"
    value = int.from_bytes(blake2b(told.encode(), digest_size=8).digest())
    key = ""
    for _ in range(8):
        value, place = divmod(value, len(_ALPHABET))
        key += _ALPHABET[place]
    return key


@dataclass(frozen=True, slots=True)
class Hung:
    """A child of a paper as Zotero shows it; ``token`` is what a write must expect (law 6)."""

    key: str
    parent: str
    kind: Literal["note", "link", "other"]
    token: str
    trashed: bool = False
    html: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ChildWrite:
    """A child to be written: a note with ``html``, or a link with ``title`` and ``url``.

    ``expect`` is the version that a child which is there must have, ``""`` for one that is to be made and must not be
    there. One in the trash comes out of it.
    """

    id: ItemId
    parent: str
    kind: Literal["note", "link"]
    expect: str
    html: str = ""
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is remembered of one mirror. The forms are digests of normal forms.

    :param child: its item key; ``""`` while none was ever made.
    :param number: which one of the paper's mirrors it is; see :func:`child_key`.
    :param source: the vault's side at the last agreement.
    :param agreed: Zotero's side at the last agreement; ``""`` where there is none.
    :param meant: what was sent and not confirmed yet (R4).
    :param seen: the note's digest (of a link: its path) when it was last looked at.
    :param version: the child's version then; -1 for one that is gone.
    :param released: a person kept Zotero's text: the child is theirs from then on, and shown like any other.
    """

    id: ItemId
    kind: MirrorKind
    child: str = ""
    number: int = 0
    source: str = ""
    agreed: str = ""
    meant: str = ""
    seen: str = ""
    version: int = 0
    released: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What the vault wants a mirror to show: its form, and whether there is anything in it."""

    form: str
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about one mirror, and what is to be remembered of it if nothing is to be written.

    ``write`` makes or changes the child; ``conflict`` says that one stands, ``ended`` that none does any more.
    """

    row: Mirror
    write: bool = False
    conflict: bool = False
    ended: bool = False


def as_it_stands(digest: str) -> str:
    """What :attr:`Mirror.source` says where the section is agreed on as it stands in the note of this digest."""
    return f"note {digest}"


def decide(row: Mirror, source: Source | None, child: Hung | None, form: str, answer: str = "") -> Verdict:
    """The truth table.

    :param source: ``None`` where the note has no such section: that says nothing (R7).
    :param child: the child known by the row, trashed or not; ``None`` where it is not there.
    :param form: of the child's content.
    :param answer: a person's answer to an open conflict: ``zotero``, ``vault`` or none.
    """
    if row.meant and child is not None and form == row.meant:
        row = replace(row, source=row.meant, agreed=form, meant="")  # R4: the write was carried out
    if source is None:
        return Verdict(row)
    is_ours = source.form != row.source
    if row.released:
        if not is_ours or source.is_empty:
            return Verdict(row, ended=True)
        return Verdict(Mirror(row.id, row.kind, number=row.number + 1, seen=row.seen), write=True, ended=True)
    if child is None:
        return Verdict(row, write=is_ours and not source.is_empty, ended=True)
    if child.parent != row.id.key or child.kind == "other":
        return Verdict(replace(row, released=True, source=source.form), ended=True)  # a person put it elsewhere
    if form == source.form and not child.trashed:
        return Verdict(replace(row, source=source.form, agreed=form, meant=""), ended=True)
    if form == row.agreed:
        return Verdict(row, write=is_ours, ended=True)
    if answer == "vault":
        return Verdict(row, write=True)
    if answer == "zotero":
        return Verdict(replace(row, released=True, source=source.form, meant=""), ended=True)
    return Verdict(row, conflict=is_ours or not child.trashed)


def decide_link(row: Mirror, source: Source, child: Hung | None, form: str) -> Verdict:
    """The truth table of the link back: it follows the note, and a person's hand on it is its last word."""
    if row.meant and child is not None and form == row.meant:
        row = replace(row, source=row.meant, agreed=form, meant="")  # R4
    if child is None:
        return Verdict(row, write=not row.child or bool(row.meant and not row.agreed))
    if child.trashed or child.parent != row.id.key or child.kind != "link":
        return Verdict(row)
    if form == source.form:
        return Verdict(replace(row, source=source.form, agreed=form, meant=""))
    return Verdict(row, write=form == row.agreed or not row.agreed)
