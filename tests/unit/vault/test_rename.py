"""Renames: files follow citation keys, links follow files, and a kill anywhere costs nothing (laws 2, 4, 5, 6)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vault_maker import VaultMaker, record

from bridge.core.record import Face, Record
from bridge.core.side import Edit
from bridge.errors import NoteError
from bridge.vault import files, rename
from bridge.vault.batch import Batch
from bridge.vault.quiet import Quiet
from bridge.vault.scan import VaultScan
from bridge.vault.side import VaultSide

LINKS = "See [[@a]], [[@a|her]], ![[Papers/@a#Notes]] and [@a, p. 3], not [[@ab]] or `[[@a]]`.\r\n"
CARRIED = "See [[@z]], [[@z|her]], ![[Papers/@z#Notes]] and [@z, p. 3], not [[@ab]] or `[[@a]]`.\r\n"


@pytest.fixture
def vault(tmp_path: Path) -> VaultMaker:
    return VaultMaker(tmp_path)


def rekeyed(vault: VaultMaker, letter: str, key: str, before: Face | None = None) -> Edit:
    """The edit by which a paper's note gets another citation key, as a cycle would send it."""
    edit = vault.edit(record(letter), before or record(letter).face, citekey=key)
    return replace(edit, stamp=f"2{letter.lower()}{key}22222"[:8])


def carry(vault: VaultMaker, *edits: Edit) -> list[str]:
    """The results of edits, and the renames that follow."""
    assert not vault.side.carry_renames(begin=False)
    results = [outcome.result for outcome in vault.side.apply(edits)]
    assert not vault.side.carry_renames(begin=True)
    return list(results)


def rekey(vault: VaultMaker, **keys: str) -> None:
    """Give papers, named by their letter, other keys at once."""
    edits = [rekeyed(vault, letter, key) for letter, key in keys.items()]
    assert set(carry(vault, *edits)) <= {"applied"}


def rekey_from(vault: VaultMaker, letter: str, old: str, new: str) -> None:
    """Give a paper another key than the one it was given last."""
    edit = replace(vault.edit(record(letter), record(letter, citekey=old).face, citekey=new), stamp="23456722")
    assert carry(vault, edit) == ["applied"]


# --- one key ---


