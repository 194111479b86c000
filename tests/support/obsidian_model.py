"""Obsidian's rewrite of front-matter, run for real: a Node process with the YAML library Obsidian uses.

Any property edited in Obsidian makes it write the whole block anew; the bridge must take that for no change (law 8).
:func:`get_model` starts one process for the whole test run and puts the library beside ``tests/node/package.json``
where it is missing. Where Node, npm or the library cannot be had, the tests that need it are skipped and say so; a CI
that has Node must not lose them that way, so there a failed installation fails.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

_NODE_FOLDER = Path(__file__).resolve().parents[1] / "node"
_LIBRARY = _NODE_FOLDER / "node_modules" / "yaml" / "package.json"
_HEAD = re.compile(r"\A(\ufeff?)---\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


class InvalidFrontMatterError(Exception):
    """Obsidian would refuse to touch this head."""


class ObsidianModel:
    """One long-lived process that rewrites heads as Obsidian does."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, "rewrite.mjs"],
            cwd=_NODE_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def rewrite(self, head: str) -> str:
        """The head (the lines between the ``---`` lines) as Obsidian writes it after editing any property of it.

        Raises InvalidFrontMatterError where it would not edit it at all.
        """
        return str(self._ask(head)["head"])

    def values(self, head: str) -> dict[str, Any]:
        """The properties as Obsidian understands them; all numbers are floats, infinities and NaN ``(Infinity)``."""
        return dict(self._ask(head)["values"])

    def _ask(self, head: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(head) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline(), parse_int=float)
        if "error" in answer:
            raise InvalidFrontMatterError(answer["error"])
        return answer

    def rewrite_note(self, text: str) -> str:
        """A whole note with its head rewritten; one without front-matter stays as it is. A byte order mark goes."""
        found = _HEAD.match(text)
        return text if found is None else f"---\n{self.rewrite(found[2])}---\n{text[found.end() :]}"

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)


@cache
def get_model() -> ObsidianModel:
    """The running model; skips the test where there is no Node to run it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed")
    _LIBRARY.parents[1].mkdir(exist_ok=True)
    with FileLock(_LIBRARY.parents[1] / ".lock"):  # test workers in parallel install it once
        if not _LIBRARY.exists():
            _install(npm)
    model = ObsidianModel(node)
    atexit.register(model.close)
    return model


def _install(npm: str) -> None:
    """Put the library in its place, or end the test: failing where a CI has Node, skipping elsewhere."""
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=_NODE_FOLDER, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode == 0 and _LIBRARY.exists():
        return
    reason = f"npm could not install Obsidian's YAML library (exit {done.returncode})"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}:\n{done.stderr}")
    pytest.skip(reason)
