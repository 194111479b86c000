"""Citation keys made for papers that have none: by the real command, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command import run
from desk import Desk, Library, paper

from bridge.sandbox.server import SandboxServer
from bridge.sync import keymaking


def configure(desk: Desk, **settings: str) -> None:
    """Write ``[citekeys]`` settings into the configuration."""
    path = desk.vault / ".bridge" / "config.toml"
    lines = path.read_text().splitlines()
    for name, value in settings.items():
        (at,) = [place for place, line in enumerate(lines) if line.startswith(f"{name} = ")]
        lines[at] = f'{name} = "{value}"'
    path.write_text("\n".join(lines) + "\n")


def keyless(n: int, **fields: Any) -> dict[str, Any]:
    """The ``n``-th paper of a desk as an importer leaves it."""
    return {**paper(n), "citationKey": "", **fields}


def keys(desk: Desk) -> dict[str, str]:
    """Every paper's citation key in Zotero, by its item key."""
    return {key: data["citationKey"] for key, data in desk.web.items().items()}


@pytest.fixture
def making(desk: Desk) -> Desk:
    """A desk in step, where keys are made from now on."""
    configure(desk, generate="both", formula="auth.lower + year")
    assert desk.sync()[0] == 0
    desk.settle()
    return desk


def test_r19_a_new_paper_gets_its_key_first_and_then_its_note(making: Desk) -> None:
    (key,) = making.web.add(keyless(0, title="New"))
    added = making.web.item(key)["dateModified"]
    code, report = making.sync()
    assert (code, report["zotero"], report["vault"]["created"]) == (0, {"created": 0, "updated": 1, "trashed": 0}, 1)
    assert report["vault"]["renamed"] == 0
    assert making.web.item(key)["citationKey"] == "author02023"
    assert making.web.item(key)["dateModified"] > added
    assert making.path("author02023").exists()
    assert making.value("author02023", "citekey") == "author02023"
    assert not making.path(key).exists()
    making.settle()
    log = making.json("log")[1]["cycles"][0]["changes"]
    assert [(row["side"], row["field"], row["after"], row["why"]) for row in log] == [
        ("zotero", "citekey", "author02023", "citekey"),
        ("vault", "", "", "new"),
    ]


def test_keys_are_told_apart_in_the_order_in_which_papers_came(making: Desk) -> None:
    first = making.web.add(keyless(1, dateAdded="2020-01-02T00:00:00Z"))
    making.web.add(keyless(50, citationKey="AUTHOR12023A"))
    second = making.web.add(keyless(1, dateAdded="2020-01-01T00:00:00Z"))
    lines = ("Citation Key: author12023", "x\ncitationkey: Author12023B", "{:citation-key: author12023d}")
    pinned = making.web.add(*(keyless(1, extra=line) for line in lines))
    making.sync()
    found = keys(making)
    assert [found[key] for key in (*second, *first)] == ["author12023c", "author12023e"], "case makes no difference"
    assert [found[key] for key in pinned] == ["", "", ""], "a line in Extra is a key (R11)"
    making.settle()


def test_nothing_is_made_unless_asked(desk: Desk) -> None:
    (key,) = desk.web.add(keyless(0))
    assert desk.sync()[1]["zotero"]["updated"] == 0
    assert desk.web.item(key)["citationKey"] == ""
    note = desk.path(key).with_name(f"{key}.md")
    assert note.exists()
    configure(desk, generate="both", formula="auth.lower + year")
    code, report = desk.sync("--dry-run")
    assert [(row["side"], row["field"], row["after"]) for row in report["plan"]] == [
        ("zotero", "citekey", "author02023"),
        ("vault", "citekey", "author02023"),
    ]
    assert (report["zotero"]["updated"], report["vault"]["renamed"]) == (1, 1)
    assert desk.web.item(key)["citationKey"] == "", "law 12"
    code, done = desk.sync()
    assert (code, done["zotero"], done["vault"]) == (0, report["zotero"], report["vault"])
    assert desk.path("author02023").exists()
    assert not note.exists()
    desk.settle()


def test_law12_a_dry_run_names_new_notes_by_the_keys_they_would_get(making: Desk) -> None:
    (key,) = making.web.add(keyless(0))
    before = making.bytes()
    _, report = making.sync("--dry-run")
    assert [(row["side"], row["why"], row["after"]) for row in report["plan"]] == [
        ("zotero", "citekey", "author02023"),
        ("vault", "new", ""),
    ]
    assert (making.web.item(key)["citationKey"], making.bytes()) == ("", before)


def test_a_key_once_given_stays_whatever_changes(making: Desk) -> None:
    (key,) = making.web.add(keyless(0))
    making.sync()
    making.web.change(key, creators=[{"creatorType": "author", "lastName": "Other", "firstName": "A"}], date="1999")
    configure(making, formula="auth + 'x'")
    assert making.sync()[0] == 0
    making.settle()
    assert making.web.item(key)["citationKey"] == "author02023"


