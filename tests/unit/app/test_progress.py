"""Progress: silent for short work, a line now and then where nobody watches, a bar at a terminal."""

from __future__ import annotations

import io

from bridge.progress import Bars, Lines, Silent, for_stream


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_come_now_and_then_and_say_how_far() -> None:
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, clock)
    lines.start("reading the library", 10_000)
    for _ in range(100):
        clock.now += 0.11
        lines.advance(100)
    lines.done()
    assert out.getvalue().splitlines() == [
        "reading the library: 4,600 of 10,000",
        "reading the library: 9,200 of 10,000",
    ]


def test_short_work_says_nothing() -> None:
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, clock)
    for _ in range(3):
        lines.start("writing notes")
        clock.now += 3
        lines.advance()
        lines.done()
    assert out.getvalue() == ""


def test_a_bar_is_drawn_only_for_long_work() -> None:
    clock = Clock()
    bars = Bars(clock)

    def drawn() -> bool:
        return bars._bar is not None

    bars.start("writing notes", 3)
    bars.advance()
    assert not drawn()
    clock.now = 1.0
    bars.advance()
    assert drawn()
    bars.advance()
    bars.done()
    assert not drawn()
    bars.done()


def test_the_form_follows_the_stream() -> None:
    assert isinstance(for_stream(Terminal()), Bars)
    assert isinstance(for_stream(io.StringIO()), Lines)
    assert isinstance(for_stream(io.StringIO(), machine=True), Silent)
