"""What other tools call the things that notes say of papers, understood and left as they are (R26, R28).

Read in the sources and documents of Zotero Integration, ZotLit, ZotFlow, Citations, Bibnotes, MDNotes and
MarkDB-Connect. A note that has such a key and not Bridge's own keeps its value there: it is read there and written
there, so that no second key of the same meaning appears. Which item a note is *bound* to is said by ``zotero-key``
alone; other keys and links that name an item are signs for adoption (:mod:`bridge.core.evidence`) and bind nothing.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from bridge.core.evidence import reference

if TYPE_CHECKING:
    from bridge.vault.frontmatter import FrontMatter, Node

#: The alphabet of Zotero's object keys: what is easily misread is left out (zotero/dataserver, Zotero_ID).
ITEM_KEY: Final = "[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}"
#: ``zotero-key`` as Bridge writes it, and as ZotLit writes that of a group's item (``ABCD2345g51``).
BOUND_KEY: Final = rf"{ITEM_KEY}(?:g[1-9][0-9]*)?"

#: Field to the keys in which other tools keep it, in lower case.
_OTHER_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "citekey": ("citationkey", "citation-key", "citation_key", "cite-key", "cite_key"),
    "finished": ("dateread", "date-read", "date_read"),
}
#: Keys that name an item, and those that say in which library it is.
_NAMES_ITEM: Final = (
    "itemKey", "item-key", "item_key", "itemkey", "zoteroKey", "zotero_key", "zoterokey", "zotero-item-key",
    "zotero_item_key",
)  # fmt: skip
_NAMES_LIBRARY: Final = (
    "library-id", "libraryID", "libraryId", "library_id", "zotero-library-id", "groupID", "group-id",
)  # fmt: skip

_NAMED: Final = re.compile(rf"(?:(?:(library)|groups?/([0-9]+)|users/[0-9]+)/items/)?({ITEM_KEY})(?:g([1-9][0-9]*))?")
_PLACE: Final = re.compile(r"(?:groups?/|users/)?([1-9][0-9]*)")
#: ``zotero://select`` links: ``library/items/KEY``, ``groups/51/items/KEY``, the older ``items/0_KEY`` and
#: ``items/KEY``, and one key after ``?itemKey=``. Several keys in one link say nothing of one paper.
_LINK: Final = re.compile(
    rf"zotero://select/(?:(library|groups/[0-9]+)/)?items(?:/|\?itemKey=)(?:([0-9]+)_)?({ITEM_KEY})(?![0-9A-Za-z,%])"
)
#: Better BibTeX's: ``zotero://select/items/@citekey``.
_CITEKEY_LINK: Final = re.compile(r"zotero://select/items/(?:bbt:|@)([^\s)\]\"'>,]+)")
_CITED: Final = re.compile(r"(?:@|\[@(?=.*\]))([^\s\[\];,]+)\]?")
#: Item numbers before the key in old links: 0 and 1 are the person's own library, others are a machine's own numbers.
_OWN: Final = frozenset({"0", "1"})


def keys_of(head: FrontMatter, names: Mapping[str, str]) -> dict[str, str]:
    """The key in which a note keeps each field: Bridge's, or where the note has not that but another tool's, that one.

    Obsidian tells properties apart without regard to case, so ``Tags`` is ``tags``.

    :param names: every field's key in this vault; none of these is another tool's.
    """
    there = {key.lower(): key for key in head.keys() - set(names.values())}
    return {
        name: used
        if not there or head.get(used) is not None
        else next((there[other] for other in (used.lower(), *_OTHER_KEYS.get(name, ())) if other in there), used)
        for name, used in names.items()
    }


def named_items(head: FrontMatter, key: str, library: str) -> tuple[str, ...]:
    """The items that a note's properties name by their key, as :func:`bridge.core.evidence.reference` writes them.

    :param key: the property that binds notes in this vault; what it says may be another tool's way of saying it too.
    :param library: the property that says of which library the item is.
    """
    places = _texts(head, (library, *_NAMES_LIBRARY))
    place = next((found[1] for text in places if (found := _PLACE.fullmatch(text))), "")
    return tuple(dict.fromkeys(_references(_texts(head, (key, *_NAMES_ITEM)), place)))


def _references(texts: Iterable[str], place: str) -> Iterator[str]:
    for text in texts:
        found = _NAMED.fullmatch(text)
        if found is not None:
            library, group, key, suffix = found.groups()
            number = group or suffix
            yield reference(key, f"groups/{number}" if number else library or place)


def linked_items(text: str) -> tuple[str, ...]:
    """The item that all ``zotero://select`` links of a text lead to, if it is one, as in :func:`named_items`."""
    if "zotero://select" not in text:
        return ()
    found = {_place(library, number, key) for library, number, key in _LINK.findall(text)}
    return tuple(sorted(found)) if len({each.rpartition("/")[2] for each in found}) == 1 else ()


def _place(library: str, number: str, key: str) -> str:
    return reference(key, library or ("library" if number in _OWN else ""))


def linked_citekey(text: str) -> str:
    """The citation key that Better BibTeX's links of a text lead to, if it is one."""
    found = {*_CITEKEY_LINK.findall(text)} if "zotero://select" in text else set()
    return found.pop() if len(found) == 1 else ""


def citekey_of(text: str) -> str:
    """A citation key as it is, of one written as a citation (``@key``, ``[@key]``)."""
    found = _CITED.fullmatch(text)
    return found[1] if found is not None else text


def tags_of(text: str) -> tuple[str, ...] | None:
    """The tags of a list written as one text (``a, b`` or ``#a #b``); ``None`` for a text that is not clearly one.

    Obsidian took such a text for a list until 2025, and tools still write it. A space alone divides nothing: it is
    what people write where one tag of two words is meant.
    """
    if "," in text:
        return tuple(tag for part in text.split(",") if (tag := part.strip()))
    parts = text.split()
    return tuple(parts) if parts and all(part.startswith("#") for part in parts) else None


def _texts(head: FrontMatter, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        node = head.get(key)
        if node is not None:
            yield from (each.text.strip() for each in _scalars(node))


def _scalars(node: Node) -> Iterator[Node]:
    if node.kind == "scalar":
        yield node
    elif node.kind == "list":
        yield from (item for item in node.items if item.kind == "scalar")
