"""The words of the inbox: contained (law 13), answerable for exactly what they ask (R6), deaf to everything else."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import blocks
from bridge.core.plan import Held
from bridge.core.record import ItemId
from bridge.indexes.attention import (
    BLOCK,
    WORDS,
    Conflict,
    Guard,
    Matters,
    Owner,
    Tick,
    Waiting,
    answers,
    render,
    same,
    ticks,
    unticked,
)

NASTY = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(list("[]()%{}<>|`*_#^-+=:\\/\r\n\t\u2028 x")),
    ),
    max_size=60,
) | st.sampled_from(
    [
        "%% bridge:end attention %%",
        "\n%% bridge:end attention %%\n",
        "x %% tick guard-aaaa yes %%",
        "\n- [x] do it %% tick guard-aaaa yes %%",
        "]] [[Other",
        "```\n",
        "<% tp.file %>",
    ]
)


def conflict(number: int = 3, **fields: str) -> Conflict:
    said = {"title": "A title", "path": "Papers/@a.md", "zotero": "theirs", "vault": "mine"} | fields
    return Conflict(number, "users/1/items/ABCD2345", field="title", since="2025-09-24T10:00:00+02:00", **said)


def refused(asked: Conflict) -> tuple[dict[str, str], frozenset[str]]:
    return {}, frozenset({asked.mark})


def guard(**fields: str) -> Guard:
    return Guard(**({"guard": "mass-zotero", "message": "30 of 44 papers.", "about": "aaaa"} | fields))


def ticked(text: str, words: str) -> str:
    found, count = re.subn(rf"- \[ \] (?=[^\n]*{re.escape(words)})", "- [x] ", text)
    assert count == 1
    return found


def test_nothing_to_ask_is_nothing_to_read() -> None:
    assert render(Matters()) == ""
    assert render(Matters(late=True)) == ""


@given(title=NASTY, path=NASTY, zotero=NASTY, vault=NASTY, reason=NASTY, name=NASTY)
def test_law13_no_text_leaves_its_place(title: str, path: str, zotero: str, vault: str, reason: str, name: str) -> None:
    matters = Matters(
        conflicts=[conflict(title=title, path=path, zotero=zotero, vault=vault)],
        guard=Guard(
            "mass-zotero",
            "30 papers.",
            "bbbb",
            [(title, "title", zotero, vault), (title, "tags", json.dumps([zotero, vault]), json.dumps([name]))],
        ),
        held=[Waiting(Held("copied-note", reason, path, id=ItemId("users/1", "ABCD2345")), "delete it")],
        owner=Owner("m1", name, name),
    )
    text = render(matters)
    assert ticks(text) == []
    assert len(re.findall(r"^- \[ \] ", text, re.MULTILINE)) == 5
    whole = blocks.write(BLOCK, text, words=WORDS)
    [block] = blocks.find(whole)
    assert (block.problem, block.edited) == ("", False)
    # As many lines as the same questions have with plain words: nothing makes a line of its own.
    plain = Matters(
        conflicts=[conflict(path="a.md" if path else "")],
        guard=Guard("mass-zotero", "30 papers.", "bbbb", [("t", "title", "z", "v"), ("t", "tags", "[]", '["v"]')]),
        held=[Waiting(Held("copied-note", "r", "a.md", id=ItemId("users/1", "ABCD2345")), "delete it")],
        owner=Owner("m1", "n", "n"),
    )
    assert len(text.splitlines()) == len(render(plain).splitlines())
    everything = text.replace("x", "X").replace("- [ ] ", "- [x] ")
    assert {tick.mark for tick in ticks(everything)} <= set(matters.marks())


def test_a_list_is_asked_about_by_the_members_that_come_and_go() -> None:
    asked = [("A paper", "tags", '["own 1","shared"]', '["shared","mine"]'), ("B", "collections", "", '["NLP"]')]
    text = render(Matters(guard=Guard("mass-zotero", "30 papers.", "bbbb", asked)))
    assert "- A paper: `tags` + mine, − own 1\n- B: `collections` + NLP\n" in text


@given(zotero=NASTY, vault=NASTY)
def test_r6_a_tick_answers_what_was_shown_and_nothing_else(zotero: str, vault: str) -> None:
    asked = conflict(zotero=zotero, vault=vault)
    [first, second] = [line for line in render(Matters([asked])).splitlines() if line.startswith("- [ ]")]
    for line, choice in ((first, "zotero"), (second, "vault")):
        found = ticks(line.replace("- [ ]", "- [x]", 1))
        assert answers(found, Matters([asked])) == ({asked.mark: choice}, frozenset())
        changed = conflict(zotero=f"{zotero}!", vault=vault)
        assert answers(found, Matters([changed])) == refused(asked)
        assert answers(found, Matters([conflict(4, zotero=zotero, vault=vault)])) == refused(asked)


def test_r6_two_boxes_of_one_question_are_no_answer() -> None:
    asked = conflict()
    both = render(Matters([asked])).replace("- [ ]", "- [x]")
    assert answers(ticks(both), Matters([asked])) == refused(asked)


@pytest.mark.parametrize("box", ["- [x]", "- [X]", "* [x]", "\t- [x]"])
def test_boxes_are_ticked_as_editors_do_it(box: str) -> None:
    line = next(line for line in render(Matters([conflict()])).splitlines() if "keep mine" in line)
    assert [tick.choice for tick in ticks(line.replace("- [ ]", box, 1))] == ["vault"]


@pytest.mark.parametrize("box", ["- [ ]", "- [-]", "- [/]", "> - [x]"])
def test_other_boxes_are_no_answer(box: str) -> None:
    line = next(line for line in render(Matters([conflict()])).splitlines() if "keep mine" in line)
    assert ticks(line.replace("- [ ]", box, 1)) == []


def test_r29_ticks_and_followed_links_are_no_edits_of_a_person() -> None:
    asked = Matters([conflict()], guard())
    text = render(asked)
    note = blocks.write(BLOCK, text, words=WORDS)
    note = ticked(note, "keep mine").replace("[[Papers/@a]]", "[[Read/@b|@b]]")
    [block] = blocks.find(note)
    assert block.edited
    assert blocks.added_lines(block, "", text, same) == []
    done = note.replace("vault %%", "vault %% ✅ 2025-09-24")
    assert blocks.added_lines(blocks.find(done)[0], "", text, same) == []


def test_law3_words_behind_a_box_are_a_persons() -> None:
    text = render(Matters([conflict()]))
    note = blocks.write(BLOCK, text, words=WORDS).replace("vault %%", "vault %% since Ada said so")
    [block] = blocks.find(note)
    [kept] = blocks.added_lines(block, "", text, same)
    assert "since Ada said so" in kept


def test_empty_boxes_again_change_nothing_else() -> None:
    text = render(Matters([conflict()], guard())) + "\n- [x] my own task\n"
    assert unticked(ticked(text, "keep mine")) == text


def test_a_path_that_no_link_can_hold_is_no_link() -> None:
    assert "[[Papers/@a]]" in render(Matters([conflict()]))
    for path in ("Papers/a]b.md", "Papers/a#b.md", "Papers/a|b.md", "Papers/a^b.md", "Papers/%%.md"):
        assert "[[" not in render(Matters([conflict(path=path)]))


def test_many_held_things_are_counted() -> None:
    held = [Waiting(Held("lost-key", "why", f"n{n}.md"), "") for n in range(60)]
    text = render(Matters(held=held))
    assert text.count("[[n") == 50
    assert "and 10 more" in text


@pytest.mark.parametrize(
    "name",
    [
        "mass-zotero",
        "mass-vault",
        "vault-emptied",
        "notes-vanished",
        "library-emptied",
        "items-vanished",
        "library-swapped",
        "many-new-notes",
        "many-citekeys",
    ],
)
def test_r33_each_guard_can_be_answered_and_only_edits_in_notes_can_be_put_back(name: str) -> None:
    text = render(Matters(guard=guard(guard=name)))
    choices = {tick.choice for tick in ticks(text.replace("[ ]", "[x]"))}
    assert choices == ({"yes", "put-back"} if name == "mass-zotero" else {"yes"})
    assert ticks(ticked(text, "do it")) == [Tick("guard-aaaa", "yes")]


def test_an_answer_that_waits_is_shown_as_given() -> None:
    assert "You chose Zotero's" in render(Matters([conflict(answer="zotero")]))
    assert "You chose the note's" in render(Matters([conflict(answer="vault")]))
