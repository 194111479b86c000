"""What happens to papers and notes over the years: merged, moved to another library, given another type."""

from __future__ import annotations

from desk import Desk


def merge(desk: Desk, old: str, into: str) -> None:
    """Merge one paper into another as Zotero's window does."""
    relations = desk.web.item(desk.keys[into])["relations"] or {}
    said = relations.get("dc:replaces", [])
    said = [said] if isinstance(said, str) else said
    address = f"http://zotero.org/{desk.web.name}/items/{desk.keys[old]}"
    desk.web.change(desk.keys[into], relations={**relations, "dc:replaces": [*said, address]})
    desk.web.trash(desk.keys[old])


def test_r22_a_merged_paper_leaves_its_note_with_a_link(desk: Desk) -> None:
    desk.write("p1", desk.text("p1") + "Words of mine, with [[@p2]].\n")
    desk.settle()
    merge(desk, "p1", "p2")
    code, report = desk.sync()
    assert (code, report["vault"]["marked"], report["vault"]["updated"]) == (0, 1, 1)
    assert (desk.value("p1", "zotero-status"), desk.value("p1", "merged-into")) == ("merged", '"[[@p2]]"')
    assert desk.text("p1").endswith("Words of mine, with [[@p2]].\n")
    assert "p1" in desk.list("p2", "aliases")
    desk.settle()
    desk.web.change(desk.keys["p2"], citationKey="p2new")
    assert desk.sync()[0] == 0
    assert desk.value("p1", "merged-into") == '"[[@p2new]]"'
    desk.settle()
    version = desk.web.version
    desk.edit("p1", "^title: .*$", "title: Mine alone")
    desk.settle()
    assert (desk.web.version, desk.value("p1", "title")) == (version, "Mine alone")
    desk.web.trash(desk.keys["p1"], trashed=False)
    desk.settle()
    assert desk.value("p1", "merged-into") is None
    assert desk.value("p1", "zotero-status") is None
    assert desk.web.item(desk.keys["p1"])["title"] == "Mine alone"
    assert "p1" not in [line.strip("- ") for line in desk.path("p2new").read_text().splitlines()]


def test_r22_a_note_goes_on_with_the_paper_that_its_own_was_merged_into(desk: Desk) -> None:
    [new] = desk.web.add(
        {"itemType": "journalArticle", "title": "Better record", "citationKey": "better", "DOI": "10.1000/better"}
    )
    desk.keys["better"] = new
    (desk.vault / "Diary.md").write_text("Today [[@p1]].\n")
    desk.write("p1", desk.text("p1") + "Words of mine.\n")
    merge(desk, "p1", "better")
    assert desk.sync()[0] == 0
    text = desk.text("better")
    assert not desk.path("p1").exists()
    assert f"zotero-key: {new}\n" in text
    assert "title: Better record\n" in text
    assert "# Better record\n" in text
    assert text.endswith("Words of mine.\n")
    assert "p1" in desk.list("better", "aliases")
    assert (desk.vault / "Diary.md").read_text() == "Today [[@better]].\n"
    assert "zotero-status" not in text
    desk.settle()
    desk.edit("better", "^title: .*$", "title: Best record")
    desk.settle()
    assert desk.web.item(new)["title"] == "Best record"
