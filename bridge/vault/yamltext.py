"""The words and spellings of front-matter: what a YAML scalar means, and how one is written.

Reading and writing share one schema, YAML 1.2 core, because that is what Obsidian reads and writes (npm ``yaml`` 2.7.0
with ``{nullStr: '', lineWidth: 0}``): ``no`` and ``2024-01-01`` are text, ``010`` is ten, ``0o7`` is seven.

Law 13 is kept here for front-matter: whatever text comes in, :func:`scalar` writes it on one line, in one value.
New front-matter (:func:`dump`) is written as Obsidian's own property editor would write it, so that its first rewrite
changes no byte. There are two exceptions, both still read as the same text by everyone:

* text that a YAML 1.1 reader would take for something else (``no``, ``12:30``, ``=``) is double-quoted; whole dates and
  date-times stay plain, as people expect to see them;
* ``<%``, which Templater runs as a program when a file appears in its vault, is written as an escape.

Nothing here reads YAML structure; that is :mod:`bridge.vault.yamlcore`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

Value = str | int | float | bool | None
"""What a scalar stands for under the YAML 1.2 core schema."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value in a note's front-matter, with its source text.

    ``text`` is what a person sees: a plain scalar as it is spelled (``010``), a quoted or block one without its quotes;
    empty for lists and maps. ``value`` is what it stands for (``10``). ``items`` are a list's members or a map's
    values, ``keys`` the map's keys by their source text. Two nodes are equal when they are spelled alike, quotes aside;
    see :attr:`meaning` for being equal under any spelling (R36).

    ``start``, ``end`` (character offsets in the head) and ``style`` (``""`` plain or block, ``'``, ``"``, ``|``, ``>``,
    or ``[`` for a flow collection) say where and how it stands; they are for the editor and never compared.
    """

    kind: Literal["scalar", "list", "map", "null"]
    text: str = ""
    value: Value = None
    items: tuple[Node, ...] = ()
    keys: tuple[str, ...] = ()
    start: int = field(default=0, compare=False, repr=False)
    end: int = field(default=0, compare=False, repr=False)
    style: str = field(default="", compare=False, repr=False)

    @property
    def meaning(self) -> Hashable:
        """A normal form that is the same before and after Obsidian rewrites the head (law 8, R2).

        Numbers are compared as the doubles JavaScript makes of them (``1.10`` is ``1.1``), maps without their order.
        """
        match self.kind:
            case "null":
                return None
            case "list":
                return ("list", tuple(item.meaning for item in self.items))
            case "map":
                values = (item.meaning for item in self.items)
                return ("map", frozenset(zip(self.keys, values, strict=True)))
            case "scalar":
                if isinstance(self.value, int | float) and not isinstance(self.value, bool):
                    return ("number", "nan" if math.isnan(self.value) else float(self.value))
                return (type(self.value).__name__, self.value)


# --- what a plain scalar means ------------------------------------------------------------------------------------
# The regular expressions of the core schema as npm ``yaml`` 2.7.0 has them (schema/core/*.js, schema/common/null.js).

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INF: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN: Final = frozenset({".nan", ".NaN", ".NAN"})
_INT: Final = re.compile(r"[-+]?[0-9]+")
_RADIX: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_TEXT_STARTS: Final = frozenset("0123456789+-.~nNtTfF")
_NUMBER_STARTS: Final = frozenset("0123456789+-.")
_MAX_INT_DIGITS: Final = 300
"""Longer integers are read as doubles, as JavaScript does; Python refuses to convert very long ones at all."""


def resolve(text: str) -> Value:
    """What a plain scalar spelled ``text`` stands for."""
    if text and text[0] not in _NOT_TEXT_STARTS:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> Value:
    """The number a plain scalar stands for, or the text itself."""
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _MAX_INT_DIGITS else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _RADIX.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _INF.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    # math.nan itself, so that two nodes of it are equal: containers compare identity first.
    return math.nan if text in _NAN else text


# --- how text is written --------------------------------------------------------------------------------------------

_BREAKS_AND_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_CHARACTERS: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_BOM: Final = "\ufeff"

# npm yaml's plainString(), for text without line breaks and tabs.
_NEEDS_QUOTES: Final = re.compile(r"^[ ,\[\]{}#&*!|>'\"%@`]|^[?-]$|^[?-] |: | #|[ :]$")
_FLOW_PLAIN: Final = re.compile(r"[^\W\d_](?:[\w ./@+-]*\w)?")
_YAML_1_1: Final = re.compile(
    r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|=|<<"
    r"|[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+"
    r"|[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9].*)?"
)
"""Plain spellings that YAML 1.1 gives a meaning: its type repository's bool, int, float, merge, value and timestamp."""

_SURELY_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./,()+-]*(?: [A-Za-z0-9_./,()+-]+)*")
_WORDS: Final = frozenset({"y", "yes", "n", "no", "on", "off", "null", "true", "false"})
_LONGEST_WORD: Final = 5
"""Most text is words, and of what begins with a letter only these few can mean anything else."""

