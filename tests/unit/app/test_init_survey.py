"""Setting up counts first and overwrites nothing (R26)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.config import Config, LibraryConfig, read
from bridge.init import Setup, copy_template, set_up, survey, system_zone, weekly_notes
from bridge.progress import Silent

CONFIG = Config(library=(LibraryConfig(id="users/1"),))


def item(key: str, parent: str = "", **data: Any) -> dict[str, Any]:
    own = {"itemType": "journalArticle", "title": key, **data, **({"parentItem": parent} if parent else {})}
    return {
        "key": key,
        "version": 1,
        "library": {},
        "meta": {},
        "data": {"key": key, "tags": [], "collections": [], **own},
    }


class Client:
    """A library of a few items."""

    library = "users/1"

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items
        self.pulls = 0

    def top_level(self) -> int:
        return len(self.items)

    def pull(self, since: int) -> Any:
        assert since == 0
        self.pulls += 1
        return SimpleNamespace(total=len(self.items), pages=lambda: iter([list(self.items)]))


def look(vault: Path, *items: dict[str, Any]) -> Any:
    return survey(vault, Client(*items), CONFIG, Silent())  # type: ignore[arg-type]  # as much of a client as is used


def note(vault: Path, name: str, text: str) -> None:
    (vault / name).write_text(text, encoding="utf-8")


def test_r26_an_empty_vault_is_offered_all_and_nothing_is_downloaded(tmp_path: Path) -> None:
    client = Client(item("AAAAAAAA"), item("BBBBBBBB"))
    seen = survey(tmp_path, client, CONFIG, Silent())  # type: ignore[arg-type]  # as above
    assert (seen.notes, seen.papers, seen.exact, seen.proposed) == (0, 2, False, "all")
    assert client.pulls == 0


@pytest.mark.parametrize(
    "text",
    [
        "---\nzotero-key: AAAAAAAA\n---\n",
        "---\ncitekey: wei2020chain\n---\n",
        "---\naliases:\n  - '@wei2020chain'\n---\n",
        "---\ndoi: https://doi.org/10.1/X\n---\n",
        "---\nzotero: zotero://select/library/items/AAAAAAAA\n---\n",
        "---\nitemKey: AAAAAAAA\n---\n",
    ],
)
def test_r26_notes_of_other_tools_are_recognised(tmp_path: Path, text: str) -> None:
    note(tmp_path, "mine.md", text)
    seen = look(tmp_path, item("AAAAAAAA", citationKey="wei2020chain", DOI="10.1/x"), item("BBBBBBBB"))
    assert (seen.notes, seen.papers, seen.recognised, seen.new("all")) == (1, 2, 1, 1)
    assert seen.proposed == "wanted"


def test_r28_a_link_in_a_body_says_little_outside_the_papers_folder(tmp_path: Path) -> None:
    (tmp_path / "Papers").mkdir()
    note(tmp_path, "day.md", "see [it](zotero://select/library/items/AAAAAAAA)\n")
    note(tmp_path, "Papers/mine.md", "about [it](zotero://select/library/items/BBBBBBBB)\n")
    seen = look(tmp_path, item("AAAAAAAA"), item("BBBBBBBB"))
    assert (seen.recognised, seen.new("all")) == (1, 1)


def test_r26_a_file_named_after_the_citation_key_is_recognised(tmp_path: Path) -> None:
    note(tmp_path, "@wei2020chain.md", "")
    assert look(tmp_path, item("AAAAAAAA", citationKey="wei2020chain")).recognised == 1


def test_r26_wanted_papers_are_begun_linked_or_highlighted(tmp_path: Path) -> None:
    note(tmp_path, "day.md", "see [[@linked2020]]\n")
    seen = look(
        tmp_path,
        item("AAAAAAAA", extra="Read_Status: In Progress"),
        item("BBBBBBBB", extra="Read_Status: New"),
        item("CCCCCCCC", citationKey="linked2020"),
        item("DDDDDDDD"),
        item("EEEEEEEE", "DDDDDDDD", itemType="attachment"),
        item("FFFFFFFF", "EEEEEEEE", itemType="annotation"),
        item("GGGGGGGG", deleted=1, extra="Read_Status: Read"),
        item("HHHHHHHH", itemType="attachment"),
    )
    assert (seen.papers, seen.recognised, seen.new("wanted"), seen.new("all")) == (4, 0, 3, 4)


def test_r26_type_clashes_are_found(tmp_path: Path) -> None:
    (tmp_path / ".obsidian").mkdir()
    (tmp_path / ".obsidian" / "types.json").write_text('{"types": {"status": "multitext", "year": "date"}}')
    assert [(each.key, each.mild) for each in look(tmp_path).clashes] == [("status", True), ("year", False)]


def test_setting_up_twice_changes_nothing(tmp_path: Path) -> None:
    root, vault = tmp_path / "state", tmp_path / "vault"
    set_up(vault, Setup(CONFIG), root)
    before = {path: path.read_bytes() for path in (vault / ".bridge").iterdir()}
    assert len(before) == 3
    set_up(vault, Setup(Config(library=(LibraryConfig(id="users/2"),))), root)
    assert {path: path.read_bytes() for path in (vault / ".bridge").iterdir()} == before
    assert read(vault) == CONFIG


def test_a_template_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "template"
    (source / ".obsidian").mkdir(parents=True)
    (source / ".obsidian" / "app.json").write_text("{}")
    (source / "Home.md").write_text("theirs")
    monkeypatch.setattr("bridge.init._template", lambda: source)
    vault = tmp_path / "vault"
    vault.mkdir()
    note(vault, "Home.md", "mine")
    assert copy_template(vault) == [".obsidian/app.json"]
    assert (vault / "Home.md").read_text() == "mine"
    assert copy_template(vault) == []


@pytest.mark.parametrize(
    ("variable", "timezone", "zone"),
    [("Asia/Tokyo", "", "Asia/Tokyo"), (":Asia/Tokyo", "", "Asia/Tokyo"), ("", "Europe/Paris\n", "Europe/Paris"),
     ("CET-1CEST", "", "UTC"), ("/etc/passwd", "nonsense", "UTC")],
)  # fmt: skip
def test_r10_the_zone_comes_from_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, timezone: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", variable)
    if timezone:
        (tmp_path / "timezone").write_text(timezone)
    assert system_zone(tmp_path) == zone


def test_r10_the_zone_of_a_linked_localtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "")
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/America/New_York")
    assert system_zone(tmp_path) in ("America/New_York", "US/Eastern")


@pytest.mark.parametrize(
    ("paths", "host"),
    [
        (["Weekly/2025-W38.md", "Weekly/2025-W39.md", "Weekly/Template.md"], "Weekly/{week}.md"),
        (["2025-W38 notes.md", "2025-W39 notes.md", "a/2025-W39.md"], "{week} notes.md"),
        (["Weekly/2025-W39.md", "2025-09-22.md", "2025-W39/a.md", "2025-W38/a.md"], ""),
        (["x12025-W39.md", "x12025-W38.md", "2025-W39 to 2025-W40.md"], ""),
        ([], ""),
    ],
)
def test_weekly_notes_are_known_by_their_names(paths: list[str], host: str) -> None:
    assert weekly_notes(paths) == host
