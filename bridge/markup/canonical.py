"""HTML in one canonical spelling: what Zotero's note editor keeps of it, and nothing else (law 8).

Two pieces of HTML with the same canonical form show the same in Zotero. ``<b>`` is ``<strong>``, a list item with a
lone paragraph is one with its text, an empty paragraph is nothing, marks nest in one order, and what the editor keeps
(links, colours, indents, citations, highlights) counts. So neither what the server makes of a note when it cleans it
nor another spelling by the editor is news, and every edit of a person is.

What the editor keeps is read from its schema (zotero/note-editor, ``src/core/schema/nodes.js`` and ``marks.js``, schema
version 9): strike-through is a ``span`` with a style, code excludes all other marks, math is text between dollar signs.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bridge.core.text import clean_run
from bridge.markup.tree import BLOCKS, Element, Node

#: A mark: its name and what it holds (a colour, an address).
Mark = tuple[str, str]

#: What Zotero's editor paints a highlight with when one picks yellow (``src/core/schema/colors.js``).
YELLOW: Final = "#ffd40080"

_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SIMPLE: Final[Mapping[str, Mark]] = {
    **dict.fromkeys(("b", "strong", "dt"), ("strong", "")),
    **dict.fromkeys(("i", "em", "cite", "dfn", "q"), ("em", "")),
    **dict.fromkeys(("s", "strike", "del"), ("strike", "")),
    **dict.fromkeys(("u", "ins"), ("u", "")),
    **dict.fromkeys(("code", "tt", "kbd", "samp", "var"), ("code", "")),
    "sub": ("sub", ""),
    "sup": ("sup", ""),
    "mark": ("background-color", YELLOW),
}
#: Marks from the outside to the inside.
_ORDER: Final = ("a", "strong", "em", "u", "strike", "color", "background-color", "sub", "sup", "code")
#: The attributes that the editor keeps of what it takes as one thing.
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "citation": ("data-citation",),
    "highlight": ("data-annotation",),
    "underline": ("data-annotation",),
    "img": ("src", "alt", "title", "width", "height", "data-attachment-key", "data-annotation"),
    "cell": ("colspan", "rowspan"),
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some text with marks, or a thing in the line as finished HTML (``is_html``)."""

    text: str
    marks: frozenset[Mark] = frozenset()
    is_html: bool = False


_BREAK: Final = _Piece("<br>", is_html=True)


def canonical(body: Element) -> str:
    """The blocks of a tree in canonical spelling, a line each."""
    return "\n".join(_blocks(body.children))


def _blocks(nodes: Iterable[Node]) -> list[str]:
    flow = _Flow()
    flow.walk(nodes, frozenset())
    flow.flush()
    return flow.blocks


