"""What an index note's file is to hold, given what it holds now (R29).

Only the managed block is written; text around it, properties a person added and what they typed into the block stay
(law 3). A new file has the front-matter that tells what it is, a heading, an empty line for the person, and the block.

Pure: text in, text out; a caller reads and writes the files and decodes them.
"""

from __future__ import annotations

import re

from bridge.core import blocks
from bridge.core.text import eol_of
from bridge.indexes.render import IndexText
from bridge.indexes.rules import Page, PageKind, topic_id

#: What the begin line of an index block says to people.
WORDS = "written anew by Bridge, write above or below"

_HEAD = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<lines>(?:.*\r?\n)*?)---[ \t]*(?:\r?\n|\Z)")
_LINK = re.compile(r"(!?\[\[)(?:[^\[\]|#^\n]*/)?")


def same(line: str) -> str:
    """The form in which two lines of an index are one: links without their folders, and no spaces at the end.

    When a note moves, Obsidian writes the links to it anew, as long or as short as it likes them.
    """
    return _LINK.sub(r"\1", line).rstrip()


def new_file(index: IndexText) -> str:
    """The text of an index note that is made.

    Its front-matter is a fixed point of Obsidian's rewrite.
    """
    head = f"---\nbridge: {index.page.kind.value}\n---\n\n"
    return f"{head}{index.heading}\n\n\n{_block(index)}\n"


def renewed(present: str, index: IndexText, *, old_text: str | None = None, append: bool = False) -> str:
    """The text of a file, ours or one that hosts the page, with the block's text renewed; the rest as it is.

    Without the block the text comes back unchanged: a person deleted it, and it stays deleted.

    :param old_text: the block's text as it was last written, where the caller knows it: then what a person typed into
        the block is told from what was written there, to the line.
    :param append: put a block that is missing at the end: in a weekly note that never had one.
    """
    kind, argument = index.page.kind.value, _argument(present, index)
    if argument is None:
        if not append:
            return present
        eol = eol_of(present)
        gap = eol * 2 if present.strip() and not present.endswith("\n") else eol if present.strip() else ""
        return f"{present}{gap}{_block(index, eol)}{eol}"
    return blocks.renew(present, kind, index.text, argument=argument, old_text=old_text, words=WORDS, same=same)


def emptied(present: str, page: Page, *, old_text: str | None = None, hosted: bool = False) -> str | None:
    """The text of a file whose page is gone, with nothing in its block; None where nothing of a person's is left.

    A file of ours for which this gives None goes to the trash. One that hosts the page always stays.

    :param hosted: whether the file is a person's own note.
    """
    text = present
    for block in blocks.find(present):
        if block.name == page.kind.value and not block.problem:
            text = blocks.renew(
                text, block.name, "", argument=block.argument, old_text=old_text, words=WORDS, same=same
            )
    return text if hosted or _has_words(text) else None


def is_ours(text: str, kind: str) -> bool:
    """Whether a file's front-matter says that it was made as an index note of a kind."""
    head = _HEAD.match(text)
    return head is not None and re.search(rf"^bridge: {kind}[ \t]*\r?$", head["lines"], re.MULTILINE) is not None


def _has_words(text: str) -> bool:
    """Whether a file of ours holds anything but what was put there: a property, or text beside heading and block."""
    head = _HEAD.match(text)
    lines = head["lines"].splitlines() if head else []
    if any(line.strip() and not re.fullmatch(r"bridge:.*", line) for line in lines):
        return True
    body = text[head.end() :] if head else text
    for block in reversed(blocks.find(body)):
        if block.problem or block.text:
            return True
        body = body[: block.start] + body[block.end :]
    return bool(re.sub(r"\A\s*# [^\n]*", "", body).strip())


def _block(index: IndexText, eol: str = "\n") -> str:
    return blocks.write(index.page.kind.value, index.text, index.argument, eol, WORDS)


def _argument(present: str, index: IndexText) -> str | None:
    """The argument of the page's block as it is spelled in a file; None where the block is missing.

    A topic's may be spelled otherwise, by a person or before its collection was renamed.
    """
    named = [block for block in blocks.find(present) if block.name == index.page.kind.value]
    if any(block.argument == index.argument for block in named):
        return index.argument
    if index.page.kind is not PageKind.TOPIC:
        return None
    alike = [block.argument for block in named if _loose(block.argument) in (_loose(index.argument), index.page.name)]
    return alike[0] if alike else None


def _loose(argument: str) -> str:
    return topic_id(tuple(name.strip() for name in argument.split("/")))
