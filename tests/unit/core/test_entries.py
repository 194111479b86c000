"""R29, law 3: blocks made of entries are renewed entry by entry, and what a person wrote among them stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import blocks, entries
from bridge.core.blocks import KEPT
from bridge.core.entries import Part, entry, join, merge, pack, renew, unpack, write

NAME = "highlights"


def quote(key: str, text: str = "") -> Part:
    return entry(key, f"> [!quote] {key}\n> {text or key.lower()}")


HEAD = Part("#", "## Highlights")
A, B, C, D = (quote(key) for key in ("AAAA", "BBBB", "CCCC", "DDDD"))
B2 = quote("BBBB", "b, corrected")
ALL = [HEAD, A, B, C]
TEXT = join(ALL)


def test_where_a_block_id_stands_is_where_obsidian_reads_it() -> None:
    assert entry("K", "> quote").text == "> quote\n\n^K"
    assert entry("K", "a\nparagraph\n").text == "a\nparagraph ^K"
    assert entry("K", "- [a](https://a.org)").text == "- [a](https://a.org) ^K"
    assert entry("K", "text\n\n| a |\n| - |").text == "text\n\n| a |\n| - |\n\n^K"
    assert entry("K", "text\n  > quoted in an item").text == "text\n  > quoted in an item\n\n^K"
    assert entry("K", "```\ncode\n```").text == "```\ncode\n```\n\n^K"


def test_items_stand_in_one_list_and_all_else_apart() -> None:
    items = [Part("#", "## Files"), entry("AAAA", "- a"), entry("BBBB", "- b")]
    assert join(items) == "## Files\n\n- a ^AAAA\n- b ^BBBB"
    assert join([HEAD, A, B]) == (
        "## Highlights\n\n> [!quote] AAAA\n> aaaa\n\n^AAAA\n\n> [!quote] BBBB\n> bbbb\n\n^BBBB"
    )
    assert join([]) == ""


def test_parts_are_remembered_as_they_are() -> None:
    assert list(unpack(pack(ALL))) == ALL


# --- an unedited block --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_a_block_nobody_edited_becomes_what_is_generated(eol: str) -> None:
    body = f"# T\n\n{write(NAME, ALL)}\n\n## Notes\n".replace("\n", eol)
    after = renew(body, NAME, [HEAD, A, B2, C, D], [ALL])
    assert after == f"# T\n\n{write(NAME, [HEAD, A, B2, C, D])}\n\n## Notes\n".replace("\n", eol)
    assert renew(after, NAME, [HEAD, A, B2, C, D]) == after


def test_only_the_bytes_of_the_entry_that_changed_differ() -> None:
    many = [HEAD, *(quote(f"K{n:03}") for n in range(500))]
    new = [*many[:250], quote("K249", "changed"), *many[251:]]
    before, after = (write(NAME, parts).split("\n") for parts in (many, new))
    assert renew("\n".join(before), NAME, new, [many]).split("\n") == after
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        (before[0], after[0]),
        ("> k249", "> changed"),
    ]


def test_a_block_that_is_broken_or_deleted_is_left_alone() -> None:
    for body in ("# T\n", write(NAME, ALL).replace("%% bridge:end", "%% the end"), "%% bridge:end highlights %%"):
        assert renew(body, NAME, [HEAD, A], [ALL]) == body


# --- what a person did stays ----------------------------------------------------------------------------------------


def test_an_unchanged_source_leaves_everything_to_the_person() -> None:
    body = write(NAME, ALL).replace("> bbbb", "> rewritten by me")
    assert renew(body, NAME, ALL, [ALL]) == body
    assert renew(body, NAME, ALL) == body


def test_text_under_an_entry_stays_under_it_through_every_later_sync() -> None:
    mine = TEXT.replace("^AAAA", "^AAAA\n\nI doubt this.\n\n- see [[@other]]")
    first = merge(mine, [HEAD, A, B2, C], ALL)
    assert first == mine.replace("> bbbb", "> b, corrected")
    second = merge(first, [HEAD, A, D, B2, C], [HEAD, A, B2, C])
    assert second == first.replace("- see [[@other]]", f"- see [[@other]]\n\n{D.text}")
    third = merge(second, [HEAD, quote("AAAA", "other"), D, B2, C], [HEAD, A, D, B2, C])
    assert third == second.replace("> aaaa", "> other")


def test_an_edit_of_an_unchanged_entry_stays_though_others_change() -> None:
    mine = TEXT.replace("> aaaa", "> aaaa, my correction\n> and a line of mine")
    assert merge(mine, [HEAD, A, B2, C], ALL) == mine.replace("> bbbb", "> b, corrected")


def test_lines_put_into_an_entry_that_changes_stand_right_below_it() -> None:
    mine = TEXT.replace("^BBBB", "my remark\n\n^BBBB").replace("^AAAA", "^AAAA\nclose by")
    assert merge(mine, [HEAD, A, B2, C], ALL) == join([HEAD, A]) + "\nclose by\n\n" + B2.text + (
        "\n\nmy remark\n\n" + C.text
    )
    quoted = merge(TEXT.replace("> bbbb", "> bbbb, I say"), [HEAD, A, B2, C], ALL)
    assert quoted == join([HEAD, A, B2]) + f"\n\n{KEPT}\n> bbbb, I say\n\n" + C.text


def test_what_a_person_wrote_to_an_entry_that_is_gone_stays_in_a_callout() -> None:
    mine = TEXT.replace("^BBBB", "^BBBB\n\nI doubt this.\n\n```\na\n\nb\n```").replace("> bbbb", "> bbbb\n> mine")
    kept = f"{KEPT}\n> mine\n>\n> I doubt this.\n>\n> ```\n> a\n>\n> b\n> ```"
    assert merge(mine, [HEAD, A, C], ALL) == join([HEAD, A]) + f"\n\n{kept}\n\n" + C.text
    assert merge(TEXT, [HEAD, A, C], ALL) == join([HEAD, A, C])
    assert merge(mine, [], ALL) == kept


def test_a_deleted_entry_stays_deleted_until_nobody_knows_of_it() -> None:
    mine = TEXT.replace(f"{B.text}\n\n", "")
    assert merge(mine, [HEAD, A, B2, C, D], ALL) == f"{mine}\n\n{D.text}"
    assert merge(mine, [HEAD, A, B2, C], None) == join([HEAD, A, B2, C])


def test_a_heading_a_person_deleted_or_reworded_stays_so() -> None:
    assert merge(TEXT.replace("## Highlights\n\n", ""), [HEAD, A, B2, C], ALL) == join([A, B2, C])
    mine = TEXT.replace("## Highlights", "## What I marked")
    assert merge(mine, [Part("#", "## Marks"), A, B2, C], ALL) == mine.replace("> bbbb", "> b, corrected")
    assert merge(f"mine\n\n{TEXT}", [Part("#", "## Marks"), A, B, C], ALL) == "mine\n\n" + join(
        [Part("#", "## Marks"), A, B, C]
    )


def test_an_entry_rewritten_from_its_first_word_is_still_known_by_its_block_id() -> None:
    mine = TEXT.replace(B.text, "between\n\nall new words\nof mine\n\n^BBBB")
    assert merge(mine, [HEAD, A, B, D, C], ALL) == mine.replace(C.text, join([D, C]))
    assert merge(mine, [HEAD, A, C], ALL) == (
        join([HEAD, A]) + f"\n\nbetween\n\n{KEPT}\n> all new words\n> of mine\n\n" + C.text
    )


def test_a_persons_order_stays_until_zotero_has_another() -> None:
    mine = join([HEAD, C, A, B])
    assert merge(mine, [HEAD, A, B2, C], ALL) == join([HEAD, C, A, B2])
    assert merge(mine, [HEAD, B, A, C], ALL) == join([HEAD, B, A, C])


def test_an_item_of_a_list_keeps_what_hangs_below_it() -> None:
    items = [Part("#", "## Files"), *(entry(key, f"- [{key}](https://x.org/{key})") for key in ("AAAA", "BBBB"))]
    mine = join(items).replace(" ^AAAA", " ^AAAA\n  - mine")
    more = [*items, entry("CCCC", "- [c](https://x.org/c)")]
    assert merge(mine, more, items) == f"{mine}\n{more[-1].text}"
    renamed = [items[0], entry("AAAA", "- [a](https://x.org/a)"), items[2]]
    assert merge(mine, renamed, items) == mine.replace("[AAAA](https://x.org/AAAA)", "[a](https://x.org/a)")


def test_a_copied_entry_is_a_persons_text() -> None:
    mine = f"{TEXT}\n\n## Best\n\n{A.text}"
    assert merge(mine, [HEAD, quote("AAAA", "other"), B, C], ALL) == mine.replace("> aaaa", "> other", 1)


def test_a_block_id_inside_code_is_none() -> None:
    mine = TEXT.replace("^AAAA", "^AAAA\n\n```\n^BBBB\n```")
    assert merge(mine, [HEAD, A, B2, C], ALL) == mine.replace("> bbbb", "> b, corrected")


# --- what was generated is not known ----------------------------------------------------------------------------------


def test_without_memory_every_line_the_new_text_lacks_is_kept() -> None:
    mine = TEXT.replace("^AAAA", "^AAAA\n\nI doubt this.").replace("> bbbb", "> bbbb\n> mine")
    after = merge(mine, [HEAD, A, B2, D, C], None)
    assert after == join([HEAD, A]) + "\n\nI doubt this.\n\n" + B2.text + (
        f"\n\n{KEPT}\n> bbbb\n> mine\n\n" + join([D, C])
    )


def test_memory_that_the_begin_line_does_not_vouch_for_is_none() -> None:
    body = write(NAME, ALL).replace("> bbbb", "> bbbb\n> mine")
    assert renew(body, NAME, [HEAD, A, B2, C], [[HEAD, A]]) == renew(body, NAME, [HEAD, A, B2, C])


def test_a_note_that_came_back_as_it_was_is_renewed_from_what_it_was_written_with() -> None:
    """From a phone, from a backup, by `bridge undo`: the last text is then not the one that counts."""
    body = write(NAME, ALL).replace("^AAAA", "^AAAA\n\nmine")
    later = [HEAD, A, quote("BBBB", "later"), C]
    after = renew(body, NAME, [HEAD, A, B2, C], [later, ALL])
    assert after == write(NAME, [HEAD, A, B2, C]).replace("^AAAA", "^AAAA\n\nmine")


# --- any history (law 3) --------------------------------------------------------------------------------------------

KEYS = [f"KEY{n}" for n in range(8)]


@st.composite
def generated(draw: st.DrawFn) -> list[Part]:
    """What Zotero may show: some of the entries, in any order, each in one of three versions."""
    keys: list[str] = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6))
    style: str = draw(st.sampled_from(["quote", "text"]))
    parts = [Part("#", "## Highlights")] if draw(st.booleans()) and keys else []
    for at, key in enumerate(keys):
        if at and draw(st.integers(0, 4)) == 0:
            parts.append(Part(f"#{key}", f"### File {key}"))
        words = [f"{key} line {draw(st.integers(0, 2))}" for _ in range(draw(st.integers(1, 3)))]
        lines = [f"> {word}" for word in words] if style == "quote" else words
        parts.append(entry(key, "\n".join(lines)))
    return parts


#: What a person does to the lines of a block: (what, where, how).
EDITS = st.lists(
    st.tuples(st.sampled_from(["add", "quote", "paragraph", "change", "cut"]), st.floats(0, 1), st.integers(0, 9**9)),
    max_size=5,
)


def edit(text: str, edits: list[tuple[str, float, int]], mine: list[str]) -> str:
    """The text after a person's edits; ``mine`` gets the words only they know."""
    lines = text.split("\n")
    for number, (what, where, salt) in enumerate(edits):
        at = round(where * (len(lines) - 1))
        word = f"mine{len(mine)}x{number}x{salt}"
        if what == "cut":
            if not re.search(r"mine\d", lines[at]):
                del lines[at]
                lines = lines or [""]
            continue
        mine.append(word)
        if what == "change":
            if re.search(r"mine\d|\^|^#|^$", lines[at]):
                lines.insert(at, word)
            else:
                lines[at] += f" {word}"
        else:
            lines[at + 1 : at + 1] = {"add": [word], "quote": [f"> {word}"], "paragraph": ["", word, ""]}[what]
    return "\n".join(lines)


