"""What a cycle did, in the form that the contract fixes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.core.plan import SideName
from bridge.state.history import ChangeRow

if TYPE_CHECKING:
    from bridge.core.renames import RenamePreview
    from bridge.sync.adopting import Survey


@dataclass(slots=True)
class Report:
    """Counts of one cycle; :meth:`to_json` is the contract's object."""

    zotero_created: int = 0
    zotero_updated: int = 0
    zotero_trashed: int = 0
    vault_created: int = 0
    vault_updated: int = 0
    vault_renamed: int = 0
    vault_marked: int = 0
    indexes_written: int = 0
    conflicts: int = 0
    held: int = 0
    requests: int = 0
    seconds: float = 0.0
    cursors: dict[str, int] = field(default_factory=dict)
    plan: list[ChangeRow] | None = None
    #: Which notes fit which papers, where a dry run was to find that out.
    adoption: Survey | None = None
    #: What would be renamed in the vault, and what would follow, where a dry run looked.
    renames: RenamePreview | None = None
    #: Why Zotero could not be reached for a part of the work; the rest is done, this waits for the next cycle.
    out_of_reach: str = ""
    #: Of a refresh: the notes that were written, or would be, by path; ``left`` are those a person's words kept.
    refreshed: list[str] | None = None
    #: Of index notes made anew: what :class:`bridge.indexing.Renewal` says.
    index: dict[str, list[str]] | None = None
    #: Of an undoing: the cycle it takes back and its own number, how many notes it took away, and what it left alone,
    #: as (what, why).
    undoes: int = 0
    cycle: int = 0
    removed: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    #: What a person should hear once, in words.
    messages: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was written, or would be."""
        return bool(
            self.zotero_created
            or self.zotero_updated
            or self.zotero_trashed
            or self.vault_created
            or self.vault_updated
            or self.vault_renamed
            or self.vault_marked
            or self.indexes_written
            or self.removed
        )

    def count(self, side: SideName, changes: list[ChangeRow]) -> None:
        """Count one item's changes on one side."""
        if not changes:
            return
        if side == "zotero":
            is_new = any(change.why == "new" for change in changes)
            self.zotero_created += is_new
            self.zotero_updated += not is_new
        elif any(change.why == "new" for change in changes):
            self.vault_created += 1
        elif any(change.field == "zotero-status" for change in changes):
            self.vault_marked += 1
        else:
            self.vault_updated += 1

    def count_gone(self, changes: list[ChangeRow]) -> None:
        """Count one paper that followed its note out of sight, or came back with it."""
        is_trashed = any((change.field, change.after) == ("zotero-status", "trashed") for change in changes)
        self.zotero_trashed += is_trashed
        self.zotero_updated += not is_trashed

    def to_json(self) -> dict[str, Any]:
        """The object that ``sync --once --json`` prints."""
        cursors = list(self.cursors.values())
        found: dict[str, Any] = {
            "zotero": {"created": self.zotero_created, "updated": self.zotero_updated, "trashed": self.zotero_trashed},
            "vault": {
                "created": self.vault_created,
                "updated": self.vault_updated,
                "renamed": self.vault_renamed,
                "marked": self.vault_marked,
            },
            "indexes": {"written": self.indexes_written},
            "conflicts": self.conflicts,
            "held": self.held,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "cursor": cursors[0] if cursors else 0,
        }
        if len(cursors) > 1:
            found["cursors"] = dict(self.cursors)
        if self.undoes:
            left = [{"what": what, "why": why} for what, why in self.left]
            found["undo"] = {"undoes": self.undoes, "cycle": self.cycle, "removed": self.removed, "left": left}
        if self.refreshed is not None:
            left = [{"what": what, "why": why} for what, why in self.left]
            found["refresh"] = {"notes": self.refreshed, "left": left}
        if self.plan is not None:
            found["plan"] = [
                {
                    "side": change.side,
                    "library": change.id.library,
                    "key": change.id.key,
                    "title": change.title,
                    "path": change.path,
                    "field": change.field,
                    "before": change.before,
                    "after": change.after,
                    "why": change.why,
                }
                for change in self.plan
            ]
        return found
