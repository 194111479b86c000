"""``bridge init``: what it asks, what it refuses, and what it leaves alone."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from command import run, run_json
from desk import Library, paper

from bridge.app import App
from bridge.cli.talk import Settings
from bridge.config import read
from bridge.sandbox.server import SandboxServer
from bridge.sync.guarding import APPROVED_NEW
from bridge.vault.write import Writer


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A vault that has a note."""
    folder = tmp_path / "vault"
    folder.mkdir()
    (folder / "day.md").write_text("Monday.\n")
    return folder


@pytest.fixture
def key(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The library's key, given in the environment."""
    monkeypatch.setenv("ZOTERO_API_KEY", server.key)
    return server.key


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody at a terminal, who gives these answers in turn; hidden ones begin with ``*``."""
    answers: list[str] = []

    def visible(*_: object) -> str:
        return answers.pop(0)

    def hidden(*_: object) -> str:
        assert answers[0].startswith("*")
        return answers.pop(0)[1:]

    monkeypatch.setattr(Settings, "may_ask", property(lambda self: not self.json))
    monkeypatch.setattr("click.termui.visible_prompt_func", visible)
    monkeypatch.setattr("click.termui.hidden_prompt_func", hidden)
    return answers


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("key")
def test_r26_in_a_vault_with_notes_wanted_is_proposed_and_no_note_made(vault: Path, server: SandboxServer) -> None:
    code, said = run_json("init", vault, "--url", server.url, "--yes")
    assert (code, said["made"], said["create"], said["library"]) == (0, True, "wanted", "users/1")
    assert (said["notes"], said["template"]) == (1, [])
    assert [path.name for path in vault.glob("*.md")] == ["day.md"]
    assert read(vault).notes.create == "wanted"


@pytest.mark.usefixtures("key")
def test_a_new_folder_is_offered_all(tmp_path: Path, server: SandboxServer) -> None:
    assert run_json("init", tmp_path / "new", "--url", server.url, "--yes")[1]["create"] == "all"


@pytest.mark.usefixtures("key")
def test_without_a_terminal_a_missing_answer_is_2_and_names_its_flag(vault: Path, server: SandboxServer) -> None:
    before = everything(vault)
    code, _, err = run("init", vault, "--url", server.url)
    assert code == 2
    assert "--create" in err
    assert everything(vault) == before
    assert run("init", vault, "--url", server.url, "--create", "all").code == 0
    assert read(vault).notes.create == "all"


def test_without_a_key_it_says_where_one_goes(vault: Path, server: SandboxServer) -> None:
    code, _, err = run("init", vault, "--url", server.url, "--yes")
    assert code == 2
    assert "ZOTERO_API_KEY" in err
    assert not (vault / ".bridge").exists()


@pytest.mark.parametrize(("flag", "value"), [("--library", "users"), ("--library", "u/1"), ("--url", "nonsense")])
def test_what_cannot_be_a_library_is_usage(vault: Path, flag: str, value: str) -> None:
    code, _, err = run("init", vault, flag, value, "--yes")
    assert code == 2
    assert flag in err


def test_law_14_a_wrong_key_is_refused_and_not_repeated(
    vault: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", "wrongwrongwrongwrongwron")
    code, out, err = run("init", vault, "--url", server.url, "--yes")
    assert code == 1
    assert "wrongwrong" not in out + err
    assert not (vault / ".bridge").exists()


@pytest.mark.usefixtures("key")
def test_a_library_the_key_does_not_open_is_refused(vault: Path, server: SandboxServer) -> None:
    code, said = run_json("init", vault, "--url", server.url, "--library", "users/2", "--yes")
    assert (code, said["error"]["code"]) == (1, "ForbiddenError")
    assert not (vault / ".bridge").exists()


def test_r23_a_key_that_may_only_read_is_said(
    vault: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", server.add_key(write=False))
    code, out, _ = run("init", vault, "--url", server.url, "--yes")
    assert code == 0
    assert "read only" in out


@pytest.mark.usefixtures("key")
def test_a_second_init_changes_nothing(vault: Path, server: SandboxServer, machine: Path) -> None:
    run("init", vault, "--url", server.url, "--yes")
    before = everything(vault) | everything(machine)
    code, out, _ = run("init", vault, "--yes")
    assert code == 0
    assert "already connected" in out
    assert everything(vault) | everything(machine) == before
    assert run("init", vault, "--library", "groups/9", "--yes").code == 2
    assert run("init", vault, "--url", "https://other.example", "--yes").code == 2
    assert everything(vault) | everything(machine) == before


@pytest.mark.usefixtures("key")
def test_r24_on_a_new_machine_the_server_must_be_named(
    vault: Path, server: SandboxServer, machine: Path, person: list[str]
) -> None:
    run("init", vault, "--url", server.url, "--yes")
    for name in ("origins.json", "keys.json"):
        (machine / name).unlink()
    server.requests.reset()
    person[:] = ["n"]
    assert run("init", vault, "--yes").code == 130
    assert server.requests.count() == 0
    assert run("init", vault, "--url", server.url, "--yes").code == 0
    assert App.open(vault).keys.approved(App.open(vault).marker.id) == {server.url}


@pytest.mark.usefixtures("key")
def test_r24_without_a_terminal_the_flag_is_named(vault: Path, server: SandboxServer, machine: Path) -> None:
    run("init", vault, "--url", server.url, "--yes")
    (machine / "origins.json").unlink()
    code, _, err = run("init", vault, "--yes")
    assert code == 2
    assert f"--url {server.url}" in err


def test_a_revoked_key_is_asked_for_again(
    vault: Path, server: SandboxServer, machine: Path, person: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = server.add_key(), server.add_key()
    monkeypatch.setenv("ZOTERO_API_KEY", old)
    run("init", vault, "--url", server.url, "--yes")
    monkeypatch.delenv("ZOTERO_API_KEY")
    server.revoke(old)
    person[:] = [f"*{new}"]
    assert run("init", vault).code == 0
    assert new in (machine / "keys.json").read_text()
    assert run("-C", vault, "sync", "--once").code == 0


def test_a_person_is_asked_for_what_is_missing(vault: Path, server: SandboxServer, person: list[str]) -> None:
    person[:] = [f"*{server.key}", "users/1", "all", "y"]
    code, out, err = run("init", vault, "--url", server.url)
    assert (code, person) == (0, [])
    assert server.key not in out + err
    assert "https://www.zotero.org/settings/keys/new" in err
    assert read(vault).notes.create == "all"


def test_a_person_may_say_no(vault: Path, server: SandboxServer, person: list[str]) -> None:
    before = everything(vault)
    person[:] = [f"*{server.key}", "users/1", "wanted", "n"]
    assert run("init", vault, "--url", server.url).code == 130
    assert everything(vault) == before


@pytest.mark.usefixtures("key")
def test_r26_the_notes_agreed_to_at_init_are_no_surprise_later(tmp_path: Path, server: SandboxServer) -> None:
    papers = [{"itemType": "book", "title": f"Book {number}"} for number in range(8)]
    headers = {"Zotero-API-Key": server.key}
    assert httpx2.post(f"{server.url}/users/1/items", headers=headers, json=papers).status_code == 200
    for name, agreed in (("a", True), ("b", False)):
        vault = tmp_path / name
        run("init", vault, "--url", server.url, "--yes")
        config = vault / ".bridge" / "config.toml"
        config.write_text(config.read_text().replace("max_new = 1000", "max_new = 5"))
        if not agreed:
            App.open(vault).agree(0)
        code, out, err = run("-C", vault, "sync", "--once")
        assert code == (0 if agreed else 4), out + err


@pytest.mark.usefixtures("key")
def test_r26_the_notes_agreed_to_are_agreed_to_once_however_often_the_first_sync_is_cut_off(
    tmp_path: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = tmp_path / "new"
    headers, url = {"Zotero-API-Key": server.key}, f"{server.url}/users/1/items"

    def add(count: int) -> None:
        papers = [{"itemType": "book", "title": f"Book {number}"} for number in range(count)]
        assert httpx2.post(url, headers=headers, json=papers).status_code == 200

    def agreed() -> int:
        with App.open(vault).memory() as state:
            return int(state.get_meta(APPROVED_NEW) or 0)

    add(30)
    run("init", vault, "--url", server.url, "--yes")
    config = vault / ".bridge" / "config.toml"
    config.write_text(config.read_text().replace("max_new = 1000", "max_new = 5"))
    assert agreed() == 30
    monkeypatch.setattr("bridge.vault.side.CHUNK", 10)
    real, chunks = Writer.run, iter(range(100))

    def cut_off(self: Writer, edits: Any) -> Any:
        if next(chunks) == 1:
            raise KeyboardInterrupt
        return real(self, edits)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "run", cut_off)
        assert run("-C", vault, "sync", "--once").code == 130
    assert 0 < len(list(vault.glob("Papers/*.md"))) < 30
    assert run("-C", vault, "sync", "--once").code == 0
    assert (len(list(vault.glob("Papers/*.md"))), agreed()) == (30, 0)
    add(6)
    assert run("-C", vault, "sync", "--once").code == 4


@pytest.mark.usefixtures("key")
def test_the_vault_is_named_once(vault: Path, tmp_path: Path) -> None:
    assert run("init", "--yes").code == 2
    assert run("-C", tmp_path, "init", vault, "--yes").code == 2


def test_a_json_answer_is_one_object_even_at_a_terminal(
    vault: Path, server: SandboxServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    code, out, _ = run("init", vault, "--url", server.url, "--json")
    assert code == 2
    assert "error" in json.loads(out)
    assert key not in out


@pytest.mark.parametrize(("answer", "host"), [("y", "Weekly/{week}.md"), ("n", "")])
def test_weekly_notes_that_are_there_are_proposed_as_hosts(
    vault: Path, server: SandboxServer, person: list[str], answer: str, host: str
) -> None:
    (vault / "Weekly").mkdir()
    for week in ("2025-W38", "2025-W39"):
        (vault / f"Weekly/{week}.md").write_text("Mine.\n")
    person[:] = [f"*{server.key}", "users/1", "all", answer, "y"]
    assert run("init", vault, "--url", server.url).code == 0
    assert (read(vault).index.weeks.host, person) == (host, [])


@pytest.mark.usefixtures("key")
def test_weekly_notes_are_left_alone_where_nobody_was_asked(vault: Path, server: SandboxServer) -> None:
    for week in ("2025-W38", "2025-W39"):
        (vault / f"{week}.md").write_text("Mine.\n")
    code, said = run_json("init", vault, "--url", server.url, "--create", "all", "--library", "users/1")
    assert (code, said["weekly"], read(vault).index.weeks.host) == (0, "", "")


def test_r19_where_few_papers_have_a_citation_key_it_asks_whether_to_make_them(
    tmp_path: Path, server: SandboxServer, person: list[str], key: str
) -> None:
    Library(server).add(paper(0), *(paper(n, citationKey="") for n in range(1, 30)))
    person += ["users/1", "all", "y", "y"]
    out = run("init", tmp_path / "vault", "--url", server.url)
    assert (out.code, person) == (0, [])
    assert read(tmp_path / "vault").citekeys.generate == "both"
    code, report = run_json("-C", tmp_path / "vault", "sync", "--once")
    assert (code, report["zotero"]["updated"]) == (0, 29), "they are agreed to"


@pytest.mark.usefixtures("key")
def test_r19_yes_makes_no_citation_keys_and_a_flag_does(tmp_path: Path, server: SandboxServer) -> None:
    Library(server).add(*(paper(n, citationKey="") for n in range(30)))
    assert run_json("init", tmp_path / "a", "--url", server.url, "--yes")[1]["citekeys"] == "off"
    assert run_json("init", tmp_path / "b", "--url", server.url, "--yes", "--citekeys", "both")[1]["citekeys"] == "both"
    assert run_json("-C", tmp_path / "a", "sync", "--once")[1]["zotero"]["updated"] == 0
    assert "30 papers without a citation key" in run("-C", tmp_path / "a", "status").out
    assert run_json("-C", tmp_path / "b", "sync", "--once")[1]["zotero"]["updated"] == 30
    assert "without a citation key" not in run("-C", tmp_path / "b", "status").out
