"""Children that Bridge itself makes below papers: between API objects and :mod:`bridge.core.mirror`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.core.mirror import ChildWrite, Hung


def hung(item: Mapping[str, Any]) -> Hung:
    """What a stored object shows as a child of a paper."""
    data = item["data"]
    is_link = data.get("itemType") == "attachment" and data.get("linkMode") == "linked_url"
    return Hung(
        key=item["key"],
        parent=str(data.get("parentItem") or ""),
        kind="note" if data.get("itemType") == "note" else "link" if is_link else "other",
        token=str(item["version"]),
        trashed=bool(data.get("deleted")),
        html=str(data.get("note") or ""),
        url=str(data.get("url") or ""),
    )


def fields(write: ChildWrite, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of ``data`` to be sent: all of a new child, of one that is there only what it shows."""
    shown = {"note": write.html} if write.kind == "note" else {"title": write.title, "url": write.url}
    if stored is not None:
        restored = {"deleted": 0} if stored["data"].get("deleted") else {}
        return {name: shown[name] for name in ("note", "url") if name in shown} | restored
    # Zotero's desktop reads what kind of attachment it is before all else.
    kind = {"itemType": "note"} if write.kind == "note" else {"itemType": "attachment", "linkMode": "linked_url"}
    return {**kind, "parentItem": write.parent, **shown, "tags": [], "relations": {}}
