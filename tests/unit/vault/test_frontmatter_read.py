"""Front-matter found and read: the YAML 1.2 core schema, source text, and faults named without the note's text."""

from __future__ import annotations

import math

import frontmatter as python_frontmatter
import pytest
import yaml
from hypothesis import given
from yaml_heads import MadeHead, heads

from bridge.errors import NoteError
from bridge.vault import yamlcore
from bridge.vault.frontmatter import Node, read, split

SECRET = "UNPUBLISHED"


def head(text: str) -> dict[str, Node]:
    return dict(read(f"---\n{text}---\n".encode()).nodes)


def texts(node: Node) -> list[str]:
    return [item.text for item in node.items]


# --- where front-matter is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"body",
        b" ---\na: 1\n---\n",
        b"--- \na: 1\n---\n",
        b"----\na: 1\n---\n",
        b"\n---\na: 1\n---\n",
        b"---",
        b"\xef\xbb\xbf",
    ],
)
def test_a_file_that_does_not_begin_with_a_line_of_dashes_has_no_front_matter(data: bytes) -> None:
    found = read(data)
    assert not list(found.keys())
    assert not found.parts.opening
    assert found.parts.join() == data


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"---\na: 1\n---\nx\n---\ny", b"x\n---\ny"),
        (b"---\na: 1\n---", b""),
        (b"---\na: 1\n--- \t\nx", b"x"),
        (b"---\r\na: 1\r\n---\r\nx\r\n", b"x\r\n"),
        (b"\xef\xbb\xbf---\na: 1\n---\nx", b"x"),
        (b"---\na: 1\n # --- no\n---\nx", b"x"),
    ],
)
def test_the_head_ends_at_the_next_line_of_dashes(data: bytes, body: bytes) -> None:
    found = read(data)
    assert (found.parts.body, found.nodes["a"].value, found.parts.join()) == (body, 1, data)


def test_empty_heads_have_no_properties() -> None:
    assert head("") == head("# nothing yet\n\n") == head("~\n") == {}


def test_the_line_end_is_the_opening_line_s_or_the_body_s_first() -> None:
    assert split(b"---\r\na: 1\n---\n").eol == "\r\n"
    assert split(b"x\r\ny\n").eol == "\r\n"
    assert split(b"x").eol == split(b"").eol == split(b"x\ny\r\n").eol == "\n"


# --- what it says ---------------------------------------------------------------------------------


def test_every_scalar_keeps_its_source_text_beside_its_value() -> None:
    """R36."""
    nodes = head('a: 010\nb: "010"\nc: 1.10\nd: ~\ne: >-\n  x\n  y\nf: yes\n')
    assert [(node.kind, node.text, node.value) for node in nodes.values()] == [
        ("scalar", "010", 10),
        ("scalar", "010", "010"),
        ("scalar", "1.10", 1.1),
        ("null", "~", None),
        ("scalar", "x y", "x y"),
        ("scalar", "yes", "yes"),
    ]


def test_nothing_of_yaml_1_1_comes_in() -> None:
    nodes = head("no: on\n1: 12:30\nd: 2024-01-01\n=: =\nm: {<<: {a: 1}, b: 2}\nt: !!str 12\nu: !x 3\n")
    assert list(nodes) == ["no", "1", "d", "=", "m", "t", "u"]
    assert [nodes[key].value for key in ("no", "1", "d", "=", "t", "u")] == [
        "on",
        "12:30",
        "2024-01-01",
        "=",
        "12",
        "3",
    ]
    assert nodes["m"].keys == ("<<", "b")


def test_lists_and_maps_are_read_whole() -> None:
    nodes = head("a: [x, [y], {k: z}]\nb:\n- 1\n- ~\n-\nc: &c {k: [v]}\nd: *c\n[[l]]: 1\n{{t}}: 2\n")
    assert [item.kind for item in nodes["a"].items] == ["scalar", "list", "map"]
    assert [item.kind for item in nodes["b"].items] == ["scalar", "null", "null"]
    assert nodes["c"] == nodes["d"]
    assert list(nodes)[-2:] == ["[[l]]", "{{t}}"]


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\u2029", "\x07", "\ufffe", "\ufeff", "\r", "\U000f0000\u2028"])
def test_characters_that_libyaml_refuses_or_takes_for_line_breaks_are_text(mark: str) -> None:
    """YAML 1.2 knows two line breaks only, and Obsidian writes the rest as they are."""
    nodes = head(f'a: x{mark}y\nb: "x{mark}y"\nc:\n  - x{mark}y\n')
    assert {nodes["a"].value, nodes["b"].value, nodes["c"].items[0].value} == {f"x{mark}y"}


@given(heads())
def test_any_spelling_is_read_as_what_it_shows(made: MadeHead) -> None:
    nodes = head(made.text)
    assert list(nodes) == [block.key for block in made.blocks if block.key is not None]
    for block in made.blocks:
        if block.key is not None:
            node = nodes[block.key]
            shown = {"null": None, "list": tuple(texts(node))}.get(node.kind, node.text)
            assert shown == block.shows


