"""The server's normal forms are normal forms: what it sends back, it takes back unchanged (R2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.data import schema
from bridge.sandbox import normalise, validate
from bridge.sandbox.refusal import RefusedError

_TAG = st.builds(lambda tag, kind: {"tag": tag, "type": kind}, st.text(max_size=20), st.sampled_from([0, 1]))


class Nothing:
    """A library with nothing in it."""

    in_group = False

    def item_type(self, key: str) -> str | None:
        return None

    def has_file(self, key: str) -> bool:
        return False

    def has_collection(self, key: str) -> bool:
        return False


@given(st.text())
def test_text_is_normal_once_normalised(value: str) -> None:
    once = normalise.text(value, "title")
    assert normalise.text(once, "title") == once


@given(st.lists(_TAG, max_size=8))
def test_tags_are_normal_once_normalised(value: list[dict[str, object]]) -> None:
    once = normalise.tags(value)
    assert normalise.tags(once) == once
    assert len({tag["tag"] for tag in once}) == len(once)


@given(st.sampled_from(sorted(schema().types)), st.text(max_size=30), st.text(max_size=30))
def test_an_item_as_it_is_shown_is_taken_back_unchanged(kind: str, title: str, extra: str) -> None:
    item_type = schema().types[kind]
    if not item_type.regular:
        return
    given_item = {"itemType": kind, item_type.fields[0]: title, "extra": extra}
    shown = validate.item(given_item, None, Nothing())
    assert validate.item(shown, None, Nothing()) == shown
    assert validate.item(shown, shown, Nothing()) == shown
    assert next(iter(shown)) == "itemType"


@pytest.mark.parametrize(
    ("date", "parsed"),
    [
        ("2012-09-18", "2012-09-18"),
        ("2012/9/8", "2012-09-08"),
        ("18 September 2012", "2012-09-18"),
        ("September 2012", "2012-09"),
        ("c. 1850", "1850"),
        ("March 3rd, 1999", "1999-03-03"),
        ("6/12/2017", "2017-06-12"),
        ("25/12/2017", "2017-12-25"),
        ("2017.06.12", "2017-06-12"),
        ("submitted 2017-06-12", "2017-06-12"),
        ("6/12/17", ""),
        ("06/2017", "2017"),
        ("2017-13-40", "2017"),
        ("2017-00-00", "2017"),
        ("", ""),
        ("in press", ""),
    ],
)
def test_dates_people_write(date: str, parsed: str) -> None:
    assert normalise.parsed_date(date) == parsed


def test_keys_are_made_of_the_servers_alphabet() -> None:
    assert normalise.KEY.fullmatch("ABCD2345")
    assert not normalise.KEY.fullmatch("ABCD1230")
    assert not normalise.KEY.fullmatch("ABCD23456")


@pytest.mark.parametrize(
    ("note", "title"),
    [("<p>One <b>bold</b></p><p>Two</p>", "One bold"), ("plain", "plain"), ("", ""), ("x<br/>y", "x")],
)
def test_a_notes_title_is_its_first_line(note: str, title: str) -> None:
    assert normalise.note_title(note) == title


@pytest.mark.parametrize("value", [["a"], {"a": 1}])
def test_text_is_not_a_list(value: object) -> None:
    with pytest.raises(RefusedError):
        normalise.text(value, "title")


# --- the schema's tables ----------------------------------------------------------------------------------------


def test_all_37_regular_types_have_a_citation_key_and_a_title() -> None:
    """R11, R14."""
    regular = [kind for kind in schema().types.values() if kind.regular]
    assert len(regular) == 37
    assert all("citationKey" in kind.fields and "extra" in kind.fields for kind in regular)
    titles = {kind.own_field("title") for kind in regular}
    assert titles == {"title", "caseName", "subject", "nameOfAct"}
    assert all(kind.own_field("title") == kind.fields[0] and kind.primary_creator for kind in regular)


def test_base_fields_are_fields_of_their_type() -> None:
    for kind in schema().types.values():
        assert set(kind.base) <= set(kind.fields)
    assert schema().types["patent"].own_field("date") == "issueDate"
    assert schema().types["note"].own_field("title") is None
    assert schema() is schema(), "read once"
    assert {"container-title", "citation-key", "collection-editor"} <= schema().csl
