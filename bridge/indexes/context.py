"""Which index notes there are, and where.

:class:`Context` is small and holds no paper: counts of entries, and what the vault says about names and hosts. It is
made anew when papers have changed; making it is set look-ups and one pass over the names of topics and days.

R27: the base name of an index note is none that another note bears, as name or alias, nor that of another index note.
Names are safe everywhere; topics whose safe names are the same stay apart, and so do those that share a last name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count

from bridge.core.names import EXTENSION, folded, safe_stem
from bridge.indexes.days import month_of, week_of
from bridge.indexes.entries import Catalogue, EntryKind
from bridge.indexes.rules import IndexRules, Page, PageKind, topic_id
from bridge.indexes.topics import Topic, Tree, find, make_tree

#: What is added to the name of an index note that another note bears.
_APART = "papers"
_NAMES = {PageKind.TOPICS: "Topics", PageKind.READING: "Reading List", PageKind.QUESTIONS: "Open Questions"}
_FOLDERS = {PageKind.TOPIC: "Topics", PageKind.WEEK: "Weeks", PageKind.LOG: "Log"}
#: Two links to such names in one line would be taken for code or mathematics between them.
_PLAIN = str.maketrans({"`": "'", "$": None})
#: No part of a path is longer, in characters: some systems bound whole paths.
_LONGEST = 80
#: What a block's begin line cannot hold in its argument.
_UNARGUABLE = re.compile(r"[%·\s]+")


@dataclass(frozen=True, slots=True)
class Vault:
    """What index notes must know of the other notes in the vault.

    ``taken``: of some names, as :func:`~bridge.core.names.folded` gives them, those that are a base name or alias of a
    note that is no index note. ``hosts``: for each index block that stands in such a note, as its begin line names it
    (``week 2025-W39``, ``topic NLP/BERT``), the paths of these notes. ``notes``: the paths of all of them.
    """

    taken: Callable[[Collection[str]], Collection[str]] = frozenset().intersection
    hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Container[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """What is there: the ``tree`` of topics, ``weeks`` and ``months`` that something happened in, in order.

    ``happened`` tells how many papers were added, started and read on which days.

    ``own`` is where each index note of ours is, ``hosts`` where persons' notes hold one instead; a page is in one of
    the two, or in neither if it is switched off.
    """

    tree: Tree
    weeks: Sequence[str]
    months: Sequence[str]
    happened: Mapping[EntryKind, Mapping[str, int]]
    own: Mapping[Page, str]
    hosts: Mapping[Page, tuple[str, ...]]

    @property
    def topics(self) -> Mapping[str, Topic]:
        """The topics by id."""
        return self.tree.topics

    def places(self, page: Page) -> tuple[str, ...]:
        """The files a page is written to: one of ours, or all that host it."""
        return self.hosts.get(page) or ((self.own[page],) if page in self.own else ())

    def pages(self) -> dict[Page, tuple[str, ...]]:
        """All pages there are to be, with their places."""
        return {page: (path,) for page, path in self.own.items()} | dict(self.hosts)

    def beside(self, page: Page) -> tuple[Page | None, Page | None]:
        """The nearest week (or month) before and after one, of those that have a place."""
        names = self.weeks if page.kind is PageKind.WEEK else self.months
        earlier = (Page(page.kind, name) for name in reversed(names) if name < page.name)
        later = (Page(page.kind, name) for name in names if name > page.name)
        return next(filter(self.places, earlier), None), next(filter(self.places, later), None)


def make_context(catalogue: Catalogue, rules: IndexRules, vault: Vault = Vault()) -> Context:
    """The context of a catalogue in a vault."""
    tree = make_tree({"collection": catalogue.counts("collection"), "tag": catalogue.counts("tag")}, rules.topics)
    kinds: tuple[EntryKind, ...] = ("added", "started", "read")
    happened = {kind: catalogue.counts(kind) for kind in kinds}
    days = {day for counts in happened.values() for day in counts}
    weeks = sorted({week_of(day, rules.first_day) for day in days})
    months = sorted({month_of(day) for day in days})
    pages = [page for page in _all_pages(tree.topics, weeks, months) if page.kind in rules.pages]
    hosts = _hosts(pages, tree.topics, rules, vault)
    made = [page for page in pages if page not in hosts and not (rules.week_host and page.kind is PageKind.WEEK)]
    return Context(tree, weeks, months, happened, _paths(made, tree.topics, rules, vault.taken), hosts)


def _all_pages(tree: Iterable[str], weeks: Iterable[str], months: Iterable[str]) -> Iterator[Page]:
    yield from (Page(PageKind.TOPICS), Page(PageKind.READING), Page(PageKind.QUESTIONS))
    yield from (Page(PageKind.WEEK, week) for week in weeks)
    yield from (Page(PageKind.LOG, month) for month in months)
    # Those nearer to the top first: where names are the same, they have the shorter one.
    yield from (Page(PageKind.TOPIC, name) for name in sorted(tree, key=lambda name: name.count("/")))


# --- names ------------------------------------------------------------------------------------------------------------


def _paths(
    pages: Sequence[Page],
    tree: Mapping[str, Topic],
    rules: IndexRules,
    taken: Callable[[Collection[str]], Collection[str]],
) -> dict[Page, str]:
    """Where the pages are, each with a base name of its own (R27)."""
    best = {folded(next(_stems(page, tree))) for page in pages}
    used = set(taken(best))  # one question for nearly all of them
    paths: dict[Page, str] = {}
    for page in pages:
        for stem in _stems(page, tree):
            name = folded(stem)
            if name not in used and (name in best or not taken([name])):
                break
        used.add(name)
        folders = [rules.folder]
        if page.kind in _FOLDERS:
            folders.append(_FOLDERS[page.kind])
        if page.kind is PageKind.TOPIC:
            folders += [_stem(name) for name in tree[page.name].path[:-1]]
        paths[page] = "/".join((*folders, stem)) + EXTENSION
    return paths


def _stems(page: Page, tree: Mapping[str, Topic]) -> Iterator[str]:
    """The base names a page may have, the best first; without end."""
    if page.kind is PageKind.TOPIC:
        path = tree[page.name].path
        stem = _stem(path[-1])
        yield stem
        for upper in reversed(path[:-1]):
            yield f"{stem} ({_stem(upper)})"
    else:
        stem = _NAMES.get(page.kind, page.name)
        yield stem
    yield f"{stem} ({_APART})"
    for number in count(2):
        yield f"{stem} ({_APART} {number})"


@lru_cache(maxsize=4096)  # folders are asked for with each page in them
def _stem(name: str) -> str:
    return safe_stem(name[:_LONGEST].translate(_PLAIN))


def argument(page: Page, tree: Mapping[str, Topic]) -> str:
    """What stands behind the name of a page's block in its begin line."""
    if page.kind is not PageKind.TOPIC or page.name not in tree:
        return page.name
    names = (_UNARGUABLE.sub(" ", safe_stem(name)).strip() or "_" for name in tree[page.name].path)
    return "/".join(names)


