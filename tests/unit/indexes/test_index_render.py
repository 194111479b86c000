"""The text of index notes: golden pages of the demo, purity, bounds, links (R27, R34, R35, law 13)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_library import demo, entered, papers, rendered
from obsidian_links import links, resolve

from bridge.core import blocks
from bridge.core.record import ItemId
from bridge.errors import ConfigError
from bridge.indexes.context import make_context
from bridge.indexes.entries import Papers
from bridge.indexes.paper import Paper
from bridge.indexes.plan import new_file
from bridge.indexes.render import MOST_ON_SHELF, render
from bridge.indexes.rules import TEMPLATES, IndexRules, Page, PageKind

RULES = IndexRules()
GOLDEN = Path(__file__).parents[2] / "golden"
#: Read by people: one page of each kind, and what is special.
SHOWN = [
    Page(PageKind.TOPICS),
    Page(PageKind.TOPIC, "reasoning"),
    Page(PageKind.TOPIC, "reasoning/implicit reasoning"),
    Page(PageKind.TOPIC, "feature geometry"),
    Page(PageKind.WEEK, "2025-W39"),
    Page(PageKind.WEEK, "2025-W49"),
    Page(PageKind.READING),
    Page(PageKind.LOG, "2025-09"),
    Page(PageKind.QUESTIONS),
]


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: f"{page.kind} {page.name}".strip())
def test_golden_index_notes_of_the_demo(page: Page) -> None:
    catalogue = entered(demo())
    context = make_context(catalogue, RULES)
    path = GOLDEN / context.own[page]
    text = new_file(render(page, catalogue, context, RULES))
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8"), f"if {path} is to change: UPDATE_GOLDEN=1, and read it"


def library(found: list[Paper]) -> Papers:
    return entered({paper.id: paper for paper in found}.values())


@settings(max_examples=40, deadline=None)
@given(st.lists(papers(), max_size=8, unique_by=lambda paper: paper.id), st.randoms(use_true_random=False))
def test_the_order_of_papers_does_not_matter(found: list[Paper], shuffle: object) -> None:
    other = list(found)
    shuffle.shuffle(other)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    one, two = entered(found), entered(other)
    rules = IndexRules(first_day=len(found) % 7)
    first = make_context(one, rules)
    assert make_context(two, rules) == first
    assert rendered(first, one, rules) == rendered(first, two, rules)


@settings(max_examples=40, deadline=None)
@given(st.lists(papers("ABCDEFG"), max_size=8), papers("H"))
def test_a_paper_that_came_and_went_leaves_the_same_bytes(found: list[Paper], guest: Paper) -> None:
    catalogue = library(found)
    before = rendered(make_context(catalogue, RULES), catalogue, RULES)
    catalogue.put(guest.id, guest)
    catalogue.put(guest.id, None)
    assert rendered(make_context(catalogue, RULES), catalogue, RULES) == before


@settings(max_examples=60, deadline=None)
@given(st.lists(papers(), max_size=8))
def test_law_13_whatever_the_papers_say_pages_stay_whole_and_every_link_resolves(found: list[Paper]) -> None:
    catalogue = library(found)
    context = make_context(catalogue, RULES)
    pages = rendered(context, catalogue, RULES)
    files = [*context.own.values(), RULES.picture, *(paper.note for paper in found if paper.note)]
    for page, index in pages.items():
        text = new_file(index)
        text.encode()
        (block,) = blocks.find(text)
        assert (block.problem, block.edited, block.name) == ("", False, page.kind.value)
        assert block.text == index.text
        assert text.count("%%") == 4
        for target, _ in links(text):
            assert len(resolve(target, files)) == 1, target


def test_every_link_of_the_demo_resolves_to_one_file() -> None:
    catalogue = entered(demo())
    context = make_context(catalogue, RULES)
    files = [*context.own.values(), RULES.picture, *(paper.note for paper in demo())]
    found = [target for index in rendered(context, catalogue, RULES).values() for target, _ in links(index.text)]
    assert len(found) > 800
    assert [target for target in set(found) if len(resolve(target, files)) != 1] == []


def one(**given: object) -> Paper:
    base = Paper(
        ItemId("users/1", "AAAAAAAA"), "SIM-CoT", note="Papers/@wei.md", by="Wei et al.", year="2025", venue="arXiv"
    )
    return replace(base, **given)  # type: ignore[arg-type]  # as the tests say


def text_of(page: Page, *found: Paper, rules: IndexRules = RULES) -> str:
    catalogue = entered(found)
    return render(page, catalogue, make_context(catalogue, rules), rules).text


def test_a_line_shows_link_authors_year_venue_and_summary() -> None:
    topic = Page(PageKind.TOPIC, "cot")
    paper = one(topics=("CoT",), published="2025-09-24", summary="steps, not *tokens*", points=("8.2 points",))
    assert text_of(topic, paper) == (
        "- 2025-09: [[Papers/@wei|SIM-CoT]] (Wei et al., 2025, arXiv): steps, not *tokens*\n    - 8.2 points"
    )
    bare = one(note="", zotero="zotero://select/library/items/AAAAAAAA", topics=("CoT",), venue="")
    assert text_of(topic, bare) == ("- SIM-CoT (Wei et al., 2025 · [Zotero](zotero://select/library/items/AAAAAAAA))")
    assert text_of(topic, one(by="", year="", venue="", topics=("CoT",))) == "- [[Papers/@wei|SIM-CoT]]"


def test_papers_of_a_topic_stand_by_date_and_those_without_last() -> None:
    dated = [
        one(id=ItemId("users/1", key), title=key, by="", year="", venue="", published=day, topics=("T",))
        for key, day in (("a", "2024-07"), ("b", ""), ("c", "2020-03"), ("d", "2020"))
    ]
    lines = text_of(Page(PageKind.TOPIC, "t"), *dated).splitlines()
    assert [line.partition("[[")[0] for line in lines] == ["- 2020: ", "- 2020-03: ", "- 2024-07: ", "- "]


def test_a_paper_in_several_topics_is_in_each() -> None:
    paper = one(topics=("A", "B/C"))
    assert all("SIM-CoT" in text_of(Page(PageKind.TOPIC, name), paper) for name in ("a", "b", "b/c"))


def test_a_topic_shows_what_is_below_it_while_that_is_little() -> None:
    few = [one(id=ItemId("users/1", f"{n}"), title=f"T{n}", topics=("A/B",)) for n in range(60)]
    assert "## [[Index/Topics/A/B|B]]" in text_of(Page(PageKind.TOPIC, "a"), *few)
    many = [*few, one(topics=("A/B",))]
    assert text_of(Page(PageKind.TOPIC, "a"), *many) == "- [[Index/Topics/A/B|B]] (61)"


def test_r35_the_status_stands_only_where_it_is_the_subject() -> None:
    days = {"added": "2025-09-22", "finished": "2025-09-25", "topics": ("CoT",), "questions": ("Why?",)}
    read, reading = one(shelf="read", **days), one(shelf="reading", **days)
    same = [
        Page(PageKind.TOPICS),
        Page(PageKind.TOPIC, "cot"),
        Page(PageKind.WEEK, "2025-W39"),
        Page(PageKind.QUESTIONS),
    ]
    assert all(text_of(page, read) == text_of(page, reading) for page in (*same, Page(PageKind.LOG, "2025-09")))
    assert text_of(Page(PageKind.READING), read) != text_of(Page(PageKind.READING), reading)


def test_a_week_embeds_the_notes_and_asks_the_open_questions() -> None:
    paper = one(finished="2025-09-25", started="2025-09-24", points=("p",), questions=("Why?",), has_notes=True)
    assert text_of(Page(PageKind.WEEK, "2025-W39"), paper) == (
        "## Read\n\n### [[Papers/@wei|SIM-CoT]] (Wei et al., 2025)\n\n- p\n\n![[Papers/@wei#Notes]]\n\n"
        "**Questions**\n\n- Why?\n\n## Started\n\n- [[Papers/@wei|SIM-CoT]] (Wei et al., 2025, arXiv)"
    )


def test_the_log_says_what_kind_of_thing_was_read() -> None:
    found = [
        one(id=ItemId("users/1", kind), title=kind, kind=kind, by="", year="", venue="", finished="2025-09-25")
        for kind in ("paper", "post", "book", "resource", "code", "video")
    ]
    log = text_of(Page(PageKind.LOG, "2025-09"), *found)
    assert [line[2] for line in log.splitlines() if line.startswith("- ")] == list("📖🧪📜📰🌐📺")


def test_long_lists_say_how_many_more_there_are() -> None:
    many = [one(id=ItemId("users/1", f"{n}"), shelf="to-read", added="2025-09-22") for n in range(MOST_ON_SHELF + 5)]
    reading = text_of(Page(PageKind.READING), *many)
    assert (reading.count("[[Papers"), reading.count("… and 5 more.")) == (MOST_ON_SHELF, 1)
    assert "… and 25 more." in text_of(Page(PageKind.LOG, "2025-09"), *many)


def test_a_status_date_in_the_future_is_a_day_like_any_other() -> None:
    paper = one(shelf="read", finished="2099-01-01")
    assert "2099-01-01: [[Papers/@wei" in text_of(Page(PageKind.READING), paper)


def test_an_empty_library_has_readable_pages() -> None:
    catalogue = Papers()
    assert {
        page.kind: index.text.splitlines()[0]
        for page, index in rendered(make_context(catalogue, RULES), catalogue, RULES).items()
    } == {
        PageKind.TOPICS: "No collection holds a paper yet.",
        PageKind.READING: "![[Index/Reading List.svg]]",
        PageKind.QUESTIONS: "No question is open.",
    }


def test_each_kind_can_be_switched_off() -> None:
    rules = IndexRules(pages=frozenset({PageKind.TOPICS}))
    catalogue = entered([one(topics=("CoT",), added="2025-09-22")])
    context = make_context(catalogue, rules)
    assert set(context.pages()) == {Page(PageKind.TOPICS)}
    assert render(Page(PageKind.TOPICS), catalogue, context, rules).text == "- CoT (1)"


def test_r34_a_template_of_ones_own_sees_escaped_text_and_its_faults_are_told() -> None:
    topic = Page(PageKind.TOPIC, "cot")
    source = "{% for p in sections[0].papers %}{{ p.mark }} {{ p.venue }} {{ p.title }}{% endfor %}\n"
    rules = IndexRules(templates={TEMPLATES[PageKind.TOPIC]: source})
    assert (
        text_of(topic, one(topics=("CoT",), venue="*A* #b"), rules=rules) == "📜 \\*A\\* \\#b [[Papers/@wei|SIM-CoT]]"
    )
    broken = IndexRules(templates={TEMPLATES[PageKind.TOPIC]: "a\n{{ nope }}"})
    with pytest.raises(ConfigError, match=r"topic\.md\.j2, line 2"):
        text_of(topic, one(topics=("CoT",)), rules=broken)
