"""Notes put away and brought back: where they go, what stays, and that nothing else is moved (laws 6, 13; R32)."""

from __future__ import annotations

from pathlib import Path

import pytest
from vault_maker import VaultMaker, item, record

from bridge.core.place import NoteRow
from bridge.vault.away import Mover
from bridge.vault.create import Layout

PAPER = record("A")


@pytest.fixture
def vault(tmp_path: Path) -> VaultMaker:
    """A vault with one paper's note, ``Papers/@a.md``."""
    vault = VaultMaker(tmp_path, Layout(archive="Old/Archive"))
    vault.make(PAPER)
    return vault


def row(vault: VaultMaker) -> NoteRow:
    return vault.index.rows_of([PAPER.id])[PAPER.id]


def mover(vault: VaultMaker) -> Mover:
    return vault.side.mover()


def trashed(vault: VaultMaker) -> str:
    vault.scan()
    return mover(vault).trashed(row(vault), PAPER, {})


def test_in_the_archive_a_note_keeps_its_path(vault: VaultMaker) -> None:
    text, to = vault.read("Papers/@a.md"), mover(vault).archived(row(vault))
    assert to == "Old/Archive/Papers/@a.md"
    assert mover(vault).move(PAPER.id, "Papers/@a.md", to) == to
    assert vault.files() == [to]
    assert vault.read(to) == text
    assert row(vault).path == to
    assert vault.scan().opened == 0  # what was moved is known
    assert mover(vault).archived(row(vault)) == ""
    assert mover(vault).move(PAPER.id, to, "Papers/@a.md") == "Papers/@a.md"
    assert row(vault).path == "Papers/@a.md"
    assert vault.side.renamed == 2


def test_a_name_that_is_taken_stays_whose_it_is(vault: VaultMaker) -> None:
    vault.write("Old/Archive/Papers/@a.md", "mine")
    vault.write(".trash/@a.md", "mine, too")
    assert mover(vault).archived(row(vault)) == "Old/Archive/Papers/@a 2.md"
    assert trashed(vault) == ".trash/@a 2.md"
    assert mover(vault).move(PAPER.id, "Papers/@a.md", "Old/Archive/Papers/@a.md") == "Old/Archive/Papers/@a 2.md"
    assert vault.read("Old/Archive/Papers/@a.md") == "mine"


def test_what_is_in_the_trash_is_in_no_index_and_comes_back_as_news(vault: VaultMaker) -> None:
    assert mover(vault).move(PAPER.id, "Papers/@a.md", trashed(vault)) == ".trash/@a.md"
    assert vault.index.rows_of([PAPER.id]) == {}
    assert vault.scan().gone == ()
    assert mover(vault).move(PAPER.id, ".trash/@a.md", "Papers/@a.md") == "Papers/@a.md"
    assert row(vault).pending


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## Notes\n", "## Notes\n\nWords of mine.\n"),
        ("# Paper A\n", "# As I call it\n"),
        ("About it.", "About it.\n> And mine."),
        ("title: Paper A\n", "title: Paper A\nmine: yes\n"),
        ("zotero-key", "summary: It says it all.\nzotero-key"),
        ("%% bridge:end abstract %%", ""),
    ],
)
def test_a_note_with_anything_of_a_persons_stays_in_sight(vault: VaultMaker, old: str, new: str) -> None:
    assert trashed(vault) == ".trash/@a.md"
    text = vault.read("Papers/@a.md")
    assert old in text
    vault.write("Papers/@a.md", text.replace(old, new, 1))
    assert trashed(vault) == ""


def test_law_6_a_note_that_changed_since_it_was_read_stays(vault: VaultMaker) -> None:
    vault.write("Papers/@a.md", vault.read("Papers/@a.md") + "Just now.\n")
    assert mover(vault).trashed(row(vault), PAPER, {}) == ""
    assert mover(vault).move(PAPER.id, "Papers/@a.md", "Old/Archive/Papers/@a.md") == ""
    assert vault.files() == ["Papers/@a.md"]


def test_a_note_that_is_gone_or_anothers_is_left_alone(vault: VaultMaker) -> None:
    vault.write(".trash/@b.md", "---\nzotero-key: BBBBBBBB\n---\n")
    vault.write(".trash/@c.md", "mine")
    for path in ("Papers/@z.md", ".trash/@b.md", ".trash/@c.md"):
        assert mover(vault).move(item("A"), path, "Papers/@y.md") == ""
    assert vault.files() == [".trash/@b.md", ".trash/@c.md", "Papers/@a.md"]


def test_law_13_an_archive_behind_a_link_out_of_the_vault_takes_nothing(vault: VaultMaker, tmp_path: Path) -> None:
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (tmp_path / "Old").symlink_to(outside, target_is_directory=True)
    assert mover(vault).move(PAPER.id, "Papers/@a.md", "Old/Archive/Papers/@a.md") == ""
    assert [*outside.rglob("*")] == []
    assert row(vault).path == "Papers/@a.md"
