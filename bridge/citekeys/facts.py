"""What a formula may ask about a paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.core.record import Face
from bridge.data import schema

#: Kinds of creators in the order in which they stand in for a missing author, as in Better BibTeX.
CREATORS = ("author", "editor", "translator", "collaborator")
#: What says German in Zotero's free `language` field: only there `ü` is `ue`.
_GERMAN = ("de", "ger", "deu", "german", "deutsch")


@dataclass(frozen=True, slots=True)
class Creator:
    """A person, or an institution, which has a ``family`` only. ``kind`` is one of :data:`CREATORS`."""

    family: str
    given: str
    kind: str


@dataclass(frozen=True, slots=True)
class Work:
    """One paper, as formulas see it.

    ``title`` is without markup, ``published`` is ``2017``, ``2017-06`` or ``2017-06-12``, or empty. ``fields`` are the
    texts of Zotero's fields under their own names in lower case.
    """

    key: str = ""
    kind: str = ""
    title: str = ""
    published: str = ""
    creators: tuple[Creator, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def year(self) -> str:
        """The year of publication, or ``""``."""
        return self.published[:4]

    @property
    def is_german(self) -> bool:
        """Whether the paper says that it is in German."""
        language = self.fields.get("language", "").strip().casefold()
        return language.replace("_", "-").partition("-")[0] in _GERMAN

    def people(self, kind: str) -> tuple[Creator, ...]:
        """The creators of a kind; with ``*`` those of the first kind that has any."""
        for each in CREATORS if kind == "*" else (kind,):
            if found := tuple(one for one in self.creators if one.kind == each):
                return found
        return ()


def work_of(item: Mapping[str, Any], face: Face) -> Work:
    """The facts of a paper.

    :param item: its Web API object.
    :param face: its record's face: title and date are read there already.
    """
    data: Mapping[str, Any] = item["data"]
    kind = str(data.get("itemType", ""))
    shape = schema().types.get(kind)
    primary = shape.primary_creator if shape else None
    creators = (_creator(each, primary or "author") for each in data.get("creators") or ())
    fields = {name.casefold(): value for name, value in data.items() if isinstance(value, str)}
    for own, base in (shape.base if shape else {}).items():
        fields.setdefault(base.casefold(), fields.get(own.casefold(), ""))
    title, published = face.get("title", ""), face.get("published", "")
    assert isinstance(title, str)
    assert isinstance(published, str)
    return Work(str(item["key"]), kind, title, published, tuple(each for each in creators if each.family), fields)


def _creator(raw: Mapping[str, Any], primary: str) -> Creator:
    role = str(raw.get("creatorType", ""))
    kinds = {primary: "author", "author": "author", "editor": "editor", "seriesEditor": "editor"}
    kind = kinds.get(role, role if role in CREATORS else "collaborator")
    family, given = _unquoted(raw.get("lastName") or raw.get("name")), _unquoted(raw.get("firstName"))
    return Creator(family or given, given if family else "", kind)


def _unquoted(name: object) -> str:
    """A name's text; quotes around the whole of it only say that it is not to be taken apart."""
    text = " ".join(str(name or "").split())
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text
