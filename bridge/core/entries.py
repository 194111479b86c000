"""Managed blocks made of entries: highlights, notes and files of a paper, each renewed by itself (R29).

The text of such a block is a row of **parts**. An entry's part ends in its block id, by which it is found again and can
be linked (``[[@key#^ABCD2345]]``)::

    > [!quote|yellow] Yellow · p. 3
    > What was marked.

    ^ABCD2345

Headings between entries are parts too, known by their words. Three texts meet when a block is renewed: the parts as
they were generated last (G, remembered in the state and vouched for by the digest in the begin line), the text that
stands there (P), and the parts as they are now (N). Kept here is law 3, entry by entry:

* an entry whose source did not change stays as it stands, with whatever a person did to it, their deletion included;
* one that changed is written anew, and the lines a person had put into it stand right below it;
* one that is gone takes its own lines along; what a person had put into or below it stays there, in a callout;
* a new one is put in where it belongs in reading order;
* a person's text between entries stays below the entry it stands below.

Where G is not known (the state was lost, an old copy of the note came back), every line of an entry that its new text
does not have may be a person's and is kept: rather an old sentence too many than one of theirs too few.

Pure: text in, text out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from bridge.core import blocks
from bridge.core.text import eol_of, with_code

#: What an id begins with that is none of an entry: the part is a heading, one line, and is found by its words.
HEADING = "#"
_ANCHOR = re.compile(r"(?:^|\s)\^(?P<id>[A-Za-z0-9-]+)\s*$")
_ITEM = re.compile(r"[-+*] |\d{1,9}[.)] ")


class Part(NamedTuple):
    """One part of a block: ``id`` is its block id, or ``#…`` of a heading; ``text`` has LF and is trimmed."""

    id: str
    text: str

    @property
    def lines(self) -> list[str]:
        """The text by lines."""
        return self.text.split("\n")


Parts: TypeAlias = Sequence[Part]


def entry(key: str, text: str) -> Part:
    """The part of an entry: its text with its block id where Obsidian looks for one.

    Behind a paragraph or the last line of a list item; behind a quote, a table, code or a heading on a line of its own
    (obsidian-help, "Link to a block").
    """
    text = text.strip("\n").rstrip()
    last = text.rpartition("\n")[2].lstrip()
    own = last.startswith((">", "|", "`", "~", "$", "#", "<")) or not last.strip("-*_= ")  # (a line across, too)
    return Part(key, f"{text}\n\n^{key}" if own else f"{text} ^{key}")


def join(parts: Parts) -> str:
    """The text of a block: parts with an empty line between them, but for the items of a list."""
    if not parts:
        return ""
    text = [parts[0].text]
    for before, after in pairwise(parts):
        text += ["\n" if _is_list(before.lines, after.lines) else "\n\n", after.text]
    return "".join(text)


