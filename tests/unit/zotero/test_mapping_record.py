"""Zotero JSON to a record: every field, for odd items too."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.core.children import FILES, HIGHLIGHTS, NOTES
from bridge.core.policy import build_policy
from bridge.core.record import ItemId
from bridge.core.status import StatusNames
from bridge.data import schema
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.tree import CollectionTree

TREE = CollectionTree.build(
    [
        {"key": "NLP", "data": {"name": "NLP", "parentCollection": False}},
        {"key": "TRF", "data": {"name": "Transformers", "parentCollection": "NLP"}},
        {"key": "BIN", "data": {"name": "old", "parentCollection": False, "deleted": True}},
    ]
)


def mapper(library: str = "users/1", **rules: Any) -> Mapper:
    return Mapper(library, MappingRules(StatusNames(), ZoneInfo("Europe/Berlin"), **rules), TREE)


def item(kind: str = "journalArticle", meta: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return {
        "key": "ABCD2345",
        "version": 7,
        "meta": meta or {},
        "data": {"key": "ABCD2345", "version": 7, "itemType": kind, **data},
    }


def face(*args: Any, **data: Any) -> dict[str, Any]:
    return dict(mapper().record(item(*args, **data)).face)


def author(family: str, given: str = "", kind: str = "author") -> dict[str, str]:
    return {"creatorType": kind, "firstName": given, "lastName": family}


def test_a_paper_shows_every_field() -> None:
    record = mapper(custom={"rating": "extra:Rating", "pages": "pages"}).record(
        item(
            meta={"parsedDate": "2017-06-12"},
            title="Attention Is All You Need",
            creators=[author("Vaswani", "Ashish"), author("Shazeer", "Noam"), author("Parmar", "Niki")],
            date="June 12, 2017",
            publicationTitle="NeurIPS",
            DOI="10.48550/arXiv.1706.03762",
            url="https://arxiv.org/abs/1706.03762",
            pages="1-11",
            citationKey="vaswani2017attention",
            abstractNote="The dominant\r\nmodels.",
            extra="Read_Status: In Progress\nRead_Status_Date: 2024-03-26T23:30:00.000Z\nRating: 5",
            tags=[{"tag": "deep  learning"}, {"tag": "cs.CL", "type": 1}],
            collections=["TRF", "BIN", "GONE"],
            dateAdded="2024-03-25T23:11:12Z",
        )
    )
    assert record.id == ItemId("users/1", "ABCD2345")
    assert (record.token, record.life) == ("7", "live")
    assert record.blocks == {"abstract": "The dominant\nmodels."}
    shown = dict(record.face)
    digest = shown.pop("abstract")
    assert isinstance(digest, str)
    assert len(digest) == 16
    assert shown == {
        "title": "Attention Is All You Need",
        "status": "reading",
        "status-date": "2024-03-27",
        "tags": ("deep  learning",),
        "keywords": ("cs.CL",),
        "collections": ("NLP/Transformers",),
        "authors": ("Ashish Vaswani", "Noam Shazeer", "Niki Parmar"),
        "year": "2017",
        "published": "2017-06-12",
        "venue": "NeurIPS",
        "type": "journalArticle",
        "doi": "10.48550/arXiv.1706.03762",
        "url": "https://arxiv.org/abs/1706.03762",
        "added": "2024-03-26",
        "aliases": ("Attention Is All You Need", "Vaswani et al. 2017"),
        "citekey": "vaswani2017attention",
        "zotero-link": "zotero://select/library/items/ABCD2345",
        "zotero-status": "",
        "related": (),
        "also-in": (),
        "merged-into": "",
        "rating": "5",
        "pages": "1-11",
        **dict.fromkeys((HIGHLIGHTS, NOTES, FILES), ""),
    }


def test_the_face_has_every_field_zotero_fills_even_of_an_empty_item() -> None:
    shown = face("document")
    policy = build_policy(tag_key=str, tag_shown=str, status_normal=str)
    assert shown.keys() == policy.fields.keys() - {"started", "finished"} | {"status-date"}
    filled = {name for name, value in shown.items() if value}
    assert filled == {"type", "zotero-link"}
    assert mapper().record(item("document")).blocks == {"abstract": ""}


@pytest.mark.parametrize("kind", sorted(name for name, known in schema().types.items() if known.regular))
def test_r14_every_type_shows_its_own_title_and_date(kind: str) -> None:
    known = schema().types[kind]
    own = known.own_field("title"), known.own_field("date")
    data: dict[str, Any] = {own[0] or "title": "T", own[1] or "date": "2001-05"}
    assert (face(kind, **data)["title"], face(kind, **data)["published"]) == (
        "T",
        "2001-05" if own[1] else "",
    )


@pytest.mark.parametrize(("kind", "field"), [("case", "caseName"), ("statute", "nameOfAct"), ("email", "subject")])
def test_r14_title_is_the_types_own_field(kind: str, field: str) -> None:
    assert face(kind, **{field: "Roe v. Wade"})["title"] == "Roe v. Wade"
    assert face(kind, title="not a field of this type")["title"] == ""


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("<i>E. coli</i> and H<sub>2</sub>O", "E. coli and H2O"),
        ('<span class="nocase">nature</span> <b>x</b><sup>2</sup> <sc>ad</sc>', "nature x2 ad"),
        ('<span style="font-variant:small-caps;">BC</span>', "BC"),
        ("a < b and c > d &amp; &lt;i&gt;", "a < b and c > d &amp; &lt;i&gt;"),
        ("<script>x</script>", "<script>x</script>"),
    ],
)
def test_r14_a_title_is_shown_without_zoteros_markup(raw: str, plain: str) -> None:
    assert face(title=raw)["title"] == plain


def test_r14_year_and_date_come_from_the_servers_reading() -> None:
    assert face(meta={"parsedDate": "2017-06"}, date="6/2017")["published"] == "2017-06"
    assert face(meta={"parsedDate": "2017-06"}, date="6/2017")["year"] == "2017"


@pytest.mark.parametrize(
    ("raw", "published"),
    [
        ("in press", ""), ("", ""), ("2017", "2017"), ("2017-06", "2017-06"), ("2017-06-12", "2017-06-12"),
        ("2017-00-00 2017", "2017"), ("2017-06-00 June 2017", "2017-06"), ("12 June 2017", "2017"),
        ("1999-2000", "1999"),
        ("2016-17", "2016"), ("between 1999 and 2001", ""), ("0000-01", ""), ("20170612", ""), ("2017-13-01", "2017"),
    ],
)  # fmt: skip
def test_a_date_the_server_did_not_read_is_read_with_care(raw: str, published: str) -> None:
    assert face(date=raw)["published"] == published
    assert face(date=raw)["year"] == published[:4]


@pytest.mark.parametrize(
    ("kind", "data", "venue"),
    [
        ("conferencePaper", {"proceedingsTitle": "Proc. X", "conferenceName": "X"}, "Proc. X"),
        ("conferencePaper", {"proceedingsTitle": "", "conferenceName": "X"}, "X"),
        ("preprint", {"repository": "arXiv"}, "arXiv"),
        ("thesis", {"university": "MIT"}, "MIT"),
        ("book", {"publisher": "CUP"}, "CUP"),
        ("bookSection", {"bookTitle": "Handbook", "publisher": "CUP"}, "Handbook"),
        ("blogPost", {"blogTitle": "Lil'Log"}, "Lil'Log"),
        ("webpage", {"websiteTitle": "W3C"}, "W3C"),
        ("case", {"court": "Supreme Court"}, "Supreme Court"),
    ],
)
def test_venue_is_where_it_appeared(kind: str, data: dict[str, str], venue: str) -> None:
    assert face(kind, **data)["venue"] == venue


def test_authors_are_the_primary_creators_and_authors_only() -> None:
    shown = face(
        "computerProgram",
        creators=[
            author("Hopper", "Grace", "programmer"),
            author("X", "Y", "contributor"),
            {"creatorType": "author", "name": "W3C"},
        ],
    )
    assert shown["authors"] == ("Grace Hopper", "W3C")


def test_five_hundred_authors_are_cut_but_counted() -> None:
    shown = face(meta={"parsedDate": "2012"}, creators=[author(f"F{n}", "G") for n in range(500)])
    assert len(shown["authors"]) == 30
    assert shown["aliases"] == ("F0 et al. 2012",)


@pytest.mark.parametrize(
    ("creators", "label"),
    [
        ([author("Wei", "J")], ("Wei 2025",)),
        ([author("Wei", "J"), author("Li", "X")], ("Wei and Li 2025",)),
        ([author("Wei"), author("Li"), author("Chen")], ("Wei et al. 2025",)),
        ([author("Wei", kind="editor")], ("Wei 2025",)),
        ([author("", "")], ()),
        ([], ()),
    ],
)
def test_aliases_name_the_authors_and_the_year(creators: list[dict[str, str]], label: tuple[str, ...]) -> None:
    assert face(meta={"parsedDate": "2025"}, creators=creators)["aliases"] == label
    assert face(creators=creators)["aliases"] == ()


def test_r12_a_value_in_extra_and_the_same_in_its_field_are_one_record() -> None:
    """What Zotero's schema upgrade does to Extra (``Item.migrateExtraFields``) is no edit."""
    custom = mapper(custom={"lang": "language"})
    before = custom.record(
        item(
            title="",
            DOI="",
            url="",
            language="",
            extra="Title: T\nCitation Key: a2020\nDOI: 10.1/x\nurl: x.org\nLanguage: en\nkeep",
        )
    )
    after = custom.record(item(title="T", citationKey="a2020", DOI="10.1/x", url="x.org", language="en", extra="keep"))
    assert before.face == after.face
    assert after.face["lang"] == "en"


