"""From the JSON of a write to the object as the server would keep it, or a refusal. No database, no versions.

An object's data is a plain dict in the order the API shows it, without ``key`` and ``version``. ``old`` is the data
before the write (None: the object is new); properties that a write leaves out keep their old value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from bridge.data import schema
from bridge.sandbox import attached, normalise
from bridge.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.data import ItemType

Data = dict[str, Any]

_MAX_NAME = 255
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
_ONLY_FOR = {
    "note": "'note' property is valid only for note and attachment items",
    **{name: f"'{name}' is valid only for attachment items" for name in ("linkMode", "contentType", "charset")},
}
_PREDICATES = re.compile(r"owl:sameAs|dc:replaces|dc:relation|mendeleyDB:\w+")
_ITEM_URI = re.compile(r"http://zotero\.org/(users|groups)/\d+/items/[A-Z0-9]{8}")


class Lookup(Protocol):
    """What validation must know about the library around an object."""

    in_group: bool

    def item_type(self, key: str) -> str | None:
        """Return the type of an item in the library, or None if it is not there."""

    def has_file(self, key: str) -> bool:
        """Whether this item of the library is an attachment with a file, which can be read and marked."""

    def has_collection(self, key: str) -> bool:
        """Whether the library has this collection."""


# --- items ------------------------------------------------------------------------------------------------------


def item(given: Mapping[str, Any], old: Data | None, lookup: Lookup) -> Data:
    """Return an item's data after a write; ``dateAdded`` and ``dateModified`` only where the write gives them.

    Raises :class:`RefusedError`: 400, 409 (missing parent or collection) or 413 (too long).
    """
    kind = _item_type(given, old)
    _check_properties(given, kind)
    parent = attached.parent(given, old, kind, lookup)
    data: Data = {"parentItem": parent} if parent else {}
    data["itemType"] = kind.name
    body = _retyped(old, kind) if old is not None else {}
    if kind.name == "attachment":
        data.update(attached.attachment(given, body, lookup))
    elif kind.name == "annotation":
        data.update(attached.annotation(given, body))
    elif kind.name == "note":
        data["note"] = attached.note(given.get("note", body.get("note", "")))
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
        if link_mode in attached.STORED:
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
        own = frozenset({"annotationType", *attached.ANNOTATION_TEXTS})
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


def _fields(given: Mapping[str, Any], body: Data, kind: ItemType) -> Data:
    values: Data = {}
    for name in kind.fields:
        raw = given.get(name, body.get(name, ""))
        value = normalise.timestamp(raw, name) if name == "accessDate" else normalise.text(raw, name)
        if len(value.encode()) > normalise.MAX_FIELD:
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


def _collections(value: Any, lookup: Lookup) -> list[str]:
    if not isinstance(value, list):
        raise RefusedError(400, "'collections' property must be an array")
    for key in value:
        if not isinstance(key, str) or not normalise.KEY.fullmatch(key):
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
        if not isinstance(parent, str) or not normalise.KEY.fullmatch(parent):
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
