"""Text as Zotero keeps it, made fit for a place that holds plain text (law 13).

Everything that leaves these functions is NFC and free of control characters and lone surrogates, so no value
from Zotero can start a line, end a string or break an encoder in the place it is put.
"""

from __future__ import annotations

import re
import unicodedata

from bridge.core.policy import normal_text

#: Control characters but for those ``str.split`` takes for white space, and halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_BREAK = re.compile("[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]+")

#: The tags Zotero understands in a title (https://www.zotero.org/support/kb/rich_text_bibliography), and its
#: older ``<sc>``.
_MARKUP = re.compile(r"</?(?:i|b|sub|sup|sc|span)>|<span [^<>]*>")
#: The innermost pairs of the four tags that annotations may hold; one without its other half is text (zotero/zotero,
#: ``_transformTextToHTML``), and so are entities.
_PAIR = re.compile(r"<(i|b|sub|sup)>([^<]*(?:<(?!/?\1>)[^<]*)*)</\1>", re.IGNORECASE)
#: Pairs inside pairs that are taken out at most.
_DEPTH = 8
#: Signs of formulas; words (the "th" of "4th") stay as they are, so that they can be searched for.
_RAISED = str.maketrans("0123456789+-=()ijkmnT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱʲᵏᵐⁿᵀ")
_LOWERED = str.maketrans("0123456789+-=()ijkmntx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ᵢⱼₖₘₙₜₓ")


def one_line(text: str) -> str:
    """One line of plain text: NFC, no control characters, runs of white space as one space, trimmed."""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    return normal_text(text)


def tag_text(text: str) -> str:
    """A tag's identity (R9): its name in NFC, trimmed of all Unicode space, newlines gone, inner spaces as they are."""
    if not text.isprintable():
        text = _BREAK.sub(" ", _CONTROL.sub("", text))
    return unicodedata.normalize("NFC", text).strip()


def paragraphs(text: str) -> str:
    """Plain text of several lines, which end in LF."""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
        text = "\n".join(line.rstrip() for line in text.replace("\t", " ").splitlines())
    return unicodedata.normalize("NFC", text).strip()


def title_text(text: str) -> str:
    """A title without Zotero's markup (R14); entities and every other ``<`` stay."""
    if "<" in text:
        text = _MARKUP.sub("", text)
    return one_line(text)


def plain_marks(text: str) -> str:
    """The text or comment of an annotation without its markup; raised and lowered signs stay so (``10²``, ``dₖ``)."""
    for _ in range(_DEPTH):
        if "</" not in text or (plain := _PAIR.sub(_unmarked, text)) == text:
            break
        text = plain
    return paragraphs(text)


def _unmarked(pair: re.Match[str]) -> str:
    tag, inner = pair[1].lower(), pair[2]
    if tag in ("i", "b"):
        return inner
    moved = inner.translate(_RAISED if tag == "sup" else _LOWERED)
    return moved if all(ord(new) != ord(old) for new, old in zip(moved, inner, strict=True)) else inner


def unbroken(text: str) -> str:
    """A text that is read by a parser of its own, its white space as it is."""
    return unicodedata.normalize("NFC", text if text.isprintable() else _CONTROL.sub("", text))
