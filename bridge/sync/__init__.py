"""One cycle: scan both sides, reconcile against the base, guard, apply, advance the base. No timers, no merging.

* :mod:`bridge.sync.ports`: what a cycle needs of the two sides, beyond :class:`bridge.core.side.Side`;
* :mod:`bridge.sync.download`: Zotero's news into the state, whole or not at all (R3, R16, R17);
* :mod:`bridge.sync.planning`: what is due, and what each item needs (R1, R4, R8, R15, R26);
* :mod:`bridge.sync.applying`: plans carried out, and the base moved by what was confirmed (laws 5, 6, 7);
* :mod:`bridge.sync.guarding`: questions to a person before too much is changed (law 10, R33);
* :mod:`bridge.sync.cycle`: the order of all that, and the report.

Beside them stand what a cycle does for some vaults only (:mod:`~bridge.sync.pushing`, :mod:`~bridge.sync.leaving`,
:mod:`~bridge.sync.keymaking`, :mod:`~bridge.sync.adopting`), and what takes one back (:mod:`~bridge.sync.undoing`,
:mod:`~bridge.sync.resettling`).
"""

from bridge.sync.cycle import run_cycle
from bridge.sync.options import Options
from bridge.sync.ports import LibrarySide, Progress, VaultScanner
from bridge.sync.report import Report

__all__ = ["LibrarySide", "Options", "Progress", "Report", "VaultScanner", "run_cycle"]
