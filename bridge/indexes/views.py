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
    """A paper in a template; each text is made when it is asked for, since most lists show no more than one of them.

    ``title`` is a link to its note; ``cited`` is ``title (Wei et al., 2025)``; ``line`` adds the venue and the person's
    summary. ``notes`` shows the notes in place; ``detailed`` tells whether there is anything of the person's at all.
    ``dated`` is the day or date of the list it is in with a colon and a space behind it, or nothing.
    """

    _paper: Paper
    dated: str = ""
    _is_asking: bool = True  # whether its questions are shown

    @property
    def title(self) -> str:
        """Its title."""
        title = self._paper.title
        return link(self._paper.note, title) if self._paper.note else escape(clip(title, _LONGEST * 3)) or "untitled"

    @property
    def cited(self) -> str:
        """Its title, with authors and year."""
        return self.title + _bracketed((self.by, self.year), self._zotero)

    @property
    def line(self) -> str:
        """All that is told of it in one line."""
        line = self.title + _bracketed((self.by, self.year, self.venue), self._zotero)
        summary = self.summary
        return f"{line}: {summary}" if summary else line

    @property
    def by(self) -> str:
        """Its authors in short."""
        return escape(clip(self._paper.by, _LONGEST))

    @property
    def year(self) -> str:
        """Its year."""
        return escape(clip(self._paper.year, _LONGEST))

    @property
    def venue(self) -> str:
        """Where it was published."""
        return escape(clip(self._paper.venue, _LONGEST))

    @property
    def kind(self) -> Kind:
        """What people call such a thing."""
        return self._paper.kind

    @property
    def mark(self) -> str:
        """The sign for its kind."""
        return MARKS[self._paper.kind]

    @property
    def summary(self) -> str:
        """The person's summary."""
        return inline(self._paper.summary)

    @property
    def points(self) -> tuple[str, ...]:
        """The person's key points."""
        return tuple(filter(None, map(inline, self._paper.points[:_POINTS])))

    @property
    def questions(self) -> tuple[str, ...]:
        """The person's open questions."""
        return tuple(filter(None, map(inline, self._paper.questions))) if self._is_asking else ()

    @property
    def notes(self) -> str:
        """The person's notes, shown in place."""
        return embed(self._paper.note, "Notes") if self._paper.has_notes else ""

    @property
    def detailed(self) -> bool:
        """Whether the person has written anything about the paper."""
        return bool(self.summary or self.points or self.questions or self.notes)

    @property
    def _zotero(self) -> str:
        return "" if self._paper.note else zotero_link(self._paper.zotero)


def view(paper: Paper, dated: str = "") -> PaperView:
    """A paper for a template. ``dated``: a date in a valid form, or nothing."""
    return PaperView(paper, f"{dated}: " if dated else "")


def _bracketed(words: Iterable[str], zotero: str) -> str:
    told = ", ".join(word for word in words if word)
    parts = " · ".join(part for part in (told, zotero) if part)
    return f" ({parts})" if parts else ""


def without_questions(paper: PaperView) -> PaperView:
    """The same paper where its questions stand on the page already."""
    return replace(paper, _is_asking=False)


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
