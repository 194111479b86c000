"""An item's tags: read as names, written back whole (R9).

Two raw tags are one when they are equal after NFC and trimming of all Unicode space; of twins the first
spelling and, where the types differ, the manual one counts. Zotero replaces an item's tags as a whole, so
every write sends all of them: each once, in the order and spelling they stand in, automatic ones with type 1
and manual ones without a type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.zotero.richtext import tag_text

#: The longest tag the server takes, in characters (zotero/dataserver, ``Zotero_Tags``); the desktop cannot
#: sync a longer one.
LONGEST = 255
AUTOMATIC = 1


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of an item: its name as shown, its spelling as kept, and whether a machine gave it."""

    name: str
    raw: str
    automatic: bool

    def sent(self) -> dict[str, Any]:
        """The tag as the API takes it; a manual one has no type."""
        return {"tag": self.raw, "type": AUTOMATIC} if self.automatic else {"tag": self.raw}


def read(raw: Iterable[Mapping[str, Any]]) -> dict[str, Tag]:
    """An item's tags by name, twins united."""
    tags: dict[str, Tag] = {}
    for entry in raw:
        spelling = entry.get("tag") or ""
        name = tag_text(spelling)
        automatic = entry.get("type") == AUTOMATIC
        known = tags.get(name)
        if known is None:
            if name:
                tags[name] = Tag(name, spelling, automatic)
        elif known.automatic and not automatic:
            tags[name] = Tag(name, known.raw, automatic=False)
    return tags


def rewritten(
    tags: Mapping[str, Tag],
    wanted: Iterable[str],
    *,
    keep: Collection[str] = (),
    drop: Collection[str] = (),
    automatic_shown: bool = False,
) -> list[dict[str, Any]] | None:
    """The whole list to send so that the item shows ``wanted``, or None where it does already.

    :param tags: the item's tags as :func:`read` gave them.
    :param wanted: names, in the order in which new ones are to be added.
    :param keep: names outside ``wanted`` that stay as they are (the tag that keeps the status).
    :param drop: names that go whatever their type (a status that is over).
    :param automatic_shown: whether ``wanted`` speaks of automatic tags too. If so, one it leaves out is
        removed and one it holds keeps its type; if not, they all stay, and one it names becomes manual.
    """
    names = {name: None for typed in wanted if (name := tag_text(typed))}
    result: dict[str, Tag] = {}
    for name, tag in tags.items():
        if name in drop:
            continue
        if name in keep:
            result[name] = tag
        elif name in names:
            result[name] = tag if automatic_shown else Tag(name, tag.raw, automatic=False)
        elif tag.automatic and not automatic_shown:
            result[name] = tag
    for name in names:
        result.setdefault(name, Tag(name, name, automatic=False))
    return None if result == tags else [tag.sent() for tag in result.values()]
