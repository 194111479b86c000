"""One key's lines, changed and nothing else: the small cuts that :func:`bridge.vault.frontmatter.edit` makes.

Law 4 is kept here. Every change is a set of cuts (:class:`Splice`) in the head's text; what no cut covers stays as it
is, to the byte. Within the lines of a changed key as much stays as can: the comment behind a value, the comments
between a list's members, the lines of members that stay with their quoting, the style of the list.

A form that cannot be changed safely raises :class:`~bridge.errors.NoteError`. What is written is read again by the
caller before it counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from bridge.errors import NoteError
from bridge.vault.yamltext import entry, flow_scalar, scalar, single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.vault.yamltext import Node

_COLON: Final = re.compile(r"[ \t]*:(?=\s)")
_DASH: Final = re.compile(r"^([ ]*)-(?:[ ]+|(?=\s)|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Splice:
    """Characters ``start`` to ``end`` of the head give way to ``text``."""

    start: int
    end: int
    text: str


def apply(head: str, splices: Sequence[Splice]) -> str:
    """``head`` with all ``splices`` made; of several insertions at one place the first given comes first."""
    pieces: list[str] = []
    done = 0
    for cut in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        pieces += (head[done : cut.start], cut.text)
        done = cut.end
    return "".join(pieces) + head[done:]


@dataclass(frozen=True, slots=True)
class Lines:
    """One top-level key and its value, which know their places in ``head``; new lines end with ``eol``."""

    head: str
    key: Node
    node: Node
    eol: str

    @property
    def start(self) -> int:
        """Where the key's first line begins."""
        return _line_start(self.head, self.key.start)

    @property
    def end(self) -> int:
        """Where the line after the value's last line begins."""
        return _lines_end(self.head, self.node.end)

    def remove(self) -> list[Splice]:
        """Take the key and its value out, with their lines."""
        self._colon()
        return [Splice(self.start, self.end, "")]

    def set_scalar(self, value: str | int | None) -> list[Splice]:
        """Give the key one value, or none (``key:``)."""
        if (colon := self._colon()) is None:
            return self._anew(value)
        return self._put(colon, None if value is None else single(value))

    def set_list(self, members: Sequence[str]) -> list[Splice]:
        """Give the key a list: members that stay keep their text, lists and maps among them stay in any case."""
        if (colon := self._colon()) is None:
            return self._anew(members)
        if self.node.kind == "list" and self.node.style == "[":
            return [Splice(self.node.start, self.node.end, self._flow_list(members))]
        if self.node.kind == "list" and self.node.style == "":
            return self._block_list(colon, members)
        if not members:
            return self._put(colon, "[]")
        indent = " " * (self.key.start - self.start)
        written = "".join(f"{indent}  - {scalar(member)}{self.eol}" for member in members)
        return [*self._put(colon, None), Splice(self.end, self.end, written)]

    def _colon(self) -> int | None:
        """Where the text after ``key:`` begins; None for an explicit key (``? key``) that stands on one line."""
        before = self.head[self.start : self.key.start]
        found = _COLON.match(self.head, self.key.end)
        if found and not before.strip(" "):
            return found.end()
        if before.strip() == "?":
            return None
        raise NoteError("front-matter: a property is written in a way that cannot be changed safely")

    def _anew(self, value: str | int | Sequence[str] | None) -> list[Splice]:
        indent = " " * self.head[self.start :].index("?")
        return [Splice(self.start, self.end, entry(self.key.text, value, indent, self.eol))]

    def _put(self, colon: int, written: str | None) -> list[Splice]:
        """Replace whatever value stands after ``colon`` by ``written``."""
        node = self.node
        if node.kind in {"list", "map"} and node.style == "":
            below = _line_end(self.head, colon)
            return [Splice(colon, colon, _after_colon(written)), Splice(below, self.end, "")]
        if node.start == node.end:
            return [Splice(colon, colon, _after_colon(written))]
        end = node.start + len(self.head[node.start : node.end].rstrip("\r\n"))
        if written is not None:
            return [Splice(node.start, end, written)]
        start = node.start
        while self.head[start - 1] in " \t":
            start -= 1
        alone = start == _line_start(self.head, start) and not self.head[end : _line_end(self.head, end)].strip()
        return [Splice(start, _line_end(self.head, end) if alone else end, "")]

    def _block_list(self, colon: int, members: Sequence[str]) -> list[Splice]:
        below = _line_end(self.head, colon)
        chunks = list(self._chunks(below))
        prefix = chunks[-1].prefix
        pieces: list[str] = []
        empty = True
        for step in _align(self.node.items, members):
            if step.gap is not None:
                pieces.append(chunks[step.gap].before)
            if step.old is not None:
                pieces.append(chunks[step.old].lines)
            elif step.new is not None:
                pieces.append(f"{prefix}{scalar(step.new)}{self.eol}")
            empty = empty and step.old is None and step.new is None
        lines = Splice(below, self.end, "".join(pieces))
        return [Splice(colon, colon, " []"), lines] if empty else [lines]

    def _chunks(self, start: int) -> Iterator[_Chunk]:
        """The lines of each member of a block list whose lines begin at ``start``."""
        for item in self.node.items:
            dash = _DASH.search(self.head, start, item.start)
            if dash is None:
                raise NoteError("front-matter: a list is written in a way that cannot be changed safely")
            end = _lines_end(self.head, item.end)
            yield _Chunk(self.head[start : dash.start()], self.head[dash.start() : end], _prefix(dash))
            start = end

    def _flow_list(self, members: Sequence[str]) -> str:
        head, node = self.head, self.node
        opened = head.index("[", node.start) + 1
        edges = [opened, *(item.end for item in node.items)]
        gaps = [head[edge : item.start] for edge, item in zip(edges, node.items, strict=False)]
        tail = head[edges[-1] : node.end]
        if any("#" in gap for gap in (*gaps, tail)):
            raise NoteError("front-matter: a list in brackets with comments inside cannot be changed safely")
        pieces: list[str] = []
        for step in _align(node.items, members):
            if step.old is not None:
                piece = head[node.items[step.old].start : node.items[step.old].end]
            elif step.new is not None:
                piece = flow_scalar(step.new)
            else:
                continue
            gap = gaps[step.old] if step.old and step.gap == step.old else ", "
            pieces += (gap, piece) if pieces else (*gaps[:1], piece)
        return head[node.start : opened] + "".join(pieces) + (tail if pieces else "]")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A member of a block list: the comments and blank lines before it, its lines, and what stands before its text."""

    before: str
    lines: str
    prefix: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One step through a list being changed.

    First comes what stood before old member ``gap``, then old member ``old`` itself or else a new one, ``new``; each
    may be missing.
    """

    gap: int | None = None
    old: int | None = None
    new: str | None = None


