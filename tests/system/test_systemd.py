"""The service under systemd's own user manager: installed, watched, walled in, started again, stopped and removed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import user_manager
from running import ROOT

USER = "daemon"  # one that every system has
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not user_manager.is_possible(), reason="needs root, namespaces and systemd's programs"),
]

#: Run by the ordinary user; `b` is the command, `ctl` asks the manager.
SETUP = """
set -eu
b() { "$PYTHON" -m bridge -C "$HOME/vault" "$@"; }
ctl() { systemctl --user show "$UNIT" --value -p "$1"; }
soon() { for _ in $(seq 400); do "$@" && return; sleep 0.05; done; echo "never: $*"; exit 1; }
is() { [ "$(ctl "$1")" = "$2" ]; }
log_has() { b log | grep -q "$1"; }
"$PYTHON" -m bridge demo "$HOME/vault" > "$HOME/said"
b daemon install | tee "$HOME/installed"
UNIT=$(basename "$HOME"/.config/systemd/user/bridge-*.service)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of the user's: pytest's own folders are root's alone."""
    path = Path(tempfile.mkdtemp(prefix="bridge-"))
    shutil.chown(path, USER, USER)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def run(home: Path, script: str) -> str:
    """Run a script beside a user manager; what it said."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
    }
    done = subprocess.run(
        user_manager.command(USER, "bash", "-c", SETUP + script),
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_ready_watched_reloaded_and_stopped(home: Path) -> None:
    run(
        home,
        """
        [ "$(ctl Type) $(ctl ActiveState) $(ctl SubState)" = "notify active running" ]
        [ "$(systemctl --user is-enabled "$UNIT")" = enabled ]
        first=$(ctl WatchdogTimestampMonotonic)
        came_round() { [ "$(ctl WatchdogTimestampMonotonic)" -gt "$first" ]; }
        soon came_round
        systemctl --user reload "$UNIT"
        b daemon stop
        [ "$(ctl ActiveState) $(ctl Result)" = "inactive success" ]
        b daemon uninstall
        [ ! -e "$HOME/.config/systemd/user/$UNIT" ]
        """,
    )


def test_one_that_is_killed_is_to_be_started_again_and_can_be_at_once(home: Path) -> None:
    run(
        home,
        """
        kill -9 "$(ctl MainPID)"
        soon is SubState auto-restart
        b daemon start
        [ "$(ctl ActiveState)" = active ]
        """,
    )


def test_law_13_it_can_write_to_its_vault_and_state_alone_and_all_its_walls_stand(home: Path) -> None:
    said = run(
        home,
        """
        ! grep "fewer walls" "$HOME/installed" > /dev/null
        sed -i 's/^title: .*/title: By hand/' "$(ls "$HOME"/vault/Papers/*.md | head -1)"
        soon log_has "By hand"
        cat "/proc/$(ctl MainPID)/mountinfo"
        """,
    )
    writable = {
        line.split()[4] for line in said.splitlines() if line[:1].isdigit() and line.split()[5].startswith("rw")
    }
    assert {str(home / "vault"), str(home / ".local/state/bridge")} <= writable
    assert not {place for place in writable if str(home).startswith(place)} - {str(home / "vault")}


def test_law_9_a_vault_that_is_away_is_waited_for_and_then_written_to(home: Path) -> None:
    run(
        home,
        """
        b daemon stop
        mv "$HOME/vault" "$HOME/away"
        b daemon start
        [ "$(ctl ActiveState)" = active ]
        mv "$HOME/away" "$HOME/vault"
        systemctl --user kill -s USR1 "$UNIT"
        soon is SubState auto-restart  # its walls were built before the folder was there
        b daemon start
        has_synced() { b daemon status | grep -q "last sync 2"; }
        soon has_synced
        """,
    )
