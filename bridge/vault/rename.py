"""Renames carried out: files moved to their new names, then every link and citation in the vault led there.

All that is due is done as one step, after the notes themselves were written, so that each file of the vault is opened
once at most however many keys changed; files that cannot hold a link to follow (:mod:`bridge.vault.targets`) are not
opened at all.

Law 5: what is due stays on a list and what is at work in a journal, so a kill between any two steps costs nothing: the
next cycle takes it to its end, and takes nothing twice. Law 6: a file that changed since it was read is not written
over; its links follow in a later cycle. R37: nothing is done while somebody edits a file that it concerns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bridge.core.deeds import NOBODY, FileDeed, Recorder
from bridge.core.names import folded
from bridge.core.place import FormerKey, NoteRow, Stat
from bridge.core.policy import normal_text
from bridge.core.reconcile import members, text
from bridge.core.record import ItemId
from bridge.core.renames import Following, NoteRename, Rekeying, RenamePreview
from bridge.errors import BridgeError, NoteError
from bridge.vault import files
from bridge.vault.batch import Batch
from bridge.vault.carry import Carrier, Renaming
from bridge.vault.create import Layout
from bridge.vault.journal import Journal, Todo
from bridge.vault.naming import Move, NamePlan, folder_of, plan_names
from bridge.vault.note import NoteRules, read_note
from bridge.vault.scan import VaultIndex
from bridge.vault.targets import targets
from bridge.vault.walk import CANVAS, walk

if TYPE_CHECKING:
    from bridge.vault.quiet import Quiet

#: A file that cannot be read or written is tried in so many cycles, then left as it is, and said so.
_TRIES = 3
#: Files brought to the disk together.
_CHUNK = 200


class RenameLog(Protocol):
    """What must outlive a kill; :class:`bridge.state.renames.Renames` keeps it."""

    def due(self) -> Sequence[FormerKey]:
        """Former citation keys that notes and links have not followed yet."""
        ...

    def add(self, former: Sequence[FormerKey]) -> None:
        """Put keys on that list, durably."""
        ...

    def settle(self, written: Iterable[FormerKey], unwritten: Iterable[FormerKey]) -> None:
        """Say which of the keys' edits were written; the others come off the list."""
        ...

    def journal(self) -> str:
        """The renaming at work, ``""`` where there is none."""
        ...

    def keep(self, journal: str, absorbed: Sequence[FormerKey] = ()) -> None:
        """Write down the renaming at work, and take keys off the list, in one step."""
        ...


