"""Every field of the table by the real command, both ways, and what stays as it is meanwhile (law 4, R10, R18)."""

from __future__ import annotations

import pytest
from desk import Desk, quiet


def test_law_2_nothing_to_do_is_nothing_done(desk: Desk) -> None:
    desk.settle()


@pytest.mark.parametrize(
    ("field", "line", "zotero", "value"),
    [
        ("title", "title: Another Title", "title", "Another Title"),
        ("title", 'title: "Quoted: with colon"', "title", "Quoted: with colon"),
        ("doi", "doi: 10.5555/new", "DOI", "10.5555/new"),
        ("url", "url: https://example.org/new?x=1&y=2", "url", "https://example.org/new?x=1&y=2"),
        ("doi", "doi:", "DOI", ""),
        ("url", 'url: ""', "url", ""),
        ("citekey", "citekey: new2024key", "citationKey", "new2024key"),
    ],
)
def test_a_scalar_edited_in_the_note_arrives(desk: Desk, field: str, line: str, zotero: str, value: str) -> None:
    before = desk.web.item(desk.keys["p1"])
    desk.edit("p1", f"^{field}: .*$", line)
    code, report = desk.sync()
    assert (code, report["zotero"]["updated"]) == (0, 1)
    after = desk.web.item(desk.keys["p1"])
    assert after[zotero] == value
    # Only the field meant was written: every other one, Extra included, is as it was.
    ignored = {zotero, "version", "dateModified"}
    assert {k: v for k, v in after.items() if k not in ignored} == {k: v for k, v in before.items() if k not in ignored}
    desk.settle()


@pytest.mark.parametrize(
    ("zotero", "value", "line"),
    [
        ("title", "From Zotero", "title: From Zotero"),
        ("DOI", "10.7777/z", "doi: 10.7777/z"),
        ("url", "https://z.example/", "url: https://z.example/"),
        ("date", "2019", "year: 2019"),
        ("publicationTitle", "A Journal", "venue: A Journal"),
    ],
)
def test_a_field_edited_in_zotero_arrives_and_nothing_else_moves(
    desk: Desk, zotero: str, value: str, line: str
) -> None:
    desk.write("p2", desk.text("p2") + "Mine.  \n\n\nlast line, no end")
    desk.settle()
    before = desk.bytes()
    desk.web.change(desk.keys["p2"], **{zotero: value})
    code, report = desk.sync()
    assert (code, report["vault"]["updated"], report["zotero"]["updated"]) == (0, 1, 0)
    assert line in desk.text("p2").splitlines()
    assert desk.text("p2").endswith("\n## Notes\n\nMine.  \n\n\nlast line, no end")
    changed = {name for name, digest in desk.bytes().items() if before.get(name) != digest}
    assert changed == {"Papers/@p2.md"}
    desk.settle()


def test_law_4_a_windows_file_keeps_its_bytes(desk: Desk) -> None:
    """CRLF, a byte order mark, comments, own keys, trailing spaces and a missing last newline stay."""
    lines = [*desk.text("p3").splitlines(), "Mine.  "]
    lines.insert(1, "# a comment of mine")
    lines.insert(2, "my-key:   'single'   # and why")
    desk.write("p3", "\ufeff" + "\r\n".join(lines))
    assert desk.sync()[0] == 0
    before = desk.text("p3").split("\r\n")
    desk.web.change(desk.keys["p3"], title="Renewed")
    assert desk.sync()[0] == 0
    after = desk.text("p3")
    assert "\n" not in after.replace("\r\n", "")
    assert not after.endswith("\n")
    assert after.startswith("\ufeff---\r\n# a comment of mine\r\nmy-key:   'single'   # and why\r\n")
    lines = after.split("\r\n")
    assert len(lines) == len(before)
    assert {line.split(":")[0] for line in {*lines} - {*before}} == {
        "title",
        "  - Renewed",
        "zotero-stamp",
        "# Renewed",
    }
    desk.settle()


