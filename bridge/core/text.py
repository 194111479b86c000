"""Text as Markdown sees it: escaping what comes from Zotero, and telling code from prose.

Law 13 (containment) is kept here: whatever a title or an abstract holds, :func:`escape` makes one line of it that
Obsidian shows as those same characters and that starts nothing: no code, link, tag, embed, comment, HTML, math,
footnote, block id, callout, list, heading, inline field or template tag.

How each character is made harmless:

* A backslash before it, which CommonMark 2.4 takes away again in reading (and Obsidian's help names for ``#``, ``*``…),
  where Markdown is what gives it a meaning.
* A character reference (CommonMark 2.5) where something reads the file *before* Markdown does and knows no backslash:
  ``<`` (Templater's ``<%``, HTML), ``&`` where it would start a reference, and the second ``%`` of ``%%`` and ``{%``
  (Obsidian's comments and our own block markers; template engines).

Pure; nothing is imported but ``re``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: Characters no note may hold: C0, DEL, C1 and a BOM. The line breaks among them are gone when this is applied.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
#: Those of them that are no line break to Unicode.
_MUTE = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufeff]")
#: Lone surrogates cannot be written as UTF-8.
_SURROGATE = re.compile(r"[\ud800-\udfff]")

#: White space that is one space in a line: all that HTML collapses, and every line break Unicode knows. A space that
#: does not break (U+00A0) is a character of the text unless an ordinary one stands beside it.
_BREAKS = re.compile(r"\u00a0*[ \t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029][\s\u00a0]*")

#: What to escape inside a line. A run is broken at its second character where the first alone means nothing. Every
#: alternative begins with its literal character, so that ``re`` passes over plain text as fast as over a character set.
_SPECIAL = re.compile(
    "|".join(re.escape(character) for character in "\\`*[]#^$|~<")
    + r"""
    | &(?=\#?[0-9A-Za-z]+;)     # only where a reference would start
    | %(?<=[%{]%)               # %% and {%
    | \{(?<=\{\{)               # {{
    | :(?=:) | :(?<=::)         # Dataview's `key:: value`
    | /(?<=:/)(?=/)             # an address, which would become a link
    | @(?=\w)                   # a Pandoc citation or an e-mail address
    | ==+                       # a highlight
    | _(?![^\W_]) | _(?<![^\W_]_)  # emphasis; inside a word `_` is text
    """,
    re.VERBOSE,
)
_REFERENCES = {"<": "&lt;", "&": "&amp;", "%": "&#37;"}
#: The number of an ordered list's item at the beginning of a line.
_ORDERED = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")


def _escaped(found: re.Match[str]) -> str:
    run = found[0]
    reference = _REFERENCES.get(run)
    return reference if reference is not None else "".join("\\" + character for character in run)


def clean_lines(text: str) -> list[str]:
    """The lines of ``text`` by every line break Unicode knows, without control characters, each trimmed."""
    if not text.isprintable():
        text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return [_CONTROL.sub("", line).replace("\t", " ").strip() for line in text.splitlines()]


def clean_run(text: str) -> str:
    """``text`` as part of a line: white space, at the ends too, as single spaces; no control characters."""
    return _BREAKS.sub(" ", _MUTE.sub("", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)))


def escape_run(text: str) -> str:
    """What :func:`clean_run` makes of ``text``, safe anywhere but at the start of a line.

    Runs that touch must be escaped as one: half of a sign in each of two would make the sign.
    """
    return _SPECIAL.sub(_escaped, clean_run(text))


def escape_start(escaped: str) -> str:
    """What :func:`escape_run` gave, made safe at the start of a line, where ``-`` or ``1.`` would begin a list."""
    if escaped[:1] in ("-", "+", "=", ">"):
        return "\\" + escaped
    ordered = _ORDERED.match(escaped)
    return f"{ordered[0]}\\{escaped[ordered.end() :]}" if ordered else escaped


def _escape_line(line: str) -> str:
    return escape_start(_SPECIAL.sub(_escaped, line))


def escape(text: str) -> str:
    """``text`` as one line of Markdown that is shown as it stands, wherever in a line it is put (law 13)."""
    return _escape_line(" ".join(line for line in clean_lines(text) if line))


def escape_lines(text: str) -> list[str]:
    """The lines of ``text``, each as :func:`escape` makes it; empty lines are kept inside, not at the ends."""
    lines = clean_lines(text)
    while lines and not lines[-1]:
        lines.pop()
    start = next((at for at, line in enumerate(lines) if line), 0)
    return [_escape_line(line) for line in lines[start:]]


def heading(title: str) -> str:
    """The first heading of a note about something called ``title``: one line, no line break at its end."""
    return f"# {escape(title)}"


def eol_of(text: str) -> str:
    r"""The line ending of the first line, ``"\r\n"`` or ``"\n"``."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


#: A line that may open or close fenced code: inside any quote or list (CommonMark 4.5).
_FENCE = re.compile(r"(?P<prefix>(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t]))*)[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>.*)")


def with_code(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each line with whether it belongs to fenced code, its fences included (CommonMark 4.5).

    A fence inside a quote ends with the quote. A fence that is never closed runs to the end, as it does in Obsidian.
    """
    fence, depth = "", 0
    for line in lines:
        if fence and depth and _depth(line) < depth:
            fence = ""
        found = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if not fence:
            # A backtick in the info string makes it inline code, not a fence.
            if found and not (found["fence"][0] == "`" and "`" in found["info"]):
                fence, depth = found["fence"], found["prefix"].count(">")
                yield line, True
            else:
                yield line, False
            continue
        yield line, True
        if found and found["fence"].startswith(fence) and not found["info"].strip():
            fence = ""


def _depth(line: str) -> int:
    """How many quote marks a line begins with."""
    return line[: len(line) - len(line.lstrip("> \t"))].count(">")
