"""The part of a note's body under one heading, as the person wrote it.

A section reaches from its heading (any level, whatever its case) to the next heading of that level or above, as it does
for Obsidian's ``![[note#Notes]]``. What Bridge keeps in it, its managed blocks, is none of the person's. Headings in
fenced code, in comments and in managed blocks are text.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

from bridge.core import blocks
from bridge.core.text import with_code
from bridge.errors import NoteError

_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*(?:[ \t]#+)?[ \t]*")
_COMMENT: Final = re.compile(r"%%.*?(?:%%|\Z)", re.DOTALL)


def section(body: str, heading: str) -> str | None:
    """The text of the first section of this name, trimmed, with LF; ``None`` where there is no such heading.

    :raises NoteError: a managed block is broken, so that nobody can tell whose text is whose.
    """
    lines = _own(body).replace("\r\n", "\n").split("\n")
    shown = _blanked(lines)
    wanted = heading.strip().rstrip(":").casefold()
    start, level = -1, 0
    for at, line in enumerate(shown):
        found = _HEADING.fullmatch(line)
        if found is None:
            continue
        if start >= 0 and len(found[1]) <= level:
            return _trimmed(lines[start:at])
        if start < 0 and found[2].rstrip(":").casefold() == wanted:
            start, level = at + 1, len(found[1])
    return _trimmed(lines[start:]) if start >= 0 else None


def _own(body: str) -> str:
    """The body without its managed blocks."""
    for block in reversed(blocks.find(body)):
        if block.problem:
            raise NoteError(f"the block `{block.name}`: {block.problem}")
        body = body[: block.start] + body[block.end :]
    return body


def _blanked(lines: list[str]) -> list[str]:
    """The lines, those in code and comments without their text."""
    outside = "\n".join("" if is_code else line for line, is_code in with_code(lines))
    return _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), outside).split("\n")


def _trimmed(lines: list[str]) -> str:
    filled = [at for at, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[filled[0] : filled[-1] + 1]) if filled else ""
