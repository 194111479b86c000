"""``Index/Needs attention.md`` on the disk: shown while something needs a person, and answered with a tick.

A tick is a command that the next cycle carries out. It is read before anything is planned, written down in the state
at once, and never taken for an edit. Kept here: R6 (a tick that names anything but what is asked now is refused and the
question shown anew), R33 (guards are answered here, for exactly what they asked about), R31 (a machine that waits for
another's vault asks in a note of its own, so that no two machines write one file), R37 (a note that somebody is editing
is neither read nor written), law 3 (the note goes away only while nothing in it is a person's) and law 2 (it is written
only when its text changes, and not opened before).

:mod:`bridge.indexes.attention` has the words, :mod:`bridge.vault.page` the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.core import blocks
from bridge.core.names import EXTENSION, safe_stem, unique
from bridge.core.place import Stat
from bridge.core.record import ItemId
from bridge.errors import NoteError, OutdatedAnswerError
from bridge.indexes import attention
from bridge.indexes.attention import Conflict, Guard, Matters, Owner, Waiting
from bridge.remedies import for_held
from bridge.sync.cycle import OPEN_GUARD
from bridge.vault import page

if TYPE_CHECKING:
    from bridge.state import State
    from bridge.vault.marker import Machine
    from bridge.vault.quiet import Quiet

STEM = "Needs attention"
#: Meta names in the state: what the note showed last, and answers to guards that no cycle has carried out yet.
_SHOWN, _ANSWERS = "attention", "guard-answers"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the note showed when it was last looked at. ``text`` is its block; empty while there is no note.

    ``obeyed``: ticks in it that are answers already, and nothing new while they stand there.
    """

    path: str = ""
    text: str = ""
    stat: Stat | None = None
    late: bool = False
    obeyed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Showing:
    """What became of the note: whether it was written or taken away, and how many questions are new in it."""

    written: bool = False
    new: int = 0


