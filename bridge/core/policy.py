"""The field table: which fields there are, who may change them, and how they merge and compare.

The table is data; :mod:`bridge.core.reconcile` holds the only code that acts on it. Functions that know a side's own
notation (tag forms, status names) are handed in when the policy is built, so the core never learns them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.children import FILES, HIGHLIGHTS, NOTES
from bridge.core.names import EXTENSION, folded

Text = Callable[[str], str]


class Kind(StrEnum):
    """How a field merges."""

    SCALAR = "scalar"  # three-way; both sides may change it
    STATUS = "status"  # the compound of `status` and `status-date` (R10)
    MEMBERS = "members"  # three-way by member; both sides may change it
    LOCAL = "local"  # by member, given by Zotero, changed in the note only, never sent (`aliases`, R30)
    DERIVED = "derived"  # Zotero's; a person's change is put back (R15)
    ONCE = "once"  # set once in the note, then the person's (`started`, `finished`)
    BLOCK = "block"  # a digest of a managed block's source: a change means that the block is due for renewal (R29)


def normal_text(text: str) -> str:
    """Normal form of a text for comparison: NFC, runs of white space as one space, trimmed (R2)."""
    return " ".join(unicodedata.normalize("NFC", text).split())


_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


def normal_doi(text: str) -> str:
    """A DOI without its URL or ``doi:`` prefix; DOIs do not distinguish case (DOI Handbook 2.4)."""
    return _DOI_PREFIX.sub("", normal_text(text)).casefold()


_DAY = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$")


def normal_day(text: str) -> str:
    """The day of a date or time stamp (same day is equal, R2); any other text as it is."""
    text = normal_text(text)
    found = _DAY.match(text)
    return found[1] if found else text


_LINK = re.compile(r"\[\[(?:[^\[\]|#^]*/)?([^\[\]|#^/]+)(?:[#^|][^\[\]]*)?\]\]")


def normal_link(text: str) -> str:
    """A link in the form in which two are compared: by the name of the file alone.

    So a link that Obsidian rewrote in the vault's own format, or that a person gave another text, is the same link.
    """
    found = _LINK.fullmatch(text.strip())
    return f"[[{folded(found[1].strip().removesuffix(EXTENSION))}]]" if found else normal_text(text)


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the table.

    ``normal`` brings a scalar, or one member, to the form in which it is compared. ``shown`` brings a member of the
    Zotero face to the form notes show (a legal tag); it is the identity elsewhere. ``forms`` gives the keys of all
    forms in which other tools write one (R28). ``required`` scalars are held when a
    person clears them in the note (R7). ``many`` marks derived lists; ``ordered`` those whose order means something.
    """

    name: str
    kind: Kind
    normal: Text = normal_text
    shown: Text = str
    forms: Callable[[str], frozenset[str]] = lambda _: frozenset()
    required: bool = False
    many: bool = False
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """All rows by name, in the canonical order of the note format."""

    fields: Mapping[str, Field]

    def of(self, *kinds: Kind) -> Iterable[Field]:
        """The rows of the given kinds, in order."""
        return (row for row in self.fields.values() if row.kind in kinds)


#: The canonical order of keys in a note: what one edits first, machine keys last. Custom fields follow ``url``.
ORDER: tuple[str, ...] = (
    "title", "status", "status-date", "tags", "keywords", "collections", "related", "authors", "year", "published",
    "venue", "type", "doi", "url", "added", "started", "finished", "aliases", "citekey", "also-in", "merged-into",
    "zotero-library", "zotero-key", "zotero-link", "zotero-status", "zotero-stamp",
)  # fmt: skip


def build_policy(
    *,
    tag_key: Text,
    tag_shown: Text,
    status_normal: Text,
    custom: Iterable[str] = (),
    tag_forms: Callable[[str], frozenset[str]] = lambda _: frozenset(),
) -> Policy:
    """The design's field table.

    :param tag_key: identity of a tag in a note, from any form of it (``bridge.vault.tags.key``).
    :param tag_shown: the form of a raw Zotero tag that notes show (``bridge.vault.tags.legal``).
    :param status_normal: canonical name of a status, synonyms included; unknown names as they are (R10).
    :param custom: names of the keys from ``[fields]``.
    :param tag_forms: identities of all legal forms of a raw tag (``bridge.vault.tags.known_forms``).
    """
    rows = [
        Field("title", Kind.SCALAR, required=True),
        Field("status", Kind.STATUS, normal=status_normal),
        Field("tags", Kind.MEMBERS, normal=tag_key, shown=tag_shown, forms=tag_forms),
        Field("keywords", Kind.DERIVED, normal=tag_key, shown=tag_shown, many=True, ordered=False),
        Field("collections", Kind.MEMBERS),
        Field("related", Kind.MEMBERS, normal=normal_link),
        Field("authors", Kind.DERIVED, many=True),
        *(Field(name, Kind.DERIVED) for name in ("year", "published", "venue", "type")),
        Field("doi", Kind.SCALAR, normal=normal_doi),
        Field("url", Kind.SCALAR),
        *(Field(name, Kind.SCALAR) for name in custom),
        Field("added", Kind.DERIVED, normal=normal_day),
        Field("started", Kind.ONCE, normal=normal_day),
        Field("finished", Kind.ONCE, normal=normal_day),
        Field("citekey", Kind.SCALAR, required=True),
        Field("aliases", Kind.LOCAL),  # after `citekey`: a former key joins them
        Field("zotero-link", Kind.DERIVED),
        Field("zotero-status", Kind.DERIVED),
        Field("merged-into", Kind.DERIVED, normal=normal_link),
        Field("also-in", Kind.DERIVED, normal=normal_link, many=True, ordered=False),
        *(Field(name, Kind.BLOCK) for name in ("abstract", HIGHLIGHTS, NOTES, FILES)),
    ]
    return Policy({row.name: row for row in rows})
