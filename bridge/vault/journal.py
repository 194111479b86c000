"""A renaming at work, written down before its first step, so that one cut short can be taken to its end (law 5).

A renaming moves files and then rewrites links. Where two names change places, a file with its links rewritten and one
yet to be rewritten look alike; so the journal says of each file what it holds before and after.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.core.record import ItemId
from bridge.vault.carry import Rekeyed, Renamed, Renaming
from bridge.vault.naming import Move


class Todo(NamedTuple):
    """A file whose links are to follow.

    ``before`` and ``after`` are digests of its text, ``inode`` is the file's number before (0: unknown). An empty
    ``before`` means that it surely was not rewritten yet, and ``tries`` counts how often that failed.
    """

    path: str
    before: str = ""
    after: str = ""
    inode: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Journal:
    """How far a renaming is: first the moves, then (``todo`` is there) the files with links, with all moves done."""

    moves: tuple[Move, ...] = ()
    renaming: Renaming = field(default_factory=Renaming)
    todo: tuple[Todo, ...] | None = None

    def dump(self) -> str:
        """As one text; the paths in it are the person's own."""
        said = {
            "moves": self.moves,
            "files": self.renaming.files,
            "keys": self.renaming.keys,
            "todo": self.todo,
        }
        return json.dumps(said, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Journal:
        """What :meth:`dump` wrote."""
        said = json.loads(text)
        moves = (Move(ItemId(*item), at, to, via, tuple(rivals)) for item, at, to, via, rivals in said["moves"])
        files = (Renamed(old, new, folder, tuple(rivals)) for old, new, folder, rivals in said["files"])
        keys = (Rekeyed(*pair) for pair in said["keys"])
        todo = None if said["todo"] is None else tuple(Todo(*each) for each in said["todo"])
        return cls(tuple(moves), Renaming(tuple(files), tuple(keys)), todo)
