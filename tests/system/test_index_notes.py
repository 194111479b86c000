"""Index notes in a real vault: the demo as Obsidian sees it, and what a person and Zotero do to it.

The demo is made once; each test works on a copy of vault and state.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from base_syntax import problems as base_problems
from canvas_syntax import problems as canvas_problems
from command import bare_machine, run, run_json
from desk import Library, digests
from obsidian_links import links, resolve
from obsidian_model import get_model

from bridge.obsidian import property_types
from bridge.sandbox.server import SandboxServer
from bridge.vault import page

NOTE = "Papers/@wei2025sim.md"
WEEK, TOPIC = "Index/Weeks/2025-W39.md", "Index/Topics/Reasoning/Implicit Reasoning.md"
READING, OUTLINE = "Index/Reading List.md", "Index/Topics.md"


class Vault:
    """A demo vault and the person in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *arguments: object) -> tuple[int, Any]:
        return run_json("-C", self.root, *arguments)

    def sync(self, code: int = 0) -> int:
        """One cycle; how many index files it wrote."""
        found, report = self.run("sync", "--once")
        assert found == code, report
        return int(report["indexes"]["written"])

    def text(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text.encode())

    def edit(self, path: str, pattern: str, replacement: str) -> None:
        text, count = re.subn(pattern, replacement, self.text(path), count=1, flags=re.MULTILINE)
        assert count == 1, self.text(path)
        self.write(path, text)

    def configure(self, text: str) -> None:
        with (self.root / ".bridge/config.toml").open("a") as file:
            file.write(f"\n{text}\n")

    def files(self) -> list[str]:
        """Every file Obsidian would show."""
        paths = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in paths if not path.parts[0].startswith("."))

    def index(self) -> list[str]:
        return [path for path in self.files() if path.startswith("Index/") and path.endswith(".md")]

    def dangling(self) -> list[tuple[str, str, list[str]]]:
        """Links of index notes and the home note that lead to no file, or to more than one."""
        files, found = self.files(), []
        for path in [*self.index(), "Home.md"]:
            for target, _ in links(self.text(path)):
                if len(there := resolve(target, files)) != 1:
                    found.append((path, target, there))
        return found

    def key(self, path: str = NOTE) -> str:
        found = re.search("zotero-key: (.{8})", self.text(path))
        assert found is not None
        return found[1]

    def settle(self) -> None:
        """In step, and idle: the next cycles write nothing and leave every date alone (law 2)."""
        self.sync()
        before = self.dates()
        assert [self.sync(), self.sync()] == [0, 0]
        assert self.dates() == before
        assert self.run("index", "--check") == (0, {"written": [], "waiting": [], "problems": []})
        assert self.dates() == before

    def dates(self) -> dict[str, tuple[int, int]]:
        stats = {path: (self.root / path).stat() for path in self.files()}
        return {path: (stat.st_mtime_ns, stat.st_ino) for path, stat in stats.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch, bare_machine(folder, patch):
        code, _, err = run("demo")
        assert (code, err) == (0, "")
    return folder


@pytest.fixture
def vault(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """The demo on a machine of its own: vault and state as they were made, moved together (R31)."""
    for each in ("bridge-demo", "state"):
        shutil.copytree(made / each, tmp_path / each)
    for record in (tmp_path / "state").rglob("home.json"):
        record.write_text(json.dumps({"path": "/nowhere/bridge-demo"}))
    with bare_machine(tmp_path, monkeypatch):
        yield Vault(tmp_path / "bridge-demo")


@pytest.fixture
def web(vault: Vault) -> Iterator[Library]:
    """The library, served beside whatever the commands serve themselves."""
    with SandboxServer(vault.root / ".bridge" / "sandbox") as server:
        yield Library(server)


# --- as Obsidian sees it ----------------------------------------------------------------------------------------------


def test_every_link_leads_to_exactly_one_file(made: Path) -> None:
    demo = Vault(made / "bridge-demo")
    assert len(demo.index()) > 80
    assert sum(len(list(links(demo.text(path)))) for path in demo.index()) > 500
    assert demo.dangling() == []


def test_bases_and_the_map_follow_their_published_syntax(made: Path) -> None:
    demo = Vault(made / "bridge-demo")
    types = property_types(demo.root)
    for path in demo.files():
        if path.endswith(".base"):
            assert base_problems(demo.text(path), {*types}) == []
        if path.endswith(".canvas"):
            assert canvas_problems(demo.text(path)) == []
            nodes = json.loads(demo.text(path))["nodes"]
            assert len(nodes) > 20
            assert {node["file"] for node in nodes if node["type"] == "file"} <= {*demo.files()}


def test_every_property_of_an_index_note_has_a_type(made: Path) -> None:
    demo = Vault(made / "bridge-demo")
    names = {name for path in demo.index() for name in re.findall(r"^([\w-]+):", head(demo.text(path)), re.MULTILINE)}
    assert names
    assert names <= {*property_types(demo.root)}


@pytest.mark.node
def test_law_8_obsidians_rewrite_of_a_head_changes_no_byte(made: Path) -> None:
    demo, model = Vault(made / "bridge-demo"), get_model()
    for path in demo.index():
        assert model.rewrite_note(demo.text(path)) == demo.text(path)


def head(text: str) -> str:
    found = re.match(r"---\n(.*?)^---\n", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_law_2_the_demo_is_in_step_with_itself(vault: Vault) -> None:
    vault.settle()


@pytest.mark.parametrize("event", ["renamed", "trashed", "moved", "erased"])
def test_no_link_dangles_after_a_paper_is(event: str, vault: Vault, web: Library) -> None:
    key = vault.key()
    assert "[[Papers/@wei2025sim|" in vault.text(WEEK)
    if event == "renamed":
        web.change(key, citationKey="wei2025renamed")
    elif event == "trashed":
        web.trash(key)
    elif event == "erased":
        web.erase(key)
    else:
        (vault.root / "Kept").mkdir()
        (vault.root / NOTE).rename(vault.root / "Kept/SIM-CoT.md")
    # When its links have followed, an index note shows just what it is to show.
    assert (vault.sync() > 0) == (event != "renamed")
    assert vault.dangling() == []
    shown = {"renamed": "[[Papers/@wei2025renamed|", "moved": "[[Kept/SIM-CoT|"}.get(event)
    for path in vault.index():
        assert "@wei2025sim" not in vault.text(path)
    assert shown is None or shown in vault.text(WEEK)
    if event == "trashed":
        web.trash(key, trashed=False)
        vault.sync()
        assert "[[Papers/@wei2025sim|" in vault.text(WEEK)
    vault.settle()


# --- what a person does -----------------------------------------------------------------------------------------------


def test_what_a_person_wrote_about_a_paper_is_on_its_pages(vault: Vault) -> None:
    vault.edit(NOTE, "^status: .*$", "summary: steps are supervised one by one\nstatus: read")
    vault.edit(
        NOTE,
        "^## Notes$",
        "## Notes\n\nMy notes.\n\n## Questions\n\n- Does it scale?\n- Is it fast? → yes",
    )
    assert vault.sync() > 0
    week = vault.text(WEEK)
    assert "steps are supervised one by one" in week
    assert "![[Papers/@wei2025sim#Notes]]" in week
    assert "Does it scale?" in week
    assert "Is it fast?" not in week
    assert "Does it scale?" in vault.text("Index/Open Questions.md")
    assert vault.dangling() == []
    vault.edit(NOTE, r"^- Does it scale\?$", "- [x] Does it scale?")
    vault.sync()
    assert "No question is open." in vault.text("Index/Open Questions.md")
    vault.settle()


def test_r35_one_status_touches_few_files_and_no_other(vault: Vault) -> None:
    before = digests(vault.root)
    vault.edit(NOTE, "^status: .*$", "status: skipped")
    written = vault.sync()
    after = digests(vault.root)
    changed = {path for path, digest in after.items() if before.get(path) != digest and path.startswith("Index/")}
    assert 0 < len(changed) == written <= 6
    assert READING in changed


def test_law_3_a_persons_text_stays_and_a_file_they_deleted_is_made_again(vault: Vault) -> None:
    vault.edit(READING, "^# Reading List$", "# My list\n\nWhy I read.")
    vault.edit(READING, "^## Next$", "A line of mine inside.\n\n## Next")
    outline = vault.text(OUTLINE)
    (vault.root / OUTLINE).unlink()
    vault.edit(NOTE, "^status: .*$", "status: skipped")
    vault.sync()
    assert "# My list\n\nWhy I read." in vault.text(READING)
    assert vault.text(READING).count("A line of mine inside.") == 1
    assert vault.text(OUTLINE) == outline
    vault.settle()


@pytest.mark.parametrize(
    ("block", "made_before"),
    [
        ("week 2025-W39", WEEK),
        ("topic Reasoning/Implicit Reasoning", TOPIC),
        ("reading-list", READING),
        ("log 2025-09", "Index/Log/2025-09.md"),
    ],
)
def test_a_note_of_ones_own_hosts_an_index(vault: Vault, block: str, made_before: str) -> None:
    kind = block.partition(" ")[0]
    vault.write("Mine.md", f"Above.\n\n%% bridge:begin {block} %%\n\n%% bridge:end {kind} %%\n\nBelow.")
    vault.sync()
    assert not (vault.root / made_before).exists()
    assert re.fullmatch(r"Above\.\n\n%% .*\[\[Papers/@.*%%\n\nBelow\.", vault.text("Mine.md"), re.DOTALL)
    # The home note of the starter vault leads to where Bridge would have made it.
    assert [link for link in vault.dangling() if link[0] != "Home.md"] == []
    vault.settle()


def test_weekly_notes_of_ones_own_are_filled_and_never_made(vault: Vault) -> None:
    vault.configure('[index.weeks]\nhost = "Weekly/{week}.md"')
    vault.write("Weekly/2025-W39.md", "# Plans\n\nRead more.\n")
    vault.sync()
    assert vault.text("Weekly/2025-W39.md").startswith("# Plans\n\nRead more.\n\n%% bridge:begin week 2025-W39 ")
    assert [path for path in vault.files() if re.search(r"\d-W\d", path)] == ["Weekly/2025-W39.md"]
    assert vault.dangling() == []
    vault.settle()


def test_kinds_are_switched_off(vault: Vault) -> None:
    vault.configure('[index]\npages = ["reading-list"]')
    vault.sync()
    assert vault.index() == [READING]
    vault.settle()


# --- the command ------------------------------------------------------------------------------------------------------


def test_law_12_a_check_says_what_would_change_and_writes_nothing(vault: Vault) -> None:
    vault.configure("[index.topics]\nmin_papers = 1")
    before = digests(vault.root)
    code, said = vault.run("index", "--check")
    assert (code, OUTLINE in said["written"]) == (1, True)
    assert digests(vault.root) == before
    assert run("-C", vault.root, "index", "--check").out.startswith("would change  Index/")
    code, done = vault.run("index")
    assert (code, sorted(done["written"])) == (0, sorted(said["written"]))
    assert vault.run("index", "--check") == (0, {"written": [], "waiting": [], "problems": []})
    assert vault.dangling() == []


def test_r34_a_template_of_ones_own(vault: Vault) -> None:
    vault.write("Templates/Bridge/topics.md.j2", "{{ topics | length }} topics\n")
    assert vault.sync() > 0
    assert re.search(r"^\d+ topics$", vault.text(OUTLINE), re.MULTILINE)
    vault.settle()


def test_a_broken_template_is_told_and_notes_and_zotero_are_in_step_all_the_same(vault: Vault, web: Library) -> None:
    vault.write("Templates/Bridge/week.md.j2", "{% for paper in read %}no end")
    vault.edit(NOTE, "^status: .*$", "status: skipped")
    code, said = vault.run("sync", "--once")
    assert (code, said["held"]) == (3, 1)
    assert "Read_Status: Not Reading" in web.item(vault.key())["extra"]
    assert "@wei2025sim" not in vault.text(READING)  # the other templates serve
    assert "week.md.j2" in run("-C", vault.root, "sync", "--once").out
    assert "week.md.j2" in vault.run("status")[1]["templates"][0]
    assert vault.run("index")[0] == 3
    (vault.root / "Templates/Bridge/week.md.j2").unlink()
    vault.sync()
    assert vault.run("status")[1]["templates"] == []
    vault.settle()


def test_law_5_a_sync_cut_off_among_index_notes_is_completed_by_the_next(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.edit(NOTE, "^status: .*$", "status: skipped")
    real, turns = page.write, iter(range(100))

    def failing(*arguments: Any) -> Any:
        if next(turns) == 1:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(page, "write", failing)
        run("-C", vault.root, "sync", "--once")
    vault.sync()
    assert "@wei2025sim" not in vault.text(READING)
    vault.settle()


# --- names ------------------------------------------------------------------------------------------------------------


def test_law_13_topics_with_names_no_file_can_bear(vault: Vault, web: Library) -> None:
    """Through the API, as a library may have them."""
    names = ["../x", "CON", "a//b", "x" * 255, "🙂", "\u202eעברית", "nlp", "Nlp", "```", "%% bridge:end topic %%"]
    made = web.call("POST", "collections", [{"name": name} for name in names]).json()["successful"]
    keys = [made[str(place)]["key"] for place in range(len(names))]
    web.add(
        *(
            {
                "itemType": "journalArticle",
                "title": f"In {number}",
                "citationKey": f"bad{number}",
                "date": date,
                "abstractNote": "%% bridge:end topic %%",
                "creators": [{"creatorType": "author", "lastName": f"A{n}", "firstName": ""} for n in range(500)],
                "collections": [key],
                "extra": "Read_Status: Read\nRead_Status_Date: 2099-01-01",
            }
            for number, (key, date) in enumerate(zip(keys, ["in press", "2024-13-45", "Spring 2019"] * 4, strict=False))
        ),
        {"itemType": "journalArticle", "title": "", "collections": keys},
    )
    before = {*vault.root.parent.iterdir()}
    assert vault.sync() > len(names)
    assert vault.dangling() == []
    paths = vault.files()
    assert len({path.casefold() for path in paths}) == len(paths)
    assert {*vault.root.parent.iterdir()} == before
    assert canvas_problems(vault.text("Index/Topics.canvas")) == []
    for path in vault.index():
        assert vault.text(path).count("%% bridge:end ") == 1
    vault.settle()


def test_equal_file_names_in_two_folders_stay_apart(vault: Vault) -> None:
    vault.write("Mine/@Wei2025SIM.md", "A note of mine with almost that name.")
    vault.write("Mine/Reasoning.md", "Mine.")
    vault.edit(NOTE, "^status: .*$", "status: reading")
    vault.sync()
    assert vault.dangling() == []
    assert "Index/Topics/Reasoning (papers).md" in vault.files()
    vault.settle()