@dataclass(slots=True)
class Done:
    """What was done.

    ``carried``: path and digest before, to digest after, of notes changed by no more than a link: an edit planned on
    the text before holds for the text after. ``left``: what could not be changed, in words.
    """

    renamed: int = 0
    linked: int = 0
    carried: dict[tuple[str, str], str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


class _Follower(NamedTuple):
    """A file with links to follow, and its text before and after; ``None`` where it cannot be read, and why."""

    todo: Todo
    present: bytes
    data: bytes | None
    why: str = ""
    links: int = 0
    citations: int = 0


class Renamer:
    """Carries out what is due, once."""

    def __init__(
        self,
        root: Path,
        index: VaultIndex,
        log: RenameLog,
        layout: Layout,
        rules: NoteRules,
        quiet: Quiet | None = None,
        recorder: Recorder = NOBODY,
    ) -> None:
        self._root, self._index, self._log, self._layout, self._rules = root, index, log, layout, rules
        self._recorder = recorder
        self._warm: Collection[str] = quiet.warm if quiet is not None else ()
        self.done = Done()

    def resume(self) -> Done:
        """Finish what was cut short; to be called before any note is written.

        Where a kill left it open whether a note got its new key, the note's stamp tells; where it did not, the edit
        comes again, and with it the former key.

        :raises VaultError: no file can be written now; the next cycle goes on.
        """
        if journal := self._log.journal():
            self._finish(Journal.load(journal))
        if not_sure := [former for former in self._log.due() if former.stamp]:
            rows = self._index.rows_of({former.id for former in not_sure})
            known = [each for each in not_sure if each.id not in rows or rows[each.id].path not in self._warm]
            written = [each for each in known if each.id in rows and rows[each.id].stamp == each.stamp]
            self._log.settle(written, [each for each in known if each not in written])
        return self.done

    def run(self) -> Done:
        """Do all that is due, unless something older is not finished yet.

        :raises VaultError: no file can be written now; the next cycle goes on.
        """
        if self._log.journal():
            return self.done
        plan = plan_names(self._index, self._layout, [former for former in self._log.due() if not former.stamp])
        if plan and not self._is_disturbing(plan):
            begun = Journal(plan.moves, Renaming(plan.files, plan.keys))
            self._log.keep(begun.dump(), plan.absorbed)
            self._finish(begun)
        elif plan.absorbed and not plan:
            self._log.keep("", plan.absorbed)
        return self.done

    def preview(self, changes: Iterable[Rekeying] = ()) -> RenamePreview:
        """What :meth:`run` would do once papers have other citation keys too; writes nothing."""
        changes = list(changes)
        rows = self._index.rows_of([each.id for each in changes])
        former = [
            FormerKey(each.id, each.old, self._layout.stem(each.id, {**rows[each.id].face, "citekey": each.old}))
            for each in changes
            if each.id in rows
        ]
        keys = {each.id: each.new for each in changes}
        plan = plan_names(self._index, self._layout, [*self._log.due(), *former], keys)
        followers = self._followers(plan.renaming)
        return RenamePreview(
            tuple(self._told(plan)),
            tuple(Following(each.todo.path, each.links, each.citations) for each in followers if each.data is not None),
            self._is_disturbing(plan),
        )

    def _told(self, plan: NamePlan) -> Iterator[NoteRename]:
        moves, changes = {each.id: each for each in plan.moves}, {each.id: each for each in plan.changes}
        for item, row in sorted(self._index.rows_of({**moves, **changes}).items()):
            move, change = moves.get(item), changes.get(item)
            present = str(row.face.get("citekey", ""))
            olds, new = (tuple(filter(None, change.olds)), change.new) if change else ((), present)
            known = {normal_text(alias) for alias in members(row.face.get("aliases"))}
            alias = next((old for old in olds if normal_text(old) not in known), "")
            title = text(row.face.get("title"))
            yield NoteRename(item, title, olds, new, row.path, move.to if move else row.path, alias)

    def _is_disturbing(self, plan: NamePlan) -> bool:
        """Whether somebody is editing a file that would be moved, or one with links that would follow."""
        if not self._warm:
            return False
        if any(path in self._warm for move in plan.moves for path in (move.at, move.to)):
            return True
        names = plan.renaming.names
        for path in self._warm:
            try:
                data, _ = files.read_stable(self._root / path)
            except NoteError:
                return True
            if not names.isdisjoint(targets(data)):
                return True
        return False

    # --- from beginning to end ------------------------------------------------------------------------------------

    def _finish(self, journal: Journal) -> None:
        """Take a renaming to its end from wherever it is, or as far as it can go now."""
        if journal.todo is None:
            places = self._move(journal.moves)
            if places is None:
                return
            moved = (move.renamed(places[move.id]) for move in journal.moves if move.id in places)
            renaming = replace(journal.renaming, files=(*(each for each in moved if each), *journal.renaming.files))
            followers = list(self._followers(renaming))
            journal = Journal(renaming=renaming, todo=tuple(each.todo for each in followers))
            self._log.keep(journal.dump())
        else:
            followers = list(self._resumed(journal.renaming, journal.todo))
        left = self._write(followers)
        self._log.keep(replace(journal, todo=left).dump() if left else "")

    # --- files ----------------------------------------------------------------------------------------------------

    def _move(self, moves: Sequence[Move]) -> dict[ItemId, str] | None:
        """Move files to their names; where each note is now. ``None`` where that cannot be told for the moment.

        A note that is where nobody of us put it was moved by a person, and stays there.
        """
        rows = self._index.rows_of([move.id for move in moves])
        ours = [move for move in moves if move.id in rows and rows[move.id].path in (move.at, move.via, move.to)]
        at = {move.id: rows[move.id].path for move in ours}
        if any(path in self._warm or files.stat_of(self._root / path) is None for path in at.values()):
            return None
        left = {move.id: move for move in ours if at[move.id] != move.to}
        while left:
            places = {folded(at[item]): item for item in left}
            free = [move for move in left.values() if places.get(folded(move.to), move.id) == move.id]
            # A ring goes through a name that nobody bears; so does a change of case, where the disk tells none.
            steps = [
                (move, move.to if free and not self._is_one_file(at[move.id], move.to) else move.via)
                for move in free or [next(iter(left.values()))]
            ]
            done = self._step([(rows[move.id], at[move.id], goal) for move, goal in steps])
            for move, goal in steps:
                if goal in done:
                    at[move.id] = goal
                if goal not in done or goal == move.to:
                    del left[move.id]
        self._remember([(rows[move.id], at[move.id]) for move in ours])
        return at

    def _step(self, steps: Sequence[tuple[NoteRow, str, str]]) -> set[str]:
        """Rename files, each to a name that no other of them bears; the new paths of those that could be renamed."""
        deeds = [FileDeed(old, new, row.digest, row.digest) for row, old, new in steps]
        self._recorder.keep(deeds, {})
        done: set[str] = set()
        for deed in deeds:
            try:
                files.move(self._root, self._root / deed.old, self._root / deed.new)
                done.add(deed.new)
            except (files.NameTakenError, NoteError):
                self._recorder.withdraw([deed])
        return done

    def _is_one_file(self, at: str, to: str) -> bool:
        """Whether two spellings are one name to this disk: some systems then take a rename for done already."""
        return at != to and files.is_same(self._root / at, self._root / to)

    def _remember(self, moved: Sequence[tuple[NoteRow, str]]) -> None:
        """Tell the index where files are now."""
        changed = [(row, path) for row, path in moved if row.path != path]
        self.done.renamed += len(changed)
        rows = [
            replace(row, path=path, held=tuple(replace(problem, path=path) for problem in row.held))
            for row, path in changed
        ]
        places = {row.path for row in rows}
        self._index.drop_rows([row.path for row, _ in changed if row.path not in places])
        self._index.put_rows(rows)

    # --- links ----------------------------------------------------------------------------------------------------

    def _followers(self, renaming: Renaming) -> Iterator[_Follower]:
        """All files that hold something to follow, each read once; those that cannot hold it are not opened."""
        carrier, names, known = Carrier(renaming), renaming.names, self._index.stats()
        holding = self._index.linking(names)
        tree = walk(self._root, (self._layout.templates,))
        for path, stat in tree.files.items():
            if known.get(path) != stat or path in holding:
                yield from self._follower(carrier, Todo(path))
        for path in tree.canvases:
            yield from self._follower(carrier, Todo(path))

    def _resumed(self, renaming: Renaming, todo: Sequence[Todo]) -> Iterator[_Follower]:
        """The files that a renaming cut short had not come to.

        One that holds neither what it held nor what it was to hold was edited since. Mostly it does no harm to rewrite
        it once more. Where names change hands it would: then it was rewritten before the edit if it is no longer the
        same file, for rewriting puts a new one in its place.
        """
        carrier = Carrier(renaming)
        for each in todo:
            yield from self._follower(carrier, each)

    def _follower(self, carrier: Carrier, todo: Todo) -> Iterator[_Follower]:
        path = self._root / todo.path
        if files.stat_of(path) is None:
            return  # gone since it was listed, or moved by a person: then Obsidian has seen to its links
        try:
            data, stat = files.read_stable(path)
        except NoteError as error:
            yield _Follower(todo, b"", None, str(error))
            return
        found = files.digest(data)
        is_other = bool(todo.before) and found != todo.before
        if is_other and (found == todo.after or (carrier.is_once_only and stat.inode != todo.inode)):
            return
        is_canvas = todo.path.lower().endswith(CANVAS)
        carried, links, citations = carrier.carry(data, folder_of(todo.path), is_canvas=is_canvas)
        if carried is not data:
            ready = Todo(todo.path, found, files.digest(carried), stat.inode, todo.tries)
            yield _Follower(ready, data, carried, links=links, citations=citations)

    def _write(self, followers: Sequence[_Follower]) -> tuple[Todo, ...]:
        """Bring rewritten files to the disk; those that are still to be done."""
        left: list[Todo] = []
        for start in range(0, len(followers), _CHUNK):
            chunk = followers[start : start + _CHUNK]
            results = self._put(chunk)
            rows: list[NoteRow] = []
            for each in chunk:
                result = results[each.todo.path]
                if isinstance(result, Stat):
                    self._follow(each, result, rows)
                elif (again := self._again(each, result)) is not None:
                    left.append(again)
            self._index.put_rows(rows)
        return tuple(left)

    def _put(self, chunk: Sequence[_Follower]) -> Mapping[str, Stat | BridgeError]:
        results: dict[str, Stat | BridgeError] = {}
        with Batch(self._root) as batch:
            deeds: dict[str, FileDeed] = {}
            for todo, _, data, why, *_ in chunk:
                if data is None or todo.path in self._warm:
                    results[todo.path] = NoteError(why or "it is being edited")
                    continue
                try:
                    batch.stage(self._root / todo.path, data, todo.before)
                    deeds[todo.path] = FileDeed(todo.path, todo.path, todo.before, todo.after)
                except NoteError as error:
                    results[todo.path] = error
            self._recorder.keep(deeds.values(), {each.todo.before: each.present for each in chunk if each.data})
            placed = batch.commit()
        self._recorder.withdraw(deed for path, deed in deeds.items() if not isinstance(placed[self._root / path], Stat))
        return {each.todo.path: results.get(each.todo.path) or placed[self._root / each.todo.path] for each in chunk}

    def _again(self, each: _Follower, why: BridgeError) -> Todo | None:
        """A file to be tried once more; one that is being edited is waited for, however long that takes (R37)."""
        todo = each.todo
        tries = todo.tries if todo.path in self._warm else todo.tries + 1
        if tries >= _TRIES:
            self.done.left.append(f"Links in {todo.path} to renamed notes could not be changed: {why}")
            return None
        # What could be read and not be written was surely not rewritten.
        return todo._replace(tries=tries) if each.data is None else Todo(todo.path, tries=tries)

    def _follow(self, each: _Follower, stat: Stat, rows: list[NoteRow]) -> None:
        """A file whose links followed: known as before, but for its text. One changed meanwhile is left to the scan."""
        self.done.linked += 1
        path, before, after = each.todo[:3]
        row = self._index.row(path)
        if row is None or row.digest != before or each.data is None:
            return
        self.done.carried[path, before] = after
        found = read_note(each.data, path, self._rules)
        rows.append(replace(row, stat=stat, digest=after, face=found.face, facts=found.facts))
