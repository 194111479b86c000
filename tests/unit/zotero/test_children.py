"""What hangs below a paper: R21 (what is hidden), R25 (links), reading order, law 13."""

from __future__ import annotations

import json
import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.core.children import FILES, HIGHLIGHTS, NONE, NOTES, ChildNote, Children, File, Highlight
from bridge.zotero.children import children, digests, note_title, web_link

BERLIN = ZoneInfo("Europe/Berlin")
PAPER = {"key": "PAPER222", "version": 3, "data": {"itemType": "journalArticle", "url": "https://arxiv.org/pdf/1.pdf"}}


def child(key: str, kind: str, parent: str = "PAPER222", meta: dict[str, Any] | None = None, **data: Any) -> Any:
    shown = {"key": key, "version": 9, "itemType": kind, "parentItem": parent, "tags": [], "relations": {}, **data}
    return {"key": key, "version": 9, "meta": meta or {}, "data": {"dateAdded": "2024-03-27T23:30:00Z", **shown}}


def pdf(key: str = "PDFFILE2", **data: Any) -> Any:
    told: dict[str, Any] = {"linkMode": "imported_url", "contentType": "application/pdf", "title": "Full Text PDF"}
    return child(key, "attachment", **(told | {"filename": "1.pdf", "md5": None, "mtime": None} | data))


def mark(key: str = "MARK2222", parent: str = "PDFFILE2", **data: Any) -> Any:
    told = {"annotationType": "highlight", "annotationText": "A text.", "annotationComment": "", **data}
    where = {"annotationPosition": json.dumps({"pageIndex": 4, "rects": [[1.5, 2, 3, 4]]})}
    place = {"annotationColor": "#ffd400", "annotationPageLabel": "iv", "annotationSortIndex": "00004|000010|00020"}
    return child(key, "annotation", parent, **(where | place | told))


def of(*below: Any, place: str = "library") -> Children:
    return children(PAPER, below, place, BERLIN)


def first(*below: Any, place: str = "library") -> Highlight:
    (found,) = of(*below, place=place).highlights
    return found


# --- one of each, as the server shows them


def test_a_highlight_in_a_pdf_opens_its_page_and_not_its_page_label() -> None:
    shown = mark(
        annotationText="Attention is  all\u0007 you need.",
        annotationComment="Strong.\r\nToo strong?",
        annotationColor="#FF6666",
        tags=[{"tag": "to discuss"}, {"tag": "claim", "type": 1}],
    )
    assert first(shown, pdf()) == Highlight(
        key="MARK2222",
        file="PDFFILE2",
        kind="highlight",
        text="Attention is  all you need.",
        comment="Strong.\nToo strong?",
        colour="#ff6666",
        page="iv",
        link="zotero://open-pdf/library/items/PDFFILE2?page=5&annotation=MARK2222",
        tags=("claim", "to discuss"),
        added="2024-03-28",
        author="",
    )


@pytest.mark.parametrize("kind", ["image", "ink", "note"])
def test_what_has_no_text_is_known_by_its_kind(kind: str) -> None:
    shown = mark(annotationType=kind, annotationComment="See this.")
    del shown["data"]["annotationText"]
    assert (first(shown, pdf()).kind, first(shown, pdf()).text) == (kind, "")
    assert first(shown, pdf()).comment == "See this."


def test_a_kind_of_a_later_zotero_is_left_out() -> None:
    assert of(pdf(), mark(annotationType="hologram")).highlights == ()


@pytest.mark.parametrize(
    ("content_type", "position", "index"),
    [
        ("application/epub+zip", {"type": "FragmentSelector", "value": "epubcfi(/6/8!/4/2)"}, "00003|00000120"),
        ("text/html", {"type": "CssSelector", "value": "#a > p", "refinedBy": {"start": 1}}, "0000871"),
    ],
)
def test_r25_books_and_snapshots_open_at_the_annotation(content_type: str, position: object, index: str) -> None:
    shown = mark(annotationPosition=json.dumps(position), annotationSortIndex=index, annotationPageLabel="")
    found = of(pdf(contentType=content_type), shown)
    assert found.highlights[0].link == "zotero://open/library/items/PDFFILE2?annotation=MARK2222"
    assert found.files[0].link == "zotero://open/library/items/PDFFILE2"


