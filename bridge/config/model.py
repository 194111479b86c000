"""What may stand in the configuration: pydantic models, defaults included.

Every section may be missing and every model forbids keys it does not know, so that a misspelt key is an error and
not a silent default. Rules kept here: R13 (names Zotero would move are refused at start), R32 (folders stay inside
the vault), law 14 (an address holds no password).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from bridge.core.names import EXTENSION
from bridge.core.policy import ORDER
from bridge.core.status import ROLES, StatusNames
from bridge.errors import ConfigError
from bridge.vault.names import stem_of

ZOTERO_ORG = "https://api.zotero.org"
STREAM_ZOTERO_ORG = "wss://stream.zotero.org"
LIBRARY = re.compile(r"(users|groups)/[1-9][0-9]*")
# Zotero fields that have a row of their own, hold other rows (`extra`), or are no text a person edits.
_OWN_ROWS = {
    "title": "title",
    "citationKey": "citekey",
    "DOI": "doi",
    "url": "url",
    "extra": "extra:…",
    "abstractNote": "the abstract",
}


def _folder(text: str) -> str:
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


Folder = Annotated[str, AfterValidator(_folder)]


def _address(text: str, scheme: str) -> str:
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


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LibraryConfig(_Section):
    """One Zotero library: ``id`` as in the API's paths, the server's address, and the folder new notes are made in."""

    id: str
    url: str = ZOTERO_ORG
    folder: Folder = "Papers"

    @field_validator("id")
    @classmethod
    def _is_library(cls, text: str) -> str:
        if not LIBRARY.fullmatch(text):
            raise ValueError("a library is written users/<number> or groups/<number>")
        return text

    @field_validator("url")
    @classmethod
    def _is_address(cls, text: str) -> str:
        return _address(text, "http").rstrip("/")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server, lower case: what a key is approved for (R24)."""
        return origin_of(self.url)


class NotesConfig(_Section):
    """Which notes are made, where their templates are, and how their files are called."""

    create: Literal["all", "wanted"] = "all"
    file: str = "@{citekey}.md"
    max_new: Annotated[int, Field(ge=1)] = 1000
    templates: Folder = "Templates/Bridge"

    @field_validator("file")
    @classmethod
    def _is_file_template(cls, text: str) -> str:
        if not text.endswith(EXTENSION) or "/" in text or "\\" in text:
            raise ValueError(f"this is a file's name, without folders, ending in {EXTENSION}")
        try:
            stem_of(text, "ABCD2345", {})
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if not any(name in text for name in ("{citekey}", "{key}", "{title}")):
            raise ValueError("papers would share one name; use {citekey}, {key} or {title}")
        return text


class TagsConfig(_Section):
    """What becomes of Zotero's automatic tags."""

    automatic: Literal["keywords", "tags", "off"] = "keywords"


class StatusConfig(_Section):
    """Where the read status lives in Zotero, and what its names are.

    ``names`` renames or adds statuses: name in notes to name in Zotero. ``tags`` says, for ``store = "tag"``, which
    tag stands for which status; a status without one is stored as no tag.
    """

    store: Literal["extra", "tag"] = "extra"
    names: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _each_stands_for_one(self) -> Self:
        if self.tags and self.store == "extra":
            raise ValueError('tags are used with store = "tag" only')
        taken: dict[str, str] = {}
        for name, tag in self.tags.items():
            if other := taken.get(tag.strip().casefold()):
                raise ValueError(f"{other} and {name} would be the same tag")
            taken[tag.strip().casefold()] = name
        names = StatusNames(self.names)
        for name in self.names:
            if problem := names.usable(name):
                raise ValueError(f"{name}: {problem}")
        return self

    def status_tags(self) -> Mapping[str, str]:
        """Status to tag when the status is kept in a tag; new papers bear none."""
        return self.tags or {name: name for name in ROLES if name != "new"}


