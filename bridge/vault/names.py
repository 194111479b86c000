r"""File names for notes: from a template, safe on every platform, unique without regard to case.

The set of characters that cannot stand is the union of what Windows, Android and Obsidian refuse in a file name and
what breaks a ``[[link]]`` to it: ``\ / : * ? " < > |``, ``# ^ [ ]``, ``%%`` and control characters (obsidian-help,
"Internal links"; Obsidian's own file name checks). Law 13: whatever a title or a citation key holds, the name stays one
visible file in the folder it is made in.

Pure: which names are taken is told by the caller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from string import Formatter

from bridge.core.record import Face, Record
from bridge.errors import ConfigError

EXTENSION = ".md"
#: The longest name in bytes of UTF-8, extension included; file systems allow 255, and sync tools add suffixes.
MAX_BYTES = 200
#: The fields a file name template may name.
FIELDS = frozenset({"citekey", "key", "title", "year", "author"})

_SPACE = re.compile(r"\s+")  # U+00A0 and U+202F included, and all line breaks
_DROPPED = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_ILLEGAL = re.compile(r'[\\/:*?"<>|#^\[\]]|%%+')
#: Device names of Windows, with or without an extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|\Z)", re.IGNORECASE)


def folded(stem: str) -> str:
    """The form in which two base names are one name to some file system, and to Obsidian's links."""
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


def unique(stem: str, taken: Container[str], key: str) -> str:
    """``stem``, or ``stem KEY`` where that name is taken, or ``stem KEY 2``… where that is taken too.

    :param taken: names in the form :func:`folded` gives.
    :param key: the item key, which no other item of its library has.
    """
    if folded(stem) not in taken:
        return stem
    number = 1
    while True:
        suffix = f" {key}" if number == 1 else f" {key} {number}"
        candidate = _cut(stem, MAX_BYTES - len(EXTENSION) - len(suffix)) + suffix
        if folded(candidate) not in taken:
            return candidate
        number += 1


@lru_cache(maxsize=32)
def _parsed(template: str) -> tuple[tuple[str, str], ...]:
    """The template as pairs of literal text and field name (``""`` for none)."""
    try:
        parts = list(Formatter().parse(template.removesuffix(EXTENSION)))
    except ValueError as error:
        raise ConfigError(f"the file name template is not well formed: {error}") from None
    for _, name, spec, conversion in parts:
        if name is not None and (name not in FIELDS or spec or conversion):
            known = ", ".join(f"{{{field}}}" for field in sorted(FIELDS))
            raise ConfigError(f"a file name template may hold {known}, and nothing else in braces")
    if not any(name for _, name, _, _ in parts):
        raise ConfigError("a file name template must name a field, as in @{citekey}.md")
    return tuple((literal, name or "") for literal, name, _, _ in parts)


def file_stem(template: str, record: Record) -> str:
    """The base name (without ``.md``) that ``template`` gives ``record``, safe but not yet unique.

    The fields are ``{citekey}``, ``{key}``, ``{title}``, ``{year}`` and ``{author}`` (the last word of the first
    author's name). Where the template asks for a citation key and the item has none, the name is the item key.

    :raises ConfigError: the template names another field, holds none, or is not well formed.
    """
    return stem_of(template, record.id.key, record.face)


def stem_of(template: str, key: str, face: Face) -> str:
    """As :func:`file_stem`, from any face: what a note was called before its citation key changed.

    :raises ConfigError: as :func:`file_stem`.
    """
    parts = _parsed(template)
    if any(name == "citekey" for _, name in parts) and not face.get("citekey"):
        return safe_stem(key)
    return safe_stem("".join(literal + _value(name, key, face) for literal, name in parts))


def _value(name: str, key: str, face: Face) -> str:
    if name == "key":
        return key
    if name == "author":
        authors = face.get("authors") or ("",)
        first = authors if isinstance(authors, str) else authors[0]
        return first.rsplit(" ", 1)[-1]
    value = face.get(name, "") if name else ""
    return value if isinstance(value, str) else ", ".join(value)
