"""What a scan finds: law 2 (nothing opened without need), law 9 (absence is not deletion), R7, R8, R34, R38."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_index import MemoryIndex

from bridge.core.plan import Held
from bridge.core.record import Face, ItemId
from bridge.errors import VaultMarkerError
from bridge.vault import files, marker, scan, walk
from bridge.vault.note import NoteRules, ReadNote, read_note
from bridge.vault.scan import Scanner, VaultScan

RULES = NoteRules("users/1")
A, B, C = (ItemId("users/1", key) for key in ("AAAAAAAA", "BBBBBBBB", "CCCCCCCC"))


def text_of(item: ItemId | None, *, citekey: str = "", body: str = "") -> str:
    key = "" if item is None else f"zotero-key: {item.key}\n"
    return f"---\ntitle: T\ncitekey: {citekey or 'x'}\n{key}---\n\n{body}\n"


class Vault:
    """A vault with its index; ``scan`` also stores what was found, as the cycle does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.index = MemoryIndex()
        self.read: list[str] = []
        self.marker = marker.create_marker(root)
        self.scanner = Scanner(
            root, self.index, self._reader, self._stem_of, skip=("Templates/Bridge",), vault_id=self.marker.id
        )

    def _reader(self, data: bytes, path: str) -> ReadNote:
        self.read.append(path)
        return read_note(data, path, RULES)

    def _stem_of(self, item: ItemId, face: Face) -> str:
        return f"@{face['citekey']}"

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def scan(self) -> VaultScan:
        self.read.clear()
        found = self.scanner.scan()
        self.index.drop_rows(found.dropped)
        self.index.put_rows(found.rows)
        return found

    def ids(self, found: VaultScan) -> list[tuple[str, ItemId | None]]:
        return [(row.path, row.id) for row in found.changed]

    def codes(self) -> dict[str, str]:
        return {problem.path: problem.code for problem in self.index.held()}

    def note_of(self, item: ItemId) -> str | None:
        row = self.index.rows_of([item]).get(item)
        return row.path if row else None


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


@pytest.fixture
def two(vault: Vault) -> Vault:
    """A vault with the notes of A and B, scanned."""
    vault.write("Papers/@a.md", text_of(A, citekey="a"))
    vault.write("Papers/@b.md", text_of(B, citekey="b"))
    vault.scan()
    return vault


def test_the_first_scan_finds_bound_notes_and_everybodys_own(vault: Vault) -> None:
    vault.write("Papers/@a.md", text_of(A))
    vault.write("Daily/Monday.md", "no front-matter, [[@x]]")
    found = vault.scan()
    assert vault.ids(found) == [("Papers/@a.md", A)]
    assert found.changed[0].pending
    assert {row.path for row in found.rows} == {"Papers/@a.md", "Daily/Monday.md"}
    assert (found.files, found.opened, found.bound_before, found.gone) == (2, 2, 0, ())


def test_law_2_a_scan_with_nothing_new_opens_and_tells_nothing(two: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "read_stable", _forbidden)
    monkeypatch.setattr(two.index, "bound", _forbidden)  # nor does it read the rows of all notes
    found = two.scan()
    assert found == VaultScan(bound_before=2, bound_now=2, files=2)


def _forbidden(*_: object) -> None:
    raise AssertionError("not even asked for")


def test_law_12_a_scan_writes_nothing_into_the_index(two: Vault) -> None:
    two.write("Papers/@c.md", text_of(C))
    puts, before = two.index.puts, dict(two.index.notes)
    two.scanner.scan()
    assert (two.index.puts, two.index.notes) == (puts, before)


def test_only_the_file_that_changed_is_opened(two: Vault) -> None:
    two.write("Papers/@b.md", text_of(B, citekey="b", body="more"))
    found = two.scan()
    assert two.read == ["Papers/@b.md"]
    assert found.opened == 1
    assert two.ids(found) == [("Papers/@b.md", B)]


