"""What notes push into Zotero beside their fields: the section ``## Notes`` as a child note, and the link back.

It comes after the main part of a cycle and works by the same rules: what is due is found by looking (a note, a child or
an answer that changed since), planned before the guards, stored before it is sent (R4), and agreed on only by what
Zotero answered with (laws 7 and 8). :mod:`bridge.core.mirror` decides; nothing here is touched while neither is
configured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from bridge.core import safety
from bridge.core.mirror import (
    LINK_FIELD,
    SECTION_FIELD,
    ChildWrite,
    Hung,
    Mirror,
    MirrorKind,
    Source,
    Verdict,
    as_it_stands,
    child_key,
    decide,
    decide_link,
)
from bridge.core.names import EXTENSION
from bridge.core.place import NoteRow
from bridge.core.plan import Conflict
from bridge.core.record import ItemId
from bridge.core.side import Outcome
from bridge.errors import NoteError
from bridge.markup import normal_form, to_html, to_markdown
from bridge.state import State
from bridge.state.history import ChangeRow
from bridge.sync.ledger import Ledger
from bridge.sync.links import zotero_address
from bridge.sync.ports import LibrarySide, Progress, VaultScanner
from bridge.sync.report import Report

#: Characters of HTML that Zotero's server takes without fault (measured; it answers 500 a little above).
LONGEST: Final = 240_000
#: Characters of a section that a question or the history shows.
_SHOWN: Final = 1_000
#: What the link is called in Zotero.
LINK_TITLE: Final = "Open in Obsidian"
#: How many children of a paper are tried when one is looked for by its key (:func:`~bridge.core.mirror.child_key`).
_NUMBERS: Final = 4


@dataclass(frozen=True, slots=True)
class Mirroring:
    """What is pushed, and by which vault.

    :param notes: whether sections are mirrored; in group libraries only with ``notes_in_groups``.
    :param heading: of the section.
    :param links: whether papers get a link back; in group libraries only with ``links_in_groups``.
    :param vault_id: what the mirrors' keys are made from.
    :param vault_name: what Obsidian calls the vault.
    """

    vault_id: str
    vault_name: str
    heading: str = "Notes"
    notes: bool = False
    notes_in_groups: bool = False
    links: bool = False
    links_in_groups: bool = False

    def kinds(self, side: LibrarySide) -> tuple[MirrorKind, ...]:
        """What may be pushed into a library (R23)."""
        is_group = side.library.startswith("groups/")
        notes = self.notes and side.shows_notes and (not is_group or self.notes_in_groups)
        links = self.links and (not is_group or self.links_in_groups)
        wanted: list[MirrorKind] = [*(["notes"] if notes else []), *(["backlink"] if links else [])]  # type: ignore[list-item]  # of two words
        return tuple(wanted) if side.writable else ()


@dataclass(frozen=True, slots=True)
class Push:
    """One child to be written, what will be agreed on, and what people are shown of it."""

    row: Mirror
    write: ChildWrite
    form: str
    path: str
    title: str
    before: str
    after: str

    def change(self) -> ChangeRow:
        """The push as the history and a dry run's plan show it."""
        name = SECTION_FIELD if self.row.kind == "notes" else LINK_FIELD
        why = "edit" if self.write.expect else "new"
        return ChangeRow("zotero", self.row.id, self.path, self.title, name, self.before, self.after, why)

    def move(self) -> safety.Move:
        """The push as the guards count it."""
        change = self.change()
        return safety.Move(self.row.id, change.field, change.before, change.after)


@dataclass(slots=True)
class Pushes:
    """What is due in one library: what to send, and what is settled without sending anything."""

    pushes: list[Push] = field(default_factory=list)
    settled: list[Mirror] = field(default_factory=list)
    conflicts: list[tuple[ItemId, Conflict]] = field(default_factory=list)
    ended: list[ItemId] = field(default_factory=list)
    #: Papers below which a mirror has become a person's own note: theirs show it from now on.
    released: list[ItemId] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asking:
    """What the guards have seen of a cycle's pushes, and what the rest is measured by."""

    asked: frozenset[ItemId]
    papers: int
    limits: safety.Limits


