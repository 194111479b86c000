"""R29: managed blocks are found, renewed and never taken from the person who wrote into them. Laws 3, 4 and 13."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import blocks
from bridge.core.blocks import Block, abstract_block, digest, find, renew, write

OLD = abstract_block("First line.\nSecond line.")
NEW = abstract_block("First line.\nA new second line.")
BEFORE, AFTER = "# Title\n\nmine above\n\n", "\n\n## Notes\n\nmine below"


def body(text: str = OLD, *, eol: str = "\n") -> str:
    return (BEFORE + write("abstract", text) + AFTER).replace("\n", eol)


def only(text: str) -> Block:
    (block,) = find(text)
    return block


def edited(change: str, to: str) -> str:
    """The body with a person's change inside the block, the begin line left as it was."""
    assert change in body()
    return body().replace(change, to)


def test_the_format_of_a_block_is_the_contract() -> None:
    assert write("abstract", "> x") == (
        f"%% bridge:begin abstract {digest('> x')} · from Zotero, write above or below %%\n"
        "\n> x\n\n%% bridge:end abstract %%"
    )
    assert len(digest("> x")) == 8
    assert digest("> x\r\n> y\r\n") == digest("> x\n> y")


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_a_block_is_found_with_its_place_and_text(eol: str) -> None:
    text = body(eol=eol)
    block = only(text)
    assert (block.name, block.argument, block.text, block.problem) == ("abstract", "", OLD, "")
    assert not block.edited
    assert text[: block.start] + text[block.end :] == (BEFORE + AFTER).replace("\n", eol)


def test_a_block_typed_by_hand_has_an_argument_and_no_digest() -> None:
    block = only("%% bridge:begin topic networks %%\n\n%% bridge:end topic %%\n")
    assert (block.name, block.argument, block.digest, block.text) == ("topic", "networks", "", "")
    written = write("week", "x", "2025-W39")
    assert (only(written).argument, only(written).edited) == ("2025-W39", False)


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + write("abstract", OLD) + "\n```\n",
        "inline %% bridge:begin abstract %% text\n",
        "    %% bridge:begin abstract %%\n",
        "> %% bridge:begin abstract %%\n> %% bridge:end abstract %%\n",
        "no blocks at all",
    ],
)
def test_what_only_looks_like_a_block_is_none(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("%% bridge:begin abstract %%\nnever ended\n", 1),
        ("%% bridge:end abstract %%\n", 1),
        (write("abstract", OLD) + "\n\n" + write("abstract", NEW), 2),
        (
            "%% bridge:begin abstract %%\n" + write("week", "x", "2025-W39") + "\n%% bridge:end abstract %%\n",
            3,
        ),
        ("%% bridge:begin abstract %%\n```\n%% bridge:end abstract %%\n", 1),
        ("%% bridge:begin abstract %%\n%% bridge:end week %%\n", 2),
    ],
)
def test_r29_broken_blocks_are_reported_and_never_touched(text: str, count: int) -> None:
    found = find(text)
    assert len(found) == count
    assert all(block.problem for block in found)
    assert renew(text, "abstract", NEW) == text


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_r29_an_unedited_block_is_replaced_and_no_other_byte(eol: str) -> None:
    assert renew(body(eol=eol), "abstract", NEW) == body(NEW, eol=eol)
    assert renew(body(eol=eol), "abstract", "") == body("", eol=eol)
    assert renew(body("", eol=eol), "abstract", NEW) == body(NEW, eol=eol)


def test_r29_a_block_whose_source_did_not_change_is_left_alone_even_if_edited() -> None:
    text = edited("> Second line.", "> Second line, improved.")
    assert only(text).edited
    assert renew(text, "abstract", OLD) == text


def test_r29_a_deleted_block_stays_deleted() -> None:
    assert renew(BEFORE + AFTER, "abstract", NEW) == BEFORE + AFTER


CALLOUT = "\n\n> [!note] Kept from your edit\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (edited("> Second line.", "> Second line.\n> my thought"), "> my thought"),
        (
            edited("> Second line.", "> Second line.\n\nmy thought\n\nand another"),
            "> my thought\n>\n> and another",
        ),
        (edited("> [!abstract]", "my thought\n\n> [!abstract]"), "> my thought"),
        (edited("> First line.", "> First line.\n> between"), "> between"),
    ],
)
def test_r29_only_the_lines_a_person_added_are_kept_below_and_once(text: str, kept: str) -> None:
    renewed = renew(text, "abstract", NEW)
    assert renewed == BEFORE + write("abstract", NEW) + CALLOUT + kept + AFTER
    again = renew(renewed, "abstract", OLD)
    assert again == BEFORE + write("abstract", OLD) + CALLOUT + kept + AFTER