class TimeConfig(_Section):
    """The zone in which a day begins and ends (R10); fixed at ``init``, so that every machine agrees on it."""

    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, text: str) -> str:
        try:
            ZoneInfo(text)
        except (ValueError, OSError, KeyError):
            raise ValueError('name a zone of the IANA database, such as "Europe/Berlin"') from None
        return text


class ConflictsConfig(_Section):
    """Who wins when both sides changed a field: a person (``ask``), or always one side."""

    policy: Literal["ask", "zotero", "vault"] = "ask"


class CitekeysConfig(_Section):
    """Making citation keys for items that have none (R19)."""

    generate: Literal["off"] = "off"
    formula: str = "{author}{year}{word}"

    @field_validator("generate", mode="before")
    @classmethod
    def _not_yet(cls, value: object) -> object:
        if value == "both":
            raise ValueError('making citation keys is not part of this version yet; write "off"')
        return value


class GuardsConfig(_Section):
    """When a cycle stops and asks (law 10): more than ``share`` of all items *and* at least ``minimum`` of them."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    minimum: Annotated[int, Field(ge=1)] = 20


class DaemonConfig(_Section):
    """How the daemon paces itself, in seconds.

    A note is left alone until it has been seen unchanged for ``quiet_seconds`` (Obsidian saves every two seconds while
    one types). Zotero is asked every ``poll_seconds`` while things change, and ever more seldom, up to
    ``idle_poll_seconds``, while nothing does. ``notify``: say on the desktop that something new needs a person.
    ``push``: let Zotero announce changes (R24: see :mod:`bridge.daemon.push`), which needs the extra ``stream``.
    """

    quiet_seconds: Annotated[float, Field(ge=0, le=3600)] = 5
    poll_seconds: Annotated[float, Field(ge=0.05, le=3600)] = 5
    idle_poll_seconds: Annotated[float, Field(ge=0.05, le=86400)] = 60
    notify: bool = False
    push: bool = True
    stream_url: str = STREAM_ZOTERO_ORG

    @field_validator("stream_url")
    @classmethod
    def _is_stream(cls, text: str) -> str:
        return _address(text, "ws")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.idle_poll_seconds < self.poll_seconds:
            raise ValueError("idle_poll_seconds must not be less than poll_seconds")
        return self


class TopicsConfig(_Section):
    """Which collections and tags are topics; see :class:`bridge.indexes.rules.TopicRules`."""

    sources: tuple[Literal["collection", "tag"], ...] = ("collection", "tag")
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = {}
    min_papers: Annotated[int, Field(ge=1)] = 3
    hierarchy: bool = True

    @field_validator("sources", "include", "exclude", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class WeeksConfig(_Section):
    """On which day weeks begin, and whether the person's own weekly notes hold them (``Weekly/{week}.md``)."""

    first_day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    host: str = ""

    @field_validator("host")
    @classmethod
    def _names_a_note(cls, text: str) -> str:
        if not text:
            return text
        if text.count("{week}") != 1 or not text.endswith(".md"):
            raise ValueError('name a note for each week, such as "Weekly/{week}.md"')
        _folder(text)
        return text


