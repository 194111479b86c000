"""Front-matter edited: law 4, byte for byte, in every form a head may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from yaml_heads import KEYS, Block, MadeHead, heads, wild_heads, words

from bridge.errors import NoteError
from bridge.vault import frontmatter
from bridge.vault.frontmatter import REMOVE, Node, Remove, edit, read

if TYPE_CHECKING:
    from collections.abc import Sequence

Value = str | int | tuple[str, ...] | None | Remove

members = st.lists(words, max_size=4).map(tuple)
values: st.SearchStrategy[Value] = st.one_of(words, st.integers(0, 3000), st.none(), members, st.just(REMOVE))


def shown(node: Node | None) -> object:
    """What a key shows, in the form of a wanted value."""
    if node is None:
        return REMOVE
    if node.kind == "null":
        return None
    return tuple(item.text for item in node.items) if node.kind == "list" else node.text


def would_join(made: MadeHead, value: Value) -> bool:
    """Whether taking a key out may leave blank lines to a ``|+`` scalar before it, which is refused."""
    return value is REMOVE and "|+" in made.text


def edit_head(text: str, changes: dict[str, Value], order: Sequence[str] = ()) -> str:
    """Edit a head alone; the rest of the file must not change."""
    result = edit(f"---\n{text}---\nbody\n".encode(), changes, order).decode()
    assert result.startswith("---\n")
    assert result.endswith("---\nbody\n")
    return result[4 : -len("---\nbody\n")]


# --- law 4 for any head ---------------------------------------------------------------------------


@given(
    heads(),
    st.data(),
    values,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "body", "\nb\r\n---\n"]),
)
def test_law_4_only_the_lines_of_a_changed_key_change(
    made: MadeHead, data: st.DataObject, value: Value, eol: str, bom: bool, body: str
) -> None:
    keyed = [index for index, block in enumerate(made.blocks) if block.key is not None]
    assume(keyed and not would_join(made, value))
    index = data.draw(st.sampled_from(keyed))
    key = made.blocks[index].key
    assert key is not None

    def encoded(blocks: tuple[Block, ...]) -> bytes:
        return "".join(block.text for block in blocks).replace("\n", eol).encode()

    before = (b"\xef\xbb\xbf" if bom else b"") + f"---{eol}".encode() + encoded(made.blocks[:index])
    after = encoded(made.blocks[index + 1 :]) + f"---{eol}{body}".encode()
    note = before + encoded((made.blocks[index],)) + after

    result = edit(note, {key: value})

    assert result.startswith(before)
    assert result.endswith(after)
    assert len(result) >= len(before) + len(after)
    assert shown(read(result).get(key)) == (str(value) if isinstance(value, int) else value)
    assert b"\n" not in result[len(before) : len(result) - len(after)].replace(eol.encode(), b"")


@given(heads(), st.dictionaries(st.sampled_from(KEYS), values, max_size=6), st.permutations(KEYS))
def test_law_4_many_changes_at_once_show_all_that_was_meant(
    made: MadeHead, changes: dict[str, Value], order: list[str]
) -> None:
    assume(not any(would_join(made, value) for value in changes.values()))
    note = f"---\n{made.text}---\nx".encode()
    result = edit(note, changes, order)
    before, after = read(note), read(result)
    for key in KEYS:
        value = changes.get(key, shown(before.get(key)))
        assert shown(after.get(key)) == (str(value) if isinstance(value, int) else value)
    # Blank lines behind a block scalar that does not keep them belong to nobody: a new key may come before them.
    untouched = [block.text.rstrip("\n") for block in made.blocks if block.key not in changes]
    position = 0
    for text in untouched:  # all of it is still there, in its order
        position = result.decode().index(text, position) + len(text)


@given(heads(), st.dictionaries(st.sampled_from(KEYS), values, max_size=4))
def test_law_2_the_same_edit_again_changes_nothing(made: MadeHead, changes: dict[str, Value]) -> None:
    assume(not any(would_join(made, value) for value in changes.values()))
    once = edit(f"---\n{made.text}---\n".encode(), changes)
    assert edit(once, changes) is once


@given(heads())
def test_law_2_showing_what_is_shown_already_changes_nothing(made: MadeHead) -> None:
    note = f"---\n{made.text}---\n".encode()
    assert (
        edit(note, {block.key: block.shows for block in made.blocks if block.key and "\n" not in str(block.shows)})
        is note
    )


@given(wild_heads, st.sampled_from(["status", "a", "new"]), values)
def test_any_head_at_all_is_edited_as_meant_or_refused(head: str, key: str, value: Value) -> None:
    """Law 4: no form of YAML, however odd, is ever broken; the only fault is NoteError."""
    note = f"---\n{head}---\nbody".encode()
    try:
        before = read(note)
        after = read(edit(note, {key: value}))
    except NoteError:
        return
    assert shown(after.get(key)) == (str(value) if isinstance(value, int) else value)
    others = [name for name in before.keys() | after.keys() if name != key]
    assert [after.get(name) for name in others] == [before.get(name) for name in others]
    assert after.parts.body == before.parts.body


@given(heads(), words, st.text(max_size=20))
def test_law_13_text_from_zotero_stays_in_its_key(made: MadeHead, word: str, text: str) -> None:
    note = f"---\n{made.text}---\nbody".encode()
    result = read(edit(note, {"title": text + word, "tags": (word, text), "new": text}))
    assert shown(result.get("title")) == frontmatter.one_line(text + word)
    assert shown(result.get("tags")) == (frontmatter.one_line(word), frontmatter.one_line(text))
    assert result.parts.body == b"body"


# --- single values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("status: new # why\n", "read", "status: read # why\n"),
        ("status:    new   # why\n", "read", "status:    read   # why\n"),
        ("status: 'new'\n", "read", "status: read\n"),
        ("'status' : new\n", "read", "'status' : read\n"),
        ("status:\n", "read", "status: read\n"),
        ("status: # none yet\n", "read", "status: read # none yet\n"),
        ("status: ~\n", "read", "status: read\n"),
        ("status:\n  # which\n  new # c\n", "read", "status:\n  # which\n  read # c\n"),
        ("status: one\n  two\n", "read", "status: read\n"),
        ("status: |\n  one\n\n  two\n\n", "read", "status: read\n\n"),
        ("status: |+\n  one\n\n# c\n", "read", "status: read\n\n# c\n"),
        ("status:\n  - new # c\n", "read", "status: read\n"),
        ("status: [new] # c\n", "read", "status: read # c\n"),
        ("status:\n  a: b\n", "read", "status: read\n"),
        ("? status\n: new\n", "read", "status: read\n"),
        ("  status: new\n", "read", "  status: read\n"),
        ("status: &s new\n", "read", "status: read\n"),
        ("&k status: new\n", "read", "&k status: read\n"),
        ("status: new # why\n", None, "status: # why\n"),
        ("status: new\n", None, "status:\n"),
        ("status:\n  new\n", None, "status:\n"),
        ("status:\n  - new\n", None, "status:\n"),
        ("status: new\n", "", 'status: ""\n'),
        ("status: new\n", 2017, "status: 2017\n"),
        ("status: new\n", "no", 'status: "no"\n'),
        ("status: new # why\n", REMOVE, ""),
        ("status:\n  - new\n  # c\n  - b\n", REMOVE, ""),
        ("? status\n: new\n", REMOVE, ""),
    ],
)
def test_a_single_value_is_put_in_the_old_one_s_place(old: str, value: Value, new: str) -> None:
    around = ("# top\ntitle: 'x'   \n", "\n# next\nyear: 010\n")
    indent = "  " if old.startswith(" ") else ""
    before, after = ("".join(f"{indent}{line}" for line in text.splitlines(keepends=True)) for text in around)
    assert edit_head(before + old + after, {"status": value}) == before + new + after


def test_a_number_shown_in_another_spelling_is_left_alone() -> None:
    """R36: only what Obsidian shows is compared, not how it is quoted."""
    head = "year: '2017'\nissue: 010\n"
    assert edit_head(head, {"year": 2017, "issue": "010"}) == head


# --- lists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "wanted", "new"),
    [
        ("tags:\n- a\n-   'b' # c\n", ("a", "b", "x"), "tags:\n- a\n-   'b' # c\n-   x\n"),
        ("tags:\n    - a\n    - b\n", ("b", "x"), "tags:\n    - b\n    - x\n"),
        (
            "tags: # all\n  # first\n  - a\n\n  # second\n  - b\n",
            ("b",),
            "tags: # all\n  # first\n\n  # second\n  - b\n",
        ),
        ("tags:\n  # c\n  - a\n", (), "tags: []\n  # c\n"),
        ("tags: # all\n  - a\n", (), "tags: [] # all\n"),
        ("tags:\n  - 'a'\n  - \"b\"\n", ("b", "a"), "tags:\n  - \"b\"\n  - 'a'\n"),
        ("tags:\n  - a\n  - c\n", ("a", "b", "c"), "tags:\n  - a\n  - b\n  - c\n"),
        ("tags:\n  - a\n  - a\n", ("a",), "tags:\n  - a\n"),
        ("tags:\n  - |\n    a b\n  - c\n", ("c", "d"), "tags:\n  - c\n  - d\n"),
        ("tags:\n  -\n    a\n  -\n", ("a", "b"), "tags:\n  -\n    a\n  - b\n"),
        ("tags: [a, 'b',  c] # f\n", ("a", "b", "x"), "tags: [a, 'b', x] # f\n"),
        ("tags: [ a, 'b' ]\n", ("b", "x: y"), "tags: [ 'b', \"x: y\" ]\n"),
        ("tags: [\n  a,\n  b,\n]\n", ("a", "b", "c"), "tags: [\n  a,\n  b, c,\n]\n"),
        ("tags: []\n", ("a", "b, c"), 'tags: [a, "b, c"]\n'),
        ("tags: [a, b] # c\n", (), "tags: [] # c\n"),
        ("tags: a # c\n", ("a", "b"), "tags: # c\n  - a\n  - b\n"),
        ("tags:\n", ("a",), "tags:\n  - a\n"),
        ("tags: ~\n", (), "tags: []\n"),
        ("tags: a, b\n", (), "tags: []\n"),
        ("tags:\n  k: v\n", ("a",), "tags:\n  - a\n"),
        ("'tags':\n  - a\n", ("b",), "'tags':\n  - b\n"),
        ("? tags\n: - a\n", ("b",), "tags:\n  - b\n"),
    ],
)
def test_a_list_is_changed_member_by_member_in_its_own_style(old: str, wanted: tuple[str, ...], new: str) -> None:
    before, after = "title: x\n", "# next\nyear: 1\n"
    assert edit_head(before + old + after, {"tags": wanted}) == before + new + after


def test_members_that_are_lists_or_maps_stay() -> None:
    """``[[x]]`` without quotes is a list in a list; a person wrote it, and it is none of the bridge's."""
    assert edit_head("tags:\n  - [[x]]\n  - a: 1\n  - b\n", {"tags": ("c",)}) == "tags:\n  - [[x]]\n  - a: 1\n  - c\n"
    assert edit_head("tags: [[[x]], b]\n", {"tags": ()}) == "tags: [[[x]]]\n"