@given(heads())
def test_libyaml_and_pyyaml_s_own_parser_agree(made: MadeHead) -> None:
    """PyYAML may have been built without libyaml."""
    fast = yamlcore.compose(made.text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yamlcore, "_Parser", yaml.BaseLoader)
        slow = yamlcore.compose(made.text)
    assert fast == slow


def test_python_frontmatter_reads_with_the_handler() -> None:
    post = python_frontmatter.loads("---\nno: 010\n---\nx", handler=yamlcore.CoreYAMLHandler())
    assert post["no"] == head("no: 010\n")["no"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.10", "1.1"),
        ("0x1F", "31"),
        ("1e3", "1000"),
        ("'a'", "a"),
        ("~", ""),
        ("[a, 1.0]", "\n  - a\n  - 1"),
        ("{x: 1, y: 2}", "\n  y: 2\n  x: 1"),
        (".nan", ".NaN"),
        ("010", "10"),
    ],
)
def test_other_spellings_have_one_meaning(one: str, other: str) -> None:
    """R36, R2."""
    assert head(f"a: {one}\n")["a"].meaning == head(f"a: {other}\n")["a"].meaning


@pytest.mark.parametrize(
    ("one", "other"), [("1", "true"), ("'1'", "1"), ("'~'", "~"), ("[]", "{}"), ("''", ""), ("[a]", "a")]
)
def test_other_meanings_stay_apart(one: str, other: str) -> None:
    assert head(f"a: {one}\n")["a"].meaning != head(f"a: {other}\n")["a"].meaning


def test_not_a_number_equals_itself() -> None:
    """Else no note that holds it could ever be edited."""
    assert math.isnan(float(str(head("a: .nan\n")["a"].value)))
    assert head("a: .nan\n") == head("a: .nan\n")


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: UNPUBLISHED: x\n", 3, "colon"),
        ("a: @UNPUBLISHED\n", 2, "quoted"),
        ("a: 1\n\tb: UNPUBLISHED\n", 3, "tab"),
        ("tags:\n\t- UNPUBLISHED\n", 3, "tab"),
        ("a: [UNPUBLISHED\nb: 1\n", 3, "cannot be read"),
        ("a: 'UNPUBLISHED\n", 2, "quote"),
        ("UNPUBLISHED: 1\nb: 2\nUNPUBLISHED: 3\n", 4, "twice"),
        ("UNPUBLISHED: 1\n'UNPUBLISHED': 3\n", 3, "twice"),
        ('b:\n  UNPUBLISHED: 1\n  "UNPUBLISHED": 2\n', 4, "twice"),
        ("- UNPUBLISHED\n", 2, "not properties"),
        ("# c\nUNPUBLISHED\n", 3, "not properties"),
        ("a: *UNPUBLISHED\n", 2, "quoted"),
        ("a: &UNPUBLISHED [*UNPUBLISHED]\n", 2, "quoted"),
        ("a: 1\n...\nUNPUBLISHED: 2\n", 4, "cannot be read"),
        ("a: 1\n...\n--- {UNPUBLISHED: 1}\n", 4, "second"),
        ("a: " + "[" * 200 + "UNPUBLISHED" + "]" * 200 + "\n", 2, "deeply"),
        ('a: "\\ud83d UNPUBLISHED"\n', 2, "cannot be read"),
        ('a: "x\\y"\nb: UNPUBLISHED\n', 2, "cannot be read"),
    ],
)
def test_a_fault_is_named_with_its_line_and_never_with_the_note_s_text(text: str, line: int, word: str) -> None:
    """Law 14."""
    with pytest.raises(NoteError) as caught:
        head(text)
    message = str(caught.value)
    assert f"line {line}:" in message
    assert word in message
    assert SECRET not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("data", [b"---\na: 1\n", b"---\n", b"---\na: 1\n----\n", b"---\na: 1\n ---\n"])
def test_a_head_that_is_not_closed_is_a_fault(data: bytes) -> None:
    with pytest.raises(NoteError, match=r"line 1.*not closed"):
        read(data)


@pytest.mark.parametrize("data", [b"---\na: \xff\n---\n", b"---\na: 1\n---\n\xff", b"\xff\xfe-\x00", b"x\xc3"])
def test_a_file_that_is_not_utf_8_is_a_fault(data: bytes) -> None:
    with pytest.raises(NoteError, match="UTF-8"):
        read(data)


def test_aliases_that_grow_without_end_are_refused() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    with pytest.raises(NoteError, match="aliases"):
        head(laughs)


def test_a_few_aliases_are_fine() -> None:
    nodes = head("a: &a [x]\nb: [*a, *a]\n")
    assert [texts(item) for item in nodes["b"].items] == [["x"], ["x"]]