def test_law_8_a_touched_file_is_no_change(two: Vault) -> None:
    os.utime(two.root / "Papers/@a.md", (1, 1))
    found = two.scan()
    assert (found.changed, [row.path for row in found.rows]) == ((), ["Papers/@a.md"])
    assert two.scan().opened == 0


def test_a_touched_file_that_waits_for_its_cycle_goes_on_waiting(vault: Vault) -> None:
    vault.write("Papers/@a.md", text_of(A))
    vault.scan()  # pending, and never reconciled
    os.utime(vault.root / "Papers/@a.md", (1, 1))
    vault.scan()
    assert vault.index.notes["Papers/@a.md"].pending


def test_all_is_read_anew_when_the_configuration_changed(two: Vault) -> None:
    """A stat that fits nothing has a file read again; only another face is news."""
    for path, row in two.index.notes.items():
        stat = row.stat._replace(mtime_ns=-1)
        face = {"title": "as read under other rules"} if path.endswith("@a.md") else row.face
        two.index.notes[path] = type(row)(path, stat, row.digest, row.id, row.stamp, face, row.facts)
    found = two.scan()
    assert (found.opened, two.ids(found)) == (2, [("Papers/@a.md", A)])


# --- what is not a note -----------------------------------------------------------------------------------------


def test_hidden_files_other_files_and_templates_are_passed_over(vault: Vault) -> None:
    for path in (".trash/@a.md", ".obsidian/x.md", ".OBSIDIANTEST.md", "Papers/.bridge-tmp-12.md",
                 "Papers/a.pdf", "Templates/Bridge/paper.md"):  # fmt: skip
        vault.write(path, text_of(A))
    vault.write("Templates/Mine.md", "mine")
    vault.write("Papers/Upper.MD", text_of(B))
    assert {row.path for row in vault.scan().rows} == {"Templates/Mine.md", "Papers/Upper.MD"}


def test_law_13_links_are_not_followed(vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "@a.md").write_text(text_of(A))
    (vault.root / "folder").symlink_to(outside)
    (vault.root / "@a.md").symlink_to(outside / "@a.md")
    (vault.root / "loop").symlink_to(vault.root)
    assert vault.scan().files == 0


def test_half_written_files_of_a_killed_process_are_named(vault: Vault) -> None:
    vault.write("Papers/.bridge-tmp-0123", "half")
    vault.scan()
    assert vault.scanner.leftovers == ("Papers/.bridge-tmp-0123",)


# --- law 9: absence ---------------------------------------------------------------------------------------------


def test_a_note_that_is_nowhere_is_gone(two: Vault) -> None:
    (two.root / "Papers/@a.md").unlink()
    found = two.scan()
    assert (found.gone, found.dropped) == ((A,), ("Papers/@a.md",))
    assert (found.bound_before, found.bound_now) == (2, 1)
    assert two.scan().gone == ()


def test_law_9_without_the_marker_nothing_is_said(two: Vault) -> None:
    shutil.rmtree(two.root / "Papers")
    shutil.rmtree(two.root / ".bridge")
    with pytest.raises(VaultMarkerError):
        two.scan()


def test_law_9_another_vault_in_its_place_is_not_looked_at(two: Vault) -> None:
    marker.renew_marker(two.root)
    with pytest.raises(VaultMarkerError):
        two.scan()


