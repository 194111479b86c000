"""A user manager of systemd's for an ordinary user, in namespaces of its own, on a machine that was not booted with it.

``python user_manager.py USER COMMAND…``, as root and by ``unshare`` (:func:`command`): prepares what the system's own
manager would have (``/run``, a delegated cgroup), starts the manager and the command as that user, and ends with it.
Nothing of it is seen outside: the mounts are in a mount namespace, and no process outlives the PID namespace.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

MANAGER = Path("/usr/lib/systemd/systemd")
ROOT = Path(__file__).parents[2]


def is_possible() -> bool:
    """Whether this machine and this user can do it: root, with the programs and with a cgroup tree of version 2."""
    trial = ["unshare", "-m", "-p", "-f", "-C", "true"]
    programs = ("unshare", "setpriv", "systemctl", "dbus-daemon", "mount")
    return (
        sys.platform == "linux"
        and os.getuid() == 0
        and MANAGER.exists()
        and all(map(shutil.which, programs))
        and "nodev\tcgroup2\n" in Path("/proc/filesystems").read_text()
        and subprocess.run(trial, check=False, capture_output=True).returncode == 0
    )


def command(user: str, *what: str) -> list[str]:
    """What runs a command beside a manager."""
    apart = ["unshare", "-m", "-p", "-f", "-C", "--kill-child", "--propagation", "private", "--mount-proc"]
    return [*apart, sys.executable, __file__, user, *what]


def _mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def _prepare(uid: int, gid: int, group: Path) -> Path:
    """Mount what a booted system has, and hand a cgroup to the user; the user's runtime folder."""
    keep = [Path(sys.base_prefix), Path(sys.prefix), ROOT]
    closed = {parent for path in keep for parent in path.parents if not parent.stat().st_mode & 0o001}
    _mount("--make-rshared", "/")
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for name in ("system", "unit-root", "inaccessible", "incoming", "propagate"):
        Path("/run/systemd", name).mkdir(parents=True)
    # The interpreter may be in a folder that is root's alone.
    for number, path in enumerate(keep):
        Path(f"/run/keep/{number}").mkdir(parents=True)
        _mount("--rbind", path, f"/run/keep/{number}")
    for parent in closed:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", parent)
    for number, path in enumerate(keep):
        if closed & {*path.parents}:
            path.mkdir(parents=True, exist_ok=True)
            _mount("--rbind", f"/run/keep/{number}", path)
    subprocess.run(["umount", "-R", "-l", "/sys/fs/cgroup"], check=True)
    _mount("-t", "cgroup2", "none", "/sys/fs/cgroup")
    runtime = Path(f"/run/user/{uid}")
    group.mkdir()
    (group / "cgroup.procs").write_text(str(os.getpid()))
    runtime.mkdir(parents=True, mode=0o700)
    for path in (runtime, group, *group.iterdir()):
        os.chown(path, uid, gid)
    return runtime


def main(user: str, *what: str) -> int:
    """Run a command as a user who has a manager; what it ended with."""
    found = pwd.getpwnam(user)
    group = Path(f"/sys/fs/cgroup/bridge-test-{time.time_ns()}")
    runtime = _prepare(found.pw_uid, found.pw_gid, group)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_"))},
        "XDG_RUNTIME_DIR": str(runtime),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus",
    }
    as_user = ["setpriv", "--reuid", user, "--regid", str(found.pw_gid), "--clear-groups", "--"]
    manager = subprocess.Popen([*as_user, str(MANAGER), "--user"], env=environment, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not (runtime / "systemd/private").exists() or not (runtime / "bus").exists():
            if manager.poll() is not None or time.monotonic() > until:
                return 125
            time.sleep(0.05)
        return subprocess.run([*as_user, *what], check=False, env=environment).returncode
    finally:
        manager.terminate()
        manager.wait(30)
        (group.parent / "cgroup.procs").write_text(str(os.getpid()))
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