# --- new keys and new heads -----------------------------------------------------------------------

ORDER = ("title", "status", "tags", "year", "citekey")


@pytest.mark.parametrize(
    ("old", "changes", "new"),
    [
        ("title: x\n# c\nmine: y\n", {"tags": ("a",)}, "title: x\ntags:\n  - a\n# c\nmine: y\n"),
        ("mine: y\n# end\n", {"title": "x"}, "mine: y\n# end\ntitle: x\n"),
        (
            "title: x\nyear: 1\n",
            {"citekey": "k", "tags": (), "status": "new"},
            "title: x\nstatus: new\ntags: []\nyear: 1\ncitekey: k\n",
        ),
        ("tags:\n  - a\nmine: 1\n", {"tags": ("a", "b"), "year": 2}, "tags:\n  - a\n  - b\nyear: 2\nmine: 1\n"),
        ("title: x\nmine: 1\n", {"title": REMOVE, "status": "new"}, "status: new\nmine: 1\n"),
        ("title: |+\n  x\n\nmine: 1\n", {"status": "new"}, "title: |+\n  x\n\nstatus: new\nmine: 1\n"),
        ("# only a comment\n", {"unknown": "a: b"}, '# only a comment\nunknown: "a: b"\n'),
        ("  mine: 1\n", {"title": "x", "tags": ("a",)}, "  mine: 1\n  title: x\n  tags:\n    - a\n"),
        ("mine: 1\n", {"no": "1"}, 'mine: 1\n"no": "1"\n'),
    ],
)
def test_a_new_key_comes_after_the_one_before_it_in_the_canonical_order(
    old: str, changes: dict[str, Value], new: str
) -> None:
    assert edit_head(old, changes, ORDER) == new


