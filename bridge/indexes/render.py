"""The text of an index note's block, from the papers of a few entries (R34, R35).

Templates people may override are given lists of :class:`~bridge.indexes.views.PaperView` and the like; what they make
is the block's text. The same papers give the same bytes in whatever order they come. Long lists end with how many more
there are: live views (a base) show everything, generated pages must stay small to be rewritten often.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge import templating
from bridge.core.text import heading
from bridge.errors import ConfigError
from bridge.indexes.context import Context, argument
from bridge.indexes.days import day_label, days_of, month_label, month_of, week_label
from bridge.indexes.entries import Catalogue, EntryKind, shelf_day
from bridge.indexes.markdown import embed, link
from bridge.indexes.paper import Paper
from bridge.indexes.rules import TEMPLATES, IndexRules, Page, PageKind
from bridge.indexes.topics import Topic
from bridge.indexes.views import Day, PaperView, Section, TopicView, view, without_questions

#: The most papers in a list of the reading list, of a week, and of one kind on one day of a log.
MOST_ON_SHELF, MOST_IN_WEEK, MOST_IN_DAY = 40, 60, 20
#: A topic's page shows the papers below it too while there are no more than so many in all.
MOST_NESTED = 60

_GAP = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class IndexText:
    """What an index note is to hold: its block's name and argument and text, and a heading for a new file."""

    page: Page
    argument: str
    heading: str
    text: str


