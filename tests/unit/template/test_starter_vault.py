"""The starter vault, as Obsidian and Bridge see it: every file is what it claims to be, and none is in the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from base_syntax import problems
from obsidian_links import links, resolve
from obsidian_model import get_model

from bridge.config.sections import NotesConfig
from bridge.core import blocks
from bridge.core.place import Facts
from bridge.core.policy import ORDER
from bridge.core.record import Face, ItemId, Record
from bridge.init import copy_template
from bridge.obsidian import clashes, property_types
from bridge.vault.note import NoteRules, read_note
from bridge.vault.shown import COLOURS
from bridge.vault.template import TEMPLATE, context, render_body
from bridge.vault.walk import walk

ROOT = Path(__file__).resolve().parents[3] / "vault_template"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
NOTES = [path for path in FILES if path.endswith(".md")]
SETTINGS = [path for path in FILES if path.endswith(".json")]

#: What Bridge makes in a vault by itself (design, "Index notes"); pages of the starter vault may lead there.
MADE = [
    "Index/Topics.md",
    "Index/Topics.canvas",
    "Index/Reading List.md",
    "Index/Open Questions.md",
    "Index/Needs attention.md",
]
TYPES = {"text", "multitext", "number", "checkbox", "date", "datetime", "tags", "aliases"}


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def setting(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text(f".obsidian/{name}.json"))
    return read


def views() -> dict[str, dict[str, Any]]:
    return {view["name"]: view for view in yaml.safe_load(text("Papers.base"))["views"]}


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_it_holds_what_it_should_and_nothing_that_asks_for_trust() -> None:
    """No window layouts, no plug-ins, no themes: a vault from elsewhere must not ask a person to trust it."""
    assert FILES == [
        ".obsidian/app.json",
        ".obsidian/appearance.json",
        ".obsidian/core-plugins.json",
        ".obsidian/daily-notes.json",
        ".obsidian/graph.json",
        ".obsidian/snippets/bridge.css",
        ".obsidian/templates.json",
        ".obsidian/types.json",
        "Home.md",
        "Index/.gitkeep",
        "Note format.md",
        "Papers.base",
        "Papers/.gitkeep",
        "Templates/Bridge/example-paper.md.j2",
        "Templates/Daily.md",
    ]


@pytest.mark.parametrize("path", FILES)
def test_files_are_plain_utf_8_with_lf(path: str) -> None:
    data = (ROOT / path).read_bytes()
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8").endswith("\n") or not data


def test_it_is_copied_whole_and_never_over_anything(tmp_path: Path) -> None:
    (tmp_path / "Home.md").write_text("mine")
    made = copy_template(tmp_path)
    assert sorted(made) == [path for path in FILES if path != "Home.md" and not path.endswith(".gitkeep")]
    assert (tmp_path / "Home.md").read_text() == "mine"
    assert copy_template(tmp_path) == []


# --- its settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SETTINGS)
def test_settings_are_json_without_a_key_twice(path: str) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    assert isinstance(json.loads(text(path), object_pairs_hook=once), dict)


def test_every_key_of_the_note_format_has_a_type_that_fits_it() -> None:
    """R26, R36: `init` finds nothing to warn of in its own starter vault."""
    types = property_types(ROOT)
    assert set(types.values()) <= TYPES
    assert set(ORDER) - set(types) == set()
    assert clashes(types, {name: name for name in ORDER}) == []
    assert (types["tags"], types["aliases"], types["year"]) == ("tags", "aliases", "number")
    assert [name for name, kind in types.items() if kind == "date"] == ["status-date", "added", "started", "finished"]


def test_links_follow_renames_and_the_log_stays_out_of_search_and_graph() -> None:
    app = setting("app")
    assert app["alwaysUpdateLinks"] is True
    assert app["userIgnoreFilters"] == ["Index/Log/"]
    assert '-path:"Index/Log"' in setting("graph")["search"]


def test_core_plugins_are_on_that_the_pages_need() -> None:
    plugins = setting("core-plugins")
    assert {name for name in ("bases", "canvas", "templates", "daily-notes", "properties") if plugins.get(name)} == {
        "bases",
        "canvas",
        "templates",
        "daily-notes",
        "properties",
    }
    assert {type(each) for each in plugins.values()} == {bool}


def test_folders_and_files_that_settings_name_are_there() -> None:
    assert (ROOT / setting("templates")["folder"]).is_dir()
    assert f"{setting('daily-notes')['template']}.md" in NOTES
    for snippet in setting("appearance")["enabledCssSnippets"]:
        assert f".obsidian/snippets/{snippet}.css" in FILES


def test_daily_notes_are_named_so_that_dates_lead_to_them() -> None:
    assert setting("daily-notes")["format"] == "YYYY-MM-DD"


def test_the_snippet_is_whole_and_speaks_of_keys_and_classes_that_exist() -> None:
    css = re.sub(r"/\*.*?\*/", "", text(".obsidian/snippets/bridge.css"), flags=re.DOTALL)
    assert css.count("{") == css.count("}") > 5
    assert "@import" not in css
    assert "url(" not in css
    assert set(re.findall(r'data-property-key="([^"]*)"', css)) == {
        name for name in ORDER if name.startswith("zotero-")
    }
    coloured = re.findall(r'data-callout-metadata="(\w+)"\] \{\s+--callout-color: (\d+), (\d+), (\d+);', css)
    assert {"#" + bytes(map(int, channels)).hex(): name for name, *channels in coloured} == COLOURS
    used = {each for path in NOTES for each in head(path).get("cssclasses", [])}
    assert used == set(re.findall(r"\.(bridge-\w+)", css))


# --- its pages --------------------------------------------------------------------------------------------------------


def head(path: str) -> dict[str, Any]:
    """A page's properties as PyYAML reads them; none without front-matter."""
    parts = text(path).split("---\n", 2)
    return dict(yaml.safe_load(parts[1])) if parts[0] == "" and len(parts) == 3 else {}


