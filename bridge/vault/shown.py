"""What hangs below a paper, as the parts of managed blocks: highlights, notes and files (R21, R25, R29, R34).

Each entry is rendered by a template of its own, built in or a person's (``Templates/Bridge/highlight.md.j2``…); the
heading above and the block id below are put there by this module, so that no template can lose them.

Law 13: every text a template is given is Markdown already that shows as the words it came from, and every link is an
address that can end neither its brackets nor its line.

What the templates can use:

* ``highlight.md.j2``: ``kind`` (``highlight``, ``underline``, ``note``, ``text``, ``image``, ``ink``), ``kind_name``
  (empty for a plain highlight), ``text`` (one line), ``lines`` and ``comment`` (lists of lines), ``colour`` (one of
  Zotero's eight names), ``colour_name`` (as configured), ``page``, ``link``, ``tags``, ``added``, ``author``, ``file``
  (the title of its file), ``key``.
* ``child-note.md.j2``: ``title`` (empty where the note begins without one), ``body`` (Markdown), ``link``, ``tags``,
  ``key``.
* ``file.md.j2``: ``title``, ``kind`` (``pdf``, ``epub``, ``snapshot``, ``file``, ``web``), ``link``, ``url``, ``key``.

An entry of which a template makes nothing is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from bridge import templating
from bridge.core import entries
from bridge.core.children import FILES, HIGHLIGHTS, NOTES, ChildNote, File, Highlight
from bridge.core.entries import HEADING, Part
from bridge.core.record import Record
from bridge.core.text import escape, escape_lines
from bridge.vault import tags
from bridge.vault.sources import Templates

Order: TypeAlias = Literal["reading", "added", "colour"]

#: The template of one entry of each block.
TEMPLATES: Final[Mapping[str, str]] = {
    FILES: "file.md.j2",
    HIGHLIGHTS: "highlight.md.j2",
    NOTES: "child-note.md.j2",
}
#: Zotero's colours for annotations (zotero/reader, src/common/defines.js), in the order of its palette.
COLOURS: Final[Mapping[str, str]] = {
    "#ffd400": "yellow",
    "#ff6666": "red",
    "#5fb236": "green",
    "#2ea8e5": "blue",
    "#a28ae5": "purple",
    "#e56eee": "magenta",
    "#f19837": "orange",
    "#aaaaaa": "gray",
}
#: A colour whose red, green and blue differ by less has no hue.
_HUELESS: Final = 32
_KINDS: Final = {"underline": "Underlined", "note": "Note", "text": "Text", "image": "Image", "ink": "Drawing"}
#: The level of headings inside a note of Zotero's: below its title, which is below the block's heading.
_NOTE_LEVEL: Final = 4

#: The schemes R25 allows, and what no address in Markdown may hold as it stands: what would end its brackets, and what
#: Obsidian, Templater or Jinja2 read before Markdown does.
_SCHEME: Final = re.compile(r"(?:https?|mailto|doi|zotero|obsidian):", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9\-._~:/?#@!&'*+,;=%]|%(?![0-9A-Fa-f]{2})")

#: All but letters and digits, in which a title may differ from the line it was made from.
_WORDS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class ShownRules:
    """What is shown and how.

    :param headings: block to the words of its heading (none for ``""``); a block that is missing is not shown.
    :param order: of highlights: as one reads, by file; by the day they were made; or by colour.
    :param colours: names for colours, by ``#rrggbb`` or by one of Zotero's names; also their order where
        ``order = "colour"``.
    """

    headings: Mapping[str, str] = field(
        default_factory=lambda: {FILES: "Files", HIGHLIGHTS: "Highlights", NOTES: "Notes in Zotero"}
    )
    order: Order = "reading"
    colours: Mapping[str, str] = field(default_factory=dict)


class Shown:
    """Renders the children of papers.

    :param templates: the person's own where they have some.
    """

    def __init__(self, rules: ShownRules, templates: Templates) -> None:
        self._rules, self._templates = rules, templates

    def is_on(self, block: str) -> bool:
        """Whether this block is shown at all."""
        return block in self._rules.headings

    def parts(self, block: str, record: Record) -> tuple[Part, ...]:
        """The parts of a block; none where there is nothing to show.

        :raises ConfigError: its template cannot be compiled or run; the message gives the line in it.
        """
        if not self.is_on(block):
            return ()
        shown = tuple(self._entries(block, record))
        words = escape(self._rules.headings[block])
        return (Part(HEADING, f"## {words}"), *shown) if shown and words else shown

    def _entries(self, block: str, record: Record) -> Iterator[Part]:
        children = record.children
        if block == HIGHLIGHTS:
            yield from self._highlights(children.highlights, {file.key: file.title for file in children.files})
        elif block == NOTES:
            yield from self._rendered(block, ((note.key, _note_values(note)) for note in children.notes))
        else:
            yield from self._rendered(block, ((file.key, _file_values(file)) for file in children.files))

    def _rendered(self, block: str, values: Iterable[tuple[str, Mapping[str, object]]]) -> Iterator[Part]:
        name = TEMPLATES[block]
        source = self._templates.source(name)
        for key, given in values:
            text = templating.render(source, given, name)
            if text.strip():
                yield entries.entry(key, text)

    # --- highlights

    def _highlights(self, marks: Iterable[Highlight], files: Mapping[str, str]) -> Iterator[Part]:
        groups = self._grouped(marks)
        for group, members in groups.items():
            parts = [*self._rendered(HIGHLIGHTS, ((mark.key, self._values(mark, files)) for mark in members))]
            if group and parts and len(groups) > 1:
                words = files.get(group, "") if self._rules.order == "reading" else group
                yield Part(f"{HEADING}{group}", f"### {escape(words) or 'File'}")
            yield from parts

    def _grouped(self, marks: Iterable[Highlight]) -> Mapping[str, list[Highlight]]:
        """Highlights in order, below what their sub-headings are made from (``""`` for none)."""
        groups: dict[str, list[Highlight]] = {}
        match self._rules.order:
            case "reading":
                for mark in marks:
                    groups.setdefault(mark.file, []).append(mark)
            case "added":
                groups[""] = sorted(marks, key=lambda mark: mark.added)
            case "colour":
                for mark in marks:
                    groups.setdefault(self._colour_name(mark.colour), []).append(mark)
                ranks = {name: at for at, name in enumerate(self._palette())}
                groups = dict(sorted(groups.items(), key=lambda group: ranks.get(group[0], len(ranks))))
        return groups

    def _palette(self) -> Iterator[str]:
        """The names of all colours, those that a person named first."""
        yield from dict.fromkeys([*self._rules.colours.values(), *map(self._colour_name, COLOURS)])

    def _colour_name(self, colour: str) -> str:
        """What a colour is called."""
        nearest = colour_of(colour)
        named = self._rules.colours
        return named.get(colour) or named.get(nearest) or named.get(_hex(nearest)) or nearest.capitalize()

    def _values(self, mark: Highlight, files: Mapping[str, str]) -> Mapping[str, object]:
        lines = escape_lines(mark.text)
        return {
            "key": mark.key,
            "kind": mark.kind,
            "kind_name": _KINDS.get(mark.kind, ""),
            "text": " ".join(line for line in lines if line),
            "lines": lines,
            "comment": escape_lines(mark.comment),
            "colour": colour_of(mark.colour),
            "colour_name": escape(self._colour_name(mark.colour)),
            "page": escape(mark.page),
            "link": address(mark.link),
            "tags": _tags(mark.tags),
            "added": escape(mark.added),
            "author": escape(mark.author),
            "file": escape(files.get(mark.file, "")),
        }


def _note_values(note: ChildNote) -> Mapping[str, object]:
    title, body = _apart(escape(note.title), _markdown(note))
    return {
        "key": note.key,
        "title": title,
        "body": body,
        "link": address(note.link),
        "tags": _tags(note.tags),
    }


def _markdown(note: ChildNote) -> str:
    from bridge.markup import to_markdown  # parsers that only such notes need

    place = note.link.rpartition("/")[0]
    return to_markdown(note.html, heading_level=_NOTE_LEVEL, link=lambda key: f"{place}/{key}" if place else "")


def _apart(title: str, body: str) -> tuple[str, str]:
    """A note's title and what stands below it.

    Zotero makes the title from a note's first line, and shortens it: where that is a heading it is the title, and where
    it is text the note has no other.
    """
    first, _, rest = body.partition("\n")
    if not title or not _WORDS.sub("", first).startswith(_WORDS.sub("", title)):
        return title or "Note", body
    return (first.lstrip("#").strip(), rest.lstrip("\n")) if first.startswith("#") else ("", body)


def _file_values(file: File) -> Mapping[str, object]:
    return {
        "key": file.key,
        "title": escape(file.title) or "File",
        "kind": file.kind,
        "link": address(file.link),
        "url": address(file.url),
    }


def _tags(raw: Iterable[str]) -> list[str]:
    """Tags as they can stand in a text, each once."""
    return list({tags.key(tag): f"#{tags.legal(tag)}" for tag in raw}.values())


def address(link: str) -> str:
    """An address as it can stand between the brackets of a link; nothing where it may not be one (R25)."""
    if not _SCHEME.match(link):
        return ""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode(errors="replace")), link)


def colour_of(colour: str) -> str:
    """The name of the nearest of Zotero's colours, for other programs have yellows of their own; nothing for none."""
    if (name := COLOURS.get(colour)) is not None or not re.fullmatch("#[0-9a-f]{6}", colour):
        return name or ""
    channels = bytes.fromhex(colour[1:])
    if max(channels) - min(channels) < _HUELESS:
        return "gray"
    return COLOURS[min(COLOURS, key=lambda known: _distance(bytes.fromhex(known[1:]), channels))]


def _hex(name: str) -> str:
    return next((colour for colour, known in COLOURS.items() if known == name), "")


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
