"""The exit codes of the contract, and which one wins (R37)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from bridge.errors import (
    BridgeError,
    GuardStop,
    NotAVaultError,
    UnreachableError,
    UsageError,
    VaultOwnedError,
)

if TYPE_CHECKING:
    from bridge.sync.report import Report


class Code(IntEnum):
    """What a command ends with."""

    IN_STEP = 0
    ERROR = 1
    USAGE = 2
    REMAINS = 3  # done, but conflicts or held items remain
    STOPPED = 4  # by a guard, or since another machine syncs this vault (R31)
    LATER = 5  # Zotero is out of reach


_BY_CLASS: tuple[tuple[type[BridgeError], Code], ...] = (
    (UsageError, Code.USAGE),
    (NotAVaultError, Code.USAGE),
    (GuardStop, Code.STOPPED),
    (VaultOwnedError, Code.STOPPED),
    (UnreachableError, Code.LATER),
)


def of_error(error: BridgeError) -> Code:
    """The code of an error that ended a command."""
    return next((code for kind, code in _BY_CLASS if isinstance(error, kind)), Code.ERROR)


def of_report(report: Report) -> Code:
    """The code of a cycle that came to its end: what could not be reached outranks what remains (R37)."""
    if report.out_of_reach:
        return Code.LATER
    return Code.REMAINS if report.conflicts or report.held or report.left else Code.IN_STEP
