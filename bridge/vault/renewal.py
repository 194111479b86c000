"""What hangs below a paper in the body of its note: blocks made with the note, put in later, and renewed (R21, R29).

Kept here: law 4 (in a note that is there, no byte outside these blocks moves) and the ends of R29: a block that a
person deleted stays deleted, one whose source was empty until now is put where new notes have it. Which entries stay
and what becomes of a person's words among them is decided in :mod:`bridge.core.entries`.

Pure: text in, text out.
"""

from __future__ import annotations

import re

from bridge.core import blocks, entries
from bridge.core.children import BLOCKS
from bridge.core.entries import Parts, pack, unpack
from bridge.core.record import Record
from bridge.core.side import Edit
from bridge.core.text import eol_of, with_code
from bridge.errors import ConfigError
from bridge.vault.shown import TEMPLATES, Shown

#: Where a section ends, or another block begins.
_END = re.compile(r"#{1,2}[ \t]|%% bridge:begin ")


class EntryTemplateError(ConfigError):
    """The template of one kind of entry cannot be used: the notes that need it wait, and all others go on."""


class Renewal:
    """The blocks of one note, on their way into its body.

    ``written`` holds the blocks as they were generated, by name, packed; it is to be remembered for the next time. A
    block that a person deleted is not in it, nor is one that is broken. ``""`` stands for one to be forgotten.
    """

    def __init__(self, shown: Shown, edit: Edit) -> None:
        self._shown, self._edit = shown, edit
        self.written: dict[str, str] = {}

    def block(self, name: str) -> str:
        """A whole block for a new note; nothing where there is nothing to show.

        :raises EntryTemplateError: its template cannot be used.
        """
        record = self._edit.record
        if name not in TEMPLATES or record is None or not record.face.get(name):
            return ""
        parts = self._parts(name, record)
        return entries.write(name, parts) if parts else ""

    def renew(self, body: str) -> str:
        """The body of a note that is there, with the blocks renewed that the edit says are due.

        :raises EntryTemplateError: a template cannot be used.
        """
        edit, record = self._edit, self._edit.record
        if record is not None:
            for name in BLOCKS:
                if name in TEMPLATES and name in edit.set:
                    body = self._renewed(body, name, edit, record)
        return body

    def _parts(self, name: str, record: Record) -> Parts:
        try:
            parts = self._shown.parts(name, record)
        except ConfigError as error:
            raise EntryTemplateError(str(error)) from None
        # Nothing is shown of something: a person turned it off. Nothing is shown of nothing: no more need be known.
        self.written[name] = pack(parts) if parts or record.face.get(name) else ""
        return parts

    def _renewed(self, body: str, name: str, edit: Edit, record: Record) -> str:
        found = [block for block in blocks.find(body) if (block.name, block.argument) == (name, "")]
        known = [unpack(text) for text in edit.written.get(name, ())]
        if any(block.problem for block in found):
            return body
        if not found:
            was_shown = bool(known[0]) if known else edit.before.get(name) != ""
            return body if was_shown else _put(body, name, self._parts(name, record))
        renewed = entries.renew(body, name, self._parts(name, record), known)
        return renewed if self._shown.is_on(name) else _without_empty(renewed, name)


def _put(body: str, name: str, parts: Parts) -> str:
    """The body with a block it never had: at the end of the section in which the blocks before it stand.

    That is below the abstract, or else below the first heading, and above the next heading (``## Notes``): behind what
    a person wrote there, for a block that begins with a heading would take text below it into its own section.
    """
    if not parts:
        return body
    before = BLOCKS[: BLOCKS.index(name)]
    above = [block.end for block in blocks.find(body) if block.name in before and not block.problem]
    lines, offset = [], 0
    for line, is_code in with_code(body.split("\n")):
        if not is_code:
            lines.append((offset, line))
        offset += len(line) + 1
    title = next((at + len(line) for at, line in lines if line.startswith("# ")), 0)
    start = max(above, default=title)
    at = next((at for at, line in lines if at >= start and _END.match(line)), len(body))
    return _inserted(body, at, entries.write(name, parts, eol_of(body)))


def _inserted(body: str, at: int, block: str) -> str:
    """A block between empty lines."""
    eol, above, below = eol_of(body), body[:at], body[at:]
    if not above.endswith("\n"):
        gap = eol + eol if above else eol
    else:
        gap = "" if not above.strip() or above.endswith(("\n\n", "\n\r\n")) else eol
    return f"{above}{gap}{block}{eol}{eol if below else ''}{below}"


def _without_empty(body: str, name: str) -> str:
    """The body without a block that is shown no more, once nothing stands in it."""
    for block in blocks.find(body):
        if block.name == name and not block.text and not block.problem:
            below = body[block.end :]
            return body[: block.start] + (below.lstrip("\r\n") if below.strip() else below)
    return body
