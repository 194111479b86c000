"""Adoption as a property: whatever a note says, adopting it changes nothing in Zotero and no other byte of the note."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_side import STATUS, Kill, MemoryNote, item_id
from world import World
from yaml_heads import MadeHead, heads

from bridge.core.adopted import adopted, stamp_of
from bridge.core.base import advance
from bridge.core.policy import Kind, build_policy
from bridge.core.reconcile import Rules, reconcile
from bridge.core.record import Base, Face, ItemId, Value
from bridge.core.side import Edit
from bridge.errors import NoteError
from bridge.sync.adopting import Adopting, Pair
from bridge.vault import tags
from bridge.vault.note import NoteRules, edit_note, read_note

ITEM = ItemId("users/1", "AAAA2345")
RULES = Rules(today="2025-09-24", is_reading=STATUS.is_reading, is_read=STATUS.is_read)
POLICY = build_policy(tag_key=tags.key, tag_shown=tags.legal, tag_forms=tags.known_forms, status_normal=STATUS.normal)
NOTE_RULES = NoteRules("users/1")
BLANK: Face = {
    name: () if row.many or row.kind in (Kind.MEMBERS, Kind.LOCAL) else "" for name, row in POLICY.fields.items()
}

a_text = st.sampled_from(["", "read", "a b", "Paper: one", "10.1/X", "2024-03-28"])
some_tags = st.lists(st.sampled_from(["Machine Learning", "a b", "no", "C#", "été", "read"]), unique=True).map(tuple)


@st.composite
def items(draw: st.DrawFn) -> Face:
    """Zotero's face of a paper."""
    status = draw(st.sampled_from(["", "new", "read", "reading"]))
    return {
        **BLANK,
        "title": draw(a_text),
        "status": status,
        "status-date": "2024-03-28" if status else "",
        "tags": draw(some_tags),
        "keywords": draw(some_tags),
        "year": draw(st.sampled_from(["", "2017", "010"])),
        "type": "preprint",
        "doi": draw(a_text),
        "aliases": ("Paper: one",),
        "citekey": draw(st.sampled_from(["", "wei2020"])),
        "zotero-link": "zotero://select/library/items/AAAA2345",
        "abstract": draw(st.sampled_from(["", "digest"])),
    }


@settings(deadline=None)
@given(
    heads(),
    items(),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "body", "\n# Paper: one\n\nb\r\n---\n%% begin notes %%\nmine\n%% end notes %%"]),
)
def test_r28_law_4_a_note_keeps_its_bytes_and_zotero_its_item(
    made: MadeHead, zotero: Face, eol: str, bom: bool, body: str
) -> None:
    head = made.text.replace("\n", eol)
    data = ("\ufeff" if bom else "").encode() + f"---{eol}{head}---{eol}{body}".encode()
    note = read_note(data, "x.md", NOTE_RULES, item=ITEM)
    skip = frozenset(held.field for held in note.held)
    assert "" not in skip
    base = adopted(zotero, note.face, POLICY)
    plan = reconcile(ITEM, base, zotero, note.face, POLICY, RULES, skip=skip)
    assert (plan.zotero, plan.conflicts, plan.put_back) == ({}, (), ())
    after = advance(base, plan, zotero, {**note.face, **plan.vault}, POLICY)
    edit = Edit(ITEM, "1", plan.vault, stamp=stamp_of(ITEM, after, POLICY), before=base.vault, at="x.md")
    try:
        written = edit_note(data, edit, NOTE_RULES)
    except NoteError:
        return  # a head that cannot be changed line by line is left alone
    assert written.endswith(f"---{eol}{body}".encode())
    assert written.startswith(b"\xef\xbb\xbf") == bom
    for block in made.blocks:
        # A property that has a value keeps its lines; one without may be filled.
        if block.key is None or block.shows not in (None, "", ()):
            assert block.text.rstrip("\n").replace("\n", eol).encode() in written, block
    # Law 2: then it rests; and with the state lost its stamp vouches for what stands (R1).
    again = read_note(written, "x.md", NOTE_RULES)
    assert again.id == ITEM
    base = advance(base, plan, zotero, again.face, POLICY)
    for known in (base, adopted(zotero, again.face, POLICY)):
        rest = reconcile(ITEM, known, zotero, again.face, POLICY, RULES, skip=skip)
        assert (rest.zotero, rest.conflicts, rest.put_back) == ({}, (), ())
        assert all(not value for value in rest.vault.values()), rest.vault
    if again.face == {**note.face, **{name: value for name, value in plan.vault.items() if value}}:
        assert stamp_of(ITEM, Base(zotero, again.face), POLICY) == again.stamp