_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2})?")


def one_line(text: str) -> str:
    """``text`` as one line that every YAML reader can read.

    A run of line breaks and control characters becomes one space. Byte order marks are dropped; lone surrogates and the
    noncharacters that YAML forbids become U+FFFD. Idempotent; any other text comes back as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BREAKS_AND_CONTROLS.sub(" ", text.replace(_BOM, ""))
    return _NOT_CHARACTERS.sub("\ufffd", text)


def scalar(text: str) -> str:
    """``one_line(text)`` written so that a YAML 1.2 core reader gives back exactly that string."""
    if _SURELY_PLAIN.fullmatch(text) and (len(text) > _LONGEST_WORD or text.lower() not in _WORDS):
        return text
    text = one_line(text)
    if "<%" in text or _misread_by_yaml_1_1(text):
        return _double_quoted(text)
    if not text or _NEEDS_QUOTES.search(text) or not isinstance(resolve(text), str):
        return f"'{text}'" if '"' in text and "'" not in text else _double_quoted(text)
    return text


def single(value: str | int) -> str:
    """Text as :func:`scalar` writes it, or a whole number."""
    return scalar(value) if isinstance(value, str) else str(value)


def flow_scalar(text: str) -> str:
    """Like :func:`scalar`, for a member of a flow list (``[a, b]``), where fewer characters may stand unquoted."""
    written = scalar(text)
    return written if written[0] in "'\"" or _FLOW_PLAIN.fullmatch(written) else _double_quoted(written)


def dump(pairs: Sequence[tuple[str, str | int | Sequence[str] | None]]) -> str:
    """A new head (the lines between the ``---`` lines, LF) holding ``pairs`` in their order.

    ``None`` is written ``key:``, an empty list ``key: []``, a list as a block indented by two.
    """
    return "".join(entry(key, value) for key, value in pairs)


def entry(key: str, value: str | int | Sequence[str] | None, indent: str = "", eol: str = "\n") -> str:
    """The lines of one key and its value, as :func:`dump` writes them, each ended by ``eol``."""
    head = f"{indent}{_key(key)}:"
    if value is None:
        return head + eol
    if isinstance(value, str | int):
        return f"{head} {single(value)}{eol}"
    if not value:
        return f"{head} []{eol}"
    return head + eol + "".join(f"{indent}  - {scalar(member)}{eol}" for member in value)


@lru_cache(maxsize=256)  # the same few in every note
def _key(key: str) -> str:
    return scalar(key)


def _misread_by_yaml_1_1(text: str) -> bool:
    """Whether a YAML 1.1 reader would take plain ``text`` for anything but text or a whole date."""
    if not _YAML_1_1.fullmatch(text):
        return False
    shown_as_date = _DATE.fullmatch(text)
    if shown_as_date is None:
        return True
    try:
        date.fromisoformat(shown_as_date[1])
    except ValueError:  # 2024-02-31: YAML 1.1 readers fail on it
        return True
    return False


def _double_quoted(text: str) -> str:
    """``text``, already one line, between double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("<%", "\\x3C%")
    return f'"{escaped}"'
