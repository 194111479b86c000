"""R29: what was generated is remembered, a few texts of each block."""

from __future__ import annotations

from pathlib import Path

from bridge.core.record import ItemId
from bridge.state import State

ITEM, OTHER = ItemId("users/1", "ABCD2345"), ItemId("users/1", "ABCD2346")


def test_the_last_texts_of_each_block_are_remembered(tmp_path: Path) -> None:
    with State.open(tmp_path / "state.db") as state:
        written = state.written
        for text in ("a", "b", "b", "c", "a", "d", "e"):
            written.put([(ITEM, {"highlights": text}), (OTHER, {})])
        written.put([(ITEM, {"files": "f"}), (OTHER, {"files": "other"})])
        assert written.of(ITEM) == {"highlights": ("e", "d", "a", "c"), "files": ("f",)}
        assert written.of(OTHER) == {"files": ("other",)}
        written.put([(ITEM, {"highlights": ""}), (OTHER, {"highlights": ""})])
        assert written.of(ITEM) == {"files": ("f",)}
