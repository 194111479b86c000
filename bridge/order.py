"""What a person asks for with a cycle: the one value that commands, the daemon's mailbox and the app share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bridge.core.renames import Rekeying
    from bridge.sync.adopting import Adopting


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for with a cycle; ``answer`` is a conflict's number and the side to keep."""

    dry_run: bool = False
    yes: bool = False
    take_over: bool = False
    full: bool = False  # read both sides whole, whatever their versions and dates say
    quiet: bool = False  # leave alone what somebody is editing; only where the app stays (:meth:`bridge.app.App.stay`)
    answer: tuple[int, Literal["zotero", "vault"]] | None = None
    #: Take this cycle back instead of running one; :data:`bridge.undo.LAST` for the last that can be.
    undo: int | None = None
    adopting: Adopting | None = None  # a cycle that does nothing else
    restore: tuple[str, str] | None = None  # the library ("" for any) and key of a paper whose note is wanted again
    rekey: Rekeying | None = None  # write a citation key into a note first, as its person would
    #: Show notes by the present templates and settings instead of running a cycle: these papers', or all of them (R34).
    refresh: tuple[str, ...] | None = None
    index: bool = False  # only write all index notes anew
