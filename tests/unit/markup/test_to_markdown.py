"""Zotero's HTML as Markdown: what is kept, and that its text starts nothing (law 13)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich_text import NASTY, NOTES, addresses, kinds, seen, squeezed

from bridge.core.text import with_code
from bridge.markup import to_markdown
from bridge.markup.inline import tex
from bridge.markup.tree import DEEPEST, Element, parse

GOLDEN = Path(__file__).parents[2] / "golden" / "markup"
#: What other readers of the file look for, wherever it stands.
EVERYWHERE = ("%%", "<%", "{{", "{%", "\r", "\u2028", "\x00")
#: The elements that Markdown has no sign for.
OURS = re.compile(r"</?(?:strong|em|s|mark|u|sub|sup|code|pre)>|<br>")


def outside_code(markdown: str) -> str:
    """Without fenced code, code spans, our own elements and the places that links lead to."""
    lines = (re.sub(r"(?<!\\)`[^`]+`", "", line) for line, is_code in with_code(markdown.split("\n")) if not is_code)
    return OURS.sub("", re.sub(r"(?<!\\)\]\([^()\s]*\)", "]", "\n".join(lines)))


def check_contained(markdown: str) -> None:
    assert not [sign for sign in EVERYWHERE if sign in markdown]
    plain = outside_code(markdown)
    assert not [sign for sign in ("[[", "]]", "<", "![", "[^", "::", "://") if sign in plain]
    assert not re.search(r"(?<!\\)(?:\\\\)*[#^$](?!#)(?![# ])", re.sub(r"&#\d+;", "", plain))
    markdown.encode()


@given(NOTES)
@example("<p>%<b></b>%<span>[</span>[x]]</p>")
@example("<ul><li><pre>```\n</pre></li></ul><p>x</p>")
@example("<h1>#</h1><table><tr><td>|<code>|</code></td></tr></table>")
def test_law13_no_text_of_a_note_ever_starts_anything(html: str) -> None:
    markdown = to_markdown(html)
    check_contained(markdown)
    assert markdown == markdown.strip("\n ")
    assert {"html_block"} >= {kind for kind in kinds(markdown) if kind.startswith("html_b")}
    assert "image" not in kinds(markdown)
    assert addresses(markdown) <= {"https://x.y/?a=%28b%29%25%25&c%5B%5Bd%5D%5D"}


@given(NOTES)
@example("<p><b>a </b>b<em>.c.</em>d</p>")
@example("<p><b><i>x</i></b><i>y</i>*</p>")
@example("<p>-<u>\n</u>- x<br>1<s>.</s> y</p>")
def test_every_text_of_a_note_is_shown_once_and_in_order(html: str) -> None:
    shown = squeezed(seen(to_markdown(html))).replace("•", "").replace("=", "")
    assert shown == squeezed(parse(html).text()).replace("•", "").replace("=", "")


@given(st.text(max_size=3), NASTY)
def test_law13_math_stays_math_or_becomes_text(lead: str, source: str) -> None:
    html = f'<p>{"x"}<span class="math">${source.replace("&", "&amp;").replace("<", "&lt;")}$</span>{"7"}</p>'
    markdown = to_markdown(html)
    assert not [sign for sign in EVERYWHERE if sign in markdown]
    dollars = re.findall(r"(?<!\\)(?:\\\\)*\$", markdown)
    assert len(dollars) in {0, 2}


@pytest.mark.parametrize("name", ["reading-notes", "annotations", "tables-and-math"])
def test_notes_as_zotero_writes_them(name: str) -> None:
    html = (GOLDEN / f"{name}.html").read_text(encoding="utf-8")
    markdown = to_markdown(html, heading_level=4, link=lambda key: f"zotero://select/library/items/{key}")
    assert markdown + "\n" == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")
    check_contained(re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "", markdown, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("", ""),
        ("<p></p><p> </p>", ""),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
        ("<p><strong>a </strong>b<em> c</em></p>", "**a** b *c*"),
        ("<p>x<strong>(a)</strong>y</p>", "x<strong>(a)</strong>y"),
        ("<p><strong><em>a</em></strong></p>", "***a***"),
        ("<p>Stop!<a href='https://a.b'>c</a></p>", r"Stop\![c](https://a.b)"),
        ("<p><a href='javascript:x()'>c</a> <a href='file:///etc'>d</a></p>", "c d"),
        ("<p><a href='DOI:10.1/x'>c</a></p>", "[c](DOI:10.1/x)"),
        ("<ol start='7'><li>a</li><li></li></ol>", "7. a\n8."),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<ul>\n<li>\na\n<ul><li><p>b</p></li></ul></li></ul>", "- a\n  - b"),
        ("<ul><ul><li>odd</li></ul></ul>", "- - odd"),
        ("<h1>a</h1><h6>b</h6>", "#### a\n\n###### b"),
        ("<p><code>%%time</code> <code>a`b</code></p>", r"<code>%&#37;time</code> <code>a\`b</code>"),
        ("<p><code>= this.x</code> <code>$= dv</code></p>", r"\= this.x \$= dv"),
        ("<pre>%%time\n\n- x</pre>", "<pre>&#37;&#37;time\n&#32;\n&#45; x</pre>"),
        ("<pre>a ``` b</pre>", "````\na ``` b\n````"),
        ("<blockquote><p>[!note]- a</p><p>b</p></blockquote>", "> \\[!note\\]- a\n>\n> b"),
        ("<p><span class='math'>$a$</span><span class='math'>$b$</span>2</p>", "$a$ $b$&#50;"),
        ("<pre class='math'>$$a\n= b % why\n$$</pre>", "$$\na = b\n$$"),
        ("<table><tr><td>a</td></tr></table>", "|  |\n| --- |\n| a |"),
        ("<table><tr><th colspan=2>a</th></tr><tr><td>b<ul><li>c</li></ul></td></tr></table>",
         "| a |  |\n| --- | --- |\n| b<br>• c |  |"),
        ("<script>x</script><style>y</style><p>a", "a"),
        ("<p>a<p>b<div>c</p></div>", "a\n\nb\n\nc"),
        ("<img src='https://a.b/c.png' alt='fig'>", "[fig](https://a.b/c.png)"),
        ("<img src='data:image/png;base64,x'>", r"\[image\]"),
    ],
)  # fmt: skip
def test_what_becomes_of_each_element(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown


def test_headings_fit_below_the_heading_they_stand_under() -> None:
    html = "<h1>a</h1><h2>b</h2><h3>c</h3>"
    assert to_markdown(html, heading_level=2) == "## a\n\n### b\n\n#### c"
    assert to_markdown(html, heading_level=5) == "##### a\n\n###### b\n\n###### c"


def annotation(**data: object) -> str:
    return quote(json.dumps(data))


@pytest.mark.parametrize(
    ("data", "link"),
    [
        (
            {"position": {"pageIndex": 2}, "pageLabel": "iii"},
            "[p. iii](zotero://open-pdf/library/items/ABCD2345?page=3&annotation=WWWW2222)",
        ),
        (
            {"position": {"type": "FragmentSelector", "value": "epubcfi(/6/4)"}},
            "[open](zotero://open/library/items/ABCD2345?annotation=WWWW2222)",
        ),
    ],
)
def test_r25_a_highlight_in_a_note_keeps_its_link(data: dict[str, object], link: str) -> None:
    uri = "http://zotero.org/users/123/items/ABCD2345"
    encoded = annotation(attachmentURI=uri, annotationKey="WWWW2222", **data)
    span = f'<span class="highlight" data-annotation="{encoded}">“x”</span>'
    assert to_markdown(f"<p>{span}and more</p>") == f"“x” ({link}) and more"
    cited = (
        f'<p>{span} <span class="citation" data-citation="y">(<span class="citation-item">Wei, 2025</span>)</span>.</p>'
    )
    target = re.findall(r"\((z[^)]*)\)", link)[0]
    assert to_markdown(cited) == f"“x” ([Wei, 2025]({target}))."


@pytest.mark.parametrize(
    "broken", ["", "%7B", "[]", "null", quote('{"attachmentURI": "http://evil.org/items/ABCD2345"}')]
)
def test_a_highlight_whose_data_cannot_be_read_is_text(broken: str) -> None:
    assert to_markdown(f'<p><span class="highlight" data-annotation="{broken}">“x”</span> y</p>') == "“x” y"


def test_a_highlight_of_a_group_leads_into_the_group() -> None:
    encoded = annotation(attachmentURI="http://zotero.org/groups/51/items/ABCD2345", position={"pageIndex": 0})
    markdown = to_markdown(f'<img alt="" data-annotation="{encoded}" data-attachment-key="IMGK2222">')
    assert markdown == "[image](zotero://open-pdf/groups/51/items/ABCD2345?page=1)"


@pytest.mark.parametrize("name", ["div", "blockquote", "ul><li", "b", "table><tr><td", "span class='highlight'"])
def test_nesting_beyond_all_measure_is_flattened(name: str) -> None:
    markdown = to_markdown(f"<{name}>" * 10_000 + "deep")
    assert "deep" in markdown
    assert len(markdown) < 100_000


def test_the_tree_is_never_deeper_than_it_promises() -> None:
    def depth(element: Element) -> int:
        return 1 + max((depth(child) for child in element.elements()), default=0)

    assert depth(parse("<div>" * 10_000 + "x")) == DEEPEST


@pytest.mark.parametrize(
    ("source", "safe"),
    [
        ("a_{{1}}", "a_{ {1}}"),
        ("a<b", "a< b"),
        ("a$b", ""),
        (r"a\$b", r"a\$b"),
        ("a\\", ""),
        ("a\\\\", "a\\\\"),
        ("a%b\n+c", "a +c"),
        ("a`b", ""),
    ],
)
def test_law13_tex_is_spaced_where_it_would_mean_something_else(source: str, safe: str) -> None:
    assert tex(source) == safe


def test_bars_of_tex_end_no_cell() -> None:
    assert tex(r"|a| \\| \|b\|", in_table=True) == r"\vert{}a\vert{} \\\vert{} \Vert{}b\Vert{}"
