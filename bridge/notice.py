"""A word on the desktop that something needs a person: best effort, and never with a text of Zotero's or a note's."""

from __future__ import annotations

import shutil
import subprocess
import sys

_TITLE = "Zotero–Obsidian Bridge"
_WORDS = "Something new needs you. See “Needs attention” in your vault."
_SECONDS = 5


def command() -> list[str] | None:
    """What shows a notice here; ``None`` where nothing does."""
    if sys.platform == "darwin" and (tool := shutil.which("osascript")):
        # The words go in as arguments: nothing of them is ever read as a script.
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        return [tool, "-e", script, _TITLE, _WORDS]
    if tool := shutil.which("notify-send"):
        return [tool, "--app-name=bridge", _TITLE, _WORDS]
    return None


def notice() -> bool:
    """Show it; whether it could be."""
    if (found := command()) is None:
        return False
    try:
        return subprocess.run(found, check=False, capture_output=True, timeout=_SECONDS).returncode == 0  # noqa: S603 (a fixed command)
    except (OSError, subprocess.SubprocessError):
        return False
