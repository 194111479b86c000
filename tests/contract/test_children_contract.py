"""What a library shows below its papers, on every library side there is (R21, R25)."""

from __future__ import annotations

from harnesses import LibraryHarness

from bridge.core.children import FILES, HIGHLIGHTS, NONE, NOTES
from bridge.core.record import Record
from bridge.core.side import Edit


def look(library: LibraryHarness, number: int) -> Record:
    item = library.ids[number]
    return library.side.look([item])[item]


def test_r21_r25_a_record_shows_what_hangs_below_its_paper_alone(library: LibraryHarness) -> None:
    assert look(library, 0).children == NONE
    assert [look(library, 0).face[name] for name in (HIGHLIGHTS, NOTES, FILES)] == ["", "", ""]
    library.hang(library.ids[0], "marked")
    shown = look(library, 0)
    (highlight,), (file,) = shown.children.highlights, shown.children.files
    assert (highlight.text, highlight.page, highlight.colour, highlight.file) == ("marked", "12", "#ffd400", file.key)
    assert (file.kind, file.title) == ("pdf", "Full Text PDF")
    assert highlight.link == f"{file.link}?page=3&annotation={highlight.key}"
    assert file.link == f"zotero://open-pdf/library/items/{file.key}"
    assert look(library, 1).children == NONE


def test_law_8_a_digest_moves_with_what_is_shown_and_not_else(library: LibraryHarness) -> None:
    library.hang(library.ids[0], "one")
    first = look(library, 0)
    library.hang(library.ids[0], "two")
    second = look(library, 0)
    assert first.face[HIGHLIGHTS] != second.face[HIGHLIGHTS]
    assert first.face[FILES] == second.face[FILES]
    assert first.token == second.token, "the paper's version does not rise with its children's"
    library.hang(library.ids[0], "one")
    assert look(library, 0).face == first.face


def test_law_7_the_record_reported_shows_them_too(library: LibraryHarness) -> None:
    library.hang(library.ids[0], "marked")
    before = look(library, 0)
    (outcome,) = library.side.apply([Edit(library.ids[0], before.token, {"url": "http://new.org"})])
    assert outcome.record == look(library, 0)
    assert outcome.record.children == before.children