def test_law_9_a_vault_that_goes_away_during_the_scan_says_nothing(two: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    real = walk.walk

    def vanishing(root: Path, skip: tuple[str, ...]) -> walk.Tree:
        shutil.rmtree(root / "Papers", ignore_errors=True)
        shutil.rmtree(root / ".bridge", ignore_errors=True)
        return real(root, skip)

    monkeypatch.setattr(scan, "walk", vanishing)
    with pytest.raises(VaultMarkerError):
        two.scan()


def test_law_9_absence_is_believed_at_the_second_look_only(two: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    real = walk.walk
    looks: list[walk.Tree] = []

    def overlooking(root: Path, skip: tuple[str, ...]) -> walk.Tree:
        tree = real(root, skip)
        looks.append(tree)
        if len(looks) == 1:
            del tree.files["Papers/@a.md"]  # as if moved from a folder not yet listed to one listed already
        return tree

    monkeypatch.setattr(scan, "walk", overlooking)
    found = two.scan()
    assert (len(looks), found.gone, found.dropped) == (2, (), ())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may list every folder")
def test_law_9_a_folder_that_cannot_be_listed_hides_its_notes(two: Vault) -> None:
    (two.root / "Papers").chmod(0)
    try:
        _assert_all_unavailable(two)
    finally:
        (two.root / "Papers").chmod(0o755)


def test_law_9_a_folder_that_fails_hides_its_notes(two: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def failing(path: Path) -> Iterator[os.DirEntry[str]]:
        if str(path).rstrip("/").endswith("Papers"):
            raise PermissionError(13, "denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    _assert_all_unavailable(two)


def _assert_all_unavailable(vault: Vault) -> None:
    found = vault.scan()
    assert (found.gone, found.dropped, found.bound_now) == ((), (), 2)
    assert {(problem.code, problem.id) for problem in found.held} == {("unavailable", A), ("unavailable", B)}


def test_law_9_a_note_in_the_cloud_is_unavailable(two: Vault) -> None:
    (two.root / "Papers/@a.md").rename(two.root / "Papers/.@a.md.icloud")
    found = two.scan()
    assert (found.gone, [problem.code for problem in found.held]) == ((), ["unavailable"])
    (two.root / "Papers/.@a.md.icloud").rename(two.root / "Papers/@a.md")
    assert two.scan() == VaultScan(bound_before=2, bound_now=2, files=2)  # R38: it resumes where it was


def test_law_9_a_note_that_became_a_link_is_unavailable(two: Vault, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    shutil.move(two.root / "Papers", outside / "Papers")
    (two.root / "Papers").symlink_to(outside / "Papers")
    _assert_all_unavailable(two)


def test_law_9_a_note_that_cannot_be_read_is_held_and_tried_again(two: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    two.write("Papers/@a.md", text_of(A, body="new"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", _deadlock)
        found = two.scan()
    assert (found.gone, found.changed, found.rows) == ((), (), ())
    assert [(problem.code, problem.path, problem.id) for problem in found.held] == [("unreadable", "Papers/@a.md", A)]
    assert two.ids(two.scan()) == [("Papers/@a.md", A)]


def _deadlock(handle: int, mode: str) -> None:
    os.close(handle)
    raise OSError(35, "Resource deadlock avoided")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"---\ntitle: [\nzotero-key: AAAAAAAA\n---\n", "broken-yaml"),
        (b"---\nzotero-key: AAAAAAAA\ntitle: \xff\n---\n", "not-utf8"),
        (b"---\nzotero-key: AAAAAAAA\ntitle: x\n", "broken-yaml"),
        (b"", "lost-key"),
        (b"---\ntitle: T\n---\n", "lost-key"),
    ],
)  # fmt: skip
def test_r7_a_note_broken_or_without_its_key_is_held_and_not_gone(two: Vault, text: bytes, code: str) -> None:
    path = two.root / "Papers/@a.md"
    whole = path.read_bytes()
    path.write_bytes(text)
    found = two.scan()
    assert (found.gone, found.changed, found.bound_now) == ((), (), 2)
    assert two.codes() == {"Papers/@a.md": code}
    assert two.note_of(A) == "Papers/@a.md"
    assert two.scan().gone == ()
    path.write_bytes(whole)
    assert two.ids(two.scan()) == [("Papers/@a.md", A)]
    assert two.codes() == {}


# --- R8: identity -----------------------------------------------------------------------------------------------


def test_a_renamed_note_has_moved(two: Vault) -> None:
    (two.root / "Archive").mkdir()
    (two.root / "Papers/@a.md").rename(two.root / "Archive/Old.md")
    found = two.scan()
    assert found.moved == (("Papers/@a.md", "Archive/Old.md"),)
    assert (found.gone, found.changed, found.dropped) == ((), (), ("Papers/@a.md",))
    assert two.note_of(A) == "Archive/Old.md"


def test_a_note_deleted_and_made_anew_elsewhere_has_moved_and_changed(two: Vault) -> None:
    (two.root / "Papers/@a.md").unlink()
    two.write("Papers/New.md", text_of(A, citekey="a", body="edited"))
    found = two.scan()
    assert (found.gone, found.moved) == ((), (("Papers/@a.md", "Papers/New.md"),))
    assert two.ids(found) == [("Papers/New.md", A)]


def test_r8_two_notes_that_changed_places_have_moved_twice(two: Vault) -> None:
    a, b, aside = two.root / "Papers/@a.md", two.root / "Papers/@b.md", two.root / "aside"
    a.rename(aside)
    b.rename(a)
    aside.rename(b)
    found = two.scan()
    assert found.moved == (("Papers/@a.md", "Papers/@b.md"), ("Papers/@b.md", "Papers/@a.md"))
    assert (found.gone, found.changed, two.codes()) == ((), (), {})
    assert (two.note_of(A), two.note_of(B)) == ("Papers/@b.md", "Papers/@a.md")


def test_r8_three_notes_in_a_ring_have_all_moved(two: Vault) -> None:
    two.write("Papers/@c.md", text_of(C, citekey="c"))
    two.scan()
    texts = [(two.root / f"Papers/@{name}.md").read_text() for name in "abc"]
    for name, text in zip("bca", texts, strict=True):
        two.write(f"Papers/@{name}.md", text)
    found = two.scan()
    assert (len(found.moved), found.gone, two.codes()) == (3, (), {})


def test_r8_a_note_moved_over_another_leaves_that_one_gone(two: Vault) -> None:
    (two.root / "Papers/@b.md").replace(two.root / "Papers/@a.md")
    found = two.scan()
    assert (found.gone, found.moved) == ((A,), (("Papers/@b.md", "Papers/@a.md"),))
    assert two.note_of(B) == "Papers/@a.md"


@pytest.mark.parametrize("key", [B, C])
def test_r8_a_note_whose_key_was_changed_is_held(two: Vault, key: ItemId) -> None:
    two.write("Papers/@a.md", text_of(key, citekey="a"))
    found = two.scan()
    assert (found.gone, found.changed) == ((), ())
    assert two.codes() == {"Papers/@a.md": "key-changed"}
    assert (two.note_of(A), two.note_of(B)) == ("Papers/@a.md", "Papers/@b.md")
    two.write("Other.md", "something else happens")
    two.scan()
    assert two.codes() == {"Papers/@a.md": "key-changed"}
    two.write("Papers/@a.md", text_of(A, citekey="a", body="mended"))
    assert two.ids(two.scan()) == [("Papers/@a.md", A)]
    assert two.codes() == {}


def test_r8_of_a_copied_note_only_the_newcomer_is_held(two: Vault) -> None:
    shutil.copy(two.root / "Papers/@a.md", two.root / "Papers/@a 1.md")
    found = two.scan()
    assert (found.changed, found.gone, two.codes()) == ((), (), {"Papers/@a 1.md": "copied-note"})
    assert two.note_of(A) == "Papers/@a.md"
    two.write("Papers/@a.md", text_of(A, body="edited"))
    assert two.ids(two.scan()) == [("Papers/@a.md", A)]
    assert two.codes() == {"Papers/@a 1.md": "copied-note"}


def test_r8_a_copy_becomes_the_note_when_the_note_is_removed(two: Vault) -> None:
    shutil.copy(two.root / "Papers/@a.md", two.root / "Papers/Copy.md")
    two.scan()
    (two.root / "Papers/@a.md").unlink()
    found = two.scan()
    assert (found.gone, found.moved) == ((), (("Papers/@a.md", "Papers/Copy.md"),))
    assert (two.note_of(A), two.codes()) == ("Papers/Copy.md", {})


def test_r8_a_copy_that_lost_its_key_is_everybodys(two: Vault) -> None:
    two.write("Papers/Copy.md", text_of(A))
    two.scan()
    two.write("Papers/Copy.md", text_of(None))
    found = two.scan()
    assert (found.gone, two.codes(), two.index.notes["Papers/Copy.md"].id) == ((), {}, None)


def test_r8_of_two_unknown_files_with_one_key_the_one_named_for_it_is_the_note(vault: Vault) -> None:
    vault.write("Papers/@a.md", text_of(A, citekey="a"))
    vault.write("Papers/Kept aside.md", text_of(A, citekey="a"))
    vault.scan()
    assert (vault.note_of(A), vault.codes()) == ("Papers/@a.md", {"Papers/Kept aside.md": "copied-note"})


def test_r8_two_unknown_files_with_one_key_and_no_telling_names_are_both_held(vault: Vault) -> None:
    one, two = vault.write("One.md", text_of(A)), vault.write("Two.md", text_of(A))
    found = vault.scan()
    assert (found.changed, vault.note_of(A)) == ((), None)
    assert vault.codes() == {"One.md": "copied-note", "Two.md": "copied-note"}
    one.unlink()
    found = vault.scan()
    assert vault.ids(found) == [("Two.md", A)]
    assert vault.codes() == {}
    assert two.exists()


@pytest.mark.parametrize(
    "name",
    [
        "@a (Conflicted copy phone 202401011200)", "@a (Ann's conflicted copy 2024-01-01)",
        "@a.sync-conflict-20240101-120000-ABCDEFG", "@a (Case Conflict)",
    ],
)  # fmt: skip
def test_conflict_copies_of_sync_tools_are_nobodys_note(two: Vault, name: str) -> None:
    two.write(f"Papers/{name}.md", text_of(A))
    two.scan()
    assert two.codes() == {f"Papers/{name}.md": "conflict-copy"}
    (two.root / "Papers/@a.md").unlink()
    found = two.scan()
    assert (found.changed, found.gone, two.note_of(A)) == ((), (), None)  # held, until a person renames it
    (two.root / f"Papers/{name}.md").rename(two.root / "Papers/@a.md")
    two.scan()
    assert (two.note_of(A), two.codes()) == ("Papers/@a.md", {})


def test_a_note_whose_last_held_copy_is_removed_is_gone(two: Vault) -> None:
    copy = two.write("Papers/@a (conflicted copy 2024-01-01).md", text_of(A))
    two.scan()
    (two.root / "Papers/@a.md").unlink()
    assert two.scan().gone == ()
    copy.unlink()
    assert two.scan().gone == (A,)


def test_a_note_known_under_such_a_name_stays_the_note(vault: Vault, tmp_path: Path) -> None:
    vault.write("@a.md", text_of(A))
    vault.scan()
    (tmp_path / "@a.md").rename(tmp_path / "On the conflicted copy (a conflicted copy study).md")
    vault.scan()
    assert list(vault.codes().values()) == ["conflict-copy"]  # told, never lost
    assert vault.scan().gone == ()


def test_a_rename_of_the_case_alone_is_a_move(two: Vault) -> None:
    (two.root / "Papers/@a.md").rename(two.root / "Papers/@A.md")
    assert two.scan().moved == (("Papers/@a.md", "Papers/@A.md"),)


def test_names_stay_as_they_are_on_disk(vault: Vault) -> None:
    vault.write("cafe\u0301.md", text_of(A))
    vault.scan()
    assert vault.note_of(A) == "cafe\u0301.md"
    assert vault.scan().opened == 0


def test_what_is_held_about_one_field_is_told_with_its_file(vault: Vault) -> None:
    vault.write("@a.md", text_of(A).replace("title: T", "title: T\nstatus-date: soon"))
    found = vault.scan()
    assert [(problem.code, problem.path, problem.id) for problem in vault.index.held()] == [("not-a-date", "@a.md", A)]
    assert vault.ids(found) == [("@a.md", A)]
    assert isinstance(next(vault.index.held()), Held)
