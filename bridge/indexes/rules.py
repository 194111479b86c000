"""What index notes there are, and what the configuration says about them.

The sections ``[index]``, ``[index.topics]`` and ``[index.weeks]`` as values; how they are written is not known here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias


class PageKind(StrEnum):
    """The kinds of index notes; the value is the name of the block and of the property ``bridge``."""

    TOPICS = "topics"
    TOPIC = "topic"
    WEEK = "week"
    READING = "reading-list"
    LOG = "log"
    QUESTIONS = "questions"


#: The template of each kind, in a person's folder of templates or built in.
TEMPLATES: Mapping[PageKind, str] = {kind: f"{kind.value}.md.j2" for kind in PageKind}


class Page(NamedTuple):
    """One index note: ``name`` is the id of a topic, a week, a month, or ``""`` where there is one of the kind."""

    kind: PageKind
    name: str = ""


Source: TypeAlias = Literal["collection", "tag"]
TopicPath: TypeAlias = tuple[str, ...]

_GAP = re.compile(r"[-_\s]+")


@lru_cache(maxsize=16_384)
def fold(name: str) -> str:
    """The form in which two names are one topic: neither case nor ``-``, ``_`` or space tells them apart."""
    return _GAP.sub(" ", unicodedata.normalize("NFC", name).casefold()).strip() or name


def topic_id(path: TopicPath) -> str:
    """The identity of a topic: of the collection ``Machine Learning`` and the tag ``machine-learning`` alike."""
    return "/".join(fold(name) for name in path)


@dataclass(frozen=True, slots=True)
class TopicRules:
    """``[index.topics]``.

    ``sources`` are those that make topics. A tag makes one when ``min_papers`` share it; a nested tag (``a/b``) is a
    topic under another with ``hierarchy``, else one of its own. ``rename`` maps the path of a topic (``#tag`` for a
    tag alone) to another, all below it with it; ``include`` and ``exclude`` are patterns (``NLP/*``, ``#to-*``), and
    count for all below a topic that fits. Case does not matter in them, nor does ``-`` for a space.
    """

    sources: frozenset[Source] = frozenset({"collection", "tag"})
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    min_papers: int = 3
    hierarchy: bool = True

    def path(self, source: Source, name: str) -> TopicPath:
        """The topic that a collection's path or a tag makes; ``()`` for none."""
        if source not in self.sources:
            return ()
        path = _parts(name) if source == "collection" or self.hierarchy else (name.replace("/", "∕"),)
        path = self._renamed(source, path)
        if self.include and not _fits(self.include, source, path):
            return ()
        return () if _fits(self.exclude, source, path) else path

    def _renamed(self, source: Source, path: TopicPath) -> TopicPath:
        """The path with its longest beginning that has another name replaced by it."""
        if not self.rename:
            return path
        known = {_pattern(old): _parts(new) for old, new in self.rename.items()}
        for length in range(len(path), 0, -1):
            folded = topic_id(path[:length])
            for spelled in (f"#{folded}", folded) if source == "tag" else (folded,):
                if spelled in known:
                    return known[spelled] + path[length:]
        return path


def _parts(path: str) -> TopicPath:
    return tuple(part for name in path.split("/") if (part := name.strip()))


def _pattern(text: str) -> str:
    """A path or pattern from the configuration in the form of topic ids, a leading ``#`` kept."""
    tag = "#" if text.startswith("#") else ""
    return tag + topic_id(_parts(text.removeprefix("#")))


def _fits(patterns: tuple[str, ...], source: Source, path: TopicPath) -> bool:
    if not patterns:
        return False
    spelled = [topic_id(path[:length]) for length in range(1, len(path) + 1)]
    if source == "tag":
        spelled += [f"#{name}" for name in spelled]
    return any(fnmatchcase(name, _pattern(pattern)) for pattern in patterns for name in spelled)


@dataclass(frozen=True, slots=True)
class IndexRules:
    """``[index]``: ``folder``, ``pages`` (the kinds that are on), topics and weeks.

    :param first_day: of a week, 0 for Monday to 6 for Sunday.
    :param week_host: ``Weekly/{week}.md``, the person's own weekly notes: those that exist are filled, none is made.
    :param templates: a person's own templates (R34) by file name, see :data:`TEMPLATES`.
    :param faults: why a person's own template cannot be read, by file name.
    """

    folder: str = "Index"
    pages: frozenset[PageKind] = frozenset(PageKind)
    topics: TopicRules = field(default_factory=TopicRules)
    first_day: int = 0
    week_host: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    def week_path(self, week: str) -> str:
        """The person's own note for a week, ``""`` where none is to be filled."""
        return self.week_host.replace("{week}", week)

    @property
    def picture(self) -> str:
        """Path of the picture on the reading list (:mod:`bridge.indexes.picture`)."""
        return f"{self.folder}/Reading List.svg"

    @property
    def canvas(self) -> str:
        """Path of the map of topics (:mod:`bridge.indexes.canvas`)."""
        return f"{self.folder}/Topics.canvas"
