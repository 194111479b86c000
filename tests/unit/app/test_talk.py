"""Speaking with people: text that stays text, questions only where somebody can answer."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.render import change_line, report_lines
from bridge.cli.talk import Settings, many, plain
from bridge.core.record import ItemId
from bridge.errors import UsageError
from bridge.state.history import ChangeRow
from bridge.sync import Report


@given(st.text())
def test_law_13_no_text_moves_the_cursor_or_makes_a_line(text: str) -> None:
    shown = plain(text, 40)
    assert shown.isprintable() or shown == ""
    assert len(shown) <= 40
    assert len(shown.splitlines()) <= 1


def test_law_13_escape_sequences_and_turned_text_are_gone() -> None:
    assert plain("a\x1b[31mred\u202eevil\n\u2028b") == "a [31mred evil b"


def test_questions_need_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="answer with --library"):
        Settings().ask("Which library?", "--library")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("sys.stderr", Terminal())
    assert Settings().may_ask
    assert not Settings(json=True).may_ask


def change(before: str, after: str, why: str = "edit") -> str:
    return change_line(ChangeRow("vault", ItemId("users/1", "K"), "p.md", "T", "tags", before, after, why))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("old", "new", "“old” → “new”"),
        ("", "new", "nothing → “new”"),
        ('["a","b"]', '["b","c"]', "+ “c”  − “a”"),
        ('["a","b"]', '["b","a"]', "in another order"),
        ("[not a list]", "x", "“[not a list]” → “x”"),
    ],
)
def test_a_change_is_shown_by_what_differs(before: str, after: str, shown: str) -> None:
    assert change(before, after).endswith(f"tags {shown}")


def test_law_3_a_value_put_back_is_said_to_be() -> None:
    assert "put back" in change("mine", "theirs", "put-back")


def test_quiet_when_there_is_nothing_to_say() -> None:
    assert list(report_lines(Report())) == ["In step."]


def test_what_a_person_has_to_do_is_said() -> None:
    lines = "\n".join(report_lines(Report(vault_created=2, conflicts=1, held=2, messages=["m"])))
    assert lines.splitlines()[0] == "Vault: 2 notes made."
    assert "bridge conflicts" in lines
    assert "bridge status" in lines
    assert "In step" not in lines


def test_many() -> None:
    assert (many(1, "note"), many(1200, "note")) == ("1 note", "1,200 notes")


def test_law_12_a_dry_run_prints_the_whole_plan() -> None:
    plan = [ChangeRow("vault", ItemId("users/1", f"K{n}"), "", f"T{n}", "", "", "", "new") for n in range(60)]
    lines = list(report_lines(Report(plan=plan, vault_created=60)))
    assert lines[:60] == [f"  note  T{n}: made" for n in range(60)]
    assert lines[60:] == ["Vault: 60 notes made (nothing was written)."]
