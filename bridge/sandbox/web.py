"""What every route shares: who asks for which library, headers, paging links, and how a refusal is answered."""

from __future__ import annotations

import base64
import binascii
import html
import json
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import Response

from bridge.data import schema
from bridge.sandbox import accounts
from bridge.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from bridge.sandbox.accounts import Key, Library, Rights
    from bridge.sandbox.queries import Query
    from bridge.sandbox.store import Store

    Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one library, its key checked."""

    request: Request
    store: Store
    library: Library
    key: Key | None
    rights: Rights

    @property
    def params(self) -> Mapping[str, str]:
        """The query string."""
        return self.request.query_params

    @property
    def base(self) -> str:
        """The server's own address as this client sees it."""
        return base_of(self.request)

    def path(self, name: str) -> str:
        """Return a part of the path, e.g. the object's key."""
        return str(self.request.path_params[name])


def base_of(request: Request) -> str:
    """Return the server's own address as a client sees it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def store_of(request: Request) -> Store:
    """Return the store behind the application."""
    store: Store = request.app.state.store
    return store


# --- endpoints --------------------------------------------------------------------------------------------------


def endpoint(handler: Callable[[Request], Awaitable[Response]]) -> Endpoint:
    """Make an endpoint of a handler that may raise :class:`RefusedError`."""

    @wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as refusal:
            headers = {} if refusal.version is None else {"Last-Modified-Version": str(refusal.version)}
            # Error bodies of the real server are HTML, messages escaped.
            return Response(html.escape(str(refusal), quote=False), refusal.status, headers, media_type="text/html")

    return answered


def library_endpoint(handler: Callable[[Call], Awaitable[Response]], *, write: bool = False) -> Endpoint:
    """Make an endpoint below ``/users/<id>`` or ``/groups/<id>``: the key must have the right to read or write."""

    @wraps(handler)
    async def opened(request: Request) -> Response:
        store = store_of(request)
        kind, number = request.path_params["kind"], request.path_params["number"]
        if kind not in {"users", "groups"}:
            raise RefusedError(404, "Not found")
        if not number.isdecimal():
            raise RefusedError(400, f"Invalid {kind.removesuffix('s')}ID '{number}'")
        key = key_of(request)
        library = accounts.find_library(store, kind, int(number))
        rights = accounts.rights(store, library, key)
        if not rights.read:
            raise RefusedError(403, "Forbidden")
        if write and not rights.write:
            raise RefusedError(403, "Write access denied")
        return await handler(Call(request, store, library, key, rights))

    return endpoint(opened)


# --- who asks ---------------------------------------------------------------------------------------------------


def key_of(request: Request) -> Key | None:
    """Return the request's key, None where it bears none. Raises :class:`RefusedError` (403) for a wrong one."""
    given = request.headers.get("zotero-api-key")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not given and scheme.lower() == "bearer":
        given = token.strip()
    given = given or request.query_params.get("key")
    if not given:
        return None
    key = accounts.find_key(store_of(request), given)
    if key is None:
        raise RefusedError(403, "Invalid key")
    return key


def is_root(request: Request) -> bool:
    """Whether a test suite asks as ``root`` under HTTP Basic.

    The password does not matter: the sandbox serves this machine alone, and a browser's page, the one stranger
    that could reach it, cannot send this header to another origin.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or not is_local(request):
        return False
    try:
        name = base64.b64decode(token).decode("utf-8", "replace").partition(":")[0]
    except binascii.Error:
        return False
    return name == "root"


def require_root(request: Request) -> None:
    """Refuse (401) anyone but ``root``."""
    if not is_root(request):
        raise RefusedError(401, "Root access is needed")


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine and not from a page in its browser."""
    host = request.client.host if request.client else ""
    return host in {"127.0.0.1", "::1"} and "origin" not in request.headers


# --- headers and bodies -----------------------------------------------------------------------------------------


def numeric_header(request: Request, name: str) -> int | None:
    """Return a version header, or None. Raises :class:`RefusedError` (400)."""
    value = request.headers.get(name)
    if value is None:
        return None
    if not value.strip().isdecimal():
        raise RefusedError(400, f"Invalid {name} value '{value}'")
    return int(value)


def not_modified(call: Call, version: int) -> bool:
    """Whether a list has nothing new for a client that names a version."""
    known = numeric_header(call.request, "If-Modified-Since-Version")
    return known is not None and version <= known


async def read_json(request: Request) -> Any:
    """Return the JSON of a request's body. Raises :class:`RefusedError` (400)."""
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise RefusedError(400, "Uploaded data is not valid JSON") from error


def reply(
    body: str = "",
    status: int = 200,
    *,
    version: int | None = None,
    media: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer as the API gives it; ``version`` becomes ``Last-Modified-Version``."""
    sent = {"Zotero-API-Version": "3", "Zotero-Schema-Version": str(schema().version), **(headers or {})}
    if version is not None:
        sent["Last-Modified-Version"] = str(version)
    if status in {204, 304}:
        return Response(None, status, sent)
    return Response(body, status, sent, media_type=media)


def reply_json(value: Any, status: int = 200, **options: Any) -> Response:
    """Return an answer with a value as JSON; the options are those of :func:`reply`."""
    return reply(json.dumps(value, ensure_ascii=False, separators=(",", ":")), status, **options)


def paging_headers(call: Call, query: Query, total: int) -> dict[str, str]:
    """Return ``Total-Results`` and ``Link``; the links keep every parameter but a key."""
    headers = {"Total-Results": str(total)}
    url = f"{call.base}{call.request.url.path}"
    kept = [(n, v) for n, v in call.request.query_params.multi_items() if n not in {"start", "key"}]

    def link(rel: str, start: int) -> str:
        params = urlencode([*kept, ("start", str(start))] if start else kept)
        return f'<{url}{"?" + params if params else ""}>; rel="{rel}"'

    links = []
    if query.limit:
        last = (total - 1) // query.limit * query.limit if total else 0
        if query.start > 0:
            links += [link("first", 0), link("prev", max(0, query.start - query.limit))]
        if query.start + query.limit < total:
            links += [link("next", query.start + query.limit), link("last", last)]
    links.append(f'<https://www.zotero.org{call.request.url.path}>; rel="alternate"')
    headers["Link"] = ", ".join(links)
    return headers
