"""Laws 1, 4 and 5 for renames: random keys, kills and edits in between, and in the end each link means its paper.

Papers get keys in rounds, each as many as a cycle brings, some of them shared by several papers for a while. A process
may be killed at any step of any round. Once all is quiet every note has the name it would have been made with, every
link leads to the note it led to, and every citation that was never ambiguous cites its paper.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from vault_maker import VaultMaker, record

from bridge.core.names import folded
from bridge.vault import files
from bridge.vault.batch import Batch

PAPERS = "ABCDE"
KEYS = ("a", "b", "c", "d", "e", "k", "m", "A")

rounds = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(PAPERS), st.sampled_from(KEYS), min_size=1, max_size=5),
        st.integers(min_value=0, max_value=40),  # the step at which the process is killed; none, if it has fewer
        st.booleans(),  # a person writes into a file then
    ),
    min_size=1,
    max_size=3,
)


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def mortal(vault: VaultMaker, last: int) -> Iterator[None]:
    """Let only so many things be done to the disk and the memory."""
    things: list[tuple[Any, str]] = [(files, "move"), (Batch, "stage"), (Batch, "commit"), (Batch, "_place")]
    things += [(vault.log, name) for name in ("add", "settle", "keep")]
    things += [(vault.index, name) for name in ("put_rows", "drop_rows")]
    taken = [0]

    def stepping(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **more: Any) -> Any:
            if taken[0] == last:
                raise Killed
            taken[0] += 1
            return real(*args, **more)

        return act

    kept = [(thing, name, getattr(thing, name)) for thing, name in things]
    for thing, name, real in kept:
        setattr(thing, name, stepping(real))
    try:
        yield
    finally:
        for thing, name, real in kept:
            setattr(thing, name, real)


class World:
    """A vault, and what its papers are called by Zotero and by the last agreement."""

    def __init__(self, root: Path) -> None:
        self.vault = VaultMaker(root)
        self.vault.make(*(record(letter) for letter in PAPERS))
        self.vault.write("Own.md", " ".join(f"[[@{one.lower()}]] [[Papers/@{one.lower()}#h|x]]" for one in PAPERS))
        self.vault.write("Cites.md", " ".join(f"[@{one.lower()}]" for one in PAPERS))
        self.keys = {one: one.lower() for one in PAPERS}
        self.agreed = dict(self.keys)
        self.stamps = dict.fromkeys(PAPERS, "7f3k2m9d")
        self.given = 0
        self.is_plain = True  # no key was ever another paper's, too

    def rekey(self, keys: dict[str, str]) -> None:
        """Zotero has other keys from now on."""
        self.keys |= keys
        self.given += 1
        for one in keys:
            self.stamps[one] = f"{one.lower()}{self.given:07}"
        self.is_plain &= len(set(map(str.lower, self.keys.values()))) == len(PAPERS)

    def cycle(self) -> None:
        vault = self.vault
        vault.scan()
        vault.side.carry_renames(begin=False)
        edits = []
        for one in PAPERS:
            of = record(one)
            row = vault.index.rows_of([of.id])[of.id]
            if row.stamp == self.stamps[one]:
                self.agreed[one] = self.keys[one]
            else:
                before = record(one, citekey=self.agreed[one]).face
                edit = vault.edit(of, before, citekey=self.keys[one])
                edits.append(replace(edit, stamp=self.stamps[one]))
        for outcome in vault.side.apply(edits):
            assert outcome.result == "applied", outcome
            one = outcome.id.key[0]
            self.agreed[one] = self.keys[one]
        vault.side.carry_renames(begin=True)


@settings(max_examples=60, deadline=None)  # each is some cycles over a real folder
@given(rounds)
def test_whatever_is_renamed_and_killed_each_link_means_its_paper_in_the_end(
    history: list[tuple[dict[str, str], int, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        words = 0
        for keys, last, edited in history:
            world.rekey(keys)
            try:
                with mortal(world.vault, last):
                    world.cycle()
            except Killed:
                world.vault.side = world.vault.again()
            if edited:
                words += 1
                for name in ("Own.md", "Cites.md"):
                    with (world.vault.root / name).open("a") as file:
                        file.write(" mine")
        for _ in range(3):
            world.cycle()
        check(world, words)


def check(world: World, words: int) -> None:
    vault = world.vault
    paths = {one: vault.path_of(record(one)) for one in PAPERS}
    stems = {one: path.removeprefix("Papers/").removesuffix(".md") for one, path in paths.items()}
    shared: dict[str, list[str]] = {}
    for one, key in world.keys.items():
        assert f"citekey: {key}\n" in vault.read(paths[one])
        assert stems[one] in (f"@{key}", f"@{key} {one * 8}")
        shared.setdefault(folded(key), []).append(one)
    for papers in shared.values():  # one of them has the plain name
        assert sum(stems[one] == f"@{world.keys[one]}" for one in papers) == 1
    assert vault.files() == sorted(["Cites.md", "Own.md", *paths.values()])
    tail = " mine" * words
    assert vault.read("Own.md") == " ".join(f"[[{each}]] [[Papers/{each}#h|x]]" for each in stems.values()) + tail
    if world.is_plain:
        assert vault.read("Cites.md") == " ".join(f"[@{key}]" for key in world.keys.values()) + tail
        assert (vault.log.due(), vault.log.journal()) == ([], "")
    assert vault.scan().rows == ()
