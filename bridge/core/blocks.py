"""Managed blocks: the parts of a note's body that the bridge writes (R29).

A block stands between two comment lines and blank lines::

    %% bridge:begin abstract 4q8z1t6w · from Zotero, write above or below %%

    > [!abstract]- Abstract
    > …

    %% bridge:end abstract %%

The begin line names the block (one word, and an argument where there are several of a kind: ``week 2025-W39``), then
gives the digest of the text as it was written, then says in words where to write. A person who wants a block in a
note of their own types the line without digest and words.

Kept here: law 4 (a body's other bytes stay), law 3 (what a person wrote into a block is kept when the block is
renewed) and law 13 (text from Zotero ends no block: :mod:`bridge.core.text` leaves no ``%%`` in it). Anything odd,
such as a block without an end, one inside another, or two of one name, is reported as broken and never touched.

Pure: text in, text out.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from hashlib import blake2b

from bridge.core.text import eol_of, escape_lines, with_code

#: What the begin line of a block says to people.
WORDS = "from Zotero, write above or below"
#: The callout that keeps what a person had written into a block.
KEPT = "> [!note] Kept from your edit"

_BEGIN = re.compile(
    r"%% bridge:begin (?P<name>[a-z][a-z0-9-]*)(?: (?P<rest>[^\s%·](?:(?! · )[^%])*?))?(?P<words> · [^%]*?)? %%\s*"
)
_END = re.compile(r"%% bridge:end (?P<name>[a-z][a-z0-9-]*)(?: [^%]*?)? %%\s*")
#: Cheap: without it no line is a marker.
_MARK = "%% bridge:"
_MARKED = re.compile(f"^{_MARK}.*", re.MULTILINE)
_DIGEST = re.compile(r"[a-z2-7]{8}")
#: A block longer than this is not searched for the lines a person added; they are then found by comparison alone.
_SEARCHED = 64


@dataclass(frozen=True, slots=True)
class Block:
    """One managed block of a body.

    ``start`` is the offset of the begin line's first character and ``end`` that behind the end line's last, before its
    line ending; ``text`` is what stands between the two lines, with LF and trimmed. ``digest`` is what the begin line
    claims for that text, ``""`` where it claims nothing. A block with a ``problem`` (in words) is never touched.
    """

    name: str
    argument: str
    digest: str
    start: int
    end: int
    text: str = ""
    problem: str = ""

    @property
    def edited(self) -> bool:
        """Whether a person changed the text since it was written (R29)."""
        return self.digest != digest(self.text)


def digest(text: str) -> str:
    """A block's text as eight characters of base32 (RFC 4648, lower case), the same for every line ending."""
    return b32encode(blake2b(_plain(text).encode(), digest_size=5).digest()).decode().lower()


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def begin_line(name: str, claim: str, argument: str = "", words: str = WORDS) -> str:
    """The line that opens a block, whose text was generated as one with the digest ``claim``."""
    return f"%% bridge:begin {_title(name, argument)} {claim} · {words} %%"


def _title(name: str, argument: str) -> str:
    return f"{name} {argument}" if argument else name


def write(
    name: str, text: str, argument: str = "", eol: str = "\n", words: str = WORDS, *, claim: str | None = None
) -> str:
    """A whole block, from its begin line to its end line, without a line ending after it.

    :param argument: one line without ``%`` and ``·``; ``words`` without ``%``.
    :param claim: the digest of the text as it was generated, where a person's words stand in it besides.
    """
    text = _plain(text)
    lines = (
        begin_line(name, digest(text) if claim is None else claim, argument, words),
        "",
        *([*text.split("\n"), ""] if text else ()),
        f"%% bridge:end {name} %%",
    )
    return eol.join(lines)


def find(body: str) -> list[Block]:
    """All blocks of a body in their order, broken ones included. Markers inside fenced code are text."""
    if _MARK not in body:
        return []
    blocks: list[Block] = []
    current: Block | None = None
    inner = 0
    for start, line in _marked(body):
        marker = line.removesuffix("\r")
        begin, end = _BEGIN.fullmatch(marker), _END.fullmatch(marker)
        if begin:
            opened = _opened(begin, start)
            if current:
                blocks.append(replace(current, problem="it has no end before the next block begins"))
                opened = replace(opened, problem="it begins inside another block")
            current, inner = opened, start + len(line) + 1
        elif end and current and end["name"] == current.name:
            text = _plain(body[inner:start])
            blocks.append(replace(current, end=start + len(marker), text=text))
            current = None
        elif end:
            blocks.append(Block(end["name"], "", "", start, start + len(marker), problem="it ends without a begin"))
    if current:
        blocks.append(replace(current, problem="it has no end"))
    return _without_twins(blocks)


def _marked(body: str) -> Iterator[tuple[int, str]]:
    """The lines that may be markers, with where they start; those inside fenced code are none."""
    if "```" not in body and "~~~" not in body:  # as in most notes, of which every one that is read comes by here
        yield from ((found.start(), found[0]) for found in _MARKED.finditer(body))
        return
    offset = 0
    for line, is_code in with_code(body.split("\n")):
        if not is_code and line.startswith(_MARK):
            yield offset, line
        offset += len(line) + 1


def _opened(begin: re.Match[str], start: int) -> Block:
    """A block as its begin line tells it. Only a line with words has a digest: `topic networks` is no digest."""
    words = (begin["rest"] or "").split(" ")
    claimed = words.pop() if begin["words"] and _DIGEST.fullmatch(words[-1]) else ""
    return Block(begin["name"], " ".join(words), claimed, start, start + len(begin[0]))


