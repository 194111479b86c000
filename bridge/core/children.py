"""What hangs below a paper in Zotero, side-neutral: its highlights, its notes, its files (R21, R25).

The Zotero side makes these values, the vault side shows them. Texts are as Zotero holds them but for control
characters; whoever puts one into a note escapes it (law 13). Links are complete ``zotero://`` addresses made by R25, or
web addresses of the kinds R25 allows; where nothing may be opened a link is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

#: Names of the managed blocks that show children, and of the fields that say when those are due (``Kind.BLOCK``).
HIGHLIGHTS: Final = "highlights"
NOTES: Final = "zotero-notes"
FILES: Final = "files"
#: The managed blocks of a paper's note, in the order in which they stand in it.
BLOCKS: Final = ("abstract", FILES, HIGHLIGHTS, NOTES)

MarkKind: TypeAlias = Literal["highlight", "underline", "note", "text", "image", "ink"]
FileKind: TypeAlias = Literal["pdf", "epub", "snapshot", "file", "web"]


@dataclass(frozen=True, slots=True)
class Highlight:
    """One annotation.

    ``key`` is its item key and ``file`` that of its attachment; ``text`` what was marked (empty for sticky notes,
    images and ink), ``comment`` what the reader wrote to it, both of one or more lines. ``colour`` is ``#ffd400``,
    lower case, or empty. ``page`` is the printed label. ``tags`` are raw. ``added`` is a day. ``author`` is who made
    it, in groups.
    """

    key: str
    file: str
    kind: MarkKind
    text: str = ""
    comment: str = ""
    colour: str = ""
    page: str = ""
    link: str = ""
    tags: tuple[str, ...] = ()
    added: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class ChildNote:
    """A note under the paper: ``html`` as Zotero keeps it (its ``<div data-schema-version>`` included)."""

    key: str
    title: str
    html: str
    link: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. ``link`` opens it in Zotero; ``url`` is where a web link leads, or where a snapshot came from."""

    key: str
    title: str
    kind: FileKind
    link: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Children:
    """All that hangs below one paper, in the order in which it is shown: highlights in reading order over all files."""

    highlights: tuple[Highlight, ...] = ()
    notes: tuple[ChildNote, ...] = ()
    files: tuple[File, ...] = ()


#: A paper without children.
NONE: Final = Children()
