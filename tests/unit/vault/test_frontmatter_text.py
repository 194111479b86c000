"""How text is written in front-matter: law 13, and the spelling of Obsidian's property editor."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.vault.frontmatter import dump, one_line, read, scalar
from bridge.vault.yamltext import flow_scalar, resolve

# Pieces that mean something to YAML, Markdown, Obsidian or a template engine, mixed with any text at all.
PIECES = st.sampled_from(
    [
        "---",
        "\n---\n",
        "...",
        "%%",
        ": ",
        " #",
        "#",
        '"',
        "'",
        "\\",
        "[[",
        "]]",
        "{{",
        "}}",
        "<%",
        "%>",
        "- ",
        "? ",
        "!",
        "&a",
        "*a",
        "|",
        ">",
        "@",
        "`",
        ",",
        "[",
        "{",
        "\t",
        "\r",
        "\n",
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ufffe",
        "\ud800",
        "\xa0",
        " ",
        "no",
        "1",
        "e",
        ".",
        "0x",
        "~",
        "null",
        "=",
        "<<",
        "12:30",
        "2024-01-01",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),
    st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=6).map("".join),
)


def note(head: str) -> bytes:
    return f"---\n{head}---\nbody\n".encode()


@given(TEXTS)
@example("---")
@example("<% tp.file.title %>")
def test_law_13_any_text_comes_back_as_one_line_from_a_new_head(text: str) -> None:
    head = dump([("a", text), ("b", [text, "x", text]), ("c", 3)])
    read_back = read(note(head))
    assert list(read_back.keys()) == ["a", "b", "c"]
    nodes = [read_back.nodes["a"], *read_back.nodes["b"].items]
    assert [node.value for node in nodes] == [one_line(text), one_line(text), "x", one_line(text)]
    assert read_back.parts.body == b"body\n"


@given(TEXTS)
def test_law_13_a_new_head_has_the_lines_meant_for_every_kind_of_reader(text: str) -> None:
    head = dump([("a", text), ("b", [text])])
    assert len(head.splitlines()) == len(head.split("\n")) - 1 == 3  # str.splitlines knows the most line breaks
    assert "<%" not in head
    assert head.encode().decode() == head


@given(TEXTS)
def test_a_yaml_1_1_reader_takes_written_text_for_text_or_a_date(text: str) -> None:
    value = yaml.safe_load(f"k: {scalar(text)}")["k"]
    assert value == one_line(text) or isinstance(value, dt.date)


@given(TEXTS)
def test_a_member_of_a_flow_list_comes_back(text: str) -> None:
    members = read(note(f"a: [{flow_scalar(text)}, {flow_scalar(text)}]\n")).nodes["a"].items
    assert [member.value for member in members] == [one_line(text)] * 2


@given(TEXTS)
def test_one_line_is_one_line_and_idempotent(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n\tb", "a b"),
        ("a\u2028b\x85c", "a b c"),
        ("\ufeffa\ufeff", "a"),
        ("a\ud800b", "a\ufffdb"),
        ("a\x00", "a "),
        (" é ", " é "),
    ],
)
def test_one_line_replaces_what_cannot_stand_on_a_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    "text",
    [
        "Attention Is All You Need",
        "10.48550/arXiv.1706.03762",
        "https://arxiv.org/abs/1706.03762",
        "2017-06",
        "2024-03-28",
        "2024-03-28T10:30:00",
        "a:b",
        "x,y",
        "it's",
        'a "b" c',
        "a\\b",
        "-x",
        "?x",
        ":x",
        "--",
        "~x",
        "café",
        "ABCD2345",
        "nullx",
        "#".join("ab"),
    ],
)
def test_no_needless_quotes(text: str) -> None:
    assert scalar(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("[[x]]", '"[[x]]"'),
        ('"q"', "'\"q\"'"),
        ('it\'s: "x"', '"it\'s: \\"x\\""'),
        ("12", '"12"'),
        ("true", '"true"'),
        ("~", '"~"'),
        ("@key", '"@key"'),
        ("trailing ", '"trailing "'),
        ("---", "---"),
        ("%% x %%", '"%% x %%"'),
    ],
)
def test_quotes_where_obsidian_writes_them(text: str, written: str) -> None:
    assert scalar(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "Yes",
        "on",
        "y",
        "12:30",
        "12:30:45",
        "2345E678",
        "1_000",
        "0b101",
        "=",
        "<<",
        "2024-02-31",
        "2024-1-1",
        "2024-13-01",
    ],
)
def test_text_that_yaml_1_1_misreads_is_double_quoted(text: str) -> None:
    assert scalar(text) == f'"{text}"'


def test_a_template_tag_is_written_as_an_escape_so_that_no_template_engine_sees_it() -> None:
    """Law 13: Templater runs ``<% %>`` in files that appear in its vault."""
    written = scalar("<% x %> \\")
    assert written == '"\\x3C% x %> \\\\"'
    assert yaml.safe_load(written) == "<% x %> \\"


def test_a_new_head_is_written_as_obsidian_writes_it() -> None:
    head = dump(
        [("title", "A: b"), ("year", 2017), ("tags", ["x", "1"]), ("aliases", ()), ("status", None), ("venue", "")]
    )
    assert head == 'title: "A: b"\nyear: 2017\ntags:\n  - x\n  - "1"\naliases: []\nstatus:\nvenue: ""\n'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("010", 10),
        ("-0", 0),
        ("0o7", 7),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1.", 1.0),
        ("+12", 12),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("=", "="),
        ("True", True),
        ("tRUE", "tRUE"),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("nuLL", "nuLL"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        (".iNF", ".iNF"),
        ("-", "-"),
        ("٣", "٣"),
        ("9" * 5000, float("inf")),
        ("1\n", "1\n"),
    ],
)
def test_plain_scalars_mean_what_the_yaml_1_2_core_schema_says(text: str, value: object) -> None:
    resolved = resolve(text)
    assert (resolved, type(resolved)) == (value, type(value))