def test_r18_a_status_from_the_note_moves_two_lines_of_extra_and_no_other(desk: Desk) -> None:
    before = desk.web.item(desk.keys["p4"])["extra"].split("\n")
    desk.edit("p4", "^status: .*$", "status: reading")
    desk.edit("p4", "^status-date: .*$", "status-date: 2024-09-01")
    desk.sync()
    after = desk.web.item(desk.keys["p4"])["extra"].split("\n")
    # As the Reading List plug-in writes: its lines leave and come again at the end, all others stay in their order.
    assert after[:-2] == [line for line in before if not line.startswith("Read_Status")]
    assert after[-2:] == ["Read_Status: In Progress", "Read_Status_Date: 2024-09-01T10:00:00.000Z"]
    assert desk.value("p4", "started") == "2024-09-01"
    desk.settle()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("new", "New"),
        ("to-read", "To Read"),
        ("reading", "In Progress"),
        ("read", "Read"),
        ("skipped", "Not Reading"),
        ("done", "Read"),
        ("in progress", "In Progress"),
        ("Waiting for the library", "Waiting for the library"),
    ],
)
def test_every_status_and_its_synonyms_both_ways(desk: Desk, typed: str, stored: str) -> None:
    desk.edit("p5", "^status: .*$", f"status: {typed}")
    desk.sync()
    extra = desk.web.item(desk.keys["p5"])["extra"]
    if stored != "To Read":
        assert f"\nRead_Status: {stored}\n" in extra
    desk.settle()
    desk.web.change(desk.keys["p6"], extra=f"Read_Status: {stored}\nRead_Status_Date: 2024-01-02T03:04:05Z")
    desk.sync()
    shown = desk.value("p6", "status")
    assert shown == {"done": "read", "in progress": "reading"}.get(typed, typed)
    assert desk.value("p6", "status-date") == "2024-01-02"
    desk.settle()


def test_r10_a_cleared_status_leaves_extra_and_a_second_line_waits(desk: Desk) -> None:
    desk.edit("p7", "^status: .*$", "status:")
    desk.sync()
    extra = desk.web.item(desk.keys["p7"])["extra"]
    assert "Read_Status" not in extra
    assert extra.startswith("PMID: 7\n  tex.note:  kept as it is  \n")
    desk.settle()
    twice = "Read_Status: Read\nRead_Status: New\nRead_Status_Date: 2024-01-01"
    desk.web.change(desk.keys["p8"], extra=twice)
    desk.sync()
    assert desk.value("p8", "status") in ("", None)
    assert desk.web.item(desk.keys["p8"])["extra"] == twice
    desk.settle()
    desk.edit("p8", "^status:.*$", "status: skipped")
    desk.sync()
    assert desk.web.item(desk.keys["p8"])["extra"].count("Read_Status:") == 1
    desk.settle()


def test_tags_by_member_from_both_sides_at_once(desk: Desk) -> None:
    key = desk.keys["p9"]
    desk.edit("p9", "^  - own-9$", "  - mine\n  - '#hash'\n  - a/b")
    desk.web.change(key, tags=[*desk.web.item(key)["tags"], {"tag": "from zotero"}])
    desk.sync()
    assert set(desk.list("p9", "tags")) >= {"Shared-Tag", "mine", "a/b", "from-zotero"}
    assert desk.web.tags(key) == sorted(["Shared Tag", "mine", "hash", "a/b", "from zotero"])
    assert desk.list("p9", "keywords") == ["machine-made"]
    desk.settle()


def test_r9_two_spellings_are_one_tag_in_the_note_and_go_together(desk: Desk) -> None:
    key = desk.keys["p10"]
    desk.web.change(key, tags=[{"tag": "Digital Twin"}, {"tag": "Digital twin"}, {"tag": "x"}])
    desk.sync()
    assert len(desk.list("p10", "tags")) == 2
    desk.edit("p10", "^  - x$", "  - y")
    desk.sync()
    assert desk.web.tags(key) == ["Digital Twin", "Digital twin", "y"]
    desk.edit("p10", "^  - [Dd]igital-[Tt]win\n", "")
    desk.sync()
    assert desk.web.tags(key) == ["y"]
    desk.settle()


def test_r9_the_longest_tag_arrives_and_a_longer_one_is_held(desk: Desk) -> None:
    fits, long = "a" * 255, "b" * 256
    desk.edit("p11", "^  - own-11$", f"  - {fits}\n  - {long}")
    code, report = desk.sync()
    assert (code, report["held"]) == (3, 1)
    assert desk.web.tags(desk.keys["p11"]) == ["Shared Tag", fits]
    assert long in desk.text("p11")
    [held] = desk.held()
    assert (held["field"], bool(held["advice"])) == ("tags", True)
    # Nothing is tried again and nothing else is written while it waits.
    desk.sync()
    code, report = desk.sync()
    assert (code, quiet(report), report["requests"]) == (3, True, 1)
    desk.edit("p11", f"^  - {long}\n", "")
    desk.settle()
    assert desk.held() == []


def test_an_automatic_tag_put_into_tags_becomes_manual(desk: Desk) -> None:
    key = desk.keys["p12"]
    desk.edit("p12", "^  - own-12$", "  - own-12\n  - machine-made")
    desk.sync()
    assert desk.web.tags(key) == sorted(["Shared Tag", "machine made", "own 12"])
    desk.settle()


def test_a_one_way_field_is_put_back_and_kept_in_the_log(desk: Desk) -> None:
    desk.edit("p13", "^year: .*$", "year: 1905")
    desk.edit("p13", "^  - Ada Author13$", "  - Somebody Else")
    assert desk.sync()[0] == 0
    assert desk.value("p13", "year") == "2023"
    assert desk.list("p13", "authors") == ["Ada Author13"]
    assert "1905" in desk.run("log").out
    assert "Somebody Else" in desk.run("log").out
    desk.settle()


