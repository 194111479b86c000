"""The log: readable, bounded, and without keys (law 14)."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import logs

KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield logs.start(tmp_path)
    logs.stop()


def test_law14_what_looks_like_a_key_is_blotted_out(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", "short-secret")
    logging.getLogger("bridge.daemon").warning("refused: %s and %s", KEY, "short-secret")
    text = log.read_text()
    assert KEY not in text
    assert "short-secret" not in text
    assert text.count("[key]") == 2


def test_item_keys_and_words_stay_readable(log: Path) -> None:
    words = "users/12345/items/ABCD2345 internationalisierungen 7f3k2m9d"
    logging.getLogger("bridge.daemon").info(words)
    assert words in log.read_text()


def test_law14_an_exception_shows_where_and_not_what(log: Path) -> None:
    try:
        int("the text of a note")
    except ValueError:
        logging.getLogger("bridge.daemon").exception("went wrong")
    text = log.read_text()
    assert "the text of a note" not in text
    assert "ValueError" in text
    assert "test_logs.py" in text


def test_it_turns_over_and_is_readable_by_its_owner_alone(log: Path) -> None:
    for n in range(5_500):
        logging.getLogger("bridge.daemon").info("%05d %s", n, "x" * 600)
    files = sorted(log.parent.glob("bridge.log*"))
    assert len(files) == 5
    assert sum(path.stat().st_size for path in files) < 3_000_000
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_starting_twice_writes_once(log: Path) -> None:
    logs.start(log.parent)
    logging.getLogger("bridge.daemon").info("once")
    assert log.read_text().count("once") == 1
