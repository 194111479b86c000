"""Index notes on the disk: what changed since the last time is taken in, and only the notes it touches are written.

Kept here: law 2 (a note whose text stays is not opened for writing), law 3 (text around the managed block stays, and a
page that is gone leaves a person's text behind), R29 (a block a person deleted stays deleted), R35 (the cost is that of
the change), R37 (a note that somebody is editing waits), law 5 and law 11 (with the state lost, or a renewal cut off,
our files are known again by what their front-matter says). What a page says is known by :mod:`bridge.indexes`; this
room brings papers to it out of the state, and its texts into the vault.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge import __version__
from bridge.core.names import EXTENSION
from bridge.core.place import Stat
from bridge.core.record import ItemId
from bridge.errors import ConfigError, NoteError
from bridge.indexes.canvas import topics_canvas
from bridge.indexes.changes import due
from bridge.indexes.context import Context, Vault, make_context
from bridge.indexes.entries import EntryKind, entries
from bridge.indexes.overview import reading_weeks, topics_on_map
from bridge.indexes.paper import Paper
from bridge.indexes.picture import reading_svg
from bridge.indexes.plan import emptied, is_ours, new_file, renewed
from bridge.indexes.render import TEMPLATES, IndexText, render
from bridge.indexes.rules import IndexRules, Page, PageKind, topic_id
from bridge.state import State
from bridge.state.faces import dump
from bridge.state.pages import VAULT, PageRow
from bridge.vault import files
from bridge.vault import page as pages_on_disk

#: Meta names in the state: the rules the pages were last made by, the pages that could not be written then, and what
#: the map of topics shows (it is large to draw, and a person's own file as much as ours).
_RULES, _WAITING, _MAP = "index-rules", "index-waiting", "index-map"
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
        waiting = json.loads(self.state.get_meta(_WAITING) or "[]")
        if not everything and not waiting and not self.state.pages.due():
            return done
        with self.state.transaction():
            if everything:
                self.state.pages.all_due()
            run = _Run(self, done, write=write)
            run.run([Page(PageKind(kind), name) for kind, name in waiting], everything=everything)
            self.state.pages.done()
            self.state.set_meta(_RULES, self._fingerprint())
            self.state.set_meta(_WAITING, json.dumps(sorted(run.waiting)))
        return done

    def _fingerprint(self) -> str:
        rules = self.rules
        said = (__version__, sorted(rules.pages), rules.folder, rules.first_day, rules.week_host)
        more = (
            replace(rules.topics, sources=frozenset()),
            sorted(rules.topics.sources),
            sorted(rules.templates.items()),
        )
        return hashlib.blake2b(repr((*said, *more)).encode(), digest_size=8).hexdigest()


class _Run:
    """One renewal; ``waiting`` are the pages to come back to."""

    def __init__(self, indexer: Indexer, done: Renewal, *, write: bool) -> None:
        self._indexer, self._done, self._write = indexer, done, write
        self._root, self._pages, self._rules = indexer.root, indexer.state.pages, indexer.rules
        self._shelf = Shelf(indexer.state)
        self.waiting: set[Page] = set()

    def run(self, waiting: Iterable[Page], *, everything: bool) -> None:
        """Bring all files up to date; ``waiting`` are pages of the last time."""
        changes = self._take_in()
        self._forget_missing()
        context = self._context()
        rows = {row.path: row for row in self._pages.written()}
        written = _places(rows.values())
        wanted = context.pages()
        pages = set(wanted) if everything else {*due(changes, written, context, self._rules), *waiting} & wanted.keys()
        # Gone pages first: on a disk that does not tell case apart, their file may be that of a new one.
        self._move(rows, context)
        for row in list(rows.values()):
            if row.path not in wanted.get(_page(row), ()) and _page(row) not in self.waiting:
                self._leave(row)
        for page in sorted(pages - self.waiting):
            text = render(page, self._shelf, context, self._rules)
            for path in wanted[page]:
                is_new = path not in written.get(page, ())
                self._show(path, text, own=path == context.own.get(page), is_new=is_new)
        self._draw(context)

    def _take_in(self) -> list[tuple[Paper | None, Paper | None]]:
        """What changed of which papers."""
        changes = []
        for item in self._pages.due():
            if item == VAULT:
                continue
            before, after = self._shelf.get(item), self._indexer.papers(item)
            if before != after:
                self._shelf.put(item, after)
                changes.append((before, after))
        return changes

    def _forget_missing(self) -> None:
        """A file of ours that a person deleted is made again; a host that is gone hosts no more."""
        for path in self._pages.unseen():
            if pages_on_disk.look(self._root, path) is None:
                self._pages.drop_page(path)

    # --- what the vault says ---

    def _context(self) -> Context:
        hosts = defaultdict[str, list[str]](list)
        for title, path in self._pages.hosts():
            hosts[title].append(path)
        found = {path: title for title, paths in hosts.items() for path in paths if self._is_ours(title, path)}
        if found:
            self._adopt(found, self._made(hosts))
            left = {title: [path for path in paths if path not in found] for title, paths in hosts.items()}
            return self._made({title: paths for title, paths in left.items() if paths})
        return self._made(hosts)

    def _made(self, hosts: Mapping[str, Sequence[str]]) -> Context:
        return make_context(
            self._shelf, self._rules, Vault(_Asked(self._pages.is_taken), hosts, _Asked(self._pages.is_note))
        )

    def _is_ours(self, title: str, path: str) -> bool:
        """Whether a file is one of ours that the state does not know, or a copy of one."""
        if not path.startswith(f"{self._rules.folder}/"):
            return False
        with suppress(NoteError):
            present = pages_on_disk.read(self._root, path)
            return present is not None and is_ours(present.text, title.partition(" ")[0])
        return False

    def _adopt(self, found: Mapping[str, str], context: Context) -> None:
        """Take files of ours as ours again, one a page; of more, as sync tools leave them, the others are let be."""
        known = {_page(row) for row in self._pages.written() if row.own}
        named = {path: page for page, paths in context.hosts.items() for path in paths}
        # The shortest path: what tools add to the name of a copy makes it longer.
        for path in sorted(found, key=lambda path: (len(path), path)):
            kind, _, argument = found[path].partition(" ")
            gone = Page(PageKind(kind), topic_id(tuple(argument.split("/"))) if kind == PageKind.TOPIC else argument)
            page = named.get(path, gone)
            if page not in known:
                known.add(page)
                self._pages.put_page(PageRow(path, page.kind.value, page.name, own=True), "")

    # --- pages ---

    def _move(self, rows: dict[str, PageRow], context: Context) -> None:
        """A page of ours that is to be elsewhere takes its file along, and with it what a person wrote there."""
        for row in list(rows.values()):
            new = context.own.get(_page(row))
            if not row.own or new is None or new == row.path or self._waits(row):
                continue
            if self._write:
                try:
                    files.make_folder(self._root, (self._root / new).parent)
                    files.move(self._root, self._root / row.path, self._root / new)
                except (NoteError, files.NameTakenError):
                    continue  # then it is made anew there, and what a person wrote stays here
                self._pages.move_page(row.path, new)
                self._indexer.state.notes.drop_rows([row.path])
                self._sweep(row.path)
            del rows[row.path]
            rows[new] = row._replace(path=new)

    def _show(self, path: str, text: IndexText, *, own: bool, is_new: bool) -> None:
        """Bring a file to show a page."""
        kind, name = text.page
        row = PageRow(path, kind.value, name, own)
        if self._waits(row):
            return
        try:
            present = pages_on_disk.read(self._root, path)
            if present is None:
                new = new_file(text) if own else None
            else:
                append = is_new and kind is PageKind.WEEK and path == self._rules.week_path(name)
                new = renewed(present.text, text, old_text=self._pages.text(path), append=append)
        except NoteError:
            self._wait(row)
            return
        if new is not None and ((present and new == present.text) or self._put(row, new, present)):
            self._pages.put_page(row, text.text)

    def _leave(self, row: PageRow) -> None:
        """A file that is to show a page no more: a person's text stays, a file of ours without any goes."""
        if self._waits(row):
            return
        try:
            present = pages_on_disk.read(self._root, row.path)
            if present is not None:
                left = emptied(present.text, _page(row), old_text=self._pages.text(row.path), hosted=not row.own)
                if left is None:
                    self._discard(row.path)
                elif left != present.text and not self._put(row, left, present):
                    return
        except NoteError:
            self._wait(row)
            return
        self._pages.drop_page(row.path)

    def _waits(self, row: PageRow) -> bool:
        """Whether a file must wait because somebody is editing it."""
        if self._indexer.is_warm(row.path):
            self._wait(row)
        return _page(row) in self.waiting

    def _wait(self, row: PageRow) -> None:
        self.waiting.add(_page(row))
        self._done.waiting.append(row.path)

    def _put(self, row: PageRow, text: str, present: pages_on_disk.Page | None) -> bool:
        """Write a file; otherwise it waits."""
        with suppress(NoteError):
            if self._wrote(row.path, text, present):
                return True
        self._wait(row)
        return False

    def _wrote(self, path: str, text: str, present: pages_on_disk.Page | None) -> bool:
        if self._write:
            stat = pages_on_disk.write(self._root, path, text, present)
            if stat is None:
                return False
            if path.endswith(EXTENSION):
                self._indexer.remember(path, text.encode(), stat)
        self._done.written.append(path)
        return True

    def _discard(self, path: str) -> None:
        """Into the vault's trash folder, under a name that is free there.

        :raises NoteError: it cannot be removed.
        """
        if self._write:
            stem, dot, ending = path.rpartition("/")[2].rpartition(".")
            for number in range(1, 1000):
                name = f"{stem}{dot}{ending}" if number == 1 else f"{stem} {number}{dot}{ending}"
                if pages_on_disk.look(self._root, f"{_TRASH}/{name}") is None:
                    break
            files.make_folder(self._root, self._root / _TRASH)
            with suppress(files.NameTakenError):
                files.move(self._root, self._root / path, self._root / _TRASH / name)
            self._indexer.state.notes.drop_rows([path])
            self._sweep(path)
        self._done.written.append(path)

    def _sweep(self, path: str) -> None:
        """Folders of ours that a file was the last one in go."""
        folder = (self._root / path).parent
        with suppress(OSError):  # the first that is not empty, or not there
            while folder.is_relative_to(self._root / self._rules.folder) and folder != self._root / self._rules.folder:
                folder.rmdir()
                folder = folder.parent

    # --- pictures ---

    def _draw(self, context: Context) -> None:
        """The picture of the reading and the map of topics; each is written only where it is drawn otherwise now."""
        if PageKind.READING in self._rules.pages:
            self._picture(self._rules.picture, lambda _present: reading_svg(reading_weeks(context, self._rules)))
        if PageKind.TOPICS in self._rules.pages:
            topics, state = topics_on_map(context), self._indexer.state
            drawn = hashlib.blake2b(repr((__version__, topics)).encode(), digest_size=8).hexdigest()
            if drawn == state.get_meta(_MAP) and pages_on_disk.look(self._root, self._rules.canvas):
                return
            if self._picture(self._rules.canvas, lambda present: topics_canvas(topics, present)):
                state.set_meta(_MAP, drawn)

    def _picture(self, path: str, draw: Callable[[str | None], str]) -> bool:
        """Whether a picture is as it should be."""
        with suppress(NoteError):
            present = pages_on_disk.read(self._root, path)
            text = draw(present.text if present else None)
            return (present is not None and present.text == text) or self._wrote(path, text, present)
        return False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A container of what somebody else knows."""

    knows: Callable[[str], bool]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.knows(name)


def _page(row: PageRow) -> Page:
    return Page(PageKind(row.kind), row.name)


def _places(rows: Iterable[PageRow]) -> dict[Page, tuple[str, ...]]:
    """The pages as they were last written, each with its files."""
    places: dict[Page, list[str]] = {}
    for row in rows:
        places.setdefault(_page(row), []).append(row.path)
    return {page: tuple(sorted(paths)) for page, paths in places.items()}