def test_r25_in_a_group_links_name_the_group_and_marks_their_maker() -> None:
    meta = {"createdByUser": {"id": 5, "username": "ada5", "name": "Ada Example"}}
    shown = mark(meta=meta)
    found = of(pdf(), shown, child("NOTE2222", "note", note="x"), place="groups/51")
    assert found.highlights[0].link == "zotero://open-pdf/groups/51/items/PDFFILE2?page=5&annotation=MARK2222"
    assert found.highlights[0].author == "Ada Example"
    assert found.files[0].link == "zotero://open-pdf/groups/51/items/PDFFILE2"
    assert found.notes[0].link == "zotero://select/groups/51/items/NOTE2222"
    assert first(pdf(), mark(meta=meta, annotationAuthorName="Grace"), place="groups/51").author == "Grace"
    assert first(pdf(), mark(meta=meta)).author == "", "in one's own library it is oneself"


def test_r25_where_no_reader_opens_the_file_it_is_shown_where_it_stands() -> None:
    found = of(
        pdf("DOCFILE2", contentType="application/vnd.ms-excel", title=""),
        mark(parent="DOCFILE2", annotationPosition="{}"),
        pdf("WEBLINK2", linkMode="linked_url", url="https://example.org/a b", contentType=""),
    )
    assert found.files == (
        File("DOCFILE2", "1.pdf", "file", "zotero://select/library/items/DOCFILE2"),
        File(
            "WEBLINK2",
            "Full Text PDF",
            "web",
            "zotero://select/library/items/WEBLINK2",
            "https://example.org/a%20b",
        ),
    )
    assert found.highlights[0].link == "zotero://select/library/items/DOCFILE2"


def test_files_that_do_not_say_what_they_are_are_known_by_name() -> None:
    linked: dict[str, Any] = {"linkMode": "linked_file", "contentType": ""}
    found = of(
        child("AAAAAAA2", "attachment", **linked, path="C:\\papers\\One.PDF"),
        child("BBBBBBB2", "attachment", **linked, path="attachments:books/two.epub", title=""),
        child("CCCCCCC2", "attachment", **linked, path="/tmp/three"),
        child("DDDDDDD2", "attachment", **linked, path=""),
    )
    assert [(one.kind, one.title) for one in found.files] == [
        ("pdf", "One.PDF"),
        ("epub", "two.epub"),
        ("file", "three"),
        ("file", "DDDDDDD2"),
    ]
    unknown = child("CCCCCCC2", "attachment", **linked, path="/tmp/three")
    assert first(unknown, mark(parent="CCCCCCC2")).link.startswith("zotero://open-pdf/library/items/CCCCCCC2?page=5")


@pytest.mark.parametrize(
    "position",
    ["", "no JSON", "[]", "null", '{"pageIndex": -1}', '{"pageIndex": "3"}', '{"pageIndex": true}', "[" * 99_999],
)
def test_a_position_that_says_no_page_makes_a_link_without_one(position: str) -> None:
    found = first(pdf(), mark(annotationPosition=position))
    assert found.link == "zotero://open-pdf/library/items/PDFFILE2?annotation=MARK2222"


