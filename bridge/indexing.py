"""Index notes on the disk: what changed since the last time is taken in, and only the notes it touches are written.

Kept here: law 2 (a note whose text stays is not opened for writing), law 3 (text around the managed block stays, and a
page that is gone leaves a person's text behind), R29 (a block a person deleted stays deleted), R35 (the cost is that of
the change), R37 (a note that somebody is editing waits). What a page says is known by :mod:`bridge.indexes`; this room
brings papers to it out of the state, and its texts into the vault.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bridge.core.names import EXTENSION
from bridge.core.place import Stat
from bridge.core.record import ItemId
from bridge.errors import ConfigError, NoteError
from bridge.indexes.canvas import topics_canvas
from bridge.indexes.changes import due
from bridge.indexes.context import Context, make_context
from bridge.indexes.entries import EntryKind, entries
from bridge.indexes.overview import reading_weeks, topics_on_map
from bridge.indexes.paper import Paper
from bridge.indexes.picture import reading_svg
from bridge.indexes.plan import emptied, new_file, renewed, vault_of
from bridge.indexes.render import TEMPLATES, IndexText, render
from bridge.indexes.rules import IndexRules, Page, PageKind
from bridge.state import State
from bridge.state.faces import dump
from bridge.state.pages import VAULT, PageRow
from bridge.vault import files
from bridge.vault import page as pages_on_disk

#: Meta name in the state: the rules the pages were last made by.
_RULES = "index-rules"
#: Pages that go are moved here, where Obsidian keeps what it deletes.
_TRASH = ".trash"


def own_templates(root: Path, folder: str) -> dict[str, str]:
    """The templates for index notes in a person's folder, by file name (R34).

    :raises ConfigError: one of them cannot be read.
    """
    found = {}
    for name in TEMPLATES.values():
        try:
            present = pages_on_disk.read(root, f"{folder}/{name}")
        except NoteError as error:
            raise ConfigError(f"the template {folder}/{name} {error}") from None
        if present is not None:
            found[name] = present.text
    return found


class Shelf:
    """A :class:`bridge.indexes.entries.Catalogue` over the state."""

    def __init__(self, state: State) -> None:
        self._pages = state.pages

    def get(self, item: ItemId) -> Paper | None:
        """One paper as it was taken in."""
        text = self._pages.paper(item)
        return None if text is None else _paper(text)

    def put(self, item: ItemId, paper: Paper | None) -> None:
        """Take a paper in anew, or out."""
        if paper is None:
            self._pages.put(item, None, ())
        else:
            self._pages.put(item, dump(asdict(paper)), entries(paper))

    def papers(self, kind: EntryKind, name: str, most: int | None = None) -> Sequence[Paper]:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return [_paper(text) for text in self._pages.papers(kind, name, most)]

    def counts(self, kind: EntryKind) -> Mapping[str, int]:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return self._pages.counts(kind)

    def distinct(self, names: Sequence[tuple[EntryKind, str]]) -> int:
        """See :class:`bridge.indexes.entries.Catalogue`."""
        return self._pages.distinct(names)


def _paper(text: str) -> Paper:
    said: dict[str, Any] = json.loads(text)
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    values["id"] = ItemId(*said["id"])
    return Paper(**values)


@dataclass(slots=True)
class Renewal:
    """What was written (paths), or would be; ``waiting`` are pages that could not be written now."""

    written: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Indexer:
    """The index notes of one vault.

    :param papers: an item as index notes know it; ``None`` where it is not live.
    :param remember: takes a file that was written as known, so that the next scan need not open it.
    :param is_warm: whether somebody is editing the file at a path just now.
    """

    root: Path
    state: State
    rules: IndexRules
    papers: Callable[[ItemId], Paper | None]
    remember: Callable[[str, bytes, Stat], None] = lambda _path, _data, _stat: None
    is_warm: Callable[[str], bool] = lambda _path: False

    def renew(self, *, everything: bool = False, write: bool = True) -> Renewal:
        """Take in what is due and write the pages it touches.

        :param everything: render every page, whatever changed.
        :param write: otherwise only say which files would change; give it a snapshot of the state then.
        :raises ConfigError: a template of the person's own cannot be used.
        :raises VaultError: no file can be written now.
        """
        done = Renewal()
        everything = everything or self.state.get_meta(_RULES) != self._fingerprint()
        if not everything and not self.state.pages.due():
            return done
        with self.state.transaction():
            if everything:
                self.state.pages.all_due()
            _Run(self, done, write=write).run(everything=everything)
            if not done.waiting:
                self.state.pages.done()
                self.state.set_meta(_RULES, self._fingerprint())
        return done

    def _fingerprint(self) -> str:
        said = repr((sorted(self.rules.pages), self.rules.topics, self.rules.folder, self.rules.first_day))
        more = repr((self.rules.week_host, sorted(self.rules.templates.items())))
        return hashlib.blake2b(f"{said}{more}".encode(), digest_size=8).hexdigest()


class _Run:
    """One renewal."""

    def __init__(self, indexer: Indexer, done: Renewal, *, write: bool) -> None:
        self._indexer, self._done, self._write = indexer, done, write
        self._root, self._state, self._rules = indexer.root, indexer.state, indexer.rules
        self._shelf = Shelf(indexer.state)

    def run(self, *, everything: bool) -> None:
        changes = self._take_in()
        rows = {row.path: row for row in self._state.pages.written()}
        self._forget_missing(rows)
        own = {row.path for row in rows.values() if row.own}
        context = make_context(self._shelf, self._rules, vault_of(self._state.notes.all_facts(), own))
        written = _places(rows.values())
        wanted = context.pages()
        pages = frozenset(wanted) if everything else due(changes, written, context, self._rules)
        # Gone pages first: on a disk that does not tell case apart, their file may be that of a new one.
        self._move(rows, context)
        for row in list(rows.values()):
            if row.path not in wanted.get(_page(row), ()):
                self._leave(row)
        for page in sorted(pages):
            text = render(page, self._shelf, context, self._rules)
            for path in wanted[page]:
                is_new = path not in written.get(page, ())
                self._show(path, text, rows.get(path), own=path == context.own.get(page), is_new=is_new)
        if changes or everything or written.keys() != wanted.keys():
            self._draw(context)

    def _take_in(self) -> list[tuple[Paper | None, Paper | None]]:
        """What changed of which papers."""
        changes = []
        for item in self._state.pages.due():
            if item == VAULT:
                continue
            before, after = self._shelf.get(item), self._indexer.papers(item)
            if before != after:
                self._shelf.put(item, after)
                changes.append((before, after))
        return changes

    def _forget_missing(self, rows: dict[str, PageRow]) -> None:
        """A file of ours that a person deleted is made again; a host that is gone hosts no more."""
        there = self._state.notes.stats()
        for path in [path for path in rows if path not in there and pages_on_disk.look(self._root, path) is None]:
            self._state.pages.drop_page(path)
            del rows[path]

    # --- pages ---

    def _move(self, rows: dict[str, PageRow], context: Context) -> None:
        """A page of ours that is to be elsewhere takes its file along, and with it what a person wrote there."""
        for row in list(rows.values()):
            new = context.own.get(_page(row))
            if not row.own or new is None or new == row.path or self._indexer.is_warm(row.path):
                continue
            if self._write:
                try:
                    files.make_folder(self._root, (self._root / new).parent)
                    files.move(self._root, self._root / row.path, self._root / new)
                except (NoteError, files.NameTakenError):
                    continue  # then it is made anew there, and what a person wrote stays here
                self._state.pages.drop_page(row.path)
                self._state.notes.drop_rows([row.path])
            del rows[row.path]
            rows[new] = row._replace(path=new)

    def _show(self, path: str, text: IndexText, row: PageRow | None, *, own: bool, is_new: bool) -> None:
        """Bring a file to show a page."""
        kind, name = text.page
        if self._waits(path):
            return
        try:
            present = pages_on_disk.read(self._root, path)
            if present is None:
                new = new_file(text) if own else None
            else:
                last = row.text if row is not None else None
                append = is_new and kind is PageKind.WEEK and path == self._rules.week_path(name)
                new = renewed(present.text, text, old_text=last, append=append)
            if new is None:
                return
            if (present is None or new != present.text) and not self._put(path, new, present):
                return
        except NoteError:
            self._done.waiting.append(path)
            return
        self._state.pages.put_page(PageRow(path, kind.value, name, own, text.text))

    def _leave(self, row: PageRow) -> None:
        """A file that is to show a page no more: a person's text stays, a file of ours without any goes."""
        if self._waits(row.path):
            return
        try:
            present = pages_on_disk.read(self._root, row.path)
            if present is not None:
                left = emptied(present.text, _page(row), old_text=row.text, hosted=not row.own)
                if left is None:
                    self._discard(row.path, present)
                elif left != present.text and not self._put(row.path, left, present):
                    return
        except NoteError:
            self._done.waiting.append(row.path)
            return
        self._state.pages.drop_page(row.path)

    def _waits(self, path: str) -> bool:
        if self._indexer.is_warm(path):
            self._done.waiting.append(path)
            return True
        return False

    def _put(self, path: str, text: str, present: pages_on_disk.Page | None) -> bool:
        if self._write:
            stat = pages_on_disk.write(self._root, path, text, present)
            if stat is None:
                self._done.waiting.append(path)  # somebody was quicker: look again next time
                return False
            if path.endswith(EXTENSION):
                self._indexer.remember(path, text.encode(), stat)
        self._done.written.append(path)
        return True

    def _discard(self, path: str, present: pages_on_disk.Page) -> None:
        """Into the vault's trash folder, under a name that is free there."""
        self._done.written.append(path)
        if not self._write:
            return
        stem, dot, ending = path.rpartition("/")[2].rpartition(".")
        for number in range(1, 1000):
            name = f"{stem}{dot}{ending}" if number == 1 else f"{stem} {number}{dot}{ending}"
            if pages_on_disk.look(self._root, f"{_TRASH}/{name}") is None:
                pages_on_disk.write(self._root, f"{_TRASH}/{name}", present.text, None)
                break
        pages_on_disk.remove(self._root, path, present)

    # --- pictures ---

    def _draw(self, context: Context) -> None:
        """The picture of the reading and the map of topics; each is written only where it is drawn otherwise now."""
        if PageKind.READING in self._rules.pages:
            self._picture(self._rules.picture, lambda _present: reading_svg(reading_weeks(context, self._rules)))
        if PageKind.TOPICS in self._rules.pages:
            self._picture(self._rules.canvas, lambda present: topics_canvas(topics_on_map(context), present))

    def _picture(self, path: str, draw: Callable[[str | None], str]) -> None:
        with suppress(NoteError):
            present = pages_on_disk.read(self._root, path)
            text = draw(present.text if present else None)
            if present is None or present.text != text:
                self._put(path, text, present)


def _page(row: PageRow) -> Page:
    return Page(PageKind(row.kind), row.name)


def _places(rows: Iterable[PageRow]) -> dict[Page, tuple[str, ...]]:
    """The pages as they were last written, each with its files."""
    places: dict[Page, list[str]] = {}
    for row in rows:
        places.setdefault(_page(row), []).append(row.path)
    return {page: tuple(sorted(paths)) for page, paths in places.items()}
