"""What is on disk: every Markdown file of a vault with its stat, without opening one.

Law 9 begins here: a folder that cannot be listed, a file that a cloud drive has moved away or that is a link now, are
told apart from files that are gone. Law 13: no link is followed, so nothing outside the vault is ever seen. Names stay
as they are on disk (NFC or NFD).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bridge.core.names import EXTENSION
from bridge.core.place import Stat
from bridge.errors import VaultError
from bridge.vault.files import TEMPORARY, stat_from

#: What iCloud Drive leaves in place of ``name.md`` when it moves the content away: ``.name.md.icloud``.
_ICLOUD = ".icloud"
#: Names that a link can lead to, besides notes: links in these are carried too.
CANVAS = ".canvas"


@dataclass(slots=True)
class Tree:
    """A vault as listed once.

    ``files``: path to stat of every Markdown file. ``canvases``: likewise, the ``.canvas`` files. ``away``: notes whose
    name is there and whose text is not. ``blind``: folders (ending in ``/``) that could not be looked into.
    ``leftovers``: half-written files of a killed process of ours.
    """

    files: dict[str, Stat] = field(default_factory=dict)
    canvases: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    blind: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    def hides(self, path: str) -> bool:
        """Whether a note that was not seen at ``path`` may be there all the same."""
        return path in self.away or any(path.startswith(folder) for folder in self.blind)


def walk(root: Path, skip: Iterable[str] = ()) -> Tree:
    """List a vault; about 4 µs a file.

    :param skip: folders, relative to the vault, that are not looked into (the templates, R34). Dot-folders and
        dot-files never are, as in Obsidian.
    :raises VaultError: the vault's own folder cannot be listed.
    """
    tree = Tree()
    left_out = {folder.strip("/") for folder in skip}
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(root / folder if folder else root) as entries:
                for entry in entries:
                    _enter(tree, entry, folder, left_out, pending.append)
        except OSError as error:
            if not folder:
                raise VaultError(f"the vault cannot be listed: {error.strerror}") from None
            tree.blind.append(folder)  # no right to look, or it went away while we looked: the next scan will know
    return tree


def _enter(
    tree: Tree, entry: os.DirEntry[str], folder: str, left_out: set[str], descend: Callable[[str], None]
) -> None:
    name = entry.name
    path = folder + name
    if name[0] == ".":
        if name.startswith(TEMPORARY):
            tree.leftovers.append(path)
        elif name.endswith(EXTENSION + _ICLOUD):
            tree.away.add(folder + name[1 : -len(_ICLOUD)])
        return
    lower = name[-7:].lower()
    try:
        if entry.is_symlink():
            tree.away.add(path)
            tree.blind.append(f"{path}/")
        elif lower.endswith(EXTENSION) and entry.is_file(follow_symlinks=False):
            tree.files[path] = stat_from(entry.stat(follow_symlinks=False))
        elif lower == CANVAS and entry.is_file(follow_symlinks=False):
            tree.canvases.append(path)
        elif path not in left_out and entry.is_dir(follow_symlinks=False):
            descend(f"{path}/")
    except OSError:
        tree.away.add(path)  # gone since the folder was listed: the next scan will know