def test_a_note_keeps_its_html_and_is_called_by_its_first_line() -> None:
    html = (
        '<div class="zotero-note znv1" data-schema-version="9"><p> </p><h1>What I <i>think</i> &amp; why</h1>\n'
        "<pre>a\tb</pre></div>"
    )
    found = of(child("NOTE2222", "note", note=html, tags=[{"tag": "b"}, {"tag": "a"}])).notes
    link = "zotero://select/library/items/NOTE2222"
    assert found == (ChildNote("NOTE2222", "What I think & why", html, link, ("a", "b")),)


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p></p><ul><li>one</li><li>two</li></ul>", "one"),
        ("one<br>two", "one"),
        ("1 < 2 <b>or</b> &lt;p&gt;", "1 < 2 or <p>"),
        ("<p>" + "long " * 50 + "</p>", "long " * 23 + "long…"),
        ('<img src="data:' + "A" * 300_000 + '"><p>after</p>', "after"),
        ("<" * 300_000, "<" * 119 + "…"),
    ],
)
def test_a_notes_title(html: str, title: str) -> None:
    assert note_title(html) == title


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("<b>Bold</b> and <i>it <b>both</b></i>", "Bold and it both"),
        ("H<sub>2</sub>O, 10<sup>-3</sup>, 4<SUP>th</SUP>, d<sub>k</sub>", "H₂O, 10⁻³, 4th, dₖ"),
        ("a <b> c, 1 < 2 &amp; <u>x</u>", "a <b> c, 1 < 2 &amp; <u>x</u>"),
        ("<b>" * 9_999 + "x", "<b>" * 9_999 + "x"),
    ],
)
def test_markup_of_a_comment_is_taken_out_and_nothing_else(raw: str, plain: str) -> None:
    found = first(pdf(), mark(annotationComment=raw, annotationText=raw))
    assert (found.comment, found.text) == (plain, plain)


@pytest.mark.parametrize("colour", ["", "red", "#ggg000", "#ffd40", None, '#ffd400"'])
def test_what_is_no_colour_is_none(colour: str | None) -> None:
    assert first(pdf(), mark(annotationColor=colour)).colour == ""


# --- R21: what is hidden


def test_r21_the_trash_and_what_is_below_it_is_hidden() -> None:
    trashed: dict[str, Any] = {"deleted": 1}
    assert of(pdf(**trashed), mark(), child("NOTE2222", "note", note="x", **trashed)) == NONE
    assert of(pdf(), mark(**trashed)).highlights == ()
    assert of(mark()) == NONE, "its file is not there"


def test_r21_what_belongs_to_others_is_not_shown() -> None:
    assert (
        of(
            pdf("IMAGE222", linkMode="embedded_image", contentType="image/png"),
            child("IMAGE333", "attachment", "NOTE2222", linkMode="embedded_image"),
            child("NOTE3333", "note", "PDFFILE2", note="x"),
            child("NOTE4444", "note", "OTHER222", note="x"),
            child("MARK2222", "annotation", annotationType="highlight", annotationText="x"),
        )
        == NONE
    )


# --- order


def test_files_are_ordered_as_zotero_picks_the_best_one() -> None:
    below = [
        pdf("WEBLINK2", linkMode="linked_url", contentType="", url="https://example.org", dateAdded="2019"),
        pdf("SNAPSHO2", contentType="text/html", url="https://example.org/x", dateAdded="2020"),
        pdf("NEWPDF22", dateAdded="2024"),
        pdf("OLDPDF33", dateAdded="2021"),
        pdf("OLDPDF22", dateAdded="2021"),
        pdf("OWNPDF22", dateAdded="2025", url="https://arxiv.org/pdf/1.pdf"),
        pdf("EPUB2222", contentType="application/epub+zip", dateAdded="2018"),
    ]
    wanted = ["OWNPDF22", "OLDPDF22", "OLDPDF33", "NEWPDF22", "EPUB2222", "SNAPSHO2", "WEBLINK2"]
    assert [one.key for one in of(*below).files] == wanted
    random.Random(1).shuffle(below)
    assert [one.key for one in of(*below).files] == wanted
    assert of(*below).files[5].url == "https://example.org/x"


