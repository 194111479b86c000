"""From the JSON of a write to the object as the server would keep it, or a refusal. No database, no versions.

An object's data is a plain dict in the order the API shows it, without ``key`` and ``version``. ``old`` is the data
before the write (None: the object is new); properties that a write leaves out keep their old value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from bridge.data import schema
from bridge.sandbox import normalise
from bridge.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.data import ItemType

Data = dict[str, Any]

KEY = re.compile(r"[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}")
LINK_MODES = ("imported_file", "imported_url", "linked_file", "linked_url", "embedded_image")
ANNOTATION_TYPES = ("highlight", "underline", "note", "image", "ink", "text")

_MAX_FIELD = 65_535  # bytes
_MAX_NAME = 255
_MAX_ANNOTATION = 7_500
_COMMON = frozenset(
    {
        *("key", "version", "itemType", "parentItem", "creators", "tags", "collections", "relations"),
        *("deleted", "dateAdded", "dateModified", "inPublications"),
    }
)
_ATTACHMENT = frozenset(
    {
        *("linkMode", "title", "accessDate", "url", "note", "contentType", "charset", "filename", "path"),
        *("md5", "mtime", "lastRead"),
    }
)
_ANNOTATION_TEXTS = (
    "annotationAuthorName",
    "annotationText",
    "annotationComment",
    "annotationColor",
    "annotationPageLabel",
    "annotationSortIndex",
    "annotationPosition",
)
_ONLY_FOR = {
    "note": "'note' property is valid only for note and attachment items",
    **{name: f"'{name}' is valid only for attachment items" for name in ("linkMode", "contentType", "charset")},
}
_STORED = frozenset({"imported_file", "imported_url", "embedded_image"})
_COLOUR = re.compile(r"#[0-9a-z]{6}")
_SORT_INDEX = re.compile(r"\d{5}\|\d{6}\|\d{5}|\d{5}\|\d{8}|\d{7,8}")
_PREDICATES = re.compile(r"owl:sameAs|dc:replaces|dc:relation|mendeleyDB:\w+")
_ITEM_URI = re.compile(r"http://zotero\.org/(users|groups)/\d+/items/[A-Z0-9]{8}")


class Lookup(Protocol):
    """What validation must know about the library around an object."""

    in_group: bool

    def item_type(self, key: str) -> str | None:
        """Return the type of an item in the library, or None if it is not there."""

    def has_collection(self, key: str) -> bool:
        """Whether the library has this collection."""


# --- items ------------------------------------------------------------------------------------------------------


def item(given: Mapping[str, Any], old: Data | None, lookup: Lookup) -> Data:
    """Return an item's data after a write; ``dateAdded`` and ``dateModified`` only where the write gives them.

    Raises :class:`RefusedError`: 400, 409 (missing parent or collection) or 413 (too long).
    """
    kind = _item_type(given, old)
    _check_properties(given, kind)
    parent = _parent(given, old, kind, lookup)
    data: Data = {"parentItem": parent} if parent else {}
    data["itemType"] = kind.name
    body = _retyped(old, kind) if old is not None else {}
    if kind.name == "attachment":
        data.update(_attachment(given, body, lookup))
    elif kind.name == "annotation":
        data.update(_annotation(given, body))
    elif kind.name == "note":
        data["note"] = _note(given.get("note", body.get("note", "")))
    else:
        data.update(_fields(given, body, kind))
    if _flag(given.get("deleted", body.get("deleted", False))):
        data["deleted"] = 1
    if _flag(given.get("inPublications", body.get("inPublications", False))):
        data["inPublications"] = True
    data["tags"] = normalise.tags(given.get("tags", body.get("tags", [])))
    if parent:
        if given.get("collections"):
            raise RefusedError(400, "Child items cannot be assigned to collections")
    else:
        data["collections"] = _collections(given.get("collections", body.get("collections", [])), lookup)
    data["relations"] = _relations(given.get("relations", body.get("relations", {})))
    for name in ("dateAdded", "dateModified"):
        if name in given:
            data[name] = normalise.timestamp(given[name], name)
    return data


def template(kind: ItemType, link_mode: str | None, annotation_type: str | None) -> Data:
    """Return what ``/items/new`` gives for a type."""
    data: Data = {"itemType": kind.name}
    if kind.name == "attachment":
        data.update(linkMode=link_mode, title="", accessDate="", url="", note="")
        data.update(contentType="", charset="")
        if link_mode in _STORED:
            data.update(filename="", md5=None, mtime=None)
        if link_mode == "linked_file":
            data["path"] = ""
    elif kind.name == "annotation":
        data.update(parentItem="", annotationType=annotation_type, annotationComment="")
        if annotation_type in {"highlight", "underline"}:
            data["annotationText"] = ""
        data.update(annotationColor="", annotationPageLabel="", annotationSortIndex="", annotationPosition="")
    elif kind.name == "note":
        data["note"] = ""
    else:
        creators = [{"creatorType": kind.primary_creator, "firstName": "", "lastName": ""}]
        data.update({kind.fields[0]: "", "creators": creators})
        data.update(dict.fromkeys(kind.fields[1:], ""))
    data["tags"] = []
    if kind.name != "annotation":
        data["collections"] = []
    data["relations"] = {}
    return data


def _item_type(given: Mapping[str, Any], old: Data | None) -> ItemType:
    name = given.get("itemType", old["itemType"] if old else None)
    if name is None:
        raise RefusedError(400, "'itemType' property not provided")
    kind = schema().types.get(name) if isinstance(name, str) else None
    if kind is None:
        raise RefusedError(400, f"'{name}' is not a valid itemType")
    return kind


def _check_properties(given: Mapping[str, Any], kind: ItemType) -> None:
    own: frozenset[str]
    if kind.name == "attachment":
        own = _ATTACHMENT
    elif kind.name == "annotation":
        own = frozenset({"annotationType", *_ANNOTATION_TEXTS})
    elif kind.name == "note":
        own = frozenset({"note"})
    else:
        own = frozenset(kind.fields)
    for name in given:
        if name in own or name in _COMMON:
            continue
        if name in _ONLY_FOR:
            raise RefusedError(400, _ONLY_FOR[name])
        if name in schema().fields:
            raise RefusedError(400, f"'{name}' is not a valid field for type '{kind.name}'")
        raise RefusedError(400, f"Invalid property '{name}'")
    if "creators" in given and given["creators"] and not kind.creators:
        raise RefusedError(400, f"'creators' is not a valid property for type '{kind.name}'")


def _retyped(old: Data, kind: ItemType) -> Data:
    """Return the old data under a new item type: shared and base fields move over, the others are dropped."""
    before = schema().types[old["itemType"]]
    if before.name == kind.name:
        return old
    moved = {name: value for name, value in old.items() if name not in before.fields}
    for name in before.fields:
        target = name if name in kind.fields else kind.own_field(before.base.get(name, name))
        if target is not None and old.get(name):
            moved[target] = old[name]
    creators = [c for c in old.get("creators", []) if c["creatorType"] in kind.creators]
    return {**moved, "creators": creators}


def _parent(given: Mapping[str, Any], old: Data | None, kind: ItemType, lookup: Lookup) -> str | None:
    if "parentItem" not in given:
        if given.get("collections") and not kind.regular:
            return None  # a child that is put into a collection leaves its parent
        if kind.name == "annotation" and old is None:
            raise RefusedError(400, "Annotation must have a parent item")
        return old.get("parentItem") if old else None
    key = given["parentItem"]
    if key in (False, None, ""):
        if kind.name == "annotation":
            raise RefusedError(400, "Annotation must have a parent item")
        return None
    if kind.regular:
        raise RefusedError(400, "Invalid property 'parentItem'")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise RefusedError(400, "'parentItem' must be a valid item key")
    above = lookup.item_type(key)
    if above is None:
        raise RefusedError(409, f"Parent item {key} not found", data={"parentItem": key})
    if kind.name == "annotation" and above != "attachment":
        raise RefusedError(400, "Parent item of highlight annotation must be a PDF attachment")
    if kind.name != "annotation" and not schema().types[above].regular and above != "note":
        raise RefusedError(409, f"Parent item {key} cannot be a note or attachment", data={"parentItem": key})
    return key


def _fields(given: Mapping[str, Any], body: Data, kind: ItemType) -> Data:
    values: Data = {}
    for name in kind.fields:
        raw = given.get(name, body.get(name, ""))
        value = normalise.timestamp(raw, name) if name == "accessDate" else normalise.text(raw, name)
        if len(value.encode()) > _MAX_FIELD:
            raise RefusedError(413, f"'{name}' field value '{value[:50]}…' too long")
        values[name] = value
    title = kind.fields[0]
    creators = _creators(given.get("creators", body.get("creators", [])), kind)
    return {title: values.pop(title), "creators": creators, **values}


def _creators(value: Any, kind: ItemType) -> list[dict[str, str]]:
    if not isinstance(value, list):
        raise RefusedError(400, "'creators' property must be an array")
    kept = []
    for entry in value:
        if not isinstance(entry, dict) or "creatorType" not in entry:
            raise RefusedError(400, "creator object must contain 'creatorType'")
        if unknown := set(entry) - {"creatorType", "name", "firstName", "lastName"}:
            raise RefusedError(400, f"Invalid creator property '{min(unknown)}'")
        if "name" in entry and ("firstName" in entry or "lastName" in entry):
            raise RefusedError(400, "'firstName' and 'lastName' creator fields must not be set together with 'name'")
        role = entry["creatorType"]
        if role == "author" and role not in kind.creators:
            role = kind.primary_creator
        if role not in kind.creators:
            raise RefusedError(400, f"'{role}' is not a valid creator type for item type '{kind.name}'")
        names = {n: normalise.text(entry[n], n) for n in ("name", "firstName", "lastName") if n in entry}
        if any(names.values()):
            whole = {"name": names["name"]} if "name" in names else {"firstName": "", "lastName": "", **names}
            kept.append({"creatorType": role, **whole})
    return kept


def _attachment(given: Mapping[str, Any], body: Data, lookup: Lookup) -> Data:
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
            data[name] = _note(raw) if name == "note" else normalise.text(raw, name)
    if mode == "linked_file":
        data["path"] = normalise.text(given.get("path", body.get("path", "")), "path")
    data.update(_stored_file(given, body, mode))
    if (read := given.get("lastRead", body.get("lastRead"))) is not None:
        data["lastRead"] = read
    return data


def _stored_file(given: Mapping[str, Any], body: Data, mode: str) -> Data:
    known = ("md5", "mtime")
    if mode not in _STORED:
        for name in known:
            if given.get(name):
                raise RefusedError(400, f"'{name}' is valid only for imported and embedded-image attachments")
        return {}
    name = normalise.text(given.get("filename", body.get("filename", "")), "filename")
    if "/" in name or "\\" in name:
        raise RefusedError(400, f"Stored-file filename '{name}' cannot contain a slash")
    # A null does not take away what is known of a stored file.
    return {"filename": name, **{name: given.get(name) or body.get(name) for name in known}}


def _annotation(given: Mapping[str, Any], body: Data) -> Data:
    kind = given.get("annotationType", body.get("annotationType"))
    if kind not in ANNOTATION_TYPES:
        raise RefusedError(400, f"'{kind}' is not a valid annotationType")
    if body and kind != body["annotationType"]:
        raise RefusedError(400, "Annotation type cannot be changed")
    data: Data = {"annotationType": kind}
    for name in _ANNOTATION_TEXTS:
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
    if len(data["annotationPosition"].encode()) > _MAX_FIELD:
        raise RefusedError(413, "Annotation position is too long")
    return data


def _note(value: Any) -> str:
    given = normalise.note_html(value if isinstance(value, str) else "")
    if len(given) > normalise.MAX_NOTE:
        raise RefusedError(413, f"Note '{given[:50]}…' too long")
    return given


def _collections(value: Any, lookup: Lookup) -> list[str]:
    if not isinstance(value, list):
        raise RefusedError(400, "'collections' property must be an array")
    for key in value:
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise RefusedError(400, f"'{key}' is not a valid collection key")
        if not lookup.has_collection(key):
            raise RefusedError(409, f"Collection {key} not found", data={"collection": key})
    return normalise.unique(value)


def _relations(value: Any) -> Data:
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(400, "'relations' property must be an object")
    kept: Data = {}
    for predicate, objects in value.items():
        if not _PREDICATES.fullmatch(predicate):
            raise RefusedError(400, f"Unsupported predicate '{predicate}'")
        uris: list[Any] = normalise.unique(objects if isinstance(objects, list) else [objects])
        if predicate in {"owl:sameAs", "dc:replaces", "dc:relation"}:
            for uri in uris:
                if not isinstance(uri, str) or not _ITEM_URI.fullmatch(uri):
                    raise RefusedError(400, f"'{predicate}' values currently must be Zotero item URIs")
        if uris:
            kept[predicate] = uris[0] if len(uris) == 1 else uris
    return kept


def _flag(value: Any) -> bool:
    if value in (True, False, 0, 1):
        return bool(value)
    raise RefusedError(400, "'deleted' must be a boolean")


# --- collections and searches -----------------------------------------------------------------------------------


def collection(given: Mapping[str, Any], old: Data | None, lookup: Lookup) -> Data:
    """Return a collection's data after a write. Raises :class:`RefusedError`: 400, 409 or 413."""
    _only(given, "key version name parentCollection relations deleted")
    parent = given.get("parentCollection", (old or {}).get("parentCollection", False))
    if parent in (None, ""):
        parent = False
    if parent is not False:
        if not isinstance(parent, str) or not KEY.fullmatch(parent):
            raise RefusedError(400, f"'{parent}' is not a valid collection key")
        if not lookup.has_collection(parent):
            raise RefusedError(409, f"Parent collection {parent} not found", data={"collection": parent})
    data: Data = {"name": _name(given, old, "Collection"), "parentCollection": parent}
    data["relations"] = _relations(given.get("relations", (old or {}).get("relations", {})))
    if _flag(given.get("deleted", (old or {}).get("deleted", False))):
        data["deleted"] = True
    return data


