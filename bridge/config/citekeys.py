"""``[citekeys]``: citation keys for papers that have none (R19)."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from bridge.config.parts import Section
from bridge.errors import ConfigError

#: Better BibTeX's everyday formula, with one word of the title.
EVERYDAY = "auth.lower + shorttitle(1,1) + year"


class CitekeysConfig(Section):
    """Whether papers without a citation key are given one, in Zotero and in their notes, and how it is made."""

    generate: Literal["off", "both"] = "off"
    formula: str = EVERYDAY

    @field_validator("formula")
    @classmethod
    def _is_formula(cls, text: str) -> str:
        if text != EVERYDAY:
            from bridge.citekeys import parse  # only where somebody has written one

            try:
                parse(text)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return text
