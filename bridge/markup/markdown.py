"""A Zotero note's HTML as Markdown (law 13).

Kept: headings, paragraphs, lists, tables, quotes, code, math, links (R25), bold, italics, strike-through, underline,
background colour as ``==highlight==``, sub- and superscript. Left out: text colours, alignment, indents. A highlight
inside a note keeps its link into the file; a citation is the text that Zotero shows for it; an image, which stays in
Zotero, is named and linked.

What Zotero's note editor writes is known from its source (zotero/note-editor, ``src/core/schema``, schema version 9):
``span.highlight`` and ``img`` carry ``data-annotation`` (URI-encoded JSON with ``attachmentURI``, ``annotationKey``,
``pageLabel``, ``position``), ``span.citation`` carries ``data-citation``, math is ``span.math`` and ``pre.math`` with
dollar signs inside, strike-through is a ``span`` with a style.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from bridge.core.text import clean_lines
from bridge.markup import inline
from bridge.markup.annotations import KEY, open_link
from bridge.markup.inline import Run
from bridge.markup.tree import BLOCKS, Element, Node, parse

#: Lists and quotes nested deeper than this stay at this depth: each level costs an indent on every line.
DEEPEST: Final = 10
#: Columns of a table, and cells that one cell may claim.
WIDEST: Final = 100

_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_MARKS: Final = {
    **dict.fromkeys(("b", "strong", "dt"), "strong"),
    **dict.fromkeys(("i", "em", "cite", "dfn", "q"), "em"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("u", "ins"), "u"),
    **dict.fromkeys(("code", "tt", "kbd", "samp", "var"), "code"),
    **{name: name for name in ("sub", "sup", "mark")},
}
#: Marks that Zotero's editor writes, or understands, as a style.
_STYLES: Final = (
    ("strike", re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)),
    ("u", re.compile(r"text-decoration(?:-line)?\s*:[^;]*underline", re.IGNORECASE)),
    ("strong", re.compile(r"font-weight\s*:\s*(?:bold|bolder|[5-9]\d\d)\b", re.IGNORECASE)),
    ("em", re.compile(r"font-style\s*:\s*italic", re.IGNORECASE)),
    ("mark", re.compile(r"background-color\s*:\s*(?!transparent|inherit|initial)\S", re.IGNORECASE)),
)
_LINE_STARTERS: Final = re.compile(r"[^A-Za-z\\{&(\[]")


def convert(html: str, heading_level: int, link: Callable[[str], str]) -> str:
    """See :func:`bridge.markup.to_markdown`."""
    flow = _Flow(_Context(heading_level, link), 0)
    flow.walk(parse(html).children)
    return "\n".join(_spaced(flow.finish()))


class _Context:
    """What is the same throughout one note."""

    def __init__(self, heading_level: int, link: Callable[[str], str]) -> None:
        self.heading_level, self.link = heading_level, link
        #: The link of a highlight that waits for the citation behind it.
        self.pending: tuple[str, str] | None = None


def _spaced(blocks: Iterable[list[str]]) -> Iterator[str]:
    """The lines of blocks, an empty one between each two."""
    first = True
    for block in blocks:
        if not first:
            yield ""
        yield from block
        first = False


class _Flow:
    """Collects the blocks of one container: the note, a quote, a list item.

    ``flat`` makes paragraphs of everything, for places where nothing else can stand, such as the cell of a table.
    """

    def __init__(self, context: _Context, depth: int, *, flat: bool = False) -> None:
        self._context, self._depth, self._flat = context, depth, flat
        self._blocks: list[list[str]] = []
        self._runs: list[Run] = []
        self._last_list = ""

    def finish(self) -> list[list[str]]:
        """All blocks, each a list of lines."""
        self._flush()
        return self._blocks

    def walk(self, nodes: Iterable[Node], marks: frozenset[str] = frozenset(), href: str = "") -> None:
        """Take in nodes, under the marks and the link of what they are in."""
        for node in nodes:
            if isinstance(node, str):
                if node.strip():
                    self._leave_highlight(node)
                self._runs.append(Run(node, marks=marks, href=href))
            elif node.name in BLOCKS:
                self._flush()
                self._block(node, marks, href)
                self._flush()
            else:
                self._inline(node, marks, href)

    # --- blocks

    def _flush(self) -> None:
        """End the paragraph."""
        self._leave_highlight("")
        runs, self._runs = self._runs, []
        paragraph: list[str] = []
        for line in inline.lines(runs, in_table=self._flat):
            if line:
                paragraph.append(line)
            elif paragraph:
                self._add(paragraph)
                paragraph = []
        if paragraph:
            self._add(paragraph)

    def _add(self, block: list[str], kind: str = "") -> None:
        if block:
            self._blocks.append(block)
            self._last_list = kind

    def _block(self, element: Element, marks: frozenset[str], href: str) -> None:
        name = element.name
        if name == "pre":
            self._pre(element)
        elif name in _HEADINGS:
            self._heading(element, marks, href)
        elif name == "hr":
            if not self._flat:
                self._add(["***"])  # never `---`, which would make a heading of a line above, or front matter
        elif name in {"ul", "ol"}:
            self._list(element, marks, href)
        elif name == "table" and not self._flat:
            self._table(element)
        elif name == "blockquote" and not self._flat and self._depth < DEEPEST:
            inner = self._inside(element.children, marks, href)
            self._add([f"> {line}".rstrip() for line in _spaced(inner)])
        else:
            self.walk(element.children, marks | {_MARKS[name]} if name in _MARKS else marks, href)

    def _inside(self, nodes: Iterable[Node], marks: frozenset[str], href: str) -> list[list[str]]:
        flow = _Flow(self._context, self._depth + 1)
        flow.walk(nodes, marks, href)
        return flow.finish()

    def _heading(self, element: Element, marks: frozenset[str], href: str) -> None:
        if self._flat:
            self.walk(element.children, marks | {"strong"}, href)
            return
        flow = _Flow(self._context, self._depth, flat=True)
        flow.walk(element.children, marks, href)
        text = " ".join(line for block in flow.finish() for line in block)
        level = min(6, self._context.heading_level + _HEADINGS[element.name] - 1)
        if text:
            self._add([f"{'#' * level} {text}"])

    def _list(self, element: Element, marks: frozenset[str], href: str) -> None:
        if self._flat or self._depth >= DEEPEST:
            for number, item in enumerate(_items(element), _start(element)):
                flow = _Flow(self._context, self._depth, flat=True)
                flow.walk(item, marks, href)
                if shown := [line for block in flow.finish() for line in block]:
                    self._add([f"{number}\\. {shown[0]}" if element.name == "ol" else f"• {shown[0]}", *shown[1:]])
            return
        # Two lists that follow each other would be one; the other sign keeps them apart.
        kind = next(k for k in (("-", "*") if element.name == "ul" else (".", ")")) if k != self._last_list)
        lines: list[str] = []
        for number, item in enumerate(_items(element), _start(element)):
            marker = f"{min(number, 999_999_999)}{kind}" if element.name == "ol" else kind
            lines += _item(marker, self._inside(item, marks, href))
        self._add(lines, kind)

    def _pre(self, element: Element) -> None:
        text = element.text()
        if element.has_class("math"):
            self._display_math(text)
            return
        lines = [line.rstrip() for line in text.expandtabs(4).splitlines()]
        while lines and not lines[-1]:
            lines.pop()
        while lines and not lines[0]:
            del lines[0]
        if not lines:
            return
        if self._flat:
            for line in lines:
                self._runs += [Run(line, marks=frozenset({"code"})), Run("", "break")]
            self._flush()
        elif any(inline.HAZARD.search(line) for line in lines):
            self._add(_html_pre(lines))
        else:
            longest = max((len(ticks) for line in lines for ticks in re.findall("`+", line)), default=0)
            fence = "`" * max(3, longest + 1)
            self._add([fence, *lines, fence])

    def _display_math(self, text: str) -> None:
        source = _without_dollars(text, "$$")
        if not inline.tex(source) or self._flat:
            self._runs.append(Run(source, "math"))
            self._flush()
        else:
            self._add(["$$", *_tex_lines(source), "$$"])

    def _table(self, table: Element) -> None:
        rows = [_cells(row) for row in _rows(table)]
        cells = [
            [(self._cell(cell) if cell is not None else "", cell is None or cell.name == "th") for cell in row]
            for row in rows
            if row
        ]
        width = max((len(row) for row in cells), default=0)
        if not width or not any(text for row in cells for text, _ in row):
            return
        shown = [[*(text for text, _ in row), *[""] * (width - len(row))] for row in cells]
        header = shown.pop(0) if all(is_header for _, is_header in cells[0]) else [""] * width
        self._add([_table_row(header), _table_row(["---"] * width), *(_table_row(row) for row in shown)])

    def _cell(self, cell: Element) -> str:
        flow = _Flow(self._context, self._depth, flat=True)
        flow.walk(cell.children)
        return "<br>".join(line for block in flow.finish() for line in block)

    # --- inside a paragraph

    def _inline(self, element: Element, marks: frozenset[str], href: str) -> None:
        name = element.name
        if name == "br":
            self._runs.append(Run("", "break"))
        elif name == "img":
            self._image(element, marks, href)
        elif name == "a":
            self.walk(element.children, marks, href or inline.address(element.attributes.get("href", "")))
        elif name == "span" and element.has_class("math"):
            self._leave_highlight("math")
            self._runs.append(Run(_without_dollars(element.text(), "$"), "math"))
        elif name == "span" and element.has_class("citation"):
            self._citation(element, marks)
        elif name == "span" and (element.has_class("highlight") or element.has_class("underline")):
            self.walk(element.children, marks, href)
            self._leave_highlight("highlight")
            self._context.pending = open_link(element.attributes.get("data-annotation", ""))
        else:
            self.walk(element.children, marks | _own_marks(element), href)

    def _citation(self, element: Element, marks: frozenset[str]) -> None:
        """A citation as text; right behind a highlight it bears the highlight's link."""
        pending, self._context.pending = self._context.pending, None
        shown = " ".join(element.text().split())
        if pending is None or not shown:
            self._context.pending = pending
            self._runs.append(Run(shown, marks=marks))
            return
        inner = shown[1:-1] if shown.startswith("(") and shown.endswith(")") else shown
        self._runs += [Run("("), Run(inner, href=pending[0]), Run(")")]

    def _leave_highlight(self, following: str) -> None:
        """A highlight without a citation behind it gets its link by itself."""
        if self._context.pending is None:
            return
        (href, page), self._context.pending = self._context.pending, None
        space_after = " " if following and not following[0].isspace() and following[0].isalnum() else ""
        self._runs += [Run(" ("), Run(page or "open", href=href), Run(f"){space_after}")]

    def _image(self, element: Element, marks: frozenset[str], href: str) -> None:
        self._leave_highlight("image")
        alt = " ".join(element.attributes.get("alt", "").split())
        key = element.attributes.get("data-attachment-key", "")
        annotation = open_link(element.attributes.get("data-annotation", ""))
        source = element.attributes.get("src", "")
        target = annotation[0] if annotation else ""
        if not target and KEY.fullmatch(key):
            target = inline.address(self._context.link(key))
        if not target and source[:4].lower() == "http":
            target = inline.address(source)
        self._runs.append(
            Run(f"[{alt or 'image'}]" if not target else alt or "image", marks=marks, href=href or target)
        )


