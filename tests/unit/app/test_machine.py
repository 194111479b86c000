"""State is keyed by the vault's id and its real path (R31)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bridge.errors import StateError
from bridge.machine import Home, find_away, find_home, settle, state_dir


class Disk:
    """A machine with a state folder and vaults that hold nothing but their id."""

    def __init__(self, tmp: Path) -> None:
        self.root = tmp / "state"
        self.tmp = tmp

    def vault(self, name: str, ident: str) -> Path:
        path = self.tmp / name
        path.mkdir()
        (path / "id").write_text(ident)
        return path

    def find(self, vault: Path, ident: str) -> Home:
        return find_home(
            self.root,
            vault,
            ident,
            lambda path: (path / "id").is_file() and (path / "id").read_text() == ident,
        )


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_the_variable_decides_where_state_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BRIDGE_STATE_DIR", str(tmp_path / "s"))
    assert state_dir() == tmp_path / "s"
    monkeypatch.delenv("BRIDGE_STATE_DIR")
    assert state_dir().name == "bridge"


def test_looking_for_a_home_writes_nothing(disk: Disk) -> None:
    home = disk.find(disk.vault("a", "id1"), "id1")
    assert home.came == "new"
    assert not disk.root.exists()


def test_a_known_vault_is_found_again(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    made = settle(disk.find(vault, "id1"), vault)
    assert made.folder.is_dir()
    assert disk.find(vault, "id1") == Home(made.folder, "known")


def test_two_vaults_have_two_homes(disk: Disk) -> None:
    a, b = disk.vault("a", "id1"), disk.vault("b", "id2")
    assert settle(disk.find(a, "id1"), a).folder != settle(disk.find(b, "id2"), b).folder


def test_r31_the_state_of_a_moved_vault_follows_it(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    old = settle(disk.find(vault, "id1"), vault)
    old.state.write_text("memory")
    moved = vault.rename(disk.tmp / "b")
    home = disk.find(moved, "id1")
    assert (home.came, home.source) == ("moved", old.folder)
    assert old.folder.exists(), "finding must not move anything (law 12)"
    new = settle(home, moved)
    assert new.state.read_text() == "memory"
    assert not old.folder.exists()
    assert disk.find(moved, "id1").came == "known"


def test_r31_a_vault_moved_and_moved_back_keeps_its_state(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    settle(disk.find(vault, "id1"), vault).state.write_text("memory")
    moved = vault.rename(disk.tmp / "b")
    settle(disk.find(moved, "id1"), moved)
    back = moved.rename(vault)
    assert settle(disk.find(back, "id1"), back).state.read_text() == "memory"


def test_r31_a_copy_gets_no_base(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    old = settle(disk.find(vault, "id1"), vault)
    copy = Path(shutil.copytree(vault, disk.tmp / "b"))
    home = disk.find(copy, "id1")
    assert (home.came, home.source) == ("copied", old.folder)
    with pytest.raises(StateError, match="an id of its own"):
        settle(home, copy)


def test_r31_another_vault_at_the_old_path_is_not_the_old_vault(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    settle(disk.find(vault, "id1"), vault)
    moved = vault.rename(disk.tmp / "b")
    disk.vault("a", "id2")
    assert disk.find(moved, "id1").came == "moved"


def test_a_link_to_a_vault_is_the_vault(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    settle(disk.find(vault, "id1"), vault)
    link = disk.tmp / "link"
    link.symlink_to(vault)
    assert disk.find(link, "id1").came == "known"


def test_a_state_folder_that_cannot_be_made_is_an_error_in_words(disk: Disk) -> None:
    disk.root.write_text("a file where the folder should be")
    vault = disk.vault("a", "id1")
    with pytest.raises(StateError, match="cannot be used"):
        settle(disk.find(vault, "id1"), vault)


def test_r31_a_vault_that_is_away_is_known_by_its_path(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    home = settle(disk.find(vault, "id1"), vault)
    shutil.rmtree(vault)
    assert find_away(disk.root, vault) == find_away(disk.root, vault / "Papers") == (vault, home)
    assert find_away(disk.root, vault.with_name("another")) is None
    # Another vault took its place, and is the one that is missed there now.
    vault.mkdir()
    later = settle(disk.find(vault, "id2"), vault)
    os.utime(home.folder, (1, 1))
    assert find_away(disk.root, vault) == (vault, later)


def test_r31_a_vault_that_has_moved_is_missed_at_its_new_place_alone(disk: Disk) -> None:
    vault = disk.vault("a", "id1")
    settle(disk.find(vault, "id1"), vault)
    new = vault.rename(vault.with_name("b"))
    home = settle(disk.find(new, "id1"), new)
    assert find_away(disk.root, vault) is None
    assert find_away(disk.root, new) == (new, home)
