"""The one exception tree.

Everything Bridge raises on purpose descends from :class:`BridgeError`; errors of pyzotero, httpx, SQLite and the
operating system are translated into it at the border where they arise. A message says what happened and where;
what to do about it is written in the command line alone (``bridge.cli``), by the class of the error.

Law 14: no message ever holds a key, and none holds the text of a note.
"""

from __future__ import annotations

from pathlib import Path


class BridgeError(Exception):
    """Root of all errors raised by Bridge."""


class UsageError(BridgeError):
    """A command was given arguments that do not fit, or an answer is missing and there is no terminal to ask at."""


class ConfigError(BridgeError):
    """The configuration cannot be read or holds a value that is not allowed."""


# --- the vault side ---------------------------------------------------------------------------------------------


class VaultError(BridgeError):
    """The vault cannot be used."""


class NotAVaultError(VaultError):
    """No ``.bridge/`` was found here or in any parent folder."""


class VaultMarkerError(VaultError):
    """The vault's marker is missing or does not match the state: unmounted, emptied or swapped (law 9)."""


class VaultAwayError(VaultMarkerError):
    """A vault that this machine knows is not at its place: its disk is not there now.

    ``vault`` is that place, and ``folder`` what this machine keeps of the vault.
    """

    def __init__(self, message: str, vault: Path = Path(), folder: Path = Path()) -> None:
        super().__init__(message)
        self.vault, self.folder = vault, folder


class VaultBusyError(VaultError):
    """Another process holds this vault's lock."""


class VaultOwnedError(VaultError):
    """Another machine syncs this vault (R31)."""


class NoteError(BridgeError):
    """A note cannot be read or edited safely; it is held."""


# --- the Zotero side --------------------------------------------------------------------------------------------


class ZoteroError(BridgeError):
    """The Zotero side could not do what was asked."""


class UnreachableError(ZoteroError):
    """Zotero cannot be reached, or answers with 5xx, or an answer was cut off; try again later."""


class BackOffError(UnreachableError):
    """Zotero asked us to wait (429, ``Retry-After`` or ``Backoff``); ``seconds`` says how long."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class AmbiguousWriteError(UnreachableError):
    """A write was sent and no answer came: it may or may not have been carried out, so read back before any retry."""


class ForbiddenError(ZoteroError):
    """The key is wrong, revoked, or lacks a right (403)."""


class NotFoundError(ZoteroError):
    """The library or object does not exist (404)."""


class StaleError(ZoteroError):
    """A precondition failed (412): the object or library moved since it was read."""


class ProtocolError(ZoteroError):
    """An answer that breaks the protocol: not JSON where JSON was due, a missing version, a 428 (our own bug)."""


class LibraryChangedError(ZoteroError):
    """The library behind the address is another one, or went back in time (R17) in a way that needs a person."""


# --- state and cycle --------------------------------------------------------------------------------------------


class StateError(BridgeError):
    """The state database cannot be read or is newer than this program."""


class GuardStop(BridgeError):  # noqa: N818 (a stop that asks a question, not a fault)
    """A guard stopped the cycle before its first write (law 10); ``guard`` names it.

    ``about`` is the digest of exactly what was asked about: a written answer holds for that alone (R6). ``asked`` shows
    a few of the changes as (name, field, before, after), for the person's own eyes: it is never part of the message.
    """

    def __init__(
        self, message: str, guard: str, about: str = "", asked: tuple[tuple[str, str, str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.guard, self.about, self.asked = guard, about, asked


class StoppedError(BridgeError):
    """The daemon was asked to end; the cycle under way ends where it is (law 5)."""


class ServiceError(BridgeError):
    """The background service cannot be installed, started or stopped."""


class UnknownPaperError(BridgeError):
    """A person named a paper that is not there, or several are."""


class RestoreError(BridgeError):
    """A note cannot be restored: it is there, or its paper is none that has one."""


class OutdatedAnswerError(BridgeError):
    """The answer given was to a conflict that has changed since (R6)."""
