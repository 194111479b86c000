"""The sandbox's routes: which call is answered by what. The order matters where a key could be a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from bridge.sandbox import control, mappings, reads, settings, setup_calls, write_routes
from bridge.sandbox.web import endpoint, library_endpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from bridge.sandbox.faults import FaultBoard, RequestLog
    from bridge.sandbox.store import Store
    from bridge.sandbox.web import Call

_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def build_app(store: Store, faults: FaultBoard, log: RequestLog) -> Starlette:
    """Return the application over a store."""
    app = Starlette(routes=[*_plain_routes(), *_library_routes()])
    app.state.store, app.state.faults, app.state.log = store, faults, log
    return app


def _plain_routes() -> list[Route]:
    calls = [
        ("GET", "/itemTypes", mappings.item_types),
        ("GET", "/itemFields", mappings.item_fields),
        ("GET", "/itemTypeFields", mappings.item_type_fields),
        ("GET", "/itemTypeCreatorTypes", mappings.item_type_creator_types),
        ("GET", "/creatorFields", mappings.creator_fields),
        ("GET", "/items/new", mappings.new_item),
        ("GET", "/schema", mappings.whole_schema),
        ("GET", "/keys/current", setup_calls.get_key),
        ("DELETE", "/keys/current", setup_calls.delete_key),
        ("GET", "/keys/{name}", setup_calls.get_key),
        ("PUT", "/keys/{name}", setup_calls.put_key),
        ("DELETE", "/keys/{name}", setup_calls.delete_key),
        ("POST", "/users/{number}/keys", setup_calls.create_key),
        ("POST", "/test/setup", setup_calls.test_setup),
        ("POST", "/{kind}/{number}/clear", setup_calls.clear_library),
        ("GET", "/users/{number}/groups", reads.list_groups),
        ("POST", "/groups", setup_calls.create_group),
        ("GET", "/groups/{number}", reads.get_group),
        ("DELETE", "/groups/{number}", setup_calls.delete_group),
        ("POST", "/groups/{number}/users", setup_calls.add_members),
        ("DELETE", "/groups/{number}/users/{user}", setup_calls.remove_member),
        ("POST", "/_sandbox/faults", control.add_faults),
        ("DELETE", "/_sandbox/faults", control.clear_faults),
        ("GET", "/_sandbox/requests", control.get_requests),
        ("DELETE", "/_sandbox/requests", control.reset_requests),
        ("POST", "/_sandbox/snapshot", control.take_snapshot),
        ("POST", "/_sandbox/rollback", control.roll_back),
    ]
    return [Route(path, endpoint(handler), methods=[method]) for method, path, handler in calls]


def _library_routes() -> list[Route]:
    calls: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
        ("GET", "/items/top", reads.list_items(reads.top_level)),
        ("GET", "/items/trash", reads.list_items(trash=True)),
        ("GET", "/items/tags", reads.list_tags(of_items=True)),
        ("GET", "/items/top/tags", reads.list_tags(reads.top_level, of_items=True)),
        ("GET", "/items/{key}/children", reads.list_items(reads.below("item"))),
        ("GET", "/items/{key}/tags", reads.list_tags(reads.this_item, of_items=True)),
        ("GET", "/items/{key}/fulltext", settings.get_fulltext),
        ("PUT", "/items/{key}/fulltext", settings.put_fulltext),
        ("GET", "/collections/top", reads.list_collections(reads.top_level)),
        ("GET", "/collections/{key}/collections", reads.list_collections(reads.below("collection"))),
        ("GET", "/collections/{key}/items", reads.list_items(reads.in_collection(top=False))),
        ("GET", "/collections/{key}/items/top", reads.list_items(reads.in_collection(top=True))),
        ("GET", "/collections/{key}/tags", reads.list_tags(reads.in_collection(top=False), of_items=True)),
        ("GET", "/collections/{key}/items/tags", reads.list_tags(reads.in_collection(top=False), of_items=True)),
        ("GET", "/collections/{key}/items/top/tags", reads.list_tags(reads.in_collection(top=True), of_items=True)),
        ("GET", "/items", reads.list_items()),
        ("GET", "/collections", reads.list_collections()),
        ("GET", "/searches", reads.list_searches),
        ("GET", "/tags", reads.list_tags()),
        ("DELETE", "/tags", write_routes.delete_tags),
        ("GET", "/tags/{name:path}", reads.get_tag),
        ("GET", "/deleted", reads.get_deleted),
        ("GET", "/settings", settings.list_settings),
        ("POST", "/settings", settings.post_settings),
        ("GET", "/settings/{name:path}", settings.get_setting),
        ("PUT", "/settings/{name:path}", settings.put_setting),
        ("DELETE", "/settings/{name:path}", settings.delete_setting),
        ("GET", "/fulltext", settings.list_fulltext),
        ("POST", "/fulltext", settings.post_fulltext),
    ]
    for kind, plural in reads.PLURALS.items():
        calls += [
            ("POST", f"/{plural}", write_routes.post_objects(kind)),
            ("DELETE", f"/{plural}", write_routes.delete_objects(kind)),
            ("GET", f"/{plural}/{{key}}", reads.get_object(kind)),
            ("PUT", f"/{plural}/{{key}}", write_routes.put_object(kind, replace=True)),
            ("PATCH", f"/{plural}/{{key}}", write_routes.put_object(kind, replace=False)),
            ("DELETE", f"/{plural}/{{key}}", write_routes.delete_object(kind)),
        ]
    return [
        Route("/{kind}/{number}" + path, library_endpoint(handler, write=method in _WRITES), methods=[method])
        for method, path, handler in calls
    ]
