"""What the pictures of a library are drawn from: its reading week by week, its topics as a map."""

from __future__ import annotations

from collections import Counter

from bridge.indexes import canvas, picture
from bridge.indexes.context import Context
from bridge.indexes.days import week_of
from bridge.indexes.rules import IndexRules, Page, PageKind


def reading_weeks(context: Context, rules: IndexRules) -> list[picture.Week]:
    """Every week something was read or started in, for :func:`bridge.indexes.picture.reading_svg`."""
    read, started = Counter[str](), Counter[str]()
    for weeks, days in ((read, context.happened["read"]), (started, context.happened["started"])):
        for day, count in days.items():
            weeks[week_of(day, rules.first_day)] += count
    return [picture.Week(week, read[week], started[week]) for week in sorted(read.keys() | started.keys())]


def topics_on_map(context: Context) -> list[canvas.Topic]:
    """Every topic that has a page, for :func:`bridge.indexes.canvas.topics_canvas`.

    Its path there is the topic's identity, so that a card stays where a person put it when the spelling changes.
    """
    drawn = []
    for topic in context.topics.values():
        places = context.places(Page(PageKind.TOPIC, topic.id))
        if places:
            drawn.append(canvas.Topic(tuple(topic.id.split("/")), topic.count, places[0]))
    return drawn
