"""Where a highlight inside a note leads: into its file, at its page (R25)."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import unquote

#: The key of an item.
KEY: Final = re.compile(r"[0-9A-Z]{8}")
_ITEM_URI: Final = re.compile(
    r"https?://zotero\.org/(?:users/(?:local/\w+|\d+)|groups/(?P<group>\d+))/items/(?P<key>[0-9A-Z]{8})"
)


def open_link(encoded: str) -> tuple[str, str] | None:
    """The link into the file and the words for the page, from ``data-annotation``; ``None`` where that says nothing.

    That is URI-encoded JSON with ``attachmentURI`` (``uri`` until schema version 4), ``annotationKey``, ``pageLabel``
    and ``position`` (zotero/note-editor, ``src/core/schema/README.md``).
    """
    try:
        data: Any = json.loads(unquote(encoded))
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    found = _ITEM_URI.fullmatch(str(data.get("attachmentURI") or data.get("uri") or ""))
    if found is None:
        return None
    library = f"groups/{found['group']}" if found["group"] else "library"
    position = data.get("position")
    page = position.get("pageIndex") if isinstance(position, dict) else None
    is_pdf = isinstance(page, int) and not isinstance(page, bool) and page >= 0
    parts = [f"page={page + 1}"] if is_pdf and isinstance(page, int) else []
    if KEY.fullmatch(str(data.get("annotationKey") or "")):
        parts.append(f"annotation={data['annotationKey']}")
    query = f"?{'&'.join(parts)}" if parts else ""
    label = " ".join(str(data.get("pageLabel") or "").split())[:50]
    return (
        f"zotero://{'open-pdf' if is_pdf else 'open'}/{library}/items/{found['key']}{query}",
        f"p. {label}" if label else "",
    )
