"""Parts that were made apart, used together: what is said beforehand is what happens, and what happened is said."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, paper


def configure(desk: Desk, *tables: str) -> None:
    """Add to the configuration, and bring everything into step with it."""
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text("\n".join((config.read_text(), *tables)))


def children(desk: Desk) -> dict[str, Any]:
    """What Bridge hung below papers, by key."""
    found = desk.web.call("GET", "items", itemType="attachment || note", limit=100, includeTrashed=1).json()
    return {each["key"]: each["data"] for each in found}


@pytest.fixture
def hanging(desk: Desk) -> Desk:
    """A desk whose papers bear a mirror of the section and a link back."""
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text().replace("push = false", "push = true", 1))
    configure(desk, "[backlink]", "enabled = true")
    desk.sync("--yes")
    return desk


def test_an_undoing_says_below_which_paper_it_takes_something_away(hanging: Desk) -> None:
    hanging.edit("p1", "^## Notes$", "## Notes\n\nA thought.")
    hanging.sync()
    code, out, _ = hanging.run("undo", "--yes")
    assert (code, out.splitlines()[0]) == (0, "Zotero: 1 item put into the trash.")
    hanging.sync()
    assert "  Zotero  Paper number 1: ## Notes put into the trash\n" in hanging.run("log").out
    again = hanging.run("undo", "4", "--dry-run").out
    assert "  Zotero  Paper number 1: ## Notes put back as it was\n" in again
    first = hanging.run("undo", "2", "--dry-run").out
    assert "  Zotero  Paper number 1: link to Obsidian put into the trash\n" in first


def test_law_12_a_dry_run_counts_papers_that_a_note_of_a_persons_own_holds_back(desk: Desk) -> None:
    (desk.vault / "Mine.md").write_text("---\ncitekey: new1\ndoi: 10.1000/new.2\n---\nMine.\n")
    desk.sync()
    desk.web.add(
        {"itemType": "book", "title": "One", "citationKey": "new1"},
        {"itemType": "book", "title": "Two", "citationKey": "new2", "DOI": "10.1000/new.2"},
    )
    foretold, happened = desk.sync("--dry-run"), desk.sync()
    assert foretold[0] == happened[0] == 3
    assert foretold[1]["held"] == happened[1]["held"] == 2
    said = desk.run("status").out
    assert "2 held, until somebody mends them:" in said
    assert said.count("Mine.md") == 1  # the same words once


def test_a_list_that_comes_into_a_note_is_told_by_its_members(desk: Desk) -> None:
    desk.web.call("POST", "collections", [{"name": "Reading"}])
    [collection] = desk.web.call("GET", "collections").json()
    desk.web.change(desk.keys["p2"], collections=[collection["key"]])
    desk.sync()
    assert "  note  Paper number 2: collections + “Reading”\n" in desk.run("log").out


def test_an_undone_adoption_takes_no_words_of_the_note_away_nor_says_so(desk: Desk) -> None:
    (desk.vault / "Old.md").write_text("---\ncitekey: new1\ntags: [mine]\n---\nOld words.\n")
    desk.web.add({"itemType": "book", "title": "One", "citationKey": "new1"})
    desk.sync()
    assert desk.run("adopt", "--yes").code == 0
    code, out, _ = desk.run("undo", "--dry-run")
    assert (code, out) == (0, "  note  One: put back as it was\nVault: 1 note updated (nothing was written).\n")
    assert desk.run("undo", "--yes").code == 0
    assert (desk.vault / "Old.md").read_text() == "---\ncitekey: new1\ntags: [mine]\n---\nOld words.\n"


def test_law_12_links_back_that_follow_from_the_sync_itself_are_foretold(hanging: Desk) -> None:
    hanging.web.add(paper(90), paper(91))
    hanging.web.change(hanging.keys["p1"], citationKey="renamed2024")
    hanging.edit("p2", "^citekey: .*$", "citekey: other2024")
    hanging.path("p3").rename(hanging.vault / "elsewhere.md")
    code, foretold = hanging.sync("--dry-run")
    assert (code, foretold["zotero"]) == (0, {"created": 2, "updated": 4, "trashed": 0})
    code, happened = hanging.sync()
    assert [foretold[part] for part in ("zotero", "vault")] == [happened[part] for part in ("zotero", "vault")]
    done = hanging.json("log", "-n", "1")[1]["cycles"][0]["changes"]

    def told(changes: list[dict[str, str]]) -> list[tuple[str, ...]]:
        links = [each for each in changes if each["field"] == "link to Obsidian"]
        return sorted((each["key"], each["before"], each["after"] if each["before"] else "") for each in links)

    assert told(foretold["plan"]) == told(done)
    assert len(told(done)) == 5


def test_law_12_links_back_that_wait_for_an_answer_are_not_foretold(hanging: Desk) -> None:
    hanging.web.add(*(paper(n) for n in range(100, 145)))
    code, foretold = hanging.sync("--dry-run")
    assert (code, foretold["vault"]["created"], foretold["zotero"]["created"]) == (0, 45, 0)
    code, happened = hanging.sync()
    assert (code, happened["vault"]["created"], happened["zotero"]["created"]) == (0, 45, 0)
    assert hanging.sync("--dry-run")[0] == hanging.sync()[0] == 4


def test_a_broken_template_is_told_in_words_and_a_mended_one_foretold(desk: Desk) -> None:
    templates = desk.vault / "Templates" / "Bridge"
    templates.mkdir(parents=True)
    (templates / "file.md.j2").write_text("{{ title")
    key = desk.keys["p1"]
    desk.web.add({"itemType": "attachment", "linkMode": "linked_url", "url": "https://x.example", "parentItem": key})
    assert desk.sync()[0] == 3
    [held] = desk.held()
    assert held["code"] == "broken-template"
    assert held["reason"].startswith("file.md.j2, line 1: unexpected end of template")
    assert not held["reason"].endswith(".")
    (templates / "file.md.j2").unlink()
    assert desk.sync("--dry-run")[0] == desk.sync()[0] == 0


def test_a_link_back_comes_out_of_the_trash_with_the_note_that_was_made(hanging: Desk) -> None:
    hanging.web.add(paper(90))
    hanging.sync()
    trashed = {key for key, item in children(hanging).items() if item.get("deleted")}
    assert (hanging.run("undo", "--yes").code, trashed) == (0, set())
    [link] = [key for key, item in children(hanging).items() if item.get("deleted")]
    code, report = hanging.json("undo", hanging.json("log", "-n", "1")[1]["cycles"][0]["cycle"], "--yes")
    assert (code, report["vault"]["created"], report["zotero"]["updated"]) == (0, 1, 1)
    assert not hanging.web.item(link).get("deleted")
    assert hanging.sync()[0] == 0
