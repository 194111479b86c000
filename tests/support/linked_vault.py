"""A vault full of links, of which it is known by construction what each is to become.

Nothing here reads a link. Every piece of text is made from a pattern that says where a name stands that follows (a file
``{S}``, the same percent-encoded ``{P}``, a citation key ``{C}``) and where one that is to stay (``{s}``, ``{c}``). So
what a renaming ought to make of the vault is the same patterns filled in otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

LINKS = (
    "[[{S}]]", "[[{S}|shown {s}]]", "[[{S}#Heading]]", "[[{S}#^id-1|x]]", "![[{S}]]", "![[{S}#Notes|300]]",
    "[[Papers/{S}]]", "[[Papers/{S}.md|x]]", "[[/Papers/{S}]]", "[[ {S} ]]", "[x](Papers/{S}.md)", "[x]({S}.md#Head)",
    "[x](Papers/{P}.md)", '[x](<Papers/{S}.md> "t")', "| [[{S}\\|x]] | a |", "> [[{S}]]\n> - [ ] [[{S}]]",
    "%% [[{S}]] %%", "[^1]: see [[{S}]]", "[r]: Papers/{S}.md", "costs $5, [[{S}]], $6", "[[{S}]][[{S}]]",
)  # fmt: skip
CITATIONS = (
    "[@{C}]", "[see @{C}, p. 3; @nobody]", "[-@{C}]", "@{C} says [p. 3].", "@{{{C}}}", "As @{C}'s table; (@{C})",
    "**@{C}**", "- @{C}: a", "[[{S}]] and @{C}", "%% @{C} %%", "\\[[@{C}]]",
)  # fmt: skip
STAY = (
    "`[[{s}]] @{c}`", "``[[{s}]] ` @{c}``", "```\n[[{s}]] @{c}\n```", "~~~ md\n@{c}\n[[{s}]]\n~~~",
    "> ```\n> [[{s}]]\n> ```", "$[[{s}]]$", "$$\n@{c}\n$$", "<!-- [[{s}]]\n\n@{c} -->", "https://example.org/{s}", "<https://example.org/@{c}>",
    "me@{c}.example", "\\@{c}", "[[{s}qq]] [[{s}-q]] [[q{s}]]", "@{c}qq @{c}_q @{c}:q",
    "[[Elsewhere/{s}]]", "[x](https://example.org/{s}.md)", "[x]({s}.pdf)", "[[{s}/deeper]]", "#{c}", "{c}", "x@{c}",
)  # fmt: skip
HEADS = (
    'related: "[[{S}]]"',
    "related:\n  - '[[{S}|x]]'\n  - \"[[Papers/{S}]]\"",
    "said:\n  - '{s}'\n  - {c}",
    "x: {c}",
)
PLAIN = ("Nothing of it.", "An [[other]] link, [x](y.md), me@example.org.", "- [ ] do it\n\n## Later", "[@nobody2020]")


@dataclass(frozen=True)
class Piece:
    """A pattern about one paper."""

    pattern: str
    paper: str


@dataclass
class LinkedVault:
    """``papers``: citation key to the base name of the note's file. ``files``: path to what it is made of."""

    papers: dict[str, str]
    files: dict[str, list[Piece]] = field(default_factory=dict)
    eols: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # line ending, beginning, end

    @classmethod
    def make(cls, random: Random, papers: Mapping[str, str], notes: int, canvases: int) -> LinkedVault:
        """Notes of papers, and others so that there are ``notes`` in all."""
        vault = cls(dict(papers))
        own = [f"Papers/{stem}.md" for stem in papers.values()]
        others = [f"{random.choice(('', 'Daily/', 'Projects/A/'))}n{at}.md" for at in range(notes - len(own))]
        for path in (*own, *others):
            vault.files[path] = [cls._piece(random, papers) for _ in range(random.choice((0, 1, 1, 3, 8)))]
            eol = random.choice(("\n", "\n", "\r\n"))
            vault.eols[path] = (eol, random.choice(("", "", "\ufeff")), random.choice((eol, "", f"{eol}{eol} ")))
        for at in range(canvases):
            vault.files[f"Boards/{at}.canvas"] = [cls._piece(random, papers) for _ in range(4)]
        return vault

    @staticmethod
    def _piece(random: Random, papers: Mapping[str, str]) -> Piece:
        kind = random.choices((LINKS, CITATIONS, STAY, PLAIN), (5, 3, 4, 3))[0]
        return Piece(random.choice(kind), random.choice(list(papers)))

    def text(self, path: str, keys: Mapping[str, str], stems: Mapping[str, str], head: str = "") -> bytes:
        """A file, with papers called otherwise: old key to new, old base name to new."""
        if path.endswith(".canvas"):
            return self._canvas(path, keys, stems).encode()
        pieces = self.files[path]
        heads = [HEADS[len(piece.pattern) % len(HEADS)] for piece in pieces[:1]]
        lines = [self._fill(Piece(each, pieces[0].paper), keys, stems) for each in heads]
        front = "---\n" + "\n".join([*([head] if head else []), *lines]) + "\n---\n\n" if head or lines else ""
        body = "\n\n".join(self._fill(piece, keys, stems) for piece in pieces)
        eol, beginning, end = self.eols[path]
        return (beginning + (front + body).replace("\n", eol) + end).encode()

    def _fill(self, piece: Piece, keys: Mapping[str, str], stems: Mapping[str, str]) -> str:
        key, stem = piece.paper, self.papers[piece.paper]
        new = stems.get(stem, stem)
        return piece.pattern.format(S=new, P=quote(new, safe=""), C=keys.get(key, key), s=stem, c=key)

    def _canvas(self, path: str, keys: Mapping[str, str], stems: Mapping[str, str]) -> str:
        first, *others = self.files[path]
        stem = self.papers[first.paper]
        nodes = [
            {"id": "f", "type": "file", "file": f"Papers/{stems.get(stem, stem)}.md", "subpath": "#x", "x": 1},
            {"id": "g", "type": "group", "label": f"[[{stem}]]"},
            *({"id": str(n), "type": "text", "text": self._fill(each, keys, stems)} for n, each in enumerate(others)),
        ]
        return json.dumps({"nodes": nodes, "edges": []}, indent="\t", ensure_ascii=False)

    def holders(self, keys: Mapping[str, str], stems: Mapping[str, str]) -> set[str]:
        """The files that a renaming changes."""
        return {path for path in self.files if self.text(path, keys, stems) != self.text(path, {}, {})}
