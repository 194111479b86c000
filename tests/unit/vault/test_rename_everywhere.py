"""Law 4, R27: in a vault of 2,000 notes every link follows and nothing else does, whoever changes names with whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from linked_vault import LinkedVault
from obsidian_links import links, resolve
from vault_maker import LIBRARY, VaultMaker

from bridge.core.place import FormerKey
from bridge.core.record import ItemId
from bridge.vault import files

NOTES, PAPERS = 2_000, 400
ALPHABET = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"


#: What the other reading of links does not step over: comments, math, code in quotes and between two backticks.
_NO_LINKS = re.compile(
    r"^> ```.*?^> ```|(?<!`)``(?!`).*?``|<!--.*?-->|\$\$.*?\$\$|\$\[\[.*?\$", re.DOTALL | re.MULTILINE
)


def papers() -> dict[str, str]:
    """Citation keys, many of which begin alike, to the base names of their notes; a person named every tenth."""
    keys = [
        f"{name}{year}{letter}"
        for name in ("wei", "weiss", "li", "Lópeź")
        for year in range(2000, 2025)
        for letter in "abcd"
    ]
    return {key: f"Read {at}" if at % 10 == 3 else f"@{key}" for at, key in enumerate(keys)}


def renames(random: Random, keys: list[str]) -> dict[str, str]:
    """Old key to new: two that swap, rings, chains, keys of their own, and one that changes in case alone."""
    left = random.sample(keys, 200)
    found: dict[str, str] = {}
    for size in (2, 2, 2, 3, 3, 4, 9):
        ring, left = left[:size], left[size:]
        found |= dict(zip(ring, [*ring[1:], ring[0]], strict=True))
    for size in (2, 3, 6):
        chain, left = left[:size], left[size:]
        found |= dict(zip(chain, [*chain[1:], f"{chain[-1]}-new"], strict=True))
    found |= {key: key.upper() for key in left[:5]}
    return found | {key: f"brand{at}new" for at, key in enumerate(left[5:80])}


def head(key: str, at: int) -> str:
    item = ALPHABET[at // 33] + ALPHABET[at % 33] + "AAAAAA"
    return f"citekey: {key}\nzotero-key: {item}"


@pytest.fixture(params=[1, 2], ids="seed{}".format)
def random(request: pytest.FixtureRequest) -> Random:
    return Random(request.param)


def identities(texts: dict[str, bytes], names: dict[str, str]) -> Iterator[tuple[str, str, list[str]]]:
    """Every link in a vault, by where it stands, and what it leads to; a file by what it was called."""
    known = {**{path: path for path in texts}, **names}
    by_stem: dict[str, list[str]] = {}
    for path in texts:
        by_stem.setdefault(path.rpartition("/")[2].casefold().removesuffix(".md"), []).append(path)
    for path, data in texts.items():
        if path.endswith(".md"):
            for at, (target, _) in enumerate(links(_NO_LINKS.sub("", data.decode()))):
                stem = target.strip().rpartition("/")[2].casefold().removesuffix(".md")
                found = resolve(target.strip(), by_stem.get(stem, ()))
                yield (known[path], str(at), sorted(known[each] for each in found))


def test_every_link_follows_exactly_and_nothing_else_moves(
    tmp_path: Path, random: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    stems = papers()
    world = LinkedVault.make(random, stems, NOTES, canvases=40)
    vault = VaultMaker(tmp_path)
    keys = renames(random, list(stems))
    items: dict[str, ItemId] = {}
    heads: dict[str, str] = {}
    for path in world.files:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(world.text(path, {}, {}))
    for at, (key, stem) in enumerate(stems.items()):
        path, front = f"Papers/{stem}.md", head(keys.get(key, key), at)
        heads[path], items[key] = front, ItemId(LIBRARY, front[-8:])
        (tmp_path / path).write_bytes(world.text(path, {}, {}, front))
    vault.scan()
    before = {path: (tmp_path / path).read_bytes() for path in world.files}
    assert len(vault.index.bound()) == PAPERS

    vault.log.add(FormerKey(items[old], old, f"@{old}") for old in keys)
    opened: list[str] = []
    real = files.read_stable

    def counted(path: Path) -> tuple[bytes, Any]:
        opened.append(path.relative_to(tmp_path).as_posix())
        return real(path)

    monkeypatch.setattr(files, "read_stable", counted)
    assert not vault.side.carry_renames(begin=True)

    moved = {f"@{old}": f"@{new}" for old, new in keys.items() if stems[old].startswith("@")}
    where = {f"Papers/{old}.md": f"Papers/{new}.md" for old, new in moved.items()}
    assert vault.side.renamed == len(moved)
    after = {path: (tmp_path / path).read_bytes() for path in vault.files()}
    wanted = {where.get(path, path): world.text(path, keys, moved, heads.get(path, "")) for path in world.files}
    assert after.keys() == wanted.keys()
    for path, data in wanted.items():
        assert after[path].decode() == data.decode(), path

    # R27: another reading of links, which knows nothing of renames, finds each leading where it led.
    names = {new: old for old, new in where.items()}
    found, led = list(identities(before, {})), list(identities(after, names))
    assert sorted(found) == sorted(led)
    assert sum(bool(target) for *_, target in found) > NOTES / 4

    # Only files with such a name in them were opened; those to be changed once more, for the last look (law 6).
    holders = {where.get(path, path) for path in world.holders(keys, moved)}
    assert vault.side.stats.linked == len(holders)
    assert {path for path in opened if opened.count(path) > 1} <= holders
    assert len(set(opened)) < NOTES * 0.6
    assert vault.scan().rows == ()
