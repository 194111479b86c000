"""What a cycle does to either side, in the form in which it can be taken back: deeds.

A history for people says that a title changed; to put a side back exactly, more is needed: a file's bytes as they were,
an item's fields as the server keeps them, types of tags and lines of Extra included. Whoever writes tells a
:class:`Recorder` of it **before** anything is replaced, moved or sent (law 5: a crash in between leaves a deed that was
never done, which undoing finds out by looking). Pure values here; where they are kept is the recorder's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from bridge.core.record import ItemId


class FileDeed(NamedTuple):
    """One file made, replaced, moved or removed.

    ``old`` and ``new`` are its paths before and after, relative to the vault; ``before`` and ``after`` are the digests
    of its bytes. A path and its digest are ``""`` where there was, or is, no file.
    """

    old: str
    new: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ItemDeed:
    """Fields of one Zotero object sent: what stood in ``data`` before and after, by name.

    ``None`` for a field that ``data`` did not have. ``before`` as a whole is ``None`` for an object that was made.
    """

    id: ItemId
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


class Recorder(Protocol):
    """Keeps deeds for as long as they may be taken back."""

    def keep(self, deeds: Iterable[FileDeed], contents: Mapping[str, bytes]) -> None:
        """Remember deeds that are about to be done; durable when it returns.

        :param contents: digest to bytes of what is replaced or removed.
        :raises StateError: it cannot be kept; then nothing may be replaced.
        """
        ...

    def made(self, deeds: Iterable[FileDeed]) -> None:
        """Remember new files that were made; durable with the next commit of the state, for no bytes hang on it."""
        ...

    def withdraw(self, deeds: Iterable[FileDeed]) -> None:
        """Forget deeds that were kept and not done after all."""
        ...

    def sending(self, deeds: Iterable[ItemDeed]) -> None:
        """Remember what is about to be sent, ``after`` as it is meant; durable when it returns."""
        ...

    def sent(self, results: Mapping[ItemId, Mapping[str, Any] | None]) -> None:
        """What the server made of each object that was sent; ``None`` where it was not written.

        Objects that nobody knows the end of are left out: what was meant stays remembered.
        """
        ...


class Nobody:
    """A recorder for sides whose deeds nobody takes back."""

    def keep(self, deeds: Iterable[FileDeed], contents: Mapping[str, bytes]) -> None:
        """See :class:`Recorder`."""

    def made(self, deeds: Iterable[FileDeed]) -> None:
        """See :class:`Recorder`."""

    def withdraw(self, deeds: Iterable[FileDeed]) -> None:
        """See :class:`Recorder`."""

    def sending(self, deeds: Iterable[ItemDeed]) -> None:
        """See :class:`Recorder`."""

    def sent(self, results: Mapping[ItemId, Mapping[str, Any] | None]) -> None:
        """See :class:`Recorder`."""


NOBODY: Recorder = Nobody()
