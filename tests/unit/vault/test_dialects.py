"""What other tools write is understood (R28)."""

from __future__ import annotations

import pytest

from bridge.core.record import ItemId
from bridge.core.side import Edit
from bridge.errors import NoteError
from bridge.vault import dialects, frontmatter
from bridge.vault.note import NoteRules, edit_note, read_note

RULES = NoteRules("users/1")
ITEM = ItemId("users/1", "ABCD2345")


def head(text: str) -> frontmatter.FrontMatter:
    return frontmatter.read(f"---\n{text}\n---\n".encode())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("itemKey: ABCD2345", ("ABCD2345",)),
        ("zotero_key: ABCD2345", ("ABCD2345",)),
        ("zoterokey: [ABCD2345]", ("ABCD2345",)),
        ("zotero-key: ABCD2345g51", ("groups/51/items/ABCD2345",)),
        ("itemKey: ABCD2345\nlibrary-id: 51", ("51/items/ABCD2345",)),
        ("itemKey: library/items/ABCD2345", ("library/items/ABCD2345",)),
        ("zotero-key: ABCD2345\nzotero-library: users/1", ("1/items/ABCD2345",)),
        ("itemKey: abcd2345", ()),
        ("itemKey: ABCD2345X", ()),
        ("key: ABCD2345", ()),
        ("itemKey:", ()),
        ("itemKey: {a: ABCD2345}", ()),
    ],
)
def test_items_named_by_key(text: str, named: tuple[str, ...]) -> None:
    assert dialects.named_items(head(text), "zotero-key", "zotero-library") == named


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("zotero://select/library/items/ABCD2345", ("library/items/ABCD2345",)),
        ("[x](zotero://select/groups/51/items/ABCD2345)", ("groups/51/items/ABCD2345",)),
        ("zotero://select/items/1_ABCD2345", ("library/items/ABCD2345",)),
        ("zotero://select/items/7_ABCD2345", ("ABCD2345",)),  # a number of one machine's own
        ("zotero://select/library/items?itemKey=ABCD2345", ("library/items/ABCD2345",)),
        ("zotero://select/library/items?itemKey=ABCD2345,EFGH2345", ()),
        ("zotero://select/library/items/ABCD2345 zotero://select/items/0_ABCD2345", ("library/items/ABCD2345",)),
        ("zotero://select/library/items/ABCD2345 zotero://select/library/items/EFGH2345", ()),
        ("zotero://open-pdf/library/items/ABCD2345?page=1", ()),  # the key of a file
        ("https://www.zotero.org/users/1/items/ABCD2345", ()),
        ("zotero://select/library/items/ABCD2345X", ()),
    ],
)
def test_items_that_links_lead_to(text: str, linked: tuple[str, ...]) -> None:
    assert dialects.linked_items(text) == linked


@pytest.mark.parametrize(
    ("text", "citekey"),
    [
        ("zotero://select/items/@wei2020", "wei2020"),
        ("[x](zotero://select/items/bbt:wei2020)", "wei2020"),
        ("zotero://select/items/@a zotero://select/items/@b", ""),
        ("zotero://select/library/items/ABCD2345", ""),
    ],
)
def test_citation_keys_that_links_lead_to(text: str, citekey: str) -> None:
    assert dialects.linked_citekey(text) == citekey


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("a, b", ("a", "b")),
        ("a,b c, ", ("a", "b c")),
        ("#a #b", ("#a", "#b")),
        ("#a", ("#a",)),
        ("machine learning", None),
        ("a", None),
        (",", ()),
    ],
)
def test_tags_in_one_text(text: str, tags: tuple[str, ...] | None) -> None:
    assert dialects.tags_of(text) == tags


def test_the_signs_of_a_note_are_read_from_its_properties_and_those_alone() -> None:
    text = "---\nzotero: '[Open](zotero://select/library/items/ABCD2345)'\nDOI: 10.1/x\n---\nzotero://select/library/items/EFGH2345\n"
    facts = read_note(text.encode(), "x.md", RULES).facts
    assert (facts.linked, facts.doi, facts.zotero_links) == (
        ("library/items/ABCD2345",),
        "10.1/x",
        ("ABCD2345", "EFGH2345"),
    )


