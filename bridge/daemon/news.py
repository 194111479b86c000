"""How the daemon hears of changes in Zotero, and if not from Zotero itself, why not. Pure.

R24 is decided here: a library's key goes to a streaming server only where that is Zotero's own, for a library on
zotero.org, or has the very origin that the library's requests go to.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from bridge.config.parts import origin_of
from bridge.config.sections import STREAM_ZOTERO_ORG, ZOTERO_ORG

if TYPE_CHECKING:
    from bridge.config import Config

Hindrance = Literal["off", "practice", "other-server", "no-extra"]
#: How changes are heard of: ``push``, or why Zotero is asked instead. ``silent``: the connection is not there at
#: present, or not for all libraries.
News = Literal["push", "silent", "off", "practice", "other-server", "no-extra"]

WORDS: dict[News, str] = {
    "push": "Zotero announces its changes",
    "silent": "Zotero is asked now and then, since it does not announce all its changes at present",
    "off": "Zotero is asked now and then, for push is turned off in the configuration",
    "practice": "the practice library is asked now and then",
    "other-server": "Zotero is asked now and then, for no streaming server of this library's own is configured",
    "no-extra": "Zotero is asked now and then, for what hears its announcements (the extra `stream`) is not installed",
}


def hindrance(config: Config) -> Hindrance | None:
    """Why no change of any library can be announced; ``None`` where it may be."""
    if config.sandbox is not None:
        return "practice"
    if not config.daemon.push:
        return "off"
    if not any(may_have_key(config.daemon.stream_url, library.origin) for library in config.library):
        return "other-server"
    return "no-extra" if find_spec("websockets") is None else None


def may_have_key(stream_url: str, origin: str) -> bool:
    """Whether a key that is for ``origin`` may go to a streaming server (R24)."""
    at = origin_of(f"http{stream_url.removeprefix('ws')}")  # ws is to http what wss is to https
    return at == origin or (origin == ZOTERO_ORG and at == origin_of(f"http{STREAM_ZOTERO_ORG.removeprefix('ws')}"))
