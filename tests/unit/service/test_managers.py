"""systemd and launchd as they are driven, over a pretended system."""

from __future__ import annotations

import plistlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bridge.errors import ServiceError
from bridge.service.manager import Answer, Launchd, Systemd, find
from bridge.service.units import Job


class System:
    """Takes commands, and answers those that contain a word with something else than success."""

    def __init__(self, **answers: Answer | Callable[[], Answer]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __call__(self, command: Sequence[str]) -> Answer:
        self.asked.append(" ".join(command))
        for word, answer in self._answers.items():
            if word in command or f"--property={word}" in command:
                return answer() if callable(answer) else answer
        return Answer(0, "")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path / "vault", tmp_path / "state", Path("/usr/bin/python3"))


def test_systemd_installs_starts_and_forgets(tmp_path: Path, job: Job) -> None:
    system, name = System(), f"{job.name}.service"
    manager = Systemd(system, tmp_path / "units")
    assert not manager.is_installed(job)
    assert manager.install(job) == []
    assert "ProtectSystem=strict" in (tmp_path / "units" / name).read_text()
    assert system.asked == [
        f"systemctl --user {what}" for what in ("daemon-reload", f"enable {name}", f"restart {name}")
    ]
    manager.stop(job)
    manager.start(job)
    manager.uninstall(job)
    assert not manager.is_installed(job)
    assert [path.name for path in (tmp_path / "units").iterdir()] == []
    assert f"systemctl --user disable --now {name}" in system.asked


def test_where_no_namespace_is_allowed_it_runs_with_fewer_walls_and_says_so(tmp_path: Path, job: Job) -> None:
    tries = iter([Answer(1, "failed"), Answer(0, "")])
    system = System(restart=lambda: next(tries), ExecMainStatus=Answer(0, "226"))
    [said] = Systemd(system, tmp_path).install(job)
    assert "fewer walls" in said
    text = (tmp_path / f"{job.name}.service").read_text()
    assert "ProtectSystem" not in text
    assert "NoNewPrivileges=yes" in text


def test_a_service_that_does_not_start_for_another_reason_keeps_its_walls(tmp_path: Path, job: Job) -> None:
    system = System(restart=Answer(1, "failed"), ExecMainStatus=Answer(0, "1"))
    with pytest.raises(ServiceError, match="journalctl"):
        Systemd(system, tmp_path).install(job)
    assert "ProtectSystem" in (tmp_path / f"{job.name}.service").read_text()


def test_launchd_installs_starts_and_forgets(tmp_path: Path, job: Job) -> None:
    system = System()
    manager = Launchd(system, tmp_path / "agents", user=501)
    assert manager.install(job) == []
    path = tmp_path / "agents" / f"{job.name}.plist"
    assert plistlib.loads(path.read_bytes())["RunAtLoad"] is True
    assert system.asked[-1] == f"launchctl bootstrap gui/501 {path}"
    manager.start(job)
    assert system.asked[-1] == f"launchctl kickstart gui/501/{job.name}"
    manager.stop(job)
    assert system.asked[-1] == f"launchctl kill SIGTERM gui/501/{job.name}"
    manager.uninstall(job)
    assert not manager.is_installed(job)


def test_launchd_loads_an_agent_that_it_forgot(tmp_path: Path, job: Job) -> None:
    system = System(print=Answer(113, "not found"))
    manager = Launchd(system, tmp_path, user=501)
    manager.start(job)
    assert system.asked[-1].startswith("launchctl bootstrap gui/501")
    refusing = Launchd(System(bootstrap=Answer(5, "Input/output error")), tmp_path, user=501)
    with pytest.raises(ServiceError, match="Input/output"):
        refusing.install(job)


def test_without_a_session_of_systemd_there_is_no_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/found")
    no_bus = {"show-environment": Answer(1, "Failed to connect to bus")}
    assert find(System(**no_bus), "linux") is None
    assert isinstance(find(System(), "linux"), Systemd)
    assert isinstance(find(System(), "darwin"), Launchd)
    assert find(System(), "win32") is None
