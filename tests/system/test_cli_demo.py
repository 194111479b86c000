"""From nothing to a vault in step, by the real commands: demo, edits on both sides, conflicts, log, doctor."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from command import bare_machine, run, run_json

from bridge.sandbox.server import SandboxServer

ROOT = Path(__file__).parents[2]
NOTE = "Papers/@vaswani2017attention.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo, made once."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch, bare_machine(folder, patch):
        code, out, err = run("demo")
        assert (code, err) == (0, "")
    return folder, out


@pytest.fixture
def demo(made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The demo vault on a machine of its own: vault and state as they were made, moved together."""
    # Cut off from where it was made, it is a vault whose state this machine has under another path (R31).
    for each in ("bridge-demo", "state"):
        shutil.copytree(made[0] / each, tmp_path / each)
    for record in (tmp_path / "state").rglob("home.json"):
        record.write_text(json.dumps({"path": "/nowhere/bridge-demo"}))
    with bare_machine(tmp_path, monkeypatch):
        yield tmp_path / "bridge-demo"


def edit(demo: Path, pattern: str, replacement: str) -> None:
    """Edit the note as an editor would."""
    path = demo / NOTE
    text, count = re.subn(pattern, replacement, path.read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(text, "utf-8")


class Web:
    """The demo's library as its web page would show it."""

    def __init__(self, server: SandboxServer, key: str) -> None:
        self._address = f"{server.url}/{server.library}/items/{key}"
        self._headers = {"Zotero-API-Key": server.key}

    def item(self) -> dict[str, Any]:
        """The paper's data."""
        data: dict[str, Any] = httpx2.get(self._address, headers=self._headers).json()["data"]
        return data

    def change(self, **fields: Any) -> None:
        """Edit the paper."""
        body = {"version": self.item()["version"], **fields}
        assert httpx2.patch(self._address, headers=self._headers, json=body).status_code == 204


@pytest.fixture
def web(demo: Path) -> Iterator[Web]:
    """The library, served beside whatever the commands serve themselves."""
    key = re.search("zotero-key: (.{8})", (demo / NOTE).read_text("utf-8"))
    assert key is not None
    with SandboxServer(demo / ".bridge" / "sandbox") as server:
        yield Web(server, key[1])


def stats(demo: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino) for path in demo.rglob("*.md")}


def test_the_demo_is_ready_and_says_what_to_try(made: tuple[Path, str]) -> None:
    folder, out = made
    notes = list((folder / "bridge-demo" / "Papers").glob("*.md"))
    assert len(notes) >= 100
    assert all(text in out for text in ("sync --once", "sandbox", "conflicts", "bridge init", f"{len(notes)} notes"))
    named = re.search(r"In (Papers/\S+\.md)", out)
    assert named is not None
    assert (folder / "bridge-demo" / named[1]).exists()


def test_law_2_a_second_sync_does_nothing_in_one_request(demo: Path) -> None:
    before = stats(demo)
    run("-C", demo, "sync", "--once")
    code, report = run_json("-C", demo, "sync", "--once")
    assert code == 0
    assert stats(demo) == before
    assert report.pop("seconds") >= 0
    assert report.pop("cursor") > 0
    assert report == {
        "zotero": {"created": 0, "updated": 0, "trashed": 0},
        "vault": {"created": 0, "updated": 0, "renamed": 0, "marked": 0},
        "indexes": {"written": 0},
        "conflicts": 0,
        "held": 0,
        "requests": 1,
    }


def test_an_edit_in_a_note_reaches_the_library(demo: Path, web: Web) -> None:
    edit(demo, "^status: .*$", "status: reading")
    edit(demo, "^tags:$", "tags:\n  - my-own-tag")
    code, plan = run_json("-C", demo, "sync", "--once", "--dry-run")
    assert (code, plan["zotero"]["updated"]) == (0, 1)
    assert {row["field"] for row in plan["plan"] if row["side"] == "zotero"} >= {"status", "tags"}
    code, out, _ = run("-C", demo, "sync", "--once")
    assert code == 0
    assert out.startswith("Zotero: 1 item updated.")
    data = web.item()
    assert "Read_Status: In Progress" in data["extra"]
    assert {"tag": "my-own-tag"} in data["tags"]


def test_an_edit_in_the_library_reaches_the_note(demo: Path, web: Web) -> None:
    web.change(title="Attention, Again")
    assert run_json("-C", demo, "sync", "--once")[1]["vault"]["updated"] == 1
    text = (demo / NOTE).read_text("utf-8")
    assert "title: Attention, Again" in text
    assert "# Attention, Again" in text


