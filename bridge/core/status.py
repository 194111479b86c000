"""Read status: the names notes use and those Zotero's Reading List plug-in keeps, each understood by the other.

Rule R10: a status nobody has heard of is a person's own word and is kept verbatim both ways. Everything else
is known by a *role* (one of the five of :data:`ROLES`), whatever it is called in a note or in Zotero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bridge.core.policy import normal_text

#: The five statuses: name in notes to the name the plug-in has out of the box (zotero-reading-list,
#: ``DEFAULT_STATUS_NAMES``).
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "new": "New",
        "to-read": "To Read",
        "reading": "In Progress",
        "read": "Read",
        "skipped": "Not Reading",
    }
)

_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "new": ("unseen", "inbox"),
        "to-read": ("unread", "todo", "to do", "toread", "tbr", "want to read", "planned", "next", "queued"),
        "reading": ("inprogress", "started", "currently reading", "doing", "ongoing"),
        "read": ("done", "finished", "completed", "complete"),
        "skipped": ("notreading", "skip", "abandoned", "dropped", "dnf", "did not finish", "wont read"),
    }
)

#: The plug-in stores its list of names in one preference text with these as separators.
_FORBIDDEN = ":;|"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _loose(text: str) -> str:
    """The form in which known names are looked up: case, hyphens, underscores and runs of space do not count."""
    return normal_text(text.replace("-", " ").replace("_", " ").replace("’", "").replace("'", "")).casefold()


@dataclass(frozen=True, slots=True)
class StatusNames:
    """The names in force.

    ``configured`` is the ``[status]`` table: name in notes to name in Zotero. An entry whose Zotero name is
    one of the five (``done = "Read"``) renames that status in notes; one whose note name is one of the five
    (``reading = "Lese ich"``) renames it in Zotero; any other adds a status of its own.
    """

    configured: Mapping[str, str] = field(default_factory=dict)
    _zotero: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _note: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _role: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        role_of = {_loose(zotero): role for role, zotero in ROLES.items()}
        shown = {role: role for role in ROLES}
        zotero_names: dict[str, str] = dict(ROLES)
        for typed, zotero in self.configured.items():
            note = normal_text(typed)
            role = note if note in ROLES else role_of.get(_loose(zotero), "")
            if role and shown[role] != note:
                zotero_names.pop(shown[role], None)
                shown[role] = note
            zotero_names[note] = normal_text(zotero)
        known: dict[str, str] = {}
        for role, note in shown.items():
            for word in (role, ROLES[role], *_SYNONYMS[role]):
                known[_loose(word)] = note
        # What was configured is said by a person and so outranks every built-in meaning of the same word.
        for note, zotero in zotero_names.items():
            if note not in ROLES or note in self.configured:
                known[_loose(zotero)] = note
        for note in zotero_names:
            known[_loose(note)] = note
        object.__setattr__(self, "_zotero", MappingProxyType(zotero_names))
        object.__setattr__(self, "_note", MappingProxyType(known))
        object.__setattr__(self, "_role", MappingProxyType({note: role for role, note in shown.items()}))

    def normal(self, text: str) -> str:
        """The name notes show for any spelling or synonym; an unknown name as it is, in normal form."""
        return self._note.get(_loose(text)) or normal_text(text)

    def to_zotero(self, note_name: str) -> str:
        """The name Zotero keeps for a status typed in a note."""
        name = self.normal(note_name)
        return self._zotero.get(name, name)

    def from_zotero(self, zotero_name: str) -> str:
        """The name notes show for what Zotero keeps: its :meth:`normal` form, so that a synonym is no edit."""
        return self.normal(zotero_name)

    def role(self, name: str) -> str:
        """Which of the five :data:`ROLES` a status plays, whatever it is called; ``""`` for a person's own word."""
        return self._role.get(self.normal(name), "")

    def is_reading(self, name: str) -> bool:
        """Whether this is the status of a paper one is in the middle of."""
        return self.role(name) == "reading"

    def is_read(self, name: str) -> bool:
        """Whether this is the status of a paper one has finished."""
        return self.role(name) == "read"

    def usable(self, name: str) -> str | None:
        """Why Zotero cannot keep this status, or None.

        The Reading List plug-in forbids ``: ; |`` in its names, and a name is one line of Extra.
        """
        zotero = self.to_zotero(name)
        if any(sign in zotero for sign in _FORBIDDEN):
            return "a status cannot hold any of : ; |"
        if len(name.strip().splitlines()) > 1 or _CONTROL.search(zotero):
            return "a status is one line of text"
        return None