class IndexConfig(_Section):
    """The notes that the bridge writes about the library: where they are, and which.

    ``pages`` are the kinds that are written. ``attention``: ``Needs attention.md``, there while something needs a
    person.
    """

    folder: Folder = "Index"
    pages: tuple[Literal["topics", "topic", "week", "reading-list", "log", "questions"], ...] = (
        "topics",
        "topic",
        "week",
        "reading-list",
        "log",
        "questions",
    )
    topics: TopicsConfig = TopicsConfig()
    weeks: WeeksConfig = WeeksConfig()
    attention: bool = True

    @field_validator("pages", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class SandboxConfig(_Section):
    """The embedded library of a demo vault: its data folder, relative to the vault."""

    data: str

    @field_validator("data")
    @classmethod
    def _inside(cls, text: str) -> str:
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("the folder must be inside the vault, as a relative path")
        return text


class Config(_Section):
    """The whole configuration of one vault."""

    library: tuple[LibraryConfig, ...]
    notes: NotesConfig = NotesConfig()
    tags: TagsConfig = TagsConfig()
    status: StatusConfig = StatusConfig()
    fields: Mapping[str, str] = {}
    keys: Mapping[str, str] = {}
    time: TimeConfig = TimeConfig()
    conflicts: ConflictsConfig = ConflictsConfig()
    citekeys: CitekeysConfig = CitekeysConfig()
    guards: GuardsConfig = GuardsConfig()
    daemon: DaemonConfig = DaemonConfig()
    index: IndexConfig = IndexConfig()
    sandbox: SandboxConfig | None = None

    @field_validator("library", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        """``[library]`` for one, ``[[library]]`` for several."""
        if isinstance(value, Mapping):
            return (value,)
        return tuple(value) if isinstance(value, list) else value

    @field_validator("library")
    @classmethod
    def _apart(cls, libraries: tuple[LibraryConfig, ...]) -> tuple[LibraryConfig, ...]:
        if not libraries:
            raise ValueError("name at least one library")
        seen: list[LibraryConfig] = []
        for library in libraries:
            for other in seen:
                if library.id == other.id:
                    raise ValueError(f"{library.id} is named twice")
                if _nested(library.folder, other.folder):
                    raise ValueError(f"{other.id} and {library.id} need folders of their own, not one in the other")
            seen.append(library)
        return libraries

    @field_validator("fields")
    @classmethod
    def _fields_fit(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        taken: dict[str, str] = {}
        for name, target in fields.items():
            if other := taken.get(target.casefold()):
                raise ValueError(f"{name}: {target} is kept in {other} already")
            taken[target.casefold()] = name
            if problem := _field_problem(name, target):
                raise ValueError(f"{name}: {problem}")
        return fields

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        canonical = (*ORDER, *self.fields)
        shown = [self.keys.get(name, name) for name in canonical]
        for name, own in self.keys.items():
            if name not in canonical:
                raise ValueError(f"keys: there is no key {name} to rename{near(name, canonical)}")
            if problem := _key_problem(own):
                raise ValueError(f"keys.{name}: {problem}")
            if shown.count(own) > 1:
                raise ValueError(f"keys.{name}: two keys would be called {own}")
        return self

    def fingerprint(self) -> str:
        """A digest of everything that decides what a record looks like on either side.

        The cycle keeps it beside the base: where it changed, every item is compared anew. What only paces or stops a
        cycle (guards, conflict policy, the server's address) is left out.
        """
        said = self.model_dump(
            mode="json",
            exclude={
                "guards": True,
                "conflicts": True,
                "daemon": True,
                "index": True,
                "sandbox": True,
                "library": {"__all__": {"url"}},
            },
        )
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


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


def _nested(one: str, other: str) -> bool:
    # Folder names are compared without regard to case: Papers and papers are one folder on most desktops.
    a, b = (PurePosixPath(text.casefold()) for text in (one, other))
    return a.is_relative_to(b) or b.is_relative_to(a)


def _key_problem(name: str) -> str | None:
    if not re.fullmatch(r"[^\W_][\w -]*", name) or name != name.strip():
        return "a key is made of letters, digits, spaces, - and _"
    return None


def _field_problem(name: str, target: str) -> str | None:
    """Why a row of ``[fields]`` is refused, or None (R13)."""
    if problem := _key_problem(name):
        return problem
    if name in ORDER or name in ("abstract", "extra"):
        return "this key is taken by Bridge itself"
    kind, colon, extra = target.partition(":")
    if colon:
        if kind != "extra":
            return 'write "extra:Name" for a line of Extra, or the name of a Zotero field'
        from bridge.zotero.extra import (
            custom_name_problem,
        )  # reads the schema: only where there are such fields

        return custom_name_problem(extra)
    if own := _OWN_ROWS.get(target):
        return f"Zotero's {target} is already kept in step ({own})"
    from bridge.data import schema  # as above

    known = schema().fields
    if target not in known:
        return f"Zotero has no field {target}{near(target, known)}"
    return None
