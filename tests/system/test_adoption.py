"""Vaults with notes made by other tools are adopted as they are (R26, R28), through the command."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import run, run_json
from desk import Desk, Library, digests, paper, quiet
from other_tools import NOTES, note

from bridge.sandbox.server import SandboxServer


class Place:
    """A vault in which other tools have worked, connected with a library of twelve papers."""

    def __init__(self, vault: Path, web: Library) -> None:
        self.vault, self.web = vault, web
        self.keys = {f"p{n}": key for n, key in enumerate(web.add(*(paper(n) for n in range(12))))}
        for tool, (citekey, path, _) in NOTES.items():
            self.write(path, note(tool, self.keys[citekey]))
        code, self.said, err = run("init", vault, "--url", web.server.url, "--yes", "--no-template")
        assert code == 0, self.said + err
        config = vault / ".bridge" / "config.toml"
        config.write_text(config.read_text() + "\n[index]\npages = []\n")

    def write(self, path: str, text: str) -> None:
        target = self.vault / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())

    def text(self, path: str) -> str:
        return (self.vault / path).read_bytes().decode()

    def adopt(self, *arguments: object) -> tuple[int, Any]:
        return run_json("-C", self.vault, "adopt", *arguments)

    def sync(self) -> tuple[int, Any]:
        return run_json("-C", self.vault, "sync", "--once")

    def bodies(self) -> dict[str, str]:
        return {path: body_of(self.text(path)) for _, path, _ in NOTES.values()}


def body_of(text: str) -> str:
    """What follows the front-matter."""
    return re.split(r"^---\r?\n", text, flags=re.MULTILINE)[-1] if text.startswith("---") else text


@pytest.fixture
def place(server: SandboxServer, tmp_path: Path) -> Place:
    return Place(tmp_path / "vault", Library(server))


def test_law_12_a_dry_run_shows_who_fits_whom_and_writes_nothing(place: Place) -> None:
    before, version = digests(place.vault), place.web.version
    state = digests(place.vault.parent / "state")
    code, said = place.adopt("--dry-run")
    assert code == 0, said
    assert {each["path"]: each["key"] for each in said["adopt"]} == {
        path: place.keys[citekey] for citekey, path, _ in NOTES.values()
    }
    assert (said["report"], said["left"]) == (None, [])
    assert (digests(place.vault), place.web.version) == (before, version)
    assert digests(place.vault.parent / "state") == state
    lines = run("-C", place.vault, "adopt", "--dry-run").out
    assert "Literature/@p0.md" in lines
    assert "Nothing was written." in lines


def test_r26_init_counts_the_notes_and_names_the_command(place: Place) -> None:
    assert f"{len(NOTES)} papers recognised in notes you have; these are not doubled." in place.said
    assert "adopt --dry-run" in place.said


def test_r28_what_is_adopted_keeps_every_line_and_pushes_nothing(place: Place) -> None:
    before = {path: place.text(path) for _, path, _ in NOTES.values()}
    items = place.web.items()
    code, said = place.adopt("--yes")
    assert (code, said["report"]["vault"]["updated"], said["report"]["zotero"]["updated"]) == (0, len(NOTES), 0), said
    for path, text in before.items():
        now = place.text(path)
        assert body_of(now) == body_of(text), path
        lost = [line for line in text.splitlines() if line not in now.splitlines()]
        assert lost in ([], ["status:"], ["tags: []"]), (path, lost)  # without a value: Zotero's has come
        assert "zotero-stamp: " in now
        assert "bridge:begin" not in now
    assert place.web.items() == items


def test_law_2_after_adoption_a_sync_is_idle(place: Place) -> None:
    place.adopt("--yes")
    code, first = place.sync()  # makes the notes of the other papers
    assert (code, first["vault"]["created"], first["vault"]["updated"], first["zotero"]["updated"]) == (0, 3, 0, 0), (
        first
    )
    before, version = digests(place.vault), place.web.version
    code, again = place.sync()
    assert (code, quiet(again), again["requests"]) == (0, True, 1)
    assert (digests(place.vault), place.web.version) == (before, version)


def value(text: str, key: str) -> str | None:
    """What stands behind a key."""
    found = re.search(rf"^{re.escape(key)}: ?(.*?)\r?$", text, re.MULTILINE)
    return found[1] if found else None


def edit(place: Place, path: str, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, place.text(path), count=1, flags=re.MULTILINE)
    assert count == 1, place.text(path)
    place.write(path, text)


@pytest.fixture
def adopted(place: Place) -> Place:
    assert place.adopt("--yes")[0] == 0
    assert place.sync()[0] == 0
    return place


def test_edits_in_an_adopted_note_go_to_zotero(adopted: Place) -> None:
    edit(adopted, "Literature/@p0.md", "^status: unread$", "status: done")
    edit(adopted, "Literature/@p0.md", "^tags: .*$", "tags: own_0, literature, new")
    edit(adopted, "Source/My Library/@p5.md", "^citationKey: p5$", "citationKey: mine2023")
    edit(adopted, "@p3.md", ", own3, ", ", ")
    code, report = adopted.sync()
    assert (code, report["zotero"]["updated"]) == (0, 3), report
    item = adopted.web.item(adopted.keys["p0"])
    assert "Read_Status: Read" in item["extra"]
    # R28: `shared_tag` was taken out, and it was Zotero's `Shared Tag`; what another tool had put in is no edit.
    assert adopted.web.tags(adopted.keys["p0"]) == ["new", "own 0"]
    assert adopted.web.tags(adopted.keys["p3"]) == ["Shared Tag"]  # `own3` was `own 3`
    assert adopted.web.item(adopted.keys["p5"])["citationKey"] == "mine2023"
    text = adopted.text("Source/My Library/@mine2023.md")
    assert "citekey:" not in text  # it stays where the note keeps it
    assert quiet(adopted.sync()[1])


def test_edits_in_zotero_come_into_an_adopted_note(adopted: Place) -> None:
    adopted.web.change(adopted.keys["p0"], tags=[{"tag": "own 0"}, {"tag": "from Zotero"}], title="New title")
    adopted.web.change(adopted.keys["p3"], itemType="book", citationKey="q3")
    adopted.web.change(adopted.keys["p8"], abstractNote="Another abstract.")
    before = adopted.bodies()
    code, report = adopted.sync()
    assert (code, report["zotero"]["updated"]) == (0, 0), report
    text = adopted.text("Literature/@p0.md")
    assert value(text, "title") == "New title"
    assert "tags:\n  - own_0\n  - literature\n  - from-Zotero\n" in text
    text = adopted.text("@q3.md")  # the file bore the old key
    assert (value(text, "type"), value(text, "citekey")) == ("book", "q3")
    assert value(text, "authors") == '"[[Ada Author3]]"'
    after = {path: body_of(adopted.text(path.replace("@p3", "@q3"))) for path in before}
    assert {path: after[path].replace("[[@q3", "[[@p3") for path in after} == before
    assert quiet(adopted.sync()[1])


def test_r15_no_tug_of_war_over_what_another_tool_calls_type(adopted: Place) -> None:
    edit(adopted, "@p3.md", '^type: "article-journal"$', 'type: "paper"')
    code, report = adopted.sync()
    assert (code, report["vault"]["updated"], value(adopted.text("@p3.md"), "type")) == (0, 1, "journalArticle")
    for _ in range(2):
        assert quiet(adopted.sync()[1])


def test_r1_r28_with_the_state_lost_an_adopted_note_pushes_nothing(adopted: Place) -> None:
    before, items = digests(adopted.vault), adopted.web.items()
    shutil.rmtree(adopted.vault.parent / "state" / "vaults")
    code, report = adopted.sync()
    assert (code, quiet(report)) == (0, True), report
    assert (digests(adopted.vault), adopted.web.items()) == (before, items)
    edit(adopted, "Inbox/Some thoughts.md", "^status: reading$", "status: read")
    assert adopted.sync()[1]["zotero"]["updated"] == 1


def test_r28_push_sends_what_the_notes_say(place: Place) -> None:
    _, said = place.adopt("--dry-run", "--push")
    sends = {each["path"]: each["sends"] for each in said["adopt"] if each["sends"]}
    assert sends == {
        "Literature/@p0.md": ["tags"],
        "@p3.md": ["tags"],
        "Inbox/Some thoughts.md": ["status", "status-date"],
    }
    _, said = place.adopt("--yes", "--push")
    assert said["report"]["zotero"]["updated"] == 3, said
    assert place.web.tags(place.keys["p0"]) == ["Shared Tag", "literature", "own 0"]
    assert "Read_Status: In Progress" in place.web.item(place.keys["p6"])["extra"]
    assert place.web.item(place.keys["p3"])["itemType"] == "journalArticle"  # Zotero's alone
    place.sync()
    assert quiet(place.sync()[1])


def test_blocks_come_only_where_they_are_asked_for(place: Place) -> None:
    assert place.adopt("--yes", "--blocks", place.vault / "Ideas")[1]["report"]["vault"]["updated"] == 2
    for path in ("Ideas/On results.md", "Ideas/On method.md"):
        assert "bridge:begin abstract" in place.text(path)
    place.adopt("--yes")
    place.sync()
    for key in place.keys.values():
        place.web.change(key, abstractNote="New.")
    place.sync()
    assert "New." in place.text("Ideas/On results.md")
    assert "bridge:begin" not in place.text("Literature/@p0.md")


def test_r28_a_block_that_was_not_wanted_does_not_come_with_its_first_source(place: Place) -> None:
    place.web.change(place.keys["p7"], abstractNote="")
    place.adopt("--yes")
    place.sync()
    place.web.change(place.keys["p7"], abstractNote="At last.")
    for _ in range(2):
        place.sync()
    assert "At last." not in place.text("Ideas/On method.md")


def test_what_is_not_clear_is_left_and_said(place: Place) -> None:
    place.write("Twin.md", "---\ndoi: 10.1000/p.8\n---\n")
    place.write("Between.md", "---\ncitekey: p9\ndoi: 10.1000/p.10\n---\n")
    place.write("Diary.md", f"zotero://select/library/items/{place.keys['p11']}\n")
    place.write("@p10.md", "---\ntitle: [broken\n---\n")
    before = digests(place.vault)
    code, said = place.adopt("--dry-run")
    assert code == 3
    left = {each["path"]: (each["why"], sorted(paper["key"] for paper in each["papers"])) for each in said["left"]}
    keys = place.keys
    assert left == {
        "Twin.md": ("two-notes", [keys["p8"]]),
        "Ideas/On results.md": ("two-notes", [keys["p8"]]),
        "Between.md": ("disagree", sorted([keys["p9"], keys["p10"]])),
        "Diary.md": ("body", [keys["p11"]]),
        "@p10.md": ("unreadable", [keys["p10"]]),
    }
    code, said = place.adopt("--yes")
    assert (code, said["report"]["vault"]["updated"]) == (3, len(NOTES) - 1)
    after = digests(place.vault)
    assert {path: after[path] for path in left} == {path: before[path] for path in left}
    # A person names the one they mean; then a link in the text is enough, and of two notes the named one is taken.
    assert place.adopt("--yes", "Diary.md", place.vault / "Twin.md")[1]["report"]["vault"]["updated"] == 2
    assert value(place.text("Diary.md"), "zotero-key") == keys["p11"]
    # R26: and none of the papers they may be about gets a second note.
    assert place.sync()[0] == 3
    assert not {path for path in digests(place.vault) if path.startswith(("Papers/@p8", "Papers/@p9", "Papers/@p10"))}
    [left_over] = [each for each in place.adopt("--dry-run")[1]["left"] if each["path"] == "Ideas/On results.md"]
    assert (left_over["why"], left_over["others"]) == ("taken", ["Twin.md"])


def test_r26_what_is_held_says_how_to_adopt_it(place: Place) -> None:
    place.sync()
    held = run_json("-C", place.vault, "status")[1]["held"]
    foreign = [each for each in held if each["code"] == "foreign-note"]
    bound = {"LiteratureNotes/p1.md", "Source/My Library/@p5.md"}  # they name their item by `zotero-key`
    assert {each["path"] for each in foreign} == {path for _, path, _ in NOTES.values()} - bound
    assert all("bridge adopt" in each["advice"] for each in foreign)
    assert place.adopt("--yes")[0] == 0
    code, report = place.sync()
    assert (code, quiet(report)) == (0, True)


def test_r28_a_note_that_another_tool_has_bound_is_taken_as_it_is(place: Place) -> None:
    items = place.web.items()
    place.write(
        "Z.md", f"---\nzotero-key: {place.keys['p9']}\ntype: literature\nstatus: unread\ntags: slug_of_mine\n---\n"
    )
    _code, report = place.sync()
    assert report["zotero"]["updated"] == 0
    text = place.text("Z.md")
    assert (value(text, "type"), value(text, "tags")) == ("literature", "slug_of_mine")
    assert value(text, "title") == "Paper number 9"
    assert place.web.items() == items


def test_nobody_is_there_to_be_asked(place: Place) -> None:
    before = digests(place.vault)
    code, said = place.adopt()
    assert (code, "--yes" in said["error"]["message"]) == (2, True)
    assert place.adopt("No such note.md")[0] == 2
    assert place.adopt("--library", "groups/9")[0] == 2
    assert digests(place.vault) == before


def test_law_6_a_note_edited_after_the_table_was_shown_is_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge.daemon import mailbox

    original = mailbox.cycle

    def edited_meanwhile(*arguments: Any) -> Any:
        place.write("Ideas/On method.md", place.text("Ideas/On method.md") + "More.\n")
        return original(*arguments)

    monkeypatch.setattr(mailbox, "cycle", edited_meanwhile)
    _code, said = place.adopt("--yes")
    assert said["report"]["vault"]["updated"] == len(NOTES) - 1
    assert "zotero-key" not in place.text("Ideas/On method.md")


def test_a_papers_second_note_in_another_library_is_told_apart(desk: Desk) -> None:
    """A paper that has its note already gets no second one."""
    (desk.vault / "Old.md").write_text("---\ncitekey: p1\n---\n")
    code, said = run_json("-C", desk.vault, "adopt", "--dry-run")
    assert (code, [(each["path"], each["why"]) for each in said["left"]]) == (0, [("Old.md", "taken")])


def test_two_libraries_are_told_apart(server: SandboxServer, tmp_path: Path) -> None:
    name = server.add_group(52, "Group")
    mine, ours = Library(server), Library(server, name)
    mine.add(paper(1), paper(2))
    shared, lost, lit = ours.add(paper(1), paper(3), paper(4))
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "@p1.md").write_text("Of which library?\n")
    (vault / "Lost.md").write_text(f"---\nzotero-key: {lost}\n---\nWhose key is in another library.\n")
    (vault / "Lit.md").write_text(f"---\nzotero-key: {lit}g52\n---\nAs ZotLit writes it.\n")
    assert run("init", vault, "--url", server.url, "--yes", "--no-template").code == 0
    config = vault / ".bridge" / "config.toml"
    second = f'[[library]]\nid = "groups/52"\nurl = "{server.url}"\nfolder = "Group"\n\n[index]\npages = []\n\n[notes]'
    config.write_text(config.read_text().replace("[notes]", second, 1))

    code, said = run_json("-C", vault, "adopt", "--yes")
    assert code == 3
    assert [(each["path"], each["why"]) for each in said["left"]] == [("@p1.md", "two-papers")]
    assert {each["path"]: (each["library"], each["key"]) for each in said["adopt"]} == {
        "Lost.md": ("groups/52", lost),
        "Lit.md": ("groups/52", lit),
    }
    assert "\nzotero-library: groups/52\n" in (vault / "Lost.md").read_text()
    assert f"\nzotero-key: {lit}g52\n" in (vault / "Lit.md").read_text()

    code, said = run_json("-C", vault, "adopt", "@p1.md", "--library", "groups/52", "--yes")
    assert (code, [each["key"] for each in said["adopt"]]) == (0, [shared]), run("-C", vault, "status").out
    run_json("-C", vault, "sync", "--once")
    run_json("-C", vault, "sync", "--once")
    code, report = run_json("-C", vault, "sync", "--once")
    assert (code, quiet(report)) == (0, True), report


def test_r27_an_adopted_note_takes_no_name_that_another_note_bears(place: Place) -> None:
    place.write("Paper number 7.md", "A note of mine that happens to be called so.\n")
    place.adopt("--yes")
    aliases = re.search(r"^aliases:\n((?:  - .*\n)+)", place.text("Ideas/On method.md"), re.MULTILINE)
    assert aliases is not None
    assert aliases[1] == "  - Author7 2023\n"
    place.sync()
    assert quiet(place.sync()[1])


def test_undo_gives_the_notes_back_as_they_were(place: Place) -> None:
    before, items = digests(place.vault), place.web.items()
    place.adopt("--yes", "--push")
    code, _ = run_json("-C", place.vault, "undo", "--yes")
    assert code in (0, 3)
    after = digests(place.vault)
    assert {path: after[path] for _, path, _ in NOTES.values()} == {path: before[path] for _, path, _ in NOTES.values()}
    dates = ("version", "dateModified")
    for key, item in place.web.items().items():
        assert {n: v for n, v in item.items() if n not in dates} == {
            n: v for n, v in items[key].items() if n not in dates
        }
    assert len(place.adopt("--dry-run")[1]["adopt"]) >= len(NOTES) - 2


def test_a_read_only_library_is_adopted_and_a_push_waits(place: Place) -> None:
    """R23: the notes become the papers'; what they say goes when the key may write."""
    place.write("Mine.md", "---\ncitekey: p9\ntitle: Mine\n---\n")
    key = place.web.server.add_key(write=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOTERO_API_KEY", key)
        _, said = place.adopt("--yes", "--push", "Mine.md")
    assert (said["report"]["vault"]["updated"], said["report"]["zotero"]["updated"]) == (1, 0), said
    assert value(place.text("Mine.md"), "title") == "Mine"
    place.sync()
    assert place.web.item(place.keys["p9"])["title"] == "Mine"
