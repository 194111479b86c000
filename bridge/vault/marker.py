"""What makes a folder a vault of ours: the ``.bridge`` folder and the two files in it that every cycle looks at.

* ``.bridge/vault.json``: the marker. A missing note counts as deleted only while it is there and matches (law 9): a
  disk that is not mounted, an emptied folder, another vault at the same path are told from an edit by it.
* ``.bridge/owner``: the one machine that syncs this vault (R31). Two machines over one synced folder would each take
  the other's writes for a person's edits.

Both are small JSON objects, so that a person who looks understands them. Obsidian ignores names with a leading dot.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.errors import NotAVaultError, NoteError, VaultError, VaultMarkerError
from bridge.vault import batch, files

FOLDER = files.OWN
FORMAT = 1

_MARKER, _OWNER = "vault.json", "owner"
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Marker:
    """A vault's identity: sixteen hexadecimal digits, made once, and the version of the layout of ``.bridge``."""

    id: str
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Machine:
    """A computer: an id that stays and tells nothing, and the name its owner knows it by."""

    id: str
    name: str


def find_vault(start: Path) -> Path:
    """The nearest folder with a ``.bridge`` in it, from ``start`` upwards.

    :raises NotAVaultError: there is none.
    """
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return folder
    raise NotAVaultError(f"no {FOLDER} folder in {here} or above it")


def create_marker(root: Path) -> Marker:
    """Make the vault's marker, or read the one that is there.

    :raises VaultMarkerError: there is one that cannot be read.
    :raises VaultError: it cannot be written.
    """
    if (root / FOLDER / _MARKER).exists():
        return read_marker(root)
    return renew_marker(root)


def renew_marker(root: Path) -> Marker:
    """Give the vault a new identity: it is a copy of another one (R31).

    :raises VaultError: it cannot be written.
    """
    marker = Marker(secrets.token_hex(8))
    _write(root, _MARKER, {"id": marker.id, "format": marker.format}, make=True)
    return marker


def read_marker(root: Path) -> Marker:
    """The vault's marker.

    :raises VaultMarkerError: it is missing, cannot be read, or was written by a newer Bridge.
    """
    found = _read(root, _MARKER)
    if found is None:
        raise VaultMarkerError(f"the vault's marker {FOLDER}/{_MARKER} is missing or cannot be read")
    identity, version = found.get("id"), found.get("format")
    if not isinstance(identity, str) or not _ID.fullmatch(identity) or not isinstance(version, int):
        raise VaultMarkerError(f"the vault's marker {FOLDER}/{_MARKER} is damaged")
    if version > FORMAT:
        raise VaultMarkerError(f"the vault's marker {FOLDER}/{_MARKER} was written by a newer version of Bridge")
    return Marker(identity, version)


def owner(root: Path) -> Machine | None:
    """The machine that syncs this vault (R31); ``None`` where none has taken it yet.

    :raises VaultMarkerError: the file is there and cannot be read: it may name another machine.
    """
    found = _read(root, _OWNER)
    if found is None:
        if (root / FOLDER / _OWNER).exists():
            raise VaultMarkerError(f"{FOLDER}/{_OWNER} cannot be read")
        return None
    return Machine(str(found.get("machine", "")), str(found.get("name", "")))


def take_over(root: Path, machine: Machine) -> None:
    """Make ``machine`` the one that syncs this vault; nothing is written where it is already.

    :raises VaultError: it cannot be written, or there is no vault (law 9: its disk may have gone this very moment).
    """
    if _read(root, _OWNER) != (wanted := {"machine": machine.id, "name": machine.name}):
        _write(root, _OWNER, wanted)


def this_machine(state: Path | None = None) -> Machine:
    """The computer this runs on, under an id that stays the same.

    The id is a digest of ``/etc/machine-id`` with our name in it, as machine-id(5) asks of programs that show the id
    to others, else of the network card's address. It is kept in the folder ``state``, where one is given: machine ids
    change when a system is installed anew, and cards come and go.
    """
    kept = None if state is None else state / "machine"
    if kept is not None:
        with suppress(OSError, UnicodeDecodeError):
            if _ID.fullmatch(text := kept.read_text("ascii").strip()):
                return Machine(text, platform.node())
    seed = f"{uuid.getnode():x}"
    with suppress(OSError, UnicodeDecodeError):
        seed = Path("/etc/machine-id").read_text("ascii").strip() or seed
    identity = hashlib.blake2b(f"bridge {seed}".encode(), digest_size=8).hexdigest()
    if kept is not None:
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(f"{identity}\n", "ascii")
    return Machine(identity, platform.node())


def _read(root: Path, name: str) -> dict[str, Any] | None:
    try:
        found = json.loads((root / FOLDER / name).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(root: Path, name: str, content: dict[str, Any], *, make: bool = False) -> None:
    path = root / FOLDER / name
    data = f"{json.dumps(content, indent=2, ensure_ascii=False)}\n".encode()
    try:
        if make:
            path.parent.mkdir(exist_ok=True)
        if path.exists():
            batch.replace(root, path, data, files.digest(files.read_stable(path)[0]))
        else:
            batch.create(root, path, data)
    except (OSError, NoteError, files.StaleFileError, files.NameTakenError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise VaultError(f"{FOLDER}/{name}: {reason}") from None
