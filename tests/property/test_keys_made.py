"""Citation keys made under kills, lost answers and people's hands (laws 1, 2, 3, 5, 6; R4, R19)."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_side import Kill
from world import World

from bridge.errors import UnreachableError
from bridge.state.history import MADE

KEYS = ("AAAAAAA2", "BBBBBBB2", "CCCCCCC2")
#: Papers of the same title get keys of the same stem.
FORMULA = "title.lower"


def start(folder: Path) -> World:
    world = World(folder)
    world.citekeys = FORMULA
    return world


def made(world: World) -> Counter[str]:
    """How often a key was made for each paper."""
    with world.state() as state:
        rows = [row for cycle in state.history.cycles(1000) for row in cycle.changes]
    return Counter(row.id.key for row in rows if row.why == MADE)


def check(world: World) -> None:
    """Every paper has a key, its note shows the same one, and no two papers share one that was made.

    A lost state has forgotten for which papers keys were made, but they bear them.
    """
    shown = {key: world.zotero(key)["citekey"] for key in world.server.items}
    assert all(shown.values())
    assert {key: world.shows(key, "citekey") for key in shown} == shown
    assert max(made(world).values(), default=0) <= 1
    of_formula = [str(name) for name in shown.values() if not str(name).startswith("mine")]
    assert len({name.casefold() for name in of_formula}) == len(of_formula)


@pytest.mark.parametrize("at", range(1, 30))
def test_law5_killed_anywhere_each_paper_has_one_key_and_no_conflict(tmp_path: Path, at: int) -> None:
    world = start(tmp_path)
    for key in KEYS:
        world.server.add(key, title="One", citekey="")
    world.sync(Kill(at))
    world.server.add("DDDDDDD2", title="one", citekey="")
    world.sync(Kill(at + 5))
    world.settle()
    check(world)
    assert sorted(str(world.zotero(key)["citekey"]) for key in world.server.items) == ["one", "onea", "oneb", "onec"]
    assert world.conflicts() == []


@pytest.mark.parametrize("at", range(1, 20))
def test_r4_a_key_typed_into_a_note_after_a_kill_wins(tmp_path: Path, at: int) -> None:
    world = World(tmp_path)
    world.server.add(KEYS[0], title="One", citekey="")
    world.settle()
    world.citekeys, world.fingerprint = FORMULA, "2"
    world.sync(Kill(at))
    typed = not world.shows(KEYS[0], "citekey")
    if typed:
        world.edit(KEYS[0], citekey="mine")
    world.settle()
    check(world)
    assert world.zotero(KEYS[0])["citekey"] == ("mine" if typed else "one")
    assert world.conflicts() == []


@pytest.mark.parametrize("answer", ["lost", "dropped", "down"])
def test_law6_an_answer_that_never_comes_is_looked_into(tmp_path: Path, answer: str) -> None:
    world = start(tmp_path)
    for key in KEYS:
        world.server.add(key, title="One", citekey="")
    world.server.answers.append(answer)
    with suppress(UnreachableError):
        world.sync()
    assert len(world.disk.files) < len(KEYS), "no note before its name is known"
    world.settle()
    check(world)


_ACTS = st.sampled_from(["add", "type", "name", "retitle", "lost", "dropped", "forget", "sync"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_ACTS, st.sampled_from(KEYS), st.integers(1, 40)), max_size=12))
def test_law1_whatever_people_do_both_sides_show_one_key(acts: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = start(Path(folder))
        for number, (act, key, at) in enumerate(acts):
            if act == "add" and key not in world.server.items:
                world.server.add(key, title="One", citekey="")
            elif act == "forget":
                world.lose_state()
            elif act in ("lost", "dropped"):
                world.server.answers.append(act)
            elif key in world.server.items:
                if act == "name":
                    world.change(key, citekey=f"mine{number}")
                elif act == "retitle":
                    world.change(key, title=f"Title {number}")
                elif act == "type" and world.disk.files and any(key in str(n) for n in world.disk.files.values()):
                    world.edit(key, citekey=f"mine{number}")
            world.sync(Kill(at))
        world.server.answers.clear()
        world.settle(5)
        for row in world.conflicts():
            world.answer(row.number, "vault")
        world.settle(5)
        check(world)
