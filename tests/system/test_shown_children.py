"""What hangs below papers in their notes, through the command: R21, R29, R34, laws 2, 3, 4 and 12."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desk import Desk, quiet

from bridge.core import blocks


def mark(file: str, number: int, text: str, **fields: Any) -> dict[str, Any]:
    return {
        "itemType": "annotation",
        "parentItem": file,
        "annotationType": "highlight",
        "annotationText": text,
        "annotationColor": "#ffd400",
        "annotationPageLabel": str(number),
        "annotationSortIndex": f"{number:05}|000100|00000",
        "annotationPosition": f'{{"pageIndex":{number}}}',
        **fields,
    }


@pytest.fixture
def marks(desk: Desk) -> list[str]:
    """``p1`` has a file with three highlights, and a note beside it; the vault shows them."""
    (file,) = desk.web.add(
        {
            "itemType": "attachment",
            "parentItem": desk.keys["p1"],
            "linkMode": "imported_url",
            "title": "Full Text PDF",
            "contentType": "application/pdf",
        }
    )
    found = desk.web.add(*(mark(file, n, f"Sentence {n}.") for n in (1, 2, 3)))
    desk.web.add({"itemType": "note", "parentItem": desk.keys["p1"], "note": "<h1>Doubts</h1><p>Is it <b>so</b>?</p>"})
    desk.settle()
    return [file, *found]


def named(desk: Desk, name: str = "p1") -> list[str]:
    return [block.name for block in blocks.find(desk.text(name))]


def moved(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def own(desk: Desk, name: str, source: str) -> None:
    folder = desk.vault / "Templates/Bridge"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")


def test_they_come_into_notes_that_are_there_above_the_persons_section(desk: Desk, marks: list[str]) -> None:
    assert named(desk) == ["abstract", "files", "highlights", "zotero-notes"]
    text = desk.text("p1")
    assert f"> [!quote|yellow] Yellow · [p. 1](zotero://open-pdf/library/items/{marks[0]}?page=2&annotation=" in text
    assert f"> Sentence 2.\n\n^{marks[2]}\n" in text
    assert "### Doubts\n\nIs it **so**?\n\n[Open in Zotero](zotero://select/library/items/" in text
    assert text.index("%% bridge:end zotero-notes %%") < text.index("\n## Notes\n")
    assert named(desk, "p2") == ["abstract"]


def test_law_4_one_renewed_highlight_rewrites_its_own_lines_of_its_own_note(desk: Desk, marks: list[str]) -> None:
    desk.edit("p1", rf"\^{marks[1]}$", rf"^{marks[1]}\n\nI doubt this, see [[@p2]].")
    desk.edit("p1", r"^> Sentence 3\.$", "> Sentence 3, my reading.")
    desk.settle()
    text, files = desk.text("p1"), desk.bytes()
    desk.web.change(marks[2], annotationComment="Is it so?")
    code, report = desk.sync()
    assert (code, report["vault"]["updated"], report["requests"]) == (0, 1, 3)
    assert moved(files, desk.bytes()) == ["Papers/@p1.md"]
    changed = text.replace("> Sentence 2.\n", "> Sentence 2.\n>\n> **Comment:** Is it so?\n")
    machine = r"(?m)^(%% bridge:begin highlights |zotero-stamp: )\w+"
    assert re.sub(machine, "", desk.text("p1")) == re.sub(machine, "", changed)
    desk.settle()


def test_law_3_a_persons_words_outlive_whatever_happens_to_the_highlight(desk: Desk, marks: list[str]) -> None:
    desk.edit("p1", rf"\^{marks[1]}$", rf"^{marks[1]}\n\nI doubt this.")
    desk.edit("p1", rf"^> \[!quote.*\n> Sentence 3\.\n\n\^{marks[3]}\n\n", "")
    desk.settle()
    desk.web.change(marks[1], annotationText="Sentence 1, whole.")
    desk.web.change(marks[3], annotationComment="A deleted one stays away.")
    desk.settle()
    assert f"> Sentence 1, whole.\n\n^{marks[1]}\n\nI doubt this.\n\n> [!quote" in desk.text("p1")
    assert marks[3] not in desk.text("p1")
    desk.web.erase(marks[1])
    desk.settle()
    assert marks[1] not in desk.text("p1")
    assert "## Highlights\n\n> [!note] Kept from your edit\n> I doubt this.\n\n> [!quote" in desk.text("p1")
    desk.web.add(mark(marks[0], 9, "Sentence 9."))
    desk.settle()
    assert "> Sentence 9." in desk.text("p1")
    assert desk.text("p1").count("I doubt this.") == 1


def test_with_the_state_lost_no_word_is(desk: Desk, marks: list[str]) -> None:
    """Law 11: what was generated is not known any more; what may be a person's stays."""
    desk.edit("p1", rf"\^{marks[1]}$", rf"^{marks[1]}\n\nI doubt this.")
    desk.edit("p1", r"^> Sentence 2\.$", "> Sentence 2, I say.")
    desk.settle()
    before = desk.text("p1")
    lost = list(desk.state.rglob("state.db*"))
    assert lost
    for path in lost:
        path.unlink()
    assert desk.sync("--yes")[0] == 0
    assert desk.text("p1") == before
    desk.web.change(marks[2], annotationComment="Is it so?")
    desk.settle()
    assert desk.text("p1").count("I doubt this.") == desk.text("p1").count("> Sentence 2, I say.") == 1