def render(page: Page, catalogue: Catalogue, context: Context, rules: IndexRules) -> IndexText:
    """One index note of those in ``context``.

    :raises ConfigError: a template of the person's own cannot be read, compiled or run.
    """
    name = TEMPLATES[page.kind]
    if (fault := rules.faults.get(name)) is not None:
        raise ConfigError(fault)
    values = _VALUES[page.kind](_Job(page, catalogue, context, rules))
    own = rules.templates.get(name)
    text = templating.render(_built_in(name) if own is None else own, values, f"the template {name}")
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return IndexText(
        page, argument(page, context.topics), _heading(page, context, rules), _GAP.sub("\n\n", lines).strip("\n")
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """What making one page needs."""

    page: Page
    catalogue: Catalogue
    context: Context
    rules: IndexRules


@lru_cache(maxsize=len(TEMPLATES))
def _built_in(name: str) -> str:
    from importlib.resources import files

    return (files("bridge.indexes") / "templates" / name).read_text("utf-8")


def _heading(page: Page, context: Context, rules: IndexRules) -> str:
    """The first heading of a new file."""
    titles: Mapping[PageKind, Callable[[], str]] = {
        PageKind.TOPICS: lambda: "Topics",
        PageKind.TOPIC: lambda: context.topics[page.name].name,
        PageKind.WEEK: lambda: f"Week {int(page.name[6:])} · {week_label(page.name, rules.first_day)}",
        PageKind.READING: lambda: "Reading List",
        PageKind.LOG: lambda: month_label(page.name),
        PageKind.QUESTIONS: lambda: "Open Questions",
    }
    return heading(titles[page.kind]())


# --- topics -----------------------------------------------------------------------------------------------------------


def _topics(job: _Job) -> Mapping[str, object]:
    tagged = {name for name, topic in job.context.topics.items() if job.context.topics[_top(topic)].is_tag}

    def rows(names: Iterable[str]) -> list[TopicView]:
        return [
            _topic_view(job.context.topics[name], job, "    " * (len(job.context.topics[name].path) - 1))
            for name in names
        ]

    return {
        "topics": rows(name for name in job.context.topics if name not in tagged),
        "tags": rows(name for name in job.context.topics if name in tagged),
    }


def _top(topic: Topic) -> str:
    return topic.id.partition("/")[0]


def _topic_view(topic: Topic, job: _Job, indent: str = "") -> TopicView:
    count = topic.count if len(topic.members) < 2 else job.catalogue.distinct(topic.members)
    return TopicView(_topic_link(topic, job), f" ({count})" if count else "", indent)


def _topic_link(topic: Topic, job: _Job) -> str:
    """A link to a topic's page, or its name where topics have no pages."""
    places = job.context.places(Page(PageKind.TOPIC, topic.id))
    return link(places[0] if places else "", topic.name)


def _topic(job: _Job) -> Mapping[str, object]:
    topic = job.context.topics[job.page.name]
    above = [job.context.topics[topic.id[: found.start()]] for found in re.finditer("/", topic.id)]
    nested = bool(topic.below) and topic.tree <= MOST_NESTED
    sections = [Section(_of_topic(topic, job))]
    if nested:
        sections += _nested(topic, job, 2)
    return {
        "above": [_topic_link(each, job) for each in above],
        "below": [] if nested else [_topic_view(job.context.topics[name], job) for name in topic.below],
        "sections": sections,
    }


def _nested(topic: Topic, job: _Job, level: int) -> list[Section]:
    sections: list[Section] = []
    for name in topic.below:
        below = job.context.topics[name]
        sections.append(Section(_of_topic(below, job), _topic_link(below, job), "#" * min(level, 6)))
        sections += _nested(below, job, level + 1)
    return sections


def _of_topic(topic: Topic, job: _Job) -> tuple[PaperView, ...]:
    """The papers of a topic by date of publication, the oldest first, those without one last."""
    found = {paper.id: paper for source, name in topic.members for paper in job.catalogue.papers(source, name)}
    by_date = sorted(found.values(), key=lambda paper: (not paper.published, paper.published, *_by_title(paper)))
    return tuple(view(paper, paper.published[:7]) for paper in by_date)


def _by_title(paper: Paper) -> tuple[str, str, str]:
    return (paper.title.casefold(), *paper.id)


# --- weeks and months -------------------------------------------------------------------------------------------------


def _happened(kind: EntryKind, days: Sequence[str], job: _Job, most: int) -> tuple[list[Paper], int]:
    """The papers something happened to on some days, the latest day first, and how many more there are."""
    papers: list[Paper] = []
    total = 0
    for day in reversed(days):
        count = job.context.happened[kind].get(day, 0)
        if count and len(papers) < most:
            of_day = sorted(job.catalogue.papers(kind, day, most), key=_by_title)
            papers += of_day[: most - len(papers)]
        total += count
    return papers, total - len(papers)


def _more(count: int) -> str:
    return f"… and {count} more." if count > 0 else ""


def _beside(job: _Job) -> str:
    """Links to the nearest weeks, or to the nearest month before."""
    earlier, later = job.context.beside(job.page)

    def named(near: Page) -> str:
        is_week = near.kind is PageKind.WEEK
        title = f"Week {int(near.name[6:])}" if is_week else month_label(near.name)
        return link(job.context.places(near)[0], title)

    parts = [f"← {named(earlier)}"] if earlier else []
    # A month gets no link to the next one, or the first paper of a month would change two logs (R35).
    parts += [f"{named(later)} →"] if later and later.kind is PageKind.WEEK else []
    return " · ".join(parts)


def _week(job: _Job) -> Mapping[str, object]:
    days = days_of(job.page.name, job.rules.first_day)
    lists: dict[str, list[PaperView]] = {}
    more: dict[str, str] = {}
    shown: set[object] = set()
    kinds: tuple[EntryKind, ...] = ("read", "started", "added")
    for kind in kinds:
        papers, left = _happened(kind, days, job, MOST_IN_WEEK)
        views = [(paper.id, view(paper)) for paper in papers]
        lists[kind] = [without_questions(each) if item in shown else each for item, each in views]
        more[kind] = _more(left)
        shown |= {item for item, _ in views}
    return {
        **lists,
        "more": more,
        "beside": _beside(job),
        "dates": week_label(job.page.name, job.rules.first_day),
    }


def _log(job: _Job) -> Mapping[str, object]:
    kinds: tuple[EntryKind, ...] = ("read", "started", "added")
    there = {day for kind in kinds for day in job.context.happened[kind] if month_of(day) == job.page.name}
    days: list[Day] = []
    for day in sorted(there, reverse=True):
        shown: set[object] = set()
        lists: list[tuple[PaperView, ...]] = []
        left = 0
        for kind in kinds:  # a paper stands once a day, for the most that happened to it
            papers, more = _happened(kind, (day,), job, MOST_IN_DAY)
            lists.append(tuple(view(paper) for paper in papers if paper.id not in shown))
            shown |= {paper.id for paper in papers}
            left += more
        days.append(Day(day_label(day), lists[0], lists[1], lists[2], _more(left)))
    return {"days": days, "beside": _beside(job)}


# --- reading list and questions ---------------------------------------------------------------------------------------


def _reading(job: _Job) -> Mapping[str, object]:
    counts = job.catalogue.counts("shelf")
    values: dict[str, object] = {"picture": embed(job.rules.picture)}
    more: dict[str, str] = {}
    for name, shelf in (("reading", "reading"), ("next", "to-read"), ("read", "read")):
        papers = job.catalogue.papers("shelf", shelf, MOST_ON_SHELF)
        by_title = sorted(papers, key=_by_title)
        by_day = sorted(by_title, key=shelf_day, reverse=True)
        values[name] = [view(paper, shelf_day(paper)) for paper in by_day]
        more[name] = _more(counts.get(shelf, 0) - len(papers))
    return values | {"more": more}


def _questions(job: _Job) -> Mapping[str, object]:
    papers = sorted(job.catalogue.papers("questions", ""), key=_by_title)
    newest = sorted(papers, key=lambda paper: max(paper.finished, paper.started, paper.added), reverse=True)
    return {"papers": [view(paper) for paper in newest]}


_VALUES: Mapping[PageKind, Callable[[_Job], Mapping[str, object]]] = {
    PageKind.TOPICS: _topics,
    PageKind.TOPIC: _topic,
    PageKind.WEEK: _week,
    PageKind.READING: _reading,
    PageKind.LOG: _log,
    PageKind.QUESTIONS: _questions,
}