# --- killed, and with its memory lost -----------------------------------------------------------------------------

KEY, THEIRS = "AAAA", ("Digital Twin", "theirs")
a_value = st.sampled_from(["", "read", "unread", "mine", "10.1/x"])


@st.composite
def foreign_faces(draw: st.DrawFn) -> dict[str, Value]:
    """What another tool's note shows."""
    names = ("title", "status", "doi", "url", "type", "year", "citekey")
    face: dict[str, Value] = {name: draw(a_value) for name in draw(st.sets(st.sampled_from(names)))}
    if draw(st.booleans()):
        face["tags"] = draw(st.lists(st.sampled_from(["own", "Digital_Twin", "nlp"]), unique=True).map(tuple))
    return face


@contextmanager
def vault(face: Face) -> Iterator[tuple[World, Pair]]:
    """A library of one paper, which a person's note is about."""
    with tempfile.TemporaryDirectory(prefix="adoption-") as folder:
        world = World(Path(folder))
        world.server.add(KEY, title="Theirs", status="new", tags=THEIRS, type="book", citekey="key")
        note = MemoryNote(None, face, extra="a person's words")
        world.disk.put("Mine.md", note)
        yield world, Pair("Mine.md", item_id(KEY).library, KEY, note.digest)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(foreign_faces(), st.integers(1, 40), st.booleans(), st.booleans())
def test_law_5_killed_at_any_point_adoption_ends_the_same(
    face: dict[str, Value], at: int, lost: bool, synced: bool
) -> None:
    with vault(face) as (world, pair):
        item = world.server.items[KEY]
        world.sync(Kill(at), adopting=Adopting((pair,)))
        if synced:
            world.settings = replace(world.settings, create="wanted")  # a sync may come before it is tried again
            world.sync()
        world.sync(adopting=Adopting((pair,)))
        note = world.disk.note("Mine.md")
        assert (note.id, note.extra) == (item_id(KEY), "a person's words")
        assert {name: note.face.get(name) for name in face if face[name]} == {n: v for n, v in face.items() if v}
        if lost:
            world.lose_state()
        assert world.settle() == 0
        assert (world.server.items[KEY], [*world.disk.files]) == (item, ["Mine.md"])
        # From now on it is a note like any other.
        world.disk.edit("Mine.md", {"title": "Edited"})
        world.server.change(KEY, {"url": "https://new.example"})
        world.settle()
        assert world.server.face(KEY)["title"] == "Edited"
        assert world.disk.note("Mine.md").face["url"] == "https://new.example"


def test_law_6_what_was_edited_since_it_was_agreed_to_is_left() -> None:
    with vault({"title": "Mine"}) as (world, pair):
        world.disk.put("Mine.md", replace(world.disk.note("Mine.md"), extra="more words"))
        before = dict(world.disk.files)
        report = world.sync(adopting=Adopting((pair,)))
        assert report is not None
        assert world.disk.files == before
        assert ["changed" in message for message in report.messages] == [True]


@pytest.mark.parametrize("push", [False, True])
def test_r28_only_a_push_writes_to_zotero(push: bool) -> None:
    with vault({"title": "Mine", "tags": ("own",)}) as (world, pair):
        world.sync(adopting=Adopting((pair,), push=push))
        assert world.server.face(KEY)["title"] == ("Mine" if push else "Theirs")
        assert world.server.face(KEY)["tags"] == ((*THEIRS, "own") if push else THEIRS)
        assert world.settle() == 0
