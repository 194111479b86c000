"""Bodies made from a template, and made anew where they still are as one made them (R34).

What is remembered of a body is a digest of its words: of the lines outside managed blocks, without the first heading,
which follows the title (R30), and without empty lines. A body with any word of a person's, with a block they edited or
deleted, or about which nobody knows how it was made, is never made anew; only its blocks are renewed.

Pure: text in, text out.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Final

from bridge.core import blocks
from bridge.core.blocks import Block
from bridge.core.children import BLOCKS
from bridge.core.entries import unpack
from bridge.core.record import Face, Record
from bridge.core.side import Edit
from bridge.core.text import eol_of
from bridge.vault.renewal import Renewal
from bridge.vault.shown import TEMPLATES, Shown
from bridge.vault.sources import built_in
from bridge.vault.template import TEMPLATE, context, heading_of, render_body

#: The name under which a body is remembered, as the digest of its words, among the blocks (:attr:`Renewal.written`).
BODY: Final = "body"
_ABSTRACT: Final = "%% abstract %%"


def make(renewal: Renewal, template: str, record: Record) -> str:
    """A new body, with LF; ``renewal.written`` says then how it was made, unless by the built-in template.

    :param template: its source.
    :raises ConfigError: the template cannot be compiled or run.
    """
    body = render_body(template, context(record, renewal.block))
    if template != built_in(TEMPLATE):  # that of most notes: it need not be remembered 10,000 times
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
        self._template = template
        self._record = replace(edit.record, face={**edit.record.face, **face})
        self.is_left = False

    def renew(self, body: str) -> str:
        """The body made anew, or with its blocks renewed."""
        made, now, written = self._made(self._template)
        before = self._ways()
        if not self._is_as_made(body, before):
            self.is_left = now != before[0]
            return super().renew(body)
        self.written = {**dict.fromkeys(TEMPLATES, ""), **written, BODY: now}
        return f"\n{made}".replace("\n", eol_of(body))

    def is_as_made(self, body: str) -> bool:
        """Whether a body is as a template made it, so that nothing in it is a person's."""
        return self._is_as_made(body, self._ways())

    def _ways(self) -> tuple[str, ...]:
        """In which ways the body may have been made, the last one first."""
        return (*self._edit.written.get(BODY, ()), self._made(built_in(TEMPLATE))[1])

    def _made(self, template: str) -> tuple[str, str, Mapping[str, str]]:
        """What a template makes of the paper now, that in short, and the blocks that were generated for it."""
        renewal = Renewal(self._shown, self._edit)
        body = render_body(template, context(self._record, renewal.block))
        return body, _digest(body, heading_of(self._record.face, self._record.id.key)), renewal.written

    def _is_as_made(self, body: str, before: Container[str]) -> bool:
        found = {block.name: block for block in blocks.find(body) if block.name in BLOCKS}
        if any(block.problem or block.edited for block in found.values()):
            return False
        last = {name: texts[0] for name, texts in self._edit.written.items() if texts and name in TEMPLATES}
        if any(unpack(text) and name not in found for name, text in last.items()):
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
