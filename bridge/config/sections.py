"""The sections of the configuration: pydantic models, defaults included.

Every section may be missing and every model forbids keys it does not know, so that a misspelt key is an error and
not a silent default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from bridge.config.parts import Folder, Section, address, folder_in_vault, origin_of
from bridge.config.scope import ScopeConfig
from bridge.core.names import EXTENSION
from bridge.core.status import ROLES, StatusNames
from bridge.errors import ConfigError
from bridge.vault.names import stem_of

ZOTERO_ORG = "https://api.zotero.org"
STREAM_ZOTERO_ORG = "wss://stream.zotero.org"
LIBRARY = re.compile(r"(users|groups)/[1-9][0-9]*")


class LibraryConfig(Section):
    """One Zotero library: ``id`` as in the API's paths, the server's address, and the folder new notes are made in.

    ``scope`` is this library's own, in place of the vault's.
    """

    id: str
    url: str = ZOTERO_ORG
    folder: Folder = "Papers"
    scope: ScopeConfig | None = None

    @field_validator("id")
    @classmethod
    def _is_library(cls, text: str) -> str:
        if not LIBRARY.fullmatch(text):
            raise ValueError("a library is written users/<number> or groups/<number>")
        return text

    @field_validator("url")
    @classmethod
    def _isaddress(cls, text: str) -> str:
        return address(text, "http").rstrip("/")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server, lower case: what a key is approved for (R24)."""
        return origin_of(self.url)


Leave = Literal["mark", "archive", "trash"]


class NotesConfig(Section):
    """Which notes are made, where their templates are, how their files are called, and what of them goes to Zotero.

    ``push`` mirrors the section under the heading ``section`` as a child note of the paper; in group libraries only
    with ``push_groups``, for everybody there reads it.

    ``on_zotero_delete`` says what becomes of the note of a paper that was trashed or erased, ``on_note_delete`` what
    becomes of a paper whose note was deleted: nothing but a mark, the archive (a folder of the vault, a collection that
    is there in Zotero), or the trash of the other side.
    """

    create: Literal["all", "wanted"] = "all"
    file: str = "@{citekey}.md"
    max_new: Annotated[int, Field(ge=1)] = 1000
    templates: Folder = "Templates/Bridge"
    on_zotero_delete: Leave = "mark"
    on_note_delete: Leave = "mark"
    archive: Folder = "Archive"
    archive_collection: str = "Archive"
    push: bool = False
    push_groups: bool = False
    section: Annotated[str, Field(pattern=r"^[^\s#%].*$")] = "Notes"

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


class TagsConfig(Section):
    """What becomes of Zotero's automatic tags."""

    automatic: Literal["keywords", "tags", "off"] = "keywords"


class StatusConfig(Section):
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


class TimeConfig(Section):
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


class ConflictsConfig(Section):
    """Who wins when both sides changed a field: a person (``ask``), or always one side."""

    policy: Literal["ask", "zotero", "vault"] = "ask"


class GuardsConfig(Section):
    """When a cycle stops and asks (law 10): more than ``share`` of all items *and* at least ``minimum`` of them."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    minimum: Annotated[int, Field(ge=1)] = 20


class DaemonConfig(Section):
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
        return address(text, "ws")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.idle_poll_seconds < self.poll_seconds:
            raise ValueError("idle_poll_seconds must not be less than poll_seconds")
        return self


class TopicsConfig(Section):
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


class WeeksConfig(Section):
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
        folder_in_vault(text)
        return text


class IndexConfig(Section):
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


class SandboxConfig(Section):
    """The embedded library of a demo vault: its data folder, relative to the vault."""

    data: str

    @field_validator("data")
    @classmethod
    def _inside(cls, text: str) -> str:
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("the folder must be inside the vault, as a relative path")
        return text