def test_a_key_that_was_taken_back_does_not_come_again(making: Desk) -> None:
    (key,) = making.web.add(keyless(0))
    making.sync()
    code, report = making.json("undo", "--yes")
    assert (code, report["undo"]["left"]) == (0, [])
    assert making.web.item(key)["citationKey"] == ""
    making.settle()
    assert making.web.item(key)["citationKey"] == ""


def test_the_key_a_person_wrote_into_the_note_wins(desk: Desk) -> None:
    (key,) = desk.web.add(keyless(0))
    desk.sync()
    note = desk.vault / "Papers" / f"{key}.md"
    note.write_text(note.read_text().replace("\nzotero-key:", "\ncitekey: mine2023\nzotero-key:"))
    configure(desk, generate="both")
    assert desk.sync()[0] == 0
    assert desk.web.item(key)["citationKey"] == "mine2023"
    desk.settle()


def test_a_former_key_of_another_paper_is_not_given_again(making: Desk) -> None:
    (key,) = making.web.add(keyless(0))
    making.sync()
    making.web.change(key, citationKey="renamed")
    making.sync()
    assert "author02023" in making.list("renamed", "aliases")
    (other,) = making.web.add(keyless(0))
    making.sync()
    assert making.web.item(other)["citationKey"] == "author02023a"


def test_r33_many_at_once_are_asked_about_once(desk: Desk) -> None:
    configure(desk, generate="both", formula="auth.lower + year")
    desk.sync()
    added = desk.web.add(*(keyless(n) for n in range(100, 130)))
    code, said = desk.sync()
    assert (code, said["error"]["guard"]) == (4, "many-citekeys")
    assert "30 of 74 papers" in said["error"]["message"]
    assert not any(desk.web.item(key)["citationKey"] for key in added[:3])
    assert not desk.path("author1002023").exists(), "law 10: before the first write"
    assert desk.sync("--yes")[1]["zotero"]["updated"] == 30
    desk.edit("p1", "^status: .*", "status: read")
    assert desk.sync()[0] == 0, "what was made here is none of the changes that people are asked about"
    desk.settle()


def test_law5_what_a_kill_leaves_over_is_made_next_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(desk, generate="both", formula="auth.lower + year")
    desk.sync()
    added = desk.web.add(*(keyless(n) for n in range(100, 130)))
    monkeypatch.setattr(keymaking, "BATCH", 10)
    confirm = keymaking.KeyMaker._confirm
    seen: list[object] = []

    def dying(self: keymaking.KeyMaker, *given: Any) -> bool:
        seen.append(given)
        if len(seen) > 15:
            raise KeyboardInterrupt
        return confirm(self, *given)

    monkeypatch.setattr(keymaking.KeyMaker, "_confirm", dying)
    desk.run("sync", "--once", "--yes")
    assert sum(bool(key) for item, key in keys(desk).items() if item in added) == 20
    assert not list((desk.vault / "Papers").glob("@author1*.md"))
    monkeypatch.setattr(keymaking.KeyMaker, "_confirm", confirm)
    assert desk.sync()[0] == 0, "a person has agreed already"
    assert sorted(key for item, key in keys(desk).items() if item in added) == sorted(
        f"author{n}2023" for n in range(100, 130)
    )
    desk.settle()


