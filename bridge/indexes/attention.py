"""``Index/Needs attention.md``: what needs a person, with boxes to tick, as text; and the ticks read back.

Kept here: R6 (every box names what it answers, down to the values: a tick on anything else is outdated), R33 (a guard
is answered from inside Obsidian) and law 13 (text from Zotero, from notes and from other machines is escaped, and a
path that no link can hold is no link).

A tick is a command and never an edit: :func:`same` is the form in which a ticked line and its box are one line, and a
link before and after Obsidian renamed what it leads to, so that neither is kept as something a person wrote.

Pure: values in, text out.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bridge.core.difference import difference
from bridge.core.plan import Held
from bridge.core.text import escape

#: The managed block that all this stands in, and what its begin line says to people.
BLOCK, WORDS = "attention", "tick a box and Bridge does it; write above or below"
#: What a new note says above the block.
HEAD = (
    "# Needs attention\n\n"
    "Tick a box, and Bridge does what it says with its next sync. "
    "This note goes away by itself when nothing is left.\n\n"
)
NOTHING = "Nothing needs you now."
LATE = (
    "> [!warning] Please look again\n> Your answer was not carried out: what it was about had changed meanwhile, "
    "or two boxes of one question were ticked."
)
#: Held things that are written out; the rest is counted.
SHOWN = 50
_VALUE = 200

#: A box of ours, ticked or not.
_BOX = re.compile(
    r"(?P<head>[ \t]*[-*+] \[)(?P<box>[^\]\r\n])"
    r"(?P<rest>\] [^\r\n]*%% tick (?P<mark>[a-z0-9-]+) (?P<choice>[a-z-]+) %%[^\r\n]*)"
)
#: What the Tasks plug-in and Dataview write behind a box that is ticked.
_DONE = re.compile(r"(?<=%%)\s*(?:✅|\[completion::)\s*\d{4}-\d\d-\d\d\]?$")
_LINK = re.compile(r"\[\[[^\[\]\r\n]*\]\]")
#: What neither a link nor a line can hold.
_UNLINKABLE = re.compile(r"[\[\]|#^%\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Conflict:
    """An open conflict (R6): its number, whose it is, both values, and an answer that was given but not carried out."""

    number: int
    item: str
    title: str
    path: str
    field: str
    zotero: str
    vault: str
    since: str
    answer: str = ""

    @property
    def mark(self) -> str:
        """What a tick must name: this conflict between these values."""
        return f"conflict-{self.number}-{_digest(self.item, self.field, self.zotero, self.vault)}"


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard's question: what it says, what it is about, a few changes as (name, field, before, after)."""

    guard: str
    message: str
    about: str
    asked: Sequence[Sequence[str]] = ()

    @property
    def mark(self) -> str:
        """What a tick must name."""
        return f"guard-{self.about}"


@dataclass(frozen=True, slots=True)
class Owner:
    """Another machine that syncs this vault (R31), and this one, which waits."""

    id: str
    name: str
    here: str

    @property
    def mark(self) -> str:
        """What a tick must name: a machine that took over since was not meant."""
        return f"owner-{_digest(self.id, self.here)}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something held, and what to do about it."""

    held: Held
    remedy: str


@dataclass(frozen=True, slots=True)
class Matters:
    """Everything that needs a person. ``late``: an answer came too late, and they should look again."""

    conflicts: Sequence[Conflict] = ()
    guard: Guard | None = None
    held: Sequence[Waiting] = ()
    owner: Owner | None = None
    late: bool = False

    def marks(self) -> dict[str, Conflict | Guard | Owner]:
        """What can be answered, by the mark that an answer names."""
        found: list[Conflict | Guard | Owner] = [*self.conflicts]
        found += [each for each in (self.guard, self.owner) if each is not None]
        return {each.mark: each for each in found}


@dataclass(frozen=True, slots=True)
class Tick:
    """One ticked box."""

    mark: str
    choice: str

    def __str__(self) -> str:
        return f"{self.mark} {self.choice}"


def _digest(*parts: str) -> str:
    told = "\0".join(parts).encode("utf-8", "surrogatepass")
    return b32encode(blake2b(told, digest_size=5).digest()).decode().lower()


# --- reading ----------------------------------------------------------------------------------------------------


def ticks(text: str) -> list[Tick]:
    """The ticked boxes of a note, in their order, wherever in it a person has moved them."""
    found = map(_BOX.fullmatch, text.splitlines())
    return [Tick(each["mark"], each["choice"]) for each in found if each and each["box"] in "xX"]


def unticked(text: str) -> str:
    """The note with our boxes empty again."""
    return _BOX.sub(lambda found: f"{found['head']} {found['rest']}" if found["box"] in "xX" else found[0], text)


def same(line: str) -> str:
    """The form in which two lines of the block are one: without ticks, and without where links lead."""
    return _LINK.sub("[[]]", _DONE.sub("", unticked(line)))


def answers(found: Iterable[Tick], matters: Matters) -> tuple[dict[str, str], frozenset[str]]:
    """The answers among ticks: mark to choice, and the marks that are refused.

    Refused are ticks on what is asked no more (R6), and questions that were answered in two ways at once.
    """
    said: dict[str, set[str]] = {}
    for tick in found:
        said.setdefault(tick.mark, set()).add(tick.choice)
    open_marks = matters.marks()
    good = {mark: next(iter(choices)) for mark, choices in said.items() if len(choices) == 1 and mark in open_marks}
    return good, frozenset(said.keys() - good.keys())


