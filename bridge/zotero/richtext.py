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
