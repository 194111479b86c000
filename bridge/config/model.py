"""The whole configuration of a vault, and what its sections must be to each other.

Rules kept here: R13 (names Zotero would move are refused at start).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Self

from pydantic import field_validator, model_validator

from bridge.config.bibliography import BibliographyConfig
from bridge.config.citekeys import CitekeysConfig
from bridge.config.history import HistoryConfig
from bridge.config.mirrors import BacklinkConfig
from bridge.config.parts import Section, near
from bridge.config.scope import ScopeConfig
from bridge.config.sections import (
    ConflictsConfig,
    DaemonConfig,
    GuardsConfig,
    IndexConfig,
    LibraryConfig,
    NotesConfig,
    SandboxConfig,
    StatusConfig,
    TagsConfig,
    TimeConfig,
)
from bridge.config.shown import FilesConfig, HighlightsConfig, ZoteroNotesConfig
from bridge.core.policy import ORDER

# Zotero fields that have a row of their own, hold other rows (`extra`), or are no text a person edits.
_OWN_ROWS = {
    "title": "title",
    "citationKey": "citekey",
    "DOI": "doi",
    "url": "url",
    "extra": "extra:…",
    "abstractNote": "the abstract",
}


class Config(Section):
    """The whole configuration of one vault."""

    library: tuple[LibraryConfig, ...]
    notes: NotesConfig = NotesConfig()
    scope: ScopeConfig = ScopeConfig()
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
    history: HistoryConfig = HistoryConfig()
    highlights: HighlightsConfig = HighlightsConfig()
    zotero_notes: ZoteroNotesConfig = ZoteroNotesConfig()
    files: FilesConfig = FilesConfig()
    backlink: BacklinkConfig = BacklinkConfig()
    bibliography: BibliographyConfig = BibliographyConfig()
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
                "citekeys": {
                    "formula"
                },  # it is asked about papers without a key, and of those nobody changed none is due
                "guards": True,
                "conflicts": True,
                "daemon": True,
                "index": True,
                "history": True,
                "highlights": True,  # `bridge refresh` shows what is there in another way
                "zotero_notes": True,
                "files": True,
                "backlink": True,
                "bibliography": True,
                "sandbox": True,
                "library": {"__all__": {"url"}},
            },
        )
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


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
