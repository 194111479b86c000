"""Zotero item JSON to :class:`~bridge.core.record.Record`, and changes of a record back to the fields to send. Pure.

What is kept here: texts of a record are single lines without control characters (law 13); a title is shown without
Zotero's markup and an unchanged plain form is never written back (R14); a two-way value reads the same before and
after Zotero moves it from Extra into its field (R12); all changes to Extra go in one text, with only the lines
meant (R18); tags by R9, the status by R10, the citation key by R11. What a paper has to do
with others (``also-in``, ``merged-into``) is known to the state alone: here it is empty.

``item`` is everywhere an object of the Web API v3: ``{"key", "version", "meta", "data"}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from hashlib import blake2b
from typing import Any, Literal

from bridge.core.policy import normal_day, normal_doi, normal_text
from bridge.core.record import Face, ItemId, Record, Value
from bridge.core.scope import Labels
from bridge.core.status import StatusNames
from bridge.errors import ZoteroError
from bridge.zotero import dates, extra, itemtags, relating
from bridge.zotero.children import children, digests
from bridge.zotero.fields import Custom, Shape, custom, is_regular, people, shape
from bridge.zotero.relating import NOBODY, Related
from bridge.zotero.richtext import one_line, paragraphs, tag_text, title_text
from bridge.zotero.tree import CollectionTree

#: Bytes of the digest that stands for an abstract in a face.
_DIGEST = 8
#: Fields of notes that are a Zotero field of their own; others by the item type or by ``[fields]``.
_TEXTS = {"doi": "DOI", "url": "url"}
_LISTS = frozenset({"tags", "collections", "related"})
#: Fields whose write is more than one text in one place.
_COMPOUND = _LISTS | {"status", "status-date", "zotero-status"}


class UnwritableError(ZoteroError):
    """Zotero cannot keep this value in this field of this item; the message says why."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class MappingRules:
    """What a vault's configuration says about the mapping.

    ``zone`` is ``[time] zone``. ``custom`` is ``[fields]``: key in notes to ``extra:Rating`` or a Zotero field's name.
    ``automatic`` says where automatic tags go. ``status_store`` and ``status_tags`` (note status to raw tag)
    keep the status in a tag; its date stays in Extra. ``max_authors`` bounds the ``authors`` of a note. ``related``
    knows the notes of papers.
    """

    status: StatusNames
    zone: tzinfo
    custom: Mapping[str, str] = field(default_factory=dict)
    automatic: Literal["keywords", "tags", "off"] = "keywords"
    status_store: Literal["extra", "tag"] = "extra"
    status_tags: Mapping[str, str] = field(default_factory=dict)
    max_authors: int = 30
    related: Related = NOBODY


