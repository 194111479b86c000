"""Vaults people live in, libraries they share, and text that tries to leave its place (R23, R26, R27, law 13)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import frontmatter
import pytest
from command import run, run_json
from desk import Desk, Library, digests, paper, quiet

from bridge.sandbox import accounts
from bridge.sandbox.server import SandboxServer

# --- init ---


@pytest.fixture
def web(server: SandboxServer) -> Library:
    """Ten papers; the first has been begun, the second has a highlight."""
    web = Library(server)
    papers = [paper(n, extra="") for n in range(10)]
    papers[0]["extra"] = "Read_Status: In Progress"
    keys = web.add(*papers)
    (pdf,) = web.add(
        {"itemType": "attachment", "linkMode": "linked_url", "url": "https://x.example", "parentItem": keys[1]}
    )
    assert pdf
    return web


@pytest.fixture
def lived_in(tmp_path: Path) -> Path:
    """A vault with years in it: a diary, a note about a paper made by another tool, a clashing property, a namesake."""
    vault = tmp_path / "vault"
    for path, text in {
        "Diary/2024-01-01.md": "Read [[@p3]] today; see also [[Paper number 5]] and [[@p4|that one]].\n",
        "Literature/@p4.md": "---\ncitekey: p4\nstatus: unread\ntags: [literature]\n---\nMy summary of it.\n",
        "Literature/Some paper.md": "---\ndoi: https://doi.org/10.1000/P.6\n---\nBy another plug-in.\n",
        "Ideas/Paper number 5.md": "A note of mine that happens to be called so.\n",
        "Ideas/@p7.md": "---\nmine: yes\n---\n# My own note under this name\n",
        "@p8.md": "",
        ".obsidian/types.json": json.dumps({"types": {"status": "checkbox", "tags": "tags", "year": "number"}}),
        ".obsidian/app.json": "{}",
    }.items():
        target = vault / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return vault


def init(vault: Path, web: Library, *flags: str) -> tuple[int, Any]:
    return run_json("init", vault, "--url", web.server.url, *flags)


def test_r26_init_counts_first_and_touches_nothing_that_was_there(web: Library, lived_in: Path) -> None:
    before = digests(lived_in)
    code, said = init(lived_in, web, "--yes")
    assert code == 0
    assert said["create"] == "wanted"
    assert said["papers"] == 10
    assert said["notes"] == 6
    assert said["recognised"] >= 2
    assert {"key": "status", "type": "checkbox"} in said["clashes"]
    after = digests(lived_in)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith(".bridge/") for name in after.keys() - before.keys())


def test_r26_r27_r28_a_first_sync_where_people_live(web: Library, lived_in: Path) -> None:
    before, version = digests(lived_in), web.version
    assert init(lived_in, web, "--create", "all")[0] == 0
    code, report = run_json("-C", lived_in, "sync", "--once")
    assert code == 3, report  # the notes of other tools wait to be adopted
    after = digests(lived_in)
    untouched = {name: digest for name, digest in before.items() if name != "@p8.md"}
    assert {name: after[name] for name in untouched} == untouched
    assert web.version == version  # R28: nothing of other tools' notes is pushed
    held = run_json("-C", lived_in, "status")[1]["held"]
    assert {each["path"] for each in held} == {"Literature/@p4.md", "Literature/Some paper.md", "Ideas/@p7.md"}
    made = {name for name in after.keys() - before.keys() if name.startswith("Papers/")}
    # R26: none of them is doubled; the empty note made by clicking a link is filled where it is.
    assert not {f"Papers/@p{n}.md" for n in (4, 6, 7, 8)} & made
    assert "zotero-key" in (lived_in / "@p8.md").read_text()
    assert len(made) == 6
    # R27: no link that meant a note of one's own may now mean a paper's.
    for name in made:
        head = frontmatter.loads((lived_in / name).read_text()).metadata
        assert "Paper number 5" not in head["aliases"], name  # type: ignore[operator]  # a list
    run_json("-C", lived_in, "sync", "--once")
    again = run_json("-C", lived_in, "sync", "--once")
    assert (again[0], quiet(again[1]), again[1]["requests"]) == (3, True, 1)
    assert digests(lived_in) == after


def test_a_foreign_note_is_adopted_by_the_advice_it_was_given(web: Library, lived_in: Path) -> None:
    init(lived_in, web, "--create", "all")
    run("-C", lived_in, "sync", "--once")
    held = run_json("-C", lived_in, "status")[1]["held"]
    [advice] = [each["advice"] for each in held if each["path"] == "Literature/@p4.md"]
    assert "bridge adopt" in advice
    note = lived_in / "Literature" / "@p4.md"
    assert run("-C", lived_in, "adopt", "Literature/@p4.md", "--yes").code == 3  # the others wait still
    text = note.read_text()
    assert "title: Paper number 4" in text
    assert text.endswith("My summary of it.\n")
    assert "literature" in text
    assert not (lived_in / "Papers" / "@p4.md").exists()


def test_r26_wanted_makes_notes_for_what_was_begun_highlighted_or_linked(web: Library, lived_in: Path) -> None:
    assert init(lived_in, web, "--yes")[0] == 0
    run("-C", lived_in, "sync", "--once")
    assert {path.name for path in (lived_in / "Papers").glob("*.md")} == {"@p0.md", "@p3.md"}
    with (lived_in / "Diary" / "2024-01-01.md").open("a") as diary:
        diary.write("And [[@p9]].\n")
    run("-C", lived_in, "sync", "--once")
    assert (lived_in / "Papers" / "@p9.md").exists()


def test_init_says_no_in_words(
    web: Library, lived_in: Path, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(lived_in)
    code, said = run_json("init", lived_in, "--url", "http://127.0.0.1:9", "--yes")
    assert (code, said["error"]["code"]) == (5, "UnreachableError")
    assert len(naps) == 1  # nobody is kept waiting at a prompt for an address that was mistyped
    code, said = init(lived_in, web)
    assert code == 2
    assert "--create" in said["error"]["message"]
    monkeypatch.setenv("ZOTERO_API_KEY", "A" * 24)
    code, said = init(lived_in, web, "--yes")
    assert (code, said["error"]["code"]) == (1, "ForbiddenError")
    assert "A" * 24 not in json.dumps(said)
    monkeypatch.delenv("ZOTERO_API_KEY")
    code, said = init(lived_in, web, "--yes")
    assert code == 2
    assert "ZOTERO_API_KEY" in said["error"]["message"]
    assert digests(lived_in) == before


# --- groups ---


def group(server: SandboxServer, number: int, **rules: Any) -> Library:
    """A group with one paper, made by its owner."""
    name = server.add_group(number, f"Group {number}", **rules)
    accounts.add_user(server.store, 2, "another", "Another Person")
    accounts.set_role(server.store, number, 2, "admin")
    owner = Library(server, name, server.add_key(2, groups={"all": {"library": True, "write": True}}))
    owner.add(paper(100, citationKey="g100"))
    return owner


def test_r23_a_group_one_may_only_read_keeps_edits_waiting(server: SandboxServer, tmp_path: Path) -> None:
    owner = group(server, 51, editing="admins")
    vault = tmp_path / "vault"
    assert run("init", vault, "--url", server.url, "--library", "groups/51", "--yes", "--no-template").code == 0
    note = vault / "Papers" / "@g100.md"
    first = run("-C", vault, "sync", "--once")
    assert first.code == 0
    assert "read-only" in first.out
    note.write_text(note.read_text().replace("title: Paper number 100", "title: Mine").replace("  - own-100\n", ""))
    version = owner.version
    for _ in range(2):
        result = run("-C", vault, "sync", "--once")
        assert result.code == 0
        assert "read-only" not in result.out  # said once
    assert owner.version == version
    assert "title: Mine" in note.read_text()
    assert run_json("-C", vault, "status")[1]["pending"] == 1
    [key] = owner.items()
    owner.change(key, url="https://theirs.example")  # what comes goes on coming
    assert run("-C", vault, "sync", "--once").code == 0
    assert "url: https://theirs.example" in note.read_text()
    assert "title: Mine" in note.read_text()
    accounts.set_role(server.store, 51, 1, "admin")
    assert run("-C", vault, "sync", "--once").code == 0
    assert owner.item(key)["title"] == "Mine"
    assert owner.tags(key) == ["Shared Tag"]


def test_two_libraries_in_one_vault_keep_to_their_folders(server: SandboxServer, tmp_path: Path) -> None:
    owner, mine = group(server, 52), Library(server)
    mine.add(paper(1), paper(2, citationKey="g100"))
    vault = tmp_path / "vault"
    assert run("init", vault, "--url", server.url, "--yes", "--no-template").code == 0
    config = vault / ".bridge" / "config.toml"
    second = f'[[library]]\nid = "groups/52"\nurl = "{server.url}"\nfolder = "Group"\n\n[notes]'
    config.write_text(config.read_text().replace("[notes]", second, 1))
    code, report = run_json("-C", vault, "sync", "--once")
    assert (code, report["vault"]["created"]) == (0, 3)
    assert {path.name for path in (vault / "Papers").iterdir()} >= {"@p1.md"}
    [ours] = (vault / "Group").iterdir()
    assert "zotero-library: groups/52" in ours.read_text()
    assert report["cursors"].keys() == {"users/1", "groups/52"}
    ours.write_text(ours.read_text().replace("title: Paper number 100", "title: Ours"))
    code, report = run_json("-C", vault, "sync", "--once")
    assert (code, report["zotero"]["updated"]) == (0, 1)
    [key] = owner.items()
    assert owner.item(key)["title"] == "Ours"
    run_json("-C", vault, "sync", "--once")
    code, report = run_json("-C", vault, "sync", "--once")
    assert (code, quiet(report), report["requests"]) == (0, True, 2)  # one for each library


# --- law 13 ---

NASTY = [
    "---\nzotero-key: AAAAAAAA\n---",
    "%% bridge:end abstract %%",
    "%%",
    "[[Home]] ![[secret]] [x](javascript:alert(1))",
    "<% tp.system.prompt() %> {{ 7*7 }} {% raw %}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "```dataviewjs\napp.vault.delete()\n```",
    "`= this.file` $=dv.x$ ~~~",
    "a: b # c",
    "'single' \"double\" \\ backslash",
    "\u202egnp.exe \u0007\u001b[31mred\u0000",
    "- [ ] task\n# heading\n> quote\n#tag",
    "no", "12:30", "2345E678", "~", "null", "&anchor *alias !tag", "@at `tick", "%percent", "? key", "|", "",
]  # fmt: skip


def test_law_13_text_from_zotero_stays_text(desk: Desk) -> None:
    for n, text in enumerate(NASTY):
        title = " ".join(text.split()) or "x"
        tag = [{"tag": title[:255]}] if text else []
        title = "".join(each for each in title if each.isprintable() or each == "\u202e")
        extra = f"Read_Status: {title}".replace("\n", " ")
        desk.web.change(
            desk.keys[f"p{n}"], title=title, abstractNote=text, publicationTitle=title, tags=tag, extra=extra
        )
    assert desk.sync("--yes")[0] in (0, 3)
    for n in range(len(NASTY)):
        raw = desk.text(f"p{n}")
        note = frontmatter.loads(raw)
        assert note["zotero-key"] == desk.keys[f"p{n}"], raw
        assert isinstance(note["title"], str), raw
        body = note.content
        assert body.count("%% bridge:begin") == body.count("%% bridge:end") == 1, raw
        assert body.count("%%") == 4, raw
        assert raw.count("\n## ") == 1, raw
        assert "<script" not in body
        assert "<%" not in body
        assert "[[" not in body
        assert "49" not in body
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw), raw
        assert not re.search(r"^\s*(?:```|~~~)", body, re.MULTILINE), raw
    # And none of it comes back as an edit.
    version = desk.web.version
    for _ in range(2):
        assert quiet(desk.sync()[1])
    assert desk.web.version == version
    assert all(path.is_relative_to(desk.vault / "Papers") for path in desk.vault.rglob("*.md"))


@pytest.mark.parametrize(
    "name", ["../../escape", "a/b", "CON", "x" * 300, ".hidden", "a:b*c?", "é" * 150, "@@", "#^[]|"]
)
def test_law_13_no_citation_key_leaves_the_folder(desk: Desk, name: str) -> None:
    desk.web.change(desk.keys["p1"], citationKey=name)
    assert desk.sync()[0] in (0, 3)
    found = list(desk.vault.rglob("*.md"))
    assert len(found) == len(desk.keys)
    assert all(path.parent == desk.vault / "Papers" for path in found)
    assert all(len(path.name.encode()) <= 200 for path in found)
    assert not [*desk.vault.parent.glob("*escape*")]


def test_law_13_messages_show_no_control_characters(desk: Desk) -> None:
    desk.web.change(desk.keys["p1"], title="Red \x1b[31m and \u202eback")
    desk.edit("p1", "^title: .*$", "title: Mine")
    assert desk.sync()[0] == 3
    for command in ("conflicts", "status", "log"):
        out = desk.run(command).out
        assert "\x1b" not in out
        assert "\u202e" not in out
