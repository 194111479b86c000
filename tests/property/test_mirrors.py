"""The mirror of a section under kills, lost answers and two people's hands (laws 1, 2, 3, 5; R4)."""

from __future__ import annotations

import re
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_side import Kill
from world import World

from bridge.core.mirror import SECTION_FIELD
from bridge.core.safety import Limits
from bridge.errors import GuardStop, UnreachableError
from bridge.sync.pushing import Mirroring

KEY = "AAAAAAA2"
#: Another name than the one by which reading a note tells that the section holds text: the vault in memory tells not.
MIRRORING = Mirroring("v1", "vault", heading="Own", notes=True)


def start(folder: Path) -> World:
    world = World(folder)
    world.mirroring = MIRRORING
    world.server.add(KEY, title="T")
    world.settle()
    return world


def write(world: World, text: str) -> None:
    path = world.home(KEY)
    world.disk.put(path, replace(world.disk.note(path), extra=text))


def mirrors(world: World) -> dict[str, str]:
    """The words of the paper's child notes that are not in the trash, by key."""
    return {
        key: re.sub(r"<[^>]*>|\s", "", one["data"]["note"]).removeprefix("Own(Obsidian)")
        for key, one in world.server.items.items()
        if one["data"]["itemType"] == "note" and not one["data"].get("deleted")
    }


def edit_in_zotero(world: World, key: str, words: str) -> None:
    world.server.hang(key, "note", KEY, note=f"<h1>Own (Obsidian)</h1><p>{words}</p>")


@pytest.mark.parametrize("at", range(1, 16))
def test_law5_killed_anywhere_one_mirror_shows_the_section(tmp_path: Path, at: int) -> None:
    world = start(tmp_path)
    write(world, "first")
    world.sync(Kill(at))
    write(world, "second")
    world.sync(Kill(at + 3))
    world.settle()
    assert list(mirrors(world).values()) == ["second"]
    assert world.conflicts() == []


def fail(world: World, answer: str) -> None:
    """A cycle whose first write fares so."""
    world.server.answers.append(answer)
    with pytest.raises(UnreachableError) if answer == "down" else nullcontext():
        world.sync()


@pytest.mark.parametrize("answer", ["lost", "dropped", "down"])
def test_r4_an_answer_that_never_came_makes_no_second_note(tmp_path: Path, answer: str) -> None:
    world = start(tmp_path)
    write(world, "first")
    fail(world, answer)
    world.settle()
    assert list(mirrors(world).values()) == ["first"]
    write(world, "second")
    fail(world, answer)
    world.settle()
    assert list(mirrors(world).values()) == ["second"]
    assert world.conflicts() == []


def test_a_push_that_zotero_refuses_is_said_once(tmp_path: Path) -> None:
    world = start(tmp_path)
    write(world, "POISON")
    report = world.sync()
    assert report is not None
    assert "Zotero does not take the mirror" in report.messages[0]
    before = world.server.version
    report = world.sync()
    assert report is not None
    assert (report.messages, world.server.version) == ([], before)


def test_r33_a_guards_answer_can_leave_zotero_as_it_is(tmp_path: Path) -> None:
    world = start(tmp_path)
    write(world, "first")
    world.settle()
    world.limits = Limits(share=0, minimum=1)
    write(world, "second")
    with pytest.raises(GuardStop) as stop:
        world.sync(yes=False)
    assert list(mirrors(world).values()) == ["first"]
    world.sync(yes=False, answers={stop.value.about: "put-back"})
    world.sync(yes=False)
    assert list(mirrors(world).values()) == ["first"]
    write(world, "third")
    with pytest.raises(GuardStop):
        world.sync(yes=False)
    world.sync()
    assert list(mirrors(world).values()) == ["third"]


WORDS = st.sampled_from(["one", "two", "three", "four"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), WORDS),
        st.tuples(st.just("zotero"), WORDS),
        st.tuples(st.just("trash"), st.just("")),
        st.tuples(st.just("erase"), st.just("")),
        st.tuples(st.just("sync"), st.just("")),
        st.tuples(st.just("kill"), st.integers(1, 12).map(str)),
        st.tuples(st.just("lost"), st.just("")),
        st.tuples(st.just("forget"), st.just("")),
        st.tuples(st.just("answer"), st.sampled_from(["zotero", "vault"])),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=30)
@given(STEPS)
def test_laws_1_and_3_no_word_of_a_person_is_lost(steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = start(Path(folder))
        section = ""
        theirs: dict[str, str] = {}  # what a person wrote in Zotero last, by child, and nobody answered for the vault
        for step, said in steps:
            shown = mirrors(world)
            if step == "write":
                write(world, said)
            elif step == "zotero" and shown:
                theirs[max(shown)] = f"z{said}"
                edit_in_zotero(world, max(shown), f"z{said}")
            elif step == "trash" and shown:
                theirs.pop(max(shown), None)
                world.server.hang(max(shown), "note", KEY, deleted=1)
            elif step == "erase" and shown:
                theirs.pop(max(shown), None)
                world.server.version += 1
                world.server.erased[max(shown)] = world.server.version
                del world.server.items[max(shown)]
            elif step == "sync":
                world.sync()
            elif step == "kill":
                world.sync(Kill(int(said)))
            elif step == "lost":
                world.server.answers.append("lost")
                world.sync()
                world.server.answers.clear()
            elif step == "forget":
                world.lose_state()
            elif step == "answer" and (open_one := world.conflict(KEY, SECTION_FIELD)) is not None:
                world.answer(open_one.number, said)
                before = mirrors(world)
                world.sync()
                if said == "vault" and mirrors(world) != before:
                    theirs = {key: text for key, text in theirs.items() if mirrors(world).get(key) == text}
            section = world.note(KEY).extra
            assert {key: mirrors(world).get(key) for key in theirs} == theirs  # law 3, in Zotero
        world.settle(6)
        assert world.note(KEY).extra == section  # and in the vault
        shown = mirrors(world)
        assert {key: shown.get(key) for key in theirs} == theirs
        is_open = world.conflict(KEY, SECTION_FIELD) is not None
        if section and shown and not is_open and not theirs:
            assert section in shown.values()  # law 1
        rest = world.writes()
        world.sync()
        assert world.writes() == rest  # law 2
