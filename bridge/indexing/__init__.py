"""Index notes on the disk: what changed since the last time is taken in, and only the notes it touches are written.

Kept here: law 2 (a note whose text stays is not opened for writing), law 3 (text around the managed block stays, and a
page that is gone leaves a person's text behind), R29 (a block a person deleted stays deleted), R35 (the cost is that of
the change), R37 (a note that somebody is editing waits), R34 (a template that cannot be used leaves the notes made with
it as they are, and stops no others), law 5 and law 11 (with the state lost, or a renewal cut off,
our files are known again by what their front-matter says). What a page says is known by :mod:`bridge.indexes`; this
room brings papers to it out of the state, and its texts into the vault.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from bridge import __version__
from bridge.core.place import Stat
from bridge.core.record import ItemId
from bridge.errors import NoteError
from bridge.indexes.paper import Paper
from bridge.indexes.rules import TEMPLATES, IndexRules, Page, PageKind
from bridge.state import State
from bridge.vault import page as pages_on_disk

#: Meta names in the state: the rules the pages were last made by, the pages that could not be written then, and those
#: that could not be made, each with the reason.
_RULES, _WAITING, _BROKEN = "index-rules", "index-waiting", "index-broken"
#: Pages named in a message.
_NAMED = 3


class OwnTemplates(NamedTuple):
    """A person's own templates for index notes (R34), by file name; ``faults``: why others of them cannot be read."""

    texts: dict[str, str]
    faults: dict[str, str]


def own_templates(root: Path, folder: str) -> OwnTemplates:
    """The templates for index notes in a person's folder."""
    found = OwnTemplates({}, {})
    for name in TEMPLATES.values():
        try:
            present = pages_on_disk.read(root, f"{folder}/{name}")
        except NoteError as error:
            found.faults[name] = f"the template {name} {error}"
            continue
        if present is not None:
            found.texts[name] = present.text
    return found


@dataclass(slots=True)
class Renewal:
    """What was written (paths), or would be; ``waiting`` are pages that could not be written now.

    ``problems``: what a person should mend, a template above all, said each time until it is.
    """

    written: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


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
        :raises VaultError: no file can be written now.
        """
        done = Renewal()
        everything = everything or self.state.get_meta(_RULES) != self._fingerprint()
        waiting = json.loads(self.state.get_meta(_WAITING) or "[]")
        broken = _broken(self.state)
        if not everything and not waiting and not self.state.pages.due():
            done.problems += _told(broken)
            return done
        from bridge.indexing.run import Run  # an idle cycle does without

        with self.state.transaction():
            if everything:
                self.state.pages.all_due()
            run = Run(self, done, broken, write=write)
            run.run([Page(PageKind(kind), name) for kind, name in waiting], everything=everything)
            self.state.pages.done()
            self.state.set_meta(_RULES, self._fingerprint())
            self.state.set_meta(_WAITING, json.dumps(sorted(run.waiting)))
            self.state.set_meta(_BROKEN, json.dumps(sorted((*page, why) for page, why in run.broken.items())))
        done.problems += _told(run.broken)
        if stuck := [path for path in done.waiting if not self.is_warm(path)]:
            more = f" and {len(stuck) - _NAMED} more" if len(stuck) > _NAMED else ""
            done.problems.append(f"index notes could not be written and wait: {', '.join(stuck[:_NAMED])}{more}")
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


def problems(state: State) -> list[str]:
    """What is wrong with a person's templates, as of the last renewal."""
    return _told(_broken(state))


def _broken(state: State) -> dict[Page, str]:
    found = json.loads(state.get_meta(_BROKEN) or "[]")
    return {Page(PageKind(kind), name): why for kind, name, why in found}


def _told(broken: Mapping[Page, str]) -> list[str]:
    return [f"{why}; the index notes made with it stay as they are" for why in sorted(set(broken.values()))]