def test_r29_lines_added_at_both_ends_are_kept() -> None:
    text = edited("> [!abstract]", "top\n\n> [!abstract]").replace("> Second line.", "> Second line.\n\nfoot")
    assert renew(text, "abstract", NEW) == BEFORE + write("abstract", NEW) + CALLOUT + "> top\n>\n> foot" + AFTER


def test_law3_a_changed_line_is_kept_whole_where_nothing_tells_what_was_there() -> None:
    text = edited("> Second line.", "> Second ==line==, **mine**.")
    renewed = renew(text, "abstract", NEW)
    assert renewed == BEFORE + write("abstract", NEW) + CALLOUT + "> Second ==line==, **mine**." + AFTER


def test_r29_the_old_text_where_known_tells_the_persons_lines_from_zoteros() -> None:
    text = edited("> First line.", "> First line, mine.").replace("> Second line.", "> Second line.\n> also mine")
    without = renew(text, "abstract", abstract_block("Other."))
    assert "> Second line." in without  # Zotero's old line, kept for safety
    known = renew(text, "abstract", abstract_block("Other."), old_text=OLD)
    assert known.endswith(CALLOUT + "> First line, mine.\n> also mine" + AFTER)
    assert renew(text, "abstract", abstract_block("Other."), old_text="not what was written") == without


def test_r29_the_callout_does_not_swallow_the_persons_next_line() -> None:
    text = edited("> Second line.", "> Second line.\n> mine").replace("%%\n\n## Notes", "%%\ndirectly below")
    renewed = renew(text, "abstract", NEW)
    assert "> mine\n\ndirectly below" in renewed
    assert renewed.endswith("mine below")


def test_law4_a_renewed_block_at_the_end_gets_no_final_newline() -> None:
    assert renew(write("abstract", OLD), "abstract", NEW) == write("abstract", NEW)


LINES = st.lists(
    st.sampled_from(
        ["", "mine", "> mine", "- a", "other words", "> [!abstract]- Abstract", "> First line.", "%% note %%"]
    ),
    max_size=5,
)


@given(LINES, LINES, st.integers(0, 4), st.booleans())
def test_law3_no_line_of_a_person_is_lost_and_all_outside_stays(
    inside: list[str], outside: list[str], at: int, is_crlf: bool
) -> None:
    lines = ["", *OLD.split("\n"), ""]
    inner = "\n".join([*lines[:at], *inside, *lines[at:]])
    begin = blocks.begin_line("abstract", digest(OLD))
    below = "\n".join(outside)
    text = f"# T\n\n{begin}\n{inner}\n%% bridge:end abstract %%\n\n{below}"
    eol = "\r\n" if is_crlf else "\n"
    text = text.replace("\n", eol)
    renewed = renew(text, "abstract", NEW)
    assert renewed.startswith(f"# T{eol}{eol}%% bridge:begin")
    assert renewed.endswith(f"{eol}{eol}{below}".replace("\n", eol) if not is_crlf else below.replace("\n", eol))
    assert ("\n" not in renewed.replace("\r\n", "")) == is_crlf or not is_crlf
    block = only(renewed)
    assert (block.text, block.edited) == (NEW, False)
    kept = [line.removeprefix(">").strip() for line in renewed[block.end :].splitlines()]
    for line in inside:
        assert line.removeprefix(">").strip() in [
            *kept,
            "",
            *(new.removeprefix("> ") for new in NEW.split("\n")),
        ]


NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "%% bridge:end abstract %%",
                "%% bridge:begin abstract aaaaaaaa · x %%",
                "%%",
                "```",
                "~~~",
                "\n",
                "\r\n",
                "> ",
                "$$",
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=8,
).map("".join)


@given(NASTY, NASTY)
def test_law13_any_abstract_makes_one_whole_block_that_any_other_renews(abstract: str, other: str) -> None:
    text = BEFORE + write("abstract", abstract_block(abstract)) + AFTER
    block = only(text)
    assert (block.problem, block.edited, block.text) == ("", False, abstract_block(abstract).strip())
    assert text[block.end :] == AFTER
    assert all(line.startswith(">") for line in block.text.splitlines())
    assert renew(text, "abstract", abstract_block(other)) == BEFORE + write("abstract", abstract_block(other)) + AFTER
