"""The sections on what notes show of what hangs below a paper: highlights, notes in Zotero, files (R34)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, field_validator

from bridge.config.parts import Section, near
from bridge.vault.shown import COLOURS


def _words(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("a heading is one line")
    return text.strip()


Heading = Annotated[str, AfterValidator(_words)]


class _BlockConfig(Section):
    """One block of notes."""

    show: bool = True
    heading: Heading = ""


class HighlightsConfig(_BlockConfig):
    """Highlights and other annotations: whether notes show them, under which heading (``""`` for none), in which order.

    ``colours`` names colours, by Zotero's names (``yellow``) or as ``#rrggbb``; with ``order = "colour"`` it is their
    order too.
    """

    heading: Heading = "Highlights"
    order: Literal["reading", "added", "colour"] = "reading"
    colours: Mapping[str, str] = {}

    @field_validator("colours")
    @classmethod
    def _are_colours(cls, colours: Mapping[str, str]) -> Mapping[str, str]:
        for colour, name in colours.items():
            if colour not in COLOURS.values() and not re.fullmatch("#[0-9a-f]{6}", colour):
                raise ValueError(f'{colour}: write a colour as "#ffd400" or as yellow{near(colour, COLOURS.values())}')
            if not name.strip():
                raise ValueError(f"{colour}: give it a name")
        return colours


class ZoteroNotesConfig(_BlockConfig):
    """Notes under a paper in Zotero: whether its note shows them, and under which heading (``""`` for none)."""

    heading: Heading = "Notes in Zotero"


class FilesConfig(_BlockConfig):
    """Files and web links: whether notes show them, and under which heading (``""`` for none)."""

    heading: Heading = "Files"