# --- writing ----------------------------------------------------------------------------------------------------


def render(matters: Matters) -> str:
    """The text of the block; empty where nothing needs a person."""
    parts: list[str] = []
    if matters.owner is not None:
        parts += _owner(matters.owner)
    if matters.guard is not None:
        parts += _guard(matters.guard)
    if matters.conflicts:
        parts.append("## Changed on both sides")
        for conflict in matters.conflicts:
            parts += _conflict(conflict)
    if matters.held:
        parts += _held(matters.held)
    if parts and matters.late:
        parts.insert(0, LATE)
    return "\n\n".join(parts)


def _box(label: str, mark: str, choice: str) -> str:
    return f"- [ ] {label} %% tick {mark} {choice} %%"


def _owner(owner: Owner) -> Iterator[str]:
    here, other = escape(owner.here), escape(owner.name or owner.id)
    yield f"## Another machine syncs this vault: {other}"
    yield f"One machine at a time writes a vault. {here} waits."
    yield _box(f"let {here} take over", owner.mark, "take-over")


_GUARDS: dict[str, tuple[str, str]] = {
    # guard: what *do it* means, and what else one can do
    "mass-zotero": ("do it: change these papers in Zotero", ""),
    "mass-vault": (
        "do it: change these notes",
        "If it was a mistake in Zotero, mend it there; the question then goes away.",
    ),
    "notes-vanished": (
        "do it: the notes were deleted on purpose",
        "If they were not, bring them back (from the trash, or plug their drive in); the question then goes away.",
    ),
    "many-new-notes": ("do it: make these notes", ""),
    "many-citekeys": (
        "do it: give these papers citation keys",
        'If you do not want that, write generate = "off" under [citekeys]; the question then goes away.',
    ),
    "items-vanished": (
        "do it: say in the notes that their papers are gone",
        "If it was a mistake, restore them in Zotero; the question then goes away. No note is deleted either way.",
    ),
    "library-swapped": (
        "do it: go on with the library as it is now",
        "First see whether it is the right library: `bridge doctor`.",
    ),
}
_GUARDS["vault-emptied"] = _GUARDS["notes-vanished"]
_GUARDS["library-emptied"] = _GUARDS["items-vanished"]


def _guard(guard: Guard) -> Iterator[str]:
    do_it, else_ = _GUARDS.get(guard.guard, ("do it", ""))
    yield "## Stopped, and asking"
    yield f"{escape(guard.message)} Nothing of it was done. Everything waits until this is answered."
    if guard.asked:
        yield "\n".join(f"- {_change(*change)}" for change in guard.asked)
    if else_:
        yield else_
    boxes = [_box(do_it, guard.mark, "yes")]
    if guard.guard == "mass-zotero":
        boxes.append(_box("put it back: write Zotero's values into these notes", guard.mark, "put-back"))
    yield "\n".join(boxes)


def _change(name: str, field: str, before: str, after: str) -> str:
    if not field:
        return _value(name)
    if (members := difference(before, after)) is None:
        return f"{_value(name)}: `{field}` from {_value(before)} to {_value(after)}"
    told = [*(f"+ {_value(each)}" for each in members.come), *(f"− {_value(each)}" for each in members.go)]
    return f"{_value(name)}: `{field}` {', '.join(told) or 'in another order'}"


def _conflict(conflict: Conflict) -> Iterator[str]:
    yield f"### {_value(conflict.title or conflict.item)}"
    where = f" in {_place(conflict.path)}" if conflict.path else ""
    yield f"`{conflict.field}`{where}, since {conflict.since.partition('T')[0]}"
    if conflict.answer:
        whose = "Zotero's" if conflict.answer == "zotero" else "the note's"
        yield f"You chose {whose}; it is carried out as soon as it can be."
    yield "\n".join(
        (
            _box(f"keep Zotero's: {_value(conflict.zotero)}", conflict.mark, "zotero"),
            _box(f"keep mine: {_value(conflict.vault)}", conflict.mark, "vault"),
        )
    )


def _held(held: Sequence[Waiting]) -> Iterator[str]:
    yield "## Held until somebody mends it"
    lines = []
    for each in held[:SHOWN]:
        where = _place(each.held.path) if each.held.path else escape(str(each.held.id or "the vault"))
        remedy = f". To do: {each.remedy}" if each.remedy else ""
        lines.append(f"- {where}: {escape(each.held.reason)}{remedy}")
    if len(held) > SHOWN:
        lines.append(f"- … and {len(held) - SHOWN} more; `bridge status` lists them all")
    yield "\n".join(lines)


def _value(text: str) -> str:
    line = " ".join(text.split())
    return escape(line if len(line) <= _VALUE else line[: _VALUE - 1] + "…") or "(nothing)"


def _place(path: str) -> str:
    """A note as a link, where a link can hold its path."""
    return escape(path) if _UNLINKABLE.search(path) else f"[[{path.removesuffix('.md')}]]"
