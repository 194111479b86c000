"""The bibliography on the disk: papers that changed are rendered, and the file is written if its text is another one.

Kept here: laws 2, 3, 5 and 6 of one file. A file is known for ours by the digest it was left with; with the state lost
a ``.bib`` file by its first line, which bears that of the rest, and any by its very text (law 11).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from bridge import __version__
from bridge.bibliography import bibtex
from bridge.core.record import ItemId
from bridge.errors import NoteError
from bridge.state import State
from bridge.state.citations import RULES, CitationRow
from bridge.vault import page

_HEADER: Final = "% Kept by Bridge from Zotero. What is changed here is put aside, and the file written anew. "
#: Meta name: the file as it was left, as JSON of path, stat and digest.
_FILE: Final = "bibliography-file"
#: Meta name: problems that were told, so that each is told once.
_TOLD: Final = "bibliography-told"

#: A paper as a CSL JSON item, or ``None`` where it is not live or has no citation key.
Source = Callable[[ItemId], Mapping[str, Any] | None]


@dataclass(slots=True)
class Kept:
    """What a renewal did: whether the file was written, what a person should hear, and whether the file waits."""

    written: bool = False
    messages: list[str] = field(default_factory=list)
    held: bool = False


@dataclass(frozen=True, slots=True)
class Keeper:
    """The bibliography of one vault.

    :param path: the file, relative to the vault; ``.json`` is CSL JSON, all else BibLaTeX.
    :param libraries: the vault's libraries in their order; of papers with one citation key the first one's is taken.
    """

    root: Path
    path: str
    state: State
    source: Source
    libraries: Sequence[str]

    @property
    def _is_json(self) -> bool:
        return self.path.lower().endswith(".json")

    def renew(self) -> Kept:
        """Take in what is due and bring the file up to date.

        :raises VaultError: no file can be written now.
        """
        done = Kept()
        state, rules = self.state, f"{__version__} {self._is_json} {' '.join(self.libraries)}"
        if state.get_meta(RULES) != rules:
            with state.transaction():
                state.set_meta(RULES, rules)
                state.citations.all_due()
        due = state.citations.due()
        if not due and self._is_as_left():
            done.held = self._is_foreign()
            return done
        with state.transaction():
            state.citations.put(self._rendered(due))
            state.citations.done()
            text = self._text(done)
            try:
                self._write(text, done)
            except NoteError as error:
                done.held = True
                done.messages.append(f"{self.path} {error}; it waits")
        return done

    def _is_as_left(self) -> bool:
        left = json.loads(self.state.get_meta(_FILE) or "{}")
        stat = page.look(self.root, self.path)
        return stat is not None and left.get("path") == self.path and left.get("stat") == [*stat]

    def _is_foreign(self) -> bool:
        """Whether the file was found to be somebody else's, which was said then."""
        return bool(json.loads(self.state.get_meta(_FILE) or "{}").get("foreign"))

    # --- the text ---

    def _rendered(self, due: Iterable[ItemId]) -> Iterable[CitationRow]:
        for item in due:
            found = self.source(item)
            if found is None:
                yield CitationRow(item, "", "")
            elif self._is_json:
                yield CitationRow(item, found["id"], json.dumps(found, ensure_ascii=False, indent=2))
            else:
                is_usable = bibtex.is_usable(found["id"])
                yield CitationRow(item, found["id"], bibtex.entry(found) if is_usable else "")

    def _text(self, done: Kept) -> str:
        order = {library: place for place, library in enumerate(self.libraries)}
        chosen: dict[str, CitationRow] = {}
        twins: set[str] = set()
        odd: list[str] = []
        for row in self.state.citations.rows():
            if row.id.library not in order:
                continue
            if not row.text:
                odd.append(row.citekey)
            elif (other := chosen.get(row.citekey)) is None or order[row.id.library] < order[other.id.library]:
                twins |= {row.citekey} if other is not None else set()
                chosen[row.citekey] = row
            else:
                twins.add(row.citekey)
        self._tell(done, sorted(twins), "stand for several papers; the bibliography has the first of each")
        self._tell(done, odd, "cannot stand in a .bib file; these papers are left out")
        texts = [chosen[citekey].text for citekey in sorted(chosen)]
        if self._is_json:
            return "[\n" + ",\n".join(texts) + "\n]\n" if texts else "[]\n"
        body = "".join(f"\n{text}" for text in texts)
        return f"{_HEADER}{_digest(body)}\n{body}"

    def _tell(self, done: Kept, citekeys: Sequence[str], what: str) -> None:
        """Say what is wrong with some citation keys, once."""
        told: dict[str, list[str]] = json.loads(self.state.get_meta(_TOLD) or "{}")
        if told.get(what, []) == [*citekeys]:
            return
        self.state.set_meta(_TOLD, json.dumps({**told, what: [*citekeys]}))
        if citekeys:
            more = f" and {len(citekeys) - 5} more" if len(citekeys) > 5 else ""
            done.messages.append(f"Citation keys {', '.join(citekeys[:5])}{more} {what}.")

    # --- the file ---

    def _write(self, text: str, done: Kept) -> None:
        present = page.read(self.root, self.path)
        digest = _digest(text)
        if present is not None and present.text == text:
            self._left(present.stat, digest)
            return
        if present is not None and not self._is_ours(present):
            if not (present.text.startswith(_HEADER) or self._was_ours()):
                done.held = True
                done.messages.append(
                    f"{self.path} is there and was not written by Bridge; it is left alone. Move it away, or name"
                    " another file under [bibliography] in .bridge/config.toml."
                )
                self.state.set_meta(_FILE, json.dumps({"path": self.path, "stat": [*present.stat], "foreign": True}))
                return
            aside = self._put_aside(present)
            done.messages.append(f"{self.path} was edited; that text is in {aside} now, and the file is written anew.")
        stat = page.write(self.root, self.path, text, present)
        if stat is None:
            done.held = True
            done.messages.append(f"{self.path} is being written by something else; it waits")
            return
        done.written = True
        self._left(stat, digest)

    def _left(self, stat: Sequence[int], digest: str) -> None:
        self.state.set_meta(_FILE, json.dumps({"path": self.path, "stat": [*stat], "digest": digest}))

    def _is_ours(self, present: page.Page) -> bool:
        """Whether the file is just as we left it."""
        left = json.loads(self.state.get_meta(_FILE) or "{}")
        if (left.get("path"), left.get("digest")) == (self.path, _digest(present.text)):
            return True
        header, _, body = present.text.partition("\n")
        return header == _HEADER + _digest(body)

    def _was_ours(self) -> bool:
        """Whether the file at this path was written by us once."""
        left = json.loads(self.state.get_meta(_FILE) or "{}")
        return left.get("path") == self.path and "digest" in left

    def _put_aside(self, present: page.Page) -> str:
        """Keep a text that a person wrote into the file in a new file beside it; its path."""
        place = PurePosixPath(self.path)
        number = 1
        while True:
            end = "" if number == 1 else f" {number}"
            aside = str(place.with_name(f"{place.stem} (edited{end}){place.suffix}"))
            if page.look(self.root, aside) is None and page.write(self.root, aside, present.text, None) is not None:
                return aside
            number += 1


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
