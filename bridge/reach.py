"""How the libraries of a vault are reached, and what may be done there.

Kept here: R23 (rights are asked for once and kept while they are complete, so that a cycle with nothing to do is one
request; they are asked for again after a refusal), R24 (a client gets its key from :class:`bridge.keys.Keys` alone).
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import Config, LibraryConfig
from bridge.errors import ConfigError, ForbiddenError
from bridge.keys import Keys
from bridge.state import State

if TYPE_CHECKING:
    from bridge.zotero.client import ZoteroClient
    from bridge.zotero.rights import Rights


@contextlib.contextmanager
def connect(
    vault: Path,
    vault_id: str,
    config: Config,
    keys: Keys,
    *,
    tries: int = 5,
    patience: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[list[ZoteroClient]]:
    """A client for each library, in the configuration's order; nothing is sent yet.

    :param tries: how often one request is sent at most.
    :param patience: seconds a request waits at most where the server asks for a pause.
    :param sleep: waits, for a pause or before a request is sent again.
    :raises ForbiddenError: there is no key, or none may go to the server named (R24).
    :raises ConfigError: the demo's library is not there.
    """
    from bridge.zotero.client import ZoteroClient  # pyzotero takes 120 ms; reports do without

    with contextlib.ExitStack() as stack:
        if config.sandbox is not None:
            server = stack.enter_context(_sandbox(vault / config.sandbox.data))
            at = [(server.url, each.id, server.key) for each in config.library]
        else:
            at = [(each.url, each.id, find_key(keys, vault_id, config, each)) for each in config.library]
        yield [stack.enter_context(ZoteroClient(*each, tries=tries, patience=patience, sleep=sleep)) for each in at]


def find_key(keys: Keys, vault_id: str, config: Config, library: LibraryConfig) -> str:
    """The key for a library of a vault; that of another library on the same server will do as well.

    :raises ForbiddenError: there is no key, or none may go to the server named (R24).
    """
    neighbours = [each.id for each in config.library if each.origin == library.origin and each != library]
    return keys.find(vault_id, library.origin, [library.id, *neighbours])


@contextlib.contextmanager
def _sandbox(data: Path) -> Iterator[_Server]:
    """Serve the demo's library for as long as it is needed; its key never leaves this machine."""
    if not data.is_dir():
        raise ConfigError(f"the practice library {data} is not there any more")
    from bridge.sandbox.server import SandboxServer  # a web server: for demo vaults only

    with SandboxServer(data) as server:
        yield _Server(server.url, server.key)


@dataclass(frozen=True, slots=True)
class _Server:
    url: str
    key: str


# --- rights (R23) ---


def kept_rights(state: State, library: str) -> Rights | None:
    """The rights in a library as they were last heard of."""
    from bridge.zotero.rights import Rights

    said = json.loads(state.get_meta(_name(library)) or "{}")
    return Rights(**said["rights"]) if said else None


def current_rights(state: State, client: ZoteroClient) -> Rights:
    """The rights in a library: as kept while they allow all there is, else asked for anew, for they may have grown.

    :raises ForbiddenError: the key may not even read it.
    """
    kept = kept_rights(state, client.library)
    if kept is not None and kept.write and kept.notes:
        return kept
    rights = client.rights()
    if not rights.read:
        raise ForbiddenError(f"{client.library}: {rights.reason}")
    state.set_meta(_name(client.library), json.dumps({"rights": asdict(rights)}))
    return rights


def forget_rights(state: State, libraries: Iterable[str]) -> bool:
    """Forget what is kept; whether anything was."""
    kept = [name for name in map(_name, libraries) if state.get_meta(name)]
    for name in kept:
        state.set_meta(name, "")
    return bool(kept)


def _name(library: str) -> str:
    return f"rights {library}"