@given(st.data())
def test_no_word_of_a_person_is_ever_lost_or_doubled(data: st.DataObject) -> None:
    known: list[list[Part]] = [data.draw(generated())]
    body = f"above\n\n{write(NAME, known[0])}\n\nbelow\n"
    mine: list[str] = []
    for _ in range(data.draw(st.integers(1, 4))):
        (block,) = blocks.find(body)
        changed = edit(block.text, data.draw(EDITS), mine)
        body = body.replace(block.text, changed, 1) if block.text else body
        mine[:] = [word for word in mine if word in body]
        new = data.draw(generated())
        after = renew(body, NAME, new, known)
        (found,) = blocks.find(after)
        assert not found.problem
        assert after.startswith("above\n\n%% bridge:begin")
        assert after.endswith("%% bridge:end highlights %%\n\nbelow\n")
        for word in mine:
            assert len(re.findall(rf"\b{word}\b", after)) == 1, word
        assert renew(after, NAME, new, data.draw(st.sampled_from([[new], []]))) == after
        assert found.digest == blocks.digest(join(new))
        body, known = after, data.draw(st.sampled_from([[new, *known], [new], []]))


@given(generated(), generated(), st.booleans())
def test_without_a_persons_hand_it_is_what_is_generated(old: list[Part], new: list[Part], known: bool) -> None:
    assert renew(write(NAME, old), NAME, new, [old] if known else []) == write(NAME, new)


