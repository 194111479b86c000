"""Front-matter's YAML, read: the YAML 1.2 core schema at libyaml's speed, every value with its source text and place.

libyaml only splits the text into events; what they mean is decided here, so none of YAML 1.1's readings (``no`` as
false, ``12:30`` as 750, dates, ``<<`` merges, ``=`` failing) can come in. Where libyaml's idea of a line or a character
differs from YAML 1.2's (U+0085, U+2028, U+2029 as line breaks, control characters refused), stand-ins are put in their
place for the time of reading.

A head that is plain enough is read by :mod:`bridge.vault.yamlquick`, to the same effect.

Errors are :class:`~bridge.errors.NoteError` with the line number in the file. They never hold the note's text (law 14).

This module imports PyYAML and python-frontmatter, which an idle cycle does without: import it where a note is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import yaml
from frontmatter.default_handlers import YAMLHandler

from bridge.errors import NoteError
from bridge.vault.yamlquick import quick, text_node
from bridge.vault.yamltext import Node, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.vault.yamltext import Value

_Event = Any
"""One of libyaml's events. PyYAML's types allow a missing mark, which no event of a parser has."""

_Parser: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's parser; PyYAML's own where it was built without."""

MAX_DEPTH: Final = 100
"""Collections nested deeper than this are refused: no note needs them and recursion has an end."""

MAX_NODES: Final = 50_000
"""Values in one head, aliases expanded: the end of "a billion laughs"."""

FIRST_LINE: Final = 2
"""The head's first line in the file, after the opening ``---``."""

_TYPES: Final = {
    "tag:yaml.org,2002:null": type(None),
    "tag:yaml.org,2002:bool": bool,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}
_FOREIGN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)")
_STAND_INS: Final = range(0xF0000, 0xFFFFE)  # a plane of private use

_UNCLOSED: Final = "found unexpected end of stream"
_HINTS: Final = {
    "mapping values are not allowed in this context": "a text with a colon and a space in it must be quoted",
    "found character that cannot start any token": "a text that begins with @, ` or % must be quoted",
    "could not find expected ':'": "a colon is missing after a key",
    "did not find expected key": "the indentation is uneven, or a colon is missing after a key",
    _UNCLOSED: "a quote is not closed",
}
"""What libyaml's words (fixed strings, none holds text of the note) most often mean to a person."""


@dataclass(frozen=True, slots=True)
class Document:
    """A head as read: its top-level pairs in their order, and the column they begin in.

    ``flow``: it is a flow map (``{a: 1}``, JSON) or a spelled-out null, which new lines cannot join.
    """

    pairs: tuple[tuple[Node, Node], ...] = ()
    flow: bool = False
    indent: int = 0

    def nodes(self) -> dict[str, Node]:
        """The values by their keys' source text."""
        return {key.text: value for key, value in self.pairs}


class CoreYAMLHandler(YAMLHandler):
    """python-frontmatter's YAML handler with the core schema: ``frontmatter.loads(text, handler=CoreYAMLHandler())``.

    Only its reading is of use to the bridge: python-frontmatter's own splitting strips text and its writing dumps the
    whole head anew, so :mod:`bridge.vault.frontmatter` splits and edits by itself.
    """

    def load(self, fm: str, **_: object) -> dict[str, Node]:
        """The head's top-level values; see :func:`parse`."""
        return parse(fm)


def parse(head: str) -> dict[str, Node]:
    """The top-level values of ``head`` (the lines between the ``---`` lines), by key.

    Keys that are no text in YAML (``no:``, ``1:``) are named by their source text.
    Raises NoteError where the head is no YAML map, or a key stands twice in a map under whatever quotes.
    """
    if (pairs := quick(head)) is not None:
        return {key: value for _, _, key, value in pairs}
    return compose(head).nodes()


def compose(head: str) -> Document:
    """Like :func:`parse`, with the keys' places kept."""
    if (pairs := quick(head)) is not None:
        return Document(tuple((text_node(key, start, end), value) for start, end, key, value in pairs))
    return compose_slowly(head)


def compose_slowly(head: str) -> Document:
    """As :func:`compose`, by libyaml whatever the head is."""
    readable, restore = _with_stand_ins(head)
    try:
        return _Composer(readable, restore).document()
    except yaml.YAMLError as error:
        raise NoteError(_explain(error, head)) from None


def _with_stand_ins(head: str) -> tuple[str, dict[int, str]]:
    """``head`` with each character libyaml refuses or misreads replaced, one for one, and the way back."""
    foreign = set(_FOREIGN.findall(head))
    if not foreign:
        return head, {}
    free = (chr(code) for code in _STAND_INS if chr(code) not in head)
    there = dict(zip(sorted(foreign), free, strict=False))
    return _FOREIGN.sub(lambda found: there[found[0]], head), {ord(new): old for old, new in there.items()}


