"""R35: a change renders the index notes it touches and no others, and these are all that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_library import papers, rendered

from bridge.core.record import ItemId
from bridge.indexes.changes import due
from bridge.indexes.context import Vault, make_context
from bridge.indexes.entries import EntryKind, Papers
from bridge.indexes.paper import Paper
from bridge.indexes.render import render
from bridge.indexes.rules import IndexRules, Page, PageKind, TopicRules

SHORT = st.sampled_from(["A", "B *b*", ""])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(papers(text=SHORT), max_size=8),
    st.lists(st.lists(papers("ABC", SHORT) | st.sampled_from(["AAAAAAAA", "BBBBBBBB"]), max_size=3), max_size=4),
    st.sampled_from([3, 1]),
)
def test_rendering_what_is_due_is_rendering_everything(
    first: list[Paper], cycles: list[list[Paper | str]], min_papers: int
) -> None:
    rules = IndexRules(topics=TopicRules(min_papers=min_papers))
    catalogue = Papers(first)
    context = make_context(catalogue, rules)
    texts = {page: index.text for page, index in rendered(context, catalogue, rules).items()}
    written = context.pages()
    for cycle in cycles:
        changes = []
        for change in cycle:
            item = ItemId("users/1", change) if isinstance(change, str) else change.id
            after = None if isinstance(change, str) else change
            changes.append((catalogue.put(item, after), after))
        context = make_context(catalogue, rules)
        for page in due(changes, written, context, rules):
            texts[page] = render(page, catalogue, context, rules).text
        written = context.pages()
        texts = {page: text for page, text in texts.items() if page in written}
        assert texts == {page: index.text for page, index in rendered(context, catalogue, rules).items()}


def big_library(count: int) -> Papers:
    """Papers as in a library that grew for years, then met a first sync: many added on one day, a third read."""
    shelves = ("read", "to-read", "new", "read", "to-read", "reading", "new", "skipped")
    found = []
    for number in range(count):
        shelf = shelves[number % len(shelves)]
        day = f"20{15 + number % 10}-{1 + number % 12:02}-{1 + number % 28:02}"
        paper = Paper(
            ItemId("users/1", f"K{number:07}"),
            title=f"A study of sparse circuits and what they do in case {number} of a long series",
            note=f"Papers/@author{2000 + number % 25}study{number}.md",
            by="Almeida et al.",
            year=str(2000 + number % 25),
            published=f"{2000 + number % 25}-{1 + number % 12:02}",
            venue="Advances in Neural Information Processing Systems",
            shelf=shelf,
            status_date=day,
            added="2025-09-22" if number % 3 == 0 else day,
            finished=day if shelf == "read" else "",
            topics=(f"Field {number % 8}/Topic {number % 40}",),
            tags=(f"area-{number % 60}",),
            summary="what it does, in one line of the person's own" if number % 5 == 0 else "",
        )
        found.append(paper)
    return Papers(found)


@pytest.mark.parametrize("day", ["2025-12-31", "2025-09-25", "2019-05-06"])
def test_r35_one_status_change_among_3000_papers_changes_six_files_and_50_kb_at_most(day: str) -> None:
    rules = IndexRules()
    catalogue = big_library(3000)
    before = make_context(catalogue, rules)
    texts = {page: index.text for page, index in rendered(before, catalogue, rules).items()}
    old = next(paper for paper in catalogue.papers("added", "2025-09-22") if paper.shelf == "to-read")
    new = replace(old, shelf="read", status_date=day, started=day, finished=day)
    catalogue.put(new.id, new)
    context = make_context(catalogue, rules)
    pages = due([(old, new)], before.pages(), context, rules)
    rewritten = {page: render(page, catalogue, context, rules).text for page in pages}
    rewritten = {page: text for page, text in rewritten.items() if texts.get(page) != text}
    assert Page(PageKind.READING) in rewritten
    assert len(rewritten) + 1 <= 6  # and the picture
    assert sum(len(text.encode()) for text in rewritten.values()) < 50_000
    assert not any(page.kind in (PageKind.TOPIC, PageKind.TOPICS) for page in pages)


class Counting(Papers):
    """A catalogue that counts the papers it is asked for."""

    given = 0

    def papers(self, kind: EntryKind, name: str, most: int | None = None) -> Sequence[Paper]:
        found = super().papers(kind, name, most)
        self.given += len(found)
        return found


def test_the_cost_of_a_status_change_does_not_grow_with_the_library() -> None:
    rules = IndexRules()
    asked = []
    for count in (1000, 4000):
        catalogue = Counting()
        source = big_library(count)
        for day in source.counts("added"):
            for paper in source.papers("added", day):
                catalogue.put(paper.id, paper)
        before = make_context(catalogue, rules)
        old = catalogue.papers("shelf", "to-read", 1)[0]
        new = replace(old, shelf="read", status_date="2026-01-05", finished="2026-01-05")
        catalogue.put(new.id, new)
        context = make_context(catalogue, rules)
        catalogue.given = 0
        for page in due([(old, new)], before.pages(), context, rules):
            render(page, catalogue, context, rules)
        asked.append(catalogue.given)
    assert max(asked) < 250


def test_nothing_is_due_when_nothing_shown_changed() -> None:
    rules = IndexRules()
    old = Paper(ItemId("users/1", "A"), "T", topics=("X",), added="2025-09-22", status_date="2025-09-22")
    catalogue = Papers([old])
    context = make_context(catalogue, rules)
    assert due([(old, old)], context.pages(), context, rules) == frozenset()
    assert due([(old, replace(old, status_date="2025-09-23"))], context.pages(), context, rules) == frozenset()
    asked = replace(old, questions=("Why?",))
    catalogue.put(old.id, asked)
    context = make_context(catalogue, rules)
    assert due([(old, asked)], context.pages(), context, rules) == {
        Page(PageKind.QUESTIONS),
        Page(PageKind.WEEK, "2025-W39"),
    }


def test_a_page_that_moves_is_due_with_all_that_link_to_it() -> None:
    rules = IndexRules()
    catalogue = Papers([Paper(ItemId("users/1", "A"), "T", topics=("X/Y/Z",), added="2025-09-22")])
    before = make_context(catalogue, rules)
    after = make_context(catalogue, rules, Vault(taken={"y"}.intersection))
    assert due([], before.pages(), after, rules) == {
        Page(PageKind.TOPICS),
        *(Page(PageKind.TOPIC, name) for name in ("x", "x/y", "x/y/z")),
    }


def test_a_question_put_otherwise_is_due_where_questions_are() -> None:
    rules = IndexRules()
    old = Paper(ItemId("users/1", "A"), "T", topics=("X",), questions=("Why?",))
    new = replace(old, questions=("How?",))
    context = make_context(Papers([old]), rules)
    assert due([(old, new)], context.pages(), context, rules) == {Page(PageKind.QUESTIONS)}


def test_a_tag_that_leaves_the_collection_it_had_joined_is_due_in_both_places() -> None:
    rules = IndexRules(topics=TopicRules(min_papers=1))
    tagged = Paper(ItemId("users/1", "A"), "T", tags=("graphs",))
    first = Paper(ItemId("users/1", "B"), "T", topics=("NLP/Graphs",))
    second = Paper(ItemId("users/1", "C"), "T", topics=("Vision/Graphs",))
    catalogue = Papers([tagged, first])
    vault = Vault(hosts={"topic NLP/Graphs": ("a.md",)})  # a page of ours would move, and be due for that
    before = make_context(catalogue, rules, vault)
    catalogue.put(second.id, second)
    after = make_context(catalogue, rules, vault)
    assert {Page(PageKind.TOPIC, "graphs"), Page(PageKind.TOPIC, "nlp/graphs")} <= due(
        [(None, second)], before.pages(), after, rules
    )


def test_a_second_collection_of_a_name_moves_the_papers_that_had_joined_the_first() -> None:
    """R35 is worth nothing where a page that changed is not found: the tag ``Transformers`` belongs to nobody now."""
    tagged = Paper(ItemId("users/1", "BBBBBBBB"), "B", tags=("NLP", "Transformers", "NLP/Transformers"))
    filed = Paper(ItemId("users/1", "CCCCCCCC"), "C", topics=("Vision/Transformers",))
    rules = IndexRules(topics=TopicRules(min_papers=1))
    catalogue = Papers([tagged, filed])
    written = make_context(catalogue, rules).pages()
    second = Paper(ItemId("users/1", "AAAAAAAA"), "A", topics=("NLP/Transformers",))
    catalogue.put(second.id, second)
    pages = due([(None, second)], written, make_context(catalogue, rules), rules)
    assert Page(PageKind.TOPIC, "vision") in pages
