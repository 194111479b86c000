"""What wakes and what does not."""

from __future__ import annotations

import errno
import queue
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers.api import BaseObserver

from bridge.vault.watch import Watch, WatchLimitError


class Rung:
    """Collects what wakes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.watch = Watch(root, self.heard.put)

    def first(self) -> str:
        return self.heard.get(timeout=10)

    def all_until_marker(self) -> list[str]:
        """Everything heard until a change that is always heard."""
        (self.root / ".bridge/config.toml").write_text("x")
        found = []
        while (one := self.first()) != "config":
            found.append(one)
        return found


@pytest.fixture
def rung(tmp_path: Path) -> Iterator[Rung]:
    root = tmp_path / "vault"
    for folder in ("Papers", ".obsidian", ".bridge"):
        (root / folder).mkdir(parents=True)
    (root / "Papers/@a.md").write_text("a")
    found = Rung(root)
    assert found.watch.start()
    yield found
    found.watch.stop()


def test_a_note_wakes(rung: Rung) -> None:
    (rung.root / "Papers/@a.md").write_text("b")
    assert rung.first() == "vault"


def test_a_note_in_a_folder_made_later_wakes(rung: Rung) -> None:
    (rung.root / "New").mkdir()
    (rung.root / "New/a.MD").write_text("b")
    assert rung.first() == "vault"


def test_an_editors_temporary_file_renamed_over_a_note_wakes(rung: Rung) -> None:
    (rung.root / "Papers/.a.swp").write_text("b")
    (rung.root / "Papers/.a.swp").rename(rung.root / "Papers/@a.md")
    assert rung.first() == "vault"


def test_nothing_else_wakes_and_reading_does_not(rung: Rung) -> None:
    (rung.root / ".obsidian/workspace.json").write_text("{}")
    (rung.root / ".obsidian/a.md").write_text("{}")
    (rung.root / "Papers/.bridge-tmp-1").write_text("{}")
    (rung.root / "Papers/figure.png").write_text("{}")
    (rung.root / "Papers/@a.md").read_text()
    assert rung.all_until_marker() == []


def test_the_owners_file_wakes(rung: Rung) -> None:
    (rung.root / ".bridge/owner").write_text("{}")
    assert rung.first() == "owner"


def test_it_says_when_its_folder_is_another_one_and_starts_again(rung: Rung) -> None:
    watch = rung.watch
    assert watch.alive
    shutil.rmtree(rung.root)
    assert not Watch.alive.__get__(watch)
    assert not watch.start()
    (rung.root / "Papers").mkdir(parents=True)
    assert rung.watch.start()
    assert rung.watch.alive
    (rung.root / "Papers/@b.md").write_text("b")
    while rung.first() != "vault":
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_no_watches_left_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(*_: Any) -> None:
        raise OSError(number, "full")

    monkeypatch.setattr(BaseObserver, "start", full)
    watch = Watch(tmp_path, lambda _: None)
    with pytest.raises(WatchLimitError):
        watch.start()
    assert not watch.alive