def test_highlights_are_in_reading_order_over_all_files() -> None:
    below = [pdf("PDFFILE2", dateAdded="2020"), pdf("PDFFILE3", dateAdded="2021")]
    below += [
        mark(f"MARK222{letter}", "PDFFILE2", annotationSortIndex=index)
        for letter, index in zip("FDBAEC", ["", "00010|000000|00000", "00002|000500|00000", "00002|000040|00700",
                                            "x|y", "00003|000000|00000"], strict=True)
    ]  # fmt: skip
    below += [mark("MARK3332", "PDFFILE3", annotationSortIndex="00000|000000|00000")]
    found = [one.key for one in of(*reversed(below)).highlights]
    assert found == [*(f"MARK222{letter}" for letter in "ABCDEF"), "MARK3332"]


def test_a_snapshots_places_are_numbers() -> None:
    below = [pdf(contentType="text/html")]
    below += [mark("MARK2222", annotationSortIndex="10000000"), mark("MARK3333", annotationSortIndex="9999999")]
    assert [one.key for one in of(*below).highlights] == ["MARK3333", "MARK2222"]


def test_notes_are_in_the_order_in_which_they_were_made() -> None:
    notes = [child(key, "note", note=key, dateAdded=day) for key, day in (("B", "2024"), ("C", "2023"), ("A", "2024"))]
    assert [one.key for one in of(*notes).notes] == ["C", "A", "B"]


# --- digests


def test_law_8_only_what_is_shown_moves_a_digest() -> None:
    def digest(*below: Any) -> dict[str, str]:
        return digests(of(*below))

    assert digests(NONE) == {HIGHLIGHTS: "", NOTES: "", FILES: ""}
    plain = digest(pdf(), mark(), child("NOTE2222", "note", note="x"))
    assert all(plain.values())
    aside: dict[str, Any] = {"dateModified": "2030", "version": 99, "relations": {"dc:relation": "x"}}
    assert plain == digest(
        child("NOTE2222", "note", note="x", **aside),
        mark(**aside, annotationPosition=json.dumps({"pageIndex": 4, "rects": []})),
        pdf(**aside, md5="0" * 32, mtime=5, lastRead=7, accessDate="2030", charset="utf-8"),
    )
    for changed, name in (
        (digest(pdf(), mark(annotationComment="!"), child("NOTE2222", "note", note="x")), HIGHLIGHTS),
        (digest(pdf(), mark(), child("NOTE2222", "note", note="y")), NOTES),
        (digest(pdf(title="Another"), mark(), child("NOTE2222", "note", note="x")), FILES),
    ):
        assert {one for one in plain if plain[one] != changed[one]} == {name}


# --- law 13


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://example.org/?q=a&b=%20#c", "https://example.org/?q=a&b=%20#c"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("doi:10.1/x", "doi:10.1/x"),
        ("mailto:a@b.org", "mailto:a@b.org"),
        ("obsidian://open?vault=v", "obsidian://open?vault=v"),
        ('https://example.org/ü<>"`|^', "https://example.org/%C3%BC%3C%3E%22%60%7C%5E"),
        ("javascript:alert(1)", ""),
        ("java\nscript:x", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,x", ""),
        ("example.org", ""),
        ("https:", ""),
        ("", ""),
    ],
)
def test_r25_only_some_addresses_become_links(text: str, link: str) -> None:
    assert web_link(text) == link


def test_law_13_no_control_character_and_no_half_of_a_pair_comes_through() -> None:
    bad = "a\u0000\u0085\ud800\u2028b"
    found = of(
        pdf(title=bad, url=f"https://{bad}", contentType="text/html"),
        mark(annotationText=bad, annotationComment=bad, annotationPageLabel=bad, tags=[{"tag": bad}]),
        child("NOTE2222", "note", note=f"<p>{bad}</p>"),
    )
    assert all(digests(found).values())
    (highlight,), (note,), (file,) = found.highlights, found.notes, found.files
    texts = [highlight.page, *highlight.tags, file.title, note.title, file.url]
    assert all(text.isprintable() for text in texts), texts
    assert "\ud800" not in highlight.text + highlight.comment + note.html
