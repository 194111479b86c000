"""No two papers bear one key, whatever stands in the library already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.citekeys import Keys, Work, parse
from bridge.citekeys.facts import Creator
from bridge.citekeys.unique import suffix

FORMULA = parse("auth + year")


def by(family: str, key: str = "ABCD2345") -> Work:
    return Work(key, "book", "", "2022", (Creator(family, "", "author"),))


def test_letters_tell_papers_apart_without_regard_to_case() -> None:
    keys = Keys(FORMULA, ["LIU2022"])
    assert [keys.make(by("liu")), keys.make(by("Liu")), keys.make(by("Wei"))] == ["liu2022a", "Liu2022b", "Wei2022"]


def test_after_z_comes_aa() -> None:
    assert [suffix(number) for number in (0, 1, 2, 26, 27, 28, 52, 53, 702, 703)] == [
        "", "a", "b", "z", "aa", "ab", "az", "ba", "zz", "aaa",
    ]  # fmt: skip


def test_a_key_that_would_catch_anothers_links_is_not_taken() -> None:
    keys = Keys(FORMULA, [])
    assert keys.make(by("Liu"), lambda key: key != "Liu2022") == "Liu2022a"
    assert keys.make(by("Liu")) == "Liu2022"


def test_a_paper_that_says_nothing_is_called_by_its_item_key() -> None:
    assert Keys(parse("auth"), []).make(Work("ABCD2345")) == "zotero-ABCD2345"


@given(st.lists(st.text(max_size=6), max_size=40), st.lists(st.text(min_size=1, max_size=4), max_size=20))
def test_all_keys_are_unlike_and_every_tool_can_read_them(names: list[str], taken: list[str]) -> None:
    keys = Keys(FORMULA, taken)
    made = [keys.make(by(name)) for name in names]
    folded = [key.casefold() for key in [*made]]
    assert len(set(folded)) == len(folded)
    assert not {key.casefold() for key in taken} & set(folded)
    assert all(key.isascii() and key.isprintable() and not set(key) & set(" []{}|,;#%\\\"'@^") for key in made)
