"""The composition root over a real server: who may sync, with which key, and what a dry run leaves behind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from command import run_json

from bridge.app import App
from bridge.errors import ForbiddenError, VaultBusyError, VaultMarkerError, VaultOwnedError
from bridge.keys import MissingKeyError, UnapprovedServerError
from bridge.lock import hold
from bridge.order import Order
from bridge.progress import Silent
from bridge.sandbox.server import SandboxServer
from bridge.vault.marker import Machine, take_over


@pytest.fixture
def vault(tmp_path: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault connected with the server's library, whose key is stored."""
    monkeypatch.setenv("ZOTERO_API_KEY", server.key)
    code, _ = run_json("init", tmp_path / "vault", "--url", server.url, "--yes")
    assert code == 0
    monkeypatch.delenv("ZOTERO_API_KEY")
    server.requests.reset()
    return tmp_path / "vault"


def add_paper(server: SandboxServer, title: str = "A Paper") -> None:
    import httpx2

    answer = httpx2.post(
        f"{server.url}/{server.library}/items",
        headers={"Zotero-API-Key": server.key},
        json=[{"itemType": "journalArticle", "title": title, "citationKey": title.replace(" ", "").lower()}],
    )
    assert answer.status_code == 200
    server.requests.reset()


def cycle(vault: Path, **order: Any) -> Any:
    return App.open(vault).cycle(Order(**order), Silent())


def files(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()}


def test_r23_rights_are_asked_for_once_so_that_an_idle_cycle_is_one_request(vault: Path, server: SandboxServer) -> None:
    first = cycle(vault)
    assert first.requests > 1
    server.requests.reset()
    assert cycle(vault).requests == 1
    assert server.requests.count() == 1


def test_law_12_a_dry_run_leaves_everything_as_it_was(vault: Path, server: SandboxServer, machine: Path) -> None:
    add_paper(server)
    before = files(vault, machine)
    report = cycle(vault, dry_run=True)
    assert report.vault_created == 1
    assert report.plan
    assert files(vault, machine) == before
    cycle(vault)
    assert (vault / "Papers" / "@apaper.md").exists()


def test_law_12_a_dry_run_needs_no_lock_and_a_sync_does(vault: Path) -> None:
    cycle(vault)
    with hold(App.open(vault).home.lock, "sync"):
        cycle(vault, dry_run=True)
        with pytest.raises(VaultBusyError):
            cycle(vault)


def test_r31_another_machines_vault_is_left_alone_until_taken_over(vault: Path, server: SandboxServer) -> None:
    take_over(vault, Machine("0123456789abcdef", "laptop"))
    server.requests.reset()
    for order in ({}, {"dry_run": True}):
        with pytest.raises(VaultOwnedError, match="laptop"):
            cycle(vault, **order)
    assert server.requests.count() == 0
    cycle(vault, dry_run=True, take_over=True)
    assert not App.open(vault).is_ours
    cycle(vault, take_over=True)
    assert App.open(vault).is_ours


def test_r31_a_copied_vault_gets_an_id_of_its_own_and_no_base(
    vault: Path, server: SandboxServer, tmp_path: Path
) -> None:
    add_paper(server)
    cycle(vault)
    copy = Path(shutil.copytree(vault, tmp_path / "copy"))
    assert App.open(copy).home.came == "copied"
    cycle(copy, dry_run=True)
    assert App.open(copy).marker == App.open(vault).marker
    report = cycle(copy)
    assert App.open(copy).marker != App.open(vault).marker
    assert (report.vault_created, report.zotero_updated) == (0, 0)
    assert cycle(vault).changed is False


def test_r31_a_moved_vault_keeps_its_state(vault: Path, tmp_path: Path) -> None:
    cycle(vault)
    moved = vault.rename(tmp_path / "moved")
    with App.open(moved).memory() as state:
        assert state.get_meta("last-cycle")
    assert cycle(moved).requests == 1


def test_law_9_without_its_marker_it_is_no_vault(vault: Path) -> None:
    (vault / ".bridge" / "vault.json").unlink()
    with pytest.raises(VaultMarkerError):
        cycle(vault)


def test_r24_a_configuration_naming_another_server_gets_no_key(
    vault: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = vault / ".bridge" / "config.toml"
    config.write_text(config.read_text().replace(server.url, server.url.replace("127.0.0.1", "localhost")))
    monkeypatch.setenv("ZOTERO_API_KEY", server.key)
    with pytest.raises(UnapprovedServerError):
        cycle(vault)
    assert server.requests.count() == 0


def test_law_14_the_key_is_nowhere_in_the_vault(vault: Path, server: SandboxServer) -> None:
    cycle(vault)
    assert all(server.key.encode() not in data for data in files(vault).values())


def test_a_machine_without_a_key_says_so(vault: Path, machine: Path) -> None:
    (machine / "keys.json").unlink()
    with pytest.raises(MissingKeyError):
        cycle(vault)


def test_r23_a_revoked_key_stops_and_says_so(vault: Path, server: SandboxServer) -> None:
    cycle(vault)
    server.revoke(server.key)
    with pytest.raises(ForbiddenError) as caught:
        cycle(vault)
    assert server.key not in str(caught.value)


def test_r23_a_key_that_may_only_read_keeps_edits_waiting_and_says_so_once(
    vault: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_paper(server)
    cycle(vault)
    # The rights that are kept are those of the old key: the refusal is what tells.
    monkeypatch.setenv("ZOTERO_API_KEY", server.add_key(write=False))
    note = vault / "Papers" / "@apaper.md"
    note.write_text(note.read_text().replace("title: A Paper", "title: My Paper"))
    report = cycle(vault)
    assert report.zotero_updated == 0
    assert any("read-only" in line for line in report.messages)
    assert "My Paper" in note.read_text()
    assert cycle(vault).messages == []
    monkeypatch.setenv("ZOTERO_API_KEY", server.key)
    assert cycle(vault).zotero_updated == 1


def test_r10_the_day_is_the_vaults_own(vault: Path) -> None:
    assert App.open(vault).config.time.zone == "Europe/Berlin"