@pytest.mark.parametrize("path", NOTES)
def test_no_page_is_taken_for_a_paper_or_wants_one(path: str) -> None:
    """R26: no ``zotero-key``, and nothing that proposes a match or asks for a note."""
    note = read_note((ROOT / path).read_bytes(), path, NoteRules("users/1"))
    assert note.id is None
    assert note.held == ()
    assert replace(note.facts, links=()) == Facts()


@pytest.mark.parametrize("path", NOTES)
def test_a_page_has_no_managed_block(path: str) -> None:
    assert blocks.find(text(path)) == []


@pytest.mark.node
@pytest.mark.parametrize("path", NOTES)
def test_the_properties_of_a_page_stay_as_they_are_when_obsidian_rewrites_them(path: str) -> None:
    assert get_model().rewrite_note(text(path)) == text(path)


def test_every_property_of_a_page_has_a_type() -> None:
    assert {name for path in NOTES for name in head(path)} <= set(property_types(ROOT))


def every_link() -> Iterator[tuple[str, str, str]]:
    for path in NOTES:
        for target, sub in links(text(path)):
            yield path, target, sub


def test_every_link_leads_to_one_file() -> None:
    found = list(every_link())
    assert len(found) >= 8
    for path, target, _ in found:
        assert len(resolve(target, [*FILES, *MADE])) == 1, f"{path}: {target}"


def test_an_embedded_view_exists() -> None:
    subs = {sub for _, target, sub in every_link() if target == "Papers.base" and sub}
    assert subs == {"#Reading"}
    assert {sub[1:] for sub in subs} <= set(views())


def test_home_leads_everywhere_within_reach() -> None:
    led = {file for path, target, _ in every_link() if path == "Home.md" for file in resolve(target, [*FILES, *MADE])}
    assert {"Papers.base", "Note format.md", *MADE[:4]} <= led


def test_r27_no_page_takes_a_name_that_bridge_gives() -> None:
    """Names and aliases of the starter vault against those of index notes; papers are named ``@key`` or with a key."""
    names = {Path(path).stem.casefold() for path in NOTES}
    names |= {alias.casefold() for path in NOTES for alias in head(path).get("aliases", [])}
    assert names & {Path(path).stem.casefold() for path in MADE} == set()
    assert not any(name.startswith("@") or re.fullmatch(r"\d{4}-.*", name) for name in names)
    assert len({Path(path).stem.casefold() for path in NOTES}) == len(NOTES)


def test_the_page_on_the_note_format_names_every_key_and_no_other() -> None:
    page = text("Note format.md")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named == {*ORDER, "summary"}


# --- its base ---------------------------------------------------------------------------------------------------------


