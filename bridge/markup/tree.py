"""HTML as a small tree: whatever it holds, the tree is sound and no deeper than :data:`DEEPEST`.

Zotero's server and note editor write well-formed HTML, and third-party tools write anything. What the tree promises
all who walk it: no element is nested deeper than :data:`DEEPEST` (the rest of a deeper nesting is flattened into that
level), nothing executable or invisible is in it, and every text stands in its place. So a walk may recurse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, TypeAlias

#: Nesting beyond this is flattened; notes that people write stay far below it.
DEEPEST: Final = 48

#: Elements without content (HTML Standard, 13.1.2 "Void elements").
VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
#: Gone with all that is in them: they show nothing of their own, or would run.
_DROPPED: Final = frozenset(
    {"script", "style", "head", "title", "template", "iframe", "object", "noscript", "textarea", "select", "svg"}
)
#: Elements that stand on lines of their own.
BLOCKS: Final = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt"),
        *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li"),
        *("main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
        "ul",
    }
)
_ROWS: Final = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th"})
#: An opening tag ends these, where one of them is open inside the nearest element of the second set: the end tags that
#: HTML lets authors leave out.
_TABLE: Final = frozenset({"table"})
_ENDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "tr": (frozenset({"tr", "td", "th"}), _TABLE),
    "td": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    **{
        name: (frozenset({"thead", "tbody", "tfoot", "tr", "td", "th"}), _TABLE) for name in ("thead", "tbody", "tfoot")
    },
}
#: What a paragraph cannot reach across.
_WALLS: Final = frozenset({"td", "th", "li", "blockquote", "table", "div", "dd"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element: lower-case name, attributes (lower-case names; the first of two wins), what is in it."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def has_class(self, name: str) -> bool:
        """Whether the element has a class."""
        return name in self.attributes.get("class", "").split()

    def elements(self) -> Iterator[Element]:
        """The elements directly in this one."""
        return (child for child in self.children if isinstance(child, Element))

    def text(self) -> str:
        """All text in it as it stands; a line break element is a line break."""
        return "".join(self._texts())

    def _texts(self) -> Iterator[str]:
        if self.name == "br":
            yield "\n"
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()  # noqa: SLF001 -- of its own class


Node: TypeAlias = Element | str


def parse(html: str) -> Element:
    """The tree of some HTML, under an element named ``body``. Never raises."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("body")
        self._open = [self.root]
        self._dropped = ""  # the element that is being left out
        self._dropped_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped:
            self._dropped_depth += tag == self._dropped
            return
        if tag in _DROPPED:
            self._dropped, self._dropped_depth = tag, 1
            return
        if tag in BLOCKS:
            self._end({"p"}, _WALLS)
        if tag in _ENDS:
            self._end(*_ENDS[tag])
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        element = Element(tag, attributes)
        if tag in VOID:
            self._open[-1].children.append(element)
        elif len(self._open) < DEEPEST:
            self._open[-1].children.append(element)
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            self._dropped_depth -= tag == self._dropped
            if self._dropped_depth == 0:
                self._dropped = ""
            return
        self._end({tag}, frozenset())

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        children = self._open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)

    def _end(self, names: set[str] | frozenset[str], walls: frozenset[str]) -> None:
        """Close the open elements of these names, with all that is in them, up to the next wall."""
        last = 0
        for depth in range(len(self._open) - 1, 0, -1):
            name = self._open[depth].name
            if name in names:
                last = depth
                if not walls:
                    break
            elif name in walls:
                break
        if last:
            del self._open[last:]