def _without_twins(blocks: list[Block]) -> list[Block]:
    count = Counter((block.name, block.argument) for block in blocks)
    return [
        replace(block, problem="it stands here twice")
        if count[block.name, block.argument] > 1 and not block.problem
        else block
        for block in blocks
    ]


def insert(body: str, name: str, text: str) -> str:
    """The body with a block it never had, below its first heading, or at its top where it has none.

    Only where the paper had nothing to show until now: a block that is missing otherwise was deleted by a person (R29).
    """
    if any(block.name == name for block in find(body)):
        return body
    lines = body.split("\n")
    for at, (line, is_code) in enumerate(with_code(lines)):
        if not is_code and line.startswith("# "):
            eol = "\r" if line.endswith("\r") else ""
            block = write(name, text, eol=f"{eol}\n").split("\n")
            rest = lines[at + 1 :]
            gap = [] if rest and not rest[0].strip() else [eol]
            return "\n".join([*lines[: at + 1], eol, *block[:-1], block[-1] + eol, *gap, *rest])
    rest_of_it = body.lstrip("\r\n")
    eol = eol_of(body)
    above = body[: len(body) - len(rest_of_it)] or eol
    return f"{above}{write(name, text, eol=eol)}{eol}{eol if rest_of_it else ''}{rest_of_it}"


def renew(
    body: str,
    name: str,
    new_text: str,
    *,
    argument: str = "",
    old_text: str | None = None,
    words: str = WORDS,
    same: Callable[[str], str] = str,
) -> str:
    """The body with the block's text replaced by ``new_text``, the body's line endings kept.

    Unchanged where there is no such block (a person deleted it), where it is broken, and where its source did not
    change (the begin line's digest is the new text's already, whatever a person did to the block since). What a person
    had written into the block is kept below it in one callout, outside the block and theirs from then on.

    :param old_text: the text as it was last written, where the caller knows it; see :func:`added_lines`.
    :param same: the form in which two lines are one line; see :func:`added_lines`.
    """
    block = next((found for found in find(body) if (found.name, found.argument) == (name, argument)), None)
    if block is None or block.problem or block.digest == digest(new_text):
        return body
    eol = eol_of(body[block.start :])
    written = write(name, new_text, argument, eol, words)
    kept = added_lines(block, _plain(new_text), old_text, same)
    if kept:
        written += eol + eol + eol.join([KEPT, *(_quoted(line) for line in kept)])
        after = body[block.end :]
        if after.strip() and not after.startswith(eol + eol):
            written += eol  # else the person's next line would be taken into the callout
    return body[: block.start] + written + body[block.end :]


def with_digests(before: str, after: str) -> str:
    """``after``, which is ``before`` with other links in it: blocks that nobody had edited have their digest anew.

    A link that follows a renamed note is no person's edit; without this the block would count as edited (R29).
    """
    unedited = {(block.name, block.argument) for block in find(before) if not block.problem and not block.edited}
    for block in reversed(find(after)):
        if (block.name, block.argument) in unedited and block.edited and not block.problem:
            line, rest = after[block.start : block.end].split("\n", 1)
            line = line.replace(f" {block.digest} · ", f" {digest(block.text)} · ", 1)
            after = f"{after[: block.start]}{line}\n{rest}{after[block.end :]}"
    return after


def _quoted(line: str) -> str:
    return line if line.startswith(">") else f"> {line}".rstrip()


def added_lines(
    block: Block, new_text: str, old_text: str | None = None, same: Callable[[str], str] = str
) -> list[str]:
    """The lines of a block that a person added to what was written there; none if the block was not edited.

    What was written is known by ``old_text``, or else by the digest alone: if the block without some run of lines (or
    without some lines at its head and its foot) has the digest, then just those lines were added. Where neither tells,
    because a person changed the generated lines themselves, every line that the new text does not have is kept: rather
    an old sentence too many than one of theirs too few (law 3).

    :param same: the form in which two lines are one line, for blocks full of links: when a note is renamed, Obsidian
        itself writes links to it anew, and that is nobody's sentence.
    """
    if not block.edited or block.text == new_text:
        return []
    present, new = block.text.split("\n"), {same(line) for line in new_text.split("\n")}
    if old_text is not None and digest(old_text) == block.digest:
        old = [same(line) for line in _plain(old_text).split("\n")]
        opcodes = SequenceMatcher(None, old, [same(line) for line in present], autojunk=False).get_opcodes()
        added = [line for tag, _, _, low, high in opcodes if tag in ("insert", "replace") for line in present[low:high]]
    else:
        added = _vouched(present, block.digest) or [line for line in present if same(line) not in new]
    return _trimmed(added)


def _vouched(lines: list[str], wanted: str) -> list[str]:
    """The lines to take out so that the rest has the digest ``wanted``; none where no such run is found."""
    if not wanted or len(lines) > _SEARCHED:
        return []
    ends = [(low, high) for low in range(len(lines)) for high in range(low + 1, len(lines) + 1)]
    for low, high in ends:
        if digest("\n".join(lines[:low] + lines[high:])) == wanted:
            return lines[low:high]
        if digest("\n".join(lines[low:high])) == wanted:
            return lines[:low] + lines[high:]
    return []


def _trimmed(lines: list[str]) -> list[str]:
    """Without blank lines (empty quote lines too) at the ends."""
    filled = [at for at, line in enumerate(lines) if line.strip("> \t")]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def fence(text: str) -> str:
    """Text from Zotero as the lines of a callout: every line escaped (law 13) and quoted."""
    return "\n".join(f"> {line}".rstrip() for line in escape_lines(text))


def abstract_block(text: str) -> str:
    """The text of the block ``abstract``: a folded callout, or nothing for an empty abstract."""
    fenced = fence(text)
    return f"> [!abstract]- Abstract\n{fenced}" if fenced else ""
