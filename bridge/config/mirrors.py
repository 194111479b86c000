"""``[backlink]``, and the part of ``[notes]`` that goes to Zotero."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from bridge.config.parts import Section


class BacklinkConfig(Section):
    """A link "Open in Obsidian" below each paper in Zotero; ``backlink = true`` says the same as ``enabled = true``.

    ``groups`` has it in group libraries, too, where others see it. ``vault`` is what Obsidian calls the vault, where
    that is not the name of its folder.
    """

    enabled: bool = False
    groups: bool = False
    vault: str = ""

    @model_validator(mode="before")
    @classmethod
    def _only_switched(cls, said: Any) -> Any:
        return {"enabled": said} if isinstance(said, bool) else said