def test_law6_a_key_that_zotero_gives_meanwhile_wins(making: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (key,) = making.web.add(keyless(0))
    intend = keymaking.KeyMaker._intend

    def late(self: keymaking.KeyMaker, given: Any) -> None:
        intend(self, given)
        making.web.change(key, citationKey="theirs")

    monkeypatch.setattr(keymaking.KeyMaker, "_intend", late)
    code, report = making.sync()
    assert (code, report["vault"]["created"]) == (0, 0), "no note before its name is known"
    monkeypatch.setattr(keymaking.KeyMaker, "_intend", intend)
    making.settle()
    assert making.web.item(key)["citationKey"] == "theirs"
    assert making.path("theirs").exists()


def test_r23_a_library_that_may_only_be_read_is_left_as_it_is(making: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (key,) = making.web.add(keyless(0))
    monkeypatch.setenv("ZOTERO_API_KEY", making.web.server.add_key(write=False))
    assert "no citation keys are made" in making.run("sync", "--once").out
    assert (making.vault / "Papers" / f"{key}.md").exists()
    again = making.run("sync", "--once", "--full")
    assert "no citation keys" not in again.out


def test_r4_a_key_typed_after_a_kill_is_an_edit_and_no_conflict(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (key,) = desk.web.add(keyless(0))
    desk.sync()
    note = desk.vault / "Papers" / f"{key}.md"
    configure(desk, generate="both")

    def dying(*_: object) -> bool:
        raise KeyboardInterrupt

    confirm = keymaking.KeyMaker._confirm
    monkeypatch.setattr(keymaking.KeyMaker, "_confirm", dying)
    desk.run("sync", "--once")
    monkeypatch.setattr(keymaking.KeyMaker, "_confirm", confirm)
    assert desk.web.item(key)["citationKey"] == "author0Paper2023"
    note.write_text(note.read_text().replace("\nzotero-key:", "\ncitekey: mine2023\nzotero-key:"))
    assert desk.sync()[0] == 0
    assert desk.web.item(key)["citationKey"] == "mine2023"
    desk.settle()


def test_r26_a_note_that_is_there_for_the_paper_is_neither_doubled_nor_named_anew(making: Desk) -> None:
    (making.vault / "Mine.md").write_text("---\ndoi: 10.1000/p.77\ncitekey: theirs\n---\nMy words.\n")
    (key,) = making.web.add(keyless(77))
    code, report = making.sync()
    assert (code, report["held"], report["zotero"]["updated"]) == (3, 1, 0)
    assert making.web.item(key)["citationKey"] == ""
    assert making.json("adopt", "--yes")[0] == 0
    assert making.web.item(key)["citationKey"] == "", "R28: adoption sends nothing"


def test_r26_an_empty_note_that_a_clicked_link_made_is_filled(making: Desk) -> None:
    making.path("author02023").write_bytes(b"")
    making.web.add(keyless(0))
    assert making.sync()[0] == 0
    assert making.value("author02023", "citekey") == "author02023"


def test_r26_a_paper_that_is_linked_by_the_key_it_will_get_is_wanted(making: Desk) -> None:
    configure(making, create="wanted")
    making.sync()
    plain, named = making.web.add(keyless(77), keyless(78))
    making.web.change(plain, extra="")
    making.web.change(named, extra="")
    (making.vault / "Mine.md").write_text("To read: [[@author782023]]\n")
    assert making.sync()[0] == 0
    assert [making.web.item(key)["citationKey"] for key in (plain, named)] == ["author772023", "author782023"]
    assert making.path("author782023").exists()
    assert not making.path("author772023").exists()
    (making.vault / "Mine.md").write_text("To read: [[@author772023]]\n")
    assert making.sync()[0] == 0
    assert making.path("author772023").exists(), "its key is known since it was made"


def test_papers_out_of_scope_and_in_the_trash_are_left_as_they_are(making: Desk) -> None:
    config = making.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text() + '\n[scope]\nexclude = { tags = ["not-mine"] }\n')
    (out,) = making.web.add(keyless(77, tags=[{"tag": "not-mine"}]))
    (gone,) = making.web.add(keyless(78))
    making.web.trash(gone)
    assert making.sync()[0] == 0
    assert [making.web.item(key)["citationKey"] for key in (out, gone)] == ["", ""]
    making.web.change(out, tags=[])
    making.web.trash(gone, trashed=False)
    assert making.sync()[0] == 0
    assert [making.web.item(key)["citationKey"] for key in (out, gone)] == ["author772023", "author782023"]


def test_r18_nothing_else_of_the_item_is_written(making: Desk) -> None:
    (key,) = making.web.add(keyless(77))
    before = making.web.item(key)
    making.sync()
    after = making.web.item(key)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"citationKey", "dateModified", "version"}


def test_no_two_libraries_of_a_vault_get_the_same_key(server: SandboxServer, tmp_path: Path) -> None:
    group = Library(server, server.add_group(51, "Group", role="admin"))
    vault = tmp_path / "vault"
    assert run("init", vault, "--url", server.url, "--yes", "--no-template", "--citekeys", "both").code == 0
    config = vault / ".bridge" / "config.toml"
    config.write_text(
        config.read_text() + f'\n[[library]]\nid = "{group.name}"\nurl = "{server.url}"\nfolder = "Group"\n'
    )
    (mine,), (ours,) = Library(server).add(keyless(0)), group.add(keyless(0))
    assert run("-C", vault, "sync", "--once").code == 0
    assert Library(server).item(mine)["citationKey"] == "author0Paper2023"
    assert group.item(ours)["citationKey"] == "author0Paper2023a"
    assert (vault / "Group" / "@author0Paper2023a.md").exists()


def test_a_key_that_somebody_is_just_giving_is_taken(making: Desk) -> None:
    making.edit("p5", "^citekey: .*", "citekey: Author02023")
    (key,) = making.web.add(keyless(0))
    assert making.sync()[0] == 0
    assert making.web.item(key)["citationKey"] == "author02023a"
    assert making.web.item(making.keys["p5"])["citationKey"] == "Author02023"
    making.settle()
