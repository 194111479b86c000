"""A property's node as the value of a field, as far as it can be read as one (R7, R9, R36).

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Final

from bridge.core.policy import normal_day
from bridge.core.record import Value
from bridge.vault import dialects

if TYPE_CHECKING:
    from bridge.vault.frontmatter import Node

#: Fields whose value is a list of texts.
LISTS: Final = frozenset({"tags", "keywords", "collections", "related", "authors", "aliases", "also-in"})


class OddError(Exception):
    """A value that cannot be read as its field's, and that a person must mend; never leaves this room.

    ``code`` is that of the :class:`~bridge.core.plan.Held` it becomes, ``reason`` its words behind the property's name.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code, self.reason = code, reason


def value_of(name: str, node: Node) -> Value:
    """A field's value in normal form for its kind.

    :raises OddError: it is none.
    """
    if name == "tags":
        return tags_of(node)
    if name in LISTS:
        return texts(node)
    text = one(node)
    if name == "citekey":
        return dialects.citekey_of(text)
    if name == "status-date" and text and not _is_day(text):
        raise OddError("not-a-date", "is no date like 2024-03-28")
    return text


def one(node: Node) -> str:
    """A node as one text, by its source; a list with one member is that member (R36).

    :raises OddError: it holds more than one, or no texts.
    """
    if node.kind == "scalar":  # nearly always
        return node.text.strip()
    found = texts(node)
    if len(found) > 1:
        raise OddError("not-one-value", "holds several values where one is due")
    return found[0] if found else ""


def texts(node: Node) -> tuple[str, ...]:
    """A node as texts: members without a value are none.

    :raises OddError: there is a list or map inside.
    """
    if node.kind == "scalar":
        text = node.text.strip()
        return (text,) if text else ()
    items = node.items if node.kind == "list" else (node,)
    if any(item.kind in ("list", "map") for item in items):
        raise OddError("not-text", "holds a list or map inside; a link must be written in quotes")
    return unique(text for item in items if item.kind == "scalar" and (text := item.text.strip()))


def tags_of(node: Node) -> tuple[str, ...]:
    """Tags, without a ``#`` before them (R9).

    One text is one tag, as Obsidian has it. One that is a list as other tools write it is understood as that; of one
    with a space in it the person must say what is meant.
    """
    found = texts(node)
    if node.kind == "scalar" and found:
        listed = dialects.tags_of(found[0])
        if listed is None and re.search(r"\s", found[0]):
            raise OddError("tags-not-a-list", "must be a list: one line for each tag, beginning with `- `")
        found = found if listed is None else listed
    return unique(tag for text in found if (tag := text.removeprefix("#").strip()))


def unique(found: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in order."""
    return tuple(dict.fromkeys(found))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(normal_day(text))
    except ValueError:
        return False
    return True


def loose(node: Node | None) -> tuple[str, ...]:
    """A node's texts, as far as it has any."""
    try:
        return texts(node) if node else ()
    except OddError:
        return ()