class _Flow:
    """Collects the blocks of one container."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._pieces: list[_Piece] = []

    def walk(self, nodes: Iterable[Node], marks: frozenset[Mark]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self._pieces.append(_Piece(node, marks))
            elif node.name in BLOCKS:
                self.flush()
                self._block(node, marks)
                self.flush()
            else:
                self._inline(node, marks)

    def flush(self, name: str = "p", attributes: str = "") -> None:
        """End the paragraph."""
        pieces, self._pieces = self._pieces, []
        if shown := _line(pieces):
            self.blocks.append(f"<{name}{attributes}>{shown}</{name}>")

    def _block(self, element: Element, marks: frozenset[Mark]) -> None:
        name = element.name
        if name == "hr":
            self.blocks.append("<hr>")
        elif name == "pre":
            self._pre(element)
        elif name in {"p", "dd"} or name in _HEADINGS:
            self.walk(element.children, marks)
            self.flush("p" if name == "dd" else name, _shape(element))
        elif name == "blockquote":
            self._container("blockquote", _blocks(element.children))
        elif name in {"ul", "ol"}:
            start = element.attributes.get("start", "1")
            numbered = f' start="{int(start)}"' if name == "ol" and start.isdecimal() and int(start) != 1 else ""
            self._container(name, [_item("li", item) for item in _items(element)], numbered)
        elif name == "table":
            rows = [f"<tr>\n{cells}\n</tr>" for row in _rows(element) if (cells := "\n".join(map(_cell, _cells(row))))]
            self._container("table", ["<tbody>", *rows, "</tbody>"] if rows else [])
        else:
            self.walk(element.children, marks | {_SIMPLE[name]} if name in _SIMPLE else marks)

    def _container(self, name: str, inner: list[str], attributes: str = "") -> None:
        if inner:
            self.blocks.append("\n".join([f"<{name}{attributes}>", *inner, f"</{name}>"]))

    def _pre(self, element: Element) -> None:
        text = element.text().replace("\r\n", "\n").strip("\n")
        if element.has_class("math"):
            source = text.strip().removeprefix("$$").removesuffix("$$").strip()
            if source:
                self.blocks.append(f'<pre class="math">$${html.escape(source, quote=False)}$$</pre>')
        elif text.strip():
            self.blocks.append(f"<pre>{html.escape(text, quote=False)}</pre>")

    def _inline(self, element: Element, marks: frozenset[Mark]) -> None:
        name = element.name
        if name == "br":
            self._pieces.append(_BREAK)
        elif name == "img":
            self._pieces.append(_Piece(f"<img{_attributes(element, 'img')}>", is_html=True))
        elif name == "span" and element.has_class("math"):
            source = " ".join(element.text().split()).removeprefix("$").removesuffix("$").strip()
            if source:
                shown = f'<span class="math">${html.escape(source, quote=False)}$</span>'
                self._pieces.append(_Piece(shown, is_html=True))
        elif name == "span" and (kind := next((k for k in _KEPT if element.has_class(k)), "")):
            inner = html.escape(" ".join(element.text().split()), quote=False)
            shown = f'<span class="{kind}"{_attributes(element, kind)}>{inner}</span>'
            self._pieces.append(_Piece(shown, is_html=True))
        else:
            self.walk(element.children, marks | _own_marks(element))


# --- the text of a paragraph


def _own_marks(element: Element) -> set[Mark]:
    marks = {_SIMPLE[element.name]} if element.name in _SIMPLE else set()
    href = element.attributes.get("href", "").strip()
    if element.name == "a" and href:
        marks.add(("a", href))
    for name, value in _styles(element).items():
        if name in {"text-decoration", "text-decoration-line"}:
            marks |= {("strike", "")} if "line-through" in value else set()
            marks |= {("u", "")} if "underline" in value else set()
        elif name in {"color", "background-color"}:
            marks.add((name, value))
        elif name == "font-weight" and re.fullmatch(r"bold(?:er)?|[5-9]\d\d", value):
            marks.add(("strong", ""))
        elif name == "font-style" and value == "italic":
            marks.add(("em", ""))
    return marks


def _styles(element: Element) -> dict[str, str]:
    parts = (part.partition(":") for part in element.attributes.get("style", "").split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in parts if value.strip()}


def _line(pieces: Iterable[_Piece]) -> str:
    """A paragraph's text; empty where it shows nothing."""
    merged: list[_Piece] = []
    for piece in pieces:
        if not piece.is_html:
            text = clean_run(piece.text.replace("\u00a0", " "))  # the editor writes two spaces as one and U+00A0
            if any(name == "code" for name, _ in piece.marks):
                piece = replace(piece, marks=frozenset({("code", "")}))
            before = merged[-1] if merged else _BREAK
            if before is _BREAK or (not before.is_html and before.text.endswith(" ")):
                text = text.lstrip(" ")
            if not text:
                continue
            if not before.is_html and before.marks == piece.marks:
                merged[-1] = replace(before, text=before.text + text)
                continue
            piece = replace(piece, text=text)
        elif piece is _BREAK:
            _trim(merged)
        merged.append(piece)
    while True:
        _trim(merged)
        if not merged or merged[-1] is not _BREAK:
            break
        merged.pop()
    return _nested(merged, _ORDER)


