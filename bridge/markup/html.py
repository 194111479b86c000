"""A person's Markdown, as Obsidian reads it, as HTML that Zotero's note editor keeps.

Obsidian's own syntax becomes what Zotero can show: a link to a note its words (or a link, where one is made for it), an
embed its name in brackets, a callout a quote, a highlight a colour; comments and block ids are left out, a task's box
stays as text, footnotes come last. Single line breaks are breaks, as Obsidian shows them.

The result is canonical (:mod:`bridge.markup.canonical`) in the ``div`` by which Zotero knows notes of its present
schema: a newer number would close the note to people's editors, a missing one counts as the oldest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from bridge.core.text import with_code
from bridge.markup.canonical import canonical
from bridge.markup.inline import address
from bridge.markup.tree import Element, Node, parse

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

#: The schema of Zotero's note editor whose HTML this is (zotero/note-editor, ``src/core/schema/index.js``).
SCHEMA: Final = 9

_LINK: Final = re.compile(r"(!?)\[\[([^\[\]|\n]+?)\\?(?:\|([^\[\]\n]*))?\]\]")
_MARK_END: Final = re.compile(r"(?<![\s\\=])==(?!=)")
_MATH: Final = re.compile(r"\$\$(?=[^$])((?:\\.|[^\\$])+)\$\$|\$(?=[^\s$])((?:\\.|[^\\$`])+)(?<!\s)\$(?!\d)", re.DOTALL)
_CALLOUT: Final = re.compile(r"(?P<quote>[ \t]*(?:>[ \t]?)+)\[!(?P<kind>[^\]\n]+)\][+-]?[ \t]*(?P<title>.*)")
_BLOCK_ID: Final = re.compile(r"(?:(?<=\s)|^)\^[A-Za-z0-9-]+[ \t]*$")
_COMMENT_OR_CODE: Final = re.compile(r"%%|(`+)(?!`).*?(?<!`)\1(?!`)")
_BARE: Final = re.compile(r"https?://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}]", re.IGNORECASE)
#: Where a bare address stays text.
_NO_LINKS: Final = frozenset({"a", "pre", "code"})


def convert(markdown: str, link: Callable[[str], str]) -> str:
    """See :func:`bridge.markup.to_html`."""
    shown = _parser().render("\n".join(_prepared(markdown.replace("\r\n", "\n"))), {"link": link})
    body = parse(str(shown))
    _mend(body)
    return wrapped(canonical(body))


def wrapped(inner: str) -> str:
    """Canonical HTML as the whole text of a note."""
    return f'<div data-schema-version="{SCHEMA}">{inner}</div>'


# --- what is read before Markdown is


def _prepared(markdown: str) -> Iterator[str]:
    """The lines without comments and block ids, callouts as quotes with a bold title; code as it stands."""
    for line, is_code in with_code(_without_comments(markdown.split("\n"))):
        if is_code:
            yield line
            continue
        line = _BLOCK_ID.sub("", line)
        callout = _CALLOUT.fullmatch(line)
        if callout is None:
            yield line
            continue
        title = callout["title"].strip() or callout["kind"].partition("|")[0].strip().replace("-", " ").capitalize()
        yield f"{callout['quote']}<strong>{title}</strong>"
        yield callout["quote"].rstrip()


def _without_comments(lines: list[str]) -> list[str]:
    """Lines without Obsidian's comments; one that is never ended runs to the end."""
    at = 0
    while True:
        coded = [is_code for _, is_code in with_code(lines)]
        hidden_fence = False
        while at < len(lines) and not hidden_fence:
            if not coded[at] and (start := _comment_start(lines[at])) is not None:
                hidden_fence = _cut(lines, at, start)
                del coded[at + 1 : len(coded) - len(lines) + at + 1]
            else:
                at += 1
        # What a hidden fence had made code of is none.
        if not hidden_fence:
            return lines


def _comment_start(line: str) -> int | None:
    return next((one.start() for one in _COMMENT_OR_CODE.finditer(line) if one[0] == "%%"), None)


def _cut(lines: list[str], at: int, start: int) -> bool:
    """Cut the comment that begins in a line out, its lines made one; whether it hid the fence of a code block."""
    end, last = lines[at].find("%%", start + 2), at
    while end < 0 and last + 1 < len(lines):
        last += 1
        end = lines[last].find("%%")
    hidden = lines[at + 1 : last + 1]
    rest = lines[last][end + 2 :] if end >= 0 else ""
    lines[at : last + 1] = [lines[at][:start] + rest]
    return any("```" in line or "~~~" in line for line in hidden)


# --- Markdown


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True, "maxNesting": 60})
    parser.enable(["table", "strikethrough"]).use(footnote_plugin)
    parser.block.ruler.before("fence", "math", _math_block, {"alt": ["paragraph", "blockquote", "list"]})
    parser.inline.ruler.after("escape", "math", _math)
    parser.inline.ruler.before("link", "wikilink", _wikilink)
    parser.inline.ruler.before("emphasis", "highlight", _highlight)
    for name, rule in _RENDERED.items():
        parser.add_render_rule(name, rule)
    return parser


