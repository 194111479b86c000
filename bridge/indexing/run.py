"""One renewal of the index notes; see :mod:`bridge.indexing`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.core.names import EXTENSION
from bridge.errors import ConfigError, NoteError
from bridge.indexes.changes import due
from bridge.indexes.context import Context, Vault, make_context
from bridge.indexes.paper import Paper
from bridge.indexes.plan import emptied, is_ours, new_file, renewed
from bridge.indexes.render import IndexText, render
from bridge.indexes.rules import Page, PageKind, topic_id
from bridge.indexing.pictures import Pictures
from bridge.indexing.shelf import Shelf
from bridge.state.pages import VAULT, PageRow
from bridge.vault import files
from bridge.vault import page as pages_on_disk

if TYPE_CHECKING:
    from bridge.indexing import Indexer, Renewal

#: Pages that go are moved here, where Obsidian keeps what it deletes.
_TRASH = ".trash"


class Run:
    """One renewal.

    ``waiting`` are the pages to come back to; ``broken`` those whose template cannot be used, each with the reason,
    which come again when the template is another.
    """

    def __init__(self, indexer: Indexer, done: Renewal, broken: Mapping[Page, str], *, write: bool) -> None:
        self._indexer, self._done, self._write = indexer, done, write
        self._root, self._pages, self._rules = indexer.root, indexer.state.pages, indexer.rules
        self.waiting: set[Page] = set()
        self.broken = dict(broken)

    def run(self, waiting: Iterable[Page], *, everything: bool) -> None:
        """Bring all files up to date; ``waiting`` are pages of the last time."""
        self._shelf = Shelf(self._indexer.state, anew=everything)
        changes = self._take_in()
        if changes or everything:
            self._shelf.keep()
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
        self.broken = {page: why for page, why in self.broken.items() if page in wanted}
        for page in sorted(pages - self.waiting):
            try:
                text = render(page, self._shelf, context, self._rules)
            except ConfigError as error:
                self.broken[page] = str(error)
                continue
            self.broken.pop(page, None)
            for path in wanted[page]:
                is_new = path not in written.get(page, ())
                self._show(path, text, own=path == context.own.get(page), is_new=is_new)
        Pictures(self._root, self._indexer.state, self._rules, self._wrote, self._carry, self._discard).draw(context)

    def _take_in(self) -> list[tuple[Paper | None, Paper | None]]:
        """What changed of which papers."""
        changes = []
        for item in self._pages.due():
            if item == VAULT:
                continue
            before, after = self._shelf.get(item), self._indexer.papers(item)
            if before != after:
                self._shelf.put(item, before, after)
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
        return make_context(self._shelf, self._rules, Vault(self._pages.taken, hosts, _Asked(self._pages.is_note)))

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
            if not self._carry(row.path, new):
                continue  # then it is made anew there, and what a person wrote stays here
            if self._write:
                self._pages.move_page(row.path, new)
                self._indexer.state.notes.drop_rows([row.path])
            del rows[row.path]
            rows[new] = row._replace(path=new)

    def _carry(self, old: str, new: str) -> bool:
        """Take a file to another place; false where it cannot go there."""
        if self._write:
            try:
                files.make_folder(self._root, (self._root / new).parent)
                files.move(self._root, self._root / old, self._root / new)
            except (NoteError, files.NameTakenError):
                return False
            self._sweep(old)
        return True

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
