"""A note's front-matter: found, read, and edited line by line.

Law 4 is kept here: :func:`edit` changes the lines of the keys it is told to change and no other byte; comments,
quoting, key order, CRLF, a byte order mark, trailing spaces and a missing final newline stay. Before anything is given
back it is read again: every changed key must show the value meant and every other key what it showed before, or nothing
is changed (:class:`~bridge.errors.NoteError`). So no broken head is written, whatever Zotero's text holds (law 13).

Reading is YAML 1.2 core (:mod:`bridge.vault.yamlcore`); how text is written is in :mod:`bridge.vault.yamltext`, which
this module hands on. What front-matter is follows Obsidian: the file begins exactly with a ``---`` line, and the next
line that is ``---`` (trailing spaces allowed) closes it; a byte order mark may stand before it.

Pure: bytes in, bytes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.errors import NoteError
from bridge.vault.yamltext import Node, dump, entry, one_line, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView, Mapping, Sequence

    from bridge.vault.splice import Lines, Splice

__all__ = [
    "REMOVE",
    "FrontMatter",
    "Node",
    "Parts",
    "Remove",
    "Wanted",
    "dump",
    "edit",
    "one_line",
    "read",
    "scalar",
    "split",
]

_BOM: Final = b"\xef\xbb\xbf"
_OPENING: Final = re.compile(rb"---(\r?\n)")
_CLOSING: Final = re.compile(rb"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


class Remove(Enum):
    """The type of :data:`REMOVE`."""

    REMOVE = "remove"


REMOVE: Final = Remove.REMOVE
"""Takes a key out of the front-matter, with its lines."""

Wanted = str | int | None
"""A single value: text, a whole number, or None for a key that is there without a value."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A note's bytes, cut: ``bom + opening + head + closing + body`` are the whole file.

    ``opening`` and ``closing`` are the ``---`` lines with their line ends, empty in a note without front-matter;
    ``head`` is what stands between them, with its own line ends; ``eol`` is the line end of the opening line, or else
    the body's first.
    """

    bom: bytes
    opening: bytes
    head: str
    closing: bytes
    body: bytes
    eol: str

    def join(self) -> bytes:
        """The whole file."""
        return b"".join((self.bom, self.opening, self.head.encode(), self.closing, self.body))


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A note's properties as read, and the parts of the file they came from."""

    parts: Parts
    nodes: Mapping[str, Node]

    def get(self, key: str) -> Node | None:
        """The value of ``key``; None where the key is absent (an empty one is a node of kind ``null``, R7)."""
        return self.nodes.get(key)

    def keys(self) -> KeysView[str]:
        """All keys in the file's order."""
        return self.nodes.keys()


def split(data: bytes) -> Parts:
    """Cut a note's bytes into front-matter and body.

    Raises NoteError where the file is not UTF-8 or its front-matter is not closed.
    """
    bom = _BOM if data.startswith(_BOM) else b""
    opening = _OPENING.match(data, len(bom))
    try:
        if opening is None:
            text = data.decode()
            return Parts(bom, b"", "", b"", data[len(bom) :], _first_eol(text))
        closing = _CLOSING.search(data, opening.end())
        if closing is None:
            raise NoteError("front-matter, line 1: it is not closed by a line of three dashes")
        head = data[opening.end() : closing.start()].decode()
        data[closing.end() :].decode()
    except UnicodeDecodeError:
        raise NoteError("the file is not UTF-8 text") from None
    return Parts(bom, opening[0], head, closing[0], data[closing.end() :], opening[1].decode())


def read(data: bytes) -> FrontMatter:
    """A note's properties; none for a note without front-matter.

    Raises NoteError as :func:`split` does, and where the head is broken YAML, no map, or has a key twice; the message
    gives the line and never the text.
    """
    parts = split(data)
    return FrontMatter(parts, _parse(parts.head))


def edit(data: bytes, changes: Mapping[str, Wanted | Sequence[str] | Remove], order: Sequence[str] = ()) -> bytes:
    """Set or remove top-level keys, touching only their lines.

    ``changes`` gives by key the value to show: text (made one line by :func:`one_line`), a whole number, None for
    ``key:``, a list's full members (``()`` for ``key: []``), or :data:`REMOVE`. A key that shows its value already,
    however it is spelled, is left alone. Members of a list that stay keep their lines; members that are lists or maps
    themselves are not the bridge's and stay in any case.

    ``order`` is the canonical order of keys: a new key comes after the nearest one before it in this order that is
    there, else at the head's end. A note without front-matter gets one at its top. Where nothing is to do, ``data``
    itself is given back.

    Raises NoteError where the note cannot be read, or the change cannot be made without touching anything else.
    """
    before = read(data)
    wanted = {key: _normal(value) for key, value in changes.items()}
    todo = {key: value for key, value in wanted.items() if not _shows(before.get(key), value)}
    if not todo:
        return data
    parts = before.parts
    if not parts.opening:
        line = f"---{parts.eol}".encode()
        parts = replace(parts, opening=line, closing=line)
    after = replace(parts, head=_edited(parts, todo, order))
    result = after.join()
    _verify(result, before.nodes, after, todo)
    return result