@pytest.mark.parametrize(("keep", "title"), [("zotero", "Theirs"), ("vault", "Mine")])
def test_r6_a_conflict_is_shown_settled_and_over(demo: Path, web: Web, keep: str, title: str) -> None:
    web.change(title="Theirs")
    edit(demo, "^title: .*$", "title: Mine")
    assert run_json("-C", demo, "sync", "--once")[0] == 3
    assert "title: Mine" in (demo / NOTE).read_text("utf-8")
    assert web.item()["title"] == "Theirs"
    code, found = run_json("-C", demo, "conflicts")
    [conflict] = found["conflicts"]
    assert (code, conflict["field"], conflict["zotero"], conflict["vault"]) == (0, "title", "Theirs", "Mine")
    shown = run("-C", demo, "conflicts").out
    assert f"bridge resolve {conflict['id']} --keep zotero" in shown
    assert run("-C", demo, "resolve", conflict["id"], "--keep", keep).code == 0
    assert f"title: {title}" in (demo / NOTE).read_text("utf-8")
    assert web.item()["title"] == title
    assert run_json("-C", demo, "conflicts") == (0, {"conflicts": []})
    code, refused = run_json("-C", demo, "resolve", conflict["id"], "--keep", keep)
    assert (code, refused["error"]["code"]) == (1, "OutdatedAnswerError")
    assert run("-C", demo, "resolve", 99, "--keep", keep).code == 2


def test_r6_an_answer_to_a_conflict_that_was_edited_since_is_refused(demo: Path, web: Web) -> None:
    web.change(title="Theirs")
    edit(demo, "^title: .*$", "title: Mine")
    assert run("-C", demo, "sync", "--once").code == 3
    edit(demo, "^title: .*$", "title: Better")
    code, refused = run_json("-C", demo, "resolve", 1, "--keep", "zotero")
    assert (code, refused["error"]["code"]) == (1, "OutdatedAnswerError")
    assert "title: Better" in (demo / NOTE).read_text("utf-8")
    assert web.item()["title"] == "Better"


def test_what_was_done_is_in_the_log_and_the_status(demo: Path) -> None:
    edit(demo, "^status: .*$", "status: skipped")
    run("-C", demo, "sync", "--once")
    code, log = run_json("-C", demo, "log", "-n", "1")
    assert code == 0
    [cycle] = log["cycles"]
    assert any(row["field"] == "status" and row["after"] == "skipped" for row in cycle["changes"])
    assert "“skipped”" in run("-C", demo, "log", "-n", "1").out
    code, status = run_json("-C", demo, "status")
    assert (code, status["conflicts"], status["held"], status["pending"]) == (0, [], [], 0)
    assert status["items"] == status["notes"] >= 100
    assert status["owner"]["here"] is True


def test_a_held_note_is_named_with_what_mends_it(demo: Path) -> None:
    edit(demo, "^title: .*$", "title: [broken")
    assert run_json("-C", demo, "sync", "--once")[0] == 3
    [held] = run_json("-C", demo, "status")[1]["held"]
    assert (held["path"], bool(held["advice"])) == (NOTE, True)
    assert NOTE in run("-C", demo, "status").out
    assert run_json("-C", demo, "doctor")[0] == 0


def test_law_10_an_emptied_vault_stops_and_yes_goes_on(demo: Path) -> None:
    shutil.rmtree(demo / "Papers")
    code, out, err = run("-C", demo, "sync", "--once")
    assert (code, out) == (4, "")
    assert "--yes" in err
    code, said = run_json("-C", demo, "sync", "--once")
    assert (code, said["error"]["code"]) == (4, "GuardStop")
    assert run("-C", demo, "sync", "--once", "--yes").code in (0, 3)
    assert not (demo / "Papers").exists()


def test_the_demo_run_again_harms_nothing(demo: Path) -> None:
    edit(demo, "^## Notes$", "## Notes\n\nMy own words.")
    before = (demo / NOTE).read_text("utf-8")
    code, said = run_json("demo", demo)
    assert (code, said["made"]) == (0, False)
    assert (demo / NOTE).read_text("utf-8") == before


def test_an_interrupted_demo_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with bare_machine(tmp_path, monkeypatch):
        SandboxServer(tmp_path / "d" / ".bridge" / "sandbox", seed="demo").stop()
        assert run_json("demo", "d")[1]["made"] is True


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.md").write_text("years of work")
    with bare_machine(tmp_path, monkeypatch):
        code, _, err = run("demo", "full")
    assert (code, [each.name for each in (tmp_path / "full").iterdir()]) == (2, ["thesis.md"])
    assert "bridge demo DIR" in err


def test_the_sandbox_serves_the_demo_until_stopped(demo: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bridge", "-C", str(demo), "sandbox", "--json"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said.keys() == {"url", "library", "key"}
        # Two processes serve one library at the same time: this one, and the sync's own.
        edit(demo, "^status: .*$", "status: reading")
        assert run_json("-C", demo, "sync", "--once")[1]["zotero"]["updated"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
