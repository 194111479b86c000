"""A note's section as a child note in Zotero, and the link back: by the real command, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from desk import Desk, paper, quiet

SECTION = "My **own** words.\n\n- a point\n- see [[@p1|the other]] %%private%%"
MIRRORED = (
    '<div data-schema-version="9"><h1>Notes (Obsidian)</h1>\n'
    "<p>My <strong>own</strong> words.</p>\n"
    "<ul>\n<li>a point</li>\n"
    '<li>see <a href="zotero://select/library/items/{p1}" rel="noopener noreferrer nofollow">the other</a></li>\n'
    "</ul></div>"
)


def configure(desk: Desk, edit: Callable[[str], str]) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    text = config.read_text()
    assert edit(text) != text
    config.write_text(edit(text))


def push(desk: Desk) -> None:
    """Switch it on, where the configuration shows that it is off."""
    configure(desk, lambda text: text.replace("\npush = false", "\npush = true"))


@pytest.fixture
def pushing(desk: Desk) -> Desk:
    push(desk)
    return desk


def children(desk: Desk, name: str) -> list[dict[str, Any]]:
    found = desk.web.call("GET", f"items/{desk.keys[name]}/children", includeTrashed=1).json()
    return [one["data"] for one in found]


def mirror(desk: Desk, name: str = "p0") -> dict[str, Any]:
    (only,) = children(desk, name)
    return only


def write_section(desk: Desk, text: str, name: str = "p0") -> None:
    desk.edit(name, r"^## Notes\n[\s\S]*", f"## Notes\n\n{text}\n".replace("\\", r"\\"))


def pushed(desk: Desk, text: str = SECTION) -> str:
    """Have a section mirrored; the mirror's key."""
    write_section(desk, text)
    code, report = desk.sync()
    assert (code, report["zotero"]) == (0, {"created": 1, "updated": 0, "trashed": 0})
    return str(mirror(desk)["key"])


def forget(desk: Desk) -> None:
    """Lose what Bridge remembers of the vault."""
    for path in desk.state.rglob("state.db*"):
        path.unlink()


