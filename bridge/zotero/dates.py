"""Days and time stamps: what Zotero keeps as instants, notes show as days of the configured zone (R10, R14).

No clock is read here; the zone comes from the configuration (``[time] zone``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo

from bridge.core.policy import normal_day

_PARSED = re.compile(r"^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)")
_YEAR = re.compile(r"(?<!\d)(1[0-9]\d\d|20\d\d)(?!\d)")


def day_of(stamp: str, zone: tzinfo) -> str:
    """The day (``2024-03-28``) of an ISO time stamp in ``zone``; a text that is none is returned as it is.

    A stamp without an offset is taken for local time, a plain day for itself.
    """
    if len(stamp) <= len("2024-03-28"):
        return stamp
    try:
        moment = datetime.fromisoformat(stamp)
        if moment.tzinfo is not None:
            moment = moment.astimezone(zone)
    except (ValueError, OverflowError):
        return stamp
    return moment.date().isoformat()


def valid_day(text: str) -> str | None:
    """The day a person wrote, as ``2024-03-28``, or None where the text is no date."""
    day = normal_day(text)
    try:
        known = date.fromisoformat(day)
    except ValueError:
        return None
    # The first and the last year have no room for an offset from UTC.
    return day if len(day) == len("2024-03-28") and 1 < known.year < date.max.year else None


def stamp_for(day: str, zone: tzinfo) -> str:
    """An instant inside a valid day of ``zone``: local noon, in UTC, as JavaScript's ``toISOString`` writes it.

    That is the form the Reading List plug-in gives its dates.
    """
    noon = datetime.combine(date.fromisoformat(day), time(12), zone).astimezone(UTC)
    return noon.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def published(parsed: str, raw: str) -> str:
    """The date of publication as ``2017``, ``2017-06`` or ``2017-06-12``; ``""`` where none can be told ("in press").

    :param parsed: ``meta.parsedDate``, the server's own reading of the date field.
    :param raw: the date field, consulted only where the server says nothing: an ISO date, else a year that
        stands alone.
    """
    found = _PARSED.match(parsed) or _PARSED.match(raw)
    if not found:
        year = _YEAR.findall(raw)
        return year[0] if len(year) == 1 else ""
    year_part, month, day = found.groups()
    if year_part == "0000":
        return ""
    if not month or not 1 <= int(month) <= 12:
        return str(year_part)
    if not day or not 1 <= int(day) <= 31:
        return f"{year_part}-{month}"
    return f"{year_part}-{month}-{day}"
