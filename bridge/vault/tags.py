r"""Zotero's tags, which are free text, shown as Obsidian's, which are not, and what people type carried back.

The one law of this module: a raw Zotero tag is never made out of a legal form. Many raw tags share one legal form; what
a note shows is :func:`legal`, what it is compared by is :func:`key`, and what goes to Zotero for a form a person typed
is an existing spelling where there is one (:func:`spell`), else the text as typed.

Obsidian's grammar is that of its own documentation (Tags) and of the expression that plug-ins share: none of
``! " # $ % & ' ( ) * + , . : ; < = > ? @ ^ ` { | } ~ [ ] \``, no white space, nothing of U+2000-206F and U+2E00-2E7F
(which holds the joiner in some emoji), at least one character that is no digit, and case does not matter. ``/`` nests.

Zotero's are what its server keeps (R9): two tags are one when they are equal after NFC and trimming of all Unicode
space, and none is longer than 255 characters, counted as code points (zotero/dataserver, model/Tag.inc.php).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_LENGTH: Final = 255
"""The longest tag Zotero takes, in code points."""

_BREAKS: Final = re.compile("[\r\n]")
_SPACE: Final = "\t\n\v\f\r\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""Unicode's white space, with the two that only Python (U+001C-1F) or only JavaScript (U+FEFF) takes for such."""

_EDGES: Final = re.compile(f"^[{_SPACE}]+|[{_SPACE}]+$")
_SPACES: Final = re.compile(f"[{_SPACE}]+")
_ILLEGAL: Final = re.compile(
    "[!\"#$%&'()*+,.:;<=>?@^`{|}~\\[\\]\\\\\u2000-\u206f\u2e00-\u2e7f"
    "\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"  # and what cannot stand on a line of YAML at all
)
_NUMBER: Final = re.compile(r"[\d/]+")


def zotero_key(raw: str) -> str:
    """The identity of a raw tag in Zotero: two that agree on it are one tag (R9). Idempotent."""
    return _EDGES.sub("", unicodedata.normalize("NFC", _BREAKS.sub("", raw)))


@lru_cache(maxsize=8192)  # a library's tags are few, and each is asked for with every paper that bears it
def legal(raw: str) -> str:
    """The form in which a note shows the raw tag ``raw``: legal in Obsidian, never empty.

    Outer white space and leading ``#`` go, a run of white space becomes ``-``, every other illegal character ``_``.
    ``/`` nests, and an empty part (``a//b``) becomes ``_``. A form of digits alone gets a ``_`` behind it (``2024_``),
    which keeps years in their order. A legal form is its own legal form.
    """
    return _form(raw, "-")


@lru_cache(maxsize=8192)
def key(tag: str) -> str:
    """The identity of a tag in a note, raw or legal: Obsidian tells no upper case from lower.

    Lower case and not case folding, because that is Obsidian's own comparison: it tells ``Straße`` from ``Strasse``,
    and so must the bridge, or one of the two typed beside the other would never arrive.
    """
    return unicodedata.normalize("NFC", legal(tag).lower())


def known_forms(raw: str) -> frozenset[str]:
    """The :func:`key` of every form in which this or another tool writes ``raw`` in a note (R28).

    White space is written as ``-`` (most), ``_`` (some), or left out, with words run together (a few).
    """
    return frozenset(key(_form(raw, joint)) for joint in ("-", "_", ""))


def usable(typed: str) -> str | None:
    """Why a tag typed in a note cannot go to Zotero and is held; None when it can."""
    text = _unhashed(zotero_key(typed))
    if not text:
        return "the tag is empty"
    if len(text) > MAX_LENGTH:
        return f"the tag is longer than the {MAX_LENGTH} characters Zotero takes"
    return None


def spell(typed: str, own: Sequence[str], library: Mapping[str, Mapping[str, int]]) -> str:
    """The raw tag to add to an item for ``typed``, a tag put into its note (with a ``#`` or not).

    ``own`` are the item's automatic raw tags: one of these that shows as ``typed`` is meant, and becomes manual.
    ``library`` gives by :func:`key` how many items use each raw tag: the one used most is meant.
    """
    text = _unhashed(zotero_key(typed))
    wanted = key(text)
    mine = [raw for raw in own if key(raw) == wanted]
    if mine:
        return text if text in mine else min(mine)
    used = library.get(wanted)
    if used:
        # Most used first; of those, as it was typed; then the first by code points, so that all machines agree.
        return min(used, key=lambda raw: (-used[raw], raw != text, raw))
    return text


def _unhashed(text: str) -> str:
    """``text`` without the ``#`` before it that Obsidian's users type by habit (R9)."""
    while text.startswith("#"):
        text = _EDGES.sub("", text.lstrip("#"))
    return text


def _form(raw: str, joint: str) -> str:
    """``raw`` made legal, with ``joint`` for white space."""
    parts = (_EDGES.sub("", part) for part in _unhashed(zotero_key(raw)).split("/"))
    legal_parts = (_ILLEGAL.sub("_", _SPACES.sub(joint, part)) or "_" for part in parts)
    form = unicodedata.normalize("NFC", "/".join(legal_parts))
    return f"{form}_" if _NUMBER.fullmatch(form) else form
