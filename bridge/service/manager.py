"""Driving the background service: systemd's user manager, launchd, or a plain process where neither is there.

All of them run ``bridge daemon run``, and none is believed about what the daemon does: whether it runs is told by the
vault's lock and the daemon's own status alone (:func:`bridge.daemon.status.running`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from bridge.errors import ServiceError
from bridge.service.units import Job, agent, unit

Kind = Literal["systemd", "launchd"]
_SECONDS = 100.0
#: Exit statuses of systemd: user or mount namespace, capabilities or system call filter could not be set up
#: (systemd.exec(5), "Process Exit Codes").
_NO_SANDBOX = frozenset({"217", "218", "226", "228"})


class Answer(NamedTuple):
    """What a command ended with and printed, both streams together."""

    code: int
    out: str


Run = Callable[[Sequence[str]], Answer]


def execute(command: Sequence[str]) -> Answer:
    """Run a command of the system's."""
    try:
        done = subprocess.run(  # noqa: S603 (fixed commands, paths of ours)
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Answer(127, type(error).__name__)
    return Answer(done.returncode, done.stdout.decode("utf-8", "replace").strip())


class Manager(Protocol):
    """A service manager of this machine."""

    @property
    def kind(self) -> Kind:
        """Which one."""
        ...

    def is_installed(self, job: Job) -> bool:
        """Whether it knows the service."""
        ...

    def install(self, job: Job) -> list[str]:
        """Make the service known, start it now and at every login; what a person should hear.

        :raises ServiceError: it cannot be, or does not start.
        """
        ...

    def uninstall(self, job: Job) -> None:
        """Stop the service and forget it."""
        ...

    def start(self, job: Job) -> None:
        """Start the installed service.

        :raises ServiceError: it does not start.
        """
        ...

    def stop(self, job: Job) -> None:
        """Stop it until the next start or login."""
        ...


def find(run: Run = execute, platform: str = sys.platform) -> Manager | None:
    """The service manager of this session; ``None`` where there is none (a container, another system)."""
    if platform == "darwin":
        return Launchd(run) if shutil.which("launchctl") else None
    if platform == "win32" or not shutil.which("systemctl"):
        return None
    return Systemd(run) if run(["systemctl", "--user", "show-environment"]).code == 0 else None


class Systemd:
    """The user manager of systemd.

    :param folder: where its units are; by default ``$XDG_CONFIG_HOME/systemd/user``.
    """

    kind: Kind = "systemd"

    def __init__(self, run: Run = execute, folder: Path | None = None) -> None:
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        self._run, self._folder = run, folder or Path(config) / "systemd" / "user"

    def is_installed(self, job: Job) -> bool:
        """See :class:`Manager`."""
        return self._path(job).exists()

    def install(self, job: Job) -> list[str]:
        """See :class:`Manager`."""
        self._put(job, sandbox=True)
        self._control("enable", job)
        if self._control("restart", job, must=False).code == 0:
            return []
        said = self._run([*_USERCTL, "show", "--property=ExecMainStatus", "--value", _service(job)]).out
        if said not in _NO_SANDBOX:
            raise self._not_started(job)
        self._put(job, sandbox=False)
        if self._control("restart", job, must=False).code != 0:
            raise self._not_started(job)
        return ["This system lets no user service have a file system of its own; it runs with fewer walls around it."]

    def uninstall(self, job: Job) -> None:
        """See :class:`Manager`."""
        self._control("disable", job, "--now", must=False)
        self._path(job).unlink(missing_ok=True)
        self._run([*_USERCTL, "daemon-reload"])
        self._run([*_USERCTL, "reset-failed", _service(job)])

    def start(self, job: Job) -> None:
        """See :class:`Manager`."""
        # One that has failed and is about to be started again takes its time, unless it is told to *re*start.
        if self._control("restart", job, must=False).code != 0:
            raise self._not_started(job)

    def stop(self, job: Job) -> None:
        """See :class:`Manager`."""
        self._control("stop", job)

    def _path(self, job: Job) -> Path:
        return self._folder / _service(job)

    def _put(self, job: Job, *, sandbox: bool) -> None:
        _write(self._path(job), unit(job, sandbox=sandbox).encode())
        answer = self._run([*_USERCTL, "daemon-reload"])
        if answer.code != 0:
            raise ServiceError(f"systemd did not take the unit: {answer.out}")

    def _control(self, verb: str, job: Job, *more: str, must: bool = True) -> Answer:
        answer = self._run([*_USERCTL, verb, *more, _service(job)])
        if must and answer.code != 0:
            raise ServiceError(f"systemctl --user {verb} failed: {answer.out}")
        return answer

    def _not_started(self, job: Job) -> ServiceError:
        return ServiceError(f"the service did not start; see: journalctl --user -u {_service(job)}")


_USERCTL = ("systemctl", "--user")


def _service(job: Job) -> str:
    return f"{job.name}.service"


class Launchd:
    """The launchd of a person's own session.

    :param folder: where its agents are; by default ``~/Library/LaunchAgents``.
    """

    kind: Kind = "launchd"

    def __init__(self, run: Run = execute, folder: Path | None = None, user: int | None = None) -> None:
        self._run, self._folder = run, folder or Path.home() / "Library" / "LaunchAgents"
        self._domain = f"gui/{os.getuid() if user is None else user}"

    def is_installed(self, job: Job) -> bool:
        """See :class:`Manager`."""
        return self._path(job).exists()

    def install(self, job: Job) -> list[str]:
        """See :class:`Manager`."""
        self._run(["launchctl", "bootout", self._target(job)])  # one of before would keep its old text
        _write(self._path(job), agent(job))
        self._load(job)
        return []

    def uninstall(self, job: Job) -> None:
        """See :class:`Manager`."""
        self._run(["launchctl", "bootout", self._target(job)])
        self._path(job).unlink(missing_ok=True)

    def start(self, job: Job) -> None:
        """See :class:`Manager`."""
        if self._run(["launchctl", "print", self._target(job)]).code != 0:
            self._load(job)
        elif (answer := self._run(["launchctl", "kickstart", self._target(job)])).code != 0:
            raise ServiceError(f"launchd did not start the service: {answer.out}")

    def stop(self, job: Job) -> None:
        """See :class:`Manager`. The agent ends in order, so launchd does not start it again before the next login."""
        self._run(["launchctl", "kill", "SIGTERM", self._target(job)])

    def _load(self, job: Job) -> None:
        answer = self._run(["launchctl", "bootstrap", self._domain, str(self._path(job))])
        if answer.code != 0:
            raise ServiceError(f"launchd did not take the agent: {answer.out}")

    def _path(self, job: Job) -> Path:
        return self._folder / f"{job.name}.plist"

    def _target(self, job: Job) -> str:
        return f"{self._domain}/{job.name}"


def detached(job: Job) -> subprocess.Popen[bytes]:
    """Start the daemon as a plain process that outlives this one and its terminal.

    :raises ServiceError: it cannot be started.
    """
    try:
        job.state.mkdir(parents=True, exist_ok=True)
        handle = os.open(job.words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as errors:
            # The environment goes along, so that a key in ZOTERO_API_KEY serves; it is written nowhere.
            return subprocess.Popen(  # noqa: S603 (our own command)
                job.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=job.state,
                start_new_session=True,
                # On Windows: DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP.
                creationflags=0x208 if sys.platform == "win32" else 0,
            )
    except OSError as error:
        raise ServiceError(f"the daemon cannot be started: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise ServiceError(f"{path} cannot be written: {error.strerror}") from error
