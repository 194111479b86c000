"""The text of a systemd user unit and of a launchd agent that keep one vault in step. Pure.

Law 14: neither holds a key; both are files that backups and other programs read. Law 13: the unit lets the daemon write
to its vault and its state folder and nowhere else, whatever it is made to do.

Facts: systemd.service(5), systemd.exec(5) and systemd.syntax(7) for quoting and for what user units may ask for
(mount options there need user namespaces, which some systems forbid: hence :func:`unit` without a sandbox);
launchd.plist(5).
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from os import fsencode
from pathlib import Path, PurePosixPath

from bridge.errors import ServiceError

#: The service is taken for hung when it has not come round for so long; one request may take a minute of it.
WATCHDOG_SECONDS = 300
#: Seconds before it is started again: its disk may be away, or another command may be at work.
RESTART_SECONDS = 30
_BAD = re.compile(r"[\x00-\x1f\x7f\"'\\]")

#: What needs neither a mount namespace nor rights: kept where the rest is not allowed.
_PLAIN = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
)
#: A user manager has the rights for the rest only in a user namespace, and before systemd 254 it makes none unless
#: told: some of it then fails with status 218, and a read-only file system is left out without a word.
_NAMESPACED = (
    "PrivateUsers=yes",
    "ProtectSystem=strict",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "RestrictNamespaces=yes",
)


@dataclass(frozen=True, slots=True)
class Job:
    """The daemon of one vault as a service.

    :param state: the folder for everything Bridge remembers on this machine.
    :param python: the interpreter that Bridge is installed in.
    :param environment: variables it needs; never a key.
    """

    vault: Path
    state: Path
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The service's name, the same for the same folder: ``bridge-`` and ten hexadecimal digits."""
        return f"bridge-{blake2b(fsencode(self.vault), digest_size=5).hexdigest()}"

    @property
    def words(self) -> Path:
        """Where the last words of one that ended with an error go, if nobody else keeps them."""
        return self.state / f"{self.name}.err"

    @property
    def command(self) -> tuple[str, ...]:
        """What is to run."""
        return (str(self.python), "-m", "bridge", "-C", str(self.vault), "daemon", "run")


def unit(job: Job, *, sandbox: bool = True) -> str:
    """A systemd user unit.

    :param sandbox: ask for what needs a mount namespace.
    :raises ServiceError: a path holds what a unit cannot.
    """
    lines = [
        "[Unit]",
        f"Description=Zotero–Obsidian Bridge for {_literal(job.vault)}",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(_quoted(part).replace('$', '$$') for part in job.command)}",
        "ExecReload=/bin/kill -HUP $MAINPID",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in job.environment.items()),
        "Restart=on-failure",
        f"RestartSec={RESTART_SECONDS}",
        f"WatchdogSec={WATCHDOG_SECONDS}",
        "TimeoutStopSec=15",
        *_PLAIN,
    ]
    if sandbox:
        # A leading `-`: a vault on a disk that is not there yet must not keep the service from starting and waiting.
        lines += [*_NAMESPACED, f"ReadWritePaths={_quoted(f'-{job.vault}')} {_quoted(f'-{job.state}')}"]
        if not any(_is_temporary(path) for path in (job.vault, job.state, job.python)):
            lines.append("PrivateTmp=yes")
    return "\n".join([*lines, "", "[Install]", "WantedBy=default.target", ""])


def agent(job: Job) -> bytes:
    """A launchd agent, as a property list."""
    return plistlib.dumps(
        {
            "Label": job.name,
            "ProgramArguments": list(job.command),
            "EnvironmentVariables": dict(job.environment),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": RESTART_SECONDS,
            "ProcessType": "Background",
            "StandardErrorPath": str(job.words),
        }
    )


def _literal(path: object) -> str:
    text = str(path)
    if _BAD.search(text):
        raise ServiceError(f"a service cannot be made for a path with quotes, backslashes or line breaks: {text!r}")
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    return f'"{_literal(text)}"'


def _is_temporary(path: Path) -> bool:
    """Whether a private /tmp would hide it."""
    return any(PurePosixPath(path).is_relative_to(folder) for folder in ("/tmp", "/var/tmp"))  # noqa: S108 (no file is made)
