"""Where links lead, by Obsidian's rules.

A target is a path or the end of one, with or without ``.md``, without regard to case. The whole path from the vault's
root comes first; else every file counts whose path ends so. More than one is a link nobody can rely on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_CODE = re.compile(r"^(```|~~~).*?^\1[^\n]*$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[\[([^\[\]|#^]*)([^\[\]|]*)(?:\|[^\[\]]*)?\]\]")


def links(text: str) -> Iterator[tuple[str, str]]:
    """Target and subpath (``#Heading``, or empty) of each wiki link and embed outside code."""
    return ((found[1].strip(), found[2]) for found in _LINK.finditer(_CODE.sub("", text)))


def resolve(target: str, paths: Iterable[str]) -> list[str]:
    """The files a link may lead to; a good link leads to one."""
    wanted = target.strip("/").casefold()
    names = {path: {path.casefold(), path.casefold().removesuffix(".md")} for path in paths}
    whole = [path for path, spelt in names.items() if wanted in spelt]
    return whole or [path for path, spelt in names.items() if any(each.endswith(f"/{wanted}") for each in spelt)]
