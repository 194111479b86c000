"""Which names a note's links and citations may mean, so that a rename opens only files that can hold what it changes.

The scan reads every file anyway; what this finds is remembered with it. It looks for more than
:mod:`bridge.vault.links` would ever rewrite (code and comments are not told apart here) and never for less: a test
holds the two side by side.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from bridge.core.names import EXTENSION, folded

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
#: What a citation key is made of, outside braces (Pandoc User's Guide, "Citation syntax").
KEY = r"\w(?:\w|[:.\#$%&\-+?<>~/](?=\w))*"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Wiki links, addresses and citations.

    Each only looks ahead, so that no find hides another that begins in it, and begins with its literal character, which
    ``re`` looks for fastest.
    """
    return (
        re.compile(r"\[\[(?=([^\[\]|#^\n]+))"),
        re.compile(r"\](?:\(|:[ \t]+)(?=<([^<>\n]*)>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))"),
        re.compile(rf"@(?<![\w/]@)(?=\{{([^{{}}\s]*)\}}|({KEY}))"),
    )


def targets(data: bytes) -> tuple[str, ...]:
    """The names that a file's links and citations may mean, each once.

    They have the form that :func:`~bridge.core.names.folded` gives: base names as they are, citation keys with ``@``
    before them. A file that is not UTF-8 has none.
    """
    if not any(mark in data for mark in (b"[[", b"](", b"]:", b"@")):
        return ()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ()
    return tuple(dict.fromkeys(_names(text)))


def _names(text: str) -> Iterator[str]:
    wiki, address, cited = _patterns()
    if "[[" in text:
        for found in wiki.finditer(text):
            target = found[1].rstrip("\\")
            yield from _stems((target, target.replace("''", "'")) if "''" in target else (target,))
    if "](" in text or "]:" in text:
        for found in address.finditer(text):
            target = found[1] or found[2] or ""
            if target and not _SCHEME.match(target):
                yield from _stems((_plain(target.partition("#")[0]),))
    if "@" in text:
        for found in cited.finditer(text):
            yield cited_as(found[1] or found[2] or "")


def cited_as(key: str) -> str:
    """How a citation of a key is remembered."""
    return folded(f"@{key}")


def _stems(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        name = path.rpartition("/")[2].strip()
        stem = name[: -len(EXTENSION)] if name.lower().endswith(EXTENSION) else name
        if stem:
            yield folded(stem)


def _plain(address: str) -> str:
    if "%" not in address:
        return address
    from urllib.parse import unquote

    return unquote(address)
