"""Which libraries Zotero is asked to announce changes of, and whether it does.

R24: a library's key goes to a streaming server only where that is Zotero's own, for a library on zotero.org, or has
the very origin that the library's requests go to; that origin was approved on this machine, or there is no key at all.
Whatever a vault's configuration names instead gets nothing. Where nothing is announced, the daemon asks now and then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bridge.config.parts import origin_of
from bridge.config.sections import STREAM_ZOTERO_ORG, ZOTERO_ORG
from bridge.errors import BridgeError
from bridge.reach import find_key
from bridge.zotero.stream import Stream

if TYPE_CHECKING:
    from bridge.app import App

_log = logging.getLogger("bridge.daemon")


class Push:
    """The streams of one vault's libraries, one for each key. All calls are made in the loop's thread.

    :param wake: rings the bell: ``remote`` when a library has changed, ``push`` when :attr:`is_complete` or
        :meth:`told` may say something new. Called from the streams' threads.
    """

    def __init__(self, app: App, wake: Callable[[str], None]) -> None:
        self._app, self._wake = app, wake
        self._streams: list[Stream] = []
        self._wanted: frozenset[str] = frozenset()
        self._begun = False
        self._messages: SimpleQueue[str] = SimpleQueue()
        self._said: set[str] = set()

    @property
    def is_complete(self) -> bool:
        """Whether changes of every library of this vault are announced."""
        return bool(self._streams) and self._wanted <= frozenset[str]().union(*(each.covers for each in self._streams))

    def begin(self) -> None:
        """Listen, where that can be done; nothing more to do where it has begun."""
        if self._begun:
            return
        self._begun = True
        groups = self._groups()
        if not groups:
            return
        if find_spec("websockets") is None:
            self._once(_log.info, "Zotero announces its changes to those who have the extra `stream`; polling.")
            return
        self._wanted = frozenset(each.id for each in self._app.config.library)
        for key, libraries in groups.items():
            stream = Stream(
                self._app.config.daemon.stream_url,
                key,
                libraries,
                changed=lambda: self._wake("remote"),
                moved=lambda: self._wake("push"),
                tell=self._messages.put,
            )
            self._streams.append(stream)
            stream.start()

    def end(self) -> None:
        """Listen no more, until it is begun anew with the keys and the configuration of then."""
        for stream in self._streams:
            stream.stop()
        self._streams, self._begun = [], False

    def told(self, say: Callable[[str], None]) -> None:
        """Say what a person should hear, each thing once."""
        while True:
            try:
                self._once(say, self._messages.get_nowait())
            except Empty:
                return

    def _groups(self) -> dict[str, list[str]]:
        """Key to the libraries that it is to be used for."""
        config = self._app.config
        found: dict[str, list[str]] = {}
        if not config.daemon.push or config.sandbox is not None:
            return found
        for library in config.library:
            if not _may_have_key(config.daemon.stream_url, library.origin):
                continue
            try:
                key = find_key(self._app.keys, self._app.marker.id, config, library)
            except BridgeError:
                continue  # no key, or none for this server: a cycle says so
            found.setdefault(key, []).append(library.id)
        return found

    def _once(self, say: Callable[[str], None], text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            say(text)


def _may_have_key(stream_url: str, origin: str) -> bool:
    """Whether a key that is for ``origin`` may go to a streaming server (R24)."""
    at = origin_of(f"http{stream_url.removeprefix('ws')}")  # ws is to http what wss is to https
    return at == origin or (origin == ZOTERO_ORG and at == origin_of(f"http{STREAM_ZOTERO_ORG.removeprefix('ws')}"))
