"""Notes read and made: the contract's format, R7, R9, R36, laws 9 and 13. Editing is in ``test_note_edit.py``."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core import blocks
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.side import Edit
from bridge.core.text import heading
from bridge.vault import frontmatter, tags
from bridge.vault.note import NoteRules, new_note, read_note
from bridge.vault.template import context, render_body
from bridge.vault.values import LISTS

ITEM = ItemId("users/1", "ABCD2345")
RULES = NoteRules("users/1")

DESIGN = """\
---
title: Attention Is All You Need
status: read
status-date: 2024-03-28
tags:
  - attention
  - machine-learning
collections:
  - NLP/Transformers
authors:
  - Ashish Vaswani
  - Noam Shazeer
year: 2017
published: 2017-06
venue: arXiv
type: preprint
doi: 10.48550/arXiv.1706.03762
url: https://arxiv.org/abs/1706.03762
added: 2024-03-25
started: 2024-03-26
finished: 2024-03-28
aliases:
  - Attention Is All You Need
  - Vaswani et al. 2017
citekey: vaswani2017attention
zotero-key: ABCD2345
zotero-link: zotero://select/library/items/ABCD2345
zotero-stamp: 7f3k2m9d
---

# Attention Is All You Need

%% bridge:begin abstract DIGEST · from Zotero, write above or below %%

> [!abstract]- Abstract
> The dominant models…

%% bridge:end abstract %%

## Notes