def test_r11_the_field_outranks_the_line() -> None:
    assert face(citationKey="field2020", extra="Citation Key: line2020")["citekey"] == "field2020"
    assert face(citationKey="", extra="CitationKey: line2020")["citekey"] == "line2020"


def test_r9_twins_are_one_tag_in_the_first_spelling_and_manual_wins() -> None:
    shown = face(
        tags=[
            {"tag": "cafe\u0301", "type": 1}, {"tag": " café\u00a0"}, {"tag": "x", "type": 0}, {"tag": "x",
            "type": 1},
            {"tag": "Digital Twin"}, {"tag": "Digital twin"}, {"tag": "a\nb", "type": 1}, {"tag": "  "},
        ]
    )  # fmt: skip
    assert shown["tags"] == ("café", "x", "Digital Twin", "Digital twin")
    assert shown["keywords"] == ("a b",)


def test_automatic_tags_go_where_the_configuration_says() -> None:
    tags = [{"tag": "m"}, {"tag": "a", "type": 1}]
    shown = {how: mapper(automatic=how).record(item(tags=tags)).face for how in ("keywords", "tags", "off")}
    assert [(one["tags"], one["keywords"]) for one in shown.values()] == [
        (("m",), ("a",)),
        (("m", "a"), ()),
        (("m",), ()),
    ]


