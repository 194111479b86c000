"""What Bridge keeps on this machine, outside every vault: the state folder and, in it, one folder for each vault.

R31 lives here: state is found by the vault's id *and* its real path. A vault that turns up at a new path while the old
one is gone has moved, and its state follows; while the old one is still there it is a copy, which gets a new id and no
base, so that two folders never write from one memory.

Layout below the state folder (``BRIDGE_STATE_DIR``, else the platform's)::

    vaults/<vault id>-<digest of the real path>/home.json    the path this folder belongs to
                                               /state.db     bases, cursor, conflicts, history
                                               /backups.db    bytes of replaced notes
                                               /lock         held while a process works on the vault
    origins.json                                             which servers a vault's keys may go to (R24)
    keys.json                                                keys, 0600, where there is no system keyring
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bridge.errors import StateError


def state_dir() -> Path:
    """The folder for everything Bridge remembers on this machine; it need not exist yet."""
    if own := os.environ.get("BRIDGE_STATE_DIR"):
        return Path(own).expanduser().absolute()
    from platformdirs import user_state_path  # 17 ms, and needless where the variable is set

    return user_state_path("bridge", appauthor=False)


@dataclass(frozen=True, slots=True)
class Home:
    """Where one vault's state is. ``came`` says how it was found; ``source`` is the folder it is to be taken from.

    ``known``: it is there. ``new``: this machine never saw the vault. ``moved``: the vault was at another path, which
    is gone. ``copied``: the vault it was copied from is still at its path; the copy needs an id of its own first.
    """

    folder: Path
    came: Literal["known", "new", "moved", "copied"]
    source: Path | None = None

    @property
    def state(self) -> Path:
        """The state database."""
        return self.folder / "state.db"

    @property
    def backups(self) -> Path:
        """The bytes of replaced notes."""
        return self.folder / "backups.db"

    @property
    def lock(self) -> Path:
        """The file whose lock says that a process works on the vault."""
        return self.folder / "lock"


def find_home(root: Path, vault: Path, vault_id: str, is_there: Callable[[Path], bool]) -> Home:
    """Where the state of the vault at ``vault`` is, by R31; nothing is written.

    ``root`` is :func:`state_dir`. ``is_there(path)`` says whether a vault with this id stands at another path.
    """
    real = vault.resolve()
    folder = root / "vaults" / f"{vault_id}-{_digest(real)}"
    if folder.is_dir():
        return Home(folder, "known")
    others = [(each, path) for each in _siblings(root, vault_id) if (path := _path_of(each)) and path != real]
    for other, path in others:
        if is_there(path):
            return Home(folder, "copied", other)
    if others:
        # Two that are gone can only be an old accident; the one used last knows most.
        newest = max(others, key=lambda pair: pair[0].stat().st_mtime_ns)
        return Home(folder, "moved", newest[0])
    return Home(folder, "new")


def find_away(root: Path, start: Path) -> tuple[Path, Home] | None:
    """The vault that was last known at a path, or at the nearest one above it, whether or not it is there now.

    ``root`` is :func:`state_dir`; nothing is written. A vault that has moved is known at its new path alone.
    """
    real = start.resolve()
    for place in (real, *real.parents):
        known = [each for each in (root / "vaults").glob(f"*-{_digest(place)}") if _path_of(each) == place]
        if known:  # of two vaults at one path in turn, the one used last
            return place, Home(max(known, key=lambda each: each.stat().st_mtime_ns), "known")
    return None


def settle(home: Home, vault: Path) -> Home:
    """Make the home real: the folder is made, or the state of a moved vault follows it.

    :raises StateError: the folder cannot be made.
    """
    if home.came == "copied":
        raise StateError("a copied vault has no home before it has an id of its own")
    try:
        home.folder.parent.mkdir(parents=True, exist_ok=True)
        if home.came == "moved" and home.source is not None:
            home.source.rename(home.folder)
        home.folder.mkdir(exist_ok=True)
        if home.came != "known":
            record = home.folder / "home.json"
            record.write_text(json.dumps({"path": str(vault.resolve())}, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise StateError(f"the state folder {home.folder} cannot be used: {error.strerror}") from error
    return Home(home.folder, "known")


def _digest(path: Path) -> str:
    return hashlib.blake2b(os.fsencode(path), digest_size=5).hexdigest()


def _siblings(root: Path, vault_id: str) -> list[Path]:
    vaults = root / "vaults"
    return sorted(vaults.glob(f"{vault_id}-*")) if vaults.is_dir() else []


def _path_of(folder: Path) -> Path | None:
    try:
        return Path(json.loads((folder / "home.json").read_text(encoding="utf-8"))["path"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a folder without its record belongs to no path any more
