"""What a key may do in a library (R23). Pure.

``/keys/current`` claims more than it holds: for groups it tells what the *key* was given, not what its user may do
there. The right that counts is the key's right and, in groups, the user's role against the group's ``libraryEditing``.
Sources: Zotero's documentation "Web API v3: Basics" and "Key management"; dataserver, ``model/Group.inc.php``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Access:
    """What a key was given in one library, or in all groups."""

    library: bool = False
    notes: bool = False
    write: bool = False


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """Whose key it is and what it was given; the key itself is not kept here (law 14).

    ``groups`` maps a group's number, or ``"all"``, to its access.
    """

    user: int
    username: str = ""
    own: Access = Access()
    groups: Mapping[str, Access] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """The part of a group's metadata that decides who may write.

    ``editing`` is ``libraryEditing``: ``"members"`` or ``"admins"``; ``public`` says that anybody may read the library.
    """

    id: int
    name: str
    owner: int
    editing: str
    public: bool = False
    admins: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rights:
    """The effective rights in one library; ``reason`` says in words why it cannot be written, or not even read."""

    read: bool
    write: bool
    notes: bool
    reason: str = ""


def _access(data: object, *, group: bool = False) -> Access:
    if not isinstance(data, Mapping):
        return Access()
    library = bool(data.get("library"))
    # A key has no separate right to notes in groups: who may read the library may read its notes.
    return Access(library, library if group else bool(data.get("notes")), bool(data.get("write")))


def key_info(data: object) -> KeyInfo:
    """Read the answer of ``/keys/current``.

    :raises ProtocolError: it is not of the documented shape.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("userID"), int):
        raise ProtocolError("Zotero did not say whose key this is")
    access = data.get("access")
    access = access if isinstance(access, Mapping) else {}
    groups = access.get("groups")
    return KeyInfo(
        user=data["userID"],
        username=str(data.get("username", "")),
        own=_access(access.get("user")),
        groups={str(name): _access(given, group=True) for name, given in groups.items()}
        if isinstance(groups, Mapping)
        else {},
    )


def group_info(data: object) -> GroupInfo:
    """Read the answer of ``/groups/<id>``; the lists of members and admins are absent where they are empty.

    :raises ProtocolError: it is not of the documented shape.
    """
    inner: Any = data.get("data") if isinstance(data, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(inner.get("id"), int):
        raise ProtocolError("Zotero did not describe the group in the documented shape")
    return GroupInfo(
        id=inner["id"],
        name=str(inner.get("name", "")),
        owner=int(inner.get("owner") or 0),
        editing=str(inner.get("libraryEditing", "")),
        public=inner.get("type") != "Private" and inner.get("libraryReading") == "all",
        admins=frozenset(inner.get("admins") or ()),
        members=frozenset(inner.get("members") or ()),
    )


def rights(key: KeyInfo, library: str, group: GroupInfo | None = None) -> Rights:
    """The effective rights of a key in a library (R23).

    :param library: ``users/123`` or ``groups/51``.
    :param group: the group's metadata; without it a group library counts as read-only, since the role is not known.
    """
    kind, number = library.split("/")
    if kind == "users":
        return _in_user_library(key, int(number))
    return _in_group(key, number, group)


def _in_user_library(key: KeyInfo, number: int) -> Rights:
    if number != key.user:
        return Rights(False, False, False, f"the key belongs to user {key.user}, not to user {number}")
    if not key.own.library:
        return Rights(False, False, False, "the key was not given access to the personal library")
    reason = "" if key.own.write else "the key was given no right to write to the personal library"
    return Rights(read=True, write=key.own.write, notes=key.own.notes, reason=reason)


def _in_group(key: KeyInfo, number: str, group: GroupInfo | None) -> Rights:
    given = [key.groups[name] for name in ("all", number) if name in key.groups]
    read = any(access.library for access in given) or (group is not None and group.public)
    if not read:
        return Rights(False, False, False, f"the key was not given access to group {number}")
    reason = "" if any(access.write for access in given) else "the key was given no right to write to this group"
    reason = reason or _role_reason(key.user, group)
    return Rights(read=True, write=not reason, notes=True, reason=reason)


def _role_reason(user: int, group: GroupInfo | None) -> str:
    """Why the user's role forbids writing; empty where it does not."""
    if group is None:
        return "the group's rules could not be read"
    if user == group.owner or user in group.admins:
        return ""
    if user not in group.members:
        return "the key's user is not a member of this group"
    if group.editing != "members":
        return "only administrators may edit this group's library"
    return ""
