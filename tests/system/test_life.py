"""What happens to papers and notes over the years: merged, moved to another library, given another type."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk, quiet


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


# --- the scope ---


def configure(desk: Desk, text: str) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text().partition("# --- test ---")[0] + "# --- test ---\n" + text)


def test_law_9_a_narrower_scope_lets_notes_rest_and_deletes_nothing(desk: Desk) -> None:
    desk.settle()
    [key] = desk.web.call("POST", "collections", [{"name": "NLP"}]).json()["success"].values()
    desk.web.change(desk.keys["p1"], collections=[key])
    desk.settle()
    before = desk.bytes()
    configure(desk, '[scope]\ninclude = { collections = ["NLP"] }\n')
    desk.settle()
    after = desk.bytes()
    assert {name for name in before if before[name] != after.get(name)} == {".bridge/config.toml"}
    assert desk.json("status")[1]["out_of_scope"] == len(desk.keys) - 1
    assert "43 notes of papers that [scope] leaves out" in desk.run("status").out
    desk.edit("p2", "^title: .*$", "title: Edited at rest")
    desk.web.change(desk.keys["p1"], title="In scope")
    desk.settle()
    assert desk.value("p1", "title") == "In scope"
    assert desk.web.item(desk.keys["p2"])["title"] == "Paper number 2"
    desk.web.change(desk.keys["p2"], collections=[key])
    desk.settle()
    assert desk.web.item(desk.keys["p2"])["title"] == "Edited at rest"
    # R20: renaming a collection moves papers out of the scope though none of them changes.
    desk.web.call("PATCH", f"collections/{key}", {"name": "Language", "version": desk.web.version})
    code, report = desk.sync()
    assert (code, quiet(report)) == (0, True)
    assert desk.json("status")[1]["out_of_scope"] == len(desk.keys)
    desk.web.change(desk.keys["p3"], title="Anything")
    assert "no collection 'NLP'" in desk.run("sync", "--once").out


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ('include = { types = ["jornalArticle"] }', "did you mean journalArticle?"),
        ('include = { colections = ["x"] }', "did you mean collections?"),
        ('exclude = { tags = [""] }', "an empty name is none"),
    ],
)
def test_a_scope_that_cannot_be_is_refused_at_start(desk: Desk, scope: str, said: str) -> None:
    configure(desk, f"[scope]\n{scope}\n")
    result = desk.run("status")
    assert result.code == 1
    assert said in result.err


def test_each_library_may_have_a_scope_of_its_own(desk: Desk) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    own = 'folder = "Papers"\nscope = { exclude = { types = ["journalArticle"] } }'
    config.write_text(config.read_text().replace('folder = "Papers"', own, 1))
    desk.web.change(desk.keys["p1"], title="Out of scope")
    desk.web.add({"itemType": "book", "title": "A book", "citationKey": "book"})
    desk.settle()
    assert desk.value("p1", "title") == "Paper number 1"
    assert desk.path("book").exists()


# --- what goes with its other half ---


def test_a_note_goes_to_the_archive_and_comes_back_with_its_links(desk: Desk) -> None:
    (desk.vault / "Diary.md").write_text("[[@p1]] and [[Papers/@p1|by path]]\n")
    configure_notes(desk, 'on_zotero_delete = "archive"')
    desk.settle()
    desk.web.trash(desk.keys["p1"])
    code, report = desk.sync()
    assert (code, report["vault"]["marked"], report["vault"]["renamed"]) == (0, 1, 1)
    archived = desk.vault / "Archive" / "Papers" / "@p1.md"
    assert "zotero-status: trashed" in archived.read_text()
    assert not desk.path("p1").exists()
    desk.settle()
    desk.web.trash(desk.keys["p1"], trashed=False)
    assert desk.sync()[0] == 0
    assert not archived.exists()
    assert desk.value("p1", "zotero-status") is None
    assert (desk.vault / "Diary.md").read_text() == "[[@p1]] and [[Papers/@p1|by path]]\n"
    desk.settle()


def test_only_notes_without_a_word_of_ones_own_go_to_the_vaults_trash(desk: Desk) -> None:
    configure_notes(desk, 'on_zotero_delete = "trash"')
    desk.write("p1", desk.text("p1") + "Words of mine.\n")
    desk.edit("p2", "^title: (.*)$", r"title: \1\nmine: yes")
    desk.edit("p3", "^> About 3.$", "> About 3.\n> And mine.")
    desk.edit("p4", "^# Paper number 4$", "# As I call it")
    desk.settle()
    for name in ("p1", "p2", "p3", "p4", "p5"):
        desk.web.trash(desk.keys[name])
    assert desk.sync()[0] == 0
    trash = desk.vault / ".trash"
    assert [path.name for path in trash.iterdir()] == ["@p5.md"]
    assert {desk.value(name, "zotero-status") for name in ("p1", "p2", "p3", "p4")} == {"trashed"}
    desk.settle()
    desk.web.erase(desk.keys["p5"])
    desk.settle()
    assert [path.name for path in trash.iterdir()] == ["@p5.md"]


def test_a_note_comes_back_from_the_vaults_trash_as_it_was(desk: Desk) -> None:
    configure_notes(desk, 'on_zotero_delete = "trash"')
    desk.settle()
    before = desk.text("p5")
    desk.web.trash(desk.keys["p5"])
    desk.settle()
    assert not desk.path("p5").exists()
    desk.web.trash(desk.keys["p5"], trashed=False)
    assert desk.sync()[0] == 0
    assert desk.text("p5") == before
    desk.settle()


def test_a_deleted_note_takes_its_paper_to_the_trash_and_back(desk: Desk) -> None:
    configure_notes(desk, 'on_note_delete = "trash"')
    desk.settle()
    text = desk.text("p1")
    desk.path("p1").unlink()
    plan = desk.json("sync", "--once", "--dry-run")[1]
    assert [(row["field"], row["after"], row["why"]) for row in plan["plan"]] == [
        ("zotero-status", "trashed", "note-deleted")
    ]
    code, report = desk.sync()
    assert (code, report["zotero"]["trashed"], report["zotero"]["updated"]) == (0, 1, 0)
    assert desk.web.item(desk.keys["p1"])["deleted"] == 1
    desk.settle()
    assert "(its note was deleted)" in desk.run("log").out
    desk.write("p1", text)
    desk.settle()
    assert "deleted" not in desk.web.item(desk.keys["p1"])
    assert desk.text("p1") == text


def test_law_9_an_edit_in_zotero_beats_a_deleted_note(desk: Desk) -> None:
    configure_notes(desk, 'on_note_delete = "trash"')
    desk.settle()
    desk.path("p1").unlink()
    desk.web.change(desk.keys["p1"], title="Edited meanwhile")
    desk.settle()
    assert "deleted" not in desk.web.item(desk.keys["p1"])
    assert not desk.path("p1").exists()


def test_a_deleted_note_puts_its_paper_into_a_collection(desk: Desk) -> None:
    configure_notes(desk, 'on_note_delete = "archive"\narchive_collection = "Read/Away"')
    desk.settle()
    desk.path("p1").unlink()
    assert "no collection 'Read/Away'" in desk.run("sync", "--once").out
    [top] = desk.web.call("POST", "collections", [{"name": "Read"}]).json()["success"].values()
    below = [{"name": "Away", "parentCollection": top}]
    [key] = desk.web.call("POST", "collections", below).json()["success"].values()
    desk.settle()
    assert desk.web.item(desk.keys["p1"])["collections"] == [key]


def configure_notes(desk: Desk, text: str) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    names = {line.partition(" ")[0] for line in text.splitlines()}
    lines = [line for line in config.read_text().splitlines() if line.partition(" ")[0] not in names]
    lines.insert(lines.index("[notes]") + 1, text)
    config.write_text("\n".join([*lines, ""]))


# --- a note again ---


def test_r38_bridge_restore_makes_a_deleted_note_again(desk: Desk) -> None:
    before = desk.text("p1")
    desk.path("p1").unlink()
    desk.settle()
    code, said = desk.json("restore", "p1", "--dry-run")
    assert (code, [row["why"] for row in said["plan"]], desk.path("p1").exists()) == (0, ["new"], False)
    code, report = desk.json("restore", "p1")
    assert (code, report["vault"]["created"]) == (0, 1)
    assert desk.text("p1") == before
    desk.settle()
    again = desk.run("restore", desk.keys["p1"])
    assert again.code == 1
    assert "Papers/@p1.md" in again.err
    code, said = desk.json("restore", "nobody", "--library", "users/1")
    assert (code, said["error"]["code"]) == (1, "UnknownPaperError")
    assert desk.run("restore").code == 2


def test_bridge_restore_fetches_a_note_from_the_vaults_trash(desk: Desk) -> None:
    configure_notes(desk, 'on_zotero_delete = "trash"')
    desk.settle()
    desk.web.trash(desk.keys["p5"])
    desk.settle()
    code, report = desk.json("restore", "p5")
    assert (code, report["vault"]["renamed"]) == (0, 1)
    assert desk.value("p5", "zotero-status") == "trashed"
    desk.settle()
    assert desk.path("p5").exists()


# --- what else happens to a paper and a note ---


def test_r20_a_deleted_collection_leaves_notes_and_papers(desk: Desk) -> None:
    made = desk.web.call("POST", "collections", [{"name": "NLP"}, {"name": "Thesis"}]).json()["success"]
    nlp, thesis = made["0"], made["1"]
    [below] = (
        desk.web.call("POST", "collections", [{"name": "Deep", "parentCollection": nlp}]).json()["success"].values()
    )
    desk.web.change(desk.keys["p1"], collections=[below, thesis])
    desk.web.change(desk.keys["p2"], collections=[nlp])
    desk.settle()
    assert desk.list("p1", "collections") == ["NLP/Deep", "Thesis"]
    desk.web.call("PATCH", f"collections/{nlp}", {"deleted": True, "version": desk.web.version})  # into the trash
    desk.settle()
    assert (desk.list("p1", "collections"), desk.list("p2", "collections")) == (["Thesis"], [])
    desk.web.call("PATCH", f"collections/{nlp}", {"deleted": False, "version": desk.web.version})
    desk.settle()
    assert (sorted(desk.list("p1", "collections")), desk.list("p2", "collections")) == (["NLP/Deep", "Thesis"], ["NLP"])
    desk.edit("p1", "^title: .*$", "title: Edited meanwhile")
    desk.web.erase_collection(nlp)
    desk.settle()
    assert (desk.list("p1", "collections"), desk.list("p2", "collections")) == (["Thesis"], [])
    item = desk.web.item(desk.keys["p1"])
    assert (item["title"], "deleted" in item) == ("Edited meanwhile", False)
    assert thesis in item["collections"]


def test_a_paper_that_becomes_another_type_keeps_what_both_types_have(desk: Desk) -> None:
    configure(desk, '[fields]\npages = "pages"\nissue = "issue"\n')
    desk.web.change(desk.keys["p1"], pages="1-11", issue="Spring")
    desk.settle()
    assert (desk.value("p1", "pages"), desk.value("p1", "issue")) == ("1-11", "Spring")
    whole = desk.web.item(desk.keys["p1"])
    kept = {name: whole[name] for name in ("key", "version", "tags", "collections", "relations", "extra", "url")}
    court = {"itemType": "case", "caseName": "In re Paper", "citationKey": "p1"}
    desk.web.call("PUT", f"items/{desk.keys['p1']}", {**kept, **court})
    assert desk.sync()[0] == 0
    assert (desk.value("p1", "type"), desk.value("p1", "title")) == ("case", "In re Paper")
    assert (desk.value("p1", "pages"), desk.value("p1", "issue")) == ("1-11", None)  # a case has a first page
    assert desk.value("p1", "url") == whole["url"]
    assert sorted(desk.list("p1", "tags")) == ["Shared-Tag", "own-1"]
    desk.settle()
    # What the new type cannot hold is held in the note, alone, and nothing of it is lost.
    desk.edit("p1", "^url: (.*)$", r"url: \1\nissue: Autumn")
    desk.edit("p1", "^title: .*$", "title: In re Edited")
    assert desk.sync()[0] == 3
    assert [(held["field"], held["path"]) for held in desk.held()] == [("issue", "Papers/@p1.md")]
    assert desk.value("p1", "issue") == "Autumn"
    assert desk.web.item(desk.keys["p1"])["caseName"] == "In re Edited"


def test_r38_a_note_taken_out_of_the_vault_and_brought_back_goes_on(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.md"
    desk.path("p1").rename(outside)
    desk.settle()
    outside.write_text(outside.read_text().replace("title: Paper number 1", "title: Edited outside"))
    desk.web.change(desk.keys["p1"], url="https://meanwhile.example")
    desk.settle()
    (desk.vault / "Thesis").mkdir()
    outside.rename(desk.vault / "Thesis" / "Back.md")
    desk.settle()
    text = (desk.vault / "Thesis" / "Back.md").read_text()
    assert "url: https://meanwhile.example\n" in text
    assert desk.web.item(desk.keys["p1"])["title"] == "Edited outside"
    assert not desk.path("p1").exists()


def test_law_9_a_note_deleted_while_its_paper_is_edited_stays_deleted_and_the_edit_stays(desk: Desk) -> None:
    desk.path("p1").unlink()
    desk.web.change(desk.keys["p1"], title="Edited meanwhile")
    desk.settle()
    assert not desk.path("p1").exists()
    assert desk.web.item(desk.keys["p1"])["title"] == "Edited meanwhile"


def test_law_9_a_paper_erased_while_its_note_is_edited_stays_erased_and_the_edit_stays(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: Edited meanwhile")
    desk.web.erase(desk.keys["p1"])
    desk.settle()
    assert (desk.value("p1", "title"), desk.value("p1", "zotero-status")) == ("Edited meanwhile", "deleted")
    assert desk.keys["p1"] not in desk.web.items()


# --- taken back ---


def test_undo_brings_an_archived_note_back_and_it_stays(desk: Desk) -> None:
    configure_notes(desk, 'on_zotero_delete = "archive"')
    desk.settle()
    before = desk.text("p1")
    desk.web.trash(desk.keys["p1"])
    desk.sync()
    assert desk.run("undo", "--yes").code == 0
    assert desk.text("p1") == before
    desk.settle()
    assert desk.path("p1").exists()


def test_undo_gives_a_note_back_to_the_paper_that_was_merged(desk: Desk) -> None:
    [desk.keys["better"]] = desk.web.add({"itemType": "book", "title": "Better record", "citationKey": "better"})
    before = desk.text("p1")
    merge(desk, "p1", "better")
    desk.sync()
    assert not desk.path("p1").exists()
    assert desk.run("undo", "--yes").code == 0
    assert desk.text("p1") == before
    desk.settle()
    assert desk.value("p1", "zotero-status") == "merged"
    assert desk.value("p1", "zotero-key") == desk.keys["p1"]
    assert desk.held() == []