def test_a_changed_key_renames_the_file_and_the_whole_vault_follows(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    vault.write("Daily/Monday.md", LINKS)
    vault.write("Board.canvas", json.dumps({"nodes": [{"type": "file", "file": "Papers/@a.md"}]}))
    other = vault.write("Other.md", "nothing of it")
    note = vault.read("Papers/@b.md")
    vault.write("Papers/@b.md", note.replace("tags:", 'related: "[[@a]]"\ntags:', 1))
    vault.scan()
    before = other.stat()
    rekey(vault, A="z")
    assert vault.path_of(a) == "Papers/@z.md"
    assert not (vault.root / "Papers/@a.md").exists()
    assert vault.read("Daily/Monday.md") == CARRIED
    assert json.loads(vault.read("Board.canvas"))["nodes"][0]["file"] == "Papers/@z.md"
    assert 'related: "[[@z]]"' in vault.read("Papers/@b.md")
    assert other.stat() == before
    assert (vault.side.renamed, vault.side.stats.linked) == (1, 3)
    assert vault.scan() == VaultScan(bound_before=2, bound_now=2, files=4)  # law 8


def test_a_note_that_gets_an_edit_gets_its_links_too(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    for name in "ab":
        path = vault.root / f"Papers/@{name}.md"
        path.write_bytes(path.read_bytes() + b"\n[[@a]] [@a]\n")
    vault.scan()
    assert carry(vault, vault.edit(b, status="read"), rekeyed(vault, "A", "z")) == ["applied", "applied"]
    assert vault.read("Papers/@b.md").endswith("[[@z]] [@z]\n")
    assert vault.read("Papers/@z.md").endswith("[[@z]] [@z]\n")
    assert "status: read" in vault.read("Papers/@b.md")
    assert vault.scan().changed == ()


def test_a_key_the_person_changed_in_the_note_renames_its_file_too(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    vault.write("Own.md", LINKS)
    vault.write("Papers/@a.md", vault.read("Papers/@a.md").replace("citekey: a", "citekey: z"))
    vault.scan()
    assert carry(vault, vault.edit(a, a.face, aliases=("Paper A", "a"))) == ["applied"]
    assert (vault.path_of(a), vault.read("Own.md")) == ("Papers/@z.md", CARRIED)


def test_a_file_a_person_named_keeps_its_name_and_citations_follow(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    (vault.root / "Papers/@a.md").rename(vault.root / "Papers/My title.md")
    vault.write("Own.md", "[[My title]] [@a] [[@a]]")
    vault.scan()
    rekey(vault, A="z")
    assert vault.path_of(a) == "Papers/My title.md"
    assert vault.read("Own.md") == "[[My title]] [@z] [[@a]]"
    assert vault.side.renamed == 0


def test_a_note_moved_elsewhere_is_renamed_where_it_is(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    (vault.root / "Kept").mkdir()
    (vault.root / "Papers/@a.md").rename(vault.root / "Kept/@a.md")
    vault.write("Own.md", "[[@a]] [[Kept/@a]] [[Papers/@a]]")
    vault.scan()
    rekey(vault, A="z")
    assert vault.path_of(a) == "Kept/@z.md"
    assert vault.read("Own.md") == "[[@z]] [[Kept/@z]] [[Papers/@a]]"


def test_law_4_odd_files_stay_byte_for_byte(vault: VaultMaker) -> None:
    vault.make(record("A"))
    odd = {
        "Odd.md": b"[[@a]] \xff",
        "Bom.md": b"\xef\xbb\xbf---\r\nx: y\r\n---\r\n\r\n[[@a]]\r\nno end",
        "Mixed.md": b"[[@a]]\r\n[[@a]]\n\r\n \t \x00 \xe2\x80\xa8 [[@a]]",
    }
    for name, data in odd.items():
        (vault.root / name).write_bytes(data)
    vault.scan()
    rekey(vault, A="z")
    for name, data in odd.items():
        wanted = data if name == "Odd.md" else data.replace(b"@a", b"@z")
        assert (vault.root / name).read_bytes() == wanted


# --- names that are taken ---


def test_r27_a_name_taken_by_a_persons_file_stays_theirs_until_it_is_free(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    theirs = vault.write("Elsewhere/@Z.md", "mine")
    vault.write("Own.md", LINKS)
    vault.scan()
    rekey(vault, A="z")
    assert vault.path_of(a) == "Papers/@z AAAAAAAA.md"
    assert vault.read("Own.md").startswith(
        "See [[@z AAAAAAAA]], [[@z AAAAAAAA|her]], ![[Papers/@z AAAAAAAA#Notes]] and [@z,"
    )
    theirs.unlink()
    vault.scan()
    assert not vault.side.carry_renames(begin=True)
    assert (vault.path_of(a), vault.read("Own.md")) == ("Papers/@z.md", CARRIED)
    assert vault.scan().rows == ()


def test_an_empty_file_that_a_clicked_link_made_gives_up_its_name(vault: VaultMaker) -> None:
    vault.make(record("A"))
    vault.write("Papers/@z.md", "")
    vault.scan()
    rekey(vault, A="z")
    assert vault.files() == ["Papers/@z.md"]
    assert vault.scan().rows == ()


def test_two_papers_with_one_key_stay_apart_and_the_one_left_gets_the_plain_name(vault: VaultMaker) -> None:
    a, b = record("A", citekey="x"), record("B", citekey="x")
    vault.make(a, b)
    assert (vault.path_of(a), vault.path_of(b)) == ("Papers/@x.md", "Papers/@x BBBBBBBB.md")
    vault.write("Own.md", "[@x] and [[@x]] and [[@x BBBBBBBB]]")
    vault.scan()
    edit = replace(vault.edit(a, a.face, citekey="y"), stamp="22222222")
    assert carry(vault, edit) == ["applied"]
    assert (vault.path_of(a), vault.path_of(b)) == ("Papers/@y.md", "Papers/@x.md")
    assert vault.read("Own.md") == "[@x] and [[@y]] and [[@x]]"  # a citation may mean either
    assert vault.scan().rows == ()


def test_two_papers_that_get_one_key(vault: VaultMaker) -> None:
    vault.make(record("A"), record("B"))
    vault.write("Own.md", "[[@a]] [[@b]] [@a] [@b]")
    vault.scan()
    rekey(vault, A="x", B="x")
    assert [vault.path_of(record(letter)) for letter in "AB"] == ["Papers/@x.md", "Papers/@x BBBBBBBB.md"]
    assert vault.read("Own.md") == "[[@x]] [[@x BBBBBBBB]] [@a] [@b]"
    rekey_from(vault, "B", "x", "w")
    assert vault.read("Own.md") == "[[@x]] [[@w]] [@x] [@w]"  # now nobody can take them for one another


# --- names that change hands ---

HANDS: list[dict[str, str]] = [
    {"A": "b", "B": "a"},
    {"A": "b", "B": "c", "C": "d"},
    {"C": "d", "B": "c", "A": "b"},
    {"A": "b", "B": "c", "C": "a"},
    {"A": "c", "C": "a", "B": "q"},
    {"A": "A"},
    {"A": "B", "B": "A"},
]


@pytest.mark.parametrize("keys", HANDS, ids=str)
@pytest.mark.parametrize("at_once", [True, False])
def test_names_that_change_hands_end_right_with_every_link(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str], *, at_once: bool
) -> None:
    monkeypatch.setattr("bridge.vault.side.CHUNK", 200 if at_once else 1)
    vault.make(record("A"), record("B"), record("C"))
    own = "[[@a]] [[@b]] [[@c]] [@a] [@b] [@c]"
    vault.write("Own.md", own)
    vault.scan()
    rekey(vault, **keys)
    for letter, key in keys.items():
        assert vault.path_of(record(letter)) == f"Papers/@{key}.md"
        assert f"citekey: {key}" in vault.read(f"Papers/@{key}.md")
    wanted = own.translate({ord(letter.lower()): key for letter, key in keys.items()})
    assert vault.read("Own.md") == wanted
    assert vault.side.renamed == len(keys)
    assert len(vault.files()) == 4
    assert vault.scan() == VaultScan(bound_before=3, bound_now=3, files=4)


def test_a_key_another_paper_gets_later_is_no_reason_to_follow(vault: VaultMaker) -> None:
    vault.make(record("A"), record("B"))
    vault.write("Own.md", "[[@a]] [@a] [@b]")
    vault.scan()
    rekey(vault, A="z")
    rekey(vault, B="a")
    assert vault.read("Own.md") == "[[@z]] [@z] [@a]"


def folding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not tell case apart, and takes a rename between two spellings for done, as Linux does there."""
    real_open, real_replace, real_lstat = os.open, os.replace, Path.lstat

    def spelled(path: Path) -> Path:
        path = Path(path)
        names = {each.name.casefold(): each for each in path.parent.iterdir()} if path.parent.is_dir() else {}
        return names.get(path.name.casefold(), path)

    def replaced(old: Any, new: Any) -> None:
        source, there = spelled(old), spelled(new)
        if source == there:
            return
        if there.exists():
            there.unlink()  # its spelling stays on such disks; the bridge never relies on it
        real_replace(source, new)

    monkeypatch.setattr(os, "open", lambda path, *rest, **more: real_open(spelled(path), *rest, **more))
    monkeypatch.setattr(os, "replace", replaced)
    monkeypatch.setattr(Path, "lstat", lambda path: real_lstat(spelled(path)))


@pytest.mark.parametrize("keys", [{"A": "A"}, {"A": "B", "B": "A"}, {"A": "b", "B": "a"}], ids=str)
def test_on_a_disk_that_does_not_tell_case_apart(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str]
) -> None:
    vault.make(record("A"), record("B"))
    vault.write("Own.md", "[[@a]] [[@b]]")
    vault.scan()
    with monkeypatch.context() as disk:
        folding(disk)
        rekey(vault, **keys)
    wanted = {letter: keys.get(letter, letter.lower()) for letter in "AB"}
    assert vault.files() == sorted(["Own.md", *(f"Papers/@{key}.md" for key in wanted.values())])
    assert {vault.path_of(record(letter)) for letter in "AB"} == {f"Papers/@{key}.md" for key in wanted.values()}
    assert vault.read("Own.md") == f"[[@{wanted['A']}]] [[@{wanted['B']}]]"


# --- what is opened ---


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of files read meanwhile, but for the last look before one is replaced (law 6)."""
    found: list[str] = []
    real = files.read_stable

    def counted(path: Path) -> tuple[bytes, Any]:
        found.append(path.name)
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "read_stable", counted)
        patched.setattr(Batch, "_place", _unread(Batch._place, found))
        yield found


def _unread(place: Callable[..., Any], found: list[str]) -> Callable[..., Any]:
    def placed(*args: Any) -> Any:
        before = len(found)
        try:
            return place(*args)
        finally:
            del found[before:]

    return placed


def test_each_file_is_read_once_and_none_that_cannot_hold_a_link(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(record("A"), record("B"), record("C"))
    for number in range(5):
        vault.write(f"{number}.md", "[[@a]] [[@b]]" if number % 2 else "[[@ab]] a b @abc `code`")
    vault.write("Board.canvas", "{}")
    vault.scan()
    vault.write("New.md", "written after the last look: [[@a]]")
    edits = [rekeyed(vault, "A", "y"), rekeyed(vault, "B", "z")]
    list(vault.side.apply(edits))
    with opened(monkeypatch) as found:
        vault.side.carry_renames(begin=True)
    assert sorted(found) == ["1.md", "3.md", "Board.canvas", "New.md"]
    assert (vault.read("3.md"), vault.read("New.md")[-6:]) == ("[[@y]] [[@z]]", "[[@y]]")


def test_law_2_nothing_is_opened_where_nothing_is_due(vault: VaultMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.make(record("A"))
    vault.scan()
    monkeypatch.setattr(rename.Renamer, "run", None)
    assert not vault.side.carry_renames(begin=True)
    assert carry(vault, vault.edit(record("A"), status="read")) == ["applied"]


# --- editors at work ---


def test_r37_a_rename_waits_while_somebody_edits_a_file_it_concerns(tmp_path: Path) -> None:
    now = [0.0]
    vault = VaultMaker(tmp_path)
    vault.make(record("A"), record("B"))
    vault.write("Own.md", LINKS)
    vault.scan()
    quiet = Quiet(5.0, lambda: now[0])
    vault.side = VaultSide(vault.root, vault.index, vault.log, vault.side._rules, vault.layout, quiet=quiet)
    vault.scan()
    now[0] += 9
    vault.scan()
    vault.write("Own.md", LINKS + "half a wo")
    vault.scan()
    rekey(vault, A="z")
    assert vault.path_of(record("A")) == "Papers/@a.md"
    assert "citekey: z" in vault.read("Papers/@a.md")
    vault.write("Own.md", LINKS + "half a word.")
    now[0] += 9
    vault.scan()
    vault.scan()
    now[0] += 9
    vault.scan()
    assert not vault.side.carry_renames(begin=True)
    assert vault.path_of(record("A")) == "Papers/@z.md"
    assert vault.read("Own.md") == CARRIED + "half a word."


def test_law_6_a_file_that_changes_meanwhile_follows_in_the_next_cycle(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(record("A"), record("B"))
    vault.write("Own.md", "[[@a]] [[@b]]")
    vault.write("Two.md", "[[@b]] [[@a]]")
    vault.scan()
    real = Batch.commit

    def saved(batch: Batch) -> Any:
        if "Papers/@a.md" not in map(str, batch._staged):
            vault.write("Own.md", "[[@a]] [[@b]] and a person's words")
        return real(batch)

    list(vault.side.apply([rekeyed(vault, "A", "b"), rekeyed(vault, "B", "a")]))
    with monkeypatch.context() as patched:
        patched.setattr(Batch, "commit", saved)
        vault.side.carry_renames(begin=True)
    assert vault.read("Own.md") == "[[@a]] [[@b]] and a person's words"
    assert vault.read("Two.md") == "[[@a]] [[@b]]"
    vault.scan()
    assert not vault.side.carry_renames(begin=False)
    assert vault.read("Own.md") == "[[@b]] [[@a]] and a person's words"
    assert vault.read("Two.md") == "[[@a]] [[@b]]"
    assert vault.log.journal() == ""


def test_a_file_that_cannot_be_written_is_given_up_in_the_end_and_named(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(record("A"))
    vault.write("Own.md", "[[@a]]")
    vault.scan()
    list(vault.side.apply([rekeyed(vault, "A", "z")]))

    def refused(*_: object) -> None:
        raise NoteError("cannot be written: no right")

    monkeypatch.setattr(Batch, "stage", refused)
    said = [list(vault.side.carry_renames(begin=begin)) for begin in (True, False, False, False)]
    assert said == [
        [],
        [],
        ["Links in Own.md to renamed notes could not be changed: cannot be written: no right"],
        [],
    ]


# --- kills (law 5) ---


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, vault: VaultMaker, step: int) -> Iterator[list[int]]:
    """Kill before the ``step``-th thing done to the disk or the memory; the list counts the steps that were taken."""
    taken = [0]

    def point() -> None:
        if taken[0] == step:
            raise Killed
        taken[0] += 1

    def stepping(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **more: Any) -> Any:
            point()
            return real(*args, **more)

        return act

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "replace", stepping(os.replace))  # type: ignore[attr-defined]  # as imported there
        patched.setattr(files, "claim", stepping(files.claim))
        patched.setattr(Batch, "stage", stepping(Batch.stage))
        for thing, names in ((vault.log, ("add", "settle", "keep")), (vault.index, ("put_rows", "drop_rows"))):
            for name in names:
                patched.setattr(thing, name, stepping(getattr(thing, name)))
        yield taken


def cycle(vault: VaultMaker, keys: Mapping[str, str], *, by_person: bool) -> None:
    """One cycle as the sync would run it: notes whose text bears the stamp of their new key are settled."""
    vault.scan()
    vault.side.carry_renames(begin=False)
    edits = []
    for letter, key in keys.items():
        row = vault.index.rows_of([record(letter).id])[record(letter).id]
        edit = rekeyed(vault, letter, key)
        if by_person:
            edit = replace(edit, set={"aliases": (f"Paper {letter}", letter.lower())})
        if row.stamp != edit.stamp:
            edits.append(edit)
    assert {outcome.result for outcome in vault.side.apply(edits)} <= {"applied"}
    vault.side.carry_renames(begin=True)


def prepared(root: Path, keys: Mapping[str, str], *, by_person: bool) -> VaultMaker:
    root.mkdir()
    vault = VaultMaker(root)
    vault.make(record("A"), record("B"), record("C"))
    vault.write("Own.md", "[[@a]] [[@b]] [[@c]] [@a] [@b] [@c]")
    vault.write("Two.md", "![[@c]] ![[@b]] [a](@a.md)")
    path = vault.root / "Papers/@a.md"
    path.write_bytes(path.read_bytes() + b"[[@a]], not [[@b]]\n")
    if by_person:
        for letter, key in keys.items():
            name = f"Papers/@{letter.lower()}.md"
            vault.write(name, vault.read(name).replace(f"citekey: {letter.lower()}", f"citekey: {key}"))
    return vault


def whole(vault: VaultMaker) -> dict[str, bytes]:
    return {path: (vault.root / path).read_bytes() for path in vault.files() if files.TEMPORARY not in path}


@pytest.mark.parametrize("by_person", [False, True])
@pytest.mark.parametrize("keys", [{"A": "z"}, {"A": "b", "B": "a"}, {"A": "b", "B": "c", "C": "a"}], ids=str)
def test_law_5_a_kill_at_any_step_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str], *, by_person: bool
) -> None:
    good = prepared(tmp_path / "good", keys, by_person=by_person)
    with killed_at(monkeypatch, good, -1) as steps:
        cycle(good, keys, by_person=by_person)
    assert steps[0] > 12
    assert good.files() == sorted(["Own.md", "Two.md", *(f"Papers/@{keys.get(one, one.lower())}.md" for one in "ABC")])
    for step in range(steps[0]):
        vault = prepared(tmp_path / str(step), keys, by_person=by_person)
        with pytest.raises(Killed), killed_at(monkeypatch, vault, step):
            cycle(vault, keys, by_person=by_person)
        vault.side = vault.again()
        cycle(vault, keys, by_person=by_person)
        assert whole(vault) == whole(good), step
        assert (vault.log.due(), vault.log.journal()) == ([], "")
        cycle(vault, keys, by_person=by_person)
        assert whole(vault) == whole(good), step


def test_law_5_an_edit_after_a_kill_is_kept_and_its_links_are_carried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"A": "b", "B": "a"}
    counted = prepared(tmp_path / "counted", keys, by_person=False)
    with killed_at(monkeypatch, counted, -1) as steps:
        cycle(counted, keys, by_person=False)
    for step in range(steps[0]):
        vault = prepared(tmp_path / str(step), keys, by_person=False)
        with pytest.raises(Killed), killed_at(monkeypatch, vault, step):
            cycle(vault, keys, by_person=False)
        own = vault.root / "Own.md"
        with own.open("ab") as file:  # in place, as Obsidian writes
            file.write(b" mine")
        vault.side = vault.again()
        cycle(vault, keys, by_person=False)
        assert vault.read("Own.md") == "[[@b]] [[@a]] [[@c]] [@b] [@a] [@c] mine", step


def test_a_person_who_renames_a_note_meanwhile_is_not_contradicted(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(record("A"))
    vault.write("Own.md", "[[@a]] [@a]")
    vault.scan()
    real = vault.log.keep

    def keep(journal: str, absorbed: Any = ()) -> None:
        real(journal, absorbed)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(vault.log, "keep", keep)
        with pytest.raises(Killed):
            rekey(vault, A="z")
    (vault.root / "Papers/@a.md").rename(vault.root / "Papers/Mine.md")
    vault.write("Own.md", "[[Mine]] [@a]")  # as Obsidian leaves it
    vault.side = vault.again()
    vault.scan()
    vault.side.carry_renames(begin=False)
    assert (vault.path_of(record("A")), vault.read("Own.md")) == ("Papers/Mine.md", "[[Mine]] [@z]")


def test_law_6_an_edit_planned_before_a_link_in_its_note_followed_still_holds(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    path = vault.root / "Papers/@b.md"
    path.write_bytes(path.read_bytes() + b"\n[[@a]]\n")
    vault.scan()
    edit = vault.edit(b, status="read")
    rekey(vault, A="z")
    assert [outcome.result for outcome in vault.side.apply([edit])] == ["applied"]
    assert "[[@z]]" in vault.read("Papers/@b.md")
    assert "status: read" in vault.read("Papers/@b.md")


def test_a_key_that_changes_again_before_its_file_could_follow(vault: VaultMaker) -> None:
    vault.make(record("A"))
    vault.write("Own.md", "[[@a]] [@a] [@y]")
    vault.scan()
    list(vault.side.apply([rekeyed(vault, "A", "y")]))
    before: Record = record("A", citekey="y")
    list(vault.side.apply([rekeyed(vault, "A", "z", before.face)]))
    vault.side.carry_renames(begin=True)
    assert (vault.path_of(before), vault.read("Own.md")) == ("Papers/@z.md", "[[@z]] [@z] [@z]")


def test_a_key_that_changes_back_before_its_file_could_follow(vault: VaultMaker) -> None:
    vault.make(record("A"))
    vault.write("Own.md", "[[@a]] [@a]")
    vault.scan()
    list(vault.side.apply([rekeyed(vault, "A", "y")]))
    list(vault.side.apply([rekeyed(vault, "A", "a", record("A", citekey="y").face)]))
    vault.side.carry_renames(begin=True)
    assert (vault.files(), vault.read("Own.md")) == (["Own.md", "Papers/@a.md"], "[[@a]] [@a]")
    assert vault.log.due() == []
