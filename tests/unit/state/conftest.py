from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.state import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State.open(tmp_path / "state" / "state.db") as state:
        yield state