def _wikilink(state: StateInline, silent: bool) -> bool:
    """``[[target|words]]`` as words or as a link; ``![[target]]`` as its name in brackets."""
    found = _LINK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        embed, target, words = found[1], found[2].strip(), (found[3] or "").strip()
        # An embedded image may have a width where a link has its words.
        name = target if embed and re.fullmatch(r"\d+(?:x\d+)?", words) else words or _named(target)
        href = "" if embed else address(state.env["link"](target))
        if href:
            state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = f"[{name}]" if embed else name
        if href:
            state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def _named(target: str) -> str:
    """What Obsidian shows of a link without words: ``Note > Heading``."""
    return " > ".join(part for part in target.split("#") if part and not part.startswith("^"))


def _highlight(state: StateInline, silent: bool) -> bool:
    """``==text==``, with Markdown inside."""
    start = state.pos + 2
    if silent or not state.src.startswith("==", state.pos) or state.src[start : start + 1].isspace():
        return False
    end = _MARK_END.search(state.src, start + 1, state.posMax)
    if end is None:
        return False
    last = state.posMax
    state.push("mark_open", "mark", 1)
    state.pos, state.posMax = start, end.start()
    state.md.inline.tokenize(state)
    state.push("mark_close", "mark", -1)
    state.pos, state.posMax = end.end(), last
    return True


def _math(state: StateInline, silent: bool) -> bool:
    """``$x$``, and ``$$x$$`` inside a paragraph."""
    found = _MATH.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("math_display" if found[1] else "math", "", 0).content = found[1] or found[2]
    state.pos = found.end()
    return True


def _math_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """``$$`` at the start of a line up to ``$$`` at the end of one; what is between begins no list or quote."""

    def line(at: int) -> str:
        return state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]].rstrip()

    if not line(first).startswith("$$") or state.is_code_block(first):
        return False
    opened = line(first)[2:]
    inside = (at for at in range(first + 1, last) if state.sCount[at] >= state.blkIndent and line(at).endswith("$$"))
    end = first if opened.endswith("$$") else next(inside, None)
    if end is None:
        return False
    if not silent:
        state.push("math_display", "", 0).content = "\n".join([opened, *map(line, range(first + 1, end + 1))])[:-2]
        state.line = end + 1
    return True


def _math_shown(name: str, sign: str) -> Callable[..., str]:
    def rendered(_self: object, tokens: Sequence[Token], at: int, *_: object) -> str:
        source = tokens[at].content.strip().replace("&", "&amp;").replace("<", "&lt;")
        return f'<{name} class="math">{sign}{source}{sign}</{name}>'

    return rendered


def _footnote_ref(_self: object, tokens: Sequence[Token], at: int, *_: object) -> str:
    return f"<sup>[{int(tokens[at].meta['id']) + 1}]</sup>"


def _plain(markup: str) -> Callable[..., str]:
    return lambda *_: markup


_RENDERED: Final[dict[str, Callable[..., str]]] = {
    "math": _math_shown("span", "$"),
    "math_display": _math_shown("pre", "$$"),
    "footnote_ref": _footnote_ref,
    "footnote_block_open": _plain("<hr><ol>"),
    "footnote_block_close": _plain("</ol>"),
    "footnote_open": _plain("<li>"),
    "footnote_close": _plain("</li>"),
    "footnote_anchor": _plain(""),
}


# --- the tree


def _mend(element: Element) -> None:
    """Leave only links that Zotero may follow (R25), make links of bare addresses, and name images."""
    mended: list[Node] = []
    for child in element.children:
        if isinstance(child, str):
            mended += _with_links(child) if element.name not in _NO_LINKS else [child]
        elif child.name == "img" and "data-attachment-key" not in child.attributes:
            mended += _image(child)
        elif child.name == "a" and not address(child.attributes.get("href", "")):
            _mend(child)
            mended += child.children
        else:
            if child.name not in _NO_LINKS and not child.has_class("math"):
                _mend(child)
            mended.append(child)
    element.children[:] = mended


def _with_links(text: str) -> Iterator[Node]:
    at = 0
    for found in _BARE.finditer(text):
        yield text[at : found.start()]
        yield Element("a", {"href": found[0]}, [found[0]])
        at = found.end()
    yield text[at:]


def _image(image: Element) -> list[Node]:
    """An image lives in the vault or on the web; Zotero would have to be given the file, so it is named, or linked."""
    source = image.attributes.get("src", "")
    name = image.attributes.get("alt", "").split("|")[0].strip() or source.rpartition("/")[2]
    if re.match(r"https?://", source, re.IGNORECASE):
        return [Element("a", {"href": source}, [name or source])]
    return [f"[{name or 'image'}]"]