@given(generated(), generated())
def test_a_merge_of_untouched_text_is_what_is_generated(old: list[Part], new: list[Part]) -> None:
    """The way an edited block goes gives the same where nothing was edited."""
    assert merge(join(old), new, old) == join(new)


@given(generated(), st.data())
def test_entries_that_did_not_change_keep_every_byte(old: list[Part], data: st.DataObject) -> None:
    """A word is added somewhere, one entry changes: all lines but the changed entry's stay, in their order."""
    keys = [part.id for part in old if not part.id.startswith("#")]
    if not keys:
        return
    changed = data.draw(st.sampled_from(keys))
    new = [entry(part.id, "> all new") if part.id == changed else part for part in old]
    mine: list[str] = []
    present = edit(join(old), [("add", data.draw(st.floats(0, 1)), 1)], mine)
    lost = {line for part in old if part.id == changed for line in part.lines}
    after = merge(present, new, old)
    stays = [line for line in present.split("\n") if line.strip() and line not in lost]
    rest = [line for line in after.split("\n") if line.strip() and line not in ("> all new", f"^{changed}")]
    assert sorted(rest) == sorted(stays)
    unmoved = [line for line in stays if line not in mine]
    assert [line for line in rest if line not in mine] == unmoved
    assert entries.merge(after, new, new) == after
