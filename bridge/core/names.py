r"""Base names for files, safe on every platform and in every link, unique without regard to case.

The set of characters that cannot stand is the union of what Windows, Android and Obsidian refuse in a file name and
what breaks a ``[[link]]`` to it: ``\ / : * ? " < > |``, ``# ^ [ ]``, ``%%`` and control characters (obsidian-help,
"Internal links"; Obsidian's own file name checks). Law 13: whatever a title or a topic holds, the name stays one
visible file in the folder it is made in.

Pure: which names are taken is told by the caller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

EXTENSION = ".md"
#: The longest name in bytes of UTF-8, extension included; file systems allow 255, and sync tools add suffixes.
MAX_BYTES = 200

_SPACE = re.compile(r"\s+")  # U+00A0 and U+202F included, and all line breaks
_DROPPED = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_ILLEGAL = re.compile(r'[\\/:*?"<>|#^\[\]]|%%+')
#: Device names of Windows, with or without an extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|\Z)", re.IGNORECASE)


def folded(stem: str) -> str:
    """The form in which two base names are one name to some file system, and to Obsidian's links."""
    if stem.isascii():  # nothing to compose: most names, and asked for many times a note
        return stem.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def safe_stem(text: str) -> str:
    """``text`` as a base name (without ``.md``) that every platform and every link takes; never empty.

    NFC; illegal characters become ``_``; spaces of all kinds become one space; no dot or space at either end; at most
    :data:`MAX_BYTES` bytes with the extension. ``safe_stem(safe_stem(x)) == safe_stem(x)``.
    """
    text = unicodedata.normalize("NFC", _DROPPED.sub("", text))
    text = _ILLEGAL.sub("_", _SPACE.sub(" ", text)).strip(". ")
    reserved = _RESERVED.match(text)
    if reserved:
        text = f"{reserved[0]}_{text[reserved.end() :]}"
    return _cut(text, MAX_BYTES - len(EXTENSION)) or "_"


def _cut(text: str, limit: int) -> str:
    """The longest beginning of ``text`` within ``limit`` bytes of UTF-8 that ends in no dot or space."""
    if len(text) * 4 > limit:
        text = text.encode()[:limit].decode(errors="ignore")
    return text.rstrip(". ")


def with_key(stem: str, key: str) -> str:
    """``stem KEY``: what a note is called whose name another file has taken."""
    return f"{_cut(stem, MAX_BYTES - len(EXTENSION) - len(key) - 1)} {key}"


def unique(stem: str, taken: Container[str], key: str) -> str:
    """``stem``, or ``stem KEY`` where that name is taken, or ``stem KEY 2``… where that is taken too.

    :param taken: names in the form :func:`folded` gives.
    :param key: the item key, which no other item of its library has.
    """
    if folded(stem) not in taken:
        return stem
    number, candidate = 1, with_key(stem, key)
    while folded(candidate) in taken:
        number += 1
        candidate = with_key(stem, f"{key} {number}")
    return candidate
