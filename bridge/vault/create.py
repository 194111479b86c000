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

from bridge.core.evidence import Sign, Trust, signs_of_item, signs_of_note, stems_of
from bridge.core.names import folded, unique
from bridge.core.record import Face, ItemId, Value
from bridge.errors import ConfigError
from bridge.vault.names import stem_of
from bridge.vault.scan import VaultIndex


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a vault, relative to it and with ``/``.

    ``folders``: library to the folder in which its notes are made. ``file``: the template of their names.
    ``templates``: the folder of body templates, which is never scanned. ``archive``: where notes are put away.
    """

    folders: Mapping[str, str] = field(default_factory=dict)
    file: str = "@{citekey}.md"
    templates: str = "Templates/Bridge"
    archive: str = "Archive"

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
        # Paths as tuples: nearly every name has one, and among 100,000 papers a set for each would take 60 MB more.
        self._names = {name: tuple(paths) for name, paths in index.taken_names().items()}
        bound = index.bound()
        self._stems: dict[str, tuple[str, ...]] = {}
        for path in index.stats():
            _enter(self._stems, folded(stem_in(path)), path)
        self._bound_paths = set(bound)
        #: Items that a file names, be it held as a copy.
        self.items = set(bound.values())
        #: What people's own notes show, but for their names: those are in ``_stems``.
        self._signs: dict[Sign, list[str]] = {}
        for path, facts in index.facts():
            for sign in signs_of_note(path, facts):
                if sign.trust is not Trust.NAME:
                    self._signs.setdefault(sign, []).append(path)

    def foreign(self, item: ItemId, face: Face) -> str | None:
        """The path of somebody's own note that is about this paper, if there is one (R26)."""
        citekey = _text(face.get("citekey"))
        if self._signs:
            for sign in signs_of_item(item, citekey, _text(face.get("doi"))):
                paths: Iterable[str] = self._signs.get(sign, ())
                if sign.trust is Trust.BODY:
                    # A link in a body says little (R28): only a note in the papers' folder is about the item it links.
                    paths = [path for path in paths if _folder_of(path) == self._layout.folder(item.library)]
                if found := next((path for path in paths if path not in self._bound_paths), None):
                    return found
        return next((path for stem in self.stems(item, face) for path in self.own(stem)), None)

    def stems(self, item: ItemId, face: Face) -> tuple[str, ...]:
        """The base names that somebody's own note about a paper may bear (R26)."""
        citekey = _text(face.get("citekey"))
        own = (self._layout.stem(item, face),) if citekey and "{citekey}" in self._layout.file else ()
        return tuple(dict.fromkeys((*stems_of(citekey), *own)))

    def own(self, stem: str) -> list[str]:
        """People's own files of a base name."""
        return sorted(path for path in self._stems.get(folded(stem), ()) if path not in self._bound_paths)

    def named(self, stem: str) -> frozenset[str]:
        """The paths of all files of a base name."""
        return frozenset(self._stems.get(folded(stem), ()))

    def aliased(self, name: str) -> frozenset[str]:
        """The paths of files that bear a name as an alias and not as their own."""
        return frozenset(self._names.get(folded(name), ())).difference(self._stems.get(folded(name), ()))

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
        _enter(self._stems, stem, path)
        for name in {stem, *map(folded, (aliases,) if isinstance(aliases, str) else aliases)}:
            _enter(self._names, name, path)
        self._bound_paths.add(path)
        self.items.add(item)


def _enter(places: dict[str, tuple[str, ...]], name: str, path: str) -> None:
    there = places.get(name, ())
    if path not in there:
        places[name] = (*there, path)


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