def search(given: Mapping[str, Any], old: Data | None) -> Data:
    """Return a saved search's data after a write. Raises :class:`RefusedError`: 400 or 413."""
    _only(given, "key version name conditions deleted")
    conditions = given.get("conditions", (old or {}).get("conditions"))
    if conditions is None:
        raise RefusedError(400, "'conditions' property not provided")
    if not isinstance(conditions, list) or not conditions:
        raise RefusedError(400, "'conditions' must be a non-empty array")
    for entry in conditions:
        if not isinstance(entry, dict) or set(entry) != {"condition", "operator", "value"}:
            raise RefusedError(400, "A search condition must have 'condition', 'operator' and 'value'")
    data: Data = {"name": _name(given, old, "Search"), "conditions": conditions}
    if _flag(given.get("deleted", (old or {}).get("deleted", False))):
        data["deleted"] = True
    return data


def _name(given: Mapping[str, Any], old: Data | None, what: str) -> str:
    if "name" not in given and old is None:
        raise RefusedError(400, "'name' property not provided")
    name = normalise.text(given.get("name", (old or {}).get("name", "")), "name")
    if not name:
        raise RefusedError(400, f"{what} name cannot be empty")
    if len(name) > _MAX_NAME:
        raise RefusedError(413, f"{what} name '{name[:50]}…' is too long")
    return name


def _only(given: Mapping[str, Any], allowed: str) -> None:
    if unknown := set(given) - set(allowed.split()):
        raise RefusedError(400, f"Invalid property '{min(unknown)}'")
