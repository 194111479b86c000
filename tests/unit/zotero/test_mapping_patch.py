"""Changes of a record to the fields that are sent: only what changes, and nothing else touched."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.record import Face, Value
from bridge.core.status import StatusNames
from bridge.zotero.mapping import Mapper, MappingRules, UnwritableError
from bridge.zotero.richtext import tag_text
from bridge.zotero.tree import CollectionTree

BERLIN = ZoneInfo("Europe/Berlin")
TREE = CollectionTree.build(
    [
        {"key": "NLP", "data": {"name": "NLP", "parentCollection": False}},
        {"key": "TRF", "data": {"name": "Transformers", "parentCollection": "NLP"}},
        {"key": "VIS", "data": {"name": "Vision", "parentCollection": False}},
        {"key": "BIN", "data": {"name": "old", "parentCollection": False, "deleted": True}},
    ]
)
CUSTOM = {"rating": "extra:Rating", "pages": "pages"}


def mapper(**rules: Any) -> Mapper:
    return Mapper("users/1", MappingRules(StatusNames(), BERLIN, **({"custom": CUSTOM} | rules)), TREE)


def item(kind: str = "journalArticle", **data: Any) -> dict[str, Any]:
    return {
        "key": "ABCD2345",
        "version": 7,
        "meta": {},
        "data": {"key": "ABCD2345", "version": 7, "itemType": kind, **data},
    }


def patch(one: Mapping[str, Any], changes: Face, **rules: Any) -> dict[str, Any]:
    before = copy.deepcopy(one)
    result = mapper(**rules).patch(one, changes)
    assert one == before, "the item handed in is left alone"
    return result


def patched(one: Mapping[str, Any], changes: Face, **rules: Any) -> dict[str, Any]:
    return {**one, "data": {**one["data"], **patch(one, changes, **rules)}}


def test_only_changed_fields_are_sent() -> None:
    one = item(title="T", DOI="10.1/x", url="u", pages="1", tags=[{"tag": "a"}])
    assert patch(one, {"title": "New", "doi": "10.1/x", "url": "u", "pages": "1", "tags": ("a",)}) == {"title": "New"}


def test_r2_another_spelling_of_the_same_value_is_no_change() -> None:
    one = item(
        title="A  T\u00a0x",
        DOI="10.1/ABC",
        extra="Read_Status: Done\nRead_Status_Date: 2024-03-27T08:00:00.000Z",
    )
    changes: Face = {
        "title": " A T x",
        "doi": "https://doi.org/10.1/abc",
        "status": "finished",
        "status-date": "2024-03-27T10:00",
    }
    assert patch(one, changes) == {}


def test_r14_a_titles_markup_survives_every_other_change() -> None:
    one = item(title="<i>E. coli</i> grows", url="")
    assert patch(one, {"title": "E. coli grows", "url": "u"}) == {"url": "u"}
    assert patch(one, {"title": "E. coli dies"}) == {"title": "E. coli dies"}


@pytest.mark.parametrize(("kind", "own"), [("case", "caseName"), ("statute", "nameOfAct"), ("email", "subject")])
def test_r14_a_title_is_written_to_the_types_own_field(kind: str, own: str) -> None:
    assert patch(item(kind, **{own: "old"}), {"title": "new"}) == {own: "new"}


def test_r14_a_custom_field_is_written_to_the_types_own_field() -> None:
    assert patch(item("case"), {"date": "1973"}, custom={"date": "date"}) == {"dateDecided": "1973"}


# --- tags (R9) ------------------------------------------------------------------------------------------------------

TAGS = [
    {"tag": "Digital Twin"}, {"tag": "cafe\u0301 ", "type": 0}, {"tag": "cs.CL", "type": 1},
    {"tag": "cs.CL"}, {"tag": "auto", "type": 1},
]  # fmt: skip


def test_r9_all_tags_are_sent_each_once_in_order_and_spelling_with_their_type() -> None:
    assert patch(item(tags=TAGS), {"tags": ("new", "café", "Digital Twin", "cs.CL")})["tags"] == [
        {"tag": "Digital Twin"}, {"tag": "cafe\u0301 "}, {"tag": "cs.CL"}, {"tag": "auto", "type": 1}, {"tag": "new"},
    ]  # fmt: skip


def test_r9_taking_out_all_manual_tags_keeps_the_automatic_ones() -> None:
    assert patch(item(tags=TAGS), {"tags": ()}) == {"tags": [{"tag": "auto", "type": 1}]}


def test_r9_an_automatic_tag_put_into_tags_becomes_manual() -> None:
    one = item(tags=[{"tag": "auto", "type": 1}])
    assert patch(one, {"tags": ("auto",)}) == {"tags": [{"tag": "auto"}]}


def test_with_automatic_tags_among_the_tags_one_taken_out_goes_and_one_kept_keeps_its_type() -> None:
    changes = {"tags": ("Digital Twin", "cs.CL", "auto")}
    assert patch(item(tags=TAGS), changes, automatic="tags")["tags"] == [
        {"tag": "Digital Twin"}, {"tag": "cs.CL"}, {"tag": "auto", "type": 1},
    ]  # fmt: skip
    assert patch(item(tags=TAGS), {"tags": ()}, automatic="tags") == {"tags": []}


def test_r9_twins_alone_are_no_reason_to_write() -> None:
    assert patch(item(tags=TAGS), {"tags": ("cs.CL", "café", "Digital Twin")}) == {}


def test_r9_a_typed_newline_is_dropped_and_nothing_is_sent_for_an_empty_tag() -> None:
    assert patch(item(tags=[]), {"tags": ("a\nb", " ", "")}) == {"tags": [{"tag": "a b"}]}


# --- status (R10) ---------------------------------------------------------------------------------------------------


def test_r10_status_and_date_are_written_as_the_plugin_does() -> None:
    one = item(extra="arXiv: 1 \r\nRead_Status: New\nRead_Status_Date: 2024-01-01T00:00:00.000Z\ntex.x: y")
    sent = patch(one, {"status": "reading", "status-date": "2024-07-01"})
    assert sent == {
        "extra": "arXiv: 1 \r\ntex.x: y\nRead_Status: In Progress\nRead_Status_Date: 2024-07-01T10:00:00.000Z"
    }


def test_r10_a_date_of_the_same_day_keeps_zoteros_time() -> None:
    one = item(extra="Read_Status: New\nRead_Status_Date: 2024-06-30T22:30:00.000Z")
    sent = patch(one, {"status": "read", "status-date": "2024-07-01"})
    assert sent == {"extra": "Read_Status: Read\nRead_Status_Date: 2024-06-30T22:30:00.000Z"}


def test_r10_the_date_alone_leaves_the_status_line_where_it_is() -> None:
    one = item(extra="Read_Status: Read\nx\nRead_Status_Date: 2024-01-01T00:00:00.000Z")
    assert (
        patch(one, {"status-date": "2024-02-01"})["extra"]
        == "Read_Status: Read\nx\nRead_Status_Date: 2024-02-01T11:00:00.000Z"
    )
    assert patch(one, {"status-date": ""})["extra"] == "Read_Status: Read\nx"


def test_r10_clearing_the_status_removes_both_lines() -> None:
    one = item(extra="x\nRead_Status: Read\nRead_Status_Date: 2024-01-01T00:00:00.000Z")
    assert patch(one, {"status": ""}) == {"extra": "x"}


def test_r10_two_status_lines_stay_until_someone_sets_one() -> None:
    one = item(extra="Read_Status: Read\nRead_Status: New", title="t")
    assert patch(one, {"status": "", "title": "u"}) == {"title": "u"}
    assert patch(one, {"status-date": "2024-02-01"})["extra"].startswith("Read_Status: Read\nRead_Status: New\n")
    assert patch(one, {"status": "new"}) == {"extra": "Read_Status: New"}


def test_r10_an_unknown_status_is_kept_verbatim() -> None:
    assert patch(item(), {"status": "Half-Read"}) == {"extra": "Read_Status: Half-Read"}


def test_a_status_kept_in_a_tag_moves_the_tag_and_leaves_the_others() -> None:
    rules: dict[str, Any] = {"status_store": "tag", "status_tags": {"reading": "⭐ now", "read": "✓"}}
    one = item(tags=[{"tag": "x"}, {"tag": "⭐ now", "type": 1}, {"tag": "auto", "type": 1}])
    sent = patch(one, {"status": "read", "status-date": "2024-07-01"}, **rules)
    assert sent == {
        "tags": [{"tag": "x"}, {"tag": "auto", "type": 1}, {"tag": "✓"}],
        "extra": "Read_Status_Date: 2024-07-01T10:00:00.000Z",
    }
    assert patch(one, {"status": ""}, **rules) == {"tags": [{"tag": "x"}, {"tag": "auto", "type": 1}]}
    assert patch(one, {"tags": ("y",)}, **rules)["tags"] == [
        {"tag": "⭐ now", "type": 1},
        {"tag": "auto", "type": 1},
        {"tag": "y"},
    ]
    assert patch(one, {"status": "reading"}, **rules) == {}


# --- citation key (R11), values in Extra (R12, R18) -------------------------------------------------------------------


def test_r11_setting_writes_the_field_and_rewrites_every_line_in_the_same_write() -> None:
    one = item(citationKey="old", extra="a\nCitation Key: old\nb\ncitation_key: older")
    assert patch(one, {"citekey": "new"}) == {"citationKey": "new", "extra": "a\nCitation Key: new\nb"}


def test_r11_clearing_removes_field_and_lines() -> None:
    assert patch(item(citationKey="old", extra="Citation Key: old\nb"), {"citekey": ""}) == {
        "citationKey": "",
        "extra": "b",
    }
    assert patch(item(citationKey="", extra="CitationKey: old\nb"), {"citekey": ""}) == {"extra": "b"}


def test_r11_a_standing_disagreement_is_no_change() -> None:
    assert patch(item(citationKey="field", extra="Citation Key: line"), {"citekey": "field"}) == {}


def test_r11_no_line_is_made_where_the_type_has_the_field_and_one_where_it_has_not() -> None:
    assert patch(item(), {"citekey": "k"}) == {"citationKey": "k"}
    assert patch(item("hologram"), {"citekey": "k"}) == {"extra": "Citation Key: k"}
    assert patch(item("hologram", citationKey=""), {"citekey": "k"}) == {"citationKey": "k"}


def test_r12_a_value_that_stands_in_extra_is_changed_there_and_cleared_everywhere() -> None:
    assert patch(item(DOI="", extra="DOI: 10.1/x\nb"), {"doi": "10.1/y"}) == {"extra": "DOI: 10.1/y\nb"}
    assert patch(item(DOI="10.1/x", extra="DOI: 10.1/z\nb"), {"doi": "10.1/y"}) == {"DOI": "10.1/y"}
    assert patch(item(DOI="10.1/x", extra="DOI: 10.1/z\nb"), {"doi": ""}) == {"DOI": "", "extra": "b"}


def test_r18_all_changes_to_extra_go_in_one_text_with_only_the_lines_meant() -> None:
    odd = "  odd \r\n\n{:x: y}\nRating: 1\r\nCitation Key: old\n\n"
    changes: Face = {
        "rating": "5",
        "status": "read",
        "status-date": "2024-07-01",
        "citekey": "new",
        "pages": "1",
    }
    assert patch(item(extra=odd), changes) == {
        "citationKey": "new",
        "pages": "1",
        "extra": "  odd \r\n\n{:x: y}\nRating: 5\r\nCitation Key: new\n\n"
        "\nRead_Status: Read\nRead_Status_Date: 2024-07-01T10:00:00.000Z",
    }


# --- collections ----------------------------------------------------------------------------------------------------


def test_collections_are_sent_whole_and_hidden_ones_stay() -> None:
    one = item(collections=["BIN", "VIS", "GONE", "NLP"])
    assert patch(one, {"collections": ("NLP", "NLP/Transformers")}) == {"collections": ["BIN", "GONE", "NLP", "TRF"]}
    assert patch(one, {"collections": ("Vision", "NLP")}) == {}
    assert patch(one, {"collections": ()}) == {"collections": ["BIN", "GONE"]}


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("collections", "NLP/Transformer", "NLP/Transformers"),
        ("collections", "quite other", "quite other"),
        ("tags", "x" * 256, "255"),
        ("status", "a:b", ": ; |"),
        ("status-date", "yesterday", "date"),
        ("status-date", "2024-02-30", "date"),
        ("status-date", "0001-01-01", "date"),
        ("pages", "1", "pages"),
        ("authors", "Me", "only Zotero"),
        ("year", "2020", "only Zotero"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_reason(field: str, value: str, says: str) -> None:
    one = item("webpage", tags=[])
    reason = mapper().refusal(one, field, value)
    assert reason is not None
    assert says in reason
    with pytest.raises(UnwritableError, match=says.replace("|", r"\|")) as failure:
        patch(one, {field: (value,) if field in ("tags", "collections") else value})
    assert failure.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("collections", "NLP/Transformers"), ("tags", "x" * 255), ("status", "Skimmed"), ("status-date",
        "2024-02-29"), ("status", ""),
        ("title", ""), ("citekey", "x"), ("doi", "10.1/x"), ("url", "u"), ("rating", "5"), ("pages", ""),
    ],
)  # fmt: skip
def test_what_can_be_written_is_not_refused(field: str, value: str) -> None:
    assert mapper().refusal(item("webpage"), field, value) is None


def test_what_is_there_already_is_never_refused() -> None:
    long = "x" * 300
    one = item(tags=[{"tag": long}], extra="Read_Status: a:b\nRead_Status_Date: once")
    assert patch(one, {"tags": (long,), "status": "a:b", "status-date": "once"}) == {}
    assert patch(one, {"tags": (long, "new")}) == {"tags": [{"tag": long}, {"tag": "new"}]}


def test_a_tag_that_keeps_a_status_cannot_be_set_as_a_tag() -> None:
    assert mapper(status_store="tag", status_tags={"read": "✓"}).refusal(item(), "tags", "✓")
    assert mapper(status_store="tag", status_tags={"read": "✓"}).refusal(item(), "status", "skimmed")
    assert mapper().refusal(item(), "tags", "✓") is None


# --- laws -----------------------------------------------------------------------------------------------------------

WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>"), max_size=10)
LINE = st.one_of(
    WORD,
    st.sampled_from(
        ["Read_Status: Read", "Read_Status: odd", "Read_Status_Date: 2024-05-01T09:30:00.000Z", "Rating: 3",
         "Citation Key: a2020",
         "DOI: 10.1/z", "Pages: 9", "title: t\r", "url:x"]
    ),
)  # fmt: skip
TAG = st.one_of(WORD, st.sampled_from(["a", "a ", "b", "cafe\u0301", "café"]))
ITEMS = st.fixed_dictionaries(
    {"title": WORD, "DOI": WORD, "url": WORD, "pages": WORD, "citationKey": WORD},
    optional={
        "extra": st.lists(LINE, max_size=6).map("\n".join),
        "tags": st.lists(
            st.builds(lambda tag, kind: {"tag": tag, **kind}, TAG, st.sampled_from([{}, {"type": 0}, {"type": 1}])),
            max_size=5,
        ),
        "collections": st.lists(st.sampled_from(["NLP", "TRF", "VIS", "BIN", "GONE"]), unique=True),
    },
)  # fmt: skip
DAYS = st.dates().filter(lambda day: 1950 < day.year < 2100).map(str)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "title": WORD, "doi": WORD, "url": WORD, "pages": WORD, "citekey": WORD, "rating": WORD,
        "status": st.one_of(WORD.filter(lambda text: StatusNames().usable(text) is None),
        st.sampled_from(["read", "in progress", ""])),
        "status-date": st.one_of(st.just(""), DAYS),
        "tags": st.lists(TAG, max_size=5).map(tuple),
        "collections": st.lists(st.sampled_from(["NLP", "NLP/Transformers", "Vision"]), unique=True).map(tuple),
    },
)  # fmt: skip
WRITABLE = (
    "title",
    "status",
    "status-date",
    "tags",
    "collections",
    "doi",
    "url",
    "citekey",
    "rating",
    "pages",
)
MODES = st.sampled_from(["keywords", "tags", "off"])


@given(ITEMS, MODES)
def test_law_2_a_record_without_a_change_sends_nothing(data: dict[str, Any], mode: str) -> None:
    one = item(**data)
    shown = mapper(automatic=mode).record(one).face
    assert patch(one, {name: shown[name] for name in WRITABLE}, automatic=mode) == {}


@given(ITEMS, CHANGES, MODES)
def test_a_patch_shows_what_was_wanted_and_changes_nothing_else(
    data: dict[str, Any], changes: dict[str, Value], mode: str
) -> None:
    one = item(**data)
    after = patched(one, changes, automatic=mode)
    before, now = (mapper(automatic=mode).record(each).face for each in (one, after))
    if changes.get("status") == "" and before["status"]:
        changes = {**changes, "status-date": ""}  # the plug-in's own way: no status, no date
    # Asking again for the same finds it there: the face shows what was wanted.
    assert patch(after, changes, automatic=mode) == {}
    touched = changes.keys() | ({"keywords"} if "tags" in changes else set()) | {"aliases"}
    assert {name: now[name] for name in now if name not in touched} == {
        name: before[name] for name in before if name not in touched
    }
    for name in ("tags", "collections"):
        if name in changes:
            assert set(now[name]) == {tag_text(text) for text in changes[name]} - {""}
    assert all(tag.get("type") in (None, 1) for tag in patch(one, changes, automatic=mode).get("tags", []))
