"""What the benchmarks share: a bulk library served by a process of its own, and processes that are weighed.

Everything is measured as a whole process, the way a person pays for it; what a figure is compared with (its floor) is
measured in the same run, so that a slow machine slows both.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.sandbox.seed import seed_bulk
from bridge.sandbox.server import SandboxServer
from bridge.sandbox.store import Store

ROOT = Path(__file__).resolve().parents[2]
#: Runs ``bridge`` and says on its last line of standard error which notes were opened, and which files were written.
_WATCHED = """
import sys
opened = []
def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".md"):
        opened.append(str(arguments[0]))
sys.addaudithook(hook)
from bridge.cli import main
code = main(sys.argv[1:])
print(len(opened), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds by the clock, seconds of processor (user and system), peak memory in MB, its output."""

    wall: float
    cpu: float
    peak: float
    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The object it printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def run(command: Sequence[str], env: Mapping[str, str]) -> Run:
    """Run a process to its end and weigh it."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=dict(env), cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Run(wall, used.ru_utime + used.ru_stime, _megabytes(used), process.returncode, out.read(), err.read())


def _megabytes(used: resource.struct_rusage) -> float:
    # Kilobytes on Linux, bytes on macOS (getrusage(2) of each).
    return used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


@dataclass(frozen=True, slots=True)
class Library:
    """A served bulk library, and as many vaults connected with it as are asked for."""

    folder: Path
    url: str
    key: str
    items: int
    counter: list[int] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """The environment of every command: its own state, its own key, nobody's keyring."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "TMPDIR")}
        return kept | {
            "BRIDGE_STATE_DIR": str(self.folder / "state"),
            "ZOTERO_API_KEY": self.key,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def vault(self) -> Path:
        """A new empty vault, connected and never synced."""
        self.counter.append(1)
        vault = self.folder / f"vault{len(self.counter)}"
        command = ["init", str(vault), "--library", "users/1", "--url", self.url, "--create", "all", "--yes"]
        made = self.bridge(*command, "--no-template")
        assert made.code == 0, made.err
        return vault

    def bridge(self, *arguments: str) -> Run:
        """Run a command."""
        return run([sys.executable, "-m", "bridge", *arguments], self.env)

    def sync(self, vault: Path) -> Run:
        """Run one cycle that must end well."""
        done = self.bridge("-C", str(vault), "sync", "--once", "--yes", "--json")
        assert done.code == 0, done.out + done.err
        return done

    def opened(self, vault: Path) -> int:
        """How many notes one cycle opens."""
        arguments = ["-C", str(vault), "sync", "--once", "--json"]
        done = run([sys.executable, "-c", _WATCHED, *arguments], self.env)
        assert done.code == 0, done.out + done.err
        return int(done.err.split()[-1])

    def python(self, source: str, *arguments: str) -> Run:
        """Run a few lines of Python: a floor."""
        done = run([sys.executable, "-c", source, *arguments], self.env)
        assert done.code == 0, done.err
        return done


@contextmanager
def served(
    folder: Path, items: int, pause: float = 0.0, more: Callable[[Store], object] = lambda _: None
) -> Iterator[Library]:
    """Serve a bulk library of so many items by a process of its own, each answer ``pause`` seconds late.

    :param more: puts further objects into the library.
    """
    data = folder / "library"
    server = SandboxServer(data)
    seed_bulk(server.store, items)
    more(server.store)
    server.stop()
    command = [sys.executable, "-m", "bridge", "sandbox", "--data", str(data), "--json"]
    if pause:
        command += ["--fault", f"delay:seconds={pause},times=always"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        yield Library(folder, line["url"], line["key"], items)
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


def median(times: int, measure: Callable[[], float]) -> float:
    """The median of several measurements."""
    return statistics.median(measure() for _ in range(times))
