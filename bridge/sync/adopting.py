"""Adoption: people's own notes about papers become the papers' notes (R26, R28).

A note is adopted as it is: what it shows is the base, so nothing goes to Zotero unless that was asked for, and nothing
it says is changed; missing properties are added. It is carried out like any other plan, by a cycle that does nothing
else. A dry run finds out which notes fit; a real one is given just those that a person has agreed to, and leaves what
has changed since (law 6). The file's own ``zotero-key`` and stamp are what makes it adopted, so a kill before that
leaves a person's note, and one after it a note whose base its stamp names (law 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from bridge.core.adopted import adopted, standing
from bridge.core.evidence import Match, Sign, Trust, Unclear, match, signs_of_item
from bridge.core.place import Facts
from bridge.core.policy import Policy
from bridge.core.reconcile import text
from bridge.core.record import ItemId, Record
from bridge.state import State
from bridge.sync.planning import Planner, Task
from bridge.sync.ports import LibrarySide, Progress, VaultScanner


class Pair(NamedTuple):
    """A note that a person agreed to have adopted, with the digest of the text they were shown it for."""

    path: str
    library: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Adopting:
    """What is to be adopted, and how.

    ``pairs`` are carried out; without any it is looked which notes fit, for a dry run. ``paths`` are notes and folders
    that a person named (all, where there are none), ``library`` the only library meant. ``push`` takes the notes'
    values for edits, ``blocks`` puts managed blocks into them.
    """

    pairs: tuple[Pair, ...] = ()
    paths: tuple[str, ...] = ()
    library: str = ""
    push: bool = False
    blocks: bool = False

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Adopting:
        """From its fields as JSON gives them."""
        pairs = tuple(Pair(*each) for each in said["pairs"])
        return cls(**{**said, "pairs": pairs, "paths": tuple(said["paths"])})


@dataclass(frozen=True, slots=True)
class Fit:
    """One note that would be adopted.

    ``adds``: properties it would get. ``differs``: what it shows otherwise than Zotero, and goes on showing. ``sends``:
    what would go to Zotero.
    """

    pair: Pair
    title: str
    signs: tuple[Trust, ...]
    adds: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """One note that is left alone: why (:data:`bridge.core.evidence.Why`, or ``unreadable``), and the papers it means.

    ``others`` are further notes it is about; for ``unreadable``, ``reason`` says more.
    """

    path: str
    why: str
    items: tuple[tuple[ItemId, str], ...] = ()
    signs: tuple[Trust, ...] = ()
    others: tuple[str, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class Survey:
    """Which notes fit a paper and which do not clearly."""

    fits: list[Fit] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


class Adopter:
    """Plans adoptions, in all libraries at once: a note may be about a paper of any of them."""

    def __init__(
        self,
        state: State,
        vault: VaultScanner,
        planners: Sequence[tuple[LibrarySide, Planner]],
        adopting: Adopting,
        policy: Policy,
        progress: Progress,
    ) -> None:
        self._state, self._vault, self._adopting, self._policy = state, vault, adopting, policy
        self._progress = progress
        self._by_library = {side.library: (side, planner) for side, planner in planners}
        self._titles: dict[ItemId, str] = {}
        self.survey = Survey()

    def plan(self) -> dict[str, list[Task]]:
        """The tasks of each library; :attr:`survey` then says what was found."""
        tasks: dict[str, list[Task]] = {library: [] for library in self._by_library}
        for path, item, signs, expect in self._agreed() if self._adopting.pairs else self._found():
            task = self._task(path, item, expect)
            if task is None:
                continue
            self.survey.fits.append(self._fit(task, signs))
            tasks[item.library].append(task)
        return tasks

    def _agreed(self) -> Iterator[tuple[str, ItemId, tuple[Trust, ...], str]]:
        """What a person agreed to, as far as it can still be done."""
        homes = self._state.notes.homes()
        for pair in self._adopting.pairs:
            item = ItemId(pair.library, pair.key)
            if item.library in self._by_library and homes.get(item, pair.path) == pair.path:
                yield pair.path, item, (), pair.digest

    # --- looking --------------------------------------------------------------------------------------------------

    def _found(self) -> Iterator[tuple[str, ItemId, tuple[Trust, ...], str]]:
        """The notes that are clearly one paper's."""
        notes: dict[str, Facts] = {}
        bound: list[Match] = []
        pages = {page.path for page in self._state.pages.written() if page.own}
        for path, facts, item in self._state.notes.unstamped():
            if (
                path in pages
                or not self._is_meant(path)
                or (item is not None and self._state.agreements.base(item) is not None)
            ):
                continue
            if item is not None and item.library in self._by_library and self._state.items.life(item) == "live":
                bound.append(Match(path, item, (Trust.KEY,)))  # another tool's or a person's, and not synced yet
            else:
                notes[path] = facts
        matches: list[Match] = []
        if notes:
            named = frozenset(path for path in notes if path in self._adopting.paths)
            matches, unclear = match(notes, self._papers(), self._state.notes.homes(), named=named)
            self.survey.left += [self._left(each) for each in unclear]
        for each in sorted((*matches, *bound), key=lambda one: one.path):
            if self._adopting.library in ("", each.item.library):
                yield each.path, each.item, each.signs, ""

    def _is_meant(self, path: str) -> bool:
        paths = self._adopting.paths
        return not paths or any(path == each or not each or path.startswith(f"{each}/") for each in paths)

    def _papers(self) -> Callable[[Sign], Sequence[ItemId]]:
        """All papers by the signs they answer to."""
        answers: dict[Sign, list[ItemId]] = {}
        for library, (side, _) in self._by_library.items():
            if self._adopting.library not in ("", library):
                continue
            self._progress.start("comparing notes and papers", self._state.items.papers(library))
            for item in self._state.items.live(library):
                record = self._read(side, item)
                self._titles[item] = text(record.face.get("title"))
                citekey, doi = text(record.face.get("citekey")), text(record.face.get("doi"))
                for sign in signs_of_item(item, citekey, doi, self._vault.stems(record)):
                    answers.setdefault(sign, []).append(item)
                self._progress.advance()
            self._progress.done()
        return lambda sign: answers.get(sign, ())

    def _read(self, side: LibrarySide, item: ItemId) -> Record:
        raw = self._state.items.get_item(item)
        assert raw is not None
        return side.read(raw)

    def _left(self, each: Unclear) -> Left:
        items = tuple((item, self._titles.get(item, "")) for item in each.items)
        return Left(each.path, each.why, items, each.signs, each.others)

    # --- planning -------------------------------------------------------------------------------------------------

    def _task(self, path: str, item: ItemId, expect: str) -> Task | None:
        """One adoption; ``None`` where it cannot be carried out, which the survey then says."""
        side, planner = self._by_library[item.library]
        note = None if self._vault.is_warm(path) else self._vault.as_note_of(path, item)
        if note is None or (expect and note.digest != expect) or self._state.items.life(item) != "live":
            if expect:
                reason = "it has changed, or is being edited"
                self.survey.left.append(Left(path, "unreadable", ((item, ""),), reason=reason))
            return None
        whole = next((held for held in note.held if not held.field), None)
        record = planner.complete(self._read(side, item))
        if whole is not None:
            title = text(record.face.get("title"))
            self.survey.left.append(Left(path, "unreadable", ((item, title),), reason=whole.reason))
            return None
        adopting = self._adopting
        base = adopted(record.face, note.face, self._policy, push=adopting.push, blocks=adopting.blocks)
        task = planner.task(item, record, note, base=base)
        # What an earlier note of the paper was in conflict about is over with that note.
        ended = (*task.plan.ended, *self._state.agreements.conflicts(item))
        return replace(task, plan=replace(task.plan, ended=ended), adopts=True)

    def _fit(self, task: Task, signs: tuple[Trust, ...]) -> Fit:
        pair = Pair(task.note.path, *task.id, task.note.digest)
        stays = standing(task.zotero.face, task.note.face, self._policy)
        return Fit(
            pair,
            text(task.zotero.face.get("title")),
            signs,
            adds=tuple(name for name, value in task.plan.vault.items() if value),
            differs=tuple(name for name in stays if name not in task.plan.zotero),
            sends=tuple(task.plan.zotero),
        )
