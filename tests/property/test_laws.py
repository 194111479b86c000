"""The laws as properties: people edit both sides at will, cycles run, die and lose their memory, and nothing is lost.

Every edit carries a token that occurs nowhere else. Law 3 then reads: a token is on a side or in an open conflict
until a person who saw it replaced it. What a person's own act takes away (a note deleted, an item erased, an old copy
put over a newer note, a server's backup restored) is taken away; what Bridge does must take nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from memory_side import LIBRARY, POLICY, SCALARS, STATUS, Kill, MemoryNote, item_id, served
from world import World

from bridge.core.base import stamp
from bridge.core.policy import normal_day
from bridge.core.reconcile import members, text
from bridge.core.record import Face
from bridge.core.scope import Choice, Scope
from bridge.errors import OutdatedAnswerError, RestoreError, UnknownPaperError, UnreachableError
from bridge.sync.leaving import Leave
from bridge.vault import tags

KEYS = ("AAAA", "BBBB", "CCCC")
TREE = ("Archive", "NLP", "NLP/Transformers")
SHARED_TAGS = ("Digital Twin", "digital twin", "nlp", "2024")
SCOPES = (
    Scope(),
    Scope(Choice(collections=frozenset({"NLP"}))),
    Scope(exclude=Choice(tags=frozenset({"nlp"}))),
)
#: Ways of typing one and the same value, some of which a side or the server writes otherwise.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda token: f" {token}  ",
    lambda token: f"e\u0301 {token}",
    lambda token: f"HTTP://x.org/{token}",
    lambda token: f"https://doi.org/{token}",
)

an_item = st.sampled_from(KEYS)
a_scalar = st.sampled_from(SCALARS)
a_spelling = st.sampled_from(SPELLINGS)
some_tags = st.sets(st.sampled_from(SHARED_TAGS))
a_place = st.sampled_from(("zotero", "vault"))
a_way_to_leave = st.sampled_from(("mark", "archive", "trash"))


class Laws(RuleBasedStateMachine):
    """People, two sides, and a Bridge that is killed now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="laws-"))
        self.world = World(self.folder)
        self.count = 0
        #: What a person wrote and nobody has replaced: (item, field, token).
        self.live: set[tuple[str, str, str]] = set()
        #: Copies of notes as they were when all was quiet, with whether both sides agreed on all of them.
        self.copies: dict[str, list[tuple[MemoryNote, bool]]] = {key: [] for key in KEYS}
        self.backups: list[Any] = []
        #: Where people edited a field since both sides were last found equal; a conflict needs both.
        self.edited: dict[tuple[str, str], set[str]] = {}
        #: Items whose note a person deleted when it was known.
        self.deleted: set[str] = set()

    def teardown(self) -> None:
        try:
            self.rest()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize(kept=some_tags, note=a_way_to_leave, paper=a_way_to_leave)
    def begin(self, kept: set[str], note: Leave, paper: Leave) -> None:
        self.world.server.tree = TREE
        self.world.part(note=note, paper=paper)
        for key in KEYS:
            self.world.server.add(key, tags=tuple(sorted(kept)), status="new")
        self.rest()

    # --- what is where --------------------------------------------------------------------------------------------

    def token(self, key: str, field: str) -> str:
        self.count += 1
        token = f"t{self.count:04}x"
        self.live.add((key, field, token))
        return token

    def on_server(self, key: str) -> bool:
        return key in self.world.server.items

    def has_note(self, key: str) -> bool:
        paths = self.world.disk.paths_of(item_id(key))
        return bool(paths) and not self.world.note(key).broken

    def said(self, place: str, key: str, field: str) -> str:
        """All that a side says in a field, as one text."""
        if place == "zotero":
            return " ".join(members(self.world.zotero(key).get(field))) if self.on_server(key) else ""
        notes = [self.world.disk.note(path) for path in self.world.disk.paths_of(item_id(key))]
        return " ".join(one for note in notes for one in members(note.face.get(field)))

    def in_conflict(self, key: str, field: str) -> str:
        """Both values of an open conflict, be it one that rests while its note is gone (R38)."""
        with self.world.state() as state:
            stand = state.agreements.conflicts(item_id(key)).get(field)
        return f"{stand.zotero} {stand.vault}" if stand else ""

    def replaced(self, key: str, field: str, seen: str) -> None:
        """A person replaced what they saw in a field."""
        self.live = {one for one in self.live if one[:2] != (key, field) or one[2] not in seen}

    def taken_away(self, place: str, key: str, fields: Iterable[str]) -> None:
        """A person's act takes from one side what it said; it is gone unless it is elsewhere too."""
        other = "vault" if place == "zotero" else "zotero"
        for field in fields:
            kept = f"{self.said(other, key, field)} {self.in_conflict(key, field)}"
            lost = [t for k, f, t in self.live if (k, f) == (key, field) and t not in kept]
            self.replaced(key, field, " ".join(t for t in lost if t in self.said(place, key, field)))

    # --- people edit ----------------------------------------------------------------------------------------------

    @rule(place=a_place, key=an_item, field=a_scalar, spelling=a_spelling)
    def edit(self, place: str, key: str, field: str, spelling: Callable[[str], str]) -> None:
        self._write(place, key, field, lambda: spelling(self.token(key, field)))

    @rule(place=a_place, key=an_item, field=a_scalar)
    def clear(self, place: str, key: str, field: str) -> None:
        self._write(place, key, field, str)

    @rule(place=a_place, key=an_item, name=st.sampled_from(("new", "reading", "Read", "done", "")))
    def set_status(self, place: str, key: str, name: str) -> None:
        if place == "zotero" and self.on_server(key):
            self.world.change(key, status=STATUS.normal(name), status_date="2025-01-01" if name else "")
        elif place == "vault" and self.has_note(key):
            self.world.edit(key, status=name)
        self.edited.setdefault((key, "status"), set()).add(place)

    @rule(place=a_place, key=an_item, day=st.sampled_from(("2024-02-02", "2024-03-03T10:00:00Z", "", "soon")))
    def set_date(self, place: str, key: str, day: str) -> None:
        if place == "zotero" and self.on_server(key) and day != "soon":
            self.world.change(key, status_date=day)
        elif place == "vault" and self.has_note(key):
            self.world.edit(key, status_date=day)

    def _write(self, place: str, key: str, field: str, value: Callable[[], str]) -> None:
        if not (self.on_server(key) if place == "zotero" else self.has_note(key)):
            return
        # R6: an edit on either side ends an open conflict, so it replaces both of its values.
        seen = f"{self.said(place, key, field)} {self.in_conflict(key, field)}"
        self.replaced(key, field, seen)
        self.edited.setdefault((key, field), set()).add(place)
        put = self.world.change if place == "zotero" else self.world.edit
        put(key, **{field: value()})

    def no_base_from_here(self, *keys: str) -> None:
        """What happens now may set the sides of these items apart without any edit."""
        for key in keys:
            for field in (*SCALARS, "status"):
                self.edited[key, field] = {"zotero", "vault"}

    @rule(place=a_place, key=an_item, spelling=st.sampled_from(("{}", "Big {}", "#{}", "a/{}")))
    def add_tag(self, place: str, key: str, spelling: str) -> None:
        if place == "zotero" and self.on_server(key):
            raw = spelling.lstrip("#").format(self.token(key, "tags"))
            self.world.change(key, tags=(*members(self.world.zotero(key)["tags"]), raw))
        elif place == "vault" and self.has_note(key) and self.world.shows(key, "tags") is not None:
            # (A list written where the key was taken out says that everything else is to go.)
            typed = spelling.format(self.token(key, "tags")).replace(" ", "-")
            self.world.edit(key, tags=(*members(self.world.shows(key, "tags")), typed))

    @rule(place=a_place, key=an_item, some=some_tags, data=st.data())
    def change_tags(self, place: str, key: str, some: set[str], data: st.DataObject) -> None:
        """Shared tags come and go, and so does one of those with a token."""
        if not (self.on_server(key) if place == "zotero" else self.has_note(key)):
            return
        if place == "vault" and self.world.shows(key, "tags") is None:
            return
        shown = members(self.world.zotero(key)["tags"] if place == "zotero" else self.world.shows(key, "tags"))
        mine = [tag for tag in shown if any(token in tag for _, _, token in self.live)]
        gone = data.draw(st.sampled_from([*mine, ""]))
        self.replaced(key, "tags", gone)
        kept = (*(tag for tag in mine if tag != gone), *sorted(some))
        if place == "zotero":
            self.world.change(key, tags=kept)
        else:
            self.world.edit(key, tags=tuple(map(tags.legal, kept)))

    @rule(place=a_place, key=an_item, paths=st.sets(st.sampled_from(TREE)))
    def set_collections(self, place: str, key: str, paths: set[str]) -> None:
        if place == "zotero" and self.on_server(key):
            self.world.change(key, collections=tuple(sorted(paths)))
        elif place == "vault" and self.has_note(key):
            self.world.edit(key, collections=tuple(sorted(paths)))

    @rule(key=an_item, field=st.sampled_from((*SCALARS, "tags", "status", "status-date", "aliases", "zotero-link")))
    def take_key_out(self, key: str, field: str) -> None:
        """R7: an absent key says nothing."""
        if self.has_note(key):
            kept = f"{self.said('zotero', key, field)} {self.in_conflict(key, field)}"
            lost = [t for k, f, t in self.live if (k, f) == (key, field) and t not in kept]
            self.replaced(key, field, " ".join(t for t in lost if t in self.said("vault", key, field)))
            self.world.edit(key, **{field: None})

    @rule(key=an_item, year=st.sampled_from(("1999", "2000")))
    def change_what_is_zoteros(self, key: str, year: str) -> None:
        if self.on_server(key):
            self.world.change(key, year=year)

    # --- files and items come and go --------------------------------------------------------------------------------

    @rule(key=an_item, data=st.data())
    def late_copy(self, key: str, data: st.DataObject) -> None:
        """R1: an old copy of the note arrives, with all of its old values, over whatever is there."""
        if self.has_note(key) and self.copies[key]:
            note, _ = data.draw(st.sampled_from(self.copies[key]))
            self.taken_away("vault", key, (*SCALARS, "tags"))
            self._undoes_what_was_sent(key)
            if not self._is_known(key, note):
                # With a stamp that nobody knows it might as well be a person's edit of the note's side of a conflict.
                for row in self.world.conflicts():
                    if row.id.key == key:
                        self.replaced(key, row.field, row.vault)
            self.world.disk.put(self.world.home(key), note)

    @rule(key=an_item, data=st.data())
    def late_copy_at_rest_sends_nothing(self, key: str, data: st.DataObject) -> None:
        """R1: of what was agreed once and is old now, nothing is taken for an edit."""
        self.rest()
        clean = [note for note, is_clean in self.copies[key] if is_clean and self._is_known(key, note)]
        if not clean or not self.has_note(key) or not self.on_server(key) or self.world.server.heir(key):
            return
        if not self.world.is_in_scope(key):
            return
        sent = self.world.server.writes
        self.world.disk.put(self.world.home(key), data.draw(st.sampled_from(clean)))
        self.sync()
        assert self.world.server.writes == sent

    def _undoes_what_was_sent(self, key: str) -> None:
        """An old copy that comes while nobody knows whether a write arrived reads like a person's undoing of it."""
        self.no_base_from_here(key)
        with self.world.state() as state:
            intents = state.agreements.intents(item_id(key))
        for intended in intents:
            for field in (*SCALARS, "tags"):
                self.replaced(key, field, " ".join(members(intended.zotero.get(field))))

    def _is_known(self, key: str, note: MemoryNote) -> bool:
        with self.world.state() as state:
            return state.agreements.by_stamp(item_id(key), note.stamp) is not None

    @rule(key=an_item)
    def delete_note(self, key: str) -> None:
        if self.has_note(key):
            self.taken_away("vault", key, (*SCALARS, "tags"))
            path = self.world.home(key)
            with self.world.state() as state:
                # One that was made and never agreed on, for the process died there, is made again.
                if path in state.notes.bound() and state.agreements.base(item_id(key)) is not None:
                    self.deleted.add(key)
            self.world.disk.delete(path)

    @rule(key=an_item)
    def bring_note_back(self, key: str) -> None:
        """R38: from the trash of the file system, at another place."""
        if self.copies[key] and not self.world.disk.paths_of(item_id(key)):
            self._undoes_what_was_sent(key)
            self.deleted.discard(key)
            self.world.disk.put(f"Back/{key}.md", self.copies[key][-1][0])

    @rule(key=an_item)
    def move_note(self, key: str) -> None:
        if self.has_note(key) and (path := self.world.home(key)) != f"Moved/{key}.md":
            self.world.disk.move(path, f"Moved/{key}.md")

    @rule(key=an_item)
    def break_note(self, key: str) -> None:
        if self.has_note(key):
            self.world.disk.put(self.world.home(key), replace(self.world.note(key), broken=True))

    @rule()
    def mend_notes(self) -> None:
        for path, (note, _) in list(self.world.disk.files.items()):
            if note.broken:
                self.world.disk.put(path, replace(note, broken=False))

    @rule(key=an_item, trashed=st.booleans())
    def trash_or_restore(self, key: str, trashed: bool) -> None:
        if self.on_server(key):
            self.world.server.trash(key, trashed=trashed)

    @rule(key=an_item)
    def erase(self, key: str) -> None:
        if self.on_server(key):
            self.taken_away("zotero", key, (*SCALARS, "tags"))
            self.world.server.erase(key)

    @rule(key=an_item, into=an_item)
    def merge(self, key: str, into: str) -> None:
        """R22: a person merges papers in Zotero."""
        if key != into and self.on_server(key) and self.on_server(into):
            self.world.server.merge(key, into)

    @rule(scope=st.sampled_from(SCOPES))
    def choose(self, scope: Scope) -> None:
        """Law 9: a changed scope deletes nothing."""
        self.world.narrow(scope)

    @rule(key=an_item)
    def restore(self, key: str) -> None:
        """R38: a person wants the note again."""
        with contextlib.suppress(RestoreError, UnreachableError, UnknownPaperError), self.handing_on():
            self.world.sync(restore=key)
        self.world.server.fail_at_page = None
        if self.world.disk.paths_of(item_id(key)):
            self.deleted.discard(key)
        self.nothing_is_lost()

    # --- Bridge runs, in bad weather --------------------------------------------------------------------------------

    @rule()
    def sync(self) -> None:
        """One cycle; the server may be out of reach for a part of it."""
        with self.handing_on(), contextlib.suppress(UnreachableError):
            self.world.sync()
        self.world.server.fail_at_page = None
        self.nothing_is_lost()

    @contextlib.contextmanager
    def handing_on(self) -> Iterator[None]:
        """R22: the note of a merged paper may become the other's, with every edit that nobody has agreed on yet."""
        noted = {key for key in KEYS if self.world.disk.paths_of(item_id(key))}
        with self.world.state() as state:
            bases = {key: base.base.vault for key in KEYS if (base := state.agreements.base(item_id(key)))}
        try:
            yield
        finally:
            for key in noted:
                heir = self.world.server.heir(key)
                if heir and heir not in noted and not self.world.disk.paths_of(item_id(key)) and self.has_note(heir):
                    self._handed_on(key, heir, bases.get(key, {}))

    def _handed_on(self, key: str, heir: str, agreed: Face) -> None:
        self.no_base_from_here(heir)
        for one in [one for one in self.live if one[0] == key and one[2] not in self.said("zotero", key, one[1])]:
            self.live.discard(one)
            if one[2] not in " ".join(members(agreed.get(one[1]))) or one[2] in self._everywhere(heir, one[1]):
                self.live.add((heir, *one[1:]))

    @rule(at=st.integers(1, 40))
    def sync_and_die(self, at: int) -> None:
        """Law 5: killed at some point, and started anew from what was on disk then."""
        with self.handing_on(), contextlib.suppress(UnreachableError):
            self.world.sync(Kill(at=at))
        self.world.server.fail_at_page = None
        self.nothing_is_lost()

    @rule(at=st.integers(1, 40), place=a_place, key=an_item, field=a_scalar)
    def sync_under_hands(self, at: int, place: str, key: str, field: str) -> None:
        """Law 6: a person edits while the cycle runs."""

        def meddle() -> None:
            if place == "zotero":
                # An edit between the download and the end of the cycle counts as later than a conflict opened then.
                self.replaced(key, field, self.said("vault", key, field))
            self._write(place, key, field, lambda: self.token(key, field))

        with self.handing_on(), contextlib.suppress(UnreachableError):
            self.world.sync(Kill(at=at, meddle=meddle))
        self.world.server.fail_at_page = None
        self.nothing_is_lost()

    @rule(at=st.integers(4, 20), key=an_item, field=a_scalar)
    def edit_die_edit(self, at: int, key: str, field: str) -> None:
        """R4: one edit on its way when the process dies, and another."""
        self.edit("vault", key, field, str)
        self.sync_and_die(at)
        self.edit("vault", key, field, str)

    @rule(answer=st.sampled_from(("lost", "dropped", "down")))
    def bad_line(self, answer: str) -> None:
        self.world.server.answers.append(answer)

    @rule(page=st.integers(0, 1))
    def cut_download(self, page: int) -> None:
        self.world.server.fail_at_page = page

    @rule()
    def lose_the_right_to_write(self) -> None:
        self.world.use(writable=False)

    @rule(data=st.data(), keep=a_place)
    def answer_a_conflict(self, data: st.DataObject, keep: str) -> None:
        rows = self.world.conflicts()
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        self.replaced(row.id.key, row.field, row.vault if keep == "zotero" else row.zotero)
        try:
            self.world.answer(row.number, keep)
        except OutdatedAnswerError:  # pragma: no cover (the rows are those open now)
            raise AssertionError("an open conflict takes an answer") from None

    @rule()
    def backup_server(self) -> None:
        self.backups.append(self.world.server.backup())

    @precondition(lambda self: self.backups)
    @rule()
    def roll_server_back(self) -> None:
        """R17: the server restores a backup, and Bridge sees it before anybody edits there again.

        One that ends at the very version of the cursor shows in nothing the server says, so it is not played.
        """
        backup = self.backups.pop()
        with self.world.state() as state:
            if backup[0] >= state.items.cursor(LIBRARY):
                return
        self.world.server.roll_back(backup)
        self.world.server.fail_at_page = None
        self.no_base_from_here(*KEYS)
        void = self._changed_behind_its_version()
        # What only the server had is the server's loss, be it noted in a conflict that ends with both sides equal.
        self.live = {(k, f, t) for k, f, t in self.live if t in self.said("zotero", k, f) + self.said("vault", k, f)}
        self.sync()
        for key, face in void:
            self._removes_nothing(face, self.world.note(key).face)

    def _changed_behind_its_version(self) -> list[tuple[str, Face]]:
        """Items whose content is another one though the version has not risen, with what their notes show."""
        found: list[tuple[str, Face]] = []
        with self.world.state() as state:
            for key in KEYS:
                known, now = state.items.get_item(item_id(key)), self.world.server.items.get(key)
                if not (known and now and self.has_note(key)) or now["version"] > known["version"]:
                    continue
                if {**known["data"], "version": 0} != {**now["data"], "version": 0}:
                    stands = state.agreements.conflicts(item_id(key))
                    answered = {name for name, stand in stands.items() if stand.answer}
                    face = self.world.note(key).face
                    found.append((key, {name: value for name, value in face.items() if name not in answered}))
        return found

    def _removes_nothing(self, before: Face, after: Face) -> None:
        for field in SCALARS:
            if text(before.get(field)).strip():
                normal = POLICY.fields[field].normal
                assert normal(text(before[field])) == normal(text(after.get(field)))
        gone = {tags.key(one) for one in members(before.get("tags"))}
        assert gone <= {tags.key(one) for one in members(after.get("tags"))}

    def _everywhere(self, key: str, field: str) -> str:
        sides = (self.said("zotero", key, field), self.said("vault", key, field))
        return " ".join((*sides, self.in_conflict(key, field)))

    @rule()
    def lose_state(self) -> None:
        """Law 11: where no stamp vouches for a base, nothing that either side says is removed."""
        self.mend_notes()
        self._calm_weather()
        world = self.world
        world.lose_state()
        self.no_base_from_here(*KEYS)
        self.deleted.clear()
        self.live = {(k, f, t) for k, f, t in self.live if t in self._everywhere(k, f)}
        orphans = []
        for key in KEYS:
            if self.has_note(key) and self.on_server(key):
                face = world.zotero(key)
                if world.note(key).stamp != stamp(item_id(key), face, POLICY):
                    orphans.append((key, face, world.note(key).face))
        self.sync()
        for key, zotero, vault in orphans:
            self._removes_nothing(zotero, world.zotero(key))
            if self.has_note(key):
                self._removes_nothing(vault, world.note(key).face)

    def _calm_weather(self) -> None:
        self.world.server.answers.clear()
        self.world.server.fail_at_page = None
        self.world.use(writable=True)

    # --- the laws ---------------------------------------------------------------------------------------------------

    @rule()
    def rest(self) -> None:
        """Laws 1 and 2: once all is quiet, both sides are equal within three cycles, and then nothing is written."""
        self._calm_weather()
        self.mend_notes()
        with self.handing_on():
            self.world.settle(3)
        before = (self.world.writes(), {path: stat for path, (_, stat) in self.world.disk.files.items()})
        self.world.sync(full=True)
        assert before == (
            self.world.writes(),
            {path: stat for path, (_, stat) in self.world.disk.files.items()},
        )
        self.nothing_is_lost()
        for key in KEYS:
            self._is_in_step(key)

    def nothing_is_lost(self) -> None:
        """Law 3."""
        for key, field, token in self.live:
            assert token in self._everywhere(key, field), f"{token} of {field} in {key} is lost"
        for row in self.world.conflicts():
            if row.field == "url":
                continue  # what the server made of one whose answer was lost reads like somebody's edit: safe, not nice
            assert self.edited.get((row.id.key, row.field)) == {"zotero", "vault"}, "a conflict with oneself (R4)"
        for key in self.deleted:
            assert self.world.disk.paths_of(item_id(key)) == [], "a note that a person deleted is made again (R38)"

    def _is_in_step(self, key: str) -> None:
        world = self.world
        if not self.has_note(key):
            return
        note = world.note(key)
        if not world.is_in_scope(key):
            return  # it rests as it is
        if world.home(key).startswith(".trash/"):
            assert not world.server.is_live(key)  # put away as it was then
            return
        if heir := world.server.heir(key):  # R22: nothing else of it moves
            link = text(note.face.get("merged-into"))
            assert note.face.get("zotero-status") == "merged"
            if world.disk.paths_of(item_id(heir)):
                assert link == f"[[{world.home(heir).rpartition('/')[2].removesuffix('.md')}]]"
            else:
                assert link.endswith(f"/{heir}")
            return
        if note.face.get("zotero-status") == "merged" and not all(map(self.on_server, KEYS)):
            return  # over a paper that was merged in turn and is erased by now: the server says nothing of it any more
        if not self.on_server(key):
            # Whether it was erased or never there, nobody knows who has lost the state.
            assert note.face.get("zotero-status") == "deleted" or "unknown-item" in world.held_codes()
            return
        zotero, vault = world.zotero(key), note.face
        assert vault.get("zotero-status", "") == zotero["zotero-status"]
        assert vault.get("year", "") == zotero["year"]
        apart = {row.field for row in world.conflicts() if row.id.key == key}
        with world.state() as state:
            apart |= {held.field for held in state.history.held() if held.id == item_id(key)}
        for field in SCALARS:
            normal = POLICY.fields[field].normal
            pair = (normal(text(zotero[field])), normal(served(field, text(vault.get(field)))))
            assert pair[0] == pair[1] or field in apart, field
            if field not in apart:
                self.edited.pop((key, field), None)
        status = (STATUS.normal(text(zotero["status"])), STATUS.normal(text(vault.get("status"))))
        assert status[0] == status[1] or "status" in apart
        if "status" not in apart:
            self.edited.pop((key, "status"), None)
        if not apart & {"status", "status-date"} and status[0]:
            days = (normal_day(text(zotero["status-date"])), normal_day(text(vault.get("status-date"))))
            assert days[0] == days[1]
        for field, form in (("tags", tags.key), ("collections", str)):
            assert {form(one) for one in members(zotero[field])} == {form(one) for one in members(vault.get(field))}
        waits = not status[0] and vault.get("status-date")
        self.copies[key].append((note, not apart and not waits))


def _profile(**more: Any) -> settings:
    return settings(
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        **more,
    )


def test_laws_hold_whatever_people_and_machines_do() -> None:
    run_state_machine_as_test(Laws, settings=_profile(max_examples=40, stateful_step_count=25))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_laws_hold_for_long() -> None:
    run_state_machine_as_test(Laws, settings=_profile(max_examples=1500, stateful_step_count=40))
