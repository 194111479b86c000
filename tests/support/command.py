"""The ``bridge`` command in this process, on a machine of its own: no keyring, no stored key, nobody at a terminal."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from bridge.cli import main


class Result(NamedTuple):
    """What a command line ended with and printed."""

    code: int
    out: str
    err: str


@contextlib.contextmanager
def bare_machine(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine that knows nothing yet; yields its state folder below ``folder``, which is the working directory."""
    patch.setenv("BRIDGE_STATE_DIR", str(folder / "state"))
    patch.delenv("ZOTERO_API_KEY", raising=False)
    patch.setenv("TZ", "Europe/Berlin")
    patch.chdir(folder)
    patch.setattr("sys.stdin", io.StringIO())
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring's own
    yield folder / "state"
    keyring.set_keyring(before)


def run(*arguments: object) -> Result:
    """Run a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(each) for each in arguments])
    return Result(code, out.getvalue(), err.getvalue())


def run_json(*arguments: object) -> tuple[int, Any]:
    """Run a command line with ``--json``: its exit code and the one object it printed."""
    code, out, err = run(*arguments, "--json")
    assert err == ""
    assert out.count("\n") == 1
    return code, json.loads(out)
