"""R29: what hangs below a paper in a note that is there: where its blocks go, and when they stay away (laws 3, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from papers_below import CHILDREN, DUE, ITEM, PAPER, children, shown
from vault_maker import VaultMaker

from bridge.core import blocks
from bridge.core.children import FILES, HIGHLIGHTS, NOTES, Children
from bridge.core.entries import join
from bridge.core.record import Face, ItemId, Record
from bridge.core.side import Edit
from bridge.core.text import with_code
from bridge.vault.note import NoteRules, edit_note, read_note
from bridge.vault.renewal import EntryTemplateError, Renewal
from bridge.vault.shown import ShownRules
from bridge.vault.template import context, render_body

RULES = NoteRules(library="users/1")
HEAD = "---\ntitle: Attention Is All You Need\nzotero-key: ABCD2345\n---\n"
NEW = dict.fromkeys(DUE, "")
FEWER = replace(PAPER, children=replace(CHILDREN, highlights=CHILDREN.highlights[:2], notes=(), files=()))
ABSTRACT = blocks.write("abstract", "> x")


def edit(
    record: Record = PAPER,
    *names: str,
    before: Mapping[str, str] | None = None,
    written: Mapping[str, str] | None = None,
) -> Edit:
    due = {name: DUE[name] for name in names or DUE}
    return Edit(ITEM, "x", due, record=record, before=NEW if before is None else before, written=remembered(written))


def remembered(written: Mapping[str, str] | None) -> dict[str, list[str]]:
    """What is remembered of blocks that were generated once."""
    return {name: [text] for name, text in (written or {}).items() if text}


def renewed(root: Path, body: str, one: Edit, rules: ShownRules | None = None) -> tuple[str, dict[str, str]]:
    """The body after an edit, and what is to be remembered."""
    renewal = Renewal(shown(root, rules), one)
    after = edit_note((HEAD + body).encode(), one, RULES, renewal.renew).decode()
    assert after.startswith(HEAD)
    return after.removeprefix(HEAD), renewal.written


def names(body: str) -> list[str]:
    return [block.name for block in blocks.find(body) if not block.problem]


def without(body: str) -> str:
    """What stands outside all blocks, blank lines apart."""
    for block in reversed(blocks.find(body)):
        body = body[: block.start] + body[block.end :]
    return "\n".join(line for line in body.splitlines() if line.strip())


# --- new notes ----------------------------------------------------------------------------------------------------


def test_a_new_note_has_all_blocks_in_their_order_above_the_persons_section(tmp_path: Path) -> None:
    renewal = Renewal(shown(tmp_path), Edit(ITEM, "", record=PAPER))
    body = render_body(None, context(PAPER, renewal.block))
    assert names(body) == ["abstract", FILES, HIGHLIGHTS, NOTES]
    assert without(body) == "# Attention Is All You Need\n## Notes"
    assert body.endswith("%% bridge:end zotero-notes %%\n\n## Notes\n\n")
    assert sorted(renewal.written) == sorted(DUE)
    assert renewed(tmp_path, body, edit(before=dict(DUE)))[0] == body


def test_a_paper_with_nothing_below_it_has_the_note_it_always_had(tmp_path: Path) -> None:
    bare = replace(PAPER, children=Children())
    body = render_body(None, context(bare, Renewal(shown(tmp_path), Edit(ITEM, "", record=bare)).block))
    assert names(body) == ["abstract"]


# --- blocks put into notes that are there -----------------------------------------------------------------------------


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("body", "order"),
    [
        (f"\n# A\n\n{ABSTRACT}\n\n## Notes\n\nmine\n", "# A|abstract|files|highlights|zotero-notes|## Notes|mine"),
        ("\n# A\n\n## Notes\n\nmine\n", "# A|files|highlights|zotero-notes|## Notes|mine"),
        ("\n# A\nmine\n\n```\n# no heading\n```", "# A|mine|```|# no heading|```|files|highlights|zotero-notes"),
        ("## Notes\n\nmine", "files|highlights|zotero-notes|## Notes|mine"),
        ("", "files|highlights|zotero-notes"),
        (f"\n# A\n\n## Idea\n\n{ABSTRACT}\nmine\n\n### Mine\n## Notes",
         "# A|## Idea|abstract|mine|### Mine|files|highlights|zotero-notes|## Notes"),
        (f"\n# A\n\n{blocks.write(NOTES, 'x')}\n", "# A|files|highlights|zotero-notes"),
    ],
)  # fmt: skip
def test_blocks_are_put_where_new_notes_have_them_and_no_other_byte_moves(
    tmp_path: Path, body: str, order: str, eol: str
) -> None:
    body = body.replace("\n", eol)
    after, written = renewed(tmp_path, body, edit())
    found = blocks.find(after)
    assert not [block for block in found if block.problem]
    marks = sorted([*((block.start, block.name) for block in found), *_lines(after)])
    assert "|".join(text for _, text in marks) == order
    assert sorted(written) == sorted(DUE)
    if body:
        assert after.count("\r\n") == (after.count("\n") if eol == "\r\n" else 0)
        for block in found:
            assert after[: block.start].endswith((eol + eol, f"-{eol}")) or not after[: block.start].strip()
            assert after[block.end :].startswith((eol + eol, f"{eol}mine")) or not after[block.end :].strip()
    assert renewed(tmp_path, after, edit())[0] == after


def _lines(body: str) -> list[tuple[int, str]]:
    """The lines outside blocks that hold something, with their places."""
    inside = [range(block.start, block.end) for block in blocks.find(body)]
    found, at = [], 0
    for line in body.splitlines(keepends=True):
        if line.strip() and not any(at in block for block in inside):
            found.append((at, line.strip()))
        at += len(line)
    return found


def test_a_block_a_person_deleted_stays_deleted(tmp_path: Path) -> None:
    body = "\n# A\n\n## Notes\n"
    assert renewed(tmp_path, body, edit(before={**DUE})) == (body, {})
    _, written = renewed(tmp_path, body, edit(PAPER, HIGHLIGHTS))
    assert renewed(tmp_path, body, edit(PAPER, HIGHLIGHTS, written=written)) == (body, {})


def test_no_block_is_forced_into_an_adopted_note(tmp_path: Path) -> None:
    """R28: adoption puts any word but an empty one into the base of a block that the note does not have."""
    body = "\n# A\n"
    assert renewed(tmp_path, body, edit(before=dict.fromkeys(DUE, "adopted"))) == (body, {})
    assert renewed(tmp_path, body, edit(before={})) == (body, {})


def test_a_block_that_comes_back_to_nothing_keeps_its_place(tmp_path: Path) -> None:
    body, written = renewed(tmp_path, "\n# A\n\nmine\n\n## Notes\n", edit())
    none = edit(replace(PAPER, children=Children()), before=dict(DUE), written=written)
    empty, written = renewed(tmp_path, body, none)
    assert names(empty) == [FILES, HIGHLIGHTS, NOTES]
    assert [block.text for block in blocks.find(empty)] == ["", "", ""]
    assert renewed(tmp_path, empty, edit(before=NEW, written=written))[0] == body


def test_only_what_is_due_is_rendered(tmp_path: Path) -> None:
    body, _ = renewed(tmp_path, "\n# A\n", edit())
    (tmp_path / "Templates/Bridge").mkdir(parents=True)
    (tmp_path / "Templates/Bridge/file.md.j2").write_text("{{ broken")
    after, written = renewed(tmp_path, body, edit(FEWER, HIGHLIGHTS, before=dict(DUE)))
    assert list(written) == [HIGHLIGHTS]
    assert "HHHH4444" not in after
    with pytest.raises(EntryTemplateError, match=r"file\.md\.j2, line 1"):
        renewed(tmp_path, body, edit(PAPER, FILES, before=dict(DUE)))


def test_a_block_that_is_shown_no_more_goes_but_for_what_a_person_wrote_into_it(tmp_path: Path) -> None:
    body, written = renewed(tmp_path, "\n# A\n\n## Notes\n", edit())
    off = ShownRules(headings={FILES: "Files"})
    mine = body.replace("^NNNN2222", "^NNNN2222\n\nmine")
    after, now = renewed(tmp_path, mine, edit(before=dict(DUE), written=written), off)
    assert names(after) == [FILES, NOTES]
    assert "> mine\n" in after
    assert after.count("\n\n\n") == 0
    again, _ = renewed(tmp_path, after, edit(before=dict(DUE), written=now))
    assert names(again) == [FILES, HIGHLIGHTS, NOTES]


@pytest.mark.parametrize("name", [FILES, HIGHLIGHTS, NOTES])
def test_a_broken_block_is_held_and_left_alone(tmp_path: Path, name: str) -> None:
    body, written = renewed(tmp_path, "\n# A\n", edit())
    broken = body.replace(f"%% bridge:end {name} %%", "")
    held = read_note((HEAD + broken).encode(), "a.md", RULES).held
    assert ("broken-block", name) in [(one.code, one.field) for one in held]
    assert renewed(tmp_path, broken, edit(FEWER, name, before=dict(DUE), written=written)) == (broken, {})


def test_a_persons_headings_and_questions_are_not_taken_from_what_zotero_holds() -> None:
    zotero = blocks.write(NOTES, "## Notes in Zotero\n\n### Notes\n\ntheirs\n\n### Questions\n\n- whose?")
    facts = read_note(f"{HEAD}\n# A\n\n{zotero}\n\n## Questions\n\n- mine?\n".encode(), "a.md", RULES).facts
    assert (facts.questions, facts.has_notes, facts.hosts) == (("mine?",), False, ())


# --- any history (law 3) ----------------------------------------------------------------------------------------------


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(children(), min_size=2, max_size=4), st.data())
def test_law_3_words_among_what_zotero_holds_survive_whatever_it_holds(
    tmp_path: Path, history: list[Children], data: st.DataObject
) -> None:
    """Nasty texts on Zotero's side, a person's lines anywhere between, the memory lost now and then."""
    body, written = renewed(tmp_path, "\n# A\n\n## Notes\n", edit(replace(PAPER, children=history[0])))
    mine: list[str] = []
    for below in history[1:]:
        lines = body.split("\n")
        for number, where in enumerate(data.draw(st.lists(st.floats(0, 1), max_size=3))):
            at = min(int(where * len(lines)), len(lines) - 1)
            if sum(line.startswith("%% bridge:begin") for line, _ in with_code(lines[:at])) and not _in_code(lines, at):
                mine.append(f"mine{len(mine)}x{number}")
                lines[at:at] = ["", mine[-1], ""]
        body = "\n".join(lines)
        one = edit(replace(PAPER, children=below), before=dict(DUE), written=written)
        body, now = renewed(tmp_path, body, one)
        assert [body.count(word) for word in mine] == [1] * len(mine)
        assert not [block.problem for block in blocks.find(body) if block.problem]
        assert renewed(tmp_path, body, one)[0] == body
        written = data.draw(st.sampled_from([{**written, **now}, {**written, **now}, {}]))


def _in_code(lines: list[str], at: int) -> bool:
    """Whether a new line would fall into fenced code, where it is a change of that code."""
    return dict(enumerate(is_code for _, is_code in with_code(lines)))[at]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(children(), children())
def test_untouched_blocks_show_what_zotero_holds_and_nothing_else(
    tmp_path: Path, first: Children, second: Children
) -> None:
    body, written = renewed(tmp_path, "\n# A\n\n## Notes\n", edit(replace(PAPER, children=first)))
    one = edit(replace(PAPER, children=second), before=dict(DUE), written=written)
    body, _ = renewed(tmp_path, body, one)
    fresh = shown(tmp_path)
    for block in blocks.find(body):
        assert block.text == join(fresh.parts(block.name, replace(PAPER, children=second)))


# --- through the vault side -----------------------------------------------------------------------------------------


def record(letter: str = "A") -> Record:
    return replace(PAPER, id=ItemId("users/1", letter * 8))


def test_the_look_of_a_whole_note(tmp_path: Path) -> None:
    vault = VaultMaker(tmp_path)
    face: Face = {
        "status": "reading",
        "tags": ("attention",),
        "year": "2017",
        "zotero-link": "zotero://select/library/items/A",
    }
    vault.make(replace(PAPER, face={**PAPER.face, **face}))
    golden = (Path(__file__).parents[2] / "golden/notes/@vaswani2017attention.md").read_text(encoding="utf-8")
    assert vault.read("Papers/@vaswani2017attention.md") == golden


def test_the_side_tells_what_it_generated_and_takes_it_back_with_the_next_edit(tmp_path: Path) -> None:
    vault = VaultMaker(tmp_path)
    (made,) = vault.make(record())
    (path,) = (tmp_path / "Papers").iterdir()
    assert made.record is not None
    assert sorted(made.record.blocks) == sorted(DUE)
    text = path.read_text().replace("^HHHH3333", "^HHHH3333\n\nI doubt this.")
    path.write_text(text)
    vault.scan()
    (row,) = vault.index.rows_of([record().id]).values()
    changed = replace(
        record(),
        children=replace(CHILDREN, highlights=(replace(CHILDREN.highlights[0], comment=""), *CHILDREN.highlights[1:])),
    )
    renew = Edit(
        record().id, row.digest, {HIGHLIGHTS: "h2"}, changed, before=dict(DUE), written=remembered(made.record.blocks)
    )
    (done,) = vault.side.apply([renew])
    assert done.record is not None
    assert list(done.record.blocks) == [HIGHLIGHTS]
    lost = {
        ">", "> **Comment:** True in 2017.", "> Compare with \\[\\[state space models\\]\\] & \\#ssm",
    }  # fmt: skip
    after = path.read_text()
    begin = next(line for line in text.split("\n") if line.startswith("%% bridge:begin highlights"))
    assert [line for line in text.split("\n") if line not in {*lost, begin}] == [
        line for line in after.split("\n") if line not in lost and not line.startswith("%% bridge:begin highlights")
    ]
    assert "True in 2017" not in after


def test_a_broken_template_of_entries_holds_the_notes_that_need_it_and_no_other(tmp_path: Path) -> None:
    vault = VaultMaker(tmp_path)
    (tmp_path / "Templates/Bridge").mkdir(parents=True)
    (tmp_path / "Templates/Bridge/highlight.md.j2").write_text("{{ text }}\n{% if %}")
    bare = replace(record("B"), face={**PAPER.face, "title": "B", "citekey": "b"}, children=Children())
    edits = [Edit(one.id, "", record=one, stamp="s") for one in (record("A"), bare)]
    held, made = vault.side.apply(edits)
    assert (held.result, made.result) == ("refused", "applied")
    assert held.reason.startswith("broken-template: highlight.md.j2, line 2: ")
    assert [path.name for path in (tmp_path / "Papers").iterdir()] == ["@b.md"]
