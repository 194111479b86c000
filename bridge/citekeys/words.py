"""Words of a title, and letters as keys can bear them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Better BibTeX's list (its preference ``skipWords``): words that no key needs, in the languages its users write.
_SKIPPED: Final = """
    a ab aboard about above across after against al along amid among an and anti around as at before behind below
    beneath beside besides between beyond but by d da das de del dell dello dei degli della delle dem den der des
    despite die do down du during ein eine einem einen einer eines el en et except for from gli i il in inside into is l
    la las le les like lo los near nor of off on onto or over past per plus round save since so some sur than the
    through to toward towards un una unas under underneath une unlike uno unos until up upon versus via von while with
    within without yet zu zum
"""
SKIP: Final = frozenset(_SKIPPED.split())
#: What no key may hold: what BibTeX cannot read (Better BibTeX's ``citekeyUnsafeChars``), and what would end a citation
#: of Pandoc or a link of Obsidian.
_UNSAFE: Final = re.compile(r"[\\\"#%'(),={}~@;\[\]|^`\x00-\x1f\x7f-\x9f\ufffd]|\s")
_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
#: Unicode classes of brackets, quotes and other punctuation; and of dashes, with three that only look like one.
_PUNCTUATION: Final = frozenset({"Pe", "Pf", "Pi", "Po", "Ps"})
_DASHES: Final = frozenset("\u2500\uff0d\u2015")
#: Scripts whose single characters are words: no one-letter word among them is left out.
_IDEOGRAPH: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
#: Where one word of a title ends; a hyphen joins, a longer dash does not.
_BETWEEN: Final = re.compile(r"[\s/:\"]+|[\u2013\u2014\u2015\u2500]+")


def fold(text: str, *, german: bool = False) -> str:
    """A text in ASCII, by sound where there is one: ``Łukasiewicz`` is ``Lukasiewicz``, ``深圳`` is ``ShenZhen``."""
    if text.isascii():
        return text
    from anyascii import anyascii  # only texts that need it pay for its tables

    text = unicodedata.normalize("NFC", text)
    return anyascii(text.translate(_GERMAN) if german else text)


def safe(text: str) -> str:
    """A text without the characters that no key may hold."""
    return _UNSAFE.sub("", text)


def without_punctuation(text: str, dash: str = "-") -> str:
    """A text without punctuation; every dash becomes ``dash``."""
    found = []
    for character in text:
        kind = unicodedata.category(character)
        if kind == "Pd" or character in _DASHES:
            found.append(dash)
        elif kind not in _PUNCTUATION:
            found.append(character)
    return "".join(found)


def ideographs(text: str) -> str:
    """A text whose ideographs stand apart, each a word of its own."""
    return " ".join(_IDEOGRAPH.sub(r" \g<0> ", text).split())


def significant(text: str, *, plain: bool = True) -> list[str]:
    """The words of a title that say something.

    :param plain: words lose their punctuation, hyphens too; else they are as they stand.
    """
    words = [_trimmed(word) for word in _BETWEEN.split(text)]
    words = [without_punctuation(word, "") if plain else word for word in words if word.casefold() not in SKIP]
    return [word for word in words if word.casefold() not in SKIP and _says_something(word)]


def _says_something(word: str) -> bool:
    return len(word) > 1 or word.isdigit() or bool(_IDEOGRAPH.match(word))


def _trimmed(word: str) -> str:
    """A word without the punctuation around it."""
    start, end = 0, len(word)
    while start < end and unicodedata.category(word[start]).startswith("P"):
        start += 1
    while end > start and unicodedata.category(word[end - 1]).startswith("P"):
        end -= 1
    return word[start:end]
