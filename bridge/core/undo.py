"""How a cycle's deeds are taken back: what each file and each Zotero object is to be again, and what is left alone.

Nothing that anybody changed since is touched (law 3): a file goes back only where it is what the cycle left, or found;
a field only where it shows what the cycle sent; of tags and collections only the members that came or went. Looking
decides and not what is remembered of doing, so that a crash on the way, of the cycle or of the undoing, changes nothing
(law 5): what is back already is left as it is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.core.deeds import FileDeed, ItemDeed
from bridge.core.record import Face, ItemId

#: What puts an object into the trash.
TRASHED = "deleted"
#: Fields of ``data`` that hold members rather than a value.
_MEMBERS = frozenset({"tags", "collections"})


@dataclass(frozen=True, slots=True)
class Group:
    """Files whose deeds hang together, since one took the place of another; they go back together or not at all.

    ``before`` and ``after``: path to digest, ``""`` where there was or is no file. ``seen``: all that the cycle ever
    had at a path.
    """

    deeds: tuple[FileDeed, ...]
    before: Mapping[str, str]
    after: Mapping[str, str]
    seen: Mapping[str, frozenset[str]]

    def is_back(self, present: Mapping[str, str]) -> bool:
        """Whether every path is as it was before the cycle."""
        return all(present[path] == digest for path, digest in self.before.items())

    def changed(self, present: Mapping[str, str]) -> list[str]:
        """The paths at which there is something that the cycle neither left nor found."""
        return sorted(path for path, seen in self.seen.items() if present[path] not in seen)

    def reverse(self) -> Iterator[FileDeed]:
        """The deeds that take these back, in their order."""
        for deed in reversed(self.deeds):
            yield FileDeed(deed.new, deed.old, deed.after, deed.before)


def groups(deeds: Iterable[FileDeed]) -> list[Group]:
    """A cycle's deeds on files, by what hangs together; in the order of the first deed of each."""
    leader: dict[str, str] = {}

    def find(path: str) -> str:
        while leader.setdefault(path, path) != path:
            path = leader[path]
        return path

    deeds = list(deeds)
    for deed in deeds:
        if deed.old and deed.new:
            leader[find(deed.new)] = find(deed.old)
    apart: dict[str, list[FileDeed]] = {}
    for deed in deeds:
        apart.setdefault(find(deed.old or deed.new), []).append(deed)
    return [_group(each) for each in apart.values()]


def _group(deeds: Sequence[FileDeed]) -> Group:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    seen: dict[str, set[str]] = {}
    for deed in deeds:
        for path, was in ((deed.old, deed.before), (deed.new, "")):
            if path:
                before.setdefault(path, was)
                after[path] = deed.after if path == deed.new else ""
                seen.setdefault(path, {before[path]}).add(after[path])
    return Group(tuple(deeds), before, after, {path: frozenset(each) for path, each in seen.items()})


@dataclass(frozen=True, slots=True)
class Step:
    """One path and what it is to hold; ``None`` for no file. ``expect`` is what it holds now, ``None`` likewise."""

    path: str
    expect: bytes | None
    wanted: bytes | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file's bytes say: the item whose note it is, its face, its stamp; whether it holds nothing."""

    id: ItemId | None
    face: Face
    stamp: str
    is_blank: bool


# --- objects of Zotero ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Return:
    """What an object needs to be as it was: fields to send, those that are right (once sent), those left alone."""

    send: Mapping[str, Any]
    back: frozenset[str]
    left: tuple[str, ...]


def merged(deeds: Iterable[ItemDeed]) -> list[ItemDeed]:
    """One deed for each object, from before the first to after the last."""
    whole: dict[ItemId, ItemDeed] = {}
    for deed in deeds:
        if (first := whole.get(deed.id)) is None:
            whole[deed.id] = deed
            continue
        before = first.before
        if before is not None:
            before = {**(deed.before or {}), **before}
        whole[deed.id] = ItemDeed(deed.id, before, {**first.after, **deed.after})
    return list(whole.values())


def give_back(deed: ItemDeed, now: Mapping[str, Any]) -> Return:
    """What takes a deed back, given the object's ``data`` as it is now.

    An object that was made goes into the trash, never further, and only while nobody has changed it.
    """
    if deed.before is None:
        return _unmade(deed, now)
    send: dict[str, Any] = {}
    back: set[str] = set()
    left: list[str] = []
    for name, after in deed.after.items():
        before, present = deed.before.get(name), now.get(name)
        wanted: Any = before
        if name in _MEMBERS:
            wanted = _without(present or [], before or [], after or [])
        elif not (_same(name, present, after) or _same(name, present, before)):
            left.append(name)
            continue
        back.add(name)
        if not _same(name, present, wanted):
            send[name] = _empty_like(after if present is None else present) if wanted is None else wanted
    return Return(send, frozenset(back), tuple(left))


def _unmade(deed: ItemDeed, now: Mapping[str, Any]) -> Return:
    if now.get(TRASHED):
        return Return({}, frozenset({TRASHED}), ())
    changed = tuple(name for name, after in deed.after.items() if not _same(name, now.get(name), after))
    return Return({}, frozenset(), changed) if changed else Return({TRASHED: 1}, frozenset({TRASHED}), ())


def _without(present: Sequence[Any], before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """Members as they were before, but for those that came or went since; in the very order, where none did."""
    now, was, had = ({_member(each): each for each in members} for members in (present, before, after))
    if now.keys() == had.keys():
        return list(before)
    kept = [each for key, each in now.items() if key in was or key not in had]
    return kept + [each for key, each in was.items() if key not in had and key not in now]


def _member(member: Any) -> object:
    """What tells members apart: a tag by its name and type (none is 0), a collection by its key."""
    return (member.get("tag"), member.get("type") or 0) if isinstance(member, Mapping) else member


def _same(name: str, one: Any, other: Any) -> bool:
    if name in _MEMBERS:
        return {_member(each) for each in one or ()} == {_member(each) for each in other or ()}
    return bool(one == other or (not one and not other))


def _empty_like(value: Any) -> Any:
    """What clears a field that was not there before."""
    return 0 if isinstance(value, bool | int) else type(value)()
