"""Citation keys that two tools keep writing over each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from bridge.core.record import ItemId

#: How often a key has to come back to be no change of mind: one return may be a person's own.
RETURNS = 2


def flips(changes: Iterable[tuple[ItemId, str, str, str]]) -> Mapping[ItemId, str]:
    """The papers, with their titles, whose key went from one to another and back, and again (a, b, a, b).

    :param changes: in order: the paper, its title, its key before and after.
    """
    held: dict[ItemId, list[str]] = defaultdict(list)
    titles: dict[ItemId, str] = {}
    for item, title, before, after in changes:
        keys = held[item] or [before]
        held[item] = keys if keys[-1] == after else [*keys, after]
        titles[item] = title
    return {item: titles[item] for item, keys in held.items() if _returns(keys) >= RETURNS}


def _returns(keys: list[str]) -> int:
    return sum(first == third for first, third in zip(keys, keys[2:], strict=False))
