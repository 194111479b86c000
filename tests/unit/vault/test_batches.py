"""What a batch of notes costs, in calls: each file brought to the disk once, each folder listed once, values once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bridge.core.place import Stat
from bridge.core.record import Face, ItemId, Record
from bridge.errors import BridgeError
from bridge.vault import files, template
from bridge.vault.batch import Batch


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each thing that was brought to the disk."""
    seen: list[int] = []
    real = os.fsync

    def counting(handle: int) -> None:
        seen.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", counting)
    return seen


@pytest.mark.parametrize("count", [1, 2, 30])
def test_law_5_each_file_is_brought_to_the_disk_once_whether_begun_early_or_not(
    tmp_path: Path, flushed: list[int], count: int
) -> None:
    for early in (False, True):
        flushed.clear()
        paths = [tmp_path / f"{early}{at}.md" for at in range(count)]
        with Batch(tmp_path) as batch:
            for path in paths:
                batch.stage(path, b"text", None)
            if early:
                batch.begin()
            results = batch.commit()
        assert all(isinstance(results[path], Stat) for path in paths)
        assert len(flushed) == count + 1  # and the folder


def test_law_5_what_is_staged_after_the_beginning_comes_to_the_disk_too(tmp_path: Path, flushed: list[int]) -> None:
    with Batch(tmp_path) as batch:
        for name in "abc":
            batch.stage(tmp_path / f"{name}.md", b"text", None)
        batch.begin()
        for name in "de":
            batch.stage(tmp_path / f"{name}.md", b"text", None)
        batch.commit()
    assert len(flushed) == 5 + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "b.md", "c.md", "d.md", "e.md"]


def test_law_5_a_batch_that_is_left_before_its_end_leaves_nothing(tmp_path: Path) -> None:
    with Batch(tmp_path) as batch:
        for name in "abc":
            batch.stage(tmp_path / f"{name}.md", b"text", None)
        batch.begin()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_brought_to_the_disk_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = os.fsync, list[int]()

    def failing(handle: int) -> None:
        seen.append(handle)
        if len(seen) == 1:
            raise OSError(5, "input/output error")
        real(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with Batch(tmp_path) as batch:
        for name in "abc":
            batch.stage(tmp_path / f"{name}.md", b"text", None)
        batch.begin()
        results = batch.commit()
    assert sum(isinstance(result, BridgeError) for result in results.values()) == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_is_listed_once_for_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R27: names differing in case alone stay apart, at a cost that does not grow with the square of the library."""
    (tmp_path / "Other.md").write_bytes(b"a person's")
    listed: list[Any] = []
    real = os.listdir

    def counting(folder: Any) -> list[str]:
        listed.append(folder)
        return real(folder)

    monkeypatch.setattr(os, "listdir", counting)
    names: dict[Path, set[str]] = {}
    for name in ("one", "two", "ONE", "other"):
        with Batch(tmp_path, names) as batch:
            batch.stage(tmp_path / f"{name}.md", b"text", None)
            result = batch.commit()[tmp_path / f"{name}.md"]
        assert isinstance(result, files.NameTakenError) == (name in ("ONE", "other"))
    assert len(listed) == 1


def test_a_template_pays_for_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    escaped: list[str] = []

    def counting(text: str) -> str:
        escaped.append(text)
        return text

    monkeypatch.setattr(template, "escape", counting)
    face: Face = {"title": "T", "doi": "D", "authors": ("A", "B"), "zotero-link": "Z"}
    values = template.context(Record(ItemId("users/1", "ABCD2345"), face, "1"))
    assert set(values) == {"title", "doi", "authors", "zotero_link", "key", "library", "heading", "block"}
    assert len(values) == 8
    assert (
        template.render_body("{{ doi }} {{ authors | join('+') }} {% if note is defined %}x{% endif %}", values)
        == "D A+B "
    )
    assert sorted(escaped) == ["A", "B", "D"]
