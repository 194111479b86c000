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
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge import __version__
from bridge.core.place import Stat
from bridge.core.record import ItemId
from bridge.errors import ConfigError, NoteError
from bridge.indexes.paper import Paper
from bridge.indexes.rules import TEMPLATES, IndexRules, Page, PageKind
from bridge.state import State
from bridge.vault import page as pages_on_disk

#: Meta names in the state: the rules the pages were last made by, and the pages that could not be written then.
_RULES, _WAITING = "index-rules", "index-waiting"


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
        from bridge.indexing.run import Run  # an idle cycle does without

        with self.state.transaction():
            if everything:
                self.state.pages.all_due()
            run = Run(self, done, write=write)
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