class Mapper:
    """The mapping for one library, with one state of its collections."""

    def __init__(self, library: str, rules: MappingRules, tree: CollectionTree) -> None:
        self.library = library
        self.rules = rules
        self.tree = tree
        self._custom = tuple(custom(key, target) for key, target in rules.custom.items())
        self._custom_by_key = {entry.key: entry for entry in self._custom}
        self._status_tags = (
            {rules.status.normal(name): raw for name, raw in rules.status_tags.items()}
            if rules.status_store == "tag"
            else {}
        )
        self._status_of_tag = {tag_text(raw): name for name, raw in self._status_tags.items()}
        kind, _, number = library.partition("/")
        self._place = f"groups/{number}" if kind == "groups" else "library"
        self._link = f"zotero://select/{self._place}/items/"

    @staticmethod
    def is_paper(item: Mapping[str, Any]) -> bool:
        """Whether an item gets a note: top-level and of a regular type."""
        data = item["data"]
        return is_regular(data.get("itemType", "")) and not data.get("parentItem")

    def labels(self, item: Mapping[str, Any]) -> Labels:
        """What a stored object is filed under; much cheaper than its record."""
        data = item["data"]
        tags = (str(tag.get("tag", "")) for tag in data.get("tags") or ())
        return Labels(self.tree.paths(data.get("collections") or ()), tuple(tags), str(data.get("itemType", "")))

    # --- Zotero to record -------------------------------------------------------------------------------------------

    def record(self, item: Mapping[str, Any], below: Iterable[Mapping[str, Any]] = ()) -> Record:
        """The record of a top-level regular item; its face has every field, empty where there is nothing.

        :param below: the API objects of its attachments, notes and annotations, trashed ones included (R21).
        """
        data: Mapping[str, Any] = item["data"]
        kind = shape(data["itemType"])
        raw_extra: str = data.get("extra") or ""
        lines = extra.named(raw_extra) if raw_extra else {}
        tags = itemtags.read(data.get("tags") or ())
        title = title_text(data.get(kind.title) or lines.get(extra.normal_name(kind.title), ""))
        parsed = (item.get("meta") or {}).get("parsedDate") or ""
        published = dates.published(parsed, data.get(kind.date) or "")
        authors = people(data.get("creators") or (), kind.authors, self.rules.max_authors)
        label = authors.label(published[:4])
        abstract = paragraphs(data.get("abstractNote") or "")
        manual, keywords = self._shown_tags(tags)
        trashed = bool(data.get("deleted"))
        hanging = children(item, below, self._place, self.rules.zone)
        face: dict[str, Value] = {
            "title": title,
            "status": self._status(raw_extra, tags),
            "status-date": dates.day_of(one_line(extra.plugin_value(raw_extra, extra.STATUS_DATE)), self.rules.zone),
            "tags": manual,
            "keywords": keywords,
            "collections": self.tree.paths(data.get("collections") or ()),
            "authors": authors.names,
            "year": published[:4],
            "published": published,
            "venue": next((text for name in kind.venues if (text := one_line(data.get(name) or ""))), ""),
            "type": kind.name,
            "doi": _shown(data, lines, "DOI"),
            "url": _shown(data, lines, "url"),
            "added": dates.day_of(one_line(data.get("dateAdded") or ""), self.rules.zone),
            "aliases": tuple(alias for alias in dict.fromkeys((title, label)) if alias),
            "citekey": _shown(data, lines, "citationKey"),
            "zotero-link": self._link + item["key"],
            "zotero-status": "trashed" if trashed else "",
            "related": self.rules.related.links(ItemId(self.library, item["key"])),
            "also-in": (),
            "merged-into": "",
            "abstract": blake2b(abstract.encode(), digest_size=_DIGEST).hexdigest() if abstract else "",
            **digests(hanging),
        }
        for entry in self._custom:
            face[entry.key] = self._custom_value(entry, data, lines, kind)
        return Record(
            id=ItemId(self.library, item["key"]),
            face=face,
            token=str(item["version"]),
            life="trashed" if trashed else "live",
            blocks={"abstract": abstract},
            children=hanging,
        )

    def _status(self, raw_extra: str, tags: Mapping[str, itemtags.Tag]) -> str:
        if self.rules.status_store == "extra":
            return self.rules.status.from_zotero(one_line(extra.plugin_value(raw_extra, extra.STATUS)))
        found = [status for name, status in self._status_of_tag.items() if name in tags]
        return found[0] if len(found) == 1 else ""  # two of them say as little as two lines in Extra

    def _shown_tags(self, tags: Mapping[str, itemtags.Tag]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values of ``tags`` and ``keywords``."""
        shown = [tag for tag in tags.values() if tag.name not in self._status_of_tag]
        if self.rules.automatic == "tags":
            return tuple(tag.name for tag in shown), ()
        manual = tuple(tag.name for tag in shown if not tag.automatic)
        if self.rules.automatic == "off":
            return manual, ()
        return manual, tuple(tag.name for tag in shown if tag.automatic)

    def _custom_value(self, entry: Custom, data: Mapping[str, Any], lines: Mapping[str, str], kind: Shape) -> str:
        if entry.line:
            return one_line(lines.get(extra.normal_name(entry.line), ""))
        return _shown(data, lines, kind.field(entry.field))

    # --- changes back to Zotero -------------------------------------------------------------------------------------

    def refusal(self, item: Mapping[str, Any], field: str, value_or_member: str) -> str | None:
        """Why a value (or, of a list, a member to be added) cannot be written to this item, or None.

        An empty value clears and is never refused. No reason quotes more of a note than the value that was asked about.
        """
        value = value_or_member
        if field == "tags":
            return self._tag_refusal(value)
        if field == "collections":
            return self._collection_refusal(value)
        if field == "related":
            return relating.refusal(self.rules.related, ItemId(self.library, item["key"]), value)
        if not value:
            return None
        if field == "status":
            if self.rules.status_store == "extra":
                return self.rules.status.usable(value)
            named = self.rules.status.normal(value) in self._status_tags
            return None if named else f"no tag is configured for the status {one_line(value)!r}"
        if field == "status-date":
            return None if dates.valid_day(value) else f"{one_line(value)!r} is not a date (2024-03-28)"
        if field in ("title", "citekey", "zotero-status"):
            return None
        entry = self._custom_by_key.get(field)
        if entry is not None and entry.line:
            return None
        name = entry.field if entry is not None else _TEXTS.get(field, "")
        return self._field_refusal(item["data"], name) if name else f"only Zotero can change {field!r}"

    def _tag_refusal(self, tag: str) -> str | None:
        name = tag_text(tag)
        if len(name) > itemtags.LONGEST:
            return f"a tag in Zotero has at most {itemtags.LONGEST} characters"
        return "this tag keeps the reading status" if name in self._status_of_tag else None

    def _collection_refusal(self, path: str) -> str | None:
        if self.tree.key_of(path) is not None:
            return None
        near = self.tree.suggest(path)
        reason = f"there is no collection {one_line(path)!r} in Zotero"
        return f"{reason}; is {near!r} meant?" if near else reason

    @staticmethod
    def _field_refusal(data: Mapping[str, Any], name: str) -> str | None:
        kind = shape(data["itemType"])
        own = kind.field(name)
        if own in kind.fields or own in data or extra.normal_name(own) in extra.named(data.get("extra") or ""):
            return None
        return f"an item of type {kind.name} has no field {own}"

    def patch(self, item: Mapping[str, Any], changes: Face) -> dict[str, Any]:
        """The fields of ``data`` to send (without key and version) so that the item shows ``changes``.

        ``{}`` when it does already: equality is that of :mod:`bridge.core.policy`, so another spelling of the
        same value is never sent. Raises :class:`UnwritableError` for anything :meth:`refusal` names. What papers are
        related to stands in two objects, and is written by :mod:`bridge.zotero.relating`.
        """
        draft = _Draft(item["data"])
        current = self.record(item).face
        wanted = self._wanted(item, changes, current)
        for name, value in wanted.items():
            if name not in _COMPOUND:
                self._put_text(draft, name, _scalar(value))
        self._put_status(draft, wanted, current)
        self._put_tags(draft, wanted, current)
        if "zotero-status" in wanted:
            draft.fields["deleted"] = int(wanted["zotero-status"] == "trashed")
        if "collections" in wanted:
            self._put_collections(draft, _members(wanted["collections"]))
        return draft.changes()

    def _wanted(self, item: Mapping[str, Any], changes: Face, current: Face) -> dict[str, Value]:
        """The changes that change anything, in normal form, each checked."""
        wanted: dict[str, Value] = {}
        for name, value in changes.items():
            if name in _LISTS:
                plain = tag_text if name == "tags" else normal_text
                known = frozenset(_members(current[name]))
                members = tuple(dict.fromkeys(text for member in _members(value) if (text := plain(member))))
                added = tuple(member for member in members if member not in known)
                if added or len(members) != len(known):
                    wanted[name] = members
            else:
                text = self._normal(name, one_line(_scalar(value)))
                added = () if text == self._normal(name, _scalar(current.get(name, ""))) else (text,)
                if added:
                    # What is sent is the text as typed; only a status and a day have a form of their own.
                    wanted[name] = text if name in _COMPOUND else one_line(_scalar(value))
            for member in added:
                reason = self.refusal(item, name, member)
                if reason is not None:
                    raise UnwritableError(reason, name)
        return wanted

    def _normal(self, name: str, text: str) -> str:
        if name == "status":
            return self.rules.status.normal(text)
        if name == "status-date":
            return normal_day(text)
        return normal_doi(text) if name == "doi" else text

    def _put_text(self, draft: _Draft, name: str, text: str) -> None:
        kind = draft.kind
        entry = self._custom_by_key.get(name)
        if name == "title":
            draft.put_migratable(kind.title, text)
        elif name == "citekey":
            in_field = "citationKey" in kind.fields or "citationKey" in draft.data
            if in_field:
                draft.fields["citationKey"] = text
            # A line left as it was would bring the old key back at Zotero's next schema upgrade (R11).
            draft.extra = extra.put(draft.extra, extra.CITATION_KEY, text, append=not in_field)
        elif entry is not None and entry.line:
            draft.extra = extra.put(draft.extra, entry.line, text)
        else:
            draft.put_migratable(kind.field(entry.field if entry is not None else _TEXTS[name]), text)

    def _put_status(self, draft: _Draft, wanted: Face, current: Face) -> None:
        raw = stamp = extra.plugin_value(draft.extra, extra.STATUS_DATE)
        if "status-date" in wanted:
            day = _scalar(wanted["status-date"])
            stamp = dates.stamp_for(day, self.rules.zone) if day else ""
        status = _scalar(wanted.get("status", current["status"]))
        in_extra = "status" in wanted and self.rules.status_store == "extra"
        if in_extra:
            draft.extra = extra.plugin_put(draft.extra, extra.STATUS, self.rules.status.to_zotero(status))
        cleared = "status" in wanted and not status
        if cleared:
            stamp = ""  # as the plug-in does: no status, no date
        if cleared or stamp != raw or (in_extra and stamp):
            draft.extra = extra.plugin_put(draft.extra, extra.STATUS_DATE, stamp)

    def _put_tags(self, draft: _Draft, wanted: Face, current: Face) -> None:
        names = _members(wanted.get("tags", current["tags"]))
        keep = drop = frozenset(self._status_of_tag)
        if "status" in wanted and self._status_tags:
            raw = self._status_tags.get(_scalar(wanted["status"]), "")
            keep = frozenset((tag_text(raw),))
            names = (*names, raw)
        elif "tags" not in wanted:
            return
        tags = itemtags.read(draft.data.get("tags") or ())
        shown = self.rules.automatic == "tags"
        sent = itemtags.rewritten(tags, names, keep=keep, drop=drop - keep, automatic_shown=shown)
        if sent is not None:
            draft.fields["tags"] = sent

    def _put_collections(self, draft: _Draft, paths: tuple[str, ...]) -> None:
        """Membership by path; one whose path is hidden (in the trash) was never shown, so it stays."""
        standing: list[str] = draft.data.get("collections") or []
        wanted = [key for path in paths if (key := self.tree.key_of(path))]
        kept = [key for key in standing if key in wanted or self.tree.path(key) is None]
        draft.fields["collections"] = list(dict.fromkeys((*kept, *wanted)))


class _Draft:
    """One item's change as it grows: the fields set so far, and Extra, which goes in one write (R18)."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.kind = shape(data["itemType"])
        self.fields: dict[str, Any] = {}
        self.extra: str = data.get("extra") or ""

    def put_migratable(self, own: str, text: str) -> None:
        """Set a field whose value may still stand in Extra (R12).

        A value is changed where it stands; cleared, it is cleared in both places, or the line would show again.
        """
        stands_in_field = bool(self.data.get(own))
        stands_in_line = extra.normal_name(own) in extra.named(self.extra)
        if stands_in_field or (text and not stands_in_line):
            self.fields[own] = text
        if not text or not stands_in_field:
            self.extra = extra.put(self.extra, own, text, append=False)

    def changes(self) -> dict[str, Any]:
        """The fields that differ from what is there."""
        if self.extra != (self.data.get("extra") or ""):
            self.fields["extra"] = self.extra
        return {name: value for name, value in self.fields.items() if value != (self.data.get(name) or type(value)())}


def _shown(data: Mapping[str, Any], lines: Mapping[str, str], own: str) -> str:
    """A field's text, or that of the line in Extra which Zotero would move into the empty field (R11, R12)."""
    text = one_line(data.get(own) or "")
    return text or one_line(lines.get(extra.normal_name(own), "")) if lines else text


def _scalar(value: Value) -> str:
    """A scalar's text; a list somebody made of it reads as its members in one line."""
    return value if isinstance(value, str) else ", ".join(value)


def _members(value: Value) -> tuple[str, ...]:
    """A list's members; a single text somebody wrote instead is the one member."""
    return value if isinstance(value, tuple) else (value,)
