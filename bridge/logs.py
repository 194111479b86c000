"""The daemon's log: one readable file in the vault's state folder, rotated, readable by its owner alone.

Law 14: it holds counts, times and the words of errors, which hold neither keys nor text of notes. Two nets are under
that: whatever looks like a key of Zotero's is blotted out, and of an exception only the class and the places in the
source are written, never its text.
"""

from __future__ import annotations

import io
import logging
import os
import re
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from bridge.keys import VARIABLE

NAME = "bridge.log"
_BYTES, _KEPT = 512 * 1024, 4
#: Keys of zotero.org are 24 letters and digits, both kinds among them (web API v3, "Authentication").
_KEY = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{24}(?![A-Za-z0-9])")
_BLOT = "[key]"


def start(folder: Path) -> Path:
    """Log to ``bridge.log`` in a vault's state folder from now on; its path.

    :raises OSError: the file cannot be written.
    """
    path = folder / NAME
    handler = _Private(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(_Words("%(asctime)s  %(levelname)-7s  %(message)s"))
    log = logging.getLogger("bridge")
    stop()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False  # no library's handler gets our words
    return path


def stop() -> None:
    """Log no more."""
    log = logging.getLogger("bridge")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


class _Private(RotatingFileHandler):
    """A file that nobody else may read, from its first byte on."""

    def _open(self) -> io.TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(
            io.FileIO(handle, "a"), encoding="utf-8", errors="backslashreplace", line_buffering=True
        )


class _Words(logging.Formatter):
    """One line a message, without keys."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if key := os.environ.get(VARIABLE, "").strip():
            text = text.replace(key, _BLOT)
        return _KEY.sub(_BLOT, text).replace("\r", " ").replace("\n", "\n    ")

    def formatException(  # noqa: N802 (the name is logging's)
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | Any
    ) -> str:
        kind, _, trace = ei
        places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join([*places, kind.__name__ if kind else ""])
