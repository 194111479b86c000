"""What every section of the configuration is made of: its base class, and values that several sections hold.

Rules kept here: R32 (folders stay inside the vault), law 14 (an address holds no password).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict


def folder_in_vault(text: str) -> str:
    """A folder inside the vault that Obsidian shows: relative, no ``..``, no dot-folders (R32, law 13)."""
    path = PurePosixPath(text.replace("\\", "/"))
    parts = path.parts
    if not parts:
        raise ValueError("name a folder inside the vault")
    if path.is_absolute() or ".." in parts or re.match(r"[A-Za-z]:", text):
        raise ValueError("the folder must be inside the vault, as a relative path")
    if any(part.startswith(".") for part in parts):
        raise ValueError("Obsidian does not show folders whose name begins with a dot")
    return str(path)


Folder = Annotated[str, AfterValidator(folder_in_vault)]


def address(text: str, scheme: str) -> str:
    """A server's address; ``scheme`` is the one without TLS, the other ends in ``s``."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where the port is no number
    except ValueError:
        raise ValueError("this is not an address") from None
    if parts.scheme not in (scheme, f"{scheme}s") or not parts.hostname:
        raise ValueError(f"the address must begin with {scheme}s:// (or {scheme}://)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the address must hold no user name, password, ? or #")  # law 14
    return text


class Section(BaseModel):
    """A part of the configuration: fixed once read, and strict about names and types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, in one spelling: the default port is left out."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{scheme}://{host}{port}"


def near(name: str, allowed: Any) -> str:
    """`` (did you mean …?)`` where something allowed is spelt alike, else an empty text."""
    from difflib import get_close_matches  # only errors need it

    found = get_close_matches(name, list(allowed), n=1)
    return f" (did you mean {found[0]}?)" if found else ""