def _own_marks(element: Element) -> set[str]:
    marks = {_MARKS[element.name]} if element.name in _MARKS else set()
    style = element.attributes.get("style", "")
    return marks | {mark for mark, pattern in _STYLES if pattern.search(style)} if style else marks


def _without_dollars(text: str, sign: str) -> str:
    text = text.strip()
    is_wrapped = len(text) >= 2 * len(sign) and text.startswith(sign) and text.endswith(sign)
    return text[len(sign) : -len(sign)] if is_wrapped else text


def _tex_lines(source: str) -> list[str]:
    """Display math in lines of its own; a line that would begin something joins the one above."""
    lines: list[str] = []
    for line in source.splitlines():
        shown = inline.tex(line + "\n")
        if not shown:
            continue
        if lines and _LINE_STARTERS.match(shown):
            lines[-1] += f" {shown}"
        else:
            lines.append(shown)
    if lines and _LINE_STARTERS.match(lines[0]):
        lines[0] = "{}" + lines[0]  # an empty group: nothing in TeX, and nothing to Markdown
    return lines


def _html_pre(lines: list[str]) -> list[str]:
    """Code as HTML, every sign of it a character reference: for code that must not stand as it is in a file."""
    coded = ["".join(_referenced(c) for c in "".join(clean_lines(f"|{line}|"))[1:-1]) or "&#32;" for line in lines]
    return [f"<pre>{coded[0]}", *coded[1:-1], f"{coded[-1]}</pre>"] if len(coded) > 1 else [f"<pre>{coded[0]}</pre>"]