# --- hosts ------------------------------------------------------------------------------------------------------------


def _hosts(
    pages: Collection[Page], tree: Mapping[str, Topic], rules: IndexRules, vault: Vault
) -> dict[Page, tuple[str, ...]]:
    """The persons' notes that hold a page: by a block they put there, or as the weekly notes of ``week_host``."""
    if not vault.hosts and not rules.week_host:  # as in most vaults
        return {}
    wanted = set(pages)
    hosts: dict[Page, set[str]] = {}
    by_argument = {topic_id(tuple(argument(page, tree).split("/"))): page for page in pages}
    for title, paths in vault.hosts.items():
        kind, _, name = title.partition(" ")
        if kind not in set(PageKind):
            continue
        page = Page(PageKind(kind), name)
        if page.kind is PageKind.TOPIC:
            own = find(tree, name)
            page = Page(PageKind.TOPIC, own) if own else by_argument.get(topic_id(tuple(name.split("/"))), page)
        if page in wanted:
            hosts.setdefault(page, set()).update(paths)
    for page in pages:
        if page.kind is PageKind.WEEK and rules.week_host:
            path = rules.week_path(page.name)
            if path in vault.notes:
                hosts.setdefault(page, set()).add(path)
    return {page: tuple(sorted(paths)) for page, paths in hosts.items()}
