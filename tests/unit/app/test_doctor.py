"""``bridge doctor``: each thing a sync needs, with a remedy where it is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command import run, run_json
from desk import Library, paper

from bridge.cli.advice import _BY_CODE
from bridge.daemon import news
from bridge.sandbox.server import SandboxServer
from bridge.vault.marker import Machine, take_over

Levels = Callable[[], dict[str, str]]


@pytest.fixture
def vault(tmp_path: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A connected vault."""
    monkeypatch.setenv("ZOTERO_API_KEY", server.key)
    assert run("init", tmp_path / "vault", "--url", server.url, "--yes").code == 0
    return tmp_path / "vault"


def levels(vault: Path) -> dict[str, str]:
    """Check name to level, for all that are not as they should be."""
    code, said = run_json("-C", vault, "doctor")
    found = {each["name"]: each["level"] for each in said["checks"] if each["level"] != "ok"}
    assert code == (1 if "fail" in found.values() else 0)
    assert all(each["advice"] for each in said["checks"] if each["level"] != "ok")
    return found


def test_all_is_well(vault: Path, server: SandboxServer) -> None:
    assert levels(vault) == {}
    out = run("-C", vault, "doctor").out
    assert "users/1" in out
    assert server.key not in out


def test_r23_a_key_that_may_not_see_notes_is_told(
    vault: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", server.add_key(notes=False))
    assert levels(vault) == {}, "that is nobody's mistake"
    out = run("-C", vault, "doctor").out
    assert "but for the notes under its papers" in out
    assert "allow the key notes access" in out


def test_nothing_is_changed(vault: Path, machine: Path) -> None:
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for root in (vault, machine) for path in root.rglob("*") if path.is_file()}

    before = files()
    levels(vault)
    assert files() == before


def test_no_vault_is_the_first_failure(tmp_path: Path) -> None:
    assert levels(tmp_path) == {"vault": "fail"}


def test_a_broken_configuration_is_told(vault: Path) -> None:
    (vault / ".bridge" / "config.toml").write_text("[library")
    assert levels(vault) == {"vault": "fail"}


def test_r31_another_owner_is_told(vault: Path) -> None:
    take_over(vault, Machine("0123456789abcdef", "laptop"))
    assert levels(vault) == {"owner": "warn"}


def test_r26_types_that_clash_are_told(vault: Path) -> None:
    (vault / ".obsidian").mkdir(exist_ok=True)
    (vault / ".obsidian" / "types.json").write_text('{"types": {"year": "date", "status": "multitext"}}')
    assert levels(vault) == {"properties": "warn"}


def test_r23_a_key_that_may_only_read_is_told(
    vault: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", server.add_key(write=False))
    assert levels(vault) == {"users/1": "warn"}


def test_a_wrong_key_and_none_are_failures(vault: Path, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", "wrongwrongwrongwrongwron")
    assert levels(vault) == {"users/1": "fail"}
    monkeypatch.delenv("ZOTERO_API_KEY")
    (machine / "keys.json").unlink()
    assert levels(vault) == {"key": "fail"}


def test_r24_a_server_nobody_approved_is_a_failure(vault: Path, machine: Path, server: SandboxServer) -> None:
    (machine / "origins.json").unlink()
    server.requests.reset()
    assert levels(vault) == {"key": "fail"}
    assert server.requests.count() == 0


def test_law_9_notes_that_are_only_names_are_told(vault: Path) -> None:
    (vault / ".Paper.md.icloud").write_text("")
    assert levels(vault) == {"notes": "warn"}


def test_without_the_extra_for_announcements_that_is_told(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = vault / ".bridge/config.toml"
    monkeypatch.setattr(news, "find_spec", lambda _: None)
    assert levels(vault) == {}  # this server announces nothing anyway
    url = next(line.partition('"')[2].rstrip('"') for line in settings.read_text().splitlines() if "url" in line)
    own = url.replace("http", "ws", 1)
    settings.write_text(settings.read_text() + f'\n[daemon]\nstream_url = "{own}"\n')
    assert levels(vault) == {"news": "warn"}
    settings.write_text(settings.read_text() + "push = false\n")
    assert levels(vault) == {}


def test_what_waits_for_a_person_is_told(vault: Path) -> None:
    (vault / "broken.md").write_text("---\nzotero-key: AAAAAAAA\ntitle: [\n---\n")
    run("-C", vault, "sync", "--once")
    assert levels(vault) == {"waiting": "warn"}


def test_no_remedy_is_left_over() -> None:
    rooms = Path(__file__).parents[3] / "bridge"
    source = (rooms / "doctor.py").read_text() + (rooms / "daemon/news.py").read_text()
    assert {code for code in _BY_CODE if f'"{code}"' not in source} == set()


def test_a_citation_key_that_two_tools_fight_over_is_told(vault: Path, server: SandboxServer) -> None:
    library = Library(server)
    (key,) = library.add(paper(0))
    for citekey in ("p0", "theirs", "p0"):
        library.change(key, citationKey=citekey)
        assert run("-C", vault, "sync", "--once").code == 0
    assert levels(vault) == {}, "a person may change their mind"
    library.change(key, citationKey="theirs")
    run("-C", vault, "sync", "--once")
    assert levels(vault) == {"citekeys": "warn"}
    out = run("-C", vault, "doctor").out
    assert "to and fro: Paper number 0" in out
    assert "Better BibTeX" in out
