"""A Zotero item as a CSL JSON item: what citation processors, Pandoc among them, call the parts of a reference. Pure.

The names follow the table ``csl`` of Zotero's published schema (https://api.zotero.org/schema, version 42) and the way
``Zotero.Utilities.Item.itemToCSLJSON`` applies it: a variable is the first of its fields that the item has, and whoever
is an item type's primary creator is its author. Extra is left out: its lines are people's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bridge.data import schema
from bridge.zotero import dates
from bridge.zotero.fields import shape
from bridge.zotero.richtext import one_line

_TYPES: Final = {
    "artwork": "graphic",
    "audioRecording": "song",
    "bill": "bill",
    "blogPost": "post-weblog",
    "book": "book",
    "bookSection": "chapter",
    "case": "legal_case",
    "computerProgram": "software",
    "conferencePaper": "paper-conference",
    "dataset": "dataset",
    "dictionaryEntry": "entry-dictionary",
    "document": "document",
    "email": "personal_communication",
    "encyclopediaArticle": "entry-encyclopedia",
    "film": "motion_picture",
    "forumPost": "post",
    "hearing": "hearing",
    "instantMessage": "personal_communication",
    "interview": "interview",
    "journalArticle": "article-journal",
    "letter": "personal_communication",
    "magazineArticle": "article-magazine",
    "manuscript": "manuscript",
    "map": "map",
    "newspaperArticle": "article-newspaper",
    "patent": "patent",
    "podcast": "broadcast",
    "preprint": "article",
    "presentation": "speech",
    "radioBroadcast": "broadcast",
    "report": "report",
    "standard": "standard",
    "statute": "legislation",
    "thesis": "thesis",
    "tvBroadcast": "broadcast",
    "videoRecording": "motion_picture",
    "webpage": "webpage",
}
#: Variable to the base fields it may come from, best first; `archiveID` is the number of a preprint.
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "archive": ("archive",),
    "archive_location": ("archiveLocation",),
    "authority": ("authority", "court", "legislativeBody", "issuingAuthority"),
    "call-number": ("callNumber", "applicationNumber"),
    "chapter-number": ("session",),
    "collection-number": ("seriesNumber",),
    "collection-title": ("seriesTitle", "series"),
    "container-title": ("publicationTitle", "reporter", "code"),
    "dimensions": ("artworkSize", "runningTime"),
    "DOI": ("DOI",),
    "edition": ("edition",),
    "event-title": ("meetingName", "conferenceName"),
    "genre": ("type", "programmingLanguage"),
    "ISBN": ("ISBN",),
    "ISSN": ("ISSN",),
    "issue": ("issue", "priorityNumbers"),
    "journalAbbreviation": ("journalAbbreviation",),
    "language": ("language",),
    "medium": ("medium", "system"),
    "number": ("number", "archiveID"),
    "number-of-pages": ("numPages",),
    "number-of-volumes": ("numberOfVolumes",),
    "page": ("pages",),
    "publisher": ("publisher",),
    "publisher-place": ("place",),
    "scale": ("scale",),
    "section": ("section", "committee"),
    "status": ("status", "legalStatus"),
    "title": ("title",),
    "title-short": ("shortTitle",),
    "URL": ("url",),
    "version": ("versionNumber",),
    "volume": ("volume", "codeNumber"),
}
_DATES: Final = {"issued": "date", "accessed": "accessDate", "submitted": "filingDate", "original-date": "originalDate"}
_NAMES: Final = {
    "author": "author",
    "bookAuthor": "container-author",
    "castMember": "performer",
    "composer": "composer",
    "contributor": "contributor",
    "director": "director",
    "editor": "editor",
    "guest": "guest",
    "interviewer": "interviewer",
    "originalCreator": "original-author",
    "performer": "performer",
    "podcaster": "host",
    "producer": "producer",
    "recipient": "recipient",
    "reviewedAuthor": "reviewed-author",
    "scriptwriter": "script-writer",
    "seriesEditor": "collection-editor",
    "translator": "translator",
}
_PARTICLE: Final = re.compile(r"^((?:[a-zà-ÿ]['’a-zà-ÿ-]*[ ]|[dl]['’])+)(?=\S)")


def csl_item(item: Mapping[str, Any], citekey: str) -> dict[str, Any]:
    """The CSL JSON item (https://citeproc-js.readthedocs.io, "CSL-JSON") of a top-level regular item.

    Keys come in a fixed order; what the item lacks is left out. Titles keep Zotero's markup, which is CSL JSON's too.
    """
    data = item["data"]
    kind = shape(data["itemType"])
    found: dict[str, Any] = {"id": citekey, "type": _TYPES.get(data["itemType"], "document")}
    for variable, fields in _TEXTS.items():
        if text := _first(data, (kind.field(name) for name in fields), fields):
            found[variable] = text
    known = schema().types.get(data["itemType"])
    primary = known.primary_creator if known is not None else None
    for creator in data.get("creators") or ():
        role = "author" if creator.get("creatorType") == primary else _NAMES.get(creator.get("creatorType", ""))
        if role is not None and (name := _name(creator)):
            found.setdefault(role, []).append(name)
    parsed = (item.get("meta") or {}).get("parsedDate") or ""
    for variable, field in _DATES.items():
        raw = one_line(data.get(kind.field(field)) or "")
        if date := _date(raw, parsed if variable == "issued" else ""):
            found[variable] = date
    return found


def _first(data: Mapping[str, Any], own: Iterable[str], base: Iterable[str]) -> str:
    names = dict.fromkeys((*own, *base))
    return next((text for name in names if (text := one_line(data.get(name) or ""))), "")


def _name(creator: Mapping[str, Any]) -> dict[str, str]:
    """A creator as a CSL name; a particle written before the family name counts as one (``van der Maaten``)."""
    if literal := one_line(creator.get("name") or ""):
        return {"literal": literal}
    family, given = one_line(creator.get("lastName") or ""), one_line(creator.get("firstName") or "")
    if not family or not given:
        return {"literal": family or given} if family or given else {}
    found = _PARTICLE.match(family)
    if found is None:
        return {"family": family, "given": given}
    return {
        "family": family[found.end() :],
        "given": given,
        "non-dropping-particle": found[1].strip(),
    }


def _date(raw: str, parsed: str) -> dict[str, Any]:
    day = dates.published(parsed, raw)
    if day:
        return {"date-parts": [[int(part) for part in day.split("-")]]}
    return {"literal": raw} if raw else {}
