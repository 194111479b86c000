"""Extra, Zotero's field of loose ``Name: value`` lines: one is read, set or removed, all others stay to the byte (R18).

Two kinds of line are known. *Named* lines follow Zotero's own notion of a name (R11), by which it also moves
them into real fields at a schema upgrade (zotero/zotero, ``Zotero.Utilities.Internal.extractExtraFields``).
*Plug-in* lines are those of the Reading List plug-in, which matches ``^Read_Status:(.+)$`` without regard to
case, believes only a single such line, and on writing removes all and appends one (zotero-reading-list,
``src/utils/extraField.ts``).

Lines end at LF, as in Zotero; the CR of a CRLF belongs to its line's end and stays there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from bridge.zotero.richtext import one_line

STATUS = "Read_Status"
STATUS_DATE = "Read_Status_Date"
CITATION_KEY = "Citation Key"

_CAMEL = re.compile(r"([a-z])([A-Z])")
_GAP = re.compile(r"[\s_-]")


class _Line(NamedTuple):
    """A named line: ``Name: value``, or the ``{:name: value}`` citeproc-js once asked for and Zotero still migrates."""

    name: str
    value: str
    braces: bool


_PLUGIN = {name: re.compile(rf"^{name}:(.+)$", re.IGNORECASE | re.MULTILINE) for name in (STATUS, STATUS_DATE)}


@lru_cache(maxsize=1024)
def normal_name(name: str) -> str:
    """Normal form of a line's name (R11): ``CitationKey`` and ``Citation Key`` are both ``citation-key``."""
    split = _CAMEL.sub(r"\1-\2", unicodedata.normalize("NFC", name).strip())
    return _GAP.sub("-", split.lower())


def named(extra: str) -> dict[str, str]:
    """All named lines: normal name to trimmed value; of several the first that has one, as Zotero migrates them."""
    found: dict[str, str] = {}
    for text in extra.split("\n"):
        line = _line(text)
        if line is not None and line.value:
            found.setdefault(normal_name(line.name), line.value)
    return found


def put(extra: str, name: str, value: str, *, append: bool = True) -> str:
    """Extra with the line ``name`` set to ``value``, or without it where ``value`` is empty.

    The first such line takes the value in its place and in its own spelling; more of them would show an old
    value again, so they go. Without one a line is appended, unless ``append`` is false.
    """
    wanted = normal_name(name)
    value = one_line(value)
    kept: list[str] = []
    placed = False
    for text in extra.split("\n"):
        line = _line(text)
        if line is None or normal_name(line.name) != wanted:
            kept.append(text)
        elif value and not placed:
            placed = True
            written = f"{line.name}: {value}"
            kept.append((f"{{:{written}}}" if line.braces else written) + ("\r" if text.endswith("\r") else ""))
    rest = "\n".join(kept)
    return _appended(rest, name, value) if value and append and not placed else rest


def plugin_value(extra: str, name: str) -> str:
    """The value of a plug-in line; ``""`` unless there is exactly one (R10).

    :param name: :data:`STATUS` or :data:`STATUS_DATE`.
    """
    if not extra:
        return ""
    found: list[str] = _PLUGIN[name].findall(extra)
    return found[0].strip() if len(found) == 1 else ""


def plugin_put(extra: str, name: str, value: str) -> str:
    """Extra with every plug-in line ``name`` removed and one appended, or none where ``value`` is empty."""
    pattern = _PLUGIN[name]
    rest = "\n".join(line for line in extra.split("\n") if not pattern.match(line))
    return _appended(rest, name, one_line(value)) if value else rest


def _line(text: str) -> _Line | None:
    """One line of Extra taken apart at its first colon; None where it does not begin with a name."""
    name, colon, value = text.partition(":")
    if not colon:
        return None
    braces = name == "{"
    if braces:
        name, colon, value = value.partition(":")
        value = value.rstrip()
        if not colon or not value.endswith("}"):
            return None
        value = value[:-1]
    return None if not name or name[0].isspace() else _Line(name, value.strip(), braces)


def _appended(extra: str, name: str, value: str) -> str:
    return f"{extra}\n{name}: {value}" if extra else f"{name}: {value}"


def custom_name_problem(name: str) -> str | None:
    """Why ``name`` cannot be a line of its own in Extra (R13), or None.

    Refused is what Zotero would take for something else: fields, CSL variables, creator types, item type,
    identifiers, and what belongs to the Reading List plug-in or to BibTeX exports.
    """
    from bridge.data import schema  # the tables are read only when a configuration names custom lines

    normal = normal_name(name)
    if not normal or re.search(r"[:{}\r\n]", name) or not name.isprintable():
        return "the name of a line in Extra is one line of text without a colon or braces"
    if normal.startswith("tex."):
        return f"{name!r} is an instruction to BibTeX exports"
    if normal.startswith("read-status"):
        return f"{name!r} belongs to the Reading List plug-in"
    if normal in {"type", "ids", "citation-key", "citation-key-alias"}:
        return f"{name!r} has a meaning of its own in Zotero"
    tables = schema()
    for names, meaning in (
        (tables.fields, "a field of Zotero"),
        (tables.csl, "a citation variable"),
        (tables.creators, "a creator type of Zotero"),
    ):
        if any(normal_name(taken) == normal for taken in names):
            return f"{name!r} is {meaning}, and Zotero would move such a line"
    return None
