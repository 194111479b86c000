"""Which citation keys two tools fight over."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bridge.citekeys.flips import flips
from bridge.core.record import ItemId

ITEM, OTHER = ItemId("users/1", "ABCD2345"), ItemId("users/1", "EFGH2345")


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("ab", False),
        ("aba", False),  # a change of mind
        ("abc", False),
        ("abcd", False),
        ("abab", True),
        ("abba", False),  # seen on both sides
        ("abbaab", True),
        ("xabab", True),
        ("abca", False),
    ],
)
def test_a_key_that_comes_back_twice_is_fought_over(keys: str, found: bool) -> None:
    changes = [(ITEM, "Title", before, after) for before, after in pairwise(keys)]
    mixed = [each for change in changes for each in (change, (OTHER, "Other", "k", "l"))]
    assert flips(mixed) == ({ITEM: "Title"} if found else {})
