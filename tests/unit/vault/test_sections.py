"""What index notes gather from a paper's note: open questions, key points, whether there are notes; hosted blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.vault.note import NoteRules, read_note
from bridge.vault.sections import LONGEST, MOST, Sections, hosted, sections

NOTE = """\
# SIM-CoT

## Key points

- An auxiliary decoder supervises *each* latent token
    - it is removed at test time
* +8.2 points on GPT-2

## Notes

Proposes step-level supervision.

### Questions

- Does this work for bigger LLMs? → Likely not; the supervision signal is too constraining.
- [ ] Does the decoder work on *unobserved* tasks?
- [x] Which GPT-2?
- [-] Given up?
- Using a decoder as large as the model feels iffy.
- Does A → B hold?
- Is it fast?
    - -> It is.
1. Is this numbered?

A word between, that asks nothing.
Why is this no list item?
→ because.
Is this open?

## Later

- Is this in no section?
"""


def test_questions_are_open_without_a_tick_or_an_arrow_after_them() -> None:
    assert sections(NOTE.encode()).questions == (
        "Does the decoder work on *unobserved* tasks?",
        "Using a decoder as large as the model feels iffy.",
        "Does A → B hold?",
        "Is this numbered?",
        "Is this open?",
    )


def test_key_points_are_the_outer_items_of_their_section() -> None:
    assert sections(NOTE.encode()).points == (
        "An auxiliary decoder supervises *each* latent token",
        "+8.2 points on GPT-2",
    )


@pytest.mark.parametrize(
    ("body", "has"),
    [
        ("## Notes\n\n", False),
        ("## Notes\n\ntext\n", True),
        ("## notes ##\r\n\r\ntext\r\n", True),
        ("## Notes\n\n### Method\n\n", False),
        ("## Notes\n\n### Method\n\ntext", True),
        ("## Notes\n\n## Method\n\ntext", False),
        ("## Notes\n\n%% a word\nto myself %%\n", False),
        ("```\n## Notes\ntext\n```\n", False),
        ("## Noteworthy\n\ntext\n", False),
        ("text\n", False),
    ],
)
def test_notes_are_there_when_their_section_holds_text(body: str, has: bool) -> None:
    assert sections(body.encode()).has_notes is has


def test_what_one_note_may_tell_is_bounded() -> None:
    body = "## Questions\n" + "".join(f"- {n} {'x' * 1000}\n" for n in range(100))
    questions = sections(body.encode()).questions
    assert len(questions) == MOST
    assert {len(question) for question in questions} == {LONGEST}


@given(st.text("#%-*+ \n\r\t[]x?→>`~QuestionsNotes", max_size=200).map(lambda text: f"## Questions\n{text}".encode()))
def test_reading_never_fails_and_gives_single_lines(body: bytes) -> None:
    found = sections(body)
    assert all(len(line.splitlines()) == 1 and line == line.strip() for line in found.questions)
    assert sections(b"\xff" + body).points == found.points


def test_a_note_without_the_headings_tells_nothing() -> None:
    assert sections(b"- Is this a question?\n") == Sections()


def test_blocks_that_stand_whole_in_a_note_are_hosted() -> None:
    body = (
        "%% bridge:begin abstract %%\n%% bridge:end abstract %%\n"
        "%% bridge:begin week 2025-W39 %%\n\n%% bridge:end week %%\n"
        "%% bridge:begin reading-list abcdefgh · written by Bridge %%\n%% bridge:end reading-list %%\n"
        "%% bridge:begin topic NLP/BERT %%\n%% bridge:end topic %%\n"
        "%% bridge:begin log 2025-09 %%\n"
        "```\n%% bridge:begin week 2025-W40 %%\n%% bridge:end week %%\n```\n"
    )
    assert hosted(body.encode()) == ("week 2025-W39", "reading-list", "topic NLP/BERT")
    assert hosted(b"%% bridge:begin abstract %%\n%% bridge:end abstract %%\n") == ()


def test_a_paper_s_note_tells_them_and_other_notes_only_what_they_host() -> None:
    rules = NoteRules("users/1")
    head = "---\nsummary: Steps, not tokens\nzotero-key: ABCD2345\n---\n"
    facts = read_note((head + NOTE).encode(), "a.md", rules).facts
    assert (facts.summary, len(facts.questions), len(facts.points), facts.has_notes) == (
        "Steps, not tokens",
        5,
        2,
        True,
    )
    own = read_note(f"{NOTE}%% bridge:begin week 2025-W39 %%\n%% bridge:end week %%\n".encode(), "b.md", rules).facts
    assert (own.questions, own.hosts) == ((), ("week 2025-W39",))