def _align(items: Sequence[Node], members: Sequence[str]) -> Iterator[_Step]:
    """The way from ``items`` to ``members`` on which most members stay where they are.

    One that moves takes its text along. Lists and maps among the items are none of the bridge's and stay.
    """
    texts = [item.text if item.kind in {"scalar", "null"} else None for item in items]
    blocks = SequenceMatcher(None, texts, members, autojunk=False).get_opcodes()
    movable: defaultdict[str | None, list[int]] = defaultdict(list)
    for operation, first, last, _, _ in blocks:
        if operation != "equal":
            for index in range(first, last):
                movable[texts[index]].append(index)
    for operation, first, last, first_new, last_new in blocks:
        for index in range(first, last):
            stays = operation == "equal" or texts[index] is None
            yield _Step(gap=index, old=index if stays else None)
        if operation != "equal":
            for member in members[first_new:last_new]:
                old = movable[member].pop(0) if movable[member] else None
                yield _Step(old=old, new=member)


def _prefix(dash: re.Match[str]) -> str:
    return dash[0] if dash[0].endswith(" ") else f"{dash[0]} "


def _after_colon(written: str | None) -> str:
    return "" if written is None else f" {written}"


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _line_end(text: str, position: int) -> int:
    """Where the line after the one that holds ``position`` begins."""
    return text.find("\n", position) + 1 or len(text)


def _lines_end(text: str, position: int) -> int:
    """Where the line after the text that ends at ``position`` begins; a block scalar may end there already."""
    return position if text[position - 1 : position] == "\n" else _line_end(text, position)