class Inbox:
    """The note of one vault, through one cycle: :meth:`take` before it, :meth:`show` after.

    :param folder: where the note is made, relative to the vault.
    :param state: where it is remembered. For a dry run this is a copy, and ``show`` is not called (law 12).
    :param quiet: the daemon's memory of which files stand still.
    :param known: takes a file that was written as known, so that the next scan need not open it.
    """

    def __init__(
        self,
        root: Path,
        folder: str,
        state: State,
        quiet: Quiet | None = None,
        known: Callable[[str, bytes, Stat], None] = lambda _path, _data, _stat: None,
    ) -> None:
        self._root, self._folder, self._state, self._quiet, self._known = root, folder, state, quiet, known
        self._answered: dict[tuple[ItemId, str], int] = {}
        self._late = False
        #: What a person should hear once.
        self.messages: list[str] = []

    @property
    def is_there(self) -> bool:
        """Whether there is a note now."""
        path = _shown(self._state).path
        return bool(path) and page.look(self._root, path) is not None

    # --- before a cycle ---

    def take(self) -> Mapping[str, str]:
        """Read the ticks and write them down; the answers to guards, by what each is about.

        The answers to conflicts are in the state then, as if given by ``bridge resolve``.
        """
        shown = _shown(self._state)
        path = self._path(shown)
        stat = page.look(self._root, path)
        if stat != shown.stat and (self._quiet is None or self._quiet.stands_still(path, stat)):
            with suppress(NoteError):  # it cannot be read now; its ticks wait
                if (found := page.read(self._root, path)) is not None:
                    self._obey(attention.ticks(found.text), shown)
        return self._guard_answers()

    def _obey(self, found: Sequence[attention.Tick], shown: _Shown) -> None:
        fresh = {tick.mark for tick in found if str(tick) not in shown.obeyed}
        if not fresh:
            return
        matters = self._matters()
        good, refused = attention.answers([tick for tick in found if tick.mark in fresh], matters)
        with self._state.transaction():
            for mark, choice in good.items():
                match matters.marks()[mark]:
                    case Conflict() as conflict:
                        self._resolve(conflict, choice)
                    case Guard() as guard:
                        said = {**self._guard_answers(), guard.about: choice}
                        self._state.set_meta(_ANSWERS, json.dumps(said))
            self._remember(replace(shown, obeyed=tuple(map(str, found))))
        if refused:
            self._refuse()

    def _remember(self, shown: _Shown) -> None:
        self._state.set_meta(_SHOWN, json.dumps(asdict(shown)))

    def _resolve(self, conflict: Conflict, choice: str) -> None:
        try:
            item = self._state.history.answer(conflict.number, choice)
        except OutdatedAnswerError:
            self._refuse()
        else:
            self._answered[item, conflict.field] = conflict.number

    def _refuse(self) -> None:
        if not self._late:
            self.messages.append(f"An answer in {STEM} was not carried out: what it was about had changed.")
        self._late = True

    def _guard_answers(self) -> dict[str, str]:
        return dict(json.loads(self._state.get_meta(_ANSWERS) or "{}"))

    # --- after it ---

    def show(self) -> Showing:
        """Write the note anew if it is to show something else now.

        :raises VaultError: no file can be written now.
        """
        for row in self._state.history.conflicts():
            if self._answered.get((row.id, row.field), row.number) != row.number:
                self._refuse()  # both sides changed once more before the answer was carried out (R6)
        shown = _shown(self._state)
        matters = self._matters()
        matters = replace(matters, late=self._late or (shown.late and not self._answered))
        if matters.guard is None and self._guard_answers():
            self._state.set_meta(_ANSWERS, "{}")  # a cycle came past every guard
        text = attention.render(matters)
        path = self._path(shown)
        wanted = text or (attention.NOTHING if shown.text == attention.NOTHING else "")
        stat = page.look(self._root, path)
        if (wanted == shown.text and stat == shown.stat) or (self._quiet is not None and path in self._quiet.warm):
            return Showing()
        if stat is None and text and not shown.path:
            path = f"{self._folder}/{self._stem(path)}{EXTENSION}"
        try:
            now, written = self._put(path, text, shown)
        except NoteError:
            return Showing()  # it cannot be read or written; it waits for the next cycle
        if now is None:
            return Showing()
        now = replace(now, late=matters.late and bool(text))
        if now != shown:
            self._remember(now)
        return Showing(written, len(_boxes(text) - _boxes(shown.text)))

    def _put(self, path: str, text: str, shown: _Shown) -> tuple[_Shown | None, bool]:
        """Bring the note to show ``text``; what is to be remembered (``None``: try again), whether it was written."""
        before = page.read(self._root, path)
        if before is None:
            if not text or text == shown.text:  # a person deleted it: there is nothing new to say
                return _Shown(path if text else "", text), False
            stat = self._write(path, _whole(text), None)
            return (_Shown(path, text, stat) if stat else None), bool(stat)
        if any(str(tick) not in shown.obeyed for tick in attention.ticks(before.text)):
            return None, False  # ticked since the ticks were read: first that is carried out
        if not text and _is_ours(before.text, shown.text):
            if not page.remove(self._root, path, before):
                return None, False
            self._state.notes.drop_rows([path])
            return _Shown(), True
        new = text or attention.NOTHING
        after = _renewed(before.text, new, shown.text, again=bool(text) and text != shown.text)
        if after == before.text:
            return _Shown(path, new, before.stat), False
        stat = self._write(path, after, before)
        return (_Shown(path, new, stat) if stat else None), bool(stat)

    def _write(self, path: str, text: str, before: page.Page | None) -> Stat | None:
        if (stat := page.write(self._root, path, text, before)) is not None:
            self._known(path, text.encode(), stat)
        return stat

    def _path(self, shown: _Shown) -> str:
        """Where the note is, or would be; one of a state that was lost is found there too."""
        return shown.path or f"{self._folder}/{STEM}{EXTENSION}"

    def _stem(self, path: str) -> str:
        """A name that no other note bears, and no alias (R27)."""
        taken = self._state.notes.taken_names().items()
        return unique(STEM, {name for name, paths in taken if set(paths) - {path}}, "Bridge")

    def _matters(self) -> Matters:
        history = self._state.history
        question: dict[str, Any] = json.loads(self._state.get_meta(OPEN_GUARD) or "{}")
        return Matters(
            conflicts=[
                Conflict(
                    row.number,
                    str(row.id),
                    row.title,
                    row.path,
                    row.field,
                    row.zotero,
                    row.vault,
                    row.opened,
                    row.answer,
                )
                for row in history.conflicts()
            ],
            guard=Guard(**question) if question else None,
            held=[Waiting(held, for_held(held)) for held in history.held()],
        )


