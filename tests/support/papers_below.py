"""A paper with much below it, as a reader's library holds it, and any paper at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from rich_text import NASTY, NOTES

from bridge.core.children import ChildNote, Children, File, Highlight
from bridge.core.record import ItemId, Record
from bridge.vault.shown import Shown, ShownRules
from bridge.vault.sources import Templates

ITEM = ItemId("users/1", "ABCD2345")
_PDF = "zotero://open-pdf/library/items/PDFPDF22"

CHILDREN = Children(
    highlights=(
        Highlight(
            "HHHH2222",
            "PDFPDF22",
            "highlight",
            text="The dominant sequence transduction models are based on complex recurrent networks.",
            comment="True in 2017.\nCompare with [[state space models]] & #ssm",
            colour="#ffd400",
            page="1",
            link=f"{_PDF}?page=1&annotation=HHHH2222",
            tags=("To quote", "C#"),
            added="2024-03-25",
        ),
        Highlight("HHHH3333", "PDFPDF22", "underline", "multi-head\n\n# attention", "", "#ff6666", "iii",
                  f"{_PDF}?page=3&annotation=HHHH3333", (), "2024-03-27", "Noam [S.]"),
        Highlight("HHHH4444", "PDFPDF22", "note", "", "Ask Ann about this.\n\n- twice", "#fefe00", "4",
                  f"{_PDF}?page=4&annotation=HHHH4444", ("To quote",), "2024-03-26"),
        Highlight("HHHH5555", "PDFPDF22", "image", "", "", "#2ea8e5", "5", f"{_PDF}?page=5&annotation=HHHH5555"),
        Highlight("HHHH6666", "EPUBEP22", "highlight", "from the book", "", "#ff6666", "",
                  "zotero://open/library/items/EPUBEP22?annotation=HHHH6666", (), "2024-03-26"),
    ),
    notes=(
        ChildNote(
            "NNNN2222",
            "Reading notes",
            '<div data-schema-version="9"><h1>Reading notes</h1><p>Why <strong>scaled</strong>?</p>'
            "<h2>Doubts</h2><ul><li>memory</li></ul></div>",
            "zotero://select/library/items/NNNN2222",
            ("idea",),
        ),
        ChildNote("NNNN3333", "A thought", "<p>A thought, and no title.</p>", "zotero://select/library/items/NNNN3333"),
    ),
    files=(
        File("PDFPDF22", "Vaswani et al. - 2017.pdf", "pdf", _PDF),
        File("EPUBEP22", "The [Book]", "epub", "zotero://open/library/items/EPUBEP22"),
        File("SNAPSN22", "Snapshot", "snapshot", "zotero://open/library/items/SNAPSN22", "https://arxiv.org/abs/1706"),
        File("LINKLN22", "Code", "web", "zotero://select/library/items/LINKLN22", "https://x.org/a(b)|c?d=%%e#f"),
        File("FILEFL22", "data.csv", "file", "zotero://select/library/items/FILEFL22"),
    ),
)  # fmt: skip

#: Faces say which blocks are due; any words will do.
FACE = {"title": "Attention Is All You Need", "citekey": "vaswani2017attention", "abstract": "a1"}
DUE = {"highlights": "h1", "zotero-notes": "n1", "files": "f1"}
PAPER = Record(ITEM, {**FACE, **DUE}, "7", blocks={"abstract": "The dominant models…"}, children=CHILDREN)


def shown(root: Path, rules: ShownRules | None = None) -> Shown:
    """The children's renderer of a vault at ``root``."""
    return Shown(rules or ShownRules(), Templates(root, "Templates/Bridge"))


_COLOUR = st.sampled_from(["", "#ffd400", "#ff6666", "#123456"])
_LINK = st.sampled_from(["", "zotero://select/library/items/ABCD2345", "https://x.y/(a)%%b|c", "javascript:x"])


def children() -> st.SearchStrategy[Children]:
    """What any library may hold: nasty texts everywhere."""
    tags = st.lists(NASTY, max_size=2).map(tuple)
    keys = st.lists(st.integers(0, 9), max_size=4, unique=True)
    mark = st.builds(
        Highlight,
        key=st.just(""),
        file=st.sampled_from(["FILE0000", "FILE1111"]),
        kind=st.sampled_from(["highlight", "underline", "note", "text", "image", "ink"]),
        text=NASTY,
        comment=NASTY,
        colour=_COLOUR,
        page=NASTY,
        link=_LINK,
        tags=tags,
        author=NASTY,
    )
    note = st.builds(ChildNote, key=st.just(""), title=NASTY, html=NOTES, link=_LINK, tags=tags)
    file = st.builds(
        File, key=st.just(""), title=NASTY, kind=st.sampled_from(["pdf", "snapshot", "web"]), link=_LINK, url=_LINK
    )

    def keyed(letter: str, each: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
        def named(ids: list[int], made: list[Any]) -> tuple[Any, ...]:
            return tuple(replace(one, key=f"{letter * 4}{at:04}") for at, one in zip(ids, made, strict=True))

        return keys.flatmap(
            lambda ids: st.lists(each, min_size=len(ids), max_size=len(ids)).map(lambda made: named(ids, made))
        )

    return st.builds(Children, highlights=keyed("H", mark), notes=keyed("N", note), files=keyed("F", file))
