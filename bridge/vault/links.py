"""Renames carried into links: a note's new file name and a paper's new citation key, in any text of the vault.

Obsidian updates links only for renames made inside it (obsidian-help, "Internal links"), so the bridge does it for its
own. Two things are renamed, each by its own function, because a file need not be named after its key:

* :func:`rewrite` follows a file: ``[[@old]]``, ``[[Papers/@old.md#Heading|shown]]``, ``![[@old]]`` and
  ``[x](Papers/%40old.md)``.
* :func:`rewrite_citations` follows a key: Pandoc's ``[@old]``, ``[see @a; -@old, p. 3]``, ``@{old}`` and bare ``@old``.

Only the name changes; shown text, headings, block ids, paths and every other byte stay (law 4). Names that merely begin
alike, code, math, escaped characters and addresses on the web are left alone.

Pure: text in, text out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote, unquote

from bridge.core.names import EXTENSION, folded
from bridge.core.text import with_code

#: Rewrites one token, found by its group's name.
_Rewriter: TypeAlias = Callable[[re.Match[str]], str]

_HEAD = re.compile(r"\ufeff?---\r?\n(?:.*\n)*?---[ \t]*(?=\r?\n|\Z)")
_LINK = r"!?\[\[(?P<wiki>[^\[\]|\#^\n]+?)(?=\\?\||[\#^]|\]\])(?:(?!\]\])[^\n])*\]\]"
_IN_HEAD = re.compile(_LINK)
#: A line of YAML whose first quote opens a single-quoted text.
_SINGLE_QUOTED = re.compile(r"[^'\"\n]*(?<![^\s\[,])'")
#: What a line of prose is made of, as far as links go; the first alternatives are there to be stepped over.
_TOKENS = re.compile(
    rf"""
      (?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\r?\n)[\s\S])+?(?<!`)(?P=ticks)(?!`))
    | (?P<math>\$\$[\s\S]+?\$\$|\$(?=\S)(?:\\.|[^$\\\n])+?(?<=\S)\$(?!\d))
    | {_LINK}
    | \]\((?P<mark><[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?=[\s)])
    | ^[ ]{{0,3}}\[[^\[\]\n]+\]:[ \t]+(?P<reference><[^<>\n]*>|\S+)
    | (?P<address>[A-Za-z][A-Za-z0-9+.-]*://[^\s\[\]<>]*)
    | (?P<escaped>\\.)
    | (?<![\w/])@(?P<cite>\{{[^{{}}\s]*\}}|\w(?:\w|[:.\#$%&\-+?<>~/](?=\w))*)
    """,
    re.VERBOSE | re.MULTILINE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_UPWARDS = re.compile(r"^(?:\.{0,2}/)*(?:\.{1,2}$)?")
#: A string of JSON, with the key it belongs to where it belongs to one.
_JSON_STRING = re.compile(r'(?:(?P<key>"(?:[^"\\]|\\.)*")\s*:\s*)?(?P<value>"(?:[^"\\]|\\.)*")')


def might_hold(data: bytes, old: str) -> bool:
    """Whether a file's bytes can hold a link to ``old`` at all: a cheap check before the text is read.

    Looked for is the longest run of ASCII letters and digits in ``old``, the one part that no tool spells otherwise in
    percent-encoding, JSON, another Unicode normal form or another case.
    """
    run = max(re.findall(r"[A-Za-z0-9]+", unicodedata.normalize("NFC", old)), key=len, default="")
    return run.lower().encode() in data.lower()


def rewrite(text: str, old: str, new: str, is_canvas: bool = False, *, folder: str | None = None) -> str:
    """The text with links to the note named ``old`` leading to ``new``.

    :param text: a whole file, its front-matter included.
    :param old: the former base name, without ``.md``; compared without regard to case, as Obsidian does.
    :param new: the present base name, safe as :func:`~bridge.core.names.safe_stem` makes it.
    :param is_canvas: the text is a ``.canvas`` file (JSON Canvas 1.0): links in its cards and the files it shows.
    :param folder: the note's folder in the vault; given, a link that names another folder is left alone.
    """
    names = _Names(old, new, folder)
    if is_canvas:
        return _in_canvas(text, lambda card: _prose(card, names.token), names.path)
    head = _HEAD.match(text)
    end = head.end() if head else 0
    return "".join(names.head_line(line) for line in text[:end].splitlines(keepends=True)) + _prose(
        text[end:], names.token
    )


def rewrite_citations(text: str, old: str, new: str, is_canvas: bool = False) -> str:
    """The text with Pandoc citations of the key ``old`` citing ``new`` (Pandoc User's Guide, "Citation syntax").

    Front-matter is left alone: former keys stand there as aliases. ``[[@old]]`` leads to a file: see :func:`rewrite`.
    """
    braced = not re.fullmatch(r"\w(?:\w|[:.#$%&\-+?<>~/](?=\w))*", new)

    def token(found: re.Match[str]) -> str:
        cited = found["cite"]
        if cited is None or not _same(cited.removeprefix("{").removesuffix("}"), old):
            return found[0]
        return f"@{{{new}}}" if braced or cited.startswith("{") else f"@{new}"

    if is_canvas:
        return _in_canvas(text, lambda card: _prose(card, token))
    head = _HEAD.match(text)
    end = head.end() if head else 0
    return text[:end] + _prose(text[end:], token)


def _same(one: str, other: str) -> bool:
    return one == other or unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def _prose(text: str, token: _Rewriter) -> str:
    """The text with every token outside fenced code rewritten."""
    pieces: list[str] = []
    prose: list[str] = []
    for line, is_code in with_code(text.split("\n")):
        if is_code and prose:
            pieces.append(_TOKENS.sub(token, "\n".join(prose)))
            prose.clear()
        if is_code:
            pieces.append(line)
        else:
            prose.append(line)
    if prose:
        pieces.append(_TOKENS.sub(token, "\n".join(prose)))
    return "\n".join(pieces)


class _Names:
    """A file's former and present name, and how each form of link spells them."""

    def __init__(self, old: str, new: str, folder: str | None) -> None:
        self._old, self._new = folded(old), new
        self._folder = None if folder is None else folded(folder.strip("/"))

    def token(self, found: re.Match[str]) -> str:
        """A token of prose."""
        for group, rewritten in (("wiki", self.path), ("mark", self.address), ("reference", self.address)):
            target = found[group]
            if target is not None:
                start, end = found.start(group) - found.start(), found.end(group) - found.start()
                return found[0][:start] + rewritten(target) + found[0][end:]
        return found[0]

    def path(self, target: str) -> str:
        """The target of a ``[[link]]``: a path or a bare name, with or without ``.md``, or as it was."""
        before, slash, name = target.rpartition("/")
        stripped = name.strip()
        extension = stripped[-len(EXTENSION) :] if stripped.lower().endswith(EXTENSION) else ""
        stem = stripped.removesuffix(extension)
        if folded(stem) != self._old or not self._in_folder(before):
            return target
        at = name.find(stem)
        return before + slash + name[:at] + self._new + name[at + len(stem) :]

    def _in_folder(self, path: str) -> bool:
        """Whether a link that gives ``path`` may mean the note's folder (links may give a path's end only)."""
        given = folded(_UPWARDS.sub("", path.strip()).strip("/"))
        return self._folder is None or not given or f"/{self._folder}".endswith(f"/{given}")

    def address(self, target: str) -> str:
        """The destination of a Markdown link, percent-encoded as it was."""
        if _SCHEME.match(target):
            return target
        pointed = target.startswith("<")
        inner = target[1:-1] if pointed else target
        path, mark, rest = inner.partition("#")
        decoded = self.path(unquote(path))
        if decoded == unquote(path):
            return target
        encoded = path.rpartition("/")[2]
        if "%" in encoded or not pointed:
            # Obsidian leaves `@` and the like as they are; other tools write %40.
            safe = "" if "%40" in encoded else "@!$&'*+,;=~"
            name = quote(decoded.rpartition("/")[2], safe=safe)
        else:
            name = decoded.rpartition("/")[2]
        whole = path[: len(path) - len(encoded)] + name + mark + rest
        return f"<{whole}>" if pointed else whole

    def head_line(self, line: str) -> str:
        """A line of front-matter, where links stand in quotes; in single quotes YAML writes ``'`` twice."""
        single = _SINGLE_QUOTED.match(line) is not None

        def token(found: re.Match[str]) -> str:
            target = found["wiki"]
            plain = target.replace("''", "'") if single else target
            path = self.path(plain)
            if path == plain:
                return found[0]
            return found[0].replace(target, path.replace("'", "''") if single else path, 1)

        return _IN_HEAD.sub(token, line)


def _in_canvas(canvas: str, text: Callable[[str], str], file: Callable[[str], str] = str) -> str:
    """A canvas with ``text`` made in its cards' texts and ``file`` in the paths of its files, all else as it is."""
    change = {'"text"': text, '"file"': file}

    def token(found: re.Match[str]) -> str:
        act = change.get(found["key"] or "")
        if act is None:
            return found[0]
        try:
            value: str = json.loads(found["value"])
        except ValueError:
            return found[0]
        changed = act(value)
        if changed == value:
            return found[0]
        return found[0][: -len(found["value"])] + json.dumps(changed, ensure_ascii=False)

    return _JSON_STRING.sub(token, canvas)
