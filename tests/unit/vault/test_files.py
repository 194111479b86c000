"""Atomic writes: law 5 (whole files only), law 6 (expected digest), law 13 (containment), R37 (stable reading)."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.core.place import Stat
from bridge.errors import BridgeError, NoteError, VaultError
from bridge.vault import batch, files
from bridge.vault.batch import Batch

OLD, NEW = b"old text\r\n", b"new text, longer than the old one"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_bytes(OLD)
    return path


def temporaries(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith(files.TEMPORARY)]


def test_law_6_a_file_is_replaced_where_its_digest_is_the_expected_one(note: Path) -> None:
    note.chmod(0o640)
    stat = batch.replace(note.parent, note, NEW, files.digest(OLD))
    assert note.read_bytes() == NEW
    assert stat == files.stat_of(note)
    assert note.stat().st_mode & 0o777 == 0o640
    assert temporaries(note.parent) == []


def test_law_6_a_file_with_another_digest_is_left_alone(note: Path) -> None:
    before = files.stat_of(note)
    with pytest.raises(files.StaleFileError):
        batch.replace(note.parent, note, NEW, files.digest(b"something else"))
    assert (note.read_bytes(), files.stat_of(note)) == (OLD, before)
    assert temporaries(note.parent) == []


def test_law_6_a_file_changed_after_staging_is_left_alone(note: Path) -> None:
    with Batch(note.parent) as batch:
        batch.stage(note, NEW, files.digest(OLD))
        note.write_bytes(b"a person was quicker")
        assert isinstance(batch.commit()[note], files.StaleFileError)
    assert note.read_bytes() == b"a person was quicker"


def test_law_9_a_file_removed_after_staging_is_not_made_again(note: Path) -> None:
    with Batch(note.parent) as batch:
        batch.stage(note, NEW, files.digest(OLD))
        note.unlink()
        assert isinstance(batch.commit()[note], files.StaleFileError)
    assert list(note.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["open", "write", "fsync", "stat", "replace", "fchmod"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ENOSPC])
def test_law_5_whatever_call_fails_the_original_stays_whole(
    note: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    expect = files.digest(OLD)
    with monkeypatch.context() as patched:
        patched.setattr(os, name, _failing(getattr(os, name), code))
        with pytest.raises(VaultError if code == errno.ENOSPC else NoteError) as raised:
            batch.replace(note.parent, note, NEW, expect)
    assert str(note.parent) not in str(raised.value)
    assert note.read_bytes() == OLD
    assert temporaries(note.parent) == []


@pytest.mark.parametrize("name", ["open", "write", "fsync", "stat", "link", "listdir"])
def test_law_5_whatever_call_fails_no_part_of_a_new_file_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, name, _failing(getattr(os, name), errno.EIO))
        with pytest.raises(NoteError):
            batch.create(tmp_path, tmp_path / "new.md", NEW)
    assert list(tmp_path.iterdir()) == []


def _failing(real: Callable[..., object], code: int) -> Callable[..., object]:
    """The call fails for temporary files, however it is given them; reading the original still works."""

    def call(*args: object, **kwargs: object) -> object:
        by_handle = real.__name__ in {"write", "fsync", "listdir", "fchmod"}
        if by_handle or files.TEMPORARY in str(args[0]):
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    return call


def test_law_5_short_writes_are_continued(note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data[:3])))
    batch.replace(note.parent, note, NEW, files.digest(OLD))
    assert note.read_bytes() == NEW


def test_a_new_file_is_never_made_over_another_whatever_its_case(tmp_path: Path) -> None:
    (tmp_path / "Café.md").write_bytes(OLD)  # NFC, and a capital
    with pytest.raises(files.NameTakenError):
        batch.create(tmp_path, tmp_path / "cafe\u0301.md", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["Café.md"]
    assert (tmp_path / "Café.md").read_bytes() == OLD


def test_a_new_file_of_the_same_batch_takes_its_name_too(tmp_path: Path) -> None:
    with Batch(tmp_path) as batch:
        batch.stage(tmp_path / "a.md", OLD, None)
        batch.stage(tmp_path / "A.md", NEW, None)
        results = batch.commit()
    assert isinstance(results[tmp_path / "a.md"], Stat)
    assert isinstance(results[tmp_path / "A.md"], files.NameTakenError)


@pytest.mark.parametrize("taken", [False, True])
def test_without_hard_links_a_new_file_is_still_never_made_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    target = tmp_path / "new.md"

    def no_links(source: Path, name: Path) -> None:
        if taken:
            target.write_bytes(OLD)  # by somebody else, after the folder was listed
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_links)
    if taken:
        with pytest.raises(files.NameTakenError):
            batch.create(tmp_path, target, NEW)
    else:
        assert batch.create(tmp_path, target, NEW) == files.stat_of(target)
    assert target.read_bytes() == (OLD if taken else NEW)
    assert temporaries(tmp_path) == []


def test_one_file_that_fails_stops_no_other(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_bytes(OLD)
    bad.write_bytes(b"moved on")
    with Batch(tmp_path) as batch:
        batch.stage(bad, NEW, files.digest(OLD))
        batch.stage(good, NEW, files.digest(OLD))
        results = batch.commit()
    assert results[good] == files.stat_of(good)
    assert isinstance(results[bad], BridgeError)
    assert (good.read_bytes(), bad.read_bytes()) == (NEW, b"moved on")


def test_a_batch_waits_for_each_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[bool] = []
    real = os.fsync

    def count(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").is_dir())
        real(handle)

    monkeypatch.setattr(os, "fsync", count)
    with Batch(tmp_path) as batch:
        for number in range(50):
            batch.stage(tmp_path / f"{number}.md", NEW, None)
        batch.commit()
    assert len(flushed) == 51
    if Path("/proc/self/fd").is_dir():
        assert flushed.count(True) == 1


def test_a_batch_left_without_commit_leaves_nothing(tmp_path: Path) -> None:
    with Batch(tmp_path) as batch:
        batch.stage(tmp_path / "a.md", NEW, None)
        assert len(temporaries(tmp_path)) == 1
    assert list(tmp_path.iterdir()) == []


def test_law_13_nothing_is_written_through_a_link_out_of_the_vault(tmp_path: Path) -> None:
    vault, outside = tmp_path / "vault", tmp_path / "outside"
    vault.mkdir()
    outside.mkdir()
    (outside / "note.md").write_bytes(OLD)
    (vault / "link").symlink_to(outside)
    (vault / "note.md").symlink_to(outside / "note.md")
    for path in (vault / "link" / "note.md", vault / "note.md"):
        with pytest.raises(NoteError):
            batch.replace(vault, path, NEW, files.digest(OLD))
    with pytest.raises(NoteError):
        batch.create(vault, vault / "link" / "new.md", NEW)
    with pytest.raises(NoteError):
        batch.create(vault, vault / ".." / "new.md", NEW)
    assert (outside / "note.md").read_bytes() == OLD
    assert sorted(path.name for path in outside.iterdir()) == ["note.md"]
    assert (vault / "note.md").is_symlink()
    assert temporaries(tmp_path) == []


def test_r37_a_file_being_written_is_not_taken(note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.stat_of
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    def moving(path: Path) -> Stat | None:
        with path.open("ab") as file:
            file.write(b"x")
        return real(path)

    monkeypatch.setattr(files, "stat_of", moving)
    with pytest.raises(NoteError, match="being written"):
        files.read_stable(note)
    assert len(waits) == 4


def test_r37_a_file_that_comes_to_rest_is_taken(note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.stat_of
    monkeypatch.setattr(time, "sleep", lambda _: None)
    moves = iter([True, True, False])

    def moving(path: Path) -> Stat | None:
        if next(moves):
            with path.open("ab") as file:
                file.write(b"x")
        return real(path)

    monkeypatch.setattr(files, "stat_of", moving)
    data, stat = files.read_stable(note)
    assert data == OLD + b"xx"
    assert stat == real(note)


def test_what_cannot_be_read_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(NoteError) as raised:
        files.read_stable(tmp_path / "absent.md")
    assert str(tmp_path) not in str(raised.value)
    with pytest.raises(NoteError):
        files.read_stable(tmp_path)


def test_a_rename_keeps_the_file_and_never_takes_a_name_in_use(tmp_path: Path) -> None:
    old, new, other = tmp_path / "@old.md", tmp_path / "@new.md", tmp_path / "@other.md"
    old.write_bytes(OLD)
    other.write_bytes(b"somebody's")
    inode = old.stat().st_ino
    with pytest.raises(files.NameTakenError):
        files.move(tmp_path, old, other)
    files.move(tmp_path, old, new)
    assert (new.read_bytes(), new.stat().st_ino) == (OLD, inode)
    assert other.read_bytes() == b"somebody's"
    assert not old.exists()


def test_a_rename_may_change_case_alone(tmp_path: Path) -> None:
    old = tmp_path / "@smith2020.md"
    old.write_bytes(OLD)
    files.move(tmp_path, old, tmp_path / "@Smith2020.md")
    assert [path.name for path in tmp_path.iterdir()] == ["@Smith2020.md"]


def test_law_5_a_rename_cut_short_is_finished_by_the_next_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "@old.md", tmp_path / "@new.md"
    old.write_bytes(OLD)
    new.touch()  # what a kill between claim and rename leaves
    files.move(tmp_path, old, new)
    assert [path.name for path in tmp_path.iterdir()] == ["@new.md"]
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", _always(OSError(errno.EIO, "input/output error")))
        with pytest.raises(NoteError):
            files.move(tmp_path, new, old)
    assert [path.name for path in tmp_path.iterdir()] == ["@new.md"]


def _always(error: OSError) -> Callable[..., object]:
    def call(*args: object) -> object:
        raise error

    return call


def test_only_own_leftovers_are_swept(tmp_path: Path) -> None:
    ours, theirs = tmp_path / f"{files.TEMPORARY}abc", tmp_path / ".tmp-of-another-tool"
    ours.touch()
    theirs.touch()
    files.sweep([ours, theirs])
    assert list(tmp_path.iterdir()) == [theirs]