@pytest.mark.parametrize(
    ("note", "new"),
    [
        (b"", b"---\ntitle: x\n---\n"),
        (b"body", b"---\ntitle: x\n---\nbody"),
        (b"# h\r\nbody", b"---\r\ntitle: x\r\n---\r\n# h\r\nbody"),
        (b"\xef\xbb\xbfbody", b"\xef\xbb\xbf---\ntitle: x\n---\nbody"),
        (b"---\n---\nbody", b"---\ntitle: x\n---\nbody"),
        (b"---\r\n---", b"---\r\ntitle: x\r\n---"),
        (b"---\n# c\n--- \nbody", b"---\n# c\ntitle: x\n--- \nbody"),
    ],
)
def test_a_note_without_front_matter_gets_one_at_its_top(note: bytes, new: bytes) -> None:
    assert edit(note, {"title": "x"}) == new


@pytest.mark.parametrize("note", [b"body", b"---\na: 1\n---\n"])
def test_taking_out_what_is_not_there_changes_nothing(note: bytes) -> None:
    assert edit(note, {"b": REMOVE}) is note


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        "{status: new, a: 1}\n",  # JSON
        "{}\n",
        "null\n",
        "status: &s new\nother: *s\n",  # other would lose what it refers to
        "base: &s 1\nstatus: &s new\nother: *s\n",  # other would refer to base
        "?\n  status\n: new\n",
        "a: 1\n...\n",
    ],
)
@pytest.mark.parametrize("value", ["read", ("read",)])
def test_a_form_that_cannot_be_changed_alone_is_refused(head: str, value: Value) -> None:
    with pytest.raises(NoteError) as caught:
        edit(f"---\n{head}---\n".encode(), {"status": value})
    assert "new" not in str(caught.value)


