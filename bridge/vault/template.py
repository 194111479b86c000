"""The body of a new note, from a Jinja2 template (R34).

A template is a person's own file or the built-in ``templates/paper.md.j2``. It runs in Jinja2's sandbox: it sees texts
and lists of texts, can change nothing and reach nothing else. Law 13: every value it is given is already Markdown that
shows as the words it came from (:mod:`bridge.core.text`), so ``{{ title }}`` is safe wherever it is put.

What a template can use: ``heading`` (the first line, ``# Title``), ``block("abstract")`` (a whole managed block,
nothing where its source is empty; also ``files``, ``highlights``, ``zotero-notes``), and every field of the note by its
name with ``_`` for ``-``: ``title``, ``citekey``, ``year``, ``authors`` (a list), ``tags``, ``collections``,
``zotero_link``…, besides ``key``, ``library``.

Pure but for reading the built-in template, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from bridge import templating
from bridge.core import blocks
from bridge.core.record import Face, Record
from bridge.core.text import escape, heading
from bridge.vault.sources import built_in

#: The file in the templates folder that a new note's body is made from, where there is one (R34).
TEMPLATE = "paper.md.j2"

Context: TypeAlias = Mapping[str, object]


def title_of(face: Face, key: str) -> str:
    """What a note about a paper is headed with: its title, or else its citation key, or else its item key."""
    for name in ("title", "citekey"):
        value = face.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return key


def heading_of(face: Face, key: str) -> str:
    """The first heading of a note that shows ``face``: one line, escaped (law 13)."""
    return heading(title_of(face, key))


def _nothing(block: str) -> str:  # noqa: ARG001 (a paper that nothing hangs below)
    return ""


def context(record: Record, below: Callable[[str], str] = _nothing) -> Context:
    """What a template may use of ``record``, every text escaped when it is asked for.

    :param below: gives the whole managed block of what hangs below the paper, by name.
    """
    return _Values(record, below)


class _Values(Mapping[str, object]):
    """A record's values under the names templates use; a template that shows two of them pays for two."""

    def __init__(self, record: Record, below: Callable[[str], str]) -> None:
        self._record, self._below = record, below
        self._fields = {name.replace("-", "_"): name for name in record.face}
        self._own: dict[str, Callable[[], object]] = {
            "key": lambda: record.id.key,
            "library": lambda: record.id.library,
            "heading": lambda: heading_of(record.face, record.id.key),
            "block": lambda: self._block,
        }

    def __getitem__(self, name: str) -> object:
        if (own := self._own.get(name)) is not None:
            return own()
        value = self._record.face[self._fields[name]]
        return escape(value) if isinstance(value, str) else [escape(member) for member in value]

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter({**self._fields, **self._own})

    def __len__(self) -> int:
        return len({**self._fields, **self._own})

    def _block(self, name: str) -> str:
        if name != "abstract":
            return self._below(name)
        text = blocks.abstract_block(self._record.blocks.get(name, ""))
        return blocks.write(name, text) if text else ""


def render_body(template_source: str | None, values: Context) -> str:
    """The body of a new note, with LF.

    :param template_source: a person's template, or None for the built-in one.
    :param values: what :func:`context` gives.
    :raises ConfigError: the template cannot be compiled or run; the message gives the line in it.
    """
    return templating.render(
        built_in(TEMPLATE) if template_source is None else template_source, values, "the note template"
    )
