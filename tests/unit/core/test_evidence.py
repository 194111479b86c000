"""Which paper a note is about (R26, R28): exactly one note and one paper, or a person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from bridge.core.evidence import Match, Sign, Trust, Unclear, match, reference, signs_of_item, stems_of
from bridge.core.place import Facts
from bridge.core.record import ItemId

A, B = ItemId("users/1", "AAAAAAAA"), ItemId("users/1", "BBBBBBBB")
A_IN_GROUP = ItemId("groups/51", "AAAAAAAA")
PAPERS = {A: ("wei2020", "10.1/A"), B: ("lee2021", "10.1/b"), A_IN_GROUP: ("wei2020", "10.1/a")}


def look(
    notes: Mapping[str, Facts],
    papers: Sequence[ItemId] = (A, B),
    homes: Mapping[ItemId, str] | None = None,
    named: Sequence[str] = (),
) -> tuple[list[Match], list[Unclear]]:
    answers: dict[Sign, list[ItemId]] = {}
    for item in papers:
        for sign in signs_of_item(item, *PAPERS[item]):
            answers.setdefault(sign, []).append(item)
    return match(notes, lambda sign: answers.get(sign, ()), homes or {}, named=frozenset(named))


@pytest.mark.parametrize(
    ("path", "facts", "signs"),
    [
        ("x.md", Facts(named=("AAAAAAAA",)), (Trust.KEY,)),
        ("x.md", Facts(named=("users/1/items/AAAAAAAA",)), (Trust.KEY,)),
        ("x.md", Facts(named=("1/items/AAAAAAAA",)), (Trust.KEY,)),
        ("x.md", Facts(linked=("library/items/AAAAAAAA",)), (Trust.LINK,)),
        ("x.md", Facts(citekey="wei2020"), (Trust.CITEKEY,)),
        ("Deep/@wei2020.md", Facts(), (Trust.NAME,)),
        ("Deep/@Wei2020.md", Facts(), (Trust.NAME,)),  # file systems may not tell these apart
        ("Deep/wei2020.md", Facts(), (Trust.NAME,)),
        ("x.md", Facts(doi="https://doi.org/10.1/a"), (Trust.DOI,)),
        ("@wei2020.md", Facts(citekey="wei2020", doi="10.1/A"), (Trust.CITEKEY, Trust.NAME, Trust.DOI)),
        # Nobody answers to an old citation key, so it contradicts nothing.
        ("@old2019.md", Facts(citekey="old2019", named=("AAAAAAAA",)), (Trust.KEY,)),
    ],
)
def test_one_note_and_one_paper_fit(path: str, facts: Facts, signs: tuple[Trust, ...]) -> None:
    assert look({path: facts, "Other.md": Facts(aliases=("wei2020",))}) == ([Match(path, A, signs)], [])


@pytest.mark.parametrize(
    "facts", [Facts(), Facts(named=("CCCCCCCC",)), Facts(linked=("groups/9/items/AAAAAAAA",)), Facts(citekey="wei")]
)
def test_most_notes_are_about_no_paper(facts: Facts) -> None:
    assert look({"Diary.md": facts}) == ([], [])


def test_r28_a_link_in_the_text_only_proposes() -> None:
    facts = Facts(zotero_links=("AAAAAAAA",))
    assert look({"Diary.md": facts}) == ([], [Unclear("Diary.md", "body", (A,), (Trust.BODY,))])
    assert look({"Diary.md": facts}, homes={A: "Papers/@wei2020.md"}) == ([], [])
    assert look({"Diary.md": facts}, named=["Diary.md"]) == ([Match("Diary.md", A, (Trust.BODY,))], [])
    assert look({"Diary.md": Facts(zotero_links=("AAAAAAAA", "BBBBBBBB"))}) == ([], [])
    # It neither helps nor harms where something better is known.
    assert look({"x.md": Facts(citekey="lee2021", zotero_links=("AAAAAAAA",))})[0] == [
        Match("x.md", B, (Trust.CITEKEY,))
    ]


def test_two_notes_about_one_paper_are_left_to_a_person() -> None:
    found, unclear = look({"a.md": Facts(named=("AAAAAAAA",)), "b.md": Facts(doi="10.1/a"), "c.md": Facts()})
    assert found == []
    assert [(each.path, each.why, each.others) for each in unclear] == [
        ("a.md", "two-notes", ("b.md",)),
        ("b.md", "two-notes", ("a.md",)),
    ]


def test_a_paper_that_has_a_note_gets_no_second_one() -> None:
    assert look({"a.md": Facts(citekey="wei2020")}, homes={A: "Papers/@wei2020.md"}) == (
        [],
        [Unclear("a.md", "taken", (A,), (Trust.CITEKEY,), ("Papers/@wei2020.md",))],
    )


def test_signs_that_lead_to_different_papers_decide_nothing() -> None:
    found, [unclear] = look({"@wei2020.md": Facts(doi="10.1/b")})
    assert (found, unclear.why, unclear.items) == ([], "disagree", (A, B))


def test_the_same_paper_in_two_libraries_is_two_papers_unless_something_says_which() -> None:
    everywhere = (A, B, A_IN_GROUP)
    found, [unclear] = look({"@wei2020.md": Facts()}, everywhere)
    assert (found, unclear.why, unclear.items) == ([], "two-papers", (A_IN_GROUP, A))
    linked = Facts(linked=("groups/51/items/AAAAAAAA",))
    assert look({"@wei2020.md": linked}, everywhere)[0] == [Match("@wei2020.md", A_IN_GROUP, (Trust.LINK, Trust.NAME))]
    own = Facts(linked=("library/items/AAAAAAAA",))
    assert look({"@wei2020.md": own}, everywhere)[0] == [Match("@wei2020.md", A, (Trust.LINK, Trust.NAME))]


def test_a_citation_key_that_may_be_a_common_word_needs_its_sign() -> None:
    assert stems_of("attention") == ("@attention",)
    assert stems_of("wei2020") == ("@wei2020", "wei2020")
    assert stems_of("") == ()


def test_a_reference_says_whose_the_item_is_where_that_is_known() -> None:
    assert reference("AAAAAAAA") == "AAAAAAAA"
    assert reference("AAAAAAAA", "groups/51") == "groups/51/items/AAAAAAAA"
