"""Where a new note goes, what it is called, and whether there is one about the paper already.

R27: no file made here takes a base name or alias that another note bears, so every link in the vault leads to the same
file before and after. R26: an item that somebody's own literature note fits is left alone until that note is adopted.
R32, law 13: notes are made in the configured folders only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

from bridge.core.names import folded, unique
from bridge.core.policy import normal_doi, normal_text
from bridge.core.record import Face, ItemId, Value
from bridge.errors import ConfigError
from bridge.vault.names import stem_of
from bridge.vault.scan import VaultIndex

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a vault, relative to it and with ``/``.

    ``folders``: library to the folder in which its notes are made. ``file``: the template of their names.
    ``templates``: the folder of body templates, which is never scanned.
    """

    folders: Mapping[str, str] = field(default_factory=dict)
    file: str = "@{citekey}.md"
    templates: str = "Templates/Bridge"

    def folder(self, library: str) -> str:
        """The folder for notes of a library.

        :raises ConfigError: it is no plain path below the vault.
        """
        folder = _plain_folder(self.folders.get(library, "Papers"))
        if folder is None:
            raise ConfigError(f"the folder for {library} must lie in the vault and have no part that starts with a dot")
        return folder

    def stem(self, item: ItemId, face: Face) -> str:
        """The base name an item's note is made with, not yet unique."""
        return stem_of(self.file, item.key, face)


@lru_cache(maxsize=64)  # asked for several times a note
def _plain_folder(folder: str) -> str | None:
    """A folder below the vault, ``""`` for the vault itself; ``None`` where it is no plain path."""
    path = PurePosixPath(folder)
    if path.is_absolute() or any(part.startswith(".") for part in path.parts):
        return None
    return "" if path == PurePosixPath() else path.as_posix()


class Catalogue:
    """All names borne in the vault, and what people's own notes tell about papers; built from the index once a scan."""

    def __init__(self, index: VaultIndex, layout: Layout) -> None:
        self._layout = layout
        self._names = {folded(name): set(paths) for name, paths in _merged(index.taken_names())}
        bound = index.bound()
        self._stems: dict[str, set[str]] = {}
        for path in index.stats():
            self._stems.setdefault(folded(stem_in(path)), set()).add(path)
        self._bound_paths = set(bound)
        #: Items that a file names, be it held as a copy.
        self.items = set(bound.values())
        self._by_citekey: dict[str, str] = {}
        self._by_doi: dict[str, str] = {}
        self._by_link: dict[tuple[str, str], str] = {}
        for path, facts in index.facts():
            if facts.citekey:
                self._by_citekey.setdefault(normal_text(facts.citekey), path)
            if facts.doi:
                self._by_doi.setdefault(normal_doi(facts.doi), path)
            # A link in a body says little (R28): only a note in the papers' folder that links one item is about it.
            if len(facts.zotero_links) == 1:
                self._by_link.setdefault((_folder_of(path), facts.zotero_links[0]), path)

    def foreign(self, item: ItemId, face: Face) -> str | None:
        """The path of somebody's own note that is about this paper, if there is one (R26)."""
        citekey, doi = _text(face.get("citekey")), _text(face.get("doi"))
        found = (
            (self._by_citekey.get(normal_text(citekey)) if citekey and self._by_citekey else None)
            or (self._by_doi.get(normal_doi(doi)) if doi and self._by_doi else None)
            or self._by_link.get((self._layout.folder(item.library), item.key))
        )
        if found is None and citekey:
            stems = {f"@{citekey}"}
            if "{citekey}" in self._layout.file:
                stems.add(self._layout.stem(item, face))
            found = next((path for stem in sorted(stems) for path in self.own(stem)), None)
        return found

    def own(self, stem: str) -> list[str]:
        """People's own files of a base name."""
        return sorted(self._stems.get(folded(stem), _NONE) - self._bound_paths)

    def is_taken(self, name: str, *, but: Iterable[str] = ()) -> bool:
        """Whether another file bears this base name or alias; the paths ``but`` do not count."""
        return bool(self._names.get(folded(name), set()) - set(but))

    def unique_stem(self, stem: str, key: str) -> str:
        """``stem``, or with the item key where it is taken."""
        return unique(stem, self._names, key)

    def free_aliases(self, aliases: Value) -> tuple[str, ...]:
        """The aliases that are no file's base name."""
        members = (aliases,) if isinstance(aliases, str) else aliases
        return tuple(alias for alias in members if folded(alias) not in self._stems)

    def add(self, path: str, item: ItemId, aliases: Value = ()) -> None:
        """A note was made, or got this name."""
        stem = folded(stem_in(path))
        self._stems.setdefault(stem, set()).add(path)
        for name in {stem, *map(folded, (aliases,) if isinstance(aliases, str) else aliases)}:
            self._names.setdefault(name, set()).add(path)
        self._bound_paths.add(path)
        self.items.add(item)

    def drop(self, path: str) -> None:
        """A file no longer bears this name."""
        stem = folded(stem_in(path))
        for names in (self._stems, self._names):
            names.get(stem, set()).discard(path)
            if not names.get(stem):
                names.pop(stem, None)


def _merged(taken: Mapping[str, Iterable[str]]) -> Iterable[tuple[str, set[str]]]:
    """Names that are one name in our folding are one, however the index folds them."""
    merged: dict[str, set[str]] = {}
    for name, paths in taken.items():
        merged.setdefault(folded(name), set()).update(paths)
    return merged.items()


def stem_in(path: str) -> str:
    """A path's last name without its ending, as ``PurePosixPath.stem`` gives it, at a tenth of the cost."""
    name = path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return stem if stem and dot and ending else name


def _folder_of(path: str) -> str:
    parent = PurePosixPath(path).parent.as_posix()
    return "" if parent == "." else parent


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""
