"""What the pictures are drawn from."""

from __future__ import annotations

from index_library import demo, entered

from bridge.core.record import ItemId
from bridge.indexes.canvas import Topic, topics_canvas
from bridge.indexes.context import make_context
from bridge.indexes.entries import Papers
from bridge.indexes.overview import reading_weeks, topics_on_map
from bridge.indexes.paper import Paper
from bridge.indexes.picture import Week, reading_svg
from bridge.indexes.rules import IndexRules, PageKind


def test_weeks_count_what_was_read_and_started() -> None:
    found = [
        Paper(ItemId("users/1", "A"), "T", started="2025-09-22", finished="2025-09-28"),
        Paper(ItemId("users/1", "B"), "T", started="2025-09-28", finished="2025-09-29"),
        Paper(ItemId("users/1", "C"), "T", added="2025-09-01"),
    ]
    context = make_context(Papers(found), IndexRules())
    assert reading_weeks(context, IndexRules()) == [Week("2025-W39", 1, 2), Week("2025-W40", 1, 0)]


def test_the_map_has_every_topic_with_a_page_whatever_its_spelling() -> None:
    for spelled in ("Machine Learning", "machine-learning"):
        paper = Paper(ItemId("users/1", "A"), "T", topics=(f"AI/{spelled}",))
        context = make_context(Papers([paper]), IndexRules())
        assert topics_on_map(context) == [
            Topic(("ai",), 0, "Index/Topics/AI.md"),
            Topic(("ai", "machine learning"), 1, f"Index/Topics/AI/{spelled}.md"),
        ]
    rules = IndexRules(pages=frozenset(PageKind) - {PageKind.TOPIC})
    assert topics_on_map(make_context(Papers([paper]), rules)) == []


def test_the_demo_can_be_drawn() -> None:
    context = make_context(entered(demo()), IndexRules())
    text = topics_canvas(topics_on_map(context))
    assert text.count('"type":"file"') == len(context.topics)
    assert reading_svg(reading_weeks(context, IndexRules())).startswith("<svg")
