"""Rich text between Zotero's notes (HTML) and Obsidian's (Markdown), both ways.

* :mod:`bridge.markup.tree`: HTML as a tree of bounded depth;
* :mod:`bridge.markup.inline` and :mod:`bridge.markup.markdown`: that tree as Markdown (law 13);
* :mod:`bridge.markup.html`: a person's Markdown as what Zotero's note editor keeps;
* :mod:`bridge.markup.canonical`: what two pieces of HTML are compared by (law 8).

Pure. Parsers are imported when they are first needed: a cycle with nothing to convert loads none of them.
"""

from __future__ import annotations

from collections.abc import Callable


def to_markdown(html: str, *, heading_level: int = 4, link: Callable[[str], str] | None = None) -> str:
    """A Zotero note's HTML as Markdown for Obsidian: lines with LF, trimmed, without ``%%`` anywhere.

    Whatever the HTML holds, its text is shown as it stands and starts nothing (law 13).

    :param heading_level: the level that ``<h1>`` becomes; deeper headings follow, none below level 6.
    :param link: the ``zotero://`` address that shows an item, by its key: for images, which stay in Zotero; without
        it, or where it gives nothing, an image is named only.
    """
    from bridge.markup.markdown import convert

    return convert(html, heading_level, link or (lambda _: ""))


def to_html(markdown: str, *, link: Callable[[str], str] | None = None) -> str:
    """A person's Markdown as the whole HTML of a Zotero note, in canonical spelling, of what its editor keeps.

    :param link: the address for what a ``[[link]]`` names (its target as written, ``Note#Heading``); without it, or
        where it gives nothing, such a link becomes its words.
    """
    from bridge.markup.html import convert

    return convert(markdown, link or (lambda _: ""))


def normal_form(html: str) -> str:
    """The normal form of a note's HTML: equal for two that show the same in Zotero (R2, law 8)."""
    from bridge.markup.canonical import canonical
    from bridge.markup.tree import parse

    return canonical(parse(html))