BOUND = "zotero-key: ABCD2345\nzotero-stamp: 7f3k2m9d"


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("citationKey: wei2020", "citekey", "wei2020"),
        ("citation_key: wei2020", "citekey", "wei2020"),
        ("citekey: '@wei2020'", "citekey", "wei2020"),
        ("Citekey: '[@wei2020]'", "citekey", "wei2020"),
        ("citekey: '[@wei2020'", "citekey", "[@wei2020"),
        ("citekey: '@a; @b'", "citekey", "@a; @b"),
        ("DOI: 10.1/x", "doi", "10.1/x"),
        ("URL: https://x.org", "url", "https://x.org"),
        ("Tags: [a, b]", "tags", ("a", "b")),
        ("dateread: 2024-03-28", "finished", "2024-03-28"),
        ("date-read: 2024-03-28", "finished", "2024-03-28"),
    ],
)
def test_a_field_in_another_tools_key_is_read_and_written_there(line: str, field: str, value: object) -> None:
    text = f"---\n{line}  # mine\n{BOUND}\n---\n"
    assert read_note(text.encode(), "x.md", RULES).face[field] == value
    changed = edit_note(text.encode(), Edit(ITEM, "1", {field: ("c",) if field == "tags" else "2025-01-01"}), RULES)
    assert frontmatter.read(changed).keys() == frontmatter.read(text.encode()).keys()
    assert b"# mine" in changed


def test_bridges_own_key_counts_where_both_are_there() -> None:
    text = f"---\ncitekey: ours\ncitationKey: theirs\n{BOUND}\n---\n"
    assert read_note(text.encode(), "x.md", RULES).face["citekey"] == "ours"
    changed = edit_note(text.encode(), Edit(ITEM, "1", {"citekey": "new"}), RULES).decode()
    assert "citekey: new\ncitationKey: theirs\n" in changed


def test_a_key_that_the_vault_uses_for_another_field_is_that_fields() -> None:
    rules = NoteRules("users/1", keys={"url": "DOI"})
    face = read_note(f"---\nDOI: https://x.org\n{BOUND}\n---\n".encode(), "x.md", rules).face
    assert (face.get("url"), face.get("doi")) == ("https://x.org", None)


def test_zotlits_key_of_a_groups_item_binds_as_it_is() -> None:
    text = b"---\nzotero-key: ABCD2345g51\n---\n"
    note = read_note(text, "x.md", RULES)
    assert (note.id, note.held) == (ItemId("groups/51", "ABCD2345"), ())
    changed = edit_note(text, Edit(ItemId("groups/51", "ABCD2345"), "1", {"title": "T"}, stamp="7f3k2m9d"), RULES)
    assert b"zotero-key: ABCD2345g51\n" in changed
    assert b"zotero-library" not in changed
    broken = read_note(b"---\nzotero-key: ABCD2345g51\ntitle: [\n---\n", "x.md", RULES)
    assert (broken.id, broken.held[0].code) == (ItemId("groups/51", "ABCD2345"), "broken-yaml")


@pytest.mark.parametrize(
    "identity", ["zotero-key: EFGH2345", "zotero-key: abcd2345", "zotero-key: ABCD2345\nzotero-library: groups/9"]
)
def test_only_adoption_binds_a_note_that_names_something_else(identity: str) -> None:
    text = f"---\n{identity}\n---\nbody\n".encode()
    with pytest.raises(NoteError):
        edit_note(text, Edit(ITEM, "1", {}), RULES)
    changed = edit_note(text, Edit(ITEM, "1", {}, at="x.md"), RULES)
    assert read_note(changed, "x.md", RULES).id == ITEM
    assert changed.endswith(b"---\nbody\n")


def test_a_note_is_read_as_an_items_whatever_it_says() -> None:
    assert read_note(b"no head\n", "x.md", RULES, item=ITEM).id == ITEM
    note = read_note(b"---\ncitationKey: a\ntype: literature\n---\n", "x.md", RULES, item=ITEM)
    assert (note.id, note.face) == (ITEM, {"citekey": "a", "type": "literature"})
    assert read_note(b"---\ntitle: [\n---\n", "x.md", RULES, item=ITEM).held[0].code == "broken-yaml"
