"""Zotero's Related as links between notes, both ways: by the real command, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, quiet


def uris(desk: Desk, *names: str) -> list[str]:
    return sorted(f"http://zotero.org/{desk.web.name}/items/{desk.keys[name]}" for name in names)


def related(desk: Desk, name: str) -> list[str]:
    """What a paper names as related to it, in Zotero."""
    said: Any = desk.web.item(desk.keys[name])["relations"].get("dc:relation", [])
    return sorted([said] if isinstance(said, str) else said)


def relate(desk: Desk, name: str, *others: str) -> None:
    """A person relates a paper to others in Zotero, and to nothing else."""
    desk.web.change(desk.keys[name], relations={"dc:relation": uris(desk, *others)} if others else {})


def test_papers_related_in_zotero_are_links_in_both_notes(desk: Desk) -> None:
    relate(desk, "p0", "p1", "p2")
    assert desk.sync()[0] == 0
    assert sorted(desk.list("p0", "related")) == ['"[[@p1]]"', '"[[@p2]]"']
    assert desk.list("p1", "related") == desk.list("p2", "related") == ['"[[@p0]]"']
    desk.settle()
    relate(desk, "p0", "p2")
    relate(desk, "p1")
    desk.settle()
    assert desk.list("p0", "related") == ['"[[@p2]]"']
    assert desk.value("p1", "related") is None, desk.text("p1")


def test_a_link_put_into_one_note_relates_both_papers_and_one_taken_out_parts_them(desk: Desk) -> None:
    desk.edit("p0", "^authors:", 'related:\n  - "[[@p1|the other]]"\nauthors:')
    code, report = desk.sync()
    assert (code, report["held"]) == (0, 0)
    assert (related(desk, "p0"), related(desk, "p1")) == (uris(desk, "p1"), uris(desk, "p0"))
    assert desk.list("p0", "related") == ['"[[@p1|the other]]"']
    assert desk.list("p1", "related") == ['"[[@p0]]"']
    desk.settle()
    desk.edit("p1", r'^related:\n  - "\[\[@p0\]\]"\n', "related: []\n")
    assert desk.sync()[0] == 0
    assert (related(desk, "p0"), related(desk, "p1")) == ([], [])
    desk.settle()
    assert desk.value("p0", "related") is None


def test_a_relation_that_only_the_other_paper_names_is_shown_and_can_be_taken_out(desk: Desk) -> None:
    relate(desk, "p0", "p1")
    relate(desk, "p1")
    desk.settle()
    assert (desk.list("p0", "related"), desk.list("p1", "related")) == (['"[[@p1]]"'], ['"[[@p0]]"'])
    desk.edit("p1", r'^related:\n  - "\[\[@p0\]\]"\n', "related: []\n")
    desk.settle()
    assert (related(desk, "p0"), related(desk, "p1")) == ([], [])
    assert desk.value("p0", "related") is None


def test_law_5_cut_off_in_the_midst_it_is_done_the_next_time(desk: Desk) -> None:
    desk.edit("p0", "^authors:", 'related:\n  - "[[@p1]]"\nauthors:')
    desk.edit("p2", "^status: .*$", "status: read")
    desk.web.server.faults.add("drop-before", path="itemKey=", times=None)
    assert desk.sync()[0] == 5
    desk.web.server.faults.clear()
    desk.settle()
    assert (related(desk, "p0"), related(desk, "p1")) == (uris(desk, "p1"), uris(desk, "p0"))
    desk.edit("p0", r'^related:\n  - "\[\[@p1\]\]"\n', "related: []\n")
    desk.web.server.faults.add("drop-after", method="POST", times=None)
    desk.sync()
    desk.web.server.faults.clear()
    desk.settle()
    assert (related(desk, "p0"), related(desk, "p1")) == ([], [])


def test_by_member_both_sides_edits_meet(desk: Desk) -> None:
    relate(desk, "p0", "p1")
    desk.settle()
    desk.edit("p0", r'^  - "\[\[@p1\]\]"\n', '  - "[[@p1]]"\n  - "[[@p2]]"\n')
    relate(desk, "p0", "p1", "p3")
    assert desk.sync()[0] == 0
    assert related(desk, "p0") == uris(desk, "p1", "p2", "p3")
    assert sorted(desk.list("p0", "related")) == ['"[[@p1]]"', '"[[@p2]]"', '"[[@p3]]"']
    desk.settle()


def test_relations_of_other_kinds_and_to_papers_without_a_note_stay(desk: Desk) -> None:
    elsewhere = f"http://zotero.org/{desk.web.name}/items/ZZZZ2222"
    other = "http://zotero.org/groups/5/items/ABCD2345"
    desk.web.change(desk.keys["p0"], relations={"dc:relation": elsewhere, "owl:sameAs": other})
    desk.settle()
    desk.edit("p0", "^authors:", 'related:\n  - "[[@p1]]"\nauthors:')
    desk.settle()
    assert related(desk, "p0") == sorted([elsewhere, *uris(desk, "p1")])
    assert desk.web.item(desk.keys["p0"])["relations"]["owl:sameAs"] == other


@pytest.mark.parametrize("link", ["[[No such note]]", "[[Note format]]", "just words"])
def test_what_names_no_paper_is_held_and_goes_when_it_does(desk: Desk, link: str) -> None:
    desk.edit("p0", "^authors:", f'related:\n  - "{link}"\n  - "[[@p1]]"\nauthors:')
    assert desk.sync()[0] == 3
    assert [one["code"] for one in desk.held()] == ["refused-related"]
    assert related(desk, "p0") == uris(desk, "p1")  # the others go on
    desk.edit("p0", f'  - "{link}"\n'.replace("[", r"\["), "")
    desk.settle()
    assert desk.held() == []


def test_a_links_follow_renames(desk: Desk) -> None:
    relate(desk, "p0", "p1")
    desk.settle()
    desk.edit("p1", "^citekey: p1$", "citekey: other2020")
    assert desk.sync()[0] == 0
    assert desk.list("p0", "related") == ['"[[@other2020]]"']
    assert related(desk, "p0") == uris(desk, "p1")
    desk.settle()
    path = desk.vault / "Papers" / "@other2020.md"
    path.rename(desk.vault / "Papers" / "Somewhere.md")
    desk.settle()
    assert desk.list("p0", "related") == ['"[[Somewhere]]"']
    assert related(desk, "p0") == uris(desk, "p1")


def test_law_11_with_the_state_lost_relations_unite(desk: Desk) -> None:
    relate(desk, "p0", "p1")
    desk.settle()
    for path in desk.state.rglob("state.db*"):
        path.unlink()
    assert desk.sync("--yes")[0] == 0
    assert related(desk, "p0") == uris(desk, "p1")
    assert desk.list("p0", "related") == ['"[[@p1]]"']
    desk.settle()


def test_law_12_a_dry_run_shows_it_in_both_notes_and_writes_nothing(desk: Desk) -> None:
    desk.edit("p0", "^authors:", 'related:\n  - "[[@p1]]"\nauthors:')
    for after, before in ((1, 0), (0, 1)):
        files, version = desk.bytes(), desk.web.version
        code, report = desk.sync("--dry-run")
        rows = [(row["side"], row["path"], row["field"], row["after"]) for row in report["plan"]]
        assert (code, rows) == (
            0,
            [
                ("zotero", "Papers/@p0.md", "related", '["[[@p1]]"]' if after else "[]"),
                ("vault", "Papers/@p1.md", "related", '["[[@p0]]"]' if after else "[]"),
            ],
        )
        assert (desk.bytes(), desk.web.version) == (files, version)
        assert len(related(desk, "p0")) == before
        done = desk.sync()[1]
        assert (done["zotero"], done["vault"]) == (report["zotero"], report["vault"])
        desk.settle()
        if after:
            desk.edit("p0", r'^related:\n  - "\[\[@p1\]\]"$', "related: []")


def test_undo_parts_them_again(desk: Desk) -> None:
    desk.edit("p0", "^authors:", 'related:\n  - "[[@p1]]"\nauthors:')
    desk.sync()
    code, out, err = desk.run("undo", "--yes")
    assert code == 0, out + err
    assert (related(desk, "p0"), related(desk, "p1")) == ([], [])
    note = desk.text("p0")
    for _ in range(2):
        assert quiet(desk.sync()[1])  # what was undone is agreed on: the link that was typed stays
    assert desk.text("p0") == note
    assert desk.list("p0", "related") == ['"[[@p1]]"']
    assert desk.run("undo", "3", "--yes").code == 0
    assert related(desk, "p0") == uris(desk, "p1")
    desk.settle()
    assert desk.list("p1", "related") == ['"[[@p0]]"']


def test_each_link_that_is_held_counts(desk: Desk) -> None:
    desk.edit("p0", "^authors:", 'related:\n  - "[[Nobody]]"\n  - p3\nauthors:')
    assert desk.sync("--dry-run")[1]["held"] == 2
    code, report = desk.sync()
    assert (code, report["held"], len(desk.held())) == (3, 2, 2)
    assert desk.sync("--dry-run")[1]["held"] == 2
