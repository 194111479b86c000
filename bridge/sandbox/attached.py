"""What may hang below an item and in which form: attachments, notes and annotations. No database, no versions.

A part of :mod:`bridge.sandbox.validate`, with its conventions. Sources: zotero/dataserver, ``model/Item.inc.php``, and
its own tests of attachments, notes and annotations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bridge.data import schema
from bridge.sandbox import normalise
from bridge.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.data import ItemType
    from bridge.sandbox.validate import Data, Lookup

LINK_MODES = ("imported_file", "imported_url", "linked_file", "linked_url", "embedded_image")
ANNOTATION_TYPES = ("highlight", "underline", "note", "image", "ink", "text")
#: Link modes of attachments whose file the server keeps.
STORED = frozenset({"imported_file", "imported_url", "embedded_image"})
ANNOTATION_TEXTS = (
    "annotationAuthorName",
    "annotationText",
    "annotationComment",
    "annotationColor",
    "annotationPageLabel",
    "annotationSortIndex",
    "annotationPosition",
)

_MAX_ANNOTATION = 7_500
_COLOUR = re.compile(r"#[0-9a-z]{6}")
_SORT_INDEX = re.compile(r"\d{5}\|\d{6}\|\d{5}|\d{5}\|\d{8}|\d{7,8}")


def parent(given: Mapping[str, Any], old: Data | None, kind: ItemType, lookup: Lookup) -> str | None:
    """Return the key of an item's parent after a write. Raises :class:`RefusedError`: 400, or 409 for a wrong one."""
    before = old.get("parentItem") if old else None
    embedded = given.get("linkMode", (old or {}).get("linkMode")) == "embedded_image"
    if "parentItem" not in given and old is not None:
        # A child that is put into a collection leaves its parent.
        return None if given.get("collections") and not kind.regular and not embedded else before
    key = given.get("parentItem")
    if key in (False, None, ""):
        _check_alone(kind, embedded=embedded, is_new=old is None)
        return None
    if kind.regular:
        raise RefusedError(400, "Invalid property 'parentItem'")
    if not isinstance(key, str) or not normalise.KEY.fullmatch(key):
        raise RefusedError(400, "'parentItem' must be a valid item key")
    if embedded and old is not None and key != before:
        raise RefusedError(400, "Cannot change parent item of embedded-image attachment")
    _check_above(given, old, kind, key, lookup, embedded=embedded)
    return key


def _check_alone(kind: ItemType, *, embedded: bool, is_new: bool) -> None:
    if kind.name == "annotation":
        raise RefusedError(400, "Annotation must have a parent item")
    if embedded:
        change = "Cannot change parent item of embedded-image attachment"
        raise RefusedError(400, "Embedded-image attachment must have a parent item" if is_new else change)


def _check_above(
    given: Mapping[str, Any], old: Data | None, kind: ItemType, key: str, lookup: Lookup, *, embedded: bool
) -> None:
    above = lookup.item_type(key)
    if above is None:
        raise RefusedError(409, f"Parent item {key} not found", data={"parentItem": key})
    if kind.name == "annotation":
        if above != "attachment" or not lookup.has_file(key):
            named = given.get("annotationType", (old or {}).get("annotationType"))
            raise RefusedError(400, f"Parent item of {named} annotation must be a PDF attachment")
    elif not schema().types[above].regular and not (embedded and above == "note"):
        raise RefusedError(409, f"Parent item {key} cannot be a note or attachment", data={"parentItem": key})


