"""The unit and the agent as their readers take them."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import ServiceError
from bridge.service.units import Job, agent, unit

ODD = Path("/home/ada/My notes – 100% $HOME")


def job(vault: Path = ODD, state: Path = Path("/home/ada/.local/state/bridge")) -> Job:
    return Job(vault, state, Path("/usr/bin/python3"), {"BRIDGE_STATE_DIR": str(state)})


def setting(text: str, name: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{name}=")]


def test_the_unit_is_told_of_its_watchdog_and_writes_to_two_places_only() -> None:
    text = unit(job())
    assert setting(text, "Type") == ["notify"]
    assert int(setting(text, "WatchdogSec")[0]) > 60
    assert setting(text, "NoNewPrivileges") == ["yes"]
    assert setting(text, "ProtectSystem") == ["strict"]
    assert setting(text, "PrivateUsers") == ["yes"]  # without it the line above is nothing under systemd 252
    assert setting(text, "PrivateTmp") == ["yes"]
    assert setting(text, "Restart") == ["on-failure"]
    [places] = setting(text, "ReadWritePaths")
    assert places == '"-/home/ada/My notes – 100%% $HOME" "-/home/ada/.local/state/bridge"'


def test_percent_and_dollar_in_a_path_mean_themselves() -> None:
    [command] = setting(unit(job()), "ExecStart")
    assert '"/home/ada/My notes – 100%% $$HOME"' in command
    assert command.endswith('"daemon" "run"')


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nExecStartPre=/bin/rm", "a'b"])
def test_law13_a_path_that_could_say_more_is_refused(name: str) -> None:
    with pytest.raises(ServiceError):
        unit(job(Path("/home/ada") / name))


def test_a_vault_in_tmp_is_not_hidden_from_its_service() -> None:
    assert setting(unit(job(Path("/tmp/demo"))), "PrivateTmp") == []


def test_without_a_sandbox_nothing_asks_for_a_namespace() -> None:
    text = unit(job(), sandbox=False)
    assert setting(text, "NoNewPrivileges") == ["yes"]
    assert [
        name for name in ("PrivateUsers", "ProtectSystem", "PrivateTmp", "ReadWritePaths") if setting(text, name)
    ] == []


def test_two_vaults_are_two_services_and_one_is_always_the_same() -> None:
    assert job().name == job().name
    assert job().name != job(Path("/home/ada/Other")).name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("sandbox", [True, False])
def test_systemd_takes_the_unit(tmp_path: Path, *, sandbox: bool) -> None:
    mine = Job(tmp_path / "My 100% $vault", tmp_path / "state", Path(sys.executable))
    path = tmp_path / f"{mine.name}.service"
    path.write_text(unit(mine, sandbox=sandbox))
    done = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if mine.name in line]
    assert (done.returncode, about_ours) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_would_say_so_of_a_unit_with_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "bridge-x.service"
    path.write_text(unit(job()).replace("ExecStart=", "ExecStrat="))
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = ["systemd-analyze", "--user", "--man=no", "verify", str(path)]
    assert subprocess.run(command, capture_output=True, check=False, env=env).returncode != 0


def test_the_plist_parses_and_says_the_same() -> None:
    said = plistlib.loads(agent(job()))
    assert said["ProgramArguments"] == ["/usr/bin/python3", "-m", "bridge", "-C", str(ODD), "daemon", "run"]
    assert said["EnvironmentVariables"] == {"BRIDGE_STATE_DIR": "/home/ada/.local/state/bridge"}
    assert said["KeepAlive"] == {"SuccessfulExit": False}
    assert said["Label"] == job().name
