"""Random histories by two hands with everything switched on: notes pushed, links back, a bibliography, index notes.

After each sync laws 2 and 12 hold, and now and then it is taken back and done again, to the byte.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, Library, digests, paper, quiet

from bridge.sandbox.server import SandboxServer

_PAPERS = 8


class Hands:
    """The person who edits notes, and the one who edits items; each edit is one line of a history."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self._desk, self._chance = desk, chance
        self._keys = list(desk.keys.values())
        self._edits: list[Callable[[str, Path | None, int], None]] = [
            lambda key, _, n: desk.web.change(key, title=f"Theirs {n}"),
            lambda key, _, n: desk.web.change(key, citationKey=f"theirs{n}"),
            lambda key, _, n: desk.web.change(key, tags=[*desk.web.item(key)["tags"], {"tag": f"theirs {n}"}]),
            lambda key, _, n: desk.web.trash(key, trashed=n % 2 == 0),
            lambda _, __, n: self._keys.extend(desk.web.add(paper(n, citationKey=f"new{n}" if n % 2 else ""))),
            self._swap,
            self._hang,
            lambda _, note, n: self._edit(note, r"^title: .*?(\r?)$", rf"title: Mine {n}\1"),
            lambda _, note, n: self._edit(note, r"^citekey: .*?(\r?)$", rf"citekey: mine{n}\1"),
            lambda _, note, n: self._edit(note, r"^tags:(\r?)$", rf"tags:\1\n  - mine-{n}\1"),
            lambda _, note, n: self._edit(note, r"^status: .*?(\r?)$", rf"status: {('read', 'new')[n % 2]}\1"),
            lambda _, note, n: self._edit(note, r"^## Notes(\r?)$", rf"## Notes\1\n\1\nThought {n} of [[@p1]].\1"),
            lambda _, note, n: self._edit(note, r"^(%% bridge:end \w+ %%\r?)$", rf"Mine, {n}.\n\n\1"),
            self._save_as_windows_does,
            self._delete,
            self._cite,
        ]

    def notes(self) -> dict[str, Path]:
        """The papers' notes, by item key."""
        found: dict[str, Path] = {}
        for path in sorted(self._desk.vault.glob("Papers/*.md")):
            if named := re.search(rb"^zotero-key: (\w+)", path.read_bytes(), re.MULTILINE):
                found[named[1].decode()] = path
        return found

    def edit(self) -> None:
        """One edit by one of them."""
        key, n = self._chance.choice(self._keys), self._chance.randrange(100, 1000)
        self._chance.choice(self._edits)(key, self.notes().get(key), n)

    def _edit(self, note: Path | None, pattern: str, replacement: str) -> None:
        if note is not None:
            text = note.read_bytes().decode()
            note.write_bytes(re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE).encode())

    def _save_as_windows_does(self, _: str, note: Path | None, __: int) -> None:
        if note is not None:
            note.write_bytes(note.read_bytes().replace(b"\r", b"").replace(b"\n", b"\r\n"))

    def _delete(self, _: str, note: Path | None, n: int) -> None:
        if note is not None and n % 3 == 0:
            note.unlink()

    def _cite(self, _: str, note: Path | None, n: int) -> None:
        if note is not None:
            with (self._desk.vault / "diary.md").open("a") as diary:
                diary.write(f"{n}: [[{note.stem}]] and [{note.stem}; {note.stem}]\n")

    def _swap(self, key: str, _: Path | None, __: int) -> None:
        other = self._chance.choice(self._keys)
        one, two = (self._desk.web.item(each)["citationKey"] for each in (key, other))
        self._desk.web.change(key, citationKey=two)
        self._desk.web.change(other, citationKey=one)

    def _hang(self, key: str, _: Path | None, n: int) -> None:
        if not self._desk.web.item(key).get("deleted"):
            self._desk.web.add({"itemType": "note", "parentItem": key, "note": f"<p>Theirs, {n}</p>"})


def world(desk: Desk) -> tuple[dict[str, str], dict[str, Any]]:
    """Notes and canvases, and all that is in Zotero and not in its trash; pages about the library follow it."""
    data = [each["data"] for each in desk.web.call("GET", "items", limit=100).json()]
    items = {
        each["key"]: {name: value for name, value in each.items() if name not in ("version", "dateModified")}
        for each in data
    }
    files = digests(desk.vault)
    return {path: files[path] for path in files if path.startswith("Papers/") or path == "diary.md"}, items


def taken_back_and_done_again(desk: Desk, before: object, cycle: int) -> None:
    after = world(desk)
    code, report = desk.json("undo", cycle, "--yes")
    assert (code in (0, 3), report["undo"]["left"]) == (True, []), report
    assert world(desk) == before
    code, report = desk.json("undo", report["undo"]["cycle"], "--yes")
    assert (code in (0, 3), report["undo"]["left"]) == (True, []), report
    assert world(desk) == after


def last(desk: Desk) -> int:
    return int(desk.json("log", "-n", "1")[1]["cycles"][0]["cycle"])


@pytest.mark.parametrize(
    ("seed", "syncs"), [(1, 4), *(pytest.param(seed, 20, marks=pytest.mark.long) for seed in range(2, 8))]
)
def test_laws_2_and_12_and_undoing_where_all_parts_meet(
    server: SandboxServer, tmp_path: Path, seed: int, syncs: int
) -> None:
    desk = Desk.set_up(tmp_path, Library(server), _PAPERS, indexes=True)
    config = desk.vault / ".bridge" / "config.toml"
    said = config.read_text().replace("push = false", "push = true", 1)
    config.write_text(f'{said}\n[backlink]\nenabled = true\n[bibliography]\npath = "refs.bib"\n')
    desk.settle()
    chance = random.Random(seed)
    hands = Hands(desk, chance)
    for _ in range(syncs):
        for _ in range(chance.randint(1, 4)):
            hands.edit()
        before, stats, memory, cycle = world(desk), desk.stats(), digests(desk.state), last(desk)
        foretold = desk.sync("--dry-run")
        assert (desk.stats(), digests(desk.state), world(desk)) == (stats, memory, before)
        happened = desk.sync()
        for part in ("vault", "conflicts", "held"):
            assert foretold[1][part] == happened[1][part]
        assert foretold[0] == happened[0]
        for _ in range(2):
            stats = desk.stats()
            report = desk.sync()[1]
            assert (quiet(report), desk.stats()) == (True, stats), report
        if last(desk) > cycle and chance.random() < 0.4:
            taken_back_and_done_again(desk, before, last(desk))
