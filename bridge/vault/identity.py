"""Whose note each file is (R7, R8), decided for all files together because each answer depends on the others.

A file is the note of the item it names, unless

* another file is that item's note already: the newcomer is a copy, and held;
* it was the note of another item, which now is nowhere else: its key was changed, and it is held, unless that item
  became this one in Zotero (R22);
* a sync tool made it as a conflict copy: it is held, and is nobody's note.

A note at another path than last time has moved; two that changed places have moved twice. A note whose file is still
there without the key is held. Only what is left after all that is gone (law 9).

Pure: paths and items in, a verdict out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bridge.core.record import ItemId

COPIED, CONFLICT_COPY = "copied-note", "conflict-copy"
KEY_CHANGED, LOST_KEY = "key-changed", "lost-key"
#: A file held by one of these is not its item's note; the item itself is not held.
COPIES = frozenset({COPIED, CONFLICT_COPY})
#: What these say of a file depends on other files.
RELATIVE = COPIES | {KEY_CHANGED, LOST_KEY}

#: How sync tools name the loser of a conflict: Obsidian Sync ``x (Conflicted copy phone 202401011200)``, Dropbox
#: ``x (Ann's conflicted copy 2024-01-01)``, Nextcloud ``x (conflicted copy 2024-01-01 120000)``, Syncthing
#: ``x.sync-conflict-20240101-120000-ABCDEFG``. Names like ``x 2`` are given by people too; those are judged as copies.
_CONFLICT = re.compile(
    r"\([^()]*(?:conflicted copy|case conflict)[^()]*\)$|\.sync-conflict-\d{8}-\d{6}(?:-\w+)?$", re.IGNORECASE
)

#: Asks about one file and one item.
Asked = Callable[[str, ItemId], bool]


@dataclass(slots=True)
class Verdict:
    """``notes``: the note of each item looked at. ``codes``: files that are held, with the item they are held for.

    ``gone``: items whose note is nowhere any more.
    """

    notes: dict[ItemId, str] = field(default_factory=dict)
    codes: dict[str, tuple[ItemId, str]] = field(default_factory=dict)
    gone: set[ItemId] = field(default_factory=set)


def identify(
    homes: Mapping[ItemId, str],
    says: Mapping[str, ItemId | None],
    news: Collection[str],
    heirs: Mapping[ItemId, ItemId],
    *,
    is_same_file: Asked,
    is_named_for: Asked,
) -> Verdict:
    """Decide whose note each file is.

    :param homes: the path where each item's note was when last looked at.
    :param says: the item each file names that is there now (``None`` where it names none). A file that cannot be read
        just now says what it said before.
    :param news: the files of ``says`` that were read now; nothing else has a new answer.
    :param heirs: items that became others in Zotero, with those.
    :param is_same_file: whether the file now at a path is the one remembered as the item's note, or has its text.
    :param is_named_for: whether a file bears the name that the item's note would be made with.
    """
    files = _Files(homes, says, heirs, is_same_file)
    verdict = Verdict()
    touched = {item for path in news if (item := says[path]) is not None}
    touched |= {item for item, path in homes.items() if says.get(path) != item}
    for item in sorted(touched):
        bearers = files.bearers.get(item, [])
        winner = _winner(files, item, bearers, is_named_for)
        if winner is not None:
            verdict.notes[item] = winner
        for path in bearers:
            if path == winner:
                continue
            if files.is_rekeyed(path, item):
                verdict.codes[path] = (files.owners[path], KEY_CHANGED)
            else:
                verdict.codes[path] = (item, CONFLICT_COPY if _is_conflict(path) else COPIED)
        if winner is None and (home := homes.get(item)) is not None:
            if home in says and says[home] is None:
                verdict.codes[home] = (item, LOST_KEY)
            elif not bearers and not files.is_rekeyed(home, says.get(home)) and not files.is_inherited(home, item):
                verdict.gone.add(item)
    return verdict


def _winner(files: _Files, item: ItemId, bearers: list[str], is_named_for: Asked) -> str | None:
    """The one of several files that is the item's note: the one that was it, else the one that fits it best alone."""
    home = files.homes.get(item)
    if home in bearers:
        return home
    found = [path for path in bearers if not _is_conflict(path) and not files.is_rekeyed(path, item)]
    for fits in (files.is_same_file, is_named_for):
        if len(found) > 1 and len(best := [path for path in found if fits(path, item)]) == 1:
            found = best
    return found[0] if len(found) == 1 else None


def _is_conflict(path: str) -> bool:
    return _CONFLICT.search(PurePosixPath(path).stem) is not None


class _Files:
    """What is known of all files, from both ends."""

    def __init__(
        self,
        homes: Mapping[ItemId, str],
        says: Mapping[str, ItemId | None],
        heirs: Mapping[ItemId, ItemId],
        is_same_file: Asked,
    ) -> None:
        self.homes, self.says, self.heirs, self.is_same_file = homes, says, heirs, is_same_file
        self.owners = {path: item for item, path in homes.items()}
        self.bearers: dict[ItemId, list[str]] = {}
        for path in sorted(says):
            if (item := says[path]) is not None:
                self.bearers.setdefault(item, []).append(path)

    def is_rekeyed(self, path: str, item: ItemId | None) -> bool:
        """Whether ``path``, which names ``item``, is another item's note with its key changed.

        It is not if it came there from elsewhere: the other item's note is elsewhere now too (they changed places), or
        this is the very file that was the note of ``item`` and is missing there (it was moved over the other).
        """
        owner = self.owners.get(path)
        if owner is None or item is None or owner == item or self.bearers.get(owner):
            return False
        if self.heirs.get(owner) == item:
            return False
        home = self.homes.get(item)
        has_moved = home is not None and home not in self.bearers.get(item, [])
        return not (has_moved and self.is_same_file(path, item))

    def is_inherited(self, path: str, item: ItemId) -> bool:
        """Whether the note of ``item`` at ``path`` names the item that this one became."""
        return self.says.get(path) is not None and self.says.get(path) == self.heirs.get(item)