def test_the_base_keeps_to_the_published_syntax_and_to_properties_that_exist() -> None:
    assert problems(text("Papers.base"), set(property_types(ROOT))) == []


def test_the_base_finds_papers_by_their_key_wherever_they_are() -> None:
    assert yaml.safe_load(text("Papers.base"))["filters"] == {"and": ['file.hasProperty("zotero-key")']}
    assert "inFolder" not in text("Papers.base")


def test_the_base_has_the_views_people_need() -> None:
    assert list(views()) == [
        "All",
        "To read",
        "Reading",
        "Read this month",
        "By topic",
        "Cards",
        "Gone from Zotero",
    ]
    assert views()["Cards"]["type"] == "cards"


def test_papers_that_left_zotero_are_in_their_own_view_only() -> None:
    gone = 'file.hasProperty("zotero-status")'
    for name, view in views().items():
        filters = view["filters"]
        if name == "Gone from Zotero":
            assert filters == {"and": [gone]}
        else:
            assert f"!{gone}" in filters.get("and", []) or filters.get("not") == [gone]


@pytest.mark.node
def test_the_base_is_written_as_obsidian_writes_bases() -> None:
    assert get_model().rewrite(text("Papers.base")) == text("Papers.base")


@pytest.mark.parametrize(
    "broken",
    [
        "views: []\nfilter: x\n",
        "views:\n  - type: tabel\n    name: a\n",
        "views:\n  - type: table\n    name: a\n  - type: table\n    name: a\n",
        "filters:\n  and: []\nviews: []\n",
        "filters:\n  and: [title]\n  or: [title]\nviews: []\n",
        "filters: title = 1\nviews: []\n",
        "filters: (title\nviews: []\n",
        "filters: titel == 1\nviews: []\n",
        "filters: file.hasProprety('title')\nviews: []\n",
        "filters: file.hasProperty('zotero-kee')\nviews: []\n",
        "filters: formula.nope\nviews: []\n",
        "filters: zotero-key\nviews: []\n",
        "formulas:\n  a: tody()\nviews: []\n",
        "properties:\n  note.nope:\n    displayName: x\nviews: []\n",
        "views:\n  - type: table\n    name: a\n    order: [file.nam]\n",
        "views:\n  - type: table\n    name: a\n    groupBy: {property: title, direction: UP}\n",
    ],
)
def test_the_checker_sees_what_is_wrong(broken: str) -> None:
    assert len(problems(broken, {"title", "zotero-key"})) >= 1


# --- its example of a template (R34) ----------------------------------------------------------------------------------


def test_r34_the_example_is_in_the_folder_of_templates_and_not_in_use() -> None:
    folder = NotesConfig().templates
    assert f"{folder}/example-{TEMPLATE}" in FILES
    assert f"{folder}/{TEMPLATE}" not in FILES
    assert sorted(walk(ROOT, (folder,)).files) == NOTES


def render(face: Face, abstract: str = "") -> str:
    record = Record(ItemId("users/1", "ABCD2345"), face, "1", blocks={"abstract": abstract})
    return render_body(text("Templates/Bridge/example-paper.md.j2"), context(record))


def test_r34_the_example_makes_a_good_note() -> None:
    made = render({"title": "A title", "authors": ("Ann Lee", "Bo Wu"), "year": "2017"}, "Words.")
    abstract = blocks.write("abstract", "> [!abstract]- Abstract\n> Words.")
    assert made == (
        "# A title\n\nAnn Lee, Bo Wu (2017)\n\n## Key points\n\n- \n\n## Questions\n\n- \n\n"
        + abstract
        + "\n\n## Notes\n"
    )
    assert [block.problem for block in blocks.find(made)] == [""]


def test_r34_the_example_shows_what_hangs_below_a_paper() -> None:
    record = Record(ItemId("users/1", "ABCD2345"), {"title": "A"}, "1")
    made = render_body(text("Templates/Bridge/example-paper.md.j2"), context(record, lambda name: f"[{name}]"))
    assert made.endswith("- \n\n[files]\n\n[highlights]\n\n[zotero-notes]\n\n## Notes\n")


def test_r34_the_example_serves_a_paper_of_which_nothing_is_known() -> None:
    assert render({}) == "# ABCD2345\n\n## Key points\n\n- \n\n## Questions\n\n- \n\n## Notes\n"
