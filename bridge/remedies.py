"""What to do about something held, by its code: said on the command line and in ``Index/Needs attention.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.core.plan import Held

_HELD = {
    # the file
    "broken-yaml": "mend the properties at the top of the note",
    "duplicate-key-in-note": "keep one of the two properties of the same name",
    "not-utf8": "save the file as UTF-8",
    "unreadable": "give yourself the right to read it, or close what is writing it",
    "unavailable": "have the cloud drive keep it on this machine; until then it counts as present",
    "broken-block": "put the begin and end lines of the block back, or delete both",
    "broken-template": "mend that template, or rename it to have the built-in one back",
    # who it is
    "copied-note": "delete the copy, or take zotero-key out of it",
    "conflict-copy": "carry what you need over into the note, then delete the copy",
    "lost-key": "put the zotero-key back, or delete the note",
    "key-changed": "put the old zotero-key back",
    "bad-zotero-key": "mend the zotero-key: eight capitals and digits, as in zotero-link",
    "bad-zotero-library": "mend zotero-library: users/<number> or groups/<number>",
    "unknown-item": "see whether its library is configured; if the paper is gone for good, take zotero-key out",
    "foreign-note": "to make that note the paper's own, run bridge adopt; see what it does with --dry-run",
    # one value
    "not-one-value": "leave one value",
    "not-text": "write it as plain text",
    "not-a-date": "write the day as YYYY-MM-DD",
    "tags-not-a-list": "write the tags as a list",
    "cleared-title": "give it a title again",
    "cleared-citekey": "give it a citation key again",
    "refused-collections": "use a collection that exists in Zotero, or make it there first",
    "refused-tags": "shorten the tag, or take it out",
    "refused-related": "link to the note of a paper of this library, or take it out",
    "refused-status": "choose a status without : ; |",
    "refused-by-zotero": "change the value to one that Zotero takes",
    "put-back-fight": "find the tool or template that keeps writing it and let it leave the note alone",
}


def for_held(held: Held) -> str:
    """What to do about something held, by its code; empty where the reason says it all."""
    return _HELD.get(held.code, "").format(key=held.id.key if held.id else "")
