"""A paragraph of rich text as lines of Markdown: text escaped (law 13), emphasis only where Markdown would read it.

A paragraph is a list of :class:`Run`. Everything that Markdown reads across the borders of two runs is decided here:
runs that touch are escaped as one; ``**`` and its like are written only where CommonMark's rules of flanking (6.2) let
them open and close, else the HTML element of the same meaning is; and a mark ends with its line and begins anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal

from bridge.core.text import clean_run, escape_run, escape_start

Kind = Literal["text", "break", "math"]

#: Marks from the outside to the inside, with the sign that Markdown has for each and the element that means the same.
_SIGNS: Final = {"strong": "**", "em": "*", "strike": "~~", "mark": "=="}
_ELEMENTS: Final = {"strong": "strong", "em": "em", "strike": "s", "mark": "mark", "u": "u", "sub": "sub", "sup": "sup"}
_ORDER: Final = tuple(_ELEMENTS)

#: What is read before Markdown is, in code as well: comments, template engines (Templater, Obsidian's templates).
HAZARD: Final = re.compile(r"%%|<%|\{\{|\{%|[\ud800-\udfff\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\u2028\u2029]")
_MUTE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
#: Where the first character would begin a query of Dataview's in inline code.
_QUERY: Final = re.compile(r"\s*[=$]")
#: What TeX in math cannot hold without ending it, or meaning something to a reader that comes before.
_TEX_UNSAFE: Final = re.compile(
    r"[`\ud800-\udfff\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]|(?<!\\)(?:\\\\)*\$|(?<!\\)(?:\\\\)*\\\Z"
)
_TEX_PAIRS: Final = re.compile(
    r"(?<=%)(?=%)|(?<=\{)(?=[{%])|(?<=<)(?=[A-Za-z/!?%])|(?<=\[)(?=\[)|(?<=\])(?=\])|(?<=:)(?=:)"
)
_TEX_BAR: Final = re.compile(r"(?<!\\)((?:\\\\)*)(\\?)\|")
#: Addresses that become links (R25).
_SCHEMES: Final = re.compile(r"(?:https?|mailto|doi|zotero|obsidian):[^\s]", re.IGNORECASE)
#: What stands in an address as it is; everything else is percent-encoded.
_ADDRESS_UNSAFE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|(?<=:):|&(?=#?\w+;)|[^\w\-.~:/?#@!&*+,;=%]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Run:
    """Some text with the marks on it and the address it leads to; a line break; or math (``text`` is then TeX).

    ``marks`` holds names of :data:`_ORDER`, or ``code`` alone.
    """

    text: str
    kind: Kind = "text"
    marks: frozenset[str] = frozenset()
    href: str = ""


def address(href: str) -> str:
    """An address as a link's destination in Markdown; empty for what may not become a link (R25)."""
    href = href.strip()
    if not _SCHEMES.match(href):
        return ""
    href = href.encode("utf-8", "replace").decode()
    return _ADDRESS_UNSAFE.sub(_percent, href)


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def tex(source: str, *, in_table: bool = False) -> str:
    """TeX as one line that may stand between dollar signs; empty where there is none, or where it cannot.

    Spaces that TeX's math mode does not show are put where two signs would mean something else to others.
    """
    source = " ".join(_without_comments(source).split())
    if _TEX_UNSAFE.search(source):
        return ""
    if in_table:  # where a bar would end the cell
        source = _TEX_BAR.sub(lambda bar: bar[1] + (r"\Vert{}" if bar[2] else r"\vert{}"), source)
    return _TEX_PAIRS.sub(" ", source)


def _without_comments(source: str) -> str:
    r"""TeX of several lines without its comments, which would reach to the end once it is one line."""
    if "\n" not in source:
        return source
    return "\n".join(re.sub(r"(?<!\\)((?:\\\\)*)%.*", r"\1", line) for line in source.splitlines())


def lines(runs: Iterable[Run], *, in_table: bool = False) -> list[str]:
    """The runs as lines of Markdown, without empty ones at the ends; an empty line inside is where two breaks met."""
    found = [_line(_merged(line), in_table=in_table) for line in _split(runs)]
    while found and not found[-1]:
        found.pop()
    start = next((at for at, line in enumerate(found) if line), 0)
    return found[start:]


