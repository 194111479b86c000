"""Entries of the bibliography: what they say, and that a parser reads back what went in."""

from __future__ import annotations

import string
from typing import Any

import bibtexparser  # type: ignore[import-untyped]  # it comes without types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.bibliography import bibtex
from bridge.zotero.csl import csl_item


def zotero(item_type: str, parsed: str = "", **data: Any) -> dict[str, Any]:
    return {"key": "ABCD2345", "version": 1, "meta": {"parsedDate": parsed}, "data": {"itemType": item_type, **data}}


def creator(last: str, first: str = "", role: str = "author") -> dict[str, str]:
    return {"creatorType": role, "lastName": last, "firstName": first}


ARTICLE = zotero(
    "journalArticle",
    "2017-06-12",
    title="Notes on <i>E. coli</i> & the 100% rule: a review of DNA",
    creators=[creator("van der Maaten", "Laurens"), {"creatorType": "author", "name": "WHO and others"}],
    date="12 June 2017",
    publicationTitle="Journal of Things",
    volume="12",
    issue="3",
    pages="1–19",
    DOI="10.1000/a_b",
    ISSN="1234-5678",
    language="en-GB",
    url="https://example.org/a b{c}",
    accessDate="2024-05-01T10:00:00Z",
)

ARTICLE_TEXT = r"""@article{maaten2017notes,
  author = {van der Maaten, Laurens and {WHO and others}},
  title = {Notes on \emph{{E}. coli} \& the 100\% rule: a review of {DNA}},
  date = {2017-06-12},
  journaltitle = {Journal of Things},
  volume = {12},
  number = {3},
  pages = {1--19},
  doi = {10.1000/a_b},
  url = {https://example.org/a%20b%7Bc%7D},
  urldate = {2024-05-01},
  issn = {1234-5678},
  langid = {british}
}
"""


def entry(item: dict[str, Any], citekey: str = "maaten2017notes") -> str:
    return bibtex.entry(csl_item(item, citekey))


def test_an_article_is_written_as_biblatex_has_it() -> None:
    assert entry(ARTICLE) == ARTICLE_TEXT


@pytest.mark.parametrize(
    ("item", "lines"),
    [
        (
            zotero("preprint", "2024", title="x", repository="arXiv", archiveID="arXiv:2412.03317"),
            ["@online{k,", "publisher = {arXiv}", "eprint = {2412.03317}", "eprinttype = {arxiv}"],
        ),
        (
            zotero(
                "bookSection",
                "1999",
                title="x",
                bookTitle="The Whole",
                creators=[creator("A", "B"), creator("C", "D", "editor"), creator("E", "F", "bookAuthor")],
                series="Studies",
                seriesNumber="7",
                publisher="Press",
                place="Rome",
            ),
            [
                "@incollection{k,",
                "editor = {C, D}",
                "bookauthor = {E, F}",
                "booktitle = {The {Whole}}",
                "series = {Studies}",
                "number = {7}",
                "location = {Rome}",
            ],
        ),
        (
            zotero("thesis", "2001", title="x", thesisType="PhD thesis", university="Uppsala"),
            ["@thesis{k,", "institution = {Uppsala}", "type = {PhD thesis}"],
        ),
        (
            zotero("conferencePaper", "2020", title="x", proceedingsTitle="Proc", conferenceName="Conf"),
            ["@inproceedings{k,", "booktitle = {Proc}", "eventtitle = {Conf}"],
        ),
        (
            zotero("case", "1954-05-17", caseName="Brown v. Board", court="Supreme Court"),
            ["@jurisdiction{k,", "title = {Brown v. {Board}}", "date = {1954-05-17}"],
        ),
        (
            zotero("film", "1941", creators=[creator("Welles", "Orson", "director")]),
            ["author = {Welles, Orson}"],
        ),
        (zotero("webpage", title="x", date="in press"), ["@online{k,", "date = {in press}"]),
        (zotero("newspaperArticle", title="x"), ["entrysubtype = {newspaper}"]),
        (zotero("whatever2030", title="x"), ["@misc{k,", "title = {x}"]),
    ],
)
def test_each_type_has_its_terms(item: dict[str, Any], lines: list[str]) -> None:
    text = entry(item, "k")
    assert [line for line in lines if line not in text] == [], text


def test_a_name_that_bibtex_would_take_apart_stays_whole() -> None:
    item = zotero("book", creators=[creator("Rand and Sons", "A"), creator("Jr., King", "B"), creator("Voltaire")])
    assert "author = {{Rand and Sons}, A and {Jr., King}, B and {Voltaire}}" in entry(item)


@pytest.mark.parametrize(
    ("key", "usable"),
    [
        ("wei2025", True),
        ("müller2020", True),
        ("a:b/c-d", True),
        ("a b", False),
        ("a,b", False),
        ("{x}", False),
        ("", False),
    ],
)
def test_keys_that_tex_cannot_take_are_known(key: str, *, usable: bool) -> None:
    assert bibtex.is_usable(key) is usable


#: What a title may hold, whatever TeX makes of it.
TEXTS = st.text(st.sampled_from(string.ascii_letters + ' {}\\%&$#_~^"@,=<>-é中\u2019'), min_size=1, max_size=40)


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_can_leave_its_field(heading: str, name: str, venue: str) -> None:
    """Law 13: whatever a title holds, a parser finds one entry with just these fields, and the next one after it."""
    item = zotero("journalArticle", title=heading, publicationTitle=venue, creators=[creator(name, "X")])
    last = zotero("book", title="last")
    read = bibtexparser.loads(entry(item, "first") + "\n" + entry(last, "second"))
    assert [found["ID"] for found in read.entries] == ["first", "second"]
    assert set(read.entries[0]) <= {"ID", "ENTRYTYPE", "title", "journaltitle", "author"}
    assert read.entries[1]["title"] == "last"


def test_csl_json_has_what_citation_processors_ask_for() -> None:
    found = csl_item(ARTICLE, "maaten2017notes")
    assert found["type"] == "article-journal"
    assert found["author"] == [
        {"family": "Maaten", "given": "Laurens", "non-dropping-particle": "van der"},
        {"literal": "WHO and others"},
    ]
    assert found["issued"] == {"date-parts": [[2017, 6, 12]]}
    assert found["container-title"] == "Journal of Things"
    assert found["title"] == ARTICLE["data"]["title"]