def test_r7_an_absent_key_is_put_back_and_a_cleared_title_held(desk: Desk) -> None:
    desk.edit("p14", "^doi: .*\n", "")
    desk.edit("p15", "^title: .*$", "title:")
    code, report = desk.sync()
    assert (code, report["held"], report["zotero"]["updated"]) == (3, 1, 0)
    assert desk.value("p14", "doi") == "10.1000/p.14"
    assert desk.web.item(desk.keys["p15"])["title"] == "Paper number 15"
    desk.edit("p15", "^title:.*$", "title: Named again")
    desk.settle()
    assert desk.web.item(desk.keys["p15"])["title"] == "Named again"


def test_collections_that_exist_are_set_and_others_held(desk: Desk) -> None:
    report = desk.web.call("POST", "collections", [{"name": "Reading", "parentCollection": False}]).json()
    collection = report["successful"]["0"]["key"]
    desk.sync()
    desk.edit("p16", "^authors:$", "collections:\n  - Reading\n  - Nowhere\nauthors:")
    assert desk.sync()[0] == 3
    assert desk.web.item(desk.keys["p16"])["collections"] == [collection]
    assert desk.list("p16", "collections") == ["Reading", "Nowhere"]
    assert [held["field"] for held in desk.held()] == ["collections"]
    desk.web.call("POST", "collections", [{"name": "Nowhere", "parentCollection": False}])
    desk.settle()
    assert len(desk.web.item(desk.keys["p16"])["collections"]) == 2


def test_a_key_of_ones_own_named_in_fields(desk: Desk) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text() + '\n[fields]\nrating = "extra:Rating"\npages = "pages"\n')
    desk.edit("p17", "^title: ", "rating: 5\npages: 1-9\ntitle: ")
    desk.sync()
    item = desk.web.item(desk.keys["p17"])
    assert item["extra"].split("\n")[-1] == "Rating: 5" or "Rating: 5" in item["extra"].split("\n")
    assert item["pages"] == "1-9"
    desk.settle()
    desk.web.change(desk.keys["p17"], pages="2-3")
    desk.sync()
    assert desk.value("p17", "pages") == "2-3"
    desk.settle()


def configure(desk: Desk, text: str) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text().partition("\n[fields]")[0].partition("\n[status]")[0] + f"\n{text}\n")


def test_law_9_a_field_kept_elsewhere_from_now_on_is_not_cleared(desk: Desk) -> None:
    """What is not at the new place yet was never there: it goes there, and the old line stays (law 11)."""
    configure(desk, '[fields]\nrating = "extra:Rating"')
    desk.edit("p1", "^title: ", "rating: 5\ntitle: ")
    desk.settle()
    desk.web.change(desk.keys["p1"], extra=desk.web.item(desk.keys["p1"])["extra"].replace("Rating: 5", "Rating: 6"))
    desk.edit("p1", "^rating: 5", "rating: 7")
    assert desk.sync()[1]["conflicts"] == 1
    configure(desk, '[fields]\nrating = "extra:Score"')
    desk.settle()
    assert desk.value("p1", "rating") == "7"
    extra = desk.web.item(desk.keys["p1"])["extra"].split("\n")
    assert "Score: 7" in extra
    assert "Rating: 6" in extra


def test_law_9_a_status_kept_in_a_tag_from_now_on_is_not_cleared(desk: Desk) -> None:
    configure(desk, '[status]\nstore = "tag"')
    code, said = desk.sync()
    assert (code, said["error"]["guard"]) == (4, "mass-zotero")  # all papers are to get a tag
    assert desk.sync("--yes")[0] == 0
    assert desk.value("p1", "status") == "to-read"
    assert "to-read" in desk.web.tags(desk.keys["p1"])
    desk.settle()


def test_a_citation_key_carries_its_file_and_links_with_it(desk: Desk) -> None:
    (desk.vault / "diary.md").write_text("See [[@p18]], [[@p18|it]], ![[@p18#Notes]] and [@p18; @p19].\n")
    desk.sync()
    desk.web.change(desk.keys["p18"], citationKey="renamed2024")
    code, report = desk.sync()
    assert (code, report["vault"]["renamed"]) == (0, 1)
    assert not desk.path("p18").exists()
    text = desk.text("renamed2024")
    assert "citekey: renamed2024" in text
    assert "  - p18" in text
    said = (desk.vault / "diary.md").read_text()
    assert "[[@renamed2024]], [[@renamed2024|it]], ![[@renamed2024#Notes]]" in said
    assert "[@renamed2024; @p19]" in said
    desk.settle()
