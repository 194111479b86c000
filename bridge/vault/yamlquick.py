"""The heads that most notes have, read in one pass: a quarter of what the YAML parser's events cost.

:func:`quick` understands a head made only of ``key: value``, ``key:``, ``key: []`` and block lists indented by two,
each value on one line: plain text that begins with a letter or digit, or quoted text without an escape. That is how
Bridge and Obsidian write heads. Whatever else stands there makes it answer ``None``, and
:mod:`bridge.vault.yamlcore` reads the head with libyaml. For what it does read, both give the very same document; a
property holds them together (``tests/unit/vault/test_yamlquick.py``).
"""

from __future__ import annotations

import re
from typing import Final

from bridge.vault.yamltext import Node, resolve

Pair = tuple[int, int, str, Node]
"""Where a key begins and ends, its text, and its value."""

# In block context a plain scalar ends before `: ` and ` #` only; a tab, a colon at the end of a line, or a first
# character with a meaning of its own is left to libyaml.
_PLAIN: Final = r"[^\W_][^\n:#\t]*(?:(?::(?![ \n])|(?<! )#)[^\n:#\t]*)*(?<! )"
_TEXT: Final = rf'"[^"\\\n\t]*"|\'[^\'\n\t]*\'|{_PLAIN}'
_LINE: Final = re.compile(
    rf"(?P<key>[A-Za-z][A-Za-z0-9_-]{{0,99}}):(?:\ (?P<value>{_TEXT}|\[\]))?\n|\ \ -\ (?P<member>{_TEXT})\n"
)
#: What libyaml refuses, or takes for a line break: not for one pass.
_ODD: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_MOST: Final = 20_000
"""Longer heads are left to libyaml, which counts their values."""


def quick(head: str) -> list[Pair] | None:
    """The top-level pairs of a head in their order, or ``None`` where it is anything but plain."""
    if len(head) > _MOST or _ODD.search(head):
        return None
    pairs: list[Pair] = []
    seen: set[str] = set()
    match, at, end = _LINE.match, 0, len(head)
    members: list[Node] | None = None  # of the last key, while it has no value
    while at < end:
        found = match(head, at)
        if found is None:
            return None
        at = found.end()
        key = found["key"]
        if key is None:
            if members is None:
                return None
            members.append(text_node(found["member"], *found.span("member")))
            continue
        if members:
            pairs[-1] = _listed(pairs[-1], members)
        if key in seen:
            return None
        seen.add(key)
        members = None
        start, stop = found.span("key")
        value = found["value"]
        if value is None:
            members = []
            node = Node("null", "", None, (), (), stop + 1, stop + 1)
        elif value == "[]":
            node = Node("list", "", None, (), (), *found.span("value"), "[")
        else:
            node = text_node(value, *found.span("value"))
        pairs.append((start, stop, key, node))
    if members:
        pairs[-1] = _listed(pairs[-1], members)
    return pairs


def _listed(pair: Pair, members: list[Node]) -> Pair:
    """The last key, with the members that its lines are followed by; the list begins at its first hyphen."""
    start, stop, key, _ = pair
    return start, stop, key, Node("list", "", None, tuple(members), (), members[0].start - 2, members[-1].end)


def text_node(written: str, start: int, end: int) -> Node:
    """The node of one scalar as it is written, quotes included."""
    style = written[0]
    if style in "'\"":
        text = written[1:-1]
        return Node("scalar", text, text, (), (), start, end, style)
    value = resolve(written)
    return Node("scalar" if value is not None else "null", written, value, (), (), start, end)
