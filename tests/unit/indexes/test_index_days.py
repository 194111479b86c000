"""Weeks, days and dates as names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.indexes.days import day_label, days_of, month_label, valid_date, valid_day, week_label, week_of

DAYS = st.dates(date(2, 1, 10), date(9998, 12, 20)).map(date.isoformat)
FIRST = st.integers(0, 6)


@pytest.mark.parametrize(
    ("day", "first_day", "week"),
    [
        ("2025-09-25", 0, "2025-W39"),
        ("2025-09-21", 0, "2025-W38"),
        ("2025-09-21", 6, "2025-W39"),
        ("2024-12-30", 0, "2025-W01"),
        ("2026-12-31", 0, "2026-W53"),
        ("2027-01-03", 6, "2027-W01"),
    ],
)
def test_a_week_bears_the_name_of_the_iso_week_most_of_it_is_in(day: str, first_day: int, week: str) -> None:
    assert week_of(day, first_day) == week


@given(DAYS, FIRST)
def test_every_day_is_in_one_week_of_seven_days(day: str, first_day: int) -> None:
    days = days_of(week_of(day, first_day), first_day)
    assert day in days
    assert date.fromisoformat(days[0]).weekday() == first_day
    assert {week_of(each, first_day) for each in days} == {week_of(day, first_day)}
    following = date.fromisoformat(days[-1]) + timedelta(1)
    assert week_of(following.isoformat(), first_day) > week_of(day, first_day)


def test_weeks_are_titled_with_their_dates() -> None:
    assert week_label("2025-W39") == "22–28 September 2025"
    assert week_label("2025-W39", 6) == "21–27 September 2025"
    assert week_label("2025-W40") == "29 September – 5 October 2025"
    assert week_label("2026-W01") == "29 December 2025 – 4 January 2026"
    assert (month_label("2025-09"), day_label("2025-09-25")) == ("September 2025", "Thursday, 25 September")


@pytest.mark.parametrize("text", ["in press", "2024-13-45", "Spring 2019", "", "20240101", "2024-W01-1", "0001-01-01"])
def test_a_date_that_is_no_date_is_none(text: str) -> None:
    assert valid_day(text) == ""
    assert valid_date(text) == ""


def test_dates_are_kept_as_far_as_they_go() -> None:
    assert [valid_date(text) for text in ("2017", "2017-06", "2017-06-12", "2017-13")] == [
        "2017",
        "2017-06",
        "2017-06-12",
        "",
    ]
    assert valid_day("2024-03-28T10:30:00") == "2024-03-28"
