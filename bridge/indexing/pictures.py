"""The pictures beside the index notes: the year's reading, and the map of topics.

Kept here: law 2 (each is written only where it is drawn otherwise now), law 3 (the map is a person's file as much as
ours: what they put on it stays, and how they laid it out goes along when it moves).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bridge import __version__
from bridge.errors import NoteError
from bridge.indexes.canvas import topics_canvas, without_topics
from bridge.indexes.context import Context
from bridge.indexes.overview import reading_weeks, topics_on_map
from bridge.indexes.picture import reading_svg
from bridge.indexes.rules import IndexRules, PageKind
from bridge.state import State
from bridge.vault import page as pages_on_disk

#: Meta names in the state: what the map shows (it is large to draw), and the pictures there are, as JSON: kind to path.
_MAP, _DRAWN = "index-map", "index-drawn"


class Pictures:
    """The pictures of one vault.

    :param write: writes a text over what is there, or makes the file; whether it did.
    :param carry: takes a file from one path to another; whether it did.
    :param discard: takes a file to the vault's trash.

    All three may raise :class:`~bridge.errors.NoteError`; then the picture waits for the next renewal.
    """

    def __init__(
        self,
        root: Path,
        state: State,
        rules: IndexRules,
        write: Callable[[str, str, pages_on_disk.Page | None], bool],
        carry: Callable[[str, str], bool],
        discard: Callable[[str], None],
    ) -> None:
        self._root, self._state, self._rules = root, state, rules
        self._write, self._carry, self._discard = write, carry, discard

    def draw(self, context: Context) -> None:
        """Bring the pictures up to date, and put away those whose pages are off or have another folder now."""
        rules = self._rules
        paths = {PageKind.READING: rules.picture, PageKind.TOPICS: rules.canvas}
        wanted = {kind.value: path for kind, path in paths.items() if kind in rules.pages}
        before: dict[str, str] = json.loads(self._state.get_meta(_DRAWN) or "{}")
        drawn = {kind: path for kind, path in before.items() if not self._is_put_away(kind, path, wanted.get(kind))}
        if PageKind.READING in rules.pages and self._show(
            rules.picture, lambda _: reading_svg(reading_weeks(context, rules))
        ):
            drawn[PageKind.READING.value] = rules.picture
        if PageKind.TOPICS in rules.pages and self._show_map(context):
            drawn[PageKind.TOPICS.value] = rules.canvas
        if drawn != before:
            self._state.set_meta(_DRAWN, json.dumps(drawn))

    def _show_map(self, context: Context) -> bool:
        topics = topics_on_map(context)
        drawn = hashlib.blake2b(repr((__version__, topics)).encode(), digest_size=8).hexdigest()
        if drawn == self._state.get_meta(_MAP) and pages_on_disk.look(self._root, self._rules.canvas):
            return True
        is_drawn = self._show(self._rules.canvas, lambda present: topics_canvas(topics, present))
        if is_drawn:
            self._state.set_meta(_MAP, drawn)
        return is_drawn

    def _show(self, path: str, draw: Callable[[str | None], str]) -> bool:
        """Whether a picture is as it should be."""
        with suppress(NoteError):
            present = pages_on_disk.read(self._root, path)
            text = draw(present.text if present else None)
            return (present is not None and present.text == text) or self._write(path, text, present)
        return False

    def _is_put_away(self, kind: str, path: str, wanted: str | None) -> bool:
        """Whether there is no picture of ours at a path where none is wanted any more, after seeing to it."""
        if path == wanted:
            return False
        with suppress(NoteError):
            present = pages_on_disk.read(self._root, path)
            if present is None or (kind == PageKind.TOPICS and wanted and self._carry(path, wanted)):
                return True
            left = without_topics(present.text) if kind == PageKind.TOPICS else None
            if kind == PageKind.TOPICS:
                self._state.set_meta(_MAP, "")  # it is drawn anew when it is wanted again
            if left is None:
                self._discard(path)
                return True
            return left == present.text or self._write(path, left, present)
        return False
