"""What is called otherwise from now on, and a file's text with every link and citation following.

All changes happen at the same time, so two notes may change names, and one may take the name another gives up.

Pure: which files there are, and their reading and writing, is the caller's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from bridge.core.names import EXTENSION, folded
from bridge.vault import links
from bridge.vault.targets import cited_as

_UPWARDS = re.compile(r"^(?:\.{0,2}/)*(?:\.{1,2}$)?")


class Renamed(NamedTuple):
    """A file with a new base name: the old one, the new one, and the folder it lies in.

    ``rivals`` are the folders of other files with the old name, which a link may mean as well.
    """

    old: str
    new: str
    folder: str
    rivals: tuple[str, ...] = ()


class Rekeyed(NamedTuple):
    """A paper with a new citation key, by which it is cited."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Renaming:
    """What is called otherwise from now on."""

    files: tuple[Renamed, ...] = ()
    keys: tuple[Rekeyed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files or self.keys)

    @property
    def names(self) -> frozenset[str]:
        """What a file must hold to be changed, as :func:`bridge.vault.targets.targets` finds it."""
        return frozenset([folded(each.old) for each in self.files] + [cited_as(each.old) for each in self.keys])


class Carried(NamedTuple):
    """A file's bytes after a renaming (the very same where nothing in it follows), and how much followed."""

    data: bytes
    links: int = 0
    citations: int = 0


class Carrier:
    """One renaming, carried into any number of files."""

    def __init__(self, renaming: Renaming) -> None:
        self._files: dict[str, list[Renamed]] = {}
        for each in renaming.files:
            self._files.setdefault(folded(each.old), []).append(each)
        self._keys = {_composed(each.old): each.new for each in renaming.keys}
        after = {folded(each.new) for each in renaming.files} | {cited_as(each.new) for each in renaming.keys}
        #: Whether a new name is another's old one: a text must not be carried twice then.
        self.is_once_only = not after.isdisjoint(renaming.names)

    def carry(self, data: bytes, folder: str, *, is_canvas: bool = False) -> Carried:
        """A file's bytes with all that follows; one that is not UTF-8 is left as it is.

        :param folder: where the file lies, ``""`` for the vault's own folder.
        """
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return Carried(data)
        done = links.rewrite(text, lambda target: self._led(target, folder), self._cited, is_canvas=is_canvas)
        return Carried(data if done.text == text else done.text.encode(), done.links, done.citations)

    def _cited(self, key: str) -> str:
        return self._keys.get(_composed(key), key)

    def _led(self, target: str, source: str) -> str:
        """A path or bare name, with or without ``.md``, as it is to be written from now on."""
        before, slash, name = target.rpartition("/")
        stripped = name.strip()
        extension = stripped[-len(EXTENSION) :] if stripped.lower().endswith(EXTENSION) else ""
        stem = stripped.removesuffix(extension)
        for each in self._files.get(folded(stem), ()):
            if _means(before, source, each):
                at = name.find(stem)
                return before + slash + name[:at] + each.new + name[at + len(stem) :]
        return target


def _means(given: str, source: str, file: Renamed) -> bool:
    """Whether a link to the old name that gives the path ``given``, in a file in the folder ``source``, means ``file``.

    Links may give the end of a path only. Of several files Obsidian takes the one whose whole path is given, else one
    in the source's own folder, else the one with the shortest path.
    """
    end = folded(_UPWARDS.sub("", given.strip()).strip("/"))
    folders = [folder for folder in (file.folder, *file.rivals) if not end or f"/{folded(folder)}".endswith(f"/{end}")]
    if file.folder not in folders:
        return False

    def rank(folder: str) -> tuple[bool, bool, int, str]:
        return (not end or folded(folder) != end, folded(folder) != folded(source), len(folder), folder)

    return min(folders, key=rank) == file.folder


def _composed(key: str) -> str:
    return unicodedata.normalize("NFC", key)
