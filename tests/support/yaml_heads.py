"""Front-matter as people, Obsidian and other plug-ins write it, made up by Hypothesis.

A :class:`MadeHead` is a list of blocks of lines, each one key in one of the many spellings YAML has, or a comment or
blank line between keys; it knows what a reader should see in each. :data:`wild_heads` need not be YAML at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

KEYS = ["title", "status", "tags", "year", "my notes", "aliases", "doi", "no", "1", "été"]
WORDS = [
    "read",
    "to-read",
    "a b",
    "no",
    "010",
    "2024-01-01",
    "12:30",
    "é",
    "🙂",
    "null",
    "true",
    "1.10",
    "C#",
    "x:y",
    "=",
    "-x",
]


@dataclass(frozen=True)
class Block:
    """Some lines of a head: ``key`` is None for what stands between keys."""

    key: str | None
    text: str
    shows: str | tuple[str, ...] | None = None


@dataclass(frozen=True)
class MadeHead:
    """A head's blocks, with LF line ends."""

    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The lines between the ``---`` lines."""
        return "".join(block.text for block in self.blocks)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


words = st.sampled_from(WORDS)
plain_words = st.sampled_from([word for word in WORDS if word != "null"])
comments = st.sampled_from(["", "", "", " # why", "   # é: [x]  "])
gaps = st.sampled_from(["", "", "", "  # between\n", "\n"])
quoted = st.builds(lambda word, quote: quote(word), words, st.sampled_from([_single, _double]))


@st.composite
def _spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A scalar as it may be spelled, and its text."""
    word = draw(plain_words)
    return draw(st.sampled_from([word, _single(word), _double(word)])), word


@st.composite
def _block_list(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    indent = " " * draw(st.sampled_from([0, 2, 2, 4]))
    dash = draw(st.sampled_from(["- ", "- ", "-   "]))
    members = draw(st.lists(_spelled(), min_size=1, max_size=4))
    lines = [f"{draw(gaps)}{indent}{dash}{spelled}{draw(comments)}\n" for spelled, _ in members]
    return f":{draw(comments)}\n" + "".join(lines), tuple(word for _, word in members)


@st.composite
def _flow_list(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    members = draw(st.lists(_spelled(), max_size=4))
    joint = draw(st.sampled_from([", ", ",", " , ", ",\n  "]))
    spelled = [text if text[0] in "'\"" else _double(text) for text, _ in members]
    space = draw(st.sampled_from(["", " "]))
    return f": [{space}{joint.join(spelled)}{space}]{draw(comments)}\n", tuple(word for _, word in members)


@st.composite
def _scalar(draw: st.DrawFn) -> tuple[str, str]:
    spelled, word = draw(_spelled())
    before = draw(st.sampled_from([" ", " ", "   ", "\n  "]))
    return f":{before}{spelled}{draw(comments)}\n", word


@st.composite
def _block_scalar(draw: st.DrawFn) -> tuple[str, str]:
    header = draw(st.sampled_from(["|", "|-", "|+", ">-"]))
    word = draw(words)
    blank = "\n" * draw(st.integers(0, 2))
    kept = {"-": "", "+": "\n" + blank}.get(header[-1], "\n")
    return f": {header}\n  {word}\n{blank}", word + kept


def _null(spelled: str) -> st.SearchStrategy[tuple[str, None]]:
    return st.just((f":{spelled}\n", None))


_values: st.SearchStrategy[tuple[str, str | tuple[str, ...] | None]] = st.one_of(
    _scalar(), _block_list(), _flow_list(), _block_scalar(), _null(""), _null(" ~"), _null(" null # none")
)


@st.composite
def heads(draw: st.DrawFn) -> MadeHead:
    """Heads of up to six keys, in many spellings, with comments and blank lines between."""
    blocks: list[Block] = []
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6)):
        between = draw(st.sampled_from(["", "", "", "# a comment: here\n", "\n"]))
        if between and not (blocks and "|+" in blocks[-1].text):  # a blank line would be that scalar's own
            blocks.append(Block(None, between))
        name = draw(st.sampled_from([key, key, key, _single(key), _double(key)]))
        text, shows = draw(_values)
        blocks.append(Block(key, name + text, shows))
    return MadeHead(tuple(blocks))


_PIECES = [
    ": ",
    " ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    " # c",
    "'",
    '"',
    "|",
    "|+",
    ">-",
    "&x ",
    "*x",
    "!!str ",
    "!x ",
    "~",
    "1",
]
_PIECES += [
    "no",
    "é",
    "\t",
    "\r",
    "\u2028",
    "\ufeff",
    "---",
    "...",
    "%",
    "@",
    "`",
    "<<",
    "=",
    "\\",
    "0o7",
    "\x07",
    "a",
    "b",
]
_STARTS = ["a: ", "b: ", "status: ", "tags:", "- x", "  - y", "  k: ", "# ", "  ", ""]

wild_heads = st.lists(
    st.builds(
        lambda start, pieces: start + "".join(pieces) + "\n",
        st.sampled_from(_STARTS),
        st.lists(st.sampled_from(_PIECES), max_size=4),
    ),
    max_size=5,
).map("".join)
"""Anything that looks a little like YAML, most of it broken."""
