"""Rich text for tests: nasty texts, random trees of a note's HTML, and what a reader sees of Markdown."""

from __future__ import annotations

import html
import re

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: Texts that begin, end or mean something to one of the many readers of a note.
NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("%%", "%", "`", "``", "```", "~~~", "[[", "]]", "![[x]]", "[x](http://y.z)", "![", "!", "<script>"),
                *("<!--", "-->", "<% tp.file %>", "<%", "{{", "{", "{%", "}}", "$=", "$$", "$", "= this.x", "#tag"),
                *(" ^id", "^[note]", "[^1]: x", "---", "- x", "+ ", "* ", "*", "**", "_", "__", "1. ", "2) ", "# x"),
                *("> q", "> [!note]", "\n", "\r\n", "\u2028", "\x85", "\t", "    ", "\\", "\\[", "&amp;", "&#37;", "&"),
                *("key:: value", ":", "https://x.y", "a@b.org", "@key", "=", "==", "===", "|", "|-|", "a_b", "\ufeff"),
                *("\x00", " %% bridge:end abstract %%", "%% bridge:begin abstract", "1", "2.5", "word", "\u00a0", "é"),
            ]
        ),
        st.text(max_size=4),
    ),
    max_size=5,
).map("".join)

_INLINE = ("b", "strong", "em", "i", "u", "s", "sub", "sup", "code", "span", "a")
_STYLES = ("", "", "background-color: #ffd40080", "text-decoration: line-through", "color: #ff0000")


def _element(name: str, inner: str, style: str = "") -> str:
    attributes = ' href="https://x.y/?a=(b)%%&c[[d]]"' if name == "a" else f' style="{style}"' if style else ""
    return f"<{name}{attributes}>{inner}</{name}>"


_TEXTS = NASTY.map(lambda text: html.escape(text, quote=False))
INLINE = st.recursive(
    _TEXTS,
    lambda inner: st.lists(
        st.one_of(
            _TEXTS,
            st.just("<br>"),
            st.builds(_element, st.sampled_from(_INLINE), inner, st.sampled_from(_STYLES)),
        ),
        max_size=4,
    ).map("".join),
    max_leaves=6,
)


def _table(rows: list[list[str]], header: bool) -> str:
    # (An ordered list in a cell is numbered in words, which would be text that the HTML does not have.)
    rows = [[cell.replace("<ol>", "<ul>").replace("</ol>", "</ul>") for cell in row] for row in rows]
    names = ["th" if header and not at else "td" for at in range(len(rows))]
    return _element(
        "table",
        "".join(_element("tr", "".join(_element(name, c) for c in row)) for name, row in zip(names, rows, strict=True)),
    )


_PARAGRAPHS = st.one_of(
    st.builds(_element, st.sampled_from(["p", "h1", "h2", "h5", "div"]), INLINE),
    st.builds(_element, st.just("pre"), _TEXTS),
    INLINE,
)
#: A note's HTML: blocks nested at random.
NOTES = st.recursive(
    _PARAGRAPHS,
    lambda inner: st.lists(
        st.one_of(
            inner,
            st.just("<hr>"),
            st.builds(_element, st.just("blockquote"), inner),
            st.builds(
                lambda name, items: _element(name, "".join(_element("li", item) for item in items)),
                st.sampled_from(["ul", "ol"]),
                st.lists(inner, min_size=1, max_size=3),
            ),
            st.builds(_table, st.lists(st.lists(inner, min_size=1, max_size=2), min_size=1, max_size=2), st.booleans()),
        ),
        max_size=3,
    ).map("".join),
    max_leaves=6,
)

PARSER = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"])


def seen(markdown: str) -> str:
    """The text that a reader of Markdown sees, of all kinds of elements, one line an element."""
    return "\n".join(text for token in PARSER.parse(markdown) for text in _texts(token))


def _texts(token: Token) -> list[str]:
    if token.type == "inline":
        return ["".join(text for child in token.children or () for text in _texts(child))]
    if token.type in {"text", "code_inline", "fence", "code_block", "text_special"}:
        return [token.content]
    if token.type == "softbreak":
        return ["\n"]
    if token.type == "html_block":
        return [html.unescape(re.sub(r"<[^>]*>", "", token.content))]
    return []


def kinds(markdown: str) -> set[str]:
    """The types of all tokens."""
    tokens = PARSER.parse(markdown)
    return {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}


def addresses(markdown: str) -> set[str]:
    """Where all links lead."""
    tokens = PARSER.parse(markdown)
    return {str(child.attrs["href"]) for token in tokens for child in token.children or () if "href" in child.attrs}


def squeezed(text: str) -> str:
    """Text without any white space, and without the characters that no note may hold."""
    return re.sub(r"[\s\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\u2028\u2029]", "", text)