def test_a_tag_that_would_become_text_is_refused() -> None:
    with pytest.raises(NoteError):
        edit(b"---\nstatus: !!seq # c\n  - new\n---\n", {"status": "read"})


def test_blank_lines_that_would_join_the_scalar_before_are_refused() -> None:
    with pytest.raises(NoteError):
        edit(b"---\na: |+\n  x\nstatus: new\n\nb: 1\n---\n", {"status": REMOVE})


def test_a_list_in_brackets_with_comments_inside_is_refused() -> None:
    with pytest.raises(NoteError, match="comments"):
        edit(b"---\ntags: [a, # why a\n  b]\n---\n", {"tags": ("b",)})


def test_a_key_beside_an_anchor_can_be_changed() -> None:
    assert edit_head("a: &s 1\nstatus: new\nb: *s\n", {"status": "read"}) == "a: &s 1\nstatus: read\nb: *s\n"


def test_broken_front_matter_is_never_edited() -> None:
    with pytest.raises(NoteError, match="line 3"):
        edit(b"---\nstatus: new\nb: c: d\n---\n", {"status": "read"})


def test_a_result_that_would_show_anything_else_is_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check behind law 4 looks at what was made, whatever made it."""
    for broken in (
        "status: read\nyear: 2\n",
        "status: new\nyear: 1\n",
        "status: read\n",
        "status: read\nyear: 1\n---\n",
    ):
        monkeypatch.setattr(frontmatter, "_edited", lambda *_, head=broken: head)
        with pytest.raises(NoteError):
            edit(b"---\nstatus: new\nyear: 1\n---\n", {"status": "read"})
