"""Which index notes a change touches, so that only these are rendered (R35).

A page is touched when a paper came to it, left it, or changed in what that kind of page shows of it; and when it came,
went or moved itself, or a page that it links to did. The cost is that of the paper's entries and of one comparison of
the list of pages; no paper is read but those that changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bridge.indexes.context import Context
from bridge.indexes.days import month_of, week_of
from bridge.indexes.entries import Entry, entries
from bridge.indexes.paper import Paper
from bridge.indexes.rules import IndexRules, Page, PageKind, topic_id


def _shown(paper: Paper, kind: PageKind) -> tuple[object, ...]:
    """What of a paper a kind of page shows, beside where its entries put it there."""
    line = (paper.title, paper.note, paper.zotero, paper.by, paper.year, paper.venue, paper.summary)
    if kind is PageKind.TOPIC:
        return (*line, paper.published, paper.points)
    if kind is PageKind.WEEK:
        return (*line, paper.points, paper.questions, paper.has_notes)
    if kind is PageKind.LOG:
        return (*line, paper.kind, paper.points)
    if kind is PageKind.QUESTIONS:
        return (*line, paper.questions)
    return line if kind is PageKind.READING else ()


def touched(before: Paper | None, after: Paper | None, context: Context, rules: IndexRules) -> frozenset[Page]:
    """The pages that the change of one paper may have changed, of those that are there.

    Pages that came, went or moved with it are found by :func:`due`.
    """
    old = _entered(before, context, rules)
    new = _entered(after, context, rules)
    pages: set[Page] = set()
    for page in old.keys() | new.keys():
        same = old.get(page) == new.get(page)
        if not same or before is None or after is None or _shown(before, page.kind) != _shown(after, page.kind):
            pages.add(page)
    pages |= _namesakes(before, after, context, rules)
    return frozenset(page for page in pages if context.places(page))


def _namesakes(before: Paper | None, after: Paper | None, context: Context, rules: IndexRules) -> set[Page]:
    """The topics of the same name as those a paper came to or left.

    A tag joins the only collection of its name: a paper that makes that collection, or a second one, or is the last to
    bear the tag, moves the tag's other papers too, and the tree alone cannot tell from where.
    """
    moved = (entries(before) if before else frozenset[Entry]()) ^ (entries(after) if after else frozenset[Entry]())
    last: set[str] = set()
    for entry in moved:
        if entry.kind == "tag" or entry.kind == "collection":
            path = rules.topics.path(entry.kind, entry.name)
            last.update(topic_id((name,)) for name in path)
    pages: set[Page] = set()
    for name in context.topics if last else ():
        if name.rpartition("/")[2] in last:
            pages.add(Page(PageKind.TOPICS))
            pages.update(_upwards(name))
    return pages


def _upwards(name: str) -> Iterator[Page]:
    """A topic's page and those of all above it, which show what is below them."""
    while name:
        yield Page(PageKind.TOPIC, name)
        name = name.rpartition("/")[0]


def _entered(paper: Paper | None, context: Context, rules: IndexRules) -> dict[Page, frozenset[object]]:
    """The pages a paper is on, each with the entries that put it there."""
    found: dict[Page, set[object]] = {}
    for entry in entries(paper) if paper else ():
        for page in _pages_of(entry, context, rules):
            found.setdefault(page, set()).add(entry)
    return {page: frozenset(there) for page, there in found.items()}


def _pages_of(entry: Entry, context: Context, rules: IndexRules) -> Iterator[Page]:
    if entry.kind == "collection" or entry.kind == "tag":
        own = context.tree.home(rules.topics.path(entry.kind, entry.name))
        if own:
            yield Page(PageKind.TOPICS)
        yield from _upwards(own)
    elif entry.kind == "shelf":
        yield Page(PageKind.READING)
    elif entry.kind == "questions":
        yield Page(PageKind.QUESTIONS)
    else:
        yield Page(PageKind.WEEK, week_of(entry.name, rules.first_day))
        yield Page(PageKind.LOG, month_of(entry.name))


def due(
    changes: Iterable[tuple[Paper | None, Paper | None]],
    written: Mapping[Page, tuple[str, ...]],
    context: Context,
    rules: IndexRules,
) -> frozenset[Page]:
    """The pages to render after some papers changed.

    :param changes: each paper before and after; None where it was not there or is not any more.
    :param written: the pages as they were last written, with the places they had then.
    """
    wanted = context.pages()
    pages = {page for before, after in changes for page in touched(before, after, context, rules)}
    for page in wanted.keys() | written.keys():
        if wanted.get(page) != written.get(page):
            pages |= {page, *_linking(page, context)}
    return frozenset(pages & wanted.keys())


def _linking(page: Page, context: Context) -> Iterator[Page]:
    """The pages that link to a page."""
    if page.kind is PageKind.TOPIC:
        yield Page(PageKind.TOPICS)
        yield from (Page(PageKind.TOPIC, below) for below in _below(page.name, context))
        # A tag's page that comes or goes had, or has, its papers on that of a collection of the same name.
        last = page.name.rpartition("/")[2]
        yield from (Page(PageKind.TOPIC, name) for name in context.topics if name.rpartition("/")[2] == last)
        yield from _upwards(page.name.rpartition("/")[0])
    elif page.kind in (PageKind.WEEK, PageKind.LOG):
        yield from (near for near in context.beside(page) if near)


def _below(name: str, context: Context) -> tuple[str, ...]:
    topic = context.topics.get(name)
    return topic.below if topic else ()
