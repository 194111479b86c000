"""Which libraries Zotero is asked to announce changes of, and whether it does.

R24: a library's key goes only to a streaming server that may have it (:func:`bridge.daemon.news.may_have_key`), and
where the library's own server was approved on this machine, or there is no key at all. Where nothing is announced, the
daemon asks now and then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bridge.daemon.news import WORDS, News, hindrance, may_have_key
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

    @property
    def news(self) -> News:
        """How changes in Zotero are heard of now."""
        return "push" if self.is_complete else hindrance(self._app.config) or "silent"

    def begin(self) -> None:
        """Listen, where that can be done; nothing more to do where it has begun."""
        if self._begun:
            return
        self._begun = True
        if (why := hindrance(self._app.config)) is not None:
            self._once(_log.info, f"How changes are heard of: {WORDS[why]}.")
            return
        self._wanted = frozenset(each.id for each in self._app.config.library)
        for key, libraries in self._groups().items():
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
        for library in config.library:
            if not may_have_key(config.daemon.stream_url, library.origin):
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
