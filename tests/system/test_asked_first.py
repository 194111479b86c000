"""What is asked before it is done: conflicts, guards, dry runs; and what each command says to machines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk, digests, quiet

from bridge.sandbox.faults import Fault
from bridge.sandbox.server import SandboxServer
from bridge.vault.marker import create_marker

# --- conflicts ---


@pytest.mark.parametrize("keep", ["zotero", "vault"])
@pytest.mark.parametrize(
    ("key", "zotero", "theirs", "mine"),
    [
        ("doi", "DOI", "10.1/theirs", "10.1/mine"),
        ("url", "url", "https://theirs.example", "https://mine.example"),
        ("citekey", "citationKey", "theirs2024", "mine2024"),
        ("status", "extra", "skipped", "read"),
    ],
)
def test_r6_each_scalar_in_conflict_is_settled_either_way(
    desk: Desk, key: str, zotero: str, theirs: str, mine: str, keep: str
) -> None:
    paper = desk.keys["p1"]
    stored = "Read_Status: Not Reading\nRead_Status_Date: 2024-06-01" if key == "status" else theirs
    desk.web.change(paper, **{zotero: stored})
    desk.edit("p1", f"^{key}: .*$", f"{key}: {mine}")
    code, report = desk.sync()
    assert (code, report["conflicts"]) == (3, 1)
    assert (desk.value("p1", key), desk.web.item(paper)[zotero]) == (mine, stored)
    [conflict] = desk.json("conflicts")[1]["conflicts"]
    assert (conflict["field"], conflict["zotero"], conflict["vault"]) == (key, theirs, mine)
    assert desk.json("status")[1]["conflicts"] == [conflict]
    # It stays open, and everything else about the paper goes on.
    desk.edit("p1", "^  - own-1$", "  - meanwhile")
    assert desk.sync()[0] == 3
    assert desk.web.tags(paper) == ["Shared Tag", "meanwhile"]
    assert desk.run("resolve", conflict["id"], "--keep", keep).code == 0
    name = desk_name = "p1"
    if key == "citekey":
        desk_name = theirs if keep == "zotero" else mine
    wanted = theirs if keep == "zotero" else mine
    assert desk.value(desk_name, key) == wanted
    if key == "status":
        assert f"Read_Status: {'Not Reading' if keep == 'zotero' else 'Read'}" in desk.web.item(paper)["extra"]
    else:
        assert desk.web.item(paper)[zotero] == wanted
    desk.settle()
    assert desk.path(name).exists() == (key != "citekey")


def test_r6_a_later_edit_or_equal_values_end_a_conflict(desk: Desk) -> None:
    for name in ("p1", "p2", "p3"):
        desk.web.change(desk.keys[name], title="Theirs")
        desk.edit(name, "^title: .*$", "title: Mine")
    assert desk.sync()[1]["conflicts"] == 3
    desk.web.change(desk.keys["p1"], title="Later in Zotero")
    desk.edit("p2", "^title: .*$", "title: Later in the note")
    desk.edit("p3", "^title: .*$", "title: Theirs")
    desk.settle()
    assert desk.value("p1", "title") == "Later in Zotero"
    assert desk.web.item(desk.keys["p2"])["title"] == "Later in the note"


def test_a_conflict_is_said_on_screen_with_both_values_and_both_commands(desk: Desk) -> None:
    desk.web.change(desk.keys["p1"], title="Theirs")
    desk.edit("p1", "^title: .*$", "title: Mine")
    out = desk.run("sync", "--once").out
    assert "conflict" in out
    out = desk.run("conflicts").out
    assert all(part in out for part in ("Theirs", "Mine", "--keep zotero", "--keep vault", "@p1.md"))


# --- guards ---


def empty_the_vault(desk: Desk) -> None:
    shutil.rmtree(desk.vault / "Papers")


def lose_half_the_notes(desk: Desk) -> None:
    for n in range(21):
        desk.path(f"p{n}").unlink()


def empty_the_library(desk: Desk) -> None:
    desk.web.erase(*desk.keys.values())


def trash_half_the_library(desk: Desk) -> None:
    for n in range(21):
        desk.web.trash(desk.keys[f"p{n}"])


def take_a_tag_out_of_all_notes(desk: Desk) -> None:
    for name in desk.keys:
        desk.edit(name, "^  - Shared-Tag\n", "")


def clear_a_field_in_half_of_the_notes(desk: Desk) -> None:
    for n in range(21):
        desk.edit(f"p{n}", "^url: .*$", "url:")


def rewrite_half_of_the_titles(desk: Desk) -> None:
    for n in range(21):
        desk.edit(f"p{n}", "^title: .*$", f"title: Rewritten {n}")


def rewrite_half_of_the_library(desk: Desk) -> None:
    for n in range(21):
        desk.web.change(desk.keys[f"p{n}"], title=f"Rewritten {n}")


@pytest.mark.parametrize(
    ("harm", "guard"),
    [
        (empty_the_vault, "vault-emptied"),
        (lose_half_the_notes, "notes-vanished"),
        (empty_the_library, "library-emptied"),
        (trash_half_the_library, "items-vanished"),
        (take_a_tag_out_of_all_notes, "mass-zotero"),
        (clear_a_field_in_half_of_the_notes, "mass-zotero"),
        (rewrite_half_of_the_titles, "mass-zotero"),
        (rewrite_half_of_the_library, "mass-vault"),
    ],
)
def test_law_10_nothing_is_written_before_a_person_says_yes(
    desk: Desk, harm: Callable[[Desk], None], guard: str
) -> None:
    harm(desk)
    desk.edit("p22", "^title: .*$", "title: An edit besides") if desk.path("p22").exists() else None
    notes, version = desk.bytes(), desk.web.version
    for _ in range(2):  # it asks again until it is answered
        code, said = desk.sync()
        assert (code, said["error"]["code"], said["error"]["guard"]) == (4, "GuardStop", guard)
    assert "--yes" in desk.run("sync", "--once").err
    assert (desk.bytes(), desk.web.version) == (notes, version)
    assert desk.sync("--yes")[0] == 0
    desk.settle()


def test_r33_what_was_agreed_to_counts_no_more_that_day(desk: Desk) -> None:
    rewrite_half_of_the_titles(desk)
    assert desk.sync("--yes")[0] == 0
    desk.edit("p22", "^title: .*$", "title: One more")
    desk.settle()
    # What nobody was asked about does count: a few and a few make many.
    for n in range(14):
        desk.edit(f"p{n}", "^title: .*$", f"title: By and by {n}")
    desk.settle()
    for n in range(14, 22):
        desk.edit(f"p{n}", "^title: .*$", f"title: By and by {n}")
    code, said = desk.sync()
    assert (code, said["error"]["guard"]) == (4, "mass-zotero")


def test_law_9_a_vault_that_is_not_there_deletes_nothing(desk: Desk) -> None:
    """Unmounted: the folder is empty, its marker gone."""
    shutil.rmtree(desk.vault)
    desk.vault.mkdir()
    assert desk.sync()[0] == 2
    (desk.vault / ".bridge").mkdir()
    assert desk.sync()[0] == 1
    assert len(desk.web.items()) == len(desk.keys)
    assert not any(item.get("deleted") for item in desk.web.items().values())


def test_law_9_another_vaults_marker_is_no_empty_vault(desk: Desk) -> None:
    shutil.rmtree(desk.vault / "Papers")
    (desk.vault / ".bridge" / "vault.json").unlink()
    create_marker(desk.vault)
    # A vault nobody knows: this machine was never told that its key may be used for it (R24).
    code, said = desk.sync()
    assert (code, said["error"]["code"]) == (1, "UnapprovedServerError")
    assert len(desk.web.items()) == len(desk.keys)


def test_r17_a_library_swapped_for_another_stops(desk: Desk, library: tuple[SandboxServer, str]) -> None:
    assert desk.web.server.rollback(library[1])
    desk.web.add({"itemType": "book", "title": "Of somebody else"})
    notes = desk.bytes()
    code, said = desk.sync()
    assert (code, said["error"]["guard"]) == (4, "library-swapped")
    assert desk.bytes() == notes
    assert desk.sync("--yes")[0] == 0
    assert all((desk.vault / "Papers" / f"@{name}.md").exists() for name in desk.keys)


def test_r33_one_tag_renamed_everywhere_is_one_decision(desk: Desk) -> None:
    for name in desk.keys:
        desk.edit(name, "^  - Shared-Tag$", "  - renamed")
    assert desk.sync()[0] == 0
    assert all("renamed" in desk.web.tags(key) for key in [*desk.keys.values()][:3])
    desk.settle()


# --- law 12 ---


def test_law_12_a_dry_run_writes_nothing_and_foretells_the_real_one(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.web.change(desk.keys["p2"], title="Theirs")
    desk.edit("p3", "^url: .*$", "url: https://mine.example")
    desk.web.change(desk.keys["p3"], url="https://theirs.example")
    desk.web.trash(desk.keys["p4"])
    desk.edit("p5", "^title: .*$", "title: [broken")
    desk.path("p6").unlink()
    (new,) = desk.web.add({"itemType": "book", "title": "A New One", "citationKey": "new1"})
    before = digests(desk.vault), digests(desk.state), desk.stats(), desk.web.version
    code, foretold = desk.sync("--dry-run")
    assert (digests(desk.vault), digests(desk.state), desk.stats(), desk.web.version) == before
    real_code, real = desk.sync()
    assert code == real_code == 3
    for part in ("zotero", "vault", "conflicts", "held"):
        assert foretold[part] == real[part], part
    plan = foretold.pop("plan")
    assert {(row["side"], row["key"], row["field"]) for row in plan} >= {
        ("zotero", desk.keys["p1"], "title"),
        ("vault", desk.keys["p2"], "title"),
        ("vault", desk.keys["p4"], "zotero-status"),
        ("vault", new, ""),
    }
    assert foretold.keys() == real.keys()
    done = [row for cycle in desk.json("log", "-n", "1")[1]["cycles"] for row in cycle["changes"]]
    told = {(row["side"], row["key"], row["field"], row["after"]) for row in plan}
    assert {(row["side"], row["key"], row["field"], row["after"]) for row in done} == told


def test_a_dry_run_in_words_says_every_change(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.web.change(desk.keys["p2"], title="Theirs")
    out = desk.run("sync", "--once", "--dry-run").out
    assert "Mine" in out
    assert "Theirs" in out


# --- codes and machines ---


def test_exit_codes_and_which_wins(desk: Desk) -> None:
    """R37: 2, 1, 4, 5, 3, 0."""
    assert desk.sync()[0] == 0
    desk.edit("p1", "^title: .*$", "title: [broken")
    assert desk.sync()[0] == 3
    desk.edit("p2", "^title: .*$", "title: Sent and lost")
    desk.web.server.faults.add(Fault("status", status=404, method="POST"))
    assert desk.sync()[0] in (1, 5)  # an error on the way out outranks what is held
    take_a_tag_out_of_all_notes(desk)
    assert desk.sync()[0] == 4
    assert desk.sync("--nonsense")[0] == 2
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text().replace("create =", "creat ="))
    code, said = desk.sync()
    assert (code, said["error"]["code"]) == (1, "ConfigError")
    assert "create" in desk.run("sync", "--once").err


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("status",), {"conflicts", "held", "pending", "items", "notes", "owner"}),
        (("conflicts",), {"conflicts"}),
        (("log",), {"cycles"}),
        (("doctor",), {"checks"}),
        (
            ("sync", "--once"),
            {"zotero", "vault", "indexes", "conflicts", "held", "requests", "seconds", "cursor"},
        ),
        (
            ("sync", "--once", "--dry-run"),
            {"zotero", "vault", "indexes", "conflicts", "held", "requests", "seconds", "cursor", "plan"},
        ),
    ],
)
def test_every_command_speaks_to_machines(desk: Desk, arguments: tuple[str, ...], keys: set[str]) -> None:
    code, said = desk.json(*arguments)
    assert code == 0
    assert said.keys() >= keys
    assert "error" not in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sync", "--once", "--nonsense"), 2),
        (("resolve", "1"), 2),
        (("resolve", "7", "--keep", "zotero"), 2),
        (("resolve", "x", "--keep", "zotero"), 2),
        (("nonsense",), 2),
        (("log", "-n", "x"), 2),
    ],
)
def test_an_error_is_one_json_object(desk: Desk, arguments: tuple[str, ...], code: int) -> None:
    got, said = desk.json(*arguments)
    assert got == code
    assert {"code", "message"} <= said["error"].keys()


# --- R24, law 14 ---


def test_r24_a_configuration_naming_another_server_gets_no_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    other = "http://localhost:" + desk.web.server.url.rpartition(":")[2]  # the same server under another name
    config.write_text(config.read_text().replace(desk.web.server.url, other))
    desk.web.server.requests.reset()
    for key in (None, desk.web.server.key):
        if key:
            monkeypatch.setenv("ZOTERO_API_KEY", key)
        result = desk.run("sync", "--once")
        assert result.code == 1
        assert "localhost" in result.err
    assert desk.web.server.requests.count() == 0


def test_law_14_the_key_is_nowhere_but_in_its_file(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    key = desk.web.server.key
    caplog.set_level("DEBUG")
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.edit("p2", "^title: .*$", "title: [broken")
    said: list[Any] = [desk.run("sync", "--once"), desk.run("doctor"), desk.run("status"), desk.json("log")]
    desk.web.server.faults.add(Fault("status", status=403))
    said.append(desk.run("sync", "--once"))
    desk.web.server.faults.clear()
    assert key not in json.dumps(said)
    assert key not in caplog.text
    for folder in (desk.vault, desk.state):
        bearing = [p.name for p in folder.rglob("*") if p.is_file() and key.encode() in p.read_bytes()]
        assert bearing == ([] if folder == desk.vault else ["keys.json"])
    assert (desk.state / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_403_in_the_middle_is_an_error_that_keeps_what_waits(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: Mine")
    desk.web.server.faults.add(Fault("status", status=403, method="POST", times=2))
    assert desk.sync()[0] == 1
    assert desk.web.item(desk.keys["p1"])["title"] == "Paper number 1"
    desk.settle()
    assert desk.web.item(desk.keys["p1"])["title"] == "Mine"


def test_nothing_is_told_twice_to_a_quiet_vault(desk: Desk) -> None:
    desk.settle()
    assert quiet(desk.sync()[1])
    assert desk.run("sync", "--once").out == "In step.\n"