class _Composer:
    """Builds nodes out of one head's parser events."""

    __slots__ = ("_anchors", "_count", "_next", "_restore", "_source")

    def __init__(self, source: str, restore: dict[int, str]) -> None:
        self._source = source
        self._restore = restore
        self._next: Callable[[], _Event] = _Parser(source).get_event
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0

    def document(self) -> Document:
        """The whole head."""
        self._next()  # the stream starts
        if isinstance(self._next(), yaml.StreamEndEvent):  # nothing, or comments only
            return Document()
        event = self._next()
        document = self._top(event)
        self._next()  # the document ends
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise _error(after, "a second YAML document begins here")
        return document

    def _top(self, event: _Event) -> Document:
        column: int = event.start_mark.column
        if isinstance(event, yaml.MappingStartEvent):
            pairs, _ = self._pairs(1)
            return Document(tuple(pairs), bool(event.flow_style), column)
        node = self._node(event, 1)
        if node.kind == "null":
            return Document((), flow=node.end > node.start)
        raise _error(event, "these are not properties (a name, a colon, a value)")

    def _node(self, event: _Event, depth: int) -> Node:
        count = self._count
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif depth > MAX_DEPTH:
            raise _error(event, "lists or maps are nested too deeply")
        else:
            node = self._list(event, depth) if isinstance(event, yaml.SequenceStartEvent) else self._map(event, depth)
        self._spend(1, event)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._count - count
        return node

    def _scalar(self, event: _Event) -> Node:
        text: str = event.value
        style: str = event.style or ""
        start, end = event.start_mark.index, event.end_mark.index
        if style in {"|", ">"}:
            end = self._block_end(start, end)
        if self._restore:
            text = text.translate(self._restore)
        value: Value = text
        if event.tag is None:
            value = resolve(text) if event.implicit[0] else text
        elif event.tag in _TYPES:
            typed = resolve(text)
            value = typed if type(typed) is _TYPES[event.tag] else text
        return Node("scalar" if value is not None else "null", text, value, (), (), start, end, style)

    def _block_end(self, start: int, end: int) -> int:
        """Where a block scalar's own text ends: blank lines after it are its own only when it keeps them (``|+``)."""
        source = self._source[start:end]
        header = source.split("\n", 1)[0].split("#", 1)[0]
        return end if "+" in header else start + len(source.rstrip())

    def _alias(self, event: _Event) -> Node:
        if event.anchor not in self._anchors:
            raise _error(event, "a text that begins with * must be quoted")
        node, size = self._anchors[event.anchor]
        self._spend(size, event)
        start, end = event.start_mark.index, event.end_mark.index
        return Node(node.kind, node.text, node.value, node.items, node.keys, start, end, "*")

    def _list(self, event: _Event, depth: int) -> Node:
        items = []
        while not isinstance(ending := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(ending, depth + 1))
        start, end, style = _extent(event, ending, items)
        return Node("list", "", None, tuple(items), (), start, end, style)

    def _map(self, event: _Event, depth: int) -> Node:
        pairs, ending = self._pairs(depth)
        keys, items = tuple(key.text for key, _ in pairs), tuple(value for _, value in pairs)
        start, end, style = _extent(event, ending, items)
        return Node("map", "", None, items, keys, start, end, style)

    def _pairs(self, depth: int) -> tuple[list[tuple[Node, Node]], _Event]:
        """A map's pairs, and the event that ends it."""
        pairs: list[tuple[Node, Node]] = []
        seen: set[str] = set()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if key.items:  # a list or map as a key: named by its source, as everything that is no text
                source = self._source[key.start : key.end].translate(self._restore)
                key = replace(key, text=source)
            if key.text in seen:
                raise _error(event, "the same key stands twice")
            seen.add(key.text)
            pairs.append((key, self._node(self._next(), depth + 1)))
        return pairs, event

    def _spend(self, nodes: int, event: _Event) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise _error(event, "there are too many values, or aliases that grow without end")


def _extent(begin: _Event, end: _Event, items: Sequence[Node]) -> tuple[int, int, str]:
    """A collection's start, end and style. A block collection's own end mark lies behind comments that follow it."""
    start: int = begin.start_mark.index
    if begin.flow_style:
        return start, end.end_mark.index, "["
    return start, items[-1].end if items else start, ""


def _error(event: _Event, what: str) -> NoteError:
    return NoteError(f"front-matter, line {event.start_mark.line + FIRST_LINE}: {what}")


def _explain(error: yaml.YAMLError, head: str) -> str:
    """Where and why the YAML cannot be read, in words that hold nothing of the note."""
    problem: str = getattr(error, "problem", None) or ""
    mark = getattr(error, "context_mark" if problem == _UNCLOSED else "problem_mark", None)
    if mark is None:
        return "front-matter: the YAML cannot be read"
    line = head.split("\n")[mark.line : mark.line + 1]
    if line and re.match(r" *\t", line[0]):
        hint: str | None = "the line begins with a tab; YAML wants spaces"
    else:
        hint = _HINTS.get(problem)
    return f"front-matter, line {mark.line + FIRST_LINE}: " + (hint or "the YAML cannot be read")