""".replace("DIGEST", blocks.digest("> [!abstract]- Abstract\n> The dominant models…"))

FACE: Face = {
    "title": "Attention Is All You Need",
    "status": "read",
    "status-date": "2024-03-28",
    "tags": ("attention", "machine-learning"),
    "collections": ("NLP/Transformers",),
    "authors": ("Ashish Vaswani", "Noam Shazeer"),
    "year": "2017",
    "published": "2017-06",
    "venue": "arXiv",
    "type": "preprint",
    "doi": "10.48550/arXiv.1706.03762",
    "url": "https://arxiv.org/abs/1706.03762",
    "added": "2024-03-25",
    "started": "2024-03-26",
    "finished": "2024-03-28",
    "aliases": ("Attention Is All You Need", "Vaswani et al. 2017"),
    "citekey": "vaswani2017attention",
    "zotero-link": "zotero://select/library/items/ABCD2345",
}


def made(face: Face, abstract: str = "", *, item: ItemId = ITEM, rules: NoteRules = RULES, stamp: str = "") -> bytes:
    record = Record(item, {}, "1", blocks={"abstract": abstract})
    body = render_body(None, context(Record(item, face, "1", blocks=record.blocks)))
    return new_note(Edit(item, "", face, record, stamp), rules, body)


def face_of(head: str, rules: NoteRules = RULES) -> Face:
    note = read_note(f"---\nzotero-key: ABCD2345\n{head}\n---\n".encode(), "a.md", rules)
    assert note.held == ()
    return note.face


def held_of(head: str) -> list[tuple[str, str]]:
    note = read_note(f"---\nzotero-key: ABCD2345\n{head}\n---\n".encode(), "a.md", RULES)
    assert note.id == ITEM
    assert all(held.path == "a.md" and held.id == ITEM for held in note.held)
    assert not [held for held in note.held if held.field in note.face]
    return [(held.code, held.field) for held in note.held]


# --- made and read ------------------------------------------------------------------------------------------------


def test_a_new_note_is_the_contracts_to_the_byte() -> None:
    assert made(FACE, "The dominant models…", stamp="7f3k2m9d").decode() == DESIGN


def test_a_note_reads_as_what_it_was_made_of() -> None:
    note = read_note(DESIGN.encode(), "a.md", RULES)
    assert (note.id, note.face, note.stamp, note.held) == (ITEM, FACE, "7f3k2m9d", ())


def test_keys_without_a_value_are_left_out_but_for_status_and_tags() -> None:
    assert made({"title": "T", "status": "", "tags": (), "authors": (), "doi": ""}) == (
        b"---\ntitle: T\nstatus:\ntags: []\nzotero-key: ABCD2345\n---\n\n# T\n\n## Notes\n\n"
    )


def test_only_another_library_is_named() -> None:
    other = ItemId("groups/51", "ABCD2345")
    data = made({"title": "T"}, item=other)
    assert b"zotero-library: groups/51\nzotero-key: ABCD2345\n" in data
    assert read_note(data, "a.md", RULES).id == other


def test_what_the_edit_does_not_say_comes_from_the_record_in_the_notes_forms() -> None:
    record = Record(ITEM, {"title": "R", "tags": ("Digital Twin", "Digital twin", "C++"), "abstract": "x"}, "1")
    data = new_note(Edit(ITEM, "", {"title": "E"}, record), RULES, "body")
    face = read_note(data, "a.md", RULES).face
    assert face == {"title": "E", "status": "", "tags": ("Digital-Twin", tags.legal("C++"))}
    assert data.endswith(b"---\n\nbody")


@pytest.mark.parametrize(("year", "line"), [("2017", "year: 2017"), ("017", 'year: "017"'), ("MMXVII", "year: MMXVII")])
def test_a_year_is_a_number_where_it_is_one(year: str, line: str) -> None:
    assert f"\n{line}\n" in made({"title": "T", "year": year}).decode()


# --- reading what people write --------------------------------------------------------------------------------------


def test_r7_an_absent_key_says_nothing_and_an_empty_one_is_shown_empty() -> None:
    assert face_of("x: 1") == {}
    assert face_of("title:\nstatus: ''\ndoi: null\ntags: []\ncollections:\naliases: ''") == {
        "title": "", "status": "", "doi": "", "tags": (), "collections": (), "aliases": (),
    }  # fmt: skip


def test_r36_texts_in_lists_numbers_and_other_spellings() -> None:
    assert face_of("status: [read]\ntitle: []\ncitekey: ['a']") == {
        "status": "read",
        "title": "",
        "citekey": "a",
    }
    assert face_of("year: 2017\ntitle: 010\ncitekey: 1e3\nurl: no") == {
        "year": "2017", "title": "010", "citekey": "1e3", "url": "no",
    }  # fmt: skip
    assert face_of("title: >\n  Two\n  lines\nauthors: One Author\naliases:\n- x\n-\n- x") == {
        "title": "Two lines", "authors": ("One Author",), "aliases": ("x",),
    }  # fmt: skip


def test_r9_tags_in_every_form_people_write_them() -> None:
    assert face_of("tags: one") == {"tags": ("one",)}
    assert face_of("tags: '#one'") == {"tags": ("one",)}
    assert face_of("tags: ['#a/b', \"c d\", 2020, no, '#', '']") == {"tags": ("a/b", "c d", "2020", "no")}


def test_r36_keys_may_be_renamed() -> None:
    rules = NoteRules("users/1", keys={"status": "reading-status", "zotero-key": "zkey"}, custom=("rating",))
    data = b"---\nzkey: ABCD2345\nreading-status: read\nstatus: mine\nrating: 5\n---\n"
    note = read_note(data, "a.md", rules)
    assert (note.id, note.face) == (ITEM, {"status": "read", "rating": "5"})
    again = made({"title": "T", "rating": "5", "url": "u", "status": "read", "doi": "d"}, rules=rules).decode()
    assert [line.split(":")[0] for line in again.split("\n")[1:8]] == [
        "title", "reading-status", "tags", "doi", "url", "rating", "zkey",
    ]  # fmt: skip


def test_r36_a_text_whose_type_is_a_list_is_written_as_one() -> None:
    rules = NoteRules("users/1", list_keys=frozenset({"status"}))
    data = made({"title": "T", "status": "read"}, rules=rules)
    assert b"status:\n  - read\n" in data
    assert read_note(data, "a.md", rules).face["status"] == "read"
    assert b"status: []\n" in made({"title": "T", "status": ""}, rules=rules)


@pytest.mark.parametrize(
    ("head", "held"),
    [
        ("status-date: soon", [("not-a-date", "status-date")]),
        ("status-date: 2024-02-31", [("not-a-date", "status-date")]),
        ("status-date: 2024-02-28T10:30:00", []),
        ("status: [a, b]", [("not-one-value", "status")]),
        ("title: {a: b}", [("not-text", "title")]),
        ("title: [[x]]", [("not-text", "title")]),
        ("aliases: [[x]]", [("not-text", "aliases")]),
        ("tags: a, b c d", []),  # as other tools write a list
        ("tags: a b", [("tags-not-a-list", "tags")]),
        ("tags: {a: b}\nstatus: [[]]", [("not-text", "status"), ("not-text", "tags")]),
    ],
)
def test_a_value_that_cannot_be_read_holds_its_field_alone(head: str, held: list[tuple[str, str]]) -> None:
    assert held_of(head) == held


def test_r29_a_broken_block_holds_the_abstract_alone() -> None:
    data = b"---\nzotero-key: ABCD2345\ntitle: T\n---\n%% bridge:begin abstract %%\nno end\n"
    note = read_note(data, "a.md", RULES)
    assert [(held.code, held.field) for held in note.held] == [("broken-block", "abstract")]
    assert note.face == {"title": "T"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"---\nzotero-key: ABCD2345\ntitle: a: b\n---\n", "broken-yaml"),
        (b"---\r\n\"zotero-key\": 'ABCD2345' # x\r\n\ttitle: a\r\n---\r\n", "broken-yaml"),
        (b"---\nzotero-key: ABCD2345\nnever closed\n", "broken-yaml"),
        (b"\xef\xbb\xbf---\nzotero-key: ABCD2345\ntitle: @x\n---\n", "broken-yaml"),
        (b'---\ntitle: a\n"title": b\nzotero-key: ABCD2345\n---\n', "duplicate-key-in-note"),
        (b"---\nzotero-key: ABCD2345\nzotero-key: ABCD2345\n---\n", "duplicate-key-in-note"),
        (b"---\nzotero-key: ABCD2345\n---\n\xff\xfe", "not-utf8"),
    ],
)
def test_law9_a_note_that_cannot_be_read_is_held_and_its_item_known(data: bytes, code: str) -> None:
    note = read_note(data, "a.md", RULES)
    assert (note.id, note.face) == (ITEM, {})
    assert [(held.code, held.path, held.id, held.field) for held in note.held] == [(code, "a.md", ITEM, "")]


def test_law9_the_library_is_known_too() -> None:
    data = b"---\nzotero-library: groups/51\nzotero-key: ABCD2345\nx: a: b\n---\n"
    assert read_note(data, "a.md", RULES).id == ItemId("groups/51", "ABCD2345")


@pytest.mark.parametrize(
    "data",
    [
        b"---\ntitle: a: b\n---\n",
        b"\xff\xfe",
        b"---\n---\nzotero-key: ABCD2345\n",
        b"---\na: 'x\n---\nzotero-key: ABCD2345\n",
    ],
)
def test_what_bears_no_key_is_nobodys_business(data: bytes) -> None:
    note = read_note(data, "a.md", RULES)
    assert (note.id, note.held, note.face) == (None, (), {})


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("zotero-key: ABCD234", "bad-zotero-key"),
        ("zotero-key: ABCD234O", "bad-zotero-key"),
        ("zotero-key: [ABCD2345, ABCD2346]", "bad-zotero-key"),
        ("zotero-key: abcd2345", "bad-zotero-key"),
        ("zotero-key: ABCD2345\nzotero-library: mine", "bad-zotero-library"),
    ],
)
def test_an_identity_of_the_wrong_form_is_held(head: str, code: str) -> None:
    note = read_note(f"---\n{head}\n---\n".encode(), "a.md", RULES)
    assert (note.id, [held.code for held in note.held]) == (None, [code])


@pytest.mark.parametrize("key", ["2345E678", "23456789", "'23456789'", "[ABCD2345]"])
def test_a_key_that_looks_like_a_number_is_a_key(key: str) -> None:
    note = read_note(f"---\nzotero-key: {key}\n---\n".encode(), "a.md", RULES)
    assert note.id is not None
    assert note.id.key == key.strip("'[]")


# --- facts ------------------------------------------------------------------------------------------------------------


def test_r26_facts_are_read_from_other_tools_notes() -> None:
    data = (
        b"---\naliases: ['@smith2020', Other]\ncitationKey: smith2020x\nDOI: 10.1/x\n---\n"
        b"[a](zotero://select/library/items/ABCD2345) zotero://select/groups/51/items/BCDE2345 "
        b"zotero://select/items/1_CDEF2345 zotero://open-pdf/library/items/DEFG2345 zotero://select/items/@key\n"
        b"[[@jones2021]] [[Papers/@li2022.md#h|x]] ![[@wu2023]] [[@jones2021]] [[@a|b]] [[other]] [[@ta\\|ble]]\n"
        b"```\n[[@code]]\n```\n"
    )
    note = read_note(data, "a.md", RULES)
    assert (note.id, note.face, note.held) == (None, {}, ())
    facts = note.facts
    assert (facts.aliases, facts.citekey, facts.doi) == (("@smith2020", "Other"), "smith2020x", "10.1/x")
    assert facts.zotero_links == ("ABCD2345", "BCDE2345", "CDEF2345")
    assert facts.mentions == ("jones2021", "li2022", "wu2023", "a", "ta")


def test_r26_an_alias_may_tell_the_citation_key() -> None:
    assert read_note(b"---\naliases: '@smith2020'\n---\n", "a.md", RULES).facts.citekey == "smith2020"
    assert read_note(b"no head [[@smith2020]]", "a.md", RULES).facts.mentions == ("smith2020",)


# --- any text -----------------------------------------------------------------------------------------------------

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "---",
            "a: b",
            "x #y",
            "[[x]]",
            "%% bridge:end abstract %%",
            "no",
            "12:30",
            "- x",
            "'",
            '"',
            "\n---\n",
        ]
    ),
)


@st.composite
def faces(draw: st.DrawFn) -> dict[str, Value]:
    face: dict[str, Value] = {}
    for name in ("title", "status", "doi", "url", "venue", "citekey", "year"):
        face[name] = draw(TEXT)
    for name in ("collections", "authors", "aliases"):
        face[name] = tuple(draw(st.lists(TEXT, max_size=3)))
    face["tags"] = tuple(tags.legal(tag) for tag in draw(st.lists(TEXT, max_size=3)))
    face["status-date"] = draw(st.one_of(st.just(""), st.dates().map(str)))
    return face


def wanted(face: Face) -> Face:
    """What a note shows of a face: one line each, nothing empty but status and tags."""
    shown: dict[str, Value] = {}
    for name, value in face.items():
        if isinstance(value, tuple):
            members = (frontmatter.one_line(member).strip() for member in value)
            shown[name] = tuple(dict.fromkeys(member for member in members if member))
        else:
            shown[name] = frontmatter.one_line(value).strip()
    return {name: value for name, value in shown.items() if value or name in ("status", "tags")}


@given(faces(), st.text(max_size=40))
@example({"title": "a\nzotero-key: BCDE2345", "tags": ()}, "")
def test_law13_any_record_makes_one_note_that_reads_as_it(face: dict[str, Value], abstract: str) -> None:
    data = made(face, abstract)
    note = read_note(data, "a.md", RULES)
    assert note.held == ()
    assert note.id == ITEM
    assert {"status": "", "tags": (), **note.face} == {"status": "", "tags": (), **wanted(face)}
    body = frontmatter.split(data).body.decode()
    text = blocks.abstract_block(abstract)
    assert [(block.text, block.problem) for block in blocks.find(body)] == ([(text.strip(), "")] if text else [])
    assert len(re.findall(r"^# ", body, re.MULTILINE)) == 1
    assert body.startswith("\n# ")
    assert note.facts.mentions == tuple(
        key for key in note.facts.mentions if b"[[@" in data.split(b"---\n\n# ")[0]
    )  # none from the body


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"---\n", b"---\nzotero-key: ABCD2345\n", b"\xef\xbb\xbf---\r\n"]),
)
def test_reading_never_fails(data: bytes, start: bytes) -> None:
    note = read_note(start + data + b"\n---\n", "a.md", RULES)
    assert note.id in (None, ITEM)


def test_lists_are_those_of_the_field_table() -> None:
    lists = {name for name, value in FACE.items() if isinstance(value, tuple)}
    assert lists | {"keywords", "also-in", "related"} == LISTS
    assert heading(str(FACE["title"])) in DESIGN


def test_a_stamp_of_several_values_is_one_nobody_knows() -> None:
    found = read_note(b"---\nzotero-key: ABCD2345\nzotero-stamp: [aaaa2222, bbbb3333]\n---\n", "x.md", RULES)
    assert (found.id, found.held, found.stamp) == (ITEM, (), "aaaa2222 bbbb3333")