class Pusher:
    """Pushes for one cycle, library by library."""

    def __init__(
        self,
        state: State,
        vault: VaultScanner,
        settings: Mirroring,
        report: Report,
        now: Callable[[], str],
        progress: Progress,
        ledger: Ledger,
    ) -> None:
        self._state, self._vault, self._settings, self._report = state, vault, settings, report
        self._now, self._progress, self._ledger = now, progress, ledger

    # --- before anything is planned

    def recognise(self, side: LibrarySide) -> None:
        """Find the children that this vault made before its state was lost, once a state (law 11)."""
        for kind in self._settings.kinds(side):
            done = f"mirrors-recognised:{kind}:{side.library}"
            if self._state.get_meta(done):
                continue
            known = dict(self._state.mirrors.children(side.library))
            numbers = range(_NUMBERS)
            with self._state.transaction():
                self._state.set_meta(done, "yes")
                for item in dict.fromkeys(known.values()):
                    keys = [(child_key(self._settings.vault_id, item, kind, n), n) for n in numbers]
                    mine = [(key, n) for key, n in keys if known.get(key) == item]
                    if mine and self._state.mirrors.get(item, kind) is None:
                        key, number = mine[-1]
                        self._state.mirrors.put([Mirror(item, kind, child=key, number=number)])

    # --- planning

    def plan(self, side: LibrarySide, is_in_scope: Callable[[ItemId], bool]) -> Pushes:
        """What is due in a library; nothing is changed."""
        plans = Pushes()
        for kind in self._settings.kinds(side):
            if kind == "notes":
                standard = self._settings.heading.strip().casefold() == "notes"
                for note in self._notes(self._state.mirrors.due_sections(side.library, standard=standard), is_in_scope):
                    self._plan_section(side, note, plans)
            else:
                for note in self._notes(self._state.mirrors.due_links(side.library), is_in_scope):
                    self._plan_link(side, note, plans)
        return plans

    def _notes(self, items: Iterable[ItemId], is_in_scope: Callable[[ItemId], bool]) -> Iterator[NoteRow]:
        """The papers' notes; one that is held, out of scope or being edited stays due."""
        for item in items:
            note = self._state.notes.rows_of([item]).get(item)
            if note is None or any(not held.field for held in note.held) or self._vault.is_warm(note.path):
                continue
            if is_in_scope(item):
                yield note

    def _plan_section(self, side: LibrarySide, note: NoteRow, plans: Pushes) -> None:
        item = note.id
        assert item is not None
        try:
            text = self._vault.section(note, self._settings.heading)
        except NoteError:
            return  # it changed, or cannot be read, just now: it stays due
        html = self._html(text or "")
        source = None if text is None else Source(_form(html), is_empty=not text)
        row = self._state.mirrors.get(item, "notes") or Mirror(item, "notes")
        if source is not None and row.source == as_it_stands(note.digest):
            row = replace(row, source=source.form)
        child = self._child(side, item.library, row.child)
        form = _form(child.html) if child else ""
        theirs, ours = self._shown(child), _clip(text or "", source.form if source else "")
        verdict = decide(row, source, child, form, self._answer(item, theirs, ours))
        seen = replace(verdict.row, seen=note.digest, version=_version(child))
        if verdict.row.released > row.released:
            plans.released.append(item)
        if not verdict.row.child:
            child = None  # the one there was is a person's own from now on
        if verdict.write and len(html) > LONGEST:
            plans.messages.append(f"{note.path}: the section {self._settings.heading} is too long for a Zotero note.")
            verdict = replace(verdict, write=False)
        if verdict.write and source is not None:
            write = ChildWrite(self._target(seen, child), item.key, "note", child.token if child else "", html=html)
            before = theirs if child else ""
            plans.pushes.append(Push(seen, write, source.form, note.path, _title(note), before, ours))
        else:
            plans.settled.append(seen)
        self._ask(item, verdict, Conflict(SECTION_FIELD, theirs, ours), plans)

    def _ask(self, item: ItemId, verdict: Verdict, conflict: Conflict, plans: Pushes) -> None:
        stands = self._state.mirrors.question(item)
        if verdict.conflict and (stands is None or stands[:2] != (conflict.zotero, conflict.vault)):
            plans.conflicts.append((item, conflict))
        elif verdict.ended and stands is not None:
            plans.ended.append(item)

    def _answer(self, item: ItemId, theirs: str, ours: str) -> str:
        """A person's answer, as long as it is about what both sides show now (R6)."""
        stands = self._state.mirrors.question(item)
        return stands[2] if stands is not None and stands[:2] == (theirs, ours) else ""

    def _plan_link(self, side: LibrarySide, note: NoteRow, plans: Pushes) -> None:
        item = note.id
        assert item is not None
        url = _obsidian(self._settings.vault_name, note.path)
        row = self._state.mirrors.get(item, "backlink") or Mirror(item, "backlink")
        child = self._child(side, item.library, row.child)
        verdict = decide_link(row, Source(_digest(url)), child, _digest(child.url) if child else "")
        seen = replace(verdict.row, seen=note.path, version=_version(child))
        if not verdict.write:
            plans.settled.append(seen)
            return
        expect = child.token if child else ""
        write = ChildWrite(self._target(seen, child), item.key, "link", expect, title=LINK_TITLE, url=url)
        before = child.url if child else ""
        plans.pushes.append(Push(seen, write, _digest(url), note.path, _title(note), before, url))

    def foretell(
        self, side: LibrarySide, moved: Mapping[ItemId, str], made: Mapping[ItemId, str], ask: Asking
    ) -> list[ChangeRow]:
        """The links that become due by what the cycle itself does (law 12).

        :param moved: the path that each note is to have, of those that are renamed.
        :param made: the title of each paper that is to get a note; what its link leads to is not known yet.
        """
        if "backlink" not in self._settings.kinds(side):
            return []
        plans = Pushes()
        for item, note in self._state.notes.rows_of(moved).items():
            if item.library == side.library and self._state.kin.is_live(item) and not self._vault.is_warm(note.path):
                self._plan_link(side, replace(note, path=moved[item]), plans)
        rows = [push.change() for push in plans.pushes]
        rows += [
            ChangeRow("zotero", item, "", title, LINK_FIELD, "", "", "new")
            for item, title in made.items()
            if item.library == side.library and self._state.mirrors.get(item, "backlink") is None
        ]
        late = [safety.Move(row.id, row.field, row.before, row.after) for row in rows if row.id not in ask.asked]
        if safety.mass_change(late, ask.papers, ask.limits, side="zotero") is not None:
            rows = [row for row in rows if row.id in ask.asked]
        return rows

    def _html(self, text: str) -> str:
        """The mirror of a section: under a heading that says where it comes from, for Zotero names notes by it."""
        markdown = f"# {self._settings.heading} (Obsidian)\n\n{text}"
        return to_html(markdown, link=partial(zotero_address, self._state.notes))

    def _shown(self, child: Hung | None) -> str:
        """What people are shown of Zotero's side: without the heading that Bridge put there."""
        if child is None:
            return ""
        markdown = to_markdown(child.html, heading_level=1)
        return _clip(markdown.removeprefix(f"# {self._settings.heading} (Obsidian)").strip(), _form(child.html))

    def _child(self, side: LibrarySide, library: str, key: str) -> Hung | None:
        """The child of a key as it was last downloaded, unless it is gone."""
        stored = self._state.mirrors.child(library, key) if key else None
        return None if stored is None or stored[1] else side.hung(stored[0])

    def _target(self, row: Mirror, child: Hung | None) -> ItemId:
        """The key to write: the child's, or the first that this vault may make and nothing bears."""
        if child is not None:
            return ItemId(row.id.library, child.key)
        number = row.number
        while True:
            key = child_key(self._settings.vault_id, row.id, row.kind, number)
            stored = self._state.mirrors.child(row.id.library, key)
            if stored is None or stored[1]:
                return ItemId(row.id.library, key)
            number += 1

    # --- carrying out

    def settle(self, plans: Pushes) -> None:
        """Remember what needs no sending, and the questions."""
        if not (plans.settled or plans.conflicts or plans.ended):
            return
        with self._state.transaction():
            self._state.mirrors.put(plans.settled)
            self._state.items.set_pending(plans.released, pending=True)
            for item in plans.ended:
                self._end(item)
            for item, conflict in plans.conflicts:
                self._state.history.open_conflicts(item, [conflict], self._now())

    def _end(self, item: ItemId) -> None:
        self._state.history.end_conflicts(item, [SECTION_FIELD], self._now(), by=self._ledger.cycle)

    def leave(self, pushes: Iterable[Push]) -> None:
        """A person's answer to a guard: Zotero's side stays as it is, until a note changes again."""
        with self._state.transaction():
            self._state.mirrors.put(replace(push.row, source=push.form) for push in pushes)

    def run(self, side: LibrarySide, plans: Pushes, ask: Asking) -> None:
        """Push what is due now: what the guards have seen, and what the cycle itself made due.

        Where the latter is so much that a guard would ask, it waits for the next cycle, which asks before it writes.
        """
        self.settle(plans)
        self._report.messages += plans.messages
        late = [push.move() for push in plans.pushes if push.row.id not in ask.asked]
        if safety.mass_change(late, ask.papers, ask.limits, side="zotero") is not None:
            plans.pushes = [push for push in plans.pushes if push.row.id in ask.asked]
        if plans.pushes:
            self._progress.start("writing to Zotero", len(plans.pushes))
            self._send(side, plans.pushes)
            self._progress.done()

    def _send(self, side: LibrarySide, pushes: Sequence[Push]) -> None:
        by_id = {push.write.id: push for push in pushes}
        with self._state.transaction():
            self._state.mirrors.put(replace(p.row, child=p.write.id.key, meant=p.form) for p in pushes)
        for outcome in side.write_children([push.write for push in pushes]):
            self._confirm(side, by_id[outcome.id], outcome)
            self._progress.advance()

    def _confirm(self, side: LibrarySide, push: Push, outcome: Outcome) -> None:
        """What Zotero answered with is what was agreed on (law 7); what was not answered stays meant (R4)."""
        row = replace(push.row, child=push.write.id.key)
        if outcome.result == "unknown":
            self._report.out_of_reach = outcome.reason or "Zotero did not answer a write"
        elif outcome.result == "refused":
            self._report.messages.append(f"{push.path}: Zotero does not take the {_what(push)}: {outcome.reason}")
            with self._state.transaction():
                self._state.mirrors.put([replace(push.row, source=push.form, meant="")])
        elif outcome.result == "applied":
            child = self._child(side, row.id.library, row.child)
            assert child is not None
            form = form_of(row.kind, child)
            rows = [push.change()]
            with self._state.transaction():
                agreed = replace(row, source=push.form, agreed=form, meant="", version=_version(child))
                self._state.mirrors.put([agreed])
                self._state.history.add_changes(self._ledger.number(), rows)
                self._end(row.id)
            self._report.count("zotero", rows)


def form_of(kind: MirrorKind, child: Hung) -> str:
    """What a mirror shows, in the form in which that is compared."""
    return _form(child.html) if kind == "notes" else _digest(child.url)


def _what(push: Push) -> str:
    return "mirror of its section" if push.row.kind == "notes" else "link to it"


def _version(child: Hung | None) -> int:
    return int(child.token) if child else -1


def _title(note: NoteRow) -> str:
    title = note.face.get("title", "")
    return title if isinstance(title, str) else ""


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _form(html: str) -> str:
    """A digest of the normal form of a note's HTML."""
    return _digest(normal_form(html))


def _clip(text: str, form: str) -> str:
    """A text as a question shows it: the beginning of a long one, with what tells it from others that begin alike."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()}… ({form[:8]})"


def _obsidian(vault: str, path: str) -> str:
    """The address that opens a note (obsidian-help, "Obsidian URI": both values percent-encoded)."""
    return f"obsidian://open?vault={quote(vault, safe='')}&file={quote(path.removesuffix(EXTENSION), safe='')}"
