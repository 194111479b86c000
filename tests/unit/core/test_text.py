"""Law 13: text from Zotero is shown as it stands and starts nothing. An independent Markdown parser is the judge."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bridge.core.text import clean_lines, eol_of, escape, escape_lines, heading, with_code

NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "%%",
                "%",
                "`",
                "```",
                "~~~",
                "[[",
                "]]",
                "![[x]]",
                "[x](http://y.z)",
                "![",
                "<script>",
                "<!--",
                "-->",
                "<% tp.file %>",
                "{{",
                "{%",
                "}}",
                "$=",
                "$$",
                "`= this.x`",
                "#tag",
                " ^id",
                "^[note]",
                "[^1]: x",
                "---",
                "- x",
                "+ ",
                "* ",
                "1. ",
                "2) ",
                "# x",
                "> q",
                "> [!note]",
                "\n",
                "\r\n",
                "\u2028",
                "\x85",
                "\t",
                "    ",
                "\\",
                "\\[",
                "&amp;",
                "&#37;",
                "key:: value",
                "https://x.y",
                "a@b.org",
                "@key",
                "==",
                "===",
                "__",
                "_x_",
                "|",
                "|-|",
                "a_b",
                "\ud800",
                "\ufeff",
                "\x00",
                " %% bridge:end abstract %%",
                "%% bridge:begin abstract",
            ]
        ),
        st.text(max_size=5),
    ),
    max_size=8,
).map("".join)

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
#: What other readers of the file look for without knowing Markdown's backslash.
RAW = (
    "%%",
    "<",
    "{{",
    "{%",
    "[[",
    "]]",
    "```",
    "~~~",
    "$$",
    "::",
    "://",
    "==",
    "![",
    "[^",
    "\n",
    "\r",
    "\u2028",
)


def shown(markdown: str) -> str:
    """What a reader sees of one escaped line, by CommonMark's two rules for it."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown))


@given(NASTY)
@example("50% of R&D uses C# and snake_case [1]")
def test_law13_a_line_is_shown_as_it_stands_and_nothing_in_it_is_left_to_be_read_by_others(text: str) -> None:
    escaped = escape(text)
    assert not [sign for sign in RAW if sign in escaped]
    assert not re.search(r"(?<!\\)(?:\\\\)*[`\[\]#^$|~*]", re.sub(r"&#37;|&lt;|&amp;", "", escaped))
    # A reference that the text itself held was escaped, so that unescaping gives back the text.
    kept = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped)
    for reference, character in (("&lt;", "<"), ("&#37;", "%"), ("&amp;", "&")):
        kept = kept.replace(reference, character)
    assert kept == " ".join(line for line in clean_lines(text) if line)
    escaped.encode()


@given(NASTY)
def test_law13_lines_in_a_quote_are_paragraphs_of_plain_text_to_a_markdown_parser(text: str) -> None:
    lines = escape_lines(text)
    tokens = PARSER.parse("\n".join(f"> {line}".rstrip() for line in lines) + "\n\nafter")
    kinds = {token.type for token in tokens}
    assert kinds <= {"blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline"}
    inline = [token for token in tokens if token.type == "inline"]
    assert {child.type for token in inline for child in token.children or ()} <= {"text", "softbreak"}
    assert inline[-1].content == "after"
    seen = [
        "".join("\n" if child.type == "softbreak" else child.content for child in token.children or ())
        for token in inline[:-1]
    ]
    # The parser makes of U+00A0 and the like what HTML does; compare by words.
    assert "\n".join(seen).split() == text_of(text).split()


def text_of(text: str) -> str:
    return "\n".join(clean_lines(text))


@given(NASTY)
def test_law13_a_heading_is_one_heading(text: str) -> None:
    tokens = PARSER.parse(heading(text) + "\n\nafter")
    assert [token.type for token in tokens][:3] == ["heading_open", "inline", "heading_close"]
    assert {child.type for child in tokens[1].children or ()} <= {"text"}
    assert len(tokens) == 6


@pytest.mark.parametrize(
    "plain",
    [
        "Attention Is All You Need",
        "R&D in 50% of cases: a review",
        "snake_case, a-b + c = d!",
        "(2017) \u201cx\u201d \u2014 y/z",
    ],
)
def test_ordinary_text_is_left_alone(plain: str) -> None:
    assert escape(plain) == plain


def test_law13_documented_spellings() -> None:
    assert escape("%% <% [[x]] #tag") == r"%&#37; &lt;% \[\[x\]\] \#tag"
    assert escape("- item") == r"\- item"
    assert escape("12. item") == r"12\. item"
    assert escape("&lt; & x") == "&amp;lt; & x"


def test_control_characters_and_every_line_break_are_gone() -> None:
    assert clean_lines("a\x00b\ufeffc\u2028d\x85e\r\nf\x0bg\ud800") == ["abc", "d", "e", "f", "g\ufffd"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\n```\nb\n```\nc", [0, 1, 1, 1, 0]),
        ("~~~~\n~~~\n```\n~~~~~\nc", [1, 1, 1, 1, 0]),
        ("> ```\n> b\nc", [1, 1, 0]),
        ("- ```\n  b\n  ```\nc", [1, 1, 1, 0]),
        ("``` a`b\nc", [0, 0]),
        ("``\nc", [0, 0]),
        ("```\nnever closed\n\nx", [1, 1, 1, 1]),
        ("```\n``` not a close\n```\nx", [1, 1, 1, 0]),
    ],
)
def test_fenced_code_is_told_from_prose(text: str, code: list[int]) -> None:
    assert [int(is_code) for _, is_code in with_code(text.split("\n"))] == code


def test_line_ending_is_that_of_the_first_line() -> None:
    assert [eol_of(text) for text in ("", "a", "\n", "a\nb\r\n", "a\r\nb\n", "\r\n")] == [
        "\n",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r\n",
    ]
