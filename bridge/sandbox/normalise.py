"""What the server makes of text it is given: trimmed strings, dates, names, notes and tags. All pure.

The bridge must live with each of these changes without taking them for somebody's edit (R2), so the sandbox makes
them too. Source: zotero/dataserver, and runs of it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bridge.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: An object's key.
KEY = re.compile(r"[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}")
MAX_FIELD = 65_535  # bytes
MAX_TAG = 255
MAX_NOTE = 250_000
_MAX_TITLE = 80

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_THREE = re.compile(r"(?<!\d)(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?!\d)")
_TWO = re.compile(r"(\d{4})[-/.](\d{1,2})")
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2}|21[0-9]{2})(?!\d)")
_MONTH = re.compile(r"\b(" + "|".join(_MONTHS) + r")[a-z]*\b", re.IGNORECASE)
_DAY = re.compile(r"(?<!\d)([12]?\d|3[01])(?:st|nd|rd|th)?(?!\d)", re.IGNORECASE)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)?)?")
_SCRIPT = re.compile(r"<(script|style|iframe)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_HANDLER = re.compile(r"""\s+on\w+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
_BREAK = re.compile(r"</(p|div|li|h[1-6])>|<br\b[^>]*>", re.IGNORECASE)
_ELEMENT = re.compile(r"<[^>]*>")
_RENAMED = re.compile(r"<(/?)(b|i)(?=[\s>/])", re.IGNORECASE)


def text(value: Any, field: str) -> str:
    """Return a field's text: control characters out, ends trimmed, numbers written out.

    Raises :class:`RefusedError` (400) for lists and objects.
    """
    if value is None or value is False:
        return ""
    if isinstance(value, (str, int, float)):
        return _CONTROL.sub("", str(value)).strip()
    raise RefusedError(400, f"'{field}' must be a string")


def timestamp(value: Any, field: str) -> str:
    """Return an ISO 8601 time in UTC, e.g. ``2014-02-01T05:23:45Z``, from the forms the server takes.

    A bare date stays a bare date. Raises :class:`RefusedError` (400) for anything else.
    """
    given = text(value, field)
    if not given:
        return ""
    if not _STAMP.fullmatch(given):
        raise RefusedError(
            400,
            f"'{field}' must be in ISO 8601 or UTC 'YYYY-MM-DD[ hh:mm:ss]' format or 'CURRENT_TIMESTAMP' ({given})",
        )
    if len(given) == len("2014-02-01"):
        return given
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise RefusedError(400, f"'{field}' is no time ({given})") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed_date(value: str) -> str:
    """Return ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` as the server reads a free date, or an empty string.

    Numbers that do not begin with a year are month, day, year, as in the United States (``Zotero_Date`` there). A year
    counts only as it is written: ``6/12/17`` has none.
    """
    given = value.strip()
    year, month, day = _in_numbers(given) or _in_words(given)
    if not year or year not in given:
        return ""
    if not month:
        return year
    return f"{year}-{month:02d}" + (f"-{day:02d}" if day else "")


def _in_numbers(given: str) -> tuple[str, int, int] | None:
    """Year, month and day of a date in numbers, zero where it has none; ``None`` where it is no such date."""
    three, two = _THREE.search(given), _TWO.fullmatch(given)
    if three:
        first, second, third = three[1], int(three[3]), three[4]
        written = len(first) > 2
        year, month, day = (first, second, int(third)) if written else (third, int(first), second)
    elif two:
        year, month, day = two[1], int(two[2]), 0
    else:
        return None
    if month > 12:
        month, day = day, month
    # Two digits would be taken for a year near this one, which the text then does not show.
    return (year if len(year) == 4 else "", month, day) if month <= 12 and day <= 31 else None


def _in_words(given: str) -> tuple[str, int, int]:
    """Year, month and day of any other date; the names of months are English."""
    year = _YEAR.search(given)
    if not year:
        return "", 0, 0
    rest = given[: year.start()] + " " + given[year.end() :]
    month = _MONTH.search(rest)
    if not month:
        return year[1], 0, 0
    day = _DAY.search(rest[: month.start()] + " " + rest[month.end() :])
    return year[1], _MONTHS.index(month[1].lower()) + 1, int(day[1]) if day else 0


def creator_summary(creators: Sequence[Mapping[str, str]], primary: str | None) -> str:
    """Return ``Vaswani et al.``: the primary creators' names, or all creators' where there is no primary one."""
    chosen = [c for c in creators if c.get("creatorType") == primary] or list(creators)
    names = [c.get("name") or c.get("lastName") or c.get("firstName", "") for c in chosen]
    if len(names) > 2:
        return f"{names[0]} et al."
    return " and ".join(names)


def note_html(value: str) -> str:
    """Return a note as the server keeps it: no scripts, no handlers, ``<b>`` as ``<strong>``, ``<i>`` as ``<em>``."""
    clean = _HANDLER.sub("", _SCRIPT.sub("", _CONTROL.sub("", value)))
    return _RENAMED.sub(lambda m: f"<{m[1]}{'strong' if m[2].lower() == 'b' else 'em'}", clean).strip()


def tags(value: Any) -> list[dict[str, Any]]:
    """Return tags as the server keeps them: trimmed, none empty, each once, sorted; type 0 is left out.

    Raises :class:`RefusedError`: 400 for a wrong form, 413 for a tag over 255 characters.
    """
    if not isinstance(value, list):
        raise RefusedError(400, "'tags' property must be an array")
    kept: dict[str, int] = {}
    for entry in value:
        if isinstance(entry, str):
            entry = {"tag": entry}  # the API takes a bare name too
        if not isinstance(entry, dict) or not isinstance(entry.get("tag"), str):
            raise RefusedError(400, "Tag must be an object")
        if unknown := set(entry) - {"tag", "type"}:
            raise RefusedError(400, f"Invalid tag property '{min(unknown)}'")
        name, kind = text(entry["tag"], "tag"), entry.get("type", 0)
        if kind not in (0, 1):
            raise RefusedError(400, "Tag 'type' must be 0 or 1")
        if len(name) > MAX_TAG:
            raise RefusedError(413, f"Tag '{name[:30]}…' is too long", data={"tag": name})
        if name:
            kept[name] = min(kind, kept.get(name, kind))
    return [
        {"tag": name, "type": 1} if kept[name] else {"tag": name}
        for name in sorted(kept, key=lambda n: (n.casefold(), n))
    ]


def note_title(value: str) -> str:
    """Return the first line of a note's text, by which lists sort and find it."""
    return " ".join(_ELEMENT.sub(" ", _BREAK.sub("\n", value)).strip().split("\n")[0].split())[:_MAX_TITLE]


def unique(values: Iterable[str]) -> list[str]:
    """Return the values in order, each once."""
    return list(dict.fromkeys(values))
