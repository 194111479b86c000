"""When the server fails: the exit code says whether trying again is any use (R37)."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import run, run_json

from bridge.sandbox.faults import parse_fault
from bridge.sandbox.server import SandboxServer

pytestmark = pytest.mark.usefixtures("naps")


@pytest.fixture
def vault(tmp_path: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A connected vault."""
    monkeypatch.setenv("ZOTERO_API_KEY", server.key)
    assert run("init", tmp_path / "vault", "--url", server.url, "--yes").code == 0
    return tmp_path / "vault"


@pytest.mark.parametrize("fault", ["503:times=always", "drop-before:times=always", "truncate:times=always"])
def test_a_server_that_fails_throughout_is_5(vault: Path, server: SandboxServer, fault: str) -> None:
    server.faults.add(parse_fault(fault))
    try:
        code, said = run_json("-C", vault, "sync", "--once")
    finally:
        server.faults.clear()
    assert (code, said["error"]["code"]) == (5, "UnreachableError")
    assert "Nothing is lost" in said["error"]["advice"]


@pytest.mark.parametrize("fault", ["503:times=2", "drop-before", "truncate"])
def test_a_server_that_stumbles_is_tried_again(vault: Path, server: SandboxServer, fault: str) -> None:
    server.faults.add(parse_fault(fault))
    assert run("-C", vault, "sync", "--once").code == 0


def test_a_long_pause_asked_for_is_5(vault: Path, server: SandboxServer) -> None:
    server.faults.add(parse_fault("rate-limit:seconds=3600"))
    code, said = run_json("-C", vault, "sync", "--once")
    assert (code, said["error"]["code"]) == (5, "BackOffError")


@pytest.mark.parametrize("arguments", [[], ["--data", "d", "--fault", "nonsense"], ["--seed", "big"]])
def test_a_sandbox_needs_a_folder_and_known_words(arguments: list[str]) -> None:
    assert run_json("sandbox", *arguments)[0] == 2
