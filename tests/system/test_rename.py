"""Renames through the command: swapped keys, what is shown before, what is asked for, and all of it undone."""

from __future__ import annotations

import pytest
from desk import Desk

from bridge.vault.rename import Renamer

LINKS = "[[@p1]] [[@p1|one]] ![[@p1#Notes]] [x](Papers/@p1.md) [@p1, p. 3] @p2 [[@p2]] `[[@p1]]` [[@p10]] [@p10]\n"


def followed(**keys: str) -> str:
    """The links with papers called otherwise."""
    plain = LINKS.replace("`[[@p1]]`", "CODE").replace("@p10", "TEN")
    marked = plain.replace("@p1", "@<p1>").replace("@p2", "@<p2>")
    for old in ("p1", "p2"):
        marked = marked.replace(f"<{old}>", keys.get(old, old))
    return marked.replace("CODE", "`[[@p1]]`").replace("TEN", "@p10")


@pytest.fixture
def own(desk: Desk) -> Desk:
    (desk.vault / "Own.md").write_text(LINKS)
    desk.settle()
    return desk


def said(desk: Desk) -> str:
    return (desk.vault / "Own.md").read_text()


@pytest.mark.parametrize("who", ["zotero", "note", "both"])
def test_two_papers_change_keys_in_one_cycle_whoever_does_it(own: Desk, who: str) -> None:
    before = own.bytes()
    if who == "note":
        own.edit("p1", "^citekey: .*$", "citekey: p2")
    else:
        own.web.change(own.keys["p1"], citationKey="p2")
    if who == "zotero":
        own.web.change(own.keys["p2"], citationKey="p1")
    else:
        own.edit("p2", "^citekey: .*$", "citekey: p1")
    code, report = own.sync()
    assert (code, report["vault"]["renamed"], report["requests"] <= 5) == (0, 2, True)
    assert said(own) == followed(p1="p2", p2="p1")
    for name, other in (("p1", "p2"), ("p2", "p1")):
        assert own.value(name, "zotero-key") == own.keys[other]
        assert own.web.item(own.keys[other])["citationKey"] == name
        assert other in own.list(name, "aliases")
    own.settle()
    renamed = own.json("log", "-n", 1)[1]["cycles"][0]["renamed"]
    assert {(each["from"], each["to"]) for each in renamed} == {
        ("Papers/@p1.md", "Papers/@p2.md"),
        ("Papers/@p2.md", "Papers/@p1.md"),
    }
    if who == "zotero":
        assert own.run("undo", "--yes").code == 0
        assert own.bytes() == before


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("undone", [False, True])
@pytest.mark.parametrize("step", ["_step", "_write", "_remember"])
def test_law_5_a_sync_killed_among_renames_is_gone_on_with_or_undone(
    own: Desk, monkeypatch: pytest.MonkeyPatch, step: str, *, undone: bool
) -> None:
    items = own.web.items()
    for name, other in (("p1", "p2"), ("p2", "p1")):
        own.edit(name, "^citekey: .*$", f"citekey: {other}")
    edited = own.bytes()

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Renamer, step, killed)
        with pytest.raises(Killed):
            own.sync()
    if undone:
        assert own.run("undo", "--yes").code == 0
        assert own.bytes() == edited
        assert {key: item["citationKey"] for key, item in own.web.items().items()} == {
            key: item["citationKey"] for key, item in items.items()
        }
    else:
        assert own.sync()[0] == 0
        assert own.value("p1", "zotero-key") == own.keys["p2"]
        assert said(own) == followed(p1="p2", p2="p1")
    own.settle()


