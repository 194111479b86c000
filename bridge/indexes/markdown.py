"""Links and lines of index notes: text from Zotero as text (law 13), a person's words with the Markdown that is safe.

A title in a link cannot be escaped: behind ``|`` Obsidian shows what stands there as it stands. So :func:`label`
replaces the few signs that would end the link or begin something else by ones that look alike.
"""

from __future__ import annotations

import re

from bridge.core.names import EXTENSION
from bridge.core.text import clean_lines, escape

#: Longer titles and lines are cut: an index note points to the paper, it does not repeat it.
LONGEST_TITLE, LONGEST_LINE = 250, 300

_SELECT = re.compile(r"zotero://select/(?:library|groups/[1-9][0-9]*)/items/[0-9A-Z]{8}")
#: What no link target can hold (obsidian-help, "Internal links"), and what would make code of what stands between two.
_UNLINKABLE = re.compile(r"[#^|\[\]\\`]|%%|[\x00-\x1f\x7f]|^\s|\s$")
_ALIKE = str.maketrans({"[": "(", "]": ")", "|": "¦", "`": "'", "<": "‹", ">": "›", "$": None, "\\": None})
_PAIRS = re.compile(r"(?<=%)(?=%)|(?<=:)(?=:)|(?<=\{)(?=[{%])")

#: Markdown that stays in a person's line: code, math, links (of which the address or the name stays), bold and italics.
_MARKUP = re.compile(
    r"""
    (?P<code>`[^`]+`)
    | (?P<math>\$(?=\S)[^$`]+(?<=\S)\$(?![\d$]))
    | !?\[\[(?P<target>[^\[\]|]+)(?:\|(?P<alias>[^\[\]]*))?\]\]
    | (?<!!)\[(?P<text>[^\[\]]+)\]\((?P<address>https?://[^\s()<>\[\]`\\|$"']+)\)
    | (?P<mark>\*\*|\*)(?=\S)(?P<marked>[^*`$\[\]]+)(?<=\S)(?P=mark)
    """,
    re.VERBOSE,
)
#: What is read before Markdown is, inside code and math too.
_HAZARD = re.compile(r"%%|<%|\{[{%]|\[\[|\]\]|<!--|</?[A-Za-z]")


def clip(text: str, longest: int) -> str:
    """One line of at most ``longest`` characters."""
    line = " ".join(line for line in clean_lines(text) if line)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def label(text: str) -> str:
    """Text as what a ``[[link|…]]`` shows; never empty."""
    line = clip(text, LONGEST_TITLE).translate(_ALIKE)
    return _PAIRS.sub(" ", " ".join(line.split())) or "untitled"


def link(path: str, text: str) -> str:
    """A link to a file of the vault by its whole path, which no other file has, or its text where no link can name it.

    :param path: from the vault's root, ``Papers/@wei2025.md``.
    """
    if not path or _UNLINKABLE.search(path):
        return escape(clip(text, LONGEST_TITLE)) or "untitled"
    return f"[[{path.removesuffix(EXTENSION)}|{label(text)}]]"


def embed(path: str, heading: str = "") -> str:
    """A file, or the section of a note under a heading, shown in place; nothing where no link can name it."""
    if not path or _UNLINKABLE.search(path):
        return ""
    return f"![[{path.removesuffix(EXTENSION)}{'#' if heading else ''}{heading}]]"


def zotero_link(address: str) -> str:
    """A link that selects an item in Zotero; nothing for an address that is no such link."""
    return f"[Zotero]({address})" if _SELECT.fullmatch(address) else ""


def inline(text: str) -> str:
    """A person's line from a note of theirs, as a line that can stand in a list.

    Code, math, bold, italics and web links stay, a link to a note becomes its words (it was meant from where it
    stood), and everything else is escaped: a tag, a block id or half a comment would change the page around it.
    """
    line = clip(text, LONGEST_LINE)
    parts: list[str] = []
    at = 0
    for found in _MARKUP.finditer(line):
        parts += [_escaped(line[at : found.start()]), _kept(found)]
        at = found.end()
    return "".join((*parts, _escaped(line[at:]))).strip()


def _kept(found: re.Match[str]) -> str:
    if found["target"]:
        return _escaped(found["alias"] or found["target"].removesuffix(EXTENSION))
    if _HAZARD.search(found[0]):
        return _escaped(found[0])
    if found["address"]:
        return f"[{_escaped(found['text'])}]({found['address']})"
    if found["marked"]:
        return f"{found['mark']}{_escaped(found['marked'])}{found['mark']}"
    return found[0]


def _escaped(text: str) -> str:
    """As :func:`~bridge.core.text.escape`, of a part of a line: the spaces at its ends stay."""
    inner = text.strip()
    if not inner:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{escape(inner)}{' ' * text[-1].isspace()}"
