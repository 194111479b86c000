"""Bodies made from a template, and made anew where they still are as one made them (R34).

What is remembered of a body is a digest of its words: of the lines outside managed blocks, without the first heading,
which follows the title (R30), and without empty lines. A body with any word of a person's, with a block they edited or
deleted, or about which nobody knows how it was made, is never made anew; only its blocks are renewed.

Pure: text in, text out.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Final

from bridge.core import blocks
from bridge.core.blocks import Block
from bridge.core.children import BLOCKS
from bridge.core.record import Face, Record
from bridge.core.side import Edit
from bridge.core.text import eol_of
from bridge.vault.renewal import Renewal
from bridge.vault.shown import TEMPLATES, Shown
from bridge.vault.template import context, heading_of, render_body

#: The name under which the words of a body are remembered, among the blocks (:attr:`Renewal.written`): digests, the
#: last one first.
BODY: Final = "body"
_ABSTRACT: Final = "%% abstract %%"
#: How many ways in which one body was made are remembered.
_WAYS: Final = 8


def make(renewal: Renewal, template: str | None, record: Record) -> str:
    """A new body, with LF; ``renewal.written`` says then how it was made.

    :param template: its source, ``None`` for the built-in one.
    :raises ConfigError: the template cannot be compiled or run.
    """
    body = render_body(template, context(record, renewal.block))
    renewal.written[BODY] = _digest(body, heading_of(record.face, record.id.key))
    return body


class Remaking(Renewal):
    """A renewal that makes the whole body anew where nobody has written in it.

    ``is_left`` says afterwards that a person's words kept a body as it is which the template would make otherwise.

    :param edit: must have the whole record.
    :param face: what the note shows.
    """

    def __init__(self, shown: Shown, edit: Edit, template: str, face: Face) -> None:
        super().__init__(shown, edit)
        assert edit.record is not None
        self._new = Renewal(shown, edit)
        self._template = template
        self._record = replace(edit.record, face={**edit.record.face, **face})
        self.is_left = False

    def renew(self, body: str) -> str:
        """The body made anew, or with its blocks renewed."""
        made = make(self._new, self._template, self._record)
        now = self._new.written[BODY]
        before = [*self._edit.written.get(BODY, "").split(), self._built_in()]
        if not self._is_as_made(body, before):
            self.is_left = now != before[0]
            return super().renew(body)
        # The ways in which it was made before count on: a refresh may be undone.
        ways = dict.fromkeys([now, *before])
        self.written = {**dict.fromkeys(TEMPLATES, ""), **self._new.written, BODY: " ".join([*ways][:_WAYS])}
        return f"\n{made}".replace("\n", eol_of(body))

    def _built_in(self) -> str:
        """How the body was made if it was by the built-in template: of older notes nothing else is known."""
        renewal = Renewal(self._shown, self._edit)
        make(renewal, None, self._record)
        return renewal.written[BODY]

    def _is_as_made(self, body: str, before: Container[str]) -> bool:
        found = {block.name: block for block in blocks.find(body) if block.name in BLOCKS}
        if any(block.problem or block.edited for block in found.values()):
            return False
        if any(self._edit.written.get(name, "[]") not in ("", "[]") and name not in found for name in TEMPLATES):
            return False  # a person deleted it
        heading = heading_of(self._record.face, self._record.id.key)
        # The abstract may have come later than the note.
        return _digest(body, heading) in before or _digest(body, heading, without="abstract") in before


def _digest(body: str, heading: str, without: str = "") -> str:
    """The words of a body in short; ``without`` names a block that does not count."""
    for block in reversed(blocks.find(body)):
        if block.name in BLOCKS and not block.problem:
            body = body[: block.start] + _mark(block, without) + body[block.end :]
    lines = [line.rstrip() for line in body.splitlines() if line.strip()]
    if heading in lines:
        lines.remove(heading)
    return blocks.digest("\n".join(lines))


def _mark(block: Block, without: str) -> str:
    """What stands for a block: only the abstract's being there is part of how a body was made."""
    return _ABSTRACT if block.name == "abstract" != without else ""
