"""Links and citations in any text of the vault, each found and given a new target by whoever knows it.

Obsidian updates links only for renames made inside it (obsidian-help, "Internal links"), so the bridge does it for its
own. Found are

* links to a file: ``[[@old]]``, ``[[Papers/@old.md#Heading|shown]]``, ``![[@old]]``, ``[x](Papers/%40old.md)``, and
  the files shown on a canvas;
* citations of a key: Pandoc's ``[@old]``, ``[see @a; -@old, p. 3]``, ``@{old}`` and bare ``@old``.

Only the name changes; shown text, headings, block ids, paths and every other byte stay (law 4). Code, math, HTML
comments, escaped characters and addresses on the web are left alone. Obsidian's own comments (``%% … %%``) are not: it
counts the links in them.

Every link is looked at once and all changes happen at the same time, so that two names may change places.

Pure: text in, text out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias
from urllib.parse import quote, unquote

from bridge.core import blocks
from bridge.core.text import with_code
from bridge.vault.targets import KEY

#: Given the path or name that a link leads to (plain text, without heading and shown text), the same or the new one.
Leads: TypeAlias = Callable[[str], str]
#: Given the citation key that is cited, the same or the new one.
Cites: TypeAlias = Callable[[str], str]

_HEAD = re.compile(r"\ufeff?---\r?\n(?:.*\n)*?---[ \t]*(?=\r?\n|\Z)")
_LINK = r"!?\[\[(?P<wiki>[^\[\]|\#^\n]+?)(?=\\?\||[\#^]|\]\])(?:(?!\]\])[^\n])*\]\]"
_IN_HEAD = re.compile(_LINK)
#: A line of YAML whose first quote opens a single-quoted text.
_SINGLE_QUOTED = re.compile(r"[^'\"\n]*(?<![^\s\[,])'")
#: What a line of prose is made of, as far as links go; the first alternatives are there to be stepped over.
_TOKENS = re.compile(
    rf"""
      (?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\r?\n)[\s\S])+?(?<!`)(?P=ticks)(?!`))
    | (?P<comment><!--[\s\S]*?-->)
    | (?P<math>\$\$[\s\S]+?\$\$|\$(?=\S)(?:\\.|[^$\\\n])+?(?<=\S)\$(?!\d))
    | {_LINK}
    | \]\((?P<mark><[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?=[\s)])
    | ^[ ]{{0,3}}\[[^\[\]\n]+\]:[ \t]+(?P<reference><[^<>\n]*>|\S+)
    | (?P<address>[A-Za-z][A-Za-z0-9+.-]*://[^\s\[\]<>]*)
    | (?P<escaped>\\.)
    | (?<![\w/])@(?P<cite>\{{[^{{}}\s]*\}}|{KEY})
    """,
    re.VERBOSE | re.MULTILINE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ENDING, _THOROUGH = re.compile(r'[\s()<>%"\\]'), re.compile("%(?!20)")
_BARE_KEY = re.compile(KEY)
#: A string of JSON, with the key it belongs to where it belongs to one.
_JSON_STRING = re.compile(r'(?:(?P<key>"(?:[^"\\]|\\.)*")\s*:\s*)?(?P<value>"(?:[^"\\]|\\.)*")')


class Rewritten(NamedTuple):
    """A text with its links and citations led elsewhere, and how many of each were."""

    text: str
    links: int = 0
    citations: int = 0


def rewrite(text: str, leads: Leads, cites: Cites, *, is_canvas: bool = False) -> Rewritten:
    """The text with every link leading where ``leads`` says and every citation citing what ``cites`` says.

    In front-matter only ``[[links]]`` are looked at: former keys stand there as aliases. The digest of a managed block
    that nobody edited follows its text, so that it still counts as unedited (R29).

    :param text: a whole file, its front-matter included.
    :param is_canvas: the text is a ``.canvas`` file (JSON Canvas 1.0): its cards and the files it shows.
    """
    work = _Work(leads, cites)
    if is_canvas:
        return Rewritten(work.canvas(text), work.links, work.citations)
    head = _HEAD.match(text)
    end = head.end() if head else 0
    lines = "".join(work.head_line(line) for line in text[:end].splitlines(keepends=True))
    body = work.prose(text[end:])
    if body != text[end:]:
        body = blocks.with_digests(text[end:], body)
    return Rewritten(lines + body, work.links, work.citations)


class _Work:
    """One text on its way; counts what changes."""

    def __init__(self, leads: Leads, cites: Cites) -> None:
        self._leads, self._cites = leads, cites
        self.links = self.citations = 0

    def prose(self, text: str) -> str:
        """Markdown with every token outside fenced code rewritten."""
        pieces: list[str] = []
        prose: list[str] = []
        for line, is_code in with_code(text.split("\n")):
            if is_code and prose:
                pieces.append(_TOKENS.sub(self._token, "\n".join(prose)))
                prose.clear()
            (pieces if is_code else prose).append(line)
        if prose:
            pieces.append(_TOKENS.sub(self._token, "\n".join(prose)))
        return "\n".join(pieces)

    def _token(self, found: re.Match[str]) -> str:
        for group, rewritten in (
            ("wiki", self._path),
            ("mark", self._address),
            ("reference", self._address),
            ("cite", self._citation),
        ):
            target = found[group]
            if target is not None:
                start, end = found.start(group) - found.start(), found.end(group) - found.start()
                return found[0][:start] + rewritten(target) + found[0][end:]
        return found[0]

    def _path(self, target: str) -> str:
        path = self._leads(target)
        self.links += path != target
        return path

    def _citation(self, cited: str) -> str:
        key = cited.removeprefix("{").removesuffix("}")
        new = self._cites(key)
        if new == key:
            return cited
        self.citations += 1
        return f"{{{new}}}" if cited.startswith("{") or not _BARE_KEY.fullmatch(new) else new

    def _address(self, target: str) -> str:
        """The destination of a Markdown link, percent-encoded as it was."""
        if _SCHEME.match(target):
            return target
        pointed = target.startswith("<")
        inner = target[1:-1] if pointed else target
        path, mark, rest = inner.partition("#")
        plain = unquote(path)
        led = self._path(plain)
        if led == plain:
            return target
        before, slash, name = path.rpartition("/")
        new = led.rpartition("/")[2]
        if "%" in name or not pointed:
            new = _encoded(new, name)
        whole = before + slash + new + mark + rest
        return f"<{whole}>" if pointed else whole

    def head_line(self, line: str) -> str:
        """A line of front-matter, where links stand in quotes; in single quotes YAML writes ``'`` twice."""
        single = _SINGLE_QUOTED.match(line) is not None

        def token(found: re.Match[str]) -> str:
            target = found["wiki"]
            plain = target.replace("''", "'") if single else target
            path = self._path(plain)
            if path == plain:
                return found[0]
            return found[0].replace(target, path.replace("'", "''") if single else path, 1)

        return _IN_HEAD.sub(token, line)

    def canvas(self, text: str) -> str:
        """A canvas with its cards' texts and the paths of its files rewritten, all else as it is."""
        change = {'"text"': self.prose, '"file"': self._path}

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

        return _JSON_STRING.sub(token, text)


def _encoded(name: str, like: str) -> str:
    """A name as part of an address, in the manner of another one.

    Obsidian encodes what would end the address and nothing else; other tools write ``%40`` and ``%C3%BC`` as well.
    """
    if like.isascii() and _THOROUGH.search(like):
        return quote(name, safe="" if "%40" in like else "@!$&'*+,;=~")
    return _ENDING.sub(lambda found: quote(found[0]), name)
