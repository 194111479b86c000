"""The one way the sandbox says no: an HTTP status with a message, raised anywhere below the routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedError(BridgeError):
    """A request, or one object of a batch, is refused.

    ``status`` is the HTTP status; ``version`` is sent as ``Last-Modified-Version`` where the real server sends
    one (a stale object, never a stale library); ``data`` goes into the report of a batch (a missing parent's key).
    """

    def __init__(
        self, status: int, message: str, *, version: int | None = None, data: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.version = version
        self.data = data


class StaleLibraryError(RefusedError):
    """The library moved on since the version the client names: the whole request is refused, not one object."""
