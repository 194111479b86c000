"""Zotero's tags in Obsidian's grammar (R9, R28)."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bridge.vault.frontmatter import dump, one_line, read
from bridge.vault.tags import key, known_forms, legal, spell, usable, zotero_key

RAW = st.one_of(
    st.text(st.characters(), max_size=255),
    st.text(st.sampled_from("aA1/#-_ \t\n\u00a0\u200d\u3000\ufeff\u0301\u0338.é🙂ßİΣ"), max_size=12),
)

# What Obsidian's plug-ins agree a tag is, after its documentation; written here anew, apart from the module's own.
FORBIDDEN = set("!\"#$%&'()*+,.:;<=>?@^`{|}~[]\\")


def is_legal_in_obsidian(tag: str) -> bool:
    return (
        bool(tag)
        and not any(
            character in FORBIDDEN
            or character.isspace()
            or 0x2000 <= ord(character) <= 0x206F
            or 0x2E00 <= ord(character) <= 0x2E7F
            for character in tag
        )
        and re.fullmatch("[0-9]+", tag) is None
        and all(tag.split("/"))
    )


# --- what a note shows ----------------------------------------------------------------------------


@given(RAW)
@example("#")
@example("/")
@example("1984")
@example("a#/ #b")
def test_r9_a_legal_form_is_legal_and_its_own_legal_form(raw: str) -> None:
    form = legal(raw)
    assert is_legal_in_obsidian(form)
    assert legal(form) == form
    assert unicodedata.is_normalized("NFC", form)
    assert one_line(form) == form
    assert read(f"---\n{dump([('tags', [form])])}---\n".encode()).nodes["tags"].items[0].text == form


@given(RAW)
def test_r9_two_spellings_of_one_zotero_tag_have_one_legal_form(raw: str) -> None:
    decomposed = unicodedata.normalize("NFD", raw)
    assert legal(f"\u3000 {decomposed}\n ") == legal(raw)
    assert legal(zotero_key(raw)) == legal(raw)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("machine learning", "machine-learning"),
        ("  two   spaces\u00a0and\u3000more ", "two-spaces-and-more"),
        ("C++", "C__"),
        ("C#", "C_"),
        ("R&D", "R_D"),
        ("a.b", "a_b"),
        ("Navier–Stokes", "Navier_Stokes"),
        ("👩‍🔬", "👩_🔬"),
        ("🙂", "🙂"),
        ("❤️", "❤️"),
        ("日本語、", "日本語、"),
        ("e\u0301", "é"),
        ("a·b", "a·b"),
        ("snake_case-Kebab", "snake_case-Kebab"),
        ("methods/statistics", "methods/statistics"),
        ("a / b", "a/b"),
        ("a//b", "a/_/b"),
        ("/a/", "_/a/_"),
        ("/", "_/_"),
        ("2024", "2024_"),
        ("1/2", "1/2_"),
        ("١٢", "١٢_"),
        ("3d", "3d"),
        ("#todo", "todo"),
        ("## # todo", "todo"),
        ("#", "_"),
        ("", "_"),
        ("a\nb", "ab"),
        ("a\x07b", "a_b"),
        ("a\ud800b", "a_b"),
    ],
)
def test_legal_forms(raw: str, form: str) -> None:
    assert legal(raw) == form


@pytest.mark.parametrize(
    ("one", "other"),
    [("Digital Twin", "digital-twin"), ("#NLP", "nlp"), ("É", "e\u0301"), ("a  b", "A-B"), ("C+", "C#")],
)
def test_tags_that_a_note_shows_as_one(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [("Straße", "Strasse"), ("a-b", "a_b"), ("C++", "C#"), ("a/b", "a-b")])
def test_tags_that_obsidian_tells_apart_stay_apart(one: str, other: str) -> None:
    assert key(one) != key(other)


@given(RAW)
def test_a_key_is_the_same_for_a_raw_tag_and_its_form(raw: str) -> None:
    assert key(legal(raw)) == key(raw) == key(key(raw))


# --- what Zotero keeps ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [("é", "e\u0301"), (" a", "a\u00a0"), ("a", "\u2003a\ufeff"), ("a\nb", "ab"), ("a\r\n", "a"), ("\u3000", "")],
)
def test_r9_zotero_tags_that_are_one(one: str, other: str) -> None:
    assert zotero_key(one) == zotero_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Digital Twin", "Digital twin"), ("a b", "a  b"), ("#a", "a"), ("a-b", "a b")]
)
def test_r9_zotero_tags_that_are_two(one: str, other: str) -> None:
    assert zotero_key(one) != zotero_key(other)


@given(RAW)
def test_r9_a_zotero_key_is_its_own(raw: str) -> None:
    assert zotero_key(zotero_key(raw)) == zotero_key(raw)


@pytest.mark.parametrize("typed", ["a", "#a", "x" * 255, "🙂" * 255, " " + "x" * 255, "#" + "x" * 255, "1984"])
def test_tags_that_zotero_takes(typed: str) -> None:
    assert usable(typed) is None


@pytest.mark.parametrize(
    ("typed", "word"), [("x" * 256, "255"), ("", "empty"), (" \n", "empty"), ("#", "empty"), ("# ", "empty")]
)
def test_r9_tags_that_zotero_does_not_take_are_held_with_a_reason(typed: str, word: str) -> None:
    reason = usable(typed)
    assert reason is not None
    assert word in reason
    assert "xx" not in reason


# --- what a typed form becomes --------------------------------------------------------------------

LIBRARY = {
    "machine-learning": {"Machine Learning": 3, "machine learning": 5, "machine-learning": 5},
    "c_": {"C#": 1, "C+": 1},
}


@pytest.mark.parametrize(
    ("typed", "own", "raw"),
    [
        ("machine-learning", (), "machine-learning"),  # as typed, among those used most
        ("Machine-Learning", (), "machine learning"),  # else the first of those used most
        ("machine-learning", ("Machine Learning",), "Machine Learning"),  # the item's own automatic tag becomes manual
        ("machine-learning", ("Machine learning", "MACHINE LEARNING"), "MACHINE LEARNING"),
        ("#machine-learning", ("other",), "machine-learning"),
        ("C_", (), "C#"),
        ("brand-new", (), "brand-new"),
        ("#brand-new", (), "brand-new"),
        ("a/b", (), "a/b"),
        ("two words", (), "two words"),
        ("e\u0301t\u00e9 ", (), "été"),
    ],
)
def test_r9_a_typed_form_takes_the_spelling_in_use(typed: str, own: tuple[str, ...], raw: str) -> None:
    assert spell(typed, own, LIBRARY) == raw


@given(RAW, st.lists(RAW, max_size=3), st.dictionaries(RAW, st.integers(1, 3), max_size=4))
def test_r9_what_is_added_shows_as_what_was_typed(typed: str, own: list[str], used: dict[str, int]) -> None:
    assume(usable(typed) is None)
    library: dict[str, dict[str, int]] = {}
    for raw, count in used.items():
        library.setdefault(key(raw), {})[raw] = count
    raw = spell(typed, own, library)
    assert key(raw) == key(typed)
    assert raw == spell(typed, own[::-1], dict(reversed(library.items())))


@pytest.mark.parametrize(
    "form", ["machine-learning", "machine_learning", "machinelearning", "MachineLearning", "Machine-Learning"]
)
def test_r28_the_forms_other_tools_write_are_known(form: str) -> None:
    assert key(form) in known_forms("Machine  Learning")


@given(RAW)
def test_r28_the_bridge_s_own_form_is_a_known_form(raw: str) -> None:
    assert key(raw) in known_forms(raw)