def attachment(given: Mapping[str, Any], body: Data, lookup: Lookup) -> Data:
    """Return an attachment's own properties after a write. Raises :class:`RefusedError` (400)."""
    mode = given.get("linkMode", body.get("linkMode"))
    if mode is None:
        raise RefusedError(400, "'linkMode' property not provided")
    if mode not in LINK_MODES:
        raise RefusedError(400, f"'{mode}' is not a valid linkMode")
    if body and mode != body["linkMode"]:
        raise RefusedError(400, "Cannot change attachment linkMode")
    if mode == "linked_file" and lookup.in_group:
        raise RefusedError(400, "Linked files can only be added to user libraries")
    data: Data = {"linkMode": mode}
    for name in ("title", "accessDate", "url", "note", "contentType", "charset"):
        raw = given.get(name, body.get(name, ""))
        if name == "accessDate":
            data[name] = normalise.timestamp(raw, name)
        else:
            data[name] = note(raw) if name == "note" else normalise.text(raw, name)
    if mode == "embedded_image":
        _check_embedded(given, data)
    if mode == "linked_file":
        data["path"] = normalise.text(given.get("path", body.get("path", "")), "path")
    data.update(_stored_file(given, body, mode))
    if (read := given.get("lastRead", body.get("lastRead"))) is not None:
        data["lastRead"] = read
    return data


def _check_embedded(given: Mapping[str, Any], data: Data) -> None:
    """An image inside a note is nothing but that."""
    if data["note"]:
        raise RefusedError(400, "'note' property is not valid for embedded images")
    if not data["contentType"].startswith("image/"):
        raise RefusedError(400, "Embedded-image attachment must have an image content type")
    for name, what in (("tags", "have tags"), ("collections", "be assigned to collections")):
        if given.get(name):
            raise RefusedError(400, f"Embedded image attachments cannot {what}")


def _stored_file(given: Mapping[str, Any], body: Data, mode: str) -> Data:
    known = ("md5", "mtime")
    if mode not in STORED:
        for name in known:
            if given.get(name):
                raise RefusedError(400, f"'{name}' is valid only for imported and embedded-image attachments")
        return {}
    name = normalise.text(given.get("filename", body.get("filename", "")), "filename")
    if "/" in name or "\\" in name:
        raise RefusedError(400, f"Stored-file filename '{name}' cannot contain a slash")
    # A null does not take away what is known of a stored file.
    return {"filename": name, **{name: given.get(name) or body.get(name) for name in known}}


def annotation(given: Mapping[str, Any], body: Data) -> Data:
    """Return an annotation's own properties after a write. Raises :class:`RefusedError`: 400, or 413 (too long)."""
    kind = given.get("annotationType", body.get("annotationType"))
    if kind not in ANNOTATION_TYPES:
        raise RefusedError(400, f"'{kind}' is not a valid annotationType")
    if body and kind != body["annotationType"]:
        raise RefusedError(400, "Annotation type cannot be changed")
    data: Data = {"annotationType": kind}
    for name in ANNOTATION_TEXTS:
        data[name] = normalise.text(given.get(name, body.get(name, "")), name)
    if kind in {"highlight", "underline"}:
        data["annotationText"] = data["annotationText"][:_MAX_ANNOTATION]
    elif data.pop("annotationText"):
        raise RefusedError(400, "'annotationText' can only be set for highlight and underline annotations")
    data["annotationColor"] = data["annotationColor"] or "#ffd400"
    if not _COLOUR.fullmatch(data["annotationColor"]):
        raise RefusedError(400, "annotationColor must be a hex color (e.g., '#FF0000')")
    if len(data["annotationPageLabel"].encode()) > 50:
        raise RefusedError(400, "Annotation page label is too long")
    if not _SORT_INDEX.fullmatch(data["annotationSortIndex"]):
        raise RefusedError(400, f"Invalid sortIndex '{data['annotationSortIndex']}'")
    if len(data["annotationPosition"].encode()) > normalise.MAX_FIELD:
        raise RefusedError(413, "Annotation position is too long")
    return data


def note(value: Any) -> str:
    """Return a note's HTML as the server keeps it. Raises :class:`RefusedError` (413)."""
    given = normalise.note_html(value if isinstance(value, str) else "")
    if len(given) > normalise.MAX_NOTE:
        raise RefusedError(413, f"Note '{given[:50]}…' too long")
    return given
