"""One process per vault, by a lock that dies with its holder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import VaultBusyError
from bridge.lock import hold

HOLDER = """
import sys
from pathlib import Path
from bridge.lock import hold
with hold(Path(sys.argv[1]), "sync"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        hold(path, "sync"),
        pytest.raises(VaultBusyError, match=rf"bridge sync, process {os.getpid()}"),
        hold(path, "resolve"),
    ):
        pass
    with hold(path, "resolve"):
        pass


def test_the_lock_dies_with_a_killed_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(VaultBusyError, match=str(other.pid)), hold(path, "sync"):
            pass
        other.kill()
        other.wait()
    with hold(path, "sync"):
        pass