def _split(runs: Iterable[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    for run in runs:
        if run.kind == "break":
            yield line
            line = []
        else:
            line.append(run)
    yield line


def _merged(runs: Iterable[Run]) -> list[Run]:
    """Runs that touch and look the same as one; none empty."""
    merged: list[Run] = []
    for run in runs:
        if "code" in run.marks:
            run = replace(run, marks=frozenset({"code"}))
        elif run.kind == "text":
            run = replace(run, text=clean_run(run.text))
        if not run.text or (run.kind == "math" and not run.text.strip()):
            continue
        last = merged[-1] if merged else None
        if last and last.kind == run.kind == "text" and (last.marks, last.href) == (run.marks, run.href):
            merged[-1] = replace(last, text=last.text + run.text)
        else:
            merged.append(run)
    return merged


def _line(runs: Sequence[Run], *, in_table: bool) -> str:
    writer = _Writer(in_table=in_table, at_start=True)
    for href, group in groupby(runs, key=lambda run: run.href):
        linked = list(group)
        if not href:
            writer.add_all(linked)
            continue
        label = _Writer(in_table=in_table)
        label.add_all([replace(run, href="") for run in linked])
        shown = label.text
        if shown.strip():
            words = re.sub(r"\\\]\Z", "&#93;", shown.strip())
            writer.put(f"{' ' * shown[0].isspace()}[{words}]({href}){' ' * shown[-1].isspace()}")
        elif shown:
            writer.put(" ")
    return writer.text.strip()


class _Writer:
    """Puts the parts of one line together, left to right."""

    def __init__(self, *, in_table: bool, at_start: bool = False) -> None:
        self.text = ""
        self._at_start = at_start
        self._in_table = in_table
        self._after_math = False

    def add_all(self, runs: Sequence[Run], marks: Sequence[str] = _ORDER) -> None:
        """Add runs; ``marks`` are those not yet opened around them."""
        at = 0
        while at < len(runs):
            mark = next((name for name in marks if name in runs[at].marks), None)
            if mark is None:
                self._add(runs[at])
                at += 1
                continue
            end = at
            while end < len(runs) and mark in runs[end].marks:
                end += 1
            inner = _Writer(in_table=self._in_table)
            inner.add_all([replace(run, marks=run.marks - {mark}) for run in runs[at:end]], marks)
            self._wrap(mark, inner.text, runs[end] if end < len(runs) else None)
            at = end

    def put(self, markdown: str) -> None:
        """Add Markdown of our own making."""
        if markdown.startswith("["):
            if self.text.endswith("!"):
                self.text = self.text[:-1] + "\\!"  # `!` before a link would show what it leads to
            elif self.text.endswith("\\["):
                self.text = self.text[:-2] + "&#91;"  # to those who read no backslash, `\[[` begins a link
        self.text += markdown
        self._after_math = False

    def _add(self, run: Run) -> None:
        if run.kind == "math":
            self._math(run)
        elif "code" in run.marks:
            self._code(run.text)
        else:
            self._text(run.text)

    def _text(self, text: str) -> None:
        escaped = escape_run(text)
        if self._at_start and not self.text.strip():
            escaped = escape_start(escaped.lstrip())
        if self._after_math and escaped[:1].isdigit():
            escaped = f"&#{ord(escaped[0])};{escaped[1:]}"  # `$x$2` is no math
        if self.text.endswith(" "):
            escaped = escaped.lstrip(" ")
        self.put(escaped)

    def _math(self, run: Run) -> None:
        source = tex(run.text, in_table=self._in_table)
        if not source:
            self._text(f"${run.text}$")
            return
        self.put(f"{' ' * self.text.endswith('$')}${source}$")
        self._after_math = True

    def _code(self, text: str) -> None:
        text = _MUTE.sub("", " ".join(text.splitlines()))
        inner = text.strip()
        if not inner:
            self._text(" ")
        elif _QUERY.match(inner):
            self._text(text)
        elif HAZARD.search(inner) or "`" in inner or "|" in inner:
            self.put(f"<code>{escape_run(inner)}</code>")
        else:
            self.put(f"`{inner}`")

    def _wrap(self, mark: str, inner: str, following: Run | None) -> None:
        bare = inner.strip()
        before, after = " " * (inner != inner.lstrip()), " " * (inner != inner.rstrip())
        if not bare:
            self.put(" " * bool(inner))
            return
        if before and not self.text.endswith(" "):
            self.put(" ")
        sign = _SIGNS.get(mark, "")
        if sign and self._opens(sign, bare) and self._closes(sign, bare, after, following):
            self.put(f"{sign}{bare}{sign}{after}")
        else:
            self.put(f"<{_ELEMENTS[mark]}>{bare}</{_ELEMENTS[mark]}>{after}")

    def _opens(self, sign: str, bare: str) -> bool:
        if self.text.endswith(sign[0]):
            return False
        first = bare[0]
        if first == sign[0]:
            # `***x***` is read as both marks; anything more tangled is not relied upon.
            if sign != "**" or not _is_one_em(bare):
                return False
            first = bare[1]
        return _class(first) == "word" or _class(self.text[-1:]) != "word"

    def _closes(self, sign: str, bare: str, after: str, following: Run | None) -> bool:
        last = bare[-1]
        if last == sign[0]:
            if sign != "**" or not _is_one_em(bare):
                return False
            last = bare[-2]
        follows = after or _first(following)
        return follows != sign[0] and (_class(last) == "word" or _class(follows) != "word")


def _is_one_em(bare: str) -> bool:
    """Whether the whole is one emphasis written with signs: ``*x*`` with no other asterisk in it."""
    return len(bare) > 2 and bare[0] == bare[-1] == "*" and "*" not in bare[1:-1] and not bare[1].isspace()


def _first(run: Run | None) -> str:
    """The character that a run will begin with, as far as flanking goes: a mark begins with a sign."""
    if run is None:
        return " "
    if run.kind == "math" or run.href:
        return "$"
    return "*" if run.marks else run.text[:1]


def _class(character: str) -> Literal["space", "punctuation", "word"]:
    """What a character is to CommonMark's rules of flanking; none is the beginning or end of a line."""
    if not character or character.isspace():
        return "space"
    is_ascii_sign = character.isascii() and not character.isalnum()
    return "punctuation" if is_ascii_sign or unicodedata.category(character)[0] in "PS" else "word"
