"""A machine of its own for each test: no keyring, no key, a fresh state folder, nobody at a terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from bridge.cli import main
from bridge.sandbox.server import SandboxServer

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder."""
    monkeypatch.setenv("BRIDGE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("ZOTERO_API_KEY", raising=False)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring's own
    yield tmp_path / "state"
    keyring.set_keyring(before)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; returns exit code, standard output and standard error."""

    def once(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return once


@pytest.fixture
def run_json(run: Run) -> Callable[..., tuple[int, Any]]:
    """Run a command line with ``--json``; returns exit code and the one object on standard output."""

    def once(*arguments: object) -> tuple[int, Any]:
        code, out, err = run(*arguments, "--json")
        assert err == ""
        assert out.count("\n") == 1
        return code, json.loads(out)

    return once


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    """An empty library on this machine."""
    with SandboxServer(tmp_path / "library") as running:
        yield running