def _is_list(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether two texts are items that follow each other in one list."""
    return bool(_ITEM.match(before[0]) and _ITEM.match(after[0])) and not before[-1].startswith("^")


def pack(parts: Parts) -> str:
    """Parts as one text to be remembered."""
    return json.dumps([list(part) for part in parts], ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> tuple[Part, ...]:
    """What :func:`pack` made."""
    return tuple(Part(*pair) for pair in json.loads(text))


def write(name: str, parts: Parts, eol: str = "\n") -> str:
    """A whole new block, from its begin line to its end line."""
    return blocks.write(name, join(parts), eol=eol)


def renew(body: str, name: str, new: Parts, known: Iterable[Parts] = ()) -> str:
    """The body with the block's entries renewed, its line endings and all else kept.

    Unchanged where there is no such block (a person deleted it), where it is broken, and where its source did not
    change (the begin line's digest is that of ``new`` already, whatever a person did to the block since).

    :param known: the parts as they were generated before, as far as they are remembered; those count whose digest is in
        the begin line.
    """
    block = next((found for found in blocks.find(body) if (found.name, found.argument) == (name, "")), None)
    generated = join(new)
    if block is None or block.problem or block.digest == blocks.digest(generated):
        return body
    text = generated
    if block.edited:
        old = next((parts for parts in known if blocks.digest(join(parts)) == block.digest), None)
        text = merge(block.text, new, old)
    eol = eol_of(body[block.start :])
    written = blocks.write(name, text, eol=eol, claim=blocks.digest(generated))
    return body[: block.start] + written + body[block.end :]


def merge(present: str, new: Parts, old: Parts | None = None) -> str:
    """The text of a block that a person has edited, renewed part by part; see the module's head.

    :param old: the parts it was written with, ``None`` where nobody knows.
    """
    known = {part.id: part for part in (*new, *(old or ()))}  # what was written goes before what is to be
    head, pieces = _cut(present.split("\n"), known)
    wanted = {part.id: part for part in new}
    before = None if old is None else {part.id: part for part in old}
    kept: list[_Piece] = []
    for piece in pieces:
        if (part := wanted.get(piece.id)) is None:
            _leave(piece, known[piece.id], kept[-1].below if kept else head)
        else:
            _renew(piece, part, None if before is None else before.get(piece.id))
            kept.append(piece)
    _order(kept, new, old)
    _add(kept, new, [part for part in new if before is None or part.id not in before])
    return _emit(head, kept)


# --- what stands there ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Piece:
    """One part as it stands in the block: its own lines, and a person's below them.

    ``after`` is the piece it stood behind, if it ``stood`` there at all; ``is_new`` says that its last line, those
    below counted, is another one than then.
    """

    id: str
    lines: list[str]
    below: list[str] = field(default_factory=list)
    after: _Piece | None = None
    stood: bool = True
    is_new: bool = False


def _cut(lines: list[str], known: Mapping[str, Part]) -> tuple[list[str], list[_Piece]]:
    """The lines above the first part, and the parts in the order in which they stand."""
    head: list[str] = []
    pieces: list[_Piece] = []
    start = 0
    for at, found in _anchors(lines, known):
        region = lines[start : at + 1]
        own = _own_from(known[found].lines, region)
        last = pieces[-1] if pieces else None
        (last.below if last else head).extend(region[:own])
        pieces.append(_Piece(found, region[own:], after=last))
        start = at + 1
    (pieces[-1].below if pieces else head).extend(lines[start:])
    return head, pieces


def _anchors(lines: Sequence[str], known: Mapping[str, Part]) -> Iterator[tuple[int, str]]:
    """The last line of each part: that with its block id, or the heading itself. Of copies the first counts."""
    headings: dict[str, list[str]] = {}
    for part in known.values():
        if part.id.startswith(HEADING):
            headings.setdefault(part.text, []).append(part.id)
    seen: set[str] = set()
    for at, (line, is_code) in enumerate(with_code(lines)):
        if is_code:
            continue
        if ids := headings.get(line.rstrip()):
            yield at, ids.pop(0)
        elif (found := _ANCHOR.search(line)) and found["id"] in known and found["id"] not in seen:
            seen.add(found["id"])
            yield at, found["id"]


def _own_from(written: Sequence[str], region: Sequence[str]) -> int:
    """Where in ``region``, which ends with a part's last line, the part begins; a person's text stands before it."""
    size = len(written)
    if size <= len(region) and region[-size:] == written:
        return len(region) - size
    matches = SequenceMatcher(None, written, region, autojunk=False).get_matching_blocks()
    end = len(region) - 1
    same = (at for _, low, length in matches for at in range(low, low + length))
    if (first := next((at for at in same if at < end and region[at].strip("> \t")), None)) is not None:
        return first
    # Nothing of it is as it was. Its block id names what stands right above it.
    at = end
    if _ITEM.match(region[at]):
        return at
    if not _ANCHOR.sub("", region[at]).strip():
        while at and not region[at - 1].strip():
            at -= 1
    while at and region[at - 1].strip():
        at -= 1
    return at


# --- what becomes of it -----------------------------------------------------------------------------------------


def _renew(piece: _Piece, part: Part, was: Part | None) -> None:
    """Write a part anew where its source changed; what a person had put into it then stands right below it."""
    if was == part or piece.lines == part.lines:
        return
    added = _added(piece.lines, was or part, part)
    piece.lines, piece.is_new = part.lines, not piece.below
    if added:
        gap = [""] if piece.below and piece.below[0].strip() else []
        piece.below = ["", *_together(added), *gap, *piece.below]


def _leave(piece: _Piece, was: Part, above: list[str]) -> None:
    """Take a part away that is gone: a person's lines stay below what stands ``above``, told apart from it."""
    if piece.id.startswith(HEADING):
        lines = piece.below
    else:
        runs = [*_added(piece.lines, was, None), *_runs(piece.below)]
        lines = [*_callout(runs), ""] if runs else []
    filled = next((at for at, line in enumerate(lines) if line.strip()), None)
    if filled is not None:
        above += [*([""] if above and above[-1].strip() else []), *lines[filled:]]


def _added(present: Sequence[str], was: Part, now: Part | None) -> list[list[str]]:
    """The runs of lines in ``present`` that ``was`` did not have, and that its new text does not have either."""
    shown = set(now.lines) if now else set()
    opcodes = SequenceMatcher(None, was.lines, present, autojunk=False).get_opcodes()
    added = (present[low:high] for tag, _, _, low, high in opcodes if tag in ("insert", "replace"))
    anchor = f"^{was.id}"
    runs = (_runs(_without(lines, shown, anchor)) for lines in added)
    return [run for found in runs for run in found]


def _without(lines: Iterable[str], shown: set[str], anchor: str) -> list[str]:
    """Lines without those shown already; the block id goes, for it is given once."""
    kept = []
    for line in lines:
        found = _ANCHOR.search(line)
        own = line[: found.start()].rstrip() if found and found[0].strip() == anchor else line
        kept.append("" if line.strip() and (line in shown or not own.strip()) else own)
    return kept


def _runs(lines: Sequence[str]) -> list[list[str]]:
    """Lines by paragraphs, so to say: runs without an empty line, but that code keeps its own."""
    runs: list[list[str]] = []
    is_open = False
    for line, is_code in with_code(lines):
        if not line.strip("> \t") and not is_code:
            is_open = False
            continue
        if not is_open:
            runs.append([])
        runs[-1].append(line)
        is_open = True
    return runs


def _together(runs: Sequence[Sequence[str]]) -> list[str]:
    """Runs as text of its own; quoted lines, which would be taken for the entry's, in a callout that says whose."""
    if any(line.startswith(">") for run in runs for line in run):
        return _callout(runs)
    return [line for at, run in enumerate(runs) for line in (*([""] if at else ()), *run)]


def _callout(runs: Sequence[Sequence[str]]) -> list[str]:
    lines = [line for at, run in enumerate(runs) for line in (*([""] if at else ()), *run)]
    return [blocks.KEPT, *(line if line.startswith(">") else f"> {line}".rstrip(" ") for line in lines)]


# --- order ------------------------------------------------------------------------------------------------------


def _order(pieces: list[_Piece], new: Parts, old: Parts | None) -> None:
    """Bring the parts into a new order, unless the order they stand in is a person's own."""
    place = {part.id: at for at, part in enumerate(new)}
    if old is not None:
        places = [place[part.id] for part in old if part.id in place]
        if places == sorted(places):
            return
    pieces.sort(key=lambda piece: place[piece.id])


def _add(pieces: list[_Piece], new: Parts, missing: Sequence[Part]) -> None:
    """Put new parts in, each behind the nearest one that goes before it, or else before the nearest behind it."""
    there = {piece.id for piece in pieces}
    wanted = {part.id for part in missing} - there
    if not wanted:
        return
    at = {piece.id: piece for piece in pieces}
    first: list[_Piece] = []  # before all that stand there
    chains: dict[str, list[_Piece]] = {}  # behind each that stands there
    chain = first
    for part in new:
        if part.id in at:
            chain = chains.setdefault(part.id, [])
        elif part.id in wanted:
            chain.append(_Piece(part.id, part.lines, stood=False))
    following = next((part.id for part in new if part.id in at), None)
    row: list[_Piece] = []
    for piece in pieces:
        if piece.id == following:
            row += first
        row += [piece, *chains.get(piece.id, ())]
    pieces[:] = row if following is not None else [*pieces, *first]


def _emit(head: Sequence[str], pieces: Sequence[_Piece]) -> str:
    """All parts one below the other, with an empty line where one is needed and none stands."""
    lines = list(head)
    last: _Piece | None = None
    for piece in pieces:
        as_it_stood = piece.stood and piece.after is last and not (last and last.is_new)
        is_list = last is not None and not last.below and _is_list(last.lines, piece.lines)
        if lines and lines[-1].strip() and not as_it_stood and not is_list:
            lines.append("")
        lines += [*piece.lines, *piece.below]
        last = piece
    return "\n".join(lines).strip("\n")