def test_a_note_put_back_as_it_was_is_renewed_without_a_word_too_many(desk: Desk, marks: list[str]) -> None:
    desk.edit("p1", rf"\^{marks[1]}$", rf"^{marks[1]}\n\nI doubt this.")
    desk.settle()
    before = desk.text("p1")
    desk.web.change(marks[2], annotationComment="Is it so?")
    desk.settle()
    assert desk.run("undo", "--yes")[0] == 0
    assert desk.text("p1") == before
    desk.web.change(marks[2], annotationComment="It is so.")
    desk.settle()
    assert desk.text("p1").count("I doubt this.") == desk.text("p1").count("It is so.") == 1
    assert "Is it so?" not in desk.text("p1")
    assert "Kept from your edit" not in desk.text("p1")


def test_a_deleted_block_stays_deleted(desk: Desk, marks: list[str]) -> None:
    text = desk.text("p1")
    block = next(one for one in blocks.find(text) if one.name == "highlights")
    desk.write("p1", text[: block.start] + text[block.end :])
    desk.settle()
    desk.web.change(marks[1], annotationComment="new")
    desk.settle()
    assert named(desk) == ["abstract", "files", "zotero-notes"]
    assert desk.run("refresh")[0] == 0
    assert named(desk) == ["abstract", "files", "zotero-notes"]


def test_r34_refresh_follows_templates_and_can_be_undone(desk: Desk, marks: list[str]) -> None:
    desk.edit("p1", rf"\^{marks[1]}$", rf"^{marks[1]}\n\nI doubt this.")
    desk.settle()
    own(desk, "highlight.md.j2", "- {{ text }}")
    own(desk, "paper.md.j2", "{{ heading }}\n\n## Mine\n")
    files = desk.bytes()
    code, foretold = desk.json("refresh", "--dry-run")
    assert (code, desk.bytes()) == (0, files)
    code, done = desk.json("refresh")
    assert (code, done["refresh"]) == (0, foretold["refresh"])
    assert done["refresh"]["left"] == [{"what": "Papers/@p1.md", "why": "a person has written in it"}]
    assert len(done["refresh"]["notes"]) == len(desk.keys)
    assert desk.text("p2").endswith("---\n\n# Paper number 2\n\n## Mine\n")
    assert f"- Sentence 1. ^{marks[1]}\n\nI doubt this.\n\n- Sentence 2. ^{marks[2]}\n" in desk.text("p1")
    desk.settle()
    assert desk.run("undo", "--yes")[0] == 0
    assert desk.bytes() == files
    desk.settle()
    assert desk.json("refresh")[1]["refresh"]["notes"] == done["refresh"]["notes"]


@pytest.mark.usefixtures("marks")
def test_r34_refresh_of_some_papers_leaves_the_others(desk: Desk) -> None:
    own(desk, "paper.md.j2", "{{ heading }}\n\n## Mine\n")
    files = desk.bytes()
    assert desk.run("refresh", "@p2", desk.keys["p3"])[0] == 0
    assert moved(files, desk.bytes()) == ["Papers/@p2.md", "Papers/@p3.md"]
    code, _, err = desk.run("refresh", "nobody2020")
    assert code == 2
    assert "nobody2020" in err


def test_a_broken_template_is_told_by_its_line_and_other_work_goes_on(desk: Desk, marks: list[str]) -> None:
    own(desk, "highlight.md.j2", "{{ text }}\n{{ nonsense }}")
    code, _, err = desk.run("refresh")
    assert code == 1
    assert err.startswith("highlight.md.j2, line 2: 'nonsense' is undefined")
    desk.web.change(marks[1], annotationComment="new")
    desk.web.change(desk.keys["p2"], title="Another title")
    code, report = desk.sync()
    assert (code, report["vault"]["updated"], report["held"]) == (3, 1, 1)
    assert [one["code"] for one in desk.held()] == ["broken-template"]
    (desk.vault / "Templates/Bridge/highlight.md.j2").unlink()
    desk.settle()
    assert "**Comment:** new" in desk.text("p1")


@pytest.mark.usefixtures("marks")
def test_settings_count_from_the_next_refresh_and_cost_an_idle_cycle_nothing(desk: Desk) -> None:
    config = desk.vault / ".bridge/config.toml"
    config.write_text(
        config.read_text() + '\n[files]\nshow = false\n[highlights]\nheading = "Marks"\ncolours = { yellow = "Key" }\n'
    )
    code, report = desk.sync()
    assert (code, quiet(report), report["requests"]) == (0, True, 1)
    assert desk.json("refresh")[1]["refresh"]["notes"] == ["Papers/@p1.md"]
    assert named(desk) == ["abstract", "highlights", "zotero-notes"]
    assert "## Marks\n\n> [!quote|yellow] Key · [p. 1]" in desk.text("p1")


def test_r29_what_a_deleted_block_would_show_is_no_change_of_the_note(desk: Desk) -> None:
    """Nothing is written, so nothing is reported, and an undo is about the sync before."""
    text = desk.text("p1")
    block = blocks.find(text)[0]
    desk.write("p1", text[: block.start] + text[block.end :])
    desk.settle()
    files = desk.bytes()
    desk.web.change(desk.keys["p1"], abstractNote="Another.")
    _, foretold = desk.sync("--dry-run")
    _, report = desk.sync()
    assert (quiet(foretold), foretold["plan"], quiet(report)) == (True, [], True)
    assert desk.bytes() == files
    desk.settle()
