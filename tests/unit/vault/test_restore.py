"""Files put back as they were: expected as they are (law 6), written before removed (law 5), known to the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from vault_maker import VaultMaker, record

from bridge.core.deeds import FileDeed, Nobody
from bridge.core.undo import Step
from bridge.errors import NoteError
from bridge.vault import files
from bridge.vault.restore import Restorer


class Told(Nobody):
    """Remembers what it was told, and what was on the disk then."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.deeds: list[FileDeed] = []
        self.contents: dict[str, bytes] = {}
        self.there: list[str] = []

    def keep(self, deeds: Iterable[FileDeed], contents: Mapping[str, bytes]) -> None:
        self.deeds += deeds
        self.contents |= contents
        self.there = sorted(path.name for path in self.root.rglob("*.md"))


@pytest.fixture
def vault(tmp_path: Path) -> VaultMaker:
    vault = VaultMaker(tmp_path)
    vault.make(record("A"), record("B"))
    vault.scan()
    return vault


def restorer(vault: VaultMaker, told: Told | None = None) -> Restorer:
    return Restorer(vault.root, vault.index, vault.side._read, told or Told(vault.root))


def put_back(vault: VaultMaker, *groups: Sequence[Step], told: Told | None = None) -> dict[str, str]:
    return restorer(vault, told).put_back(groups, [FileDeed("x", "y", "1", "2")])


def test_law_8_a_note_put_back_is_no_news_to_the_next_scan(vault: VaultMaker) -> None:
    now = (vault.root / "Papers/@a.md").read_bytes()
    then = now.replace(b"Paper A", b"Paper A as it was")
    told = Told(vault.root)
    assert put_back(vault, [Step("Papers/@a.md", now, then)], told=told) == {}
    assert (vault.root / "Papers/@a.md").read_bytes() == then
    assert told.contents == {files.digest(now): now}
    assert vault.scan().rows == ()
    row = vault.index.row("Papers/@a.md")
    assert row is not None
    assert (row.face["title"], row.pending) == ("Paper A as it was", False)


def test_law_5_the_recorder_knows_before_anything_is_written(vault: VaultMaker) -> None:
    now = (vault.root / "Papers/@a.md").read_bytes()
    told = Told(vault.root)
    put_back(vault, [Step("Papers/@a.md", now, None), Step("Papers/@old.md", None, now)], told=told)
    assert told.there == ["@a.md", "@b.md"]
    assert sorted(path.name for path in (vault.root / "Papers").iterdir()) == ["@b.md", "@old.md"]
    assert vault.scan().rows == ()


def test_what_waits_to_be_reconciled_waits_on_under_its_old_name(vault: VaultMaker) -> None:
    now = (vault.root / "Papers/@a.md").read_bytes()
    row = vault.index.row("Papers/@a.md")
    assert row is not None
    vault.index.put_rows([replace(row, pending=True)])
    put_back(vault, [Step("Papers/@a.md", now, None), Step("Papers/@old.md", None, now)])
    after = vault.index.row("Papers/@old.md")
    assert after is not None
    assert after.pending


def test_law_6_one_changed_file_holds_its_group_and_no_other(vault: VaultMaker) -> None:
    a, b = ((vault.root / f"Papers/@{name}.md").read_bytes() for name in "ab")
    left = put_back(
        vault,
        [Step("Papers/@a.md", a + b"expected", None), Step("Papers/@old.md", None, a)],
        [Step("Papers/@b.md", b, None)],
    )
    assert left == {"Papers/@a.md": "changed since it was read"}
    assert (vault.root / "Papers/@a.md").read_bytes() == a
    assert not (vault.root / "Papers/@b.md").exists()


def test_law_5_nothing_is_removed_where_writing_failed(vault: VaultMaker) -> None:
    a = (vault.root / "Papers/@a.md").read_bytes()
    vault.write("Papers/@OLD.md", "somebody's own")
    left = put_back(vault, [Step("Papers/@a.md", a, None), Step("Papers/@old.md", None, a)])
    assert left == {"Papers/@old.md": "a file of that name is there"}
    assert (vault.root / "Papers/@a.md").read_bytes() == a
    assert vault.read("Papers/@OLD.md") == "somebody's own"


def test_a_folder_that_went_is_made_again(vault: VaultMaker) -> None:
    assert put_back(vault, [Step("Gone/away/board.canvas", None, b"{}")]) == {}
    assert vault.read("Gone/away/board.canvas") == "{}"


def test_law_13_nothing_is_put_back_behind_a_link_that_leads_out(vault: VaultMaker, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "x.md").write_bytes(b"theirs")
    (vault.root / "Link").symlink_to(outside, target_is_directory=True)
    left = put_back(vault, [Step("Link/new.md", None, b"x")], [Step("Link/x.md", b"theirs", None)])
    assert left.keys() == {"Link/new.md", "Link/x.md"}
    assert [path.name for path in outside.iterdir()] == ["x.md"]


def test_looking_at_what_is_no_file_is_an_error_and_at_nothing_is_none(vault: VaultMaker) -> None:
    look = restorer(vault).look
    assert look("Papers/none.md") is None
    assert look("Papers/@a.md") == (vault.root / "Papers/@a.md").read_bytes()
    with pytest.raises(NoteError):
        look("Papers")
