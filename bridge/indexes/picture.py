"""The reading of the last year, week by week, as an SVG that Bridge draws into the vault.

A bar upwards for the papers read in a week, one downwards and paler for those started. There is no clock: the newest
week that anything is recorded in is "now", so two machines draw the same bytes and a picture changes only when reading
is recorded. Nothing in it comes from Zotero but numbers (law 13).

Obsidian shows an SVG as ``<img>``: the page's CSS does not reach into it, but media queries of its own work, so it
carries two sets of colours. The light one is legible on a dark page too, for viewers that know no dark scheme. Read
aloud it is its title and description; opened by itself, each week tells its numbers under the pointer.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 52

#: Pixels. The picture is as high as its bars need it, up to ``_MOST`` for them alone.
_WIDTH, _LEFT, _RIGHT = 720, 36, 712
_TOP, _MOST, _FOOT = 44, 140, 32
_PITCH = (_RIGHT - _LEFT) / WEEKS
_BAR = 9
#: One paper is never drawn higher than this, or a first paper would fill the picture.
_HIGHEST_UNIT = 22

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: A month's name needs the room of so many weeks.
_ROOM = 3

_STYLE = """\
.bridge-reading { color: #6e7781; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif }
.bridge-reading text { fill: currentColor }
.bridge-reading .name { fill: #57606a; font-size: 14px; font-weight: 600 }
.bridge-reading .grid { stroke: currentColor; stroke-opacity: .22 }
.bridge-reading .base { stroke: currentColor; stroke-opacity: .6 }
.bridge-reading :is(.read, .started) { fill: #5a7fd6 }
.bridge-reading .started { fill-opacity: .45 }
@media (prefers-color-scheme: dark) {
  .bridge-reading { color: #9aa4af }
  .bridge-reading .name { fill: #c3cad3 }
  .bridge-reading :is(.read, .started) { fill: #86a5ee }
}"""


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in one ISO week (``2025-W39``): how many papers were read to the end and how many begun."""

    week: str
    read: int = 0
    started: int = 0


def reading_svg(weeks: Iterable[Week]) -> str:
    """The picture, with LF and a last line ending.

    :param weeks: in any order; weeks not named count as empty, a week named twice counts together, and what lies more
        than a year before the newest is left out.
    :raises ValueError: a week is not written as ``2025-W39`` or does not exist.
    """
    counted: dict[date, tuple[int, int]] = {}
    for each in weeks:
        day = monday(each.week)
        read, started = counted.get(day, (0, 0))
        counted[day] = read + each.read, started + each.started
    recorded = [day for day, counts in counted.items() if any(counts)]
    if not recorded:
        return _page("nothing yet", [_text(_RIGHT, 22, "nothing yet", "end")], _TOP)
    newest = max(recorded)
    days = [newest - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    counts = [counted.get(day, (0, 0)) for day in days]
    read, started = (sum(column) for column in zip(*counts, strict=True))
    until = f"started in the year to {_day(newest + timedelta(days=6))}"
    key = f'<tspan class="read">■</tspan> {read} read <tspan class="started" dx="6">■</tspan> {started} {until}'
    bars, height = _chart(days, counts)
    return _page(f"{read} read, {started} {until}", [_text(_RIGHT, 22, key, "end"), *bars], height)


def monday(week: str) -> date:
    """The first day of an ISO week (ISO 8601), written ``2025-W39``.

    :raises ValueError: it is not written so or does not exist.
    """
    year, _, number = week.partition("-W")
    if not date.min.year < int(year) < date.max.year:
        raise ValueError(f"{week} is at the end of time")  # where a year before or a week after has no date
    return date.fromisocalendar(int(year), int(number), 1)


def _chart(days: Sequence[date], counts: Sequence[tuple[int, int]]) -> tuple[list[str], float]:
    """Grid, bars and the names of the months, and how high a picture they need."""
    up, down = (max(column) for column in zip(*counts, strict=True))
    unit = min(_MOST / (up + down), _HIGHEST_UNIT)
    zero = _TOP + up * unit
    height = zero + down * unit + _FOOT
    lines = []
    for value in _ticks(up, unit):
        y = zero - value * unit
        lines += [_line("grid", y), _text(_LEFT - 8, y + 4, str(value), "end")]
    for at, (day, (read, started)) in enumerate(zip(days, counts, strict=True)):
        if read or started:
            x = _LEFT + at * _PITCH + (_PITCH - _BAR) / 2
            bars = _bar("read", x, zero - read * unit, read * unit) + _bar("started", x, zero, started * unit)
            lines.append(f"<g><title>{_week(day)}: {read} read, {started} started</title>{bars}</g>")
    lines.append(_line("base", zero))
    lines += [_text(_LEFT + at * _PITCH, height - 12, name) for at, name in _months(days)]
    return lines, height


def _ticks(most: int, unit: float) -> Iterable[int]:
    """The values that get a line: round ones, and never closer than the height of their numbers."""
    step = next(step for power in range(20) for step in (10**power, 2 * 10**power, 5 * 10**power) if step * unit >= 20)
    return range(step, most + 1, step)


def _months(days: Sequence[date]) -> Iterable[tuple[int, str]]:
    """Where a month begins, and its name; the year stands for January. A week is in its Thursday's month."""
    thursdays = [day + timedelta(days=3) for day in days]
    begins = [at for at, day in enumerate(thursdays) if at == 0 or day.month != thursdays[at - 1].month]
    for at, following in zip(begins, [*begins[1:], len(days) + 1], strict=True):
        if following - at >= _ROOM:
            day = thursdays[at]
            yield at, str(day.year) if day.month == 1 else _MONTHS[day.month - 1]


def _page(said: str, lines: Sequence[str], height: float) -> str:
    name, high = "Reading, week by week", _number(height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bridge-reading" role="img" aria-label="{name}: {said}"'
        f' width="{_WIDTH}" height="{high}" viewBox="0 0 {_WIDTH} {high}">'
    )
    words = (f"<title>{name}</title>", f"<desc>{said}</desc>", f"<style>\n{_STYLE}\n</style>")
    return "\n".join((head, *words, f'<text class="name" x="{_LEFT}" y="22">{name}</text>', *lines, "</svg>\n"))


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}">{words}</text>'


def _line(kind: str, y: float) -> str:
    return f'<path class="{kind}" d="M{_LEFT} {_number(y)}H{_RIGHT}"/>'


def _bar(kind: str, x: float, y: float, height: float) -> str:
    if not height:
        return ""
    size = f'x="{_number(x)}" y="{_number(y)}" width="{_BAR}" height="{_number(height)}"'
    return f'<rect class="{kind}" {size} rx="1.5"/>'


def _number(value: float) -> str:
    """A number with at most one decimal place, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")


def _week(day: date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
