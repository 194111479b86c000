"""When the daemon looks next."""

from __future__ import annotations

import pytest

from bridge.daemon.pace import OFFLINE, REFUSED_FIRST, REFUSED_LAST, Pace
from bridge.errors import (
    BackOffError,
    BridgeError,
    ForbiddenError,
    GuardStop,
    UnreachableError,
    VaultMarkerError,
    VaultOwnedError,
)


def waits(pace: Pace, error: BridgeError | None, times: int) -> list[float]:
    found = []
    for _ in range(times):
        if error is None:
            pace.done(0.0, changed=False)
        else:
            pace.failed(0.0, error)
        found.append(pace.next)
    return found


def test_it_slows_down_while_nothing_changes_and_hurries_after_a_change() -> None:
    pace = Pace(5, 60, 0.0)
    assert pace.next == 0.0
    calm = waits(pace, None, 10)
    assert calm == sorted(calm)
    assert calm[-1] == 60
    pace.done(0.0, changed=True)
    assert pace.next == 5


def test_back_off_is_obeyed_to_the_second() -> None:
    pace = Pace(5, 60, 0.0)
    assert waits(pace, BackOffError("", 120.0), 3) == [120.0, 120.0, 120.0]
    assert pace.not_before == 120.0


@pytest.mark.parametrize(
    ("error", "first", "last"),
    [
        (UnreachableError(""), 5, OFFLINE),
        (ForbiddenError(""), REFUSED_FIRST, REFUSED_LAST),
        (VaultMarkerError(""), 5, 60),
        (VaultOwnedError(""), 60, 60),
    ],
)
def test_trouble_is_looked_after_ever_more_seldom(error: BridgeError, first: float, last: float) -> None:
    found = waits(Pace(5, 60, 0.0), error, 2000)
    assert (found[0], found[-1]) == (first, last)
    assert found == sorted(found)


def test_r33_after_a_guard_it_goes_on_looking_when_notes_change() -> None:
    pace = Pace(5, 60, 0.0)
    pace.failed(0.0, GuardStop("", "mass-vault"))
    assert (pace.not_before, pace.next) == (5, 60)


def test_a_good_look_ends_all_waiting() -> None:
    pace = Pace(5, 60, 0.0)
    waits(pace, UnreachableError(""), 8)
    pace.done(0.0, changed=False)
    assert (pace.next <= 10, pace.not_before) == (True, 0.0)
    assert waits(pace, UnreachableError(""), 1) == [5]


def test_a_person_may_hurry_it() -> None:
    pace = Pace(5, 60, 0.0)
    waits(pace, ForbiddenError(""), 3)
    pace.hurry(7.0)
    assert (pace.next, pace.not_before) == (7.0, 7.0)
