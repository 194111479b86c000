"""``[history]``: how long what a cycle did can be taken back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bridge.config.parts import Section


class HistoryConfig(Section):
    """``backup_days``: for how many days the bytes of replaced notes are kept for ``bridge undo``; 0 keeps none."""

    backup_days: Annotated[int, Field(ge=0, le=36500)] = 30
