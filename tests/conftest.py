"""What all tests share: on a build machine Hypothesis tries the same examples every time, elsewhere new ones."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from hypothesis import settings

from bridge.zotero.client import ZoteroClient

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI", "").lower() in ("1", "true"):
    settings.load_profile("ci")


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted and not slept through; the clock goes on by them."""
    taken: list[float] = []

    def clock() -> float:
        return time.monotonic() + sum(taken)

    original = ZoteroClient.__init__

    def quick(self: ZoteroClient, *place: str, **settings: Any) -> None:
        original(self, *place, **{**settings, "sleep": taken.append, "clock": clock})

    monkeypatch.setattr(ZoteroClient, "__init__", quick)
    return taken
