"""Plain heads are read in one pass; what that pass understands, it understands exactly as libyaml does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.errors import NoteError
from bridge.vault import yamlcore
from bridge.vault.yamlquick import quick
from bridge.vault.yamltext import Node

HEAD = """\
title: "Attention: all you need"
status: read
status-date: 2024-03-28
tags:
  - attention
  - 2345_
keywords: []
authors:
  - Łukasz Kaiser
year: 2017
url: https://arxiv.org/abs/1706.03762
added:
zotero-key: ABCD2345
"""

#: Pieces that mean something in YAML, one to a value at most most of the time, so that many heads are plain.
ODD = st.sampled_from(
    [
        *(
            ":",
            ": ",
            " #",
            "#",
            "'",
            '"',
            "''",
            "\\",
            "-",
            "- ",
            "  - ",
            "?",
            "[",
            "]",
            "[]",
            "{}",
            ",",
            "&a",
            "*a",
            "!x",
        ),
        *(
            "|",
            ">",
            "%",
            "@",
            "`",
            "~",
            ".",
            "...",
            "---",
            "\t",
            " ",
            "  ",
            "\r",
            "\u2028",
            "\x85",
            "\ufeff",
            "<<",
            "=",
        ),
    ]
)
WORD = st.sampled_from(
    [
        "a",
        "b-c",
        "Zürich",
        "null",
        "no",
        "12",
        "0x1f",
        "1e3",
        "010",
        "2024-03-28",
        "x y",
        "http://a.b/c",
        "𝒳",
        "é\u00a0z",
        "²",
    ]
)
PLAIN = st.one_of(WORD, st.builds("{}{}{}".format, WORD, ODD, WORD), st.builds("{}{}".format, WORD, ODD))
TEXT = st.one_of(WORD, PLAIN, PLAIN.map('"{}"'.format), PLAIN.map("'{}'".format), st.builds("{}{}".format, ODD, WORD))
ENTRY = st.one_of(
    TEXT.map(": {}".format),
    st.lists(TEXT, max_size=3).map(lambda members: ":" + "".join(f"\n  - {member}" for member in members)),
    st.just(": []"),
)
RARE = st.sampled_from(["# note", "", "  more", "- x", "e:  two", "  - late", "?"])
LINE = st.one_of(
    *[st.builds("{}{}".format, st.sampled_from(["a", "b", "c-d", "null", "E1", "no", "k2"]), ENTRY)] * 12, RARE
)
HEADS = st.lists(LINE, max_size=4).map(lambda lines: "".join(f"{line}\n" for line in lines))


def everything(node: Node) -> tuple[Any, ...]:
    inner = [everything(item) for item in node.items]
    kind = type(node.value)
    return node.kind, node.text, kind, str(node.value), inner, node.keys, node.start, node.end, node.style


def document(head: str) -> list[tuple[Any, Any]]:
    found = yamlcore.compose_slowly(head)
    assert (found.flow, found.indent) == (False, 0)
    return [(everything(key), everything(value)) for key, value in found.pairs]


@given(HEADS)
@example(HEAD)
@example("a: b\n  - c\n")
@example("a:\n  - b\na:\n")
@example("a: x:\n")
@example("a: x #y\nb: x#y\n")
def test_what_is_read_quickly_is_what_libyaml_reads(head: str) -> None:
    if quick(head) is not None:
        found = yamlcore.compose(head)
        assert [(everything(key), everything(value)) for key, value in found.pairs] == document(head)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=3))
def test_any_text_read_quickly_is_what_libyaml_reads(texts: list[str]) -> None:
    head = "".join(f"k{at}: {text}\n" for at, text in enumerate(texts)) + "".join(f"  - {text}\n" for text in texts)
    if quick(head) is not None:
        found = yamlcore.compose(head)
        assert [(everything(key), everything(value)) for key, value in found.pairs] == document(head)


def test_a_head_as_notes_have_it_is_read_quickly() -> None:
    assert [key for _, _, key, _ in quick(HEAD) or ()] == [
        line.partition(":")[0] for line in HEAD.splitlines() if line[0] != " "
    ]


@pytest.mark.parametrize(
    "head",
    [
        "a: 'it''s'\n",
        'a: "\\n"\n',
        "a: &x y\n",
        "a: b\na: c\n",
        "a: |\n  b\n",
        "  a: b\n",
        "a: b\r\n",
        "a: {}\n",
        "a: b",
        "# x\n",
    ],
)
def test_anything_else_is_left_to_libyaml(head: str) -> None:
    assert quick(head) is None


def test_a_key_that_stands_twice_is_still_an_error() -> None:
    with pytest.raises(NoteError, match="stands twice"):
        yamlcore.parse("a: b\na: c\n")
