"""Notes edited: law 4 to the byte, R30 (the heading follows the title), R29 (blocks), R36, adoption."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import blocks
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.side import Edit
from bridge.errors import NoteError
from bridge.vault.note import NoteRules, edit_note, read_note

ITEM = ItemId("users/1", "ABCD2345")
RULES = NoteRules("users/1")
ABSTRACT = blocks.write("abstract", blocks.abstract_block("Old words."))

#: A note as a person keeps it: own keys, comments, odd quoting and spacing.
NOTE = f"""\
---
# mine
mood:  'good'   # really
title: "A title"
status: reading  # since Monday
tags:
- "#one"
- 'two'   # keep

my-list: [a,  b]
citekey: 'smith2020'
zotero-key: ABCD2345
---
intro

# A title

{ABSTRACT}

## Notes

- mine  \n
no final newline"""

FORMS = [(bom, eol, end) for bom in ("", "\ufeff") for eol in ("\n", "\r\n") for end in ("", "\n", "\n\n  ")]


def encoded(form: tuple[str, str, str], text: str = NOTE) -> bytes:
    bom, eol, end = form
    return (bom + (text + end).replace("\n", eol)).encode()


def edit(set_: Face, *, before: Face | None = None, abstract: str | None = None, stamp: str = "") -> Edit:
    record = None if abstract is None else Record(ITEM, {}, "1", blocks={"abstract": abstract})
    return Edit(ITEM, "digest", set_, record, stamp, before or {})


def changed_lines(before: bytes, after: bytes) -> tuple[list[str], list[str]]:
    """The lines taken out and put in, exactly as they stand."""
    old, new = (data.decode().splitlines(keepends=True) for data in (before, after))
    out, into = [], []
    for line in difflib.ndiff(old, new):
        if line.startswith("- "):
            out.append(line[2:])
        elif line.startswith("+ "):
            into.append(line[2:])
    return out, into


@pytest.mark.parametrize("form", FORMS)
def test_law4_an_edit_that_says_nothing_new_gives_the_same_bytes(form: tuple[str, str, str]) -> None:
    data = encoded(form)
    face = read_note(data, "a.md", RULES).face
    assert edit_note(data, edit({}), RULES) is data
    assert edit_note(data, edit(face, before=face, abstract="Old words."), RULES) == data
    assert edit_note(data, edit({"doi": "", "authors": (), "abstract": "x"}, abstract="Old words."), RULES) == data


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("set_", "out", "into"),
    [
        ({"status": "read"}, ["status: reading  # since Monday\n"], ["status: read  # since Monday\n"]),
        ({"status": ""}, ["status: reading  # since Monday\n"], ["status:  # since Monday\n"]),
        ({"citekey": "x"}, ["citekey: 'smith2020'\n"], ["citekey: x\n"]),
        ({"tags": ("one", "three", "two")}, [], ["- three\n"]),
        ({"tags": ("two",)}, ['- "#one"\n'], []),
        ({"year": "2020"}, [], ["year: 2020\n"]),
        ({"doi": "10.1/x", "status-date": "2024-01-02"}, [], ["doi: 10.1/x\n", "status-date: 2024-01-02\n"]),
    ],
)
def test_law4_an_edit_changes_the_lines_of_its_keys_alone(
    form: tuple[str, str, str], set_: Face, out: list[str], into: list[str]
) -> None:
    data = encoded(form)
    result = edit_note(data, edit(set_), RULES)
    gone, come = changed_lines(data, result)
    eol = form[1]
    assert sorted(gone) == sorted(line.replace("\n", eol) for line in out)
    assert sorted(come) == sorted(line.replace("\n", eol) for line in into)
    face = read_note(result, "a.md", RULES).face
    for name, value in set_.items():
        assert set(face[name]) == set(value)


def test_new_keys_stand_in_the_contracts_order_and_the_stamp_last() -> None:
    result = edit_note(
        encoded(FORMS[0]), edit({"doi": "d", "year": "2020", "aliases": ("a",)}, stamp="7f3k2m9d"), RULES
    )
    head = result.decode().split("---\n")[1]
    keys = [line.split(":")[0] for line in head.split("\n") if line[:1].isalpha()]
    assert keys == [
        "mood", "title", "status", "tags", "year", "doi", "aliases", "my-list", "citekey", "zotero-key", "zotero-stamp",
    ]  # fmt: skip


def test_empty_values_take_their_key_out_but_for_status_and_tags() -> None:
    result = edit_note(encoded(FORMS[0]), edit({"citekey": "", "tags": (), "title": ""}), RULES).decode()
    assert "citekey" not in result
    assert "title" not in result.split("---\n")[1]
    assert "\ntags: []\n" in result


def test_r36_a_list_stays_a_list_and_members_keep_their_spelling() -> None:
    data = b"---\nzotero-key: ABCD2345\nstatus: [reading]\ntags: ['#one', two]\n---\n"
    result = edit_note(data, edit({"status": "read", "tags": ("one", "three")}), RULES)
    note = read_note(result, "a.md", RULES)
    assert note.face == {"status": "read", "tags": ("one", "three")}
    assert b"status: [read]\n" in result
    assert b"'#one'" in result
    rules = NoteRules("users/1", list_keys=frozenset({"status"}))
    assert b"status:\n  - read\n" in edit_note(b"---\nzotero-key: ABCD2345\n---\n", edit({"status": "read"}), rules)


# --- the body -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_r30_the_heading_follows_zoteros_title(form: tuple[str, str, str]) -> None:
    data = encoded(form)
    result = edit_note(data, edit({"title": "New [x]"}, before={"title": "A title"}), RULES)
    out, into = changed_lines(data, result)
    eol = form[1]
    assert out == [f'title: "A title"{eol}', f"# A title{eol}"]
    assert into == [f'title: "New [x]"{eol}', f"# New \\[x\\]{eol}"] or into[1] == f"# New \\[x\\]{eol}"


def test_r30_the_heading_follows_the_persons_title() -> None:
    data = encoded(FORMS[0]).replace(b'title: "A title"', b"title: Mine")
    result = edit_note(data, edit({"aliases": ("Mine",)}, before={"title": "A title"}), RULES)
    assert b"\n# Mine\n" in result
    assert b"# A title" not in result


@pytest.mark.parametrize("heading", ["# My own title", "## A title", "```\n# A title\n```", "text"])
def test_r30_a_heading_that_is_not_the_title_stays(heading: str) -> None:
    data = encoded(FORMS[0]).replace(b"# A title", heading.encode())
    result = edit_note(data, edit({"title": "New"}, before={"title": "A title"}), RULES)
    assert heading.encode() in result
    assert b"\n# New\n" not in result


def test_r30_only_the_first_heading_is_the_title() -> None:
    data = b"---\nzotero-key: ABCD2345\ntitle: A\n---\n# Other\n# A\n"
    assert edit_note(data, edit({"title": "B"}, before={"title": "A"}), RULES).endswith(b"# Other\n# A\n")


def test_r30_without_a_base_the_heading_stays() -> None:
    assert b"# A title" in edit_note(encoded(FORMS[0]), edit({"title": "New"}), RULES)


@pytest.mark.parametrize("form", FORMS)
def test_r29_a_block_is_renewed_when_its_source_changed(form: tuple[str, str, str]) -> None:
    data = encoded(form)
    result = edit_note(data, edit({"abstract": "digest"}, abstract="New words."), RULES)
    new = blocks.write("abstract", blocks.abstract_block("New words."))
    assert result == encoded(form, NOTE.replace(ABSTRACT, new))
    assert edit_note(data, edit({}, abstract="New words."), RULES) is data


# --- identity -------------------------------------------------------------------------------------------------------


def test_r28_a_note_without_a_key_is_bound_by_its_edit() -> None:
    result = edit_note(b"mine\n", edit({"title": "T"}, stamp="7f3k2m9d"), RULES)
    assert result == b"---\ntitle: T\nzotero-key: ABCD2345\nzotero-stamp: 7f3k2m9d\n---\nmine\n"
    other = Edit(ItemId("groups/51", "ABCD2345"), "digest")
    assert edit_note(b"mine", other, RULES) == b"---\nzotero-library: groups/51\nzotero-key: ABCD2345\n---\nmine"


@pytest.mark.parametrize(
    "data",
    [
        b"---\nzotero-key: BCDE2345\n---\n",
        b"---\nzotero-key: nonsense\n---\n",
        b"---\nzotero-key: ABCD2345\nzotero-library: groups/51\n---\n",
        b"---\nzotero-key: ABCD2345\nx: a: b\n---\n",
        b"---\nzotero-key: ABCD2345\n",
        b"---\nzotero-key: ABCD2345\n---\n\xff",
        b'{"zotero-key": "ABCD2345"}\n\xff',
    ],
)
def test_a_note_of_another_item_or_one_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        edit_note(data, edit({"title": "T"}), RULES)


# --- any edit -------------------------------------------------------------------------------------------------------

OWN = st.sampled_from(
    [
        "mood:  'good'   # really\n", "# comment\n", "\n", "my-list: [a,  b]\n", "nested:\n    x: {y: 1}\n",
        "text: |\n  a\n   b\n", "title: \"A title\"\n", "tags:\n- x\n-  'y' # why\n", "tags: [x,  y]\n",
        "status: reading # now\n", "doi:   10.1/x\n",
        "aliases:\n  - One\n  - \"Two\"\n", "year: 02017\n",
    ]
)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "title": st.sampled_from(["", "A title", "New: title", "- x"]),
    "status": st.sampled_from(["", "read", "reading"]),
    "tags": st.lists(st.sampled_from(["x", "y", "z"]), unique=True).map(tuple),
    "doi": st.sampled_from(["", "10.1/x", "10.2/y"]),
    "year": st.sampled_from(["", "2017", "02017"]),
    "aliases": st.lists(st.sampled_from(["One", "Two", "Three: x"]), unique=True).map(tuple),
}


@given(
    st.lists(OWN, unique_by=lambda line: line.split(":")[0], max_size=6),
    st.fixed_dictionaries({}, optional=VALUES),
    st.sampled_from(FORMS),
)
def test_law4_any_edit_shows_what_it_sets_and_leaves_every_line_of_other_keys(
    own: list[str], set_: dict[str, Value], form: tuple[str, str, str]
) -> None:
    text = "---\n" + "".join(own) + "zotero-key: ABCD2345\n---\n\nbody  \n# A title"
    data = encoded(form, text)
    result = edit_note(data, edit(set_), RULES)
    before, after = (read_note(side, "a.md", RULES) for side in (data, result))
    expected = {**before.face, **set_}
    for name, value in set_.items():
        if not value and name not in ("status", "tags"):
            del expected[name]  # an empty value takes its key out
    assert after.face == expected
    assert result.startswith("\ufeff".encode()) == data.startswith("\ufeff".encode())
    assert result.decode().split("zotero-key")[1].splitlines()[-1] == data.decode().splitlines()[-1]
    gone, come = changed_lines(data, result)
    kept = [line for block in own if block.split(":")[0] not in set_ for line in block.splitlines(keepends=True)]
    assert not {line.replace("\n", form[1]) for line in kept if line.strip()} & set(gone)
    assert all(line.endswith(form[1]) for line in come)
    assert edit_note(result, edit(set_), RULES) == result
