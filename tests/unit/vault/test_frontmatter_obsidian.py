"""Obsidian's rewrite of a head, by its own YAML library, is no change (law 8, R2), and of a new head no byte."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from obsidian_model import InvalidFrontMatterError, ObsidianModel, get_model
from yaml_heads import MadeHead, heads

from bridge.errors import NoteError
from bridge.vault import yamltext
from bridge.vault.frontmatter import Node, dump, edit, one_line, read

pytestmark = pytest.mark.node

few = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def obsidian() -> ObsidianModel:
    return get_model()


def nodes(head: str) -> dict[str, Node]:
    return dict(read(f"---\n{head}---\n".encode()).nodes)


def meanings(head: str) -> dict[str, object]:
    return {key: node.meaning for key, node in nodes(head).items()}


def plain(node: Node) -> Any:
    """A node as JSON has it, with infinities and NaN as the model writes them."""
    if node.kind == "list":
        return [plain(item) for item in node.items]
    if node.kind == "map":
        return {key: plain(item) for key, item in zip(node.keys, node.items, strict=True)}
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return node.value
    number = float(node.value)
    if math.isfinite(number):
        return number
    return "(NaN)" if math.isnan(number) else f"({'-' if number < 0 else ''}Infinity)"


# Heads as people, Obsidian and other plug-ins write them; every one is read by both.
CORPUS = [
    "",
    "# only a comment\n",
    "a: 1\nb: 1.10\nc: 0x1F\nd: 007\ne: 0o7\nf: 1e3\ng: 12345E67\nh: 2401.00010\ni: 12345678901234567890\n",
    "a: no\nb: Yes\nc: on\nd: 2024-01-01\ne: 2024-01-01T10:30:00\nf: 12:30\n",
    "g: 12:30:45\nh: 1_000\ni: 0b101\nj: =\nk: <<\n",
    "a: true\nb: False\nc: tRUE\nd: ~\ne: null\nf: Null\ng:\nh: nuLL\ni: .inf\nj: -.INF\nk: .nan\nl: '.nan'\n",
    'a: [x, y]\nb: []\nc: {}\nd: {k: v, l: [m]}\ne: [[Link]]\nf: "[[Link]]"\ng: [[a, b], [c]]\n',
    "tags:\n- a\n-   'b' # why\n- 1\n-\n\n# next\naliases: []\ncssclasses: wide\n",
    "a: |\n  x\n\n  y\n\nb: >\n  x\n  y\n\n  z\nc: |-\n  x\nd: |+\n  x\n\ne: >-\n   x\n     y\n   z\n",
    "a: one\n  two\n\n  three\nb: 'one\n  two'\nc: \"one\\\n  two\\n three\"\n",
    "a: &x {k: v}\nb: *x\nc: [*x, *x]\nd: &s text\ne: *s\n",
    "a: it's\nb: a\"b\nc: x,y\nd: a\\b\ne: -x\nf: ?x\ng: :x\nh: a#b\ni: a:b\nj: https://example.org/?a=b#c\nk: '@x'\n",
    'a: x\u2028y\nb: x\x85y\nc: x\u2029y\nd: "x\u2028y"\ne: x\u00a0y\nf: x\x07y\ng: x\ufeffy\n',
    "\"quoted key\": 1\n'single': 2\nwith space: 3\nété: 4\n🙂: 5\n? explicit\n: 6\n",
    "{title: x, tags: [a, b], n: 010}\n",
    '{"title": "x", "year": 2017, "tags": ["a", "b"], "deep": {"a": null}}\n',
    "a: !!str 12\nb: !!int '12'\nc: !!float '1'\nd: !!null ''\ne: !!bool 'true'\n",
    "  a: 1\n  b:\n    - c\n",
    "a:   # nothing\nb: ''\nc: \"\"\nd: ' '\ne: \"\\x41\\u00e9\\U0001F642\\t\\/\"\n",
    "created: 2025-03-01 10:00\ntime: 9:05\nversion: 1.2.3\nisbn: 978-3-16-148410-0\npages: 12-15\nphone: +49 30 1\n",
    "a:\n  - b: 1\n    c: 2\n  - - d\n    - e\n  - {f: g}\n",
]


@pytest.mark.parametrize("head", CORPUS)
def test_a_head_is_read_as_obsidian_reads_it(head: str, obsidian: ObsidianModel) -> None:
    assert {key: plain(node) for key, node in nodes(head).items()} == obsidian.values(head)


@pytest.mark.parametrize("head", CORPUS)
def test_law_8_a_rewritten_head_means_the_same(head: str, obsidian: ObsidianModel) -> None:
    rewritten = obsidian.rewrite(head)
    assert meanings(rewritten) == meanings(head)
    assert obsidian.rewrite(rewritten) == rewritten


@few
@given(made=heads())
def test_law_8_a_rewritten_head_means_the_same_in_any_spelling(made: MadeHead, obsidian: ObsidianModel) -> None:
    assert meanings(obsidian.rewrite(made.text)) == meanings(made.text)


@pytest.mark.parametrize(
    "head",
    [
        "a: b: c\n",
        "a: @x\n",
        "a: - x\n",
        "a: 1\na: 2\n",
        "a: 1\n'a': 2\n",
        "a: [1\n",
        "a: 'x\n",
        "\ta: 1\n",
        "- a\n",
        "text\n",
        "a:\n\t- b\n",
        "a: *b\n",
        "m:\n  a: 1\n  a: 2\n",
    ],
)
def test_what_obsidian_refuses_is_refused(head: str, obsidian: ObsidianModel) -> None:
    with pytest.raises(InvalidFrontMatterError):
        obsidian.rewrite(head)
    with pytest.raises(NoteError):
        nodes(head)


# --- new heads ------------------------------------------------------------------------------------


@few
@given(texts=st.lists(st.text(max_size=20), max_size=8))
def test_a_new_head_is_read_by_obsidian_as_meant(texts: list[str], obsidian: ObsidianModel) -> None:
    """Law 13, in the eyes of the reader that counts."""
    head = dump(
        [("list", texts), *((f"k{index}", text) for index, text in enumerate(texts)), ("n", 2017), ("none", None)]
    )
    lines = [one_line(text) for text in texts]
    expected = {"list": lines, **{f"k{index}": line for index, line in enumerate(lines)}, "n": 2017, "none": None}
    assert obsidian.values(head) == expected


@few
@given(texts=st.lists(st.text(max_size=20), max_size=8))
def test_law_8_obsidian_rewrites_a_new_head_to_the_same_bytes(texts: list[str], obsidian: ObsidianModel) -> None:
    assume(not any(is_exception(text) for text in texts))
    head = dump(
        [*((f"k{index}", text) for index, text in enumerate(texts)), ("l", texts), ("e", ()), ("year", 1), ("z", None)]
    )
    assert obsidian.rewrite(head) == head


def is_exception(text: str) -> bool:
    """Whether ``text`` is quoted for other readers than Obsidian."""
    return "<%" in text or yamltext._misread_by_yaml_1_1(one_line(text))


SAMPLES = [
    "A: b",
    "a #b",
    "[[x]]",
    '"q"',
    'it\'s: "x"',
    "12",
    "1e3",
    "true",
    "~",
    "",
    " x ",
    "---",
    "...",
    "%% x",
    "a, b",
    "{{x}}",
    "2024-03-28",
    "2017-06",
    "https://arxiv.org/abs/1706.03762",
    "- x",
    "?",
    "-",
    "x:",
    "@a",
    "é",
    "🙂",
    "a\\b",
    "'",
    "#a",
    "x" * 300,
]


@pytest.mark.parametrize("text", SAMPLES)
def test_law_8_obsidian_rewrites_written_text_to_the_same_bytes(text: str, obsidian: ObsidianModel) -> None:
    head = dump([("k", text), ("l", [text])])
    assert obsidian.rewrite(head) == head


@pytest.mark.parametrize(
    "text", ["no", "Yes", "on", "y", "12:30", "12:30:45", "0b101", "1_000", "=", "<<", "2024-02-31", "<% x %>"]
)
def test_the_exceptions_lose_their_quotes_and_nothing_else(text: str, obsidian: ObsidianModel) -> None:
    """What is quoted for the sake of other readers is the one thing that Obsidian's first rewrite changes."""
    head = dump([("k", text)])
    rewritten = obsidian.rewrite(head)
    assert rewritten == f"k: {text}\n" != head
    assert meanings(rewritten) == meanings(head)


def test_what_yaml_1_1_and_obsidian_both_take_for_a_number_stays_quoted(obsidian: ObsidianModel) -> None:
    """An item key such as ``2345E678`` is a number to both."""
    head = dump([("zotero-key", "2345E678")])
    assert obsidian.rewrite(head) == head == 'zotero-key: "2345E678"\n'


@few
@given(made=heads(), text=st.text(max_size=10), members=st.lists(st.text(max_size=10), max_size=3))
def test_an_edited_head_is_read_by_obsidian_as_meant(
    made: MadeHead, text: str, members: list[str], obsidian: ObsidianModel
) -> None:
    note = edit(f"---\n{made.text}---\n".encode(), {"status": text, "tags": members, "new": [text]})
    values = obsidian.values(note.decode()[4:-4])
    unchanged = {key: value for key, value in obsidian.values(made.text).items() if key not in {"status", "tags"}}
    wanted = {"status": one_line(text), "tags": [one_line(member) for member in members], "new": [one_line(text)]}
    shown = {key: values.pop(key) for key in wanted}
    assert values == unchanged
    # What was shown already in another spelling (010 for 10) is left as it was.
    assert [str(member) for member in shown["new"]] == wanted["new"]
    assert len(shown["tags"]) == len(members)
