"""A person's Markdown as what Zotero's note editor keeps, and the form by which two notes are compared (law 8)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich_text import NASTY, NOTES, squeezed

from bridge.markup import normal_form, to_html
from bridge.markup.html import wrapped
from bridge.markup.tree import Element, parse

#: What the schema of Zotero's editor writes (zotero/note-editor, src/core/schema).
KEPT = {
    *("body", "div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr", "br", "img"),
    *("table", "tbody", "tr", "td", "th", "strong", "em", "u", "sub", "sup", "code", "span", "a"),
}


def names(element: Element) -> set[str]:
    return {element.name}.union(*(names(child) for child in element.elements()))


def inner(html: str) -> str:
    found = re.fullmatch(r'<div data-schema-version="9">(.*)</div>', html, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("", ""),
        ("a\nb", "<p>a<br>b</p>"),
        ("**a** *b* ~~c~~ ==d *e*== `f`",
         ('<p><strong>a</strong> <em>b</em> <span style="text-decoration: line-through">c</span> '
          '<span style="background-color: #ffd40080">d <em>e</em></span> <code>f</code></p>')),
        ("a == b == c", "<p>a == b == c</p>"),
        ("[[Note]] [[Note#Part|words]] ![[fig.png|100]] ![[Note#^id]]", "<p>Note words [fig.png] [Note]</p>"),
        ("![alt](https://a.b/c.png) ![](local.png)",
         '<p><a href="https://a.b/c.png" rel="noopener noreferrer nofollow">alt</a> [local.png]</p>'),
        ("[a](Other.md) [b](mailto:x@y.z)",
         '<p>a <a href="mailto:x@y.z" rel="noopener noreferrer nofollow">b</a></p>'),
        ("see https://a.b/c, or `https://d.e`",
         ('<p>see <a href="https://a.b/c" rel="noopener noreferrer nofollow">https://a.b/c</a>, '
          "or <code>https://d.e</code></p>")),
        ("a %%b%% c ^id\n\n^other", "<p>a c</p>"),
        ("a\n%%\nhidden\n\nhidden\n%%\nb", "<p>a</p>\n<p>b</p>"),
        ("`%%` a %% never ended\n\nb", "<p><code>%%</code> a</p>"),
        ("%%\n```\n%%\na %%b%%", "<p>a</p>"),
        ("```\n%% kept %%\n```", "<pre>%% kept %%</pre>"),
        ("> [!warning]- Mind\n> this", "<blockquote>\n<p><strong>Mind</strong></p>\n<p>this</p>\n</blockquote>"),
        ("> [!key-idea]\n> x", "<blockquote>\n<p><strong>Key idea</strong></p>\n<p>x</p>\n</blockquote>"),
        ("- [ ] a\n- [x] b", "<ul>\n<li>[ ] a</li>\n<li>[x] b</li>\n</ul>"),
        ("3. a\n\n   b", '<ol start="3">\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n</ol>'),
        ("$a<b$ costs $5 or $6", '<p><span class="math">$a&lt;b$</span> costs $5 or $6</p>'),
        ("$$\na\n- b\n$$", '<pre class="math">$$a\n- b$$</pre>'),
        ("so $$a$$ it is", '<p>so</p>\n<pre class="math">$$a$$</pre>\n<p>it is</p>'),
        ("> $$a\n\nb", "<blockquote>\n<p>$$a</p>\n</blockquote>\n<p>b</p>"),
        ("a[^1]\n\n[^1]: b", "<p>a<sup>[1]</sup></p>\n<hr>\n<ol>\n<li>b</li>\n</ol>"),
        ("<u>a</u> <sub>b</sub> <script>x</script><iframe src='y'></iframe>", "<p><u>a</u> <sub>b</sub></p>"),
        ("#tag and # no heading", "<p>#tag and # no heading</p>"),
    ],
)  # fmt: skip
def test_what_becomes_of_obsidians_markdown(markdown: str, html: str) -> None:
    assert inner(to_html(markdown)) == html


def test_a_link_to_a_note_leads_where_one_is_made_for_it() -> None:
    html = to_html("[[@wei2025|Wei]] [[Other]]", link=lambda target: "zotero://select/x" if target[0] == "@" else "")
    assert inner(html) == (
        '<p><a href="zotero://select/x" rel="noopener noreferrer nofollow">Wei</a> Other</p>'
    )  # fmt: skip


MARKDOWN = st.lists(
    st.one_of(
        NASTY,
        st.sampled_from(
            [
                *("", "# a", "- a", "    - b", "> q", "> [!note] t", "```", "~~~", "| a | b |\n|---|---|\n| c | d |"),
                *("**a** _b_", "==c==", "[[d|e]]", "%%", "1. f", "***", "[^1]: g", "<div>", "</div>", "<b>h", "$$"),
            ]
        ),
    ),
    max_size=8,
).map("\n".join)  # fmt: skip


@given(MARKDOWN)
@example("[^1]: %%\n> [^1]")
@example("> - " * 80 + "deep")
@example("==a **b== c** d==")
def test_law8_a_note_is_written_in_its_normal_form_and_holds_only_what_the_editor_keeps(markdown: str) -> None:
    html = to_html(markdown)
    assert normal_form(html) == inner(html)
    assert names(parse(html)) <= KEPT
    assert to_html(markdown) == html


@given(NOTES)
def test_law8_the_normal_form_is_stable_and_loses_no_text(html: str) -> None:
    form = normal_form(html)
    assert normal_form(wrapped(form)) == form
    assert squeezed(parse(form).text()) == squeezed(parse(html).text())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<b>a</b><i>b</i>", "<p><strong>a</strong><em>b</em></p>\n<p></p>"),
        ("<ul><li><p>a</p></li></ul>", "<ul>\n<li>\na\n</li>\n</ul>"),
        ("<table><tr><td>a</td></tr></table>",
         "<table>\n<tbody>\n<tr>\n<td>\n<p>a</p>\n</td>\n</tr>\n</tbody>\n</table>"),
        ("<p>a \u00a0b<br></p>", "<p>a  b</p>"),
        ("<p><b>a</b><b>b</b></p>", "<p><b>ab</b></p>"),
        ("<p><em><strong>a</strong></em></p>", "<p><strong><em>a</em></strong></p>"),
        ('<p style="padding-left: 80px">a</p>', '<p data-indent="2">a</p>'),
        ('<div data-schema-version="8"><p>a</p></div>', '<div data-citation-items="x" data-schema-version="9">a</div>'),
        ("<p>&quot;a&quot;&nbsp;b</p>", '<p>"a" b</p>'),
    ],
)  # fmt: skip
def test_law8_another_spelling_is_no_news(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a</p>", '<p><span style="color: #ff6666">a</span></p>'),
        ("<p>a</p>", '<p style="text-align: center">a</p>'),
        ("<p>a</p>", '<p><img data-attachment-key="ABCD2345"></p>'),
        ('<p><a href="http://a.b">a</a></p>', '<p><a href="http://a.c">a</a></p>'),
        ('<p><span class="citation" data-citation="1">(a)</span></p>', "<p>(a)</p>"),
        ("<p>a</p><p>b</p>", "<p>a<br>b</p>"),
        ("<ol><li>a</li></ol>", '<ol start="2"><li>a</li></ol>'),
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
    ],
)
def test_whatever_a_person_can_change_in_the_editor_is_news(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)
