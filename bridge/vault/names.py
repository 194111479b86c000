"""File names for notes, from a template. What makes a name safe and unique is :mod:`bridge.core.names`.

Pure.
"""

from __future__ import annotations

from functools import lru_cache
from string import Formatter

from bridge.core.names import EXTENSION, safe_stem
from bridge.core.record import Face, Record
from bridge.errors import ConfigError

#: The fields a file name template may name.
FIELDS = frozenset({"citekey", "key", "title", "year", "author"})


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
