"""What is held and how it is mended; what is trashed, erased, deleted, moved and brought back; a lost memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command import run_json
from desk import Desk, quiet

from bridge.vault.marker import Machine


def others_go_on(desk: Desk) -> None:
    """While something is held, another paper's edits arrive both ways."""
    desk.edit("p20", "^url: .*$", "url: https://while.example/held")
    desk.web.change(desk.keys["p21"], title="While held")
    code, report = desk.sync()
    assert (code, report["zotero"]["updated"], report["vault"]["updated"]) == (3, 1, 1), report
    assert desk.web.item(desk.keys["p20"])["url"] == "https://while.example/held"
    assert desk.value("p21", "title") == "While held"


def break_yaml(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: [broken")


def double_a_key(desk: Desk) -> None:
    desk.edit("p1", "^title: (.*)$", r"title: \1\ntitle: Second")


def lose_the_key(desk: Desk) -> None:
    desk.edit("p1", "^zotero-key: .*\n", "")


def change_the_key(desk: Desk) -> None:
    desk.edit("p1", "^zotero-key: .*$", "zotero-key: ZZZZZZZZ")


def take_another_key(desk: Desk) -> None:
    desk.edit("p1", "^zotero-key: .*$", f"zotero-key: {desk.keys['p2']}")


def save_as_latin_1(desk: Desk) -> None:
    desk.path("p1").write_bytes(desk.text("p1").replace("Paper number 1", "Pap\u00e9r").encode("latin-1"))


@pytest.mark.parametrize(
    "harm",
    [
        break_yaml,
        double_a_key,
        lose_the_key,
        change_the_key,
        take_another_key,
        save_as_latin_1,
    ],
)
def test_a_harmed_note_is_held_untouched_and_mending_ends_it(desk: Desk, harm: Callable[[Desk], None]) -> None:
    """R7, R8: whatever happened to it, the note keeps its bytes, the item keeps its fields, the others go on."""
    whole, item = desk.text("p1"), desk.web.item(desk.keys["p1"])
    harm(desk)
    harmed = desk.path("p1").read_bytes()
    code, report = desk.sync()
    assert (code, quiet({**report, "indexes": {}}), report["held"]) == (3, True, 1), desk.held()
    [held] = desk.held()
    assert (held["path"], bool(held["reason"]), bool(held["advice"])) == ("Papers/@p1.md", True, True)
    others_go_on(desk)
    desk.web.change(desk.keys["p1"], url="https://meanwhile.example")
    assert desk.sync()[0] == 3
    assert desk.path("p1").read_bytes() == harmed
    assert desk.web.item(desk.keys["p1"])["title"] == item["title"]
    desk.write("p1", whole.replace("Paper number 1\n", "Mended\n", 1))
    desk.settle()
    assert desk.held() == []
    assert desk.web.item(desk.keys["p1"])["title"] == "Mended"
    assert desk.value("p1", "url") == "https://meanwhile.example"


@pytest.mark.parametrize(
    ("key", "typed", "code"),
    [
        ("status-date", "yesterday", "not-a-date"),
        ("status-date", "2024-13-45", "not-a-date"),
        ("title", "[a, b]", "not-one-value"),
        ("status", "{a: b}", "not-text"),
    ],
)
def test_law_3_a_value_that_cannot_be_read_stays_and_is_held_alone(desk: Desk, key: str, typed: str, code: str) -> None:
    desk.edit("p1", f"^{key}: .*$", f"{key}: {typed}")
    extra = desk.web.item(desk.keys["p1"])["extra"]
    desk.web.change(desk.keys["p1"], url="https://meanwhile.example", extra=extra.replace("To Read", "Read"))
    assert desk.sync()[0] == 3
    assert desk.value("p1", key) == typed
    assert desk.value("p1", "url") == "https://meanwhile.example"
    assert [(held["code"], held["field"]) for held in desk.held()] == [(code, key)]
    assert "Read_Status: Read\n" in desk.web.item(desk.keys["p1"])["extra"]
    desk.edit("p1", f"^{key}: .*\n", "")
    desk.settle()
    assert (desk.value("p1", "status"), desk.value("p1", "title")) == ("read", "Paper number 1")


def test_what_is_held_or_in_conflict_rests_while_the_note_is_gone(desk: Desk) -> None:
    """R38: a deleted note leaves nothing behind that nobody can mend; back again, it has what it had."""
    desk.edit("p1", "^  - own-1$", "  - " + "x" * 256)
    for name in ("p2", "p3"):
        desk.web.change(desk.keys[name], title="Theirs")
        desk.edit(name, "^title: .*$", "title: Mine")
    code, report = desk.sync()
    assert (code, report["conflicts"], report["held"]) == (3, 2, 1)
    [number] = [one["id"] for one in desk.json("conflicts")[1]["conflicts"] if one["path"] == "Papers/@p2.md"]
    texts = {name: desk.text(name) for name in ("p1", "p2")}
    for name in texts:
        desk.path(name).unlink()
    desk.web.erase(desk.keys["p3"])
    desk.settle()
    assert desk.json("status")[1]["conflicts"] == desk.held() == []
    code, said = desk.json("resolve", number, "--keep", "zotero")
    assert (code, said["error"]["code"]) == (1, "OutdatedAnswerError")
    for name, text in texts.items():
        desk.write(name, text)
    code, report = desk.sync()
    assert (code, report["conflicts"], report["held"]) == (3, 1, 1)
    assert desk.run("resolve", number, "--keep", "zotero").code == 3
    assert desk.value("p2", "title") == "Theirs"


def test_a_note_with_a_key_that_no_library_has_is_freed_by_the_advice_it_gets(desk: Desk) -> None:
    """R8 guards a pair of note and item; a key that never was an item's made no pair."""
    stray = desk.vault / "Papers" / "stray.md"
    body = "\nMine, with zotero-key as a word.\n"
    stray.write_text(f"---\nzotero-key: ABCDEFGH\nmine: yes\n---\n{body}")
    assert desk.sync()[0] == 3
    [held] = desk.held()
    assert held["code"] == "unknown-item"
    assert "take zotero-key out" in held["advice"]
    stray.write_text(f"---\nmine: yes\n---\n{body}")
    desk.settle()
    assert desk.held() == []
    # And one that is mended instead becomes that item's note.
    stray.write_text(f"---\nzotero-key: ABCDEFGH\nmine: yes\n---\n{body}")
    assert desk.sync()[0] == 3
    (key,) = desk.web.add({"itemType": "book", "title": "Missing so far"})
    stray.write_text(f"---\nzotero-key: {key}\nmine: yes\n---\n{body}")
    desk.sync()
    desk.settle()
    assert "title: Missing so far" in stray.read_text()
    assert stray.read_text().endswith(body)
    assert not (desk.vault / "Papers" / f"{key}.md").exists()


def test_a_broken_block_is_held_alone(desk: Desk) -> None:
    """R29: the properties go on; the block is left as it is until its lines are whole again."""
    whole = desk.text("p1")
    desk.edit("p1", "^%% bridge:end abstract %%\n", "")
    body = desk.text("p1").partition("\n---\n")[2]
    desk.web.change(desk.keys["p1"], abstractNote="Another.", url="https://meanwhile.example")
    assert desk.sync()[0] == 3
    assert [held["path"] for held in desk.held()] == ["Papers/@p1.md"]
    assert desk.value("p1", "url") == "https://meanwhile.example"
    assert desk.text("p1").partition("\n---\n")[2] == body
    desk.write("p1", desk.text("p1").replace(body, whole.partition("\n---\n")[2]))
    desk.settle()
    assert "> Another." in desk.text("p1")


@pytest.mark.parametrize(
    "name",
    ["Copy of it", "@p1 1", "@p1 (Conflicted copy phone 202401011200)", "@p1.sync-conflict-20240101-120000-ABCDEFG"],
)
def test_r8_of_a_copied_note_only_the_newcomer_is_held(desk: Desk, name: str) -> None:
    copy = desk.vault / "Papers" / f"{name}.md"
    copy.write_text(desk.text("p1").replace("Paper number 1", "In the copy"))
    assert desk.sync()[0] == 3
    [held] = desk.held()
    assert held["path"] == f"Papers/{name}.md"
    before = copy.read_bytes()
    desk.edit("p1", "^title: .*$", "title: In the note")
    desk.web.change(desk.keys["p1"], url="https://new.example")
    assert desk.sync()[0] == 3
    assert desk.web.item(desk.keys["p1"])["title"] == "In the note"
    assert desk.value("p1", "url") == "https://new.example"
    assert copy.read_bytes() == before
    copy.unlink()
    desk.settle()


def test_trashed_restored_and_erased_in_zotero(desk: Desk) -> None:
    desk.web.trash(desk.keys["p1"])
    code, report = desk.sync()
    assert (code, report["vault"]["marked"]) == (0, 1)
    assert desk.value("p1", "zotero-status") == "trashed"
    desk.settle()
    desk.web.trash(desk.keys["p1"], trashed=False)
    assert desk.sync()[0] == 0
    assert desk.value("p1", "zotero-status") is None
    desk.settle()
    words = desk.text("p1") + "Words of mine.\n"
    desk.write("p1", words)
    desk.web.erase(desk.keys["p1"])
    assert desk.sync()[0] == 0
    assert desk.value("p1", "zotero-status") == "deleted"
    assert desk.text("p1").endswith("Words of mine.\n")
    desk.settle()
    # Law 9: an edit made later stays where it is and brings nothing back.
    desk.edit("p1", "^title: .*$", "title: Still mine")
    assert desk.sync()[0] == 0
    assert desk.value("p1", "title") == "Still mine"
    assert desk.keys["p1"] not in desk.web.items()
    desk.settle()


def test_an_edit_beats_the_trash_without_bringing_the_paper_back(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: Edited meanwhile")
    desk.web.trash(desk.keys["p1"])
    assert desk.sync()[0] == 0
    item = desk.web.item(desk.keys["p1"])
    assert item["deleted"] == 1
    assert "Edited meanwhile" in (item["title"], desk.value("p1", "title"))
    desk.settle()
    desk.web.trash(desk.keys["p1"], trashed=False)
    desk.settle()
    assert desk.web.item(desk.keys["p1"])["title"] == desk.value("p1", "title") == "Edited meanwhile"


def test_r38_a_deleted_note_is_not_made_again_and_resumes_when_it_comes_back(desk: Desk) -> None:
    text = desk.text("p1")
    desk.path("p1").unlink()
    desk.settle()
    desk.web.change(desk.keys["p1"], title="Changed while it was gone")
    desk.settle()
    assert not desk.path("p1").exists()
    assert desk.web.item(desk.keys["p1"])["title"] == "Changed while it was gone"
    desk.write("p1", text.replace("url: https://example.org/1\n", "url: https://edited.example/\n"))
    desk.settle()
    assert desk.value("p1", "title") == "Changed while it was gone"
    assert desk.web.item(desk.keys["p1"])["url"] == "https://edited.example/"


def test_a_note_may_be_renamed_and_moved(desk: Desk) -> None:
    (desk.vault / "Thesis" / "Chapter 2").mkdir(parents=True)
    target = desk.vault / "Thesis" / "Chapter 2" / "The one that matters.md"
    desk.path("p1").rename(target)
    desk.settle()
    target.write_text(target.read_text().replace("title: Paper number 1", "title: Moved"))
    desk.settle()
    assert desk.web.item(desk.keys["p1"])["title"] == "Moved"
    desk.web.change(desk.keys["p1"], title="And back")
    desk.settle()
    assert "title: And back" in target.read_text()
    assert not desk.path("p1").exists()


def test_two_notes_that_change_places_stay_two(desk: Desk) -> None:
    one, two = desk.text("p1"), desk.text("p2")
    middle = desk.vault / "Papers" / "middle.md"
    desk.path("p1").rename(middle)
    desk.path("p2").rename(desk.path("p1"))
    middle.rename(desk.path("p2"))
    desk.settle()
    assert (desk.text("p1"), desk.text("p2")) == (two, one)


# --- the memory is gone ---


def test_law_11_with_fitting_stamps_a_lost_state_rewrites_nothing(desk: Desk) -> None:
    shutil.rmtree(desk.state / "vaults")
    before = desk.stats(), desk.web.version
    code, report = desk.sync()
    assert (code, quiet(report)) == (0, True), report
    assert (desk.stats(), desk.web.version) == before
    desk.settle()


def test_r1_edits_made_since_the_last_sync_are_edits_still(desk: Desk) -> None:
    """With the state lost, a stamp that fits Zotero's record makes that record the base."""
    desk.edit("p1", "^title: .*$", "title: Edited")
    desk.edit("p1", "^  - own-1\n", "")
    shutil.rmtree(desk.state / "vaults")
    desk.settle()
    assert desk.web.item(desk.keys["p1"])["title"] == "Edited"
    assert desk.web.tags(desk.keys["p1"]) == ["Shared Tag"]


def test_law_11_without_a_base_tags_unite_and_scalars_that_differ_are_conflicts(desk: Desk) -> None:
    desk.web.change(desk.keys["p1"], title="Theirs", tags=[{"tag": "theirs"}], url="")
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.edit("p1", "^  - own-1$", "  - mine")
    shutil.rmtree(desk.state / "vaults")
    code, report = desk.sync()
    assert (code, report["conflicts"]) == (3, 1)
    assert (desk.value("p1", "title"), desk.web.item(desk.keys["p1"])["title"]) == ("Mine", "Theirs")
    assert {"mine", "theirs"} <= {*desk.list("p1", "tags")}
    assert desk.web.tags(desk.keys["p1"]) == ["Shared Tag", "mine", "theirs"]
    assert desk.value("p1", "url") == desk.web.item(desk.keys["p1"])["url"] == "https://example.org/1"


def test_r1_a_phones_late_copy_brings_no_old_value_back(desk: Desk) -> None:
    """An old copy of a note is merged against what was agreed when it was written, not against the present base."""
    old = desk.text("p1")
    desk.web.change(desk.keys["p1"], title="Newer", tags=[{"tag": "Shared Tag"}, {"tag": "newer"}])
    desk.settle()
    desk.write("p1", old.replace("url: https://example.org/1\n", "url: https://phone.example/\n"))
    desk.settle()
    item = desk.web.item(desk.keys["p1"])
    assert (item["title"], item["url"]) == ("Newer", "https://phone.example/")
    assert desk.web.tags(desk.keys["p1"]) == ["Shared Tag", "newer"]
    assert desk.value("p1", "title") == "Newer"
    assert desk.list("p1", "tags") == ["Shared-Tag", "newer"]


def test_r1_an_old_backup_of_the_whole_vault_changes_nothing_in_zotero(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.vault / "Papers", tmp_path / "backup")
    for n in range(10):
        desk.web.change(desk.keys[f"p{n}"], title=f"Newer {n}")
    desk.settle()
    version = desk.web.version
    shutil.rmtree(desk.vault / "Papers")
    shutil.copytree(tmp_path / "backup", desk.vault / "Papers")
    desk.settle()
    assert desk.web.version == version
    assert desk.value("p3", "title") == "Newer 3"


# --- R31 ---


def test_r31_a_copied_vault_gets_an_id_of_its_own_and_no_base(desk: Desk) -> None:
    desk.settle()
    copy = desk.vault.with_name("copy")
    shutil.copytree(desk.vault, copy)
    code, report = run_json("-C", copy, "sync", "--once")
    assert (code, quiet(report)) == (0, True)
    ids = {path.read_text() for path in (copy / ".bridge" / "vault.json", desk.vault / ".bridge" / "vault.json")}
    assert len(ids) == 2
    desk.settle()


def test_r31_a_moved_vault_keeps_its_memory(desk: Desk) -> None:
    desk.settle()
    desk.edit("p1", "^  - own-1\n", "")
    moved = desk.vault.with_name("moved")
    desk.vault.rename(moved)
    desk.vault = moved
    desk.settle()
    assert desk.web.tags(desk.keys["p1"]) == ["Shared Tag"]
    assert len([*(desk.state / "vaults").iterdir()]) == 1


def test_r31_another_machine_waits_until_it_takes_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.app.this_machine", lambda _root: Machine("feedfacefeedface", "laptop"))
    desk.edit("p1", "^title: .*$", "title: On the laptop")
    before = desk.bytes()
    code, said = desk.sync()
    assert (code, said["error"]["code"]) == (4, "VaultOwnedError")
    assert "--take-over" in desk.run("sync", "--once").err
    assert desk.bytes() == before
    assert desk.sync("--take-over")[0] == 0
    assert desk.web.item(desk.keys["p1"])["title"] == "On the laptop"
    desk.settle()
