"""The marker and the owner of a vault: law 9 (absence is not deletion), R31 (one machine writes)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import NotAVaultError, NoteError, VaultError, VaultMarkerError
from bridge.vault import files, marker


def test_a_marker_is_made_once_and_read_back(tmp_path: Path) -> None:
    made = marker.create_marker(tmp_path)
    before = (tmp_path / ".bridge/vault.json").stat().st_mtime_ns
    assert marker.read_marker(tmp_path) == made == marker.create_marker(tmp_path)
    assert (tmp_path / ".bridge/vault.json").stat().st_mtime_ns == before


def test_r31_a_copy_gets_an_identity_of_its_own(tmp_path: Path) -> None:
    made = marker.create_marker(tmp_path)
    assert marker.renew_marker(tmp_path) != made
    assert marker.read_marker(tmp_path) != made


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", "{}", '{"id": 1, "format": 1}', '{"id": "../../etc", "format": 1}',
     '{"id": "0123456789abcdef"}', '{"id": "0123456789abcdef", "format": 2}'],
)  # fmt: skip
def test_law_9_a_missing_or_damaged_marker_is_told(tmp_path: Path, text: str | None) -> None:
    (tmp_path / ".bridge").mkdir()
    if text is not None:
        (tmp_path / ".bridge/vault.json").write_text(text)
    with pytest.raises(VaultMarkerError):
        marker.read_marker(tmp_path)
    if text is not None:
        with pytest.raises(VaultMarkerError):
            marker.create_marker(tmp_path)  # never made anew over one that a person may mend


def test_the_nearest_vault_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    (inner / "Papers").mkdir(parents=True)
    (tmp_path / "outer" / ".bridge").mkdir()
    assert marker.find_vault(inner / "Papers") == tmp_path / "outer"
    (inner / ".bridge").mkdir()
    assert marker.find_vault(inner / "Papers") == inner
    with pytest.raises(NotAVaultError):
        marker.find_vault(tmp_path)


def test_r31_a_vault_names_the_machine_that_syncs_it(tmp_path: Path) -> None:
    one, two = marker.Machine("1" * 16, "one"), marker.Machine("2" * 16, "zwei ü")
    marker.create_marker(tmp_path)
    assert marker.owner(tmp_path) is None
    marker.take_over(tmp_path, one)
    before = (tmp_path / ".bridge/owner").stat()
    marker.take_over(tmp_path, one)
    assert (tmp_path / ".bridge/owner").stat() == before  # law 2
    assert marker.owner(tmp_path) == one
    marker.take_over(tmp_path, two)
    assert marker.owner(tmp_path) == two


def test_r31_an_owner_that_cannot_be_read_is_not_nobody(tmp_path: Path) -> None:
    (tmp_path / ".bridge").mkdir()
    (tmp_path / ".bridge/owner").write_text("{")
    with pytest.raises(VaultMarkerError):
        marker.owner(tmp_path)


def test_a_machine_keeps_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = marker.this_machine(tmp_path / "state")
    assert first == marker.this_machine()
    monkeypatch.setattr(marker.uuid, "getnode", lambda: 1)  # type: ignore[attr-defined]  # the module as imported there
    (tmp_path / "state/machine").write_text("f" * 16)
    assert marker.this_machine(tmp_path / "state").id == "f" * 16
    (tmp_path / "state/machine").write_text("broken")
    assert len(marker.this_machine(tmp_path / "state").id) == 16


def test_a_vault_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".bridge").write_text("a file where the folder should be")
    with pytest.raises(VaultError):
        marker.create_marker(tmp_path)


def test_law_9_nothing_is_made_in_the_empty_place_of_a_vault(tmp_path: Path) -> None:
    with pytest.raises(VaultError):
        marker.take_over(tmp_path, marker.Machine("0123456789abcdef", "laptop"))
    with pytest.raises(NoteError):
        files.make_folder(tmp_path, tmp_path / "Papers")
    assert list(tmp_path.iterdir()) == []