def _first_eol(text: str) -> str:
    return "\r\n" if text[: text.find("\n") + 1].endswith("\r\n") else "\n"


def _parse(head: str) -> dict[str, Node]:
    if not head:
        return {}
    from bridge.vault.yamlcore import CoreYAMLHandler  # PyYAML: an idle cycle opens no note

    return CoreYAMLHandler().load(head)


# --- editing --------------------------------------------------------------------------------------------------------

_Value = str | int | tuple[str, ...] | None | Remove


def _normal(value: Wanted | Sequence[str] | Remove) -> _Value:
    """A wanted value as it can be written."""
    if isinstance(value, str):
        return one_line(value)
    if value is None or isinstance(value, int | Remove):
        return value
    return tuple(one_line(member) for member in value)


def _shows(node: Node | None, wanted: _Value) -> bool:
    """Whether ``node`` shows ``wanted`` already. Numbers are compared by their source text, so ``010`` stays."""
    if node is None or isinstance(wanted, Remove):
        return node is None and isinstance(wanted, Remove)
    if wanted is None:
        return node.kind == "null"
    if isinstance(wanted, tuple):
        return node.kind == "list" and _members(node) == wanted
    return node.kind == "scalar" and node.text == str(wanted)


def _members(node: Node) -> tuple[str, ...]:
    """The text of a list's members, but for those that are lists or maps."""
    return tuple(item.text for item in node.items if item.kind in {"scalar", "null"})


def _edited(parts: Parts, todo: Mapping[str, _Value], order: Sequence[str]) -> str:
    """The head with ``todo`` done."""
    from bridge.vault import splice, yamlcore  # PyYAML: an idle cycle opens no note

    document = yamlcore.compose(parts.head)
    if document.flow:
        raise NoteError("front-matter: written in braces (as JSON), which cannot be changed line by line")
    lines = {key.text: splice.Lines(parts.head, key, node, parts.eol) for key, node in document.pairs}
    cuts: list[Splice] = []
    for key, line in lines.items():
        if key in todo:
            cuts += _changed(line, todo[key])
    ends = {key: line.end for key, line in lines.items()}
    indent = " " * document.indent
    for key, value in _in_order(todo, order):
        if key in lines or isinstance(value, Remove):
            continue
        place = ends[key] = _place(key, ends, order, len(parts.head))
        cuts.append(splice.Splice(place, place, entry(key, value, indent, parts.eol)))
    return splice.apply(parts.head, cuts)


def _changed(lines: Lines, value: _Value) -> list[Splice]:
    """The cuts that make one key that is there show ``value``."""
    if isinstance(value, Remove):
        return lines.remove()
    return lines.set_list(value) if isinstance(value, tuple) else lines.set_scalar(value)


def _in_order(todo: Mapping[str, _Value], order: Sequence[str]) -> Iterator[tuple[str, _Value]]:
    """``todo`` in the canonical order, what has no place in it last."""
    known = [key for key in order if key in todo]
    for key in dict.fromkeys([*known, *todo]):
        yield key, todo[key]


def _place(key: str, ends: Mapping[str, int], order: Sequence[str], last: int) -> int:
    """Where a new key's lines go: behind the nearest key that comes before it in ``order``, else last."""
    before = order[: order.index(key)] if key in order else ()
    return next((ends[other] for other in reversed(before) if other in ends), last)


def _verify(result: bytes, before: Mapping[str, Node], meant: Parts, todo: Mapping[str, _Value]) -> None:
    """Check that ``result`` reads as ``before`` but for ``todo``."""
    try:
        after = read(result)
    except NoteError:
        raise NoteError("front-matter: the change would break it") from None
    untouched = {key: node for key, node in before.items() if key not in todo}
    same = {key: node for key, node in after.nodes.items() if key not in todo} == untouched
    done = all(_shows(after.get(key), value) for key, value in todo.items())
    kept = all(_foreign(before.get(key)) == _foreign(after.get(key)) for key in todo if isinstance(todo[key], tuple))
    if not (same and done and kept and after.parts == meant):
        raise NoteError("front-matter: the change cannot be made without touching something else")


def _foreign(node: Node | None) -> list[Node]:
    """A list's members that are lists or maps: none of the bridge's."""
    items = node.items if node is not None and node.kind == "list" else ()
    return [item for item in items if item.kind in {"list", "map"}]
