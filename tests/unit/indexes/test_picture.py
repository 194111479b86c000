"""The reading of the last year as a picture: the same bytes from the same weeks, and nothing in it but numbers."""

from __future__ import annotations

import random
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.indexes.picture import WEEKS, Week, monday, reading_svg

SVG = "{http://www.w3.org/2000/svg}"


def week(back: int) -> str:
    year, number, _ = (date(2025, 9, 22) - timedelta(weeks=back)).isocalendar()
    return f"{year}-W{number:02}"


WEEK = st.builds(Week, st.integers(0, 80).map(week), st.integers(0, 500), st.integers(0, 500))


def tree(text: str) -> ET.Element:
    return ET.fromstring(text)


def bars(text: str, kind: str) -> list[tuple[float, float, float]]:
    """x, y and height of the bars of one kind."""
    found = tree(text).iterfind(f".//{SVG}rect[@class='{kind}']")
    return [(float(each.attrib["x"]), float(each.attrib["y"]), float(each.attrib["height"])) for each in found]


def words(text: str) -> list[str]:
    return ["".join(each.itertext()) for each in tree(text).iter(f"{SVG}text")]


def test_a_small_picture_whole() -> None:
    text = reading_svg([Week("2025-W39", 2, 1), Week("2025-W20", 1)])
    assert tree(text).attrib["aria-label"] == "Reading, week by week: 3 read, 1 started in the year to 28 Sep 2025"
    assert [each.text for each in tree(text).iterfind(f"{SVG}g/{SVG}title")] == [
        "2025-W20: 1 read, 0 started",
        "2025-W39: 2 read, 1 started",
    ]
    assert bars(text, "read") == [(454, 66, 22), (701, 44, 44)]
    assert bars(text, "started") == [(701, 88, 22)]
    assert words(text)[:2] == ["Reading, week by week", "■ 3 read ■ 1 started in the year to 28 Sep 2025"]


def test_the_months_of_a_year_stand_under_it_and_a_year_for_january() -> None:
    months = words(reading_svg([Week("2025-W39", 1)]))[3:]
    assert months == ["Oct", "Nov", "Dec", "2025", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep"]


def test_there_is_no_clock_the_newest_week_with_reading_is_now() -> None:
    """Law of the index notes: the past is not rewritten, so time passing changes nothing."""
    then = [Week("2019-W05", 3, 2), Week("2018-W40", 1)]
    assert "in the year to 3 Feb 2019" in reading_svg(then)
    assert reading_svg([*then, Week("2031-W01")]) == reading_svg(then)


def test_what_is_older_than_a_year_is_not_in_it() -> None:
    assert reading_svg([Week(week(0), 1), Week(week(WEEKS), 9)]) == reading_svg([Week(week(0), 1)])
    assert "10 read" in reading_svg([Week(week(0), 1), Week(week(WEEKS - 1), 9)])


def test_without_reading_it_says_so() -> None:
    assert reading_svg([]) == reading_svg([Week("2025-W01")])
    assert words(reading_svg([])) == ["Reading, week by week", "nothing yet"]


def test_it_is_readable_in_light_and_dark() -> None:
    style = tree(reading_svg([Week("2025-W39", 1)])).findtext(f"{SVG}style") or ""
    assert "@media (prefers-color-scheme: dark)" in style
    # Inlined in a page, its style must reach nothing else there.
    selectors = [line.strip() for line in style.splitlines() if "{" in line and "@media" not in line]
    assert len(selectors) == 10
    assert all(line.startswith(".bridge-reading") for line in selectors)


def test_r35_a_week_more_is_few_bytes() -> None:
    full = reading_svg([Week(week(back), 9, 9) for back in range(WEEKS)])
    assert len(full.encode()) < 15_000


@settings(max_examples=60, deadline=None)
@given(st.lists(WEEK, max_size=60), st.randoms(use_true_random=False))
def test_no_order_matters_and_every_bar_is_inside(weeks: list[Week], chance: random.Random) -> None:
    text = reading_svg(weeks)
    chance.shuffle(weeks)
    assert reading_svg(weeks) == text
    assert text.endswith("</svg>\n")
    height = float(tree(text).attrib["height"])
    for x, y, tall in bars(text, "read") + bars(text, "started"):
        assert 36 <= x <= 712 - 9
        assert 43.9 <= y <= y + tall <= height - 31.9


def test_a_week_named_twice_counts_together() -> None:
    assert reading_svg([Week("2025-W39", 1), Week("2025-W39", 1, 4)]) == reading_svg([Week("2025-W39", 2, 4)])


@pytest.mark.parametrize("name", ["2025-W54", "2025-39", "2025-W00", "in press", "", "0001-W01", "9999-W52"])
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        monday(name)


def test_a_year_of_53_weeks() -> None:
    assert monday("2020-W53") == date(2020, 12, 28)
    assert "to 3 Jan 2021" in reading_svg([Week("2020-W53", 1)])