def _shown(state: State) -> _Shown:
    said = json.loads(state.get_meta(_SHOWN) or "{}")
    if said.get("stat"):
        said["stat"] = Stat(*said["stat"])
    said["obeyed"] = tuple(said.get("obeyed", ()))
    return _Shown(**said)


def _boxes(text: str) -> set[str]:
    """The questions that can be answered in a text, one line each."""
    return {line for line in text.splitlines() if "%% tick " in line}


def _whole(text: str) -> str:
    return f"{attention.HEAD}{_block(text)}\n"


def _block(text: str) -> str:
    return blocks.write(attention.BLOCK, text, words=attention.WORDS)


def _found(text: str) -> blocks.Block | None:
    return next((block for block in blocks.find(text) if block.name == attention.BLOCK), None)


def _is_ours(text: str, last: str) -> bool:
    """Whether a note holds nothing but what the bridge wrote into it."""
    block = _found(text)
    if block is None or block.problem:
        return False
    around = text[: block.start] + text[block.end :]
    lines = blocks.added_lines(block, "", last, attention.same)
    return around.replace("\r\n", "\n").strip() == attention.HEAD.strip() and not lines


def _renewed(text: str, new: str, last: str, *, again: bool) -> str:
    """A note with its boxes empty and its block renewed.

    :param again: whether there is something new to say: only then a block that a person took out comes back.
    """
    text = attention.unticked(text)
    if _found(text) is None:
        return f"{text.rstrip()}\n\n{_block(new)}\n" if again else text
    return blocks.renew(text, attention.BLOCK, new, old_text=last, words=attention.WORDS, same=attention.same)


# --- a machine that waits (R31) ---------------------------------------------------------------------------------


class WaitingNote:
    """The question of a machine that waits for a vault another one syncs, in a note of its own.

    :param here: this machine.
    """

    def __init__(self, root: Path, folder: str, here: Machine) -> None:
        self._root, self._here = root, here
        self._path = f"{folder}/{safe_stem(f'{STEM} - {here.name or here.id}')}{EXTENSION}"

    def is_told(self, other: Machine) -> bool:
        """Whether a person ticked that this machine takes the vault over from ``other``."""
        with suppress(NoteError):
            if (found := page.read(self._root, self._path)) is not None:
                good, _ = attention.answers(attention.ticks(found.text), self._matters(other))
                return bool(good)
        return False

    def ask(self, other: Machine) -> None:
        """Ask, where that was not done yet.

        :raises VaultError: no file can be written now.
        """
        text = attention.render(self._matters(other))
        with suppress(NoteError):
            found = page.read(self._root, self._path)
            if found is None:
                page.write(self._root, self._path, _whole(text), None)
            elif (after := _renewed(found.text, text, text, again=False)) != found.text:
                page.write(self._root, self._path, after, found)

    def end(self) -> None:
        """It waits no more: the note goes, unless a person wrote into it."""
        if page.look(self._root, self._path) is None:
            return
        with suppress(NoteError):
            found = page.read(self._root, self._path)
            if found is not None and _is_ours(attention.unticked(found.text), ""):
                page.remove(self._root, self._path, found)

    def _matters(self, other: Machine) -> Matters:
        return Matters(owner=Owner(other.id, other.name, self._here.name or self._here.id))
