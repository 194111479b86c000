"""A paper as the templates of index notes see it: texts that can stand anywhere in a line (law 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bridge.core.text import escape
from bridge.indexes.markdown import clip, embed, inline, link, zotero_link
from bridge.indexes.paper import Kind, Paper

#: One sign for each kind, as people keep them in their logs.
MARKS: Mapping[Kind, str] = {
    "paper": "📜",
    "post": "📰",
    "book": "📖",
    "resource": "🌐",
    "code": "🧪",
    "video": "📺",
}
#: Longer names of authors and venues are cut; so many key points of a paper are shown.
_LONGEST, _POINTS = 80, 8


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper in a template.

    ``title`` is a link to its note; ``cited`` is ``title (Wei et al., 2025)``; ``line`` adds the venue and the person's
    summary. ``notes`` shows the notes in place; ``detailed`` tells whether there is anything of the person's at all.
    ``dated`` is the day or date of the list it is in with a colon and a space behind it, or nothing.
    """

    title: str
    cited: str
    line: str
    by: str
    year: str
    venue: str
    kind: Kind
    mark: str
    summary: str
    points: tuple[str, ...]
    questions: tuple[str, ...]
    notes: str
    dated: str = ""

    @property
    def detailed(self) -> bool:
        """Whether the person has written anything about the paper."""
        return bool(self.summary or self.points or self.questions or self.notes)


def view(paper: Paper, dated: str = "") -> PaperView:
    """A paper for a template. ``dated``: a date in a valid form, or nothing."""
    title = link(paper.note, paper.title) if paper.note else escape(clip(paper.title, _LONGEST * 3)) or "untitled"
    by, year, venue = (escape(clip(text, _LONGEST)) for text in (paper.by, paper.year, paper.venue))
    zotero = "" if paper.note else zotero_link(paper.zotero)
    summary = inline(paper.summary)
    cited = title + _bracketed((by, year), zotero)
    line = title + _bracketed((by, year, venue), zotero)
    return PaperView(
        title=title,
        cited=cited,
        line=f"{line}: {summary}" if summary else line,
        by=by,
        year=year,
        venue=venue,
        kind=paper.kind,
        mark=MARKS[paper.kind],
        summary=summary,
        points=tuple(filter(None, map(inline, paper.points[:_POINTS]))),
        questions=tuple(filter(None, map(inline, paper.questions))),
        notes=embed(paper.note, "Notes") if paper.has_notes else "",
        dated=f"{dated}: " if dated else "",
    )


def _bracketed(words: Iterable[str], zotero: str) -> str:
    told = ", ".join(word for word in words if word)
    parts = " · ".join(part for part in (told, zotero) if part)
    return f" ({parts})" if parts else ""


def without_questions(paper: PaperView) -> PaperView:
    """The same paper where its questions stand on the page already."""
    return replace(paper, questions=())


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic in a list: ``indent`` puts it below the one above it, ``counted`` is `` (3)`` or nothing."""

    link: str
    counted: str = ""
    indent: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The papers of one topic on a topic's page; the first has no title. ``mark`` is ``##`` or more."""

    papers: tuple[PaperView, ...]
    title: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a log; ``more`` says how many papers are left out, or nothing."""

    title: str
    read: tuple[PaperView, ...]
    started: tuple[PaperView, ...]
    added: tuple[PaperView, ...]
    more: str = ""
