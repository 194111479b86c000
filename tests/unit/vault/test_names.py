"""File names for notes: safe on every platform and in every link (law 13), unique without regard to case."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core.names import EXTENSION, MAX_BYTES, folded, safe_stem, unique
from bridge.core.record import Face, ItemId, Record
from bridge.errors import ConfigError
from bridge.vault.names import file_stem, stem_of

ITEM = ItemId("users/1", "ABCD2345")
FACE: Face = {"citekey": "smith2020", "title": "A: B?", "year": "2020", "authors": ("Jane van Smith", "B C")}


def record(**face: str | tuple[str, ...]) -> Record:
    return Record(ITEM, {**FACE, **face}, "1")


@pytest.mark.parametrize(
    ("template", "stem"),
    [
        ("@{citekey}.md", "@smith2020"),
        ("@{citekey}", "@smith2020"),
        ("{author} {year} - {title}", "Smith 2020 - A_ B_"),
        ("{{x}} {key}", "{x} ABCD2345"),
        ("Papers/{key}", "Papers_ABCD2345"),
    ],
)
def test_a_template_names_fields(template: str, stem: str) -> None:
    assert file_stem(template, record()) == stem


def test_without_a_citation_key_the_name_is_the_item_key() -> None:
    assert file_stem("@{citekey}.md", record(citekey="")) == "ABCD2345"
    assert stem_of("{year} {citekey}", "ABCD2345", {}) == "ABCD2345"


def test_an_item_without_authors_has_a_name_all_the_same() -> None:
    assert file_stem("{author}{year} {key}", record(authors=())) == "2020 ABCD2345"


@pytest.mark.parametrize(
    "template",
    [
        "@{doi}",
        "{citekey.__class__}",
        "{citekey[0]}",
        "{citekey!r}",
        "{year:>9}",
        "{}",
        "{0}",
        "{citekey",
        "notes",
        "",
    ],
)
def test_a_template_that_names_anything_else_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="template"):
        file_stem(template, record())


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ('a\\b/c:d*e?f"g<h>i|j#k^l[m]n', "a_b_c_d_e_f_g_h_i_j_k_l_m_n"),
        ("50%% sure, 50% not", "50_ sure, 50% not"),
        ("..hidden. ", "hidden"),
        ("a\u00a0b\u202fc\td\ne", "a b c d e"),
        ("a\x00b\x7f\ufeff", "ab"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("Com1", "Com1_"),
        ("console", "console"),
        ("e\u0301", "\u00e9"),
        ("", "_"),
        (" . ", "_"),
        ("\ud800", "_"),
    ],
)
def test_law13_a_stem_is_safe_on_every_platform(text: str, stem: str) -> None:
    assert safe_stem(text) == stem


def test_a_long_name_is_cut_between_characters_and_stays_free_of_trailing_spaces() -> None:
    assert safe_stem("\u00e9" * 150) == "\u00e9" * 98
    assert safe_stem("a" * 196 + " b") == "a" * 196
    assert len((safe_stem("\U0001f642" * 99) + EXTENSION).encode()) <= MAX_BYTES


@given(st.text(max_size=120))
@example("con\x00")
@example("% %\x00%")
@example("e" + "\x00" + "\u0301")
@example("\U00010000" * 80)
def test_law13_any_text_makes_a_safe_stem_and_a_safe_one_stays(text: str) -> None:
    stem = safe_stem(text)
    assert stem == safe_stem(stem) == unicodedata.normalize("NFC", stem)
    assert stem
    assert not set(stem) & set('\\/:*?"<>|#^[]\n\r\t\x00')
    assert "%%" not in stem
    assert stem[0] not in ". "
    assert stem[-1] not in ". "
    assert len((stem + EXTENSION).encode()) <= MAX_BYTES
    assert folded(stem).split(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


def test_names_are_unique_without_regard_to_case() -> None:
    assert unique("@Smith2020", {"@other"}, ITEM.key) == "@Smith2020"
    assert unique("@Smith2020", {folded("@SMITH2020")}, ITEM.key) == "@Smith2020 ABCD2345"
    assert unique("Stra\u00dfe", {folded("STRASSE")}, ITEM.key) == "Stra\u00dfe ABCD2345"
    assert unique("e\u0301", {folded("\u00c9")}, ITEM.key) == "e\u0301 ABCD2345"
    taken = {folded(name) for name in ("@a", "@a ABCD2345", "@a abcd2345 2")}
    assert unique("@a", taken, ITEM.key) == "@a ABCD2345 3"


@given(st.text(max_size=90).map(safe_stem), st.integers(0, 3))
def test_a_unique_name_is_free_safe_and_short_enough(stem: str, rounds: int) -> None:
    taken: set[str] = set()
    for _ in range(rounds + 1):
        name = unique(stem, taken, ITEM.key)
        assert folded(name) not in taken
        assert safe_stem(name) == name
        taken.add(folded(name))
