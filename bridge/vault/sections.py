"""What a person wrote under the headings of a paper's note that index notes gather: questions, key points, notes.

Headings of any level count, whatever their case: ``Questions`` (or ``Open questions``), ``Key points`` and ``Notes``.
A section reaches to the next heading of its level or above, as it does for Obsidian's ``![[note#Notes]]``. Fenced code,
comments and what comes from Zotero say nothing. A question is a list item, or a line with a question mark; it is open
while neither a tick stands before it (``- [x]``, or ``[-]`` for one given up) nor an arrow after it (``→`` or ``->``),
on its line or below.

Also told is which index blocks stand in a note: a person's own note may host one.

Pure, and cheap where there is nothing to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bridge.core import blocks
from bridge.core.children import BLOCKS
from bridge.core.text import with_code

QUESTIONS: Final = frozenset({"questions", "open questions"})
POINTS: Final = frozenset({"key points"})
NOTES: Final = frozenset({"notes"})

#: What is remembered of one note: so many lines of a kind, each of so many characters.
MOST, LONGEST = 50, 500

_SOUGHT: Final = re.compile(rb"(?im)^#{1,6}[ \t]+(?:open questions|questions|key points|notes)\b")
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*(?:[ \t]#+)?[ \t]*")
_ITEM: Final = re.compile(r"(?P<indent>[ \t]*)(?:[-+*]|\d{1,9}[.)])[ \t]+(?:\[(?P<box>.)\][ \t]+)?(?P<text>.*)")
_ARROW: Final = re.compile(r"→|(?<![-<])->")
_COMMENT: Final = re.compile(r"%%.*?(?:%%|\Z)", re.DOTALL)
_INDEX: Final = re.compile(rb"^%%%% bridge:begin (?!(?:%b)[ \r\n])" % b"|".join(map(str.encode, BLOCKS)), re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sections:
    """Open questions and key points, each one line of the person's Markdown, and whether ``Notes`` holds text."""

    questions: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    has_notes: bool = False


@dataclass(slots=True)
class _Entry:
    """A list item or a line of its own, with what stands below it."""

    text: str
    box: str = ""
    is_item: bool = True
    below: str = ""


def sections(body: bytes) -> Sections:
    """What the body of a paper's note tells; nothing where it has none of the headings. Never raises."""
    if not _SOUGHT.search(body):
        return Sections()
    questions: list[str] = []
    points: list[str] = []
    has_notes = False
    for names, lines in _split(body.decode(errors="replace")):
        has_notes = has_notes or (bool(names & NOTES) and any(_is_text(line) for line in lines))
        if names & QUESTIONS:
            questions += [entry.text for entry in _entries(lines) if _is_open(entry)]
        elif names & POINTS:
            points += [entry.text for entry in _entries(lines) if entry.is_item]
    return Sections(_bounded(questions), _bounded(points), has_notes)


def hosted(body: bytes) -> tuple[str, ...]:
    """The index blocks that stand whole in a note, each as its begin line names it: ``week 2025-W39``."""
    if not _INDEX.search(body):
        return ()
    found = blocks.find(body.decode(errors="replace"))
    return tuple(
        f"{block.name} {block.argument}".strip() for block in found if not block.problem and block.name not in BLOCKS
    )


def one_line(text: str) -> str:
    """Text as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _bounded(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for text in texts if (line := one_line(text))))[:MOST]


def _split(text: str) -> Iterator[tuple[set[str], list[str]]]:
    """The lines under each heading, with the names of all headings they stand under; without code and comments."""
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    for block in reversed(blocks.find(text)):
        if block.name in BLOCKS and not block.problem:  # a note in Zotero may have such headings too
            text = text[: block.start] + text[block.end :]
    outside = "\n".join("" if is_code else line for line, is_code in with_code(text.splitlines()))
    for line in _COMMENT.sub("", outside).split("\n"):
        heading = _HEADING.fullmatch(line) if line.startswith("#") else None
        if heading is None:
            lines.append(line)
            continue
        yield {name for _, name in above}, lines
        level = len(heading[1])
        above = [(upper, name) for upper, name in above if upper < level]
        above.append((level, heading[2].rstrip(":").casefold()))
        lines = []
    yield {name for _, name in above}, lines


def _is_text(line: str) -> bool:
    return bool(line.strip("-*+> \t"))


def _entries(lines: Iterable[str]) -> list[_Entry]:
    """The outer list items, each with all below it, and the lines that are in no list."""
    entries: list[_Entry] = []
    outer: int | None = None  # the indent of the list's outer items
    for line in lines:
        item = _ITEM.fullmatch(line)
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            continue
        if outer is not None and indent > outer:
            entries[-1].below += "\n" + line.strip()
        elif item:
            outer = indent
            entries.append(_Entry(item["text"], item["box"] or ""))
        elif line.lstrip().startswith(("→", "->")) and entries:
            entries[-1].below += "\n" + line.strip()
        else:
            outer = None
            entries.append(_Entry(line, is_item=False))
    return entries


def _is_open(entry: _Entry) -> bool:
    if entry.box in ("x", "X", "-") or (not entry.is_item and "?" not in entry.text):
        return False
    return not any(_is_answered(line) for line in (entry.text, *entry.below.split("\n")))


def _is_answered(line: str) -> bool:
    """Whether an arrow stands in a line; one before its question mark is part of the question ("is A → B?")."""
    if _ARROW.match(line.lstrip()):
        return True
    return bool(_ARROW.search(line, line.find("?") + 1))
