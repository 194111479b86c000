"""Days and weeks as names: ``2025-09-25`` is a day, ``2025-W39`` a week, ``2025-09`` a month. No clock, no zone.

Weeks are named as ISO 8601 does. One that begins on another day than Monday (``[index.weeks] first_day``) bears the
name of the ISO week that most of it lies in, that of its fourth day.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from bridge.core.policy import normal_day

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=4096)
def valid_day(text: str) -> str:
    """The day a date or time stamp names, as ``2025-09-25``; ``""`` where it names none ("in press")."""
    day = normal_day(text)
    try:
        known = date.fromisoformat(day)
    except ValueError:
        return ""
    # ISO has other spellings, and the first and last year have no whole weeks.
    return day if day == known.isoformat() and 1 < known.year < date.max.year else ""


def valid_date(text: str) -> str:
    """A date of publication as far as it is one: ``2017``, ``2017-06`` or ``2017-06-12``; else ``""``."""
    for length, rest in ((10, ""), (7, "-01"), (4, "-01-01")):
        if len(text) == length and valid_day(text + rest):
            return text
    return ""


@lru_cache(maxsize=4096)
def week_of(day: str, first_day: int = 0) -> str:
    """The week a valid day lies in. ``first_day``: 0 for Monday to 6 for Sunday."""
    known = date.fromisoformat(day)
    middle = known + timedelta(3 - (known.weekday() - first_day) % 7)
    year, week, _ = middle.isocalendar()
    return f"{year:04}-W{week:02}"


def days_of(week: str, first_day: int = 0) -> tuple[str, ...]:
    """The seven days of a week."""
    earliest = date.fromisocalendar(int(week[:4]), int(week[6:]), 1) - timedelta(3)
    start = earliest + timedelta((first_day - earliest.weekday()) % 7)
    return tuple((start + timedelta(number)).isoformat() for number in range(7))


def month_of(day: str) -> str:
    """The month a valid day lies in."""
    return day[:7]


def week_label(week: str, first_day: int = 0) -> str:
    """``22–28 September 2025``, ``29 September – 5 October 2025``."""
    days = days_of(week, first_day)
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first.month == last.month:
        return f"{first.day}–{end}"
    begin = f"{first.day} {_MONTHS[first.month - 1]}"
    return f"{begin} – {end}" if first.year == last.year else f"{begin} {first.year} – {end}"


def month_label(month: str) -> str:
    """``September 2025``."""
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


def day_label(day: str) -> str:
    """``Thursday, 25 September``."""
    known = date.fromisoformat(day)
    return f"{_WEEKDAYS[known.weekday()]}, {known.day} {_MONTHS[known.month - 1]}"
