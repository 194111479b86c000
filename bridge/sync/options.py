"""How a cycle is to be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.core import safety
from bridge.core.renames import Rekeying
from bridge.sync.planning import Settings
from bridge.sync.pushing import Mirroring

if TYPE_CHECKING:
    from bridge.sync.adopting import Adopting


@dataclass(frozen=True, slots=True)
class Options:
    """How a cycle is to be run.

    ``dry_run`` plans and does nothing: give it a :meth:`State.snapshot <bridge.state.State.snapshot>`. ``yes`` answers
    the guards; ``answers`` answers some of them, by what they ask about (:func:`bridge.core.safety.about`): ``yes``, or
    ``put-back`` for edits in notes. ``adopting`` makes it a cycle that adopts notes and does nothing else.
    ``full`` compares everything. ``fingerprint`` names the configuration; a changed one compares everything too.
    ``restore`` names a paper whose note is to be there again, as library (``""`` for any) and item or citation key.
    ``rekey`` is a citation key that a dry run takes for changed.
    """

    settings: Settings
    dry_run: bool = False
    yes: bool = False
    full: bool = False
    fingerprint: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    adopting: Adopting | None = None
    rekey: Rekeying | None = None
    restore: tuple[str, str] | None = None
    limits: safety.Limits = field(default_factory=safety.Limits)
    #: What notes push into Zotero beside their fields; ``None`` where nothing is configured.
    mirroring: Mirroring | None = None
    #: The formula by which citation keys are made for papers that have none; ``""`` leaves them without.
    citekeys: str = ""
