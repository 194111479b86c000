"""Papers that have to do with each other: one merged into another (R22), one paper in two libraries.

Pure: which relations there are, and which papers live, is told by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bridge.core.names import EXTENSION
from bridge.core.record import ItemId

#: What no link target can hold (obsidian-help, "Internal links").
_UNLINKABLE = re.compile(r"[#^|\[\]\\]|%%|[\x00-\x1f\x7f]|^\s|\s$")

Near = Callable[[ItemId], Iterable[ItemId]]


def survivor(item: ItemId, replaced_by: Near, is_live: Callable[[ItemId], bool]) -> ItemId | None:
    """The living paper that a dead one was merged into, maybe over others that were merged in turn; ``None`` for none.

    :param replaced_by: the papers that name one as replaced by them, dead ones included.
    """
    seen, row = {item}, [item]
    while row:
        row = [one for each in row for one in sorted(replaced_by(each)) if one not in seen]
        seen.update(row)
        for one in row:
            if is_live(one):
                return one
    return None


def merged(item: ItemId, replaces: Near, replaced_by: Near, is_live: Callable[[ItemId], bool]) -> list[ItemId]:
    """The dead papers that were merged into a living one, nearest first: those whose :func:`survivor` it is."""
    seen, row, found = {item}, [item], []
    while row:
        row = [one for each in row for one in sorted(replaces(each)) if one not in seen and not is_live(one)]
        row = list(dict.fromkeys(row))
        seen.update(row)
        found += [one for one in row if survivor(one, replaced_by, is_live) == item]
    return found


def link_to(path: str, *, is_alone: bool) -> str:
    """A link to a note as a property holds it; ``""`` where no link can name the note.

    :param path: from the vault's root, with ``/``.
    :param is_alone: whether no other file has its base name; else the link names the whole path.
    """
    target = path.removesuffix(EXTENSION)
    if _UNLINKABLE.search(target):
        return ""
    stem = target.rpartition("/")[2]
    return f"[[{stem}]]" if is_alone else f"[[{target}|{stem}]]"


def target_of(link: str) -> str:
    """What a ``[[link]]`` leads to: without its brackets and the text it is shown by."""
    return link.strip().removeprefix("[[").removesuffix("]]").partition("|")[0]
