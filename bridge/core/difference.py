"""How two values in the history's notation differ, by members where they are lists. Pure; for whoever tells people."""

from __future__ import annotations

import json
from typing import NamedTuple


class Difference(NamedTuple):
    """The members of two lists that come and go; neither where only their order is another."""

    come: tuple[str, ...]
    go: tuple[str, ...]


def difference(before: str, after: str) -> Difference | None:
    """By which members two values differ; ``None`` where they are no lists. A list that was not there is an empty one.

    :param before: a text as it is, or a list as a JSON array, as the history keeps values.
    """
    old, new = _members(before), _members(after)
    if (old is None and new is None) or (old is None and before) or (new is None and after):
        return None
    old, new = old or [], new or []
    return Difference(
        tuple(each for each in new if each not in old),
        tuple(each for each in old if each not in new),
    )


def _members(text: str) -> list[str] | None:
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None  # a text in brackets
    return found if all(isinstance(each, str) for each in found) else None
