"""The routes that tell about item types and fields, from the schema's data file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bridge.data import schema
from bridge.sandbox import attached, validate
from bridge.sandbox.refusal import RefusedError
from bridge.sandbox.web import reply_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bridge.data import ItemType


def label(name: str) -> str:
    """Return an English name made from a programmer's one: ``abstractNote`` becomes ``Abstract Note``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1].upper() + words[1:]


async def item_types(_request: Request) -> Response:
    """Answer with all item types but annotations, as the real server does."""
    names = [name for name in schema().types if name != "annotation"]
    return reply_json([{"itemType": name, "localized": label(name)} for name in names])


async def item_fields(_request: Request) -> Response:
    """Answer with all fields of regular items."""
    names = {field for kind in schema().types.values() for field in kind.fields}
    return reply_json([{"field": name, "localized": label(name)} for name in sorted(names)])


async def item_type_fields(request: Request) -> Response:
    """Answer with the fields of one type, in order."""
    return reply_json([{"field": name, "localized": label(name)} for name in _asked(request).fields])


async def item_type_creator_types(request: Request) -> Response:
    """Answer with the creator types of one type, the primary one first."""
    kind = _asked(request)
    return reply_json(
        [
            {"creatorType": name, "localized": label(name), **({"primary": True} if place == 0 else {})}
            for place, name in enumerate(kind.creators)
        ]
    )


async def creator_fields(_request: Request) -> Response:
    """Answer with the parts of a creator's name."""
    return reply_json([{"field": name, "localized": label(name)} for name in ("firstName", "lastName", "name")])


async def new_item(request: Request) -> Response:
    """Answer with an empty item of a type."""
    kind = _asked(request, annotations=True)
    mode, annotation = request.query_params.get("linkMode"), request.query_params.get("annotationType")
    if kind.name == "attachment":
        _one_of(mode, "linkMode", attached.LINK_MODES)
    if kind.name == "annotation":
        _one_of(annotation, "annotationType", attached.ANNOTATION_TYPES)
    return reply_json(validate.template(kind, mode, annotation))


async def whole_schema(_request: Request) -> Response:
    """Answer with the schema in its published form, without translations."""
    types = [
        {
            "itemType": kind.name,
            "fields": [
                {"field": name, **({"baseField": kind.base[name]} if name in kind.base else {})} for name in kind.fields
            ],
            "creatorTypes": [
                {"creatorType": name, **({"primary": True} if place == 0 else {})}
                for place, name in enumerate(kind.creators)
            ],
        }
        for kind in schema().types.values()
    ]
    return reply_json({"version": schema().version, "itemTypes": types})


def _asked(request: Request, *, annotations: bool = False) -> ItemType:
    name = request.query_params.get("itemType")
    if not name:
        raise RefusedError(400, "'itemType' not provided")
    kind = schema().types.get(name)
    if kind is None or (name == "annotation" and not annotations):
        raise RefusedError(400, f"Invalid item type '{name}'")
    return kind


def _one_of(value: str | None, name: str, allowed: tuple[str, ...]) -> None:
    if value is None:
        raise RefusedError(400, f"{name} required")
    if value not in allowed:
        raise RefusedError(400, f"Invalid {name} '{value}'")