def test_a_rename_that_is_due_is_shown_as_it_will_be(own: Desk) -> None:
    own.web.change(own.keys["p1"], citationKey="smith2020")
    before = own.bytes()
    code, shown = own.json("rename", "--dry-run")
    assert (code, shown["vault"]["renamed"], own.bytes() == before) == (0, 1, True)
    assert shown["renames"] == {
        "notes": [
            {
                "library": own.web.name,
                "key": own.keys["p1"],
                "title": "Paper number 1",
                "old": ["p1"],
                "new": "smith2020",
                "path": "Papers/@p1.md",
                "to": "Papers/@smith2020.md",
                "alias": "p1",
            }
        ],
        "files": [{"path": "Own.md", "links": 4, "citations": 1}],
        "waiting": False,
    }
    words = own.run("rename", "--dry-run").out
    assert "Papers/@p1.md → @smith2020.md" in words
    assert "Own.md  4 links and 1 citation" in words
    assert own.sync()[1]["vault"]["renamed"] == 1
    assert said(own) == followed(p1="smith2020")
    assert own.run("rename", "--dry-run").out == "Nothing is to be renamed.\n"


def test_a_paper_gets_another_key_from_the_command(own: Desk) -> None:
    before = own.bytes()
    code, shown = own.json("rename", "p1", "smith2020", "--dry-run")
    assert (code, shown["requests"], own.bytes() == before) == (0, 1, True)
    code, report = own.json("rename", "@p1", "smith2020")
    assert (code, report["vault"]["renamed"], report["zotero"]["updated"]) == (0, shown["vault"]["renamed"], 1)
    assert own.web.item(own.keys["p1"])["citationKey"] == "smith2020"
    assert own.list("smith2020", "aliases")[-1] == "p1"
    assert said(own) == followed(p1="smith2020")
    own.settle()
    assert own.run("undo", "--yes").code == 0
    assert own.bytes() == before
    assert own.web.item(own.keys["p1"])["citationKey"] == "p1"
    own.settle()


def test_a_key_that_changes_in_case_alone(own: Desk) -> None:
    assert own.run("rename", "p1", "P1").code == 0
    assert (own.path("P1").exists(), said(own)) == (True, followed(p1="P1"))
    own.settle()


def test_a_paper_that_had_no_key_is_renamed_from_its_item_key(own: Desk) -> None:
    own.web.change(own.keys["p1"], citationKey="")
    own.sync()
    (key,) = own.web.add({"itemType": "book", "title": "No key"})
    own.sync()
    assert own.path("p1").exists()  # the note keeps the last name it had
    (own.vault / "Own.md").write_text(f"[[{key}]]")
    assert own.run("rename", key, "first2020").code == 0
    assert (own.value("first2020", "zotero-key"), said(own)) == (key, "[[@first2020]]")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["p1"], "--dry-run alone"),
        ([], "--dry-run alone"),
        (["nobody", "x"], "no note has the citation key nobody"),
        (["p1", "p2"], "another paper has the citation key p2"),
        (["p1", "p1"], "p1 already"),
        (["p1", "a b"], "cannot be a citation key"),
        (["p1", "a]b"], "cannot be a citation key"),
        (["p1", "x", "--library", "groups/9"], "the vault is connected with"),
    ],
)
def test_what_cannot_be_is_refused_with_words(own: Desk, arguments: list[str], says: str) -> None:
    before = own.bytes()
    done = own.run("rename", *arguments)
    assert (done.code, says.lower() in done.err.lower()) == (2, True), done.err
    assert own.bytes() == before


def test_a_person_renames_the_file_and_later_the_key_changes(own: Desk) -> None:
    own.path("p1").rename(own.vault / "Papers" / "My reading.md")
    (own.vault / "Own.md").write_text(LINKS.replace("[[@p1", "[[My reading"))  # as Obsidian does
    own.settle()
    own.web.change(own.keys["p1"], citationKey="smith2020")
    assert own.sync()[1]["vault"]["renamed"] == 0
    assert (own.vault / "Papers" / "My reading.md").exists()
    assert "[[My reading]]" in said(own)
    assert "[@smith2020, p. 3]" in said(own)
    own.settle()
