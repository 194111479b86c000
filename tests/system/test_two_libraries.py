"""Several libraries in one vault: one paper in two of them, one that moves to another, one citation key for two."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from command import Result, run, run_json
from desk import Library, paper, quiet

from bridge.sandbox import accounts
from bridge.sandbox.server import SandboxServer


class Shared:
    """A vault with a library of one's own (in ``Papers``) and a group's (in ``Group``)."""

    def __init__(self, server: SandboxServer, vault: Path, **rules: Any) -> None:
        self.server, self.vault = server, vault
        self.mine = Library(server)
        name = server.add_group(52, "The group", **rules)
        accounts.add_user(server.store, 2, "another", "Another Person")
        accounts.set_role(server.store, 52, 2, "admin")
        self.group = Library(server, name, server.add_key(2, groups={"all": {"library": True, "write": True}}))
        self.config = vault / ".bridge" / "config.toml"

    def connect(self) -> None:
        """Set the vault up."""
        assert run("init", self.vault, "--url", self.server.url, "--yes", "--no-template").code == 0
        second = f'[[library]]\nid = "groups/52"\nurl = "{self.server.url}"\nfolder = "Group"\n\n[notes]'
        text = self.config.read_text().replace("[notes]", second, 1)
        self.config.write_text(text + "\n[index]\npages = []\n")

    def run(self, *arguments: object) -> Result:
        return run("-C", self.vault, *arguments)

    def sync(self, *flags: str) -> tuple[int, Any]:
        return run_json("-C", self.vault, "sync", "--once", *flags)

    def settle(self) -> None:
        """Sync, then twice again, which must do nothing."""
        assert self.sync()[0] == 0
        for _ in range(2):
            code, report = self.sync()
            assert (code, quiet(report)) == (0, True), report

    def list(self, path: str, key: str) -> list[str]:
        found = re.search(rf"^{key}:\n((?:  - .*\n)*)", (self.vault / path).read_text(), re.MULTILINE)
        return [line.removeprefix("  - ").strip('"') for line in found[1].splitlines()] if found else []

    def notes(self) -> set[str]:
        return {path.relative_to(self.vault).as_posix() for path in self.vault.rglob("*.md")}


@pytest.fixture
def shared(server: SandboxServer, tmp_path: Path) -> Shared:
    """Two libraries with one paper in common: by its DOI, spelled in two ways."""
    shared = Shared(server, tmp_path / "vault")
    shared.mine.add(paper(1), paper(2))
    shared.group.add(paper(1, citationKey="g1", DOI="https://doi.org/10.1000/P.1"), paper(3, citationKey="g3"))
    shared.connect()
    return shared


def sibling(library: Library, key: str) -> dict[str, str]:
    return {"owl:sameAs": f"http://zotero.org/{library.name}/items/{key}"}


def test_notes_of_one_paper_in_two_libraries_lead_to_each_other(shared: Shared) -> None:
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == ["[[@g1]]"]
    assert shared.list("Group/@g1.md", "also-in") == ["[[@p1]]"]
    assert shared.list("Papers/@p2.md", "also-in") == []
    [key] = [key for key, data in shared.group.items().items() if data["citationKey"] == "g1"]
    shared.group.change(key, citationKey="g1new")
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == ["[[@g1new]]"]
    (shared.vault / "Group" / "@g1new.md").rename(shared.vault / "Papers" / "The one of the group.md")
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == ["[[The one of the group]]"]
    shared.group.change(key, DOI="10.1000/other")
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == []
    assert shared.list("Papers/The one of the group.md", "also-in") == []


def test_a_link_goes_with_the_note_or_the_paper_it_leads_to(shared: Shared) -> None:
    shared.settle()
    [key] = [key for key, data in shared.group.items().items() if data["citationKey"] == "g1"]
    shared.group.trash(key)
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == []
    shared.group.trash(key, trashed=False)
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == ["[[@g1]]"]
    (shared.vault / "Group" / "@g1.md").unlink()
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == []


def test_what_zotero_knows_to_be_one_paper_is_one_without_a_doi(shared: Shared) -> None:
    [mine] = [key for key, data in shared.mine.items().items() if data["citationKey"] == "p2"]
    [theirs] = [key for key, data in shared.group.items().items() if data["citationKey"] == "g3"]
    shared.mine.change(mine, relations=sibling(shared.group, theirs), DOI="")
    shared.settle()
    assert shared.list("Papers/@p2.md", "also-in") == ["[[@g3]]"]
    assert shared.list("Group/@g3.md", "also-in") == ["[[@p2]]"]


def test_a_person_who_takes_a_link_out_has_it_back_and_their_own_words_for_it_stay(shared: Shared) -> None:
    shared.settle()
    note = shared.vault / "Papers" / "@p1.md"
    note.write_text(note.read_text().replace('"[[@g1]]"', '"[[Group/@g1|in the group]]"'))
    shared.settle()
    assert shared.list("Papers/@p1.md", "also-in") == ["[[Group/@g1|in the group]]"]


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_paper_that_moves_to_another_library_takes_its_note_along(shared: Shared, is_erased: bool) -> None:
    shared.settle()
    [old] = [key for key, data in shared.mine.items().items() if data["citationKey"] == "p2"]
    note = shared.vault / "Papers" / "@p2.md"
    note.write_text(note.read_text().replace("title: Paper number 2", "title: Mine") + "Words of mine.\n")
    [new] = shared.group.add(paper(2, relations=sibling(shared.mine, old)))
    shared.mine.trash(old)
    if is_erased:
        shared.mine.erase(old)
    shared.settle()
    text = note.read_text()
    assert f"zotero-library: groups/52\nzotero-key: {new}\n" in text
    assert text.endswith("Words of mine.\n")
    assert "zotero-status" not in text
    assert shared.group.item(new)["title"] == "Mine"
    assert shared.notes() == {"Papers/@p1.md", "Papers/@p2.md", "Group/@g1.md", "Group/@g3.md"}
    if not is_erased:  # and back: it is a paper of its own again, and gets a note
        shared.mine.trash(old, trashed=False)
        shared.settle()
        assert f"Papers/@p2 {old}.md" in shared.notes()


def test_a_note_that_goes_back_to_the_first_library_names_none(shared: Shared) -> None:
    shared.settle()
    [old] = [key for key, data in shared.group.items().items() if data["citationKey"] == "g3"]
    [new] = shared.mine.add(paper(3, citationKey="g3", relations=sibling(shared.group, old)))
    shared.group.trash(old)
    shared.settle()
    text = (shared.vault / "Group" / "@g3.md").read_text()
    assert "zotero-library" not in text
    assert f"zotero-key: {new}\n" in text


def test_a_paper_that_was_copied_first_and_deleted_later_has_two_notes(shared: Shared) -> None:
    shared.settle()
    [old] = [key for key, data in shared.mine.items().items() if data["citationKey"] == "p2"]
    shared.group.add(paper(2, citationKey="g2", relations=sibling(shared.mine, old)))
    shared.settle()
    assert shared.list("Papers/@p2.md", "also-in") == ["[[@g2]]"]
    shared.mine.erase(old)
    shared.settle()
    assert "zotero-status: deleted" in (shared.vault / "Papers" / "@p2.md").read_text()
    assert shared.list("Papers/@p2.md", "also-in") == ["[[@g2]]"]
    assert shared.list("Group/@g2.md", "also-in") == []


def test_r27_one_citation_key_for_two_papers_is_said_once(shared: Shared) -> None:
    shared.settle()
    [key] = [key for key, data in shared.group.items().items() if data["citationKey"] == "g3"]
    shared.group.change(key, citationKey="p2")
    said = shared.run("sync", "--once")
    assert said.code == 0
    assert "citation key p2" in said.out
    assert {"Papers/@p2.md"} < {path for path in shared.notes() if "@p2" in path}
    assert "citation key p2" not in shared.run("sync", "--once").out
    [listed] = run_json("-C", shared.vault, "status")[1]["ambiguous"]
    assert (listed["citekey"], len(listed["notes"])) == ("p2", 2)
    assert "p2" in shared.run("status").out
    assert any(check["name"] == "same citekey" for check in run_json("-C", shared.vault, "doctor")[1]["checks"])
    shared.group.change(key, citationKey="g3")
    shared.settle()
    assert run_json("-C", shared.vault, "status")[1]["ambiguous"] == []


def test_r23_edits_wait_in_the_library_that_is_read_only_and_in_no_other(server: SandboxServer, tmp_path: Path) -> None:
    shared = Shared(server, tmp_path / "vault", editing="admins")
    shared.mine.add(paper(1))
    [theirs] = shared.group.add(paper(1, citationKey="g1"))
    shared.connect()
    first = shared.run("sync", "--once")
    assert first.out.count("read-only") == 1
    for path in ("Papers/@p1.md", "Group/@g1.md"):
        note = shared.vault / path
        note.write_text(note.read_text().replace("title: Paper number 1", "title: Mine"))
    again = shared.run("sync", "--once")
    assert "read-only" not in again.out
    [mine] = shared.mine.items()
    assert (shared.mine.item(mine)["title"], shared.group.item(theirs)["title"]) == ("Mine", "Paper number 1")
    assert run_json("-C", shared.vault, "status")[1]["pending"] == 1
    assert shared.list("Group/@g1.md", "also-in") == ["[[@p1]]"]
    accounts.set_role(server.store, 52, 1, "admin")
    assert shared.sync()[0] == 0
    assert shared.group.item(theirs)["title"] == "Mine"


def test_bridge_restore_asks_which_library_is_meant(shared: Shared) -> None:
    [key] = [key for key, data in shared.group.items().items() if data["citationKey"] == "g1"]
    shared.group.change(key, citationKey="p1")
    assert shared.sync()[0] == 0
    [note] = [path for path in shared.notes() if path.startswith("Group/@p1")]
    (shared.vault / note).unlink()
    assert shared.sync()[0] == 0
    asked = shared.run("restore", "p1")
    assert asked.code == 1
    assert "in users/1" in asked.err
    assert "in groups/52" in asked.err
    assert shared.run("restore", "p1", "--library", "groups/52").code == 0
    assert note in shared.notes()
