"""API keys: where they are kept, and to which server they may go.

Law 14: a key is in the environment, the system keyring or a 0600 file outside the vault, never in the vault, and no
message of this module holds one. R24: servers are approved per machine, vault by vault, at ``init``; where a vault's
configuration names another server it gets no key, ``ZOTERO_API_KEY`` included.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.errors import ConfigError, ForbiddenError, StateError

VARIABLE = "ZOTERO_API_KEY"
_SERVICE = "zotero-obsidian-bridge"
_KEYS = "keys.json"
_ORIGINS = "origins.json"


class UnapprovedServerError(ForbiddenError):
    """A vault names a server that was never approved on this machine (R24)."""


class MissingKeyError(ForbiddenError):
    """There is no key for a library on this machine."""


class Keys:
    """The keys of this machine. ``folder`` is the state folder, ``environ`` the environment."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environ = os.environ if environ is None else environ

    # --- approved servers (R24) ---

    def approved(self, vault_id: str) -> frozenset[str]:
        """The origins that keys may go to from this vault."""
        return frozenset(self._read(_ORIGINS).get(vault_id, ()))

    def approve(self, vault_id: str, *origins: str) -> None:
        """Remember that a person named these servers for this vault, on this machine."""
        said = self._read(_ORIGINS)
        said[vault_id] = sorted({*said.get(vault_id, ()), *origins})
        self._write(_ORIGINS, said)

    # --- keys ---

    def find(self, vault_id: str, origin: str, libraries: Sequence[str]) -> str:
        """The key for ``libraries[0]`` on a server; the keys of the other libraries there will do as well.

        :raises UnapprovedServerError: the server was not approved for this vault (R24).
        :raises MissingKeyError: there is no key.
        """
        if origin not in self.approved(vault_id):
            raise UnapprovedServerError(
                f"this vault's configuration names the server {origin}, which was never approved on this machine; "
                "no key was sent there"
            )
        if key := self.from_environment():
            return key
        for library in libraries:
            if key := self.stored(origin, library):
                return key
        raise MissingKeyError(f"there is no key for {libraries[0]} on {origin}")

    def from_environment(self) -> str:
        """The key in ``ZOTERO_API_KEY``, or an empty text.

        :raises ConfigError: it holds what cannot be a key.
        """
        return usable(self._environ.get(VARIABLE, ""), VARIABLE)

    def stored(self, origin: str, library: str) -> str:
        """The key stored on this machine, or an empty text. The file is looked at first: it costs nothing."""
        account = f"{origin} {library}"
        return str(self._read(_KEYS).get(account, "")) or _keyring_get(account)

    def store(self, origin: str, library: str, key: str) -> str:
        """Store a key and say in words where: in the system keyring where one works, else in the 0600 file."""
        account = f"{origin} {library}"
        kept = self._read(_KEYS)
        if _keyring_set(account, key):
            if kept.pop(account, None) is not None:
                self._write(_KEYS, kept)
            return "the system keyring"
        kept[account] = key
        return f"{self._write(_KEYS, kept)}, readable by you alone"

    # --- files ---

    def _read(self, name: str) -> dict[str, Any]:
        path = self._folder / name
        try:
            mode = path.stat().st_mode
            said = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StateError(f"{path} cannot be read: {type(error).__name__}") from None
        if name == _KEYS and os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"{path} holds keys and can be read by others; run: chmod 600 {path}")
        return said if isinstance(said, dict) else {}

    def _write(self, name: str, said: Mapping[str, object]) -> Path:
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # mkstemp makes the file 0600 from its first byte on.
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=f".{name}-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(said, file, indent=2)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StateError(f"{path} cannot be written: {error.strerror}") from error
        return path


def usable(text: str, source: str) -> str:
    """A key as given, trimmed; ``source`` names where it came from.

    :raises ConfigError: it holds what no HTTP header may hold. The text itself is not repeated (law 14).
    """
    text = text.strip()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ConfigError(f"{source} does not hold a key: keys are letters and digits only")
    return text


def keyring_backend() -> str:
    """The name of the system keyring that would be used, or an empty text where there is none that works."""
    try:
        import keyring  # 66 ms, and the operating system may ask the person: only when a key is really looked for
        from keyring.backends import fail, null

        backend = keyring.get_keyring()
    except Exception:  # noqa: BLE001 (a broken desktop service must not stop Bridge: the file serves)
        return ""
    return "" if isinstance(backend, fail.Keyring | null.Keyring) else type(backend).__module__


def _keyring_get(account: str) -> str:
    if not keyring_backend():
        return ""
    import keyring

    with contextlib.suppress(Exception):  # locked, or its service is away: as if there were none
        return keyring.get_password(_SERVICE, account) or ""
    return ""


def _keyring_set(account: str, key: str) -> bool:
    """Whether the keyring took the key and gives it back."""
    if not keyring_backend():
        return False
    import keyring

    with contextlib.suppress(Exception):  # as above
        keyring.set_password(_SERVICE, account, key)
        return keyring.get_password(_SERVICE, account) == key
    return False