def test_r10_the_date_of_a_status_is_a_day_of_the_configured_zone() -> None:
    text = "Read_Status: Read\nRead_Status_Date: 2024-03-31T22:30:00.000Z"
    assert face(extra=text)["status-date"] == "2024-04-01"
    utc = Mapper("users/1", MappingRules(StatusNames(), UTC), TREE)
    assert utc.record(item(extra=text)).face["status-date"] == "2024-03-31"


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2024-03-31", "2024-03-31"),
        ("2024-03-31T23:59:59", "2024-03-31"),
        ("some day in May", "some day in May"),
    ],
)
def test_a_date_that_is_no_instant_is_shown_as_it_is(raw: str, day: str) -> None:
    assert face(extra=f"Read_Status_Date: {raw}")["status-date"] == day


def test_r10_two_status_lines_read_as_none() -> None:
    assert face(extra="Read_Status: Read\nRead_Status: New")["status"] == ""


def test_a_status_kept_in_a_tag_is_no_tag() -> None:
    tagged = mapper(status_store="tag", status_tags={"reading": "⭐ now", "to-read": "unread"})
    assert (
        tagged.record(item(tags=[{"tag": "⭐ now"}, {"tag": "x"}], extra="Read_Status: Read")).face["status"]
        == "reading"
    )
    assert tagged.record(item(tags=[{"tag": "⭐ now"}, {"tag": "x"}])).face["tags"] == ("x",)
    assert tagged.record(item(tags=[{"tag": "⭐ now"}, {"tag": "unread"}])).face["status"] == ""


def test_trash_and_groups_show() -> None:
    record = mapper("groups/51").record(item(deleted=1))
    assert (record.life, record.face["zotero-status"]) == ("trashed", "trashed")
    assert record.face["zotero-link"] == "zotero://select/groups/51/items/ABCD2345"


def test_law_13_every_text_is_one_line_without_controls() -> None:
    evil = 'a\nb\r\n---\x00\x1b[31m\u2028c\x85d\ud800 "e\u0301"'
    shown = mapper(custom={"pages": "pages", "rating": "extra:Rating"}).record(
        item(
            evil,
            meta={"parsedDate": evil},
            **dict.fromkeys(("title", "date", "DOI", "url", "citationKey", "publicationTitle", "pages",
            "dateAdded", "abstractNote"), evil),
            extra=f"Rating: {evil}\nRead_Status: x\x00\u2028y\nRead_Status_Date: 1\x0b2 and more text",
            creators=[author(evil, evil), {"creatorType": "author", "name": evil}],
            tags=[{"tag": evil}, {"tag": evil + "x", "type": 1}],
        )
    )  # fmt: skip
    texts = [text for value in shown.face.values() for text in ((value,) if isinstance(value, str) else value)]
    assert len([text for text in texts if "é" in text]) >= 12
    for text in texts:
        assert len(text.splitlines()) <= 1
        assert text.isprintable()
        text.encode()  # no half of a surrogate pair
    assert shown.blocks["abstract"].replace("\n", "").isprintable()


def test_the_abstracts_digest_changes_with_its_text_only() -> None:
    assert (
        face(abstractNote="a")["abstract"]
        == face(abstractNote=" a\r\n")["abstract"]
        != face(abstractNote="b")["abstract"]
    )


def test_a_type_newer_than_the_schema_is_read_by_the_common_names() -> None:
    shown = face("hologram", title="T", date="2031", creators=[author("Wei", "J")], publisher="P")
    assert (shown["title"], shown["venue"], shown["type"], shown["authors"]) == (
        "T",
        "P",
        "hologram",
        ("J Wei",),
    )


@pytest.mark.parametrize(
    ("data", "paper"),
    [
        ({"itemType": "book"}, True), ({"itemType": "hologram"}, True), ({"itemType": "note"}, False),
        ({"itemType": "attachment"}, False),
        ({"itemType": "annotation", "parentItem": "X"}, False), ({"itemType": "book", "parentItem": "X"}, False),
    ],
)  # fmt: skip
def test_only_top_level_regular_items_are_papers(data: dict[str, str], paper: bool) -> None:
    assert Mapper.is_paper({"key": "K", "data": data}) is paper