def _trim(pieces: list[_Piece]) -> None:
    """Take the space at the end away."""
    while pieces and not pieces[-1].is_html:
        text = pieces[-1].text.rstrip(" ")
        if text:
            pieces[-1] = replace(pieces[-1], text=text)
            return
        pieces.pop()


def _nested(pieces: list[_Piece], names: tuple[str, ...]) -> str:
    """Pieces with their marks around them, those they share only once."""
    parts: list[str] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        mark = next((mark for name in names for mark in sorted(piece.marks) if mark[0] == name), None)
        if mark is None:
            parts.append(piece.text if piece.is_html else html.escape(piece.text, quote=False))
            at += 1
            continue
        end = at
        while end < len(pieces) and mark in pieces[end].marks:
            end += 1
        inner = [replace(one, marks=one.marks - {mark}) for one in pieces[at:end]]
        parts.append(_marked(mark, _nested(inner, names)))
        at = end
    return "".join(parts)


def _marked(mark: Mark, inner: str) -> str:
    name, value = mark
    if name == "a":
        return f'<a href="{html.escape(value)}" rel="noopener noreferrer nofollow">{inner}</a>'
    if name == "strike":
        return f'<span style="text-decoration: line-through">{inner}</span>'
    if name in {"color", "background-color"}:
        return f'<span style="{name}: {html.escape(value)}">{inner}</span>'
    return f"<{name}>{inner}</{name}>"


# --- attributes, lists, tables


def _attributes(element: Element, kind: str) -> str:
    found = ((name, element.attributes.get(name, "")) for name in _KEPT[kind])
    return "".join(f' {name}="{html.escape(value)}"' for name, value in found if value or name == "alt")


def _shape(element: Element) -> str:
    """Alignment, direction and indent of a paragraph; old notes have the indent as a padding of 40 pixels each."""
    styles = _styles(element)
    padding = re.fullmatch(r"(\d{1,4})px", styles.get("padding-left") or styles.get("padding-right") or "")
    indent = int(padding[1]) // 40 if padding else 0
    given = element.attributes.get("data-indent", "")
    indent = indent or (int(given) if re.fullmatch(r"\d{1,3}", given) else 0)
    align = styles.get("text-align", "")
    kept = [f"text-align: {align}"] if align in {"left", "right", "center", "justify"} else []
    kept += [f"padding-left: {indent * 40}px"] if indent else []
    shape = f' style="{";".join(kept)}"' if kept else ""
    direction = element.attributes.get("dir", "").lower()
    shape += f' dir="{direction}"' if direction in {"ltr", "rtl"} else ""
    return shape + (f' data-indent="{indent}"' if indent else "")


def _items(element: Element) -> Iterator[list[Node]]:
    for child in element.children:
        if isinstance(child, Element) and child.name == "li":
            yield child.children
        elif isinstance(child, Element) or child.strip():
            yield [child]


def _item(name: str, nodes: Iterable[Node], attributes: str = "") -> str:
    inner = _blocks(nodes)
    if len(inner) == 1 and (plain := re.fullmatch(r"<p>((?:(?!</p>).)*)</p>", inner[0], re.DOTALL)):
        return f"<{name}{attributes}>{plain[1]}</{name}>"
    return "\n".join([f"<{name}{attributes}>", *inner, f"</{name}>"])


def _rows(table: Element) -> Iterator[Element]:
    for child in table.elements():
        if child.name == "tr":
            yield child
        elif child.name in {"thead", "tbody", "tfoot"}:
            yield from (row for row in child.elements() if row.name == "tr")


def _cells(row: Element) -> Iterator[Element]:
    return (cell for cell in row.elements() if cell.name in {"td", "th"})


def _cell(cell: Element) -> str:
    spans = "".join(f' {n}="{v}"' for n in _KEPT["cell"] if (v := cell.attributes.get(n, "1")) != "1" and v.isdecimal())
    colour = _styles(cell).get("background-color", "")
    shade = f' style="background-color: {html.escape(colour)}"' if colour else ""
    return _item(cell.name, cell.children, spans + shade)