def conflicts(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.json("conflicts")[1]["conflicts"]
    return found


def test_a_section_becomes_one_child_note_and_is_changed_in_place(pushing: Desk) -> None:
    note = pushing.text("p0")
    key = pushed(pushing)
    assert mirror(pushing)["note"] == MIRRORED.format(p1=pushing.keys["p1"])
    pushing.settle()  # law 2, law 8: nothing echoes
    assert "bridge:begin zotero-notes" not in pushing.text("p0")
    assert pushing.text("p0").partition("## Notes")[0] == note.partition("## Notes")[0]
    write_section(pushing, "Other words.")
    code, report = pushing.sync()
    assert (code, report["zotero"]) == (0, {"created": 0, "updated": 1, "trashed": 0})
    assert mirror(pushing)["key"] == key
    assert "<p>Other words.</p>" in mirror(pushing)["note"]
    pushing.settle()
    write_section(pushing, "Other   words. %%and a thought%% ^block")
    before = pushing.web.version
    assert quiet(pushing.sync()[1])  # the same to Zotero
    assert pushing.web.version == before


def test_nothing_is_pushed_without_the_option_or_without_words(desk: Desk) -> None:
    write_section(desk, SECTION)
    desk.settle()
    assert children(desk, "p0") == []
    push(desk)
    write_section(desk, "", "p1")
    desk.sync()
    assert len(children(desk, "p0")) == 1
    assert children(desk, "p1") == []
    desk.settle()


def test_law12_a_dry_run_shows_the_push_and_makes_none(pushing: Desk) -> None:
    write_section(pushing, SECTION)
    code, report = pushing.sync("--dry-run")
    assert code == 0
    assert report["zotero"]["created"] == 1
    assert [(row["side"], row["field"], row["why"], row["after"]) for row in report["plan"]] == [
        ("zotero", "## Notes", "new", SECTION)
    ]
    assert children(pushing, "p0") == []


def test_law10_a_first_push_of_many_asks(pushing: Desk) -> None:
    for name in pushing.keys:
        write_section(pushing, f"Words about {name}.", name)
    code, report = pushing.sync()
    assert (code, report["error"]["code"]) == (4, "GuardStop")
    assert children(pushing, "p0") == []
    code, report = pushing.sync("--yes")
    assert (code, report["zotero"]["created"]) == (0, len(pushing.keys))
    pushing.settle()


def test_law3_an_edit_of_the_mirror_in_zotero_is_a_conflict(pushing: Desk) -> None:
    key = pushed(pushing)
    pushing.web.change(key, note=mirror(pushing)["note"].replace("own", "very own"))
    assert pushing.sync()[0] == 3
    (conflict,) = conflicts(pushing)
    assert conflict["field"] == "## Notes"
    assert "My **very own** words." in conflict["zotero"]
    assert conflict["vault"] == SECTION
    note = pushing.text("p0")
    write_section(pushing, "A later thought.")
    assert pushing.sync()[0] == 3  # a text is not answered by writing on
    assert "very own" in mirror(pushing)["note"]
    assert "very own" not in pushing.text("p0")
    assert "%%" in note
    (conflict,) = conflicts(pushing)
    assert conflict["vault"] == "A later thought."


def edited_in_zotero(desk: Desk) -> int:
    key = pushed(desk)
    desk.web.change(key, note=mirror(desk)["note"].replace("own", "very own"))
    desk.sync()
    (conflict,) = conflicts(desk)
    return int(conflict["id"])


def test_kept_for_the_vault_the_mirror_shows_the_section_again(pushing: Desk) -> None:
    number = edited_in_zotero(pushing)
    assert pushing.run("resolve", number, "--keep", "vault")[0] == 0
    assert mirror(pushing)["note"] == MIRRORED.format(p1=pushing.keys["p1"])
    assert conflicts(pushing) == []
    pushing.settle()


def test_kept_for_zotero_the_child_note_is_the_persons_and_a_later_edit_makes_another(pushing: Desk) -> None:
    number = edited_in_zotero(pushing)
    assert pushing.run("resolve", number, "--keep", "zotero")[0] == 0
    assert "very own" in mirror(pushing)["note"]
    assert conflicts(pushing) == []
    pushing.settle()
    write_section(pushing, "New words.")
    assert pushing.sync()[1]["zotero"]["created"] == 1
    assert sorted("very own" in one["note"] for one in children(pushing, "p0")) == [False, True]
    pushing.settle()


def test_r6_an_answer_is_for_what_was_shown(pushing: Desk) -> None:
    number = edited_in_zotero(pushing)
    pushing.web.change(mirror(pushing)["key"], note="<p>Something else entirely.</p>")
    assert pushing.run("resolve", number, "--keep", "vault")[0] == 1
    assert mirror(pushing)["note"] == "<p>Something else entirely.</p>"
    assert len(conflicts(pushing)) == 1


def test_a_conflict_ends_when_both_sides_say_the_same(pushing: Desk) -> None:
    edited_in_zotero(pushing)
    write_section(pushing, SECTION.replace("own", "very own"))
    assert pushing.sync()[0] == 0
    assert conflicts(pushing) == []
    pushing.settle()


@pytest.mark.parametrize("way", ["trash", "erase"])
def test_law9_a_mirror_a_person_deleted_comes_back_only_with_the_sections_next_change(pushing: Desk, way: str) -> None:
    key = pushed(pushing)
    pushing.settle()
    if way == "trash":
        pushing.web.trash(key)
    else:
        pushing.web.erase(key)
    pushing.settle()
    assert [one for one in children(pushing, "p0") if not one.get("deleted")] == []
    write_section(pushing, "Once more.")
    assert pushing.sync()[0] == 0
    assert (mirror(pushing)["key"], mirror(pushing).get("deleted")) == (key, None)
    pushing.settle()


def test_an_emptied_section_leaves_an_emptied_mirror_and_a_missing_one_says_nothing(pushing: Desk) -> None:
    pushed(pushing)
    text = pushing.text("p0")
    pushing.write("p0", text.partition("## Notes")[0])
    pushing.settle()
    assert mirror(pushing)["note"] == MIRRORED.format(p1=pushing.keys["p1"])
    pushing.write("p0", text.partition("## Notes")[0] + "## Notes\n")
    assert pushing.sync()[1]["zotero"]["updated"] == 1
    assert mirror(pushing)["note"] == '<div data-schema-version="9"><h1>Notes (Obsidian)</h1></div>'
    pushing.settle()


def test_law11_with_the_state_lost_the_mirror_is_known_again(pushing: Desk) -> None:
    pushed(pushing)
    pushing.settle()
    forget(pushing)
    assert pushing.sync("--yes")[0] == 0
    assert "bridge:begin zotero-notes" not in pushing.text("p0")
    assert len(children(pushing, "p0")) == 1
    pushing.settle()
    forget(pushing)
    write_section(pushing, "Written while nobody remembered.")
    assert pushing.sync("--yes")[0] == 3
    assert "own" in mirror(pushing)["note"]
    assert [one["field"] for one in conflicts(pushing)] == ["## Notes"]


def test_r4_a_write_without_an_answer_makes_no_second_note(pushing: Desk) -> None:
    write_section(pushing, SECTION)
    pushing.web.server.faults.add("drop-after", method="POST", times=None)
    assert pushing.sync()[0] == 5
    pushing.web.server.faults.clear()
    assert pushing.sync()[0] == 0
    assert mirror(pushing)["note"] == MIRRORED.format(p1=pushing.keys["p1"])
    pushing.settle()


def test_r23_without_access_to_notes_none_is_pushed(pushing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write_section(pushing, SECTION)
    monkeypatch.setenv("ZOTERO_API_KEY", pushing.web.server.add_key(notes=False))
    for rights in pushing.state.rglob("state.db*"):
        rights.unlink()  # the rights of the other key are remembered with the rest
    assert pushing.sync("--yes")[0] == 0
    assert children(pushing, "p0") == []


def test_undo_of_a_push_stands_though_links_in_the_section_go_back_too(pushing: Desk) -> None:
    write_section(pushing, SECTION)
    pushing.edit("p1", "^citekey: .*$", "citekey: other2024")
    assert pushing.sync()[1]["vault"]["renamed"] == 1
    assert "[[@other2024|the other]]" in pushing.text("p0")
    assert pushing.run("undo", "--yes").code == 0
    assert (mirror(pushing)["deleted"], "[[@p1|the other]]" in pushing.text("p0")) == (1, True)
    for _ in range(2):
        assert quiet(pushing.sync()[1])
    write_section(pushing, "A later thought.")
    assert pushing.sync()[1]["zotero"]["updated"] == 1
    assert "A later thought." in mirror(pushing)["note"]
    pushing.settle()


def test_undo_takes_a_push_back(pushing: Desk) -> None:
    pushed(pushing)
    code, out, err = pushing.run("undo", "--yes")
    assert code == 0, out + err
    assert [one for one in children(pushing, "p0") if not one.get("deleted")] == []
    pushing.settle()
    assert [one for one in children(pushing, "p0") if not one.get("deleted")] == []


# --- the link back


def test_a_link_opens_the_note_and_follows_it(desk: Desk) -> None:
    configure(desk, lambda text: f"{text}\n[backlink]\nenabled = true\n")
    code, report = desk.sync("--yes")
    assert (code, report["zotero"]["created"]) == (0, len(desk.keys))
    link = mirror(desk)
    assert (link["linkMode"], link["title"]) == ("linked_url", "Open in Obsidian")
    assert link["url"] == "obsidian://open?vault=vault&file=Papers%2F%40p0"
    assert "bridge:begin files" not in desk.text("p0")
    desk.settle()
    desk.edit("p0", "^citekey: p0$", "citekey: new0")
    assert desk.sync()[0] == 0
    assert (mirror(desk)["key"], unquote(mirror(desk)["url"])) == (
        link["key"],
        "obsidian://open?vault=vault&file=Papers/@new0",
    )
    desk.settle()
    desk.web.erase(mirror(desk)["key"])
    (desk.vault / "Papers" / "@new0.md").rename(desk.vault / "Papers" / "Elsewhere.md")
    desk.sync()
    assert children(desk, "p0") == []  # who deleted it wants none
    desk.settle()


def test_a_new_paper_gets_its_link_with_its_note(desk: Desk) -> None:
    configure(desk, lambda text: f"backlink = true\n{text}")
    assert desk.sync("--yes")[0] == 0
    (key,) = desk.web.add(paper(99))
    assert desk.sync()[1]["zotero"]["created"] == 1
    (link,) = desk.web.call("GET", f"items/{key}/children").json()
    assert link["data"]["url"] == "obsidian://open?vault=vault&file=Papers%2F%40p99"