def _referenced(character: str) -> str:
    return character if character.isalnum() or character == " " else f"&#{ord(character)};"


# --- lists and tables


def _start(element: Element) -> int:
    given = element.attributes.get("start", "")
    return int(given) if re.fullmatch(r"[0-9]{1,9}", given) else 1


def _items(element: Element) -> Iterator[list[Node]]:
    """What stands in each item of a list; a list straight inside a list belongs to the item before it."""
    item: list[Node] | None = None
    for child in element.children:
        if isinstance(child, Element) and child.name == "li":
            if item is not None:
                yield item
            item = list(child.children)
        elif isinstance(child, Element) or child.strip():
            item = [*(item or []), child]
    if item is not None:
        yield item


def _item(marker: str, blocks: list[list[str]]) -> list[str]:
    """One list item; its parts stand close where it is a line with a list below."""
    is_tight = len(blocks) == 1 or (len(blocks) == 2 and _is_list(blocks[1]) and not _is_list(blocks[0]))
    lines = [line for block in blocks for line in block] if is_tight else list(_spaced(blocks))
    if not lines:
        return [marker]
    indent = " " * (len(marker) + 1)
    return [f"{marker} {lines[0]}", *(f"{indent}{line}".rstrip() for line in lines[1:])]


def _is_list(block: list[str]) -> bool:
    return bool(re.match(r"(?:[-*]|\d{1,9}[.)])(?: |$)", block[0]))


def _rows(table: Element) -> Iterator[Element]:
    for child in table.elements():
        if child.name == "tr":
            yield child
        elif child.name in {"thead", "tbody", "tfoot"}:
            yield from (row for row in child.elements() if row.name == "tr")


def _cells(row: Element) -> list[Element | None]:
    """The cells of a row, ``None`` where one reaches over from the left."""
    cells: list[Element | None] = []
    for cell in row.elements():
        if cell.name in {"td", "th"} and len(cells) < WIDEST:
            span = cell.attributes.get("colspan", "")
            covered = min(int(span), WIDEST) if re.fullmatch(r"[0-9]{1,4}", span) else 1
            cells += [cell, *[None] * (covered - 1)]
    return cells[:WIDEST]


def _table_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
