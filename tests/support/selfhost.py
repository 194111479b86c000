"""An independent server of the Zotero Web API, run here to check ours and our client against: zotero-selfhost-server.

It is a TypeScript worker by another author, tested against the suite of Zotero's own server; npm installs it at the
version in ``tests/oracle/package.json``, with Cloudflare's local runtime under it. Everything it writes is in the
folder it is given; it listens on the loopback alone and asks nothing of the network. Where Node, npm or the packages
cannot be had, the tests that need it are skipped and say so; a CI run that asked for them fails instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, Self

import httpx2
import pytest
from filelock import FileLock

_FOLDER = Path(__file__).parents[1] / "oracle"
_MODULES = _FOLDER / "node_modules"
_PACKAGE = _MODULES / "zotero-selfhost-server"
_WRANGLER = _MODULES / "wrangler" / "bin" / "wrangler.js"
#: What wrangler asks of Node (``engines`` of its package.json).
_NODE = (22, 12)
#: Seconds; each wait is bounded, far above what a slow machine needs, and all of them below a test's time limit.
_INSTALL, _MIGRATE, _START, _STOP = 180, 50, 50, 15

#: Who may make keys and groups; the name is the server's own (``domain/compatibility-test-auth.ts``).
ADMIN = ("compatibility", "oracle-admin")


class Selfhost:
    """The server over ``folder``, as a context manager; ``url`` is its address once it is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._node = _find_node()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._write_settings()
        self._migrate()
        port = _free_port()
        arguments = ["dev", "--local", "--ip", "127.0.0.1", "--port", str(port), "--inspector-port", "0"]
        with self._log.open("ab") as log:
            # A session of its own, so that the runtime it starts can be ended with it.
            self._process = subprocess.Popen(
                self._command(*arguments),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._await_answer()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop()

    # --- starting ------------------------------------------------------------------------------------------------

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _command(self, *arguments: str) -> list[str]:
        return [self._node, str(_WRANGLER), *arguments, "--config", str(self.folder / "wrangler.json")]

    def _environment(self) -> dict[str, str]:
        """Nothing of this machine's own: no proxy, no account, no key, and a home in the folder."""
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "PATH": os.pathsep.join([str(Path(self._node).parent), os.environ.get("PATH", "")]),
            "HOME": str(self.folder),
            "CI": "1",
            "WRANGLER_SEND_METRICS": "false",
            "CLOUDFLARE_CF_FETCH_ENABLED": "false",
        }

    def _write_settings(self) -> None:
        """The package's own settings for test suites, with the places made absolute and the secrets made up."""
        settings: dict[str, Any] = json.loads((_PACKAGE / "wrangler.compatibility.jsonc").read_text("utf-8"))
        for name in ("$schema", "base_dir", "secrets"):
            settings.pop(name, None)
        settings["main"] = str(_PACKAGE / "src" / "index.ts")
        settings["d1_databases"][0]["migrations_dir"] = str(_PACKAGE / "migrations")
        settings["vars"] |= {
            "COMPATIBILITY_TEST_ADMIN_TOKEN": ADMIN[1],
            "FILE_URL_SIGNING_SECRET": "no-files-are-signed-in-these-tests",
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "wrangler.json").write_text(json.dumps(settings), "utf-8")

    def _migrate(self) -> None:
        done = subprocess.run(
            self._command("d1", "migrations", "apply", "DB", "--local"),
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_MIGRATE,
            check=False,
        )
        if done.returncode != 0:
            _unavailable(f"the independent server's database could not be made (exit {done.returncode})", done.stdout)

    def _await_answer(self) -> None:
        """Return once requests are answered; the first one also builds the worker."""
        assert self._process is not None
        deadline = time.monotonic() + _START
        with httpx2.Client(base_url=self.url, timeout=_START, trust_env=False) as client:
            while True:
                try:
                    if client.get("/health").status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                if self._process.poll() is not None or time.monotonic() > deadline:
                    _unavailable("the independent server did not start", self._log.read_text("utf-8", "replace"))
                time.sleep(0.1)

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()  # it ends its runtime itself, in order
        try:
            process.wait(_STOP)
        finally:
            with contextlib.suppress(ProcessLookupError):  # nothing is left of the session
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP)


# --- what it needs --------------------------------------------------------------------------------------------------


def _find_node() -> str:
    """A Node that can run the server, with the server installed; ends the test where there is none."""
    if sys.platform == "win32":
        pytest.skip("the independent server is run on Linux and macOS only")
    npm = shutil.which("npm")
    if npm is None:
        _unavailable("Node and npm are not installed")
    _MODULES.mkdir(exist_ok=True)
    with FileLock(_MODULES / ".lock"):  # test workers in parallel install it once
        if not (_PACKAGE.is_dir() and _WRANGLER.exists()):
            _install(npm)
    for node in (shutil.which("node"), str(_MODULES / ".bin" / "node")):
        if node is not None and Path(node).exists() and _version(node) >= _NODE:
            return node
    return _unavailable(f"Node {_NODE[0]}.{_NODE[1]} or newer is neither installed nor to be had from npm")


def _install(npm: str) -> None:
    # No package's own script is run: what is needed comes as files.
    options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(
        [npm, "install", *options],
        cwd=_FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_INSTALL,
        check=False,
    )
    if done.returncode != 0:
        _unavailable(f"npm could not install the independent server (exit {done.returncode})", done.stderr)


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    numbers = said.strip().removeprefix("v").split(".")[:2]
    return tuple(int(number) for number in numbers) if all(number.isdecimal() for number in numbers) else ()


def _unavailable(reason: str, details: str = "") -> NoReturn:
    """End the test: failing in a CI, which runs these tests only where it asked for them; skipping elsewhere."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}\n{details[-4000:]}")
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
