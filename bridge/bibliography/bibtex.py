r"""A CSL JSON item as an entry of a ``.bib`` file in BibLaTeX's terms, which Pandoc and biber read.

The choice of entry types and fields is that of Zotero's own BibLaTeX export (zotero/translators, ``BibLaTeX.js``) and
of the biblatex manual, section 2. The writing itself is :mod:`bibtexparser`'s. Text is kept in UTF-8; what TeX would
take for a command is escaped (law 13). A word of a title with a capital letter is put in braces, since readers turn
titles to sentence case otherwise: titles are shown as Zotero shows them.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_TYPES: Final = {
    "article": "online",  # a preprint
    "article-journal": "article",
    "article-magazine": "article",
    "article-newspaper": "article",
    "book": "book",
    "broadcast": "audio",
    "chapter": "incollection",
    "dataset": "dataset",
    "entry-dictionary": "inreference",
    "entry-encyclopedia": "inreference",
    "graphic": "artwork",
    "hearing": "jurisdiction",
    "bill": "legislation",
    "legal_case": "jurisdiction",
    "legislation": "legislation",
    "manuscript": "unpublished",
    "motion_picture": "movie",
    "paper-conference": "inproceedings",
    "patent": "patent",
    "personal_communication": "letter",
    "post": "online",
    "post-weblog": "online",
    "report": "report",
    "software": "software",
    "song": "music",
    "speech": "unpublished",
    "standard": "standard",
    "thesis": "thesis",
    "webpage": "online",
}
_ROLES: Final = {
    "author": "author",
    "editor": "editor",
    "translator": "translator",
    "container-author": "bookauthor",
}
#: Where the name of the whole goes, by entry type.
_CONTAINERS: Final = {
    "article": "journaltitle",
    "incollection": "booktitle",
    "inproceedings": "booktitle",
    "inreference": "booktitle",
}
#: Titles that readers bring to sentence case.
_TITLES: Final = frozenset({"booktitle", "eventtitle", "titleaddon"})
_SUBTYPES: Final = {"article-magazine": "magazine", "article-newspaper": "newspaper"}
#: Languages in babel's terms, as ``langid`` takes them; a language that is not here is left out.
_LANGUAGES: Final = {
    "de": "ngerman", "en": "english", "en-gb": "british", "en-us": "american", "es": "spanish", "fr": "french",
    "it": "italian", "la": "latin", "nl": "dutch", "pl": "polish", "pt": "portuguese", "pt-br": "brazilian",
    "ru": "russian", "sv": "swedish",
}  # fmt: skip
_SPECIAL: Final = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
_ESCAPED: Final = re.compile(r"[\\~^&%$#_{}]")
#: Zotero's markup in titles, as TeX has it.
_MARKUP: Final = {
    "i": "\\emph{",
    "b": "\\textbf{",
    "sub": "\\textsubscript{",
    "sup": "\\textsuperscript{",
    "span": "{",
    "sc": "\\textsc{",
}
_TAG: Final = re.compile(r"<(?P<end>/)?(?P<name>i|b|sub|sup|sc|span)(?P<rest>[ ][^<>]*)?>")
_WORD: Final = re.compile(r"[^\W_](?:[^\s{}<>()\[\],;:!?\"“”]*[^\W_])?")
_BAD_KEY: Final = re.compile(r"[\s,{}%\\\"#'()=~@]|[^\x21-\x7e\u00a1-\uffff]")
_ARXIV: Final = re.compile(r"^arxiv:\s*(\S+)$", re.IGNORECASE)
_VERBATIM: Final = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20"})


def is_usable(citekey: str) -> bool:
    """Whether a citation key can stand in a ``.bib`` file: TeX and biber give some characters a meaning."""
    return bool(citekey) and _BAD_KEY.search(citekey) is None


def entry(item: Mapping[str, Any]) -> str:
    """The text of one entry, ending in a line break.

    :param item: what :func:`bridge.zotero.csl.csl_item` gives; its ``id`` must be :func:`is_usable`.
    """
    # It comes without types, and with its parser takes 50 ms: needed only where a paper changed.
    from bibtexparser.bibdatabase import BibDatabase  # type: ignore[import-untyped]
    from bibtexparser.bwriter import BibTexWriter  # type: ignore[import-untyped]

    database = BibDatabase()
    fields = _fields(item)
    database.entries = [{"ENTRYTYPE": _TYPES.get(item["type"], "misc"), "ID": item["id"], **fields}]
    writer = BibTexWriter()
    writer.indent = "  "
    writer.display_order = list(fields)
    return str(writer.write(database)).strip() + "\n"


def _fields(item: Mapping[str, Any]) -> dict[str, str]:
    kind = _TYPES.get(item["type"], "misc")
    fields = {role: " and ".join(map(_name, item[name])) for name, role in _ROLES.items() if item.get(name)}
    fields |= {
        "title": title(item.get("title", "")),
        "shorttitle": title(item.get("title-short", "")),
        "date": _date(item.get("issued")),
    }
    for name, place in _plain(kind, item).items():
        fields[place] = title(item[name]) if place in _TITLES else escape(item[name])
    fields |= _numbers(kind, item)
    fields |= {
        "pages": escape(re.sub(r"\s*[-\u2013\u2014]+\s*", "--", item.get("page", ""))),
        "doi": _verbatim(item.get("DOI", "")),
        "url": _verbatim(item.get("URL", "")),
        "urldate": _date(item.get("accessed")) if item.get("URL") else "",
        "isbn": escape(item.get("ISBN", "")),
        "issn": escape(item.get("ISSN", "")),
        "langid": _LANGUAGES.get(item.get("language", "").lower().replace("_", "-"), ""),
        "entrysubtype": _SUBTYPES.get(item["type"], ""),
    }
    return {name: text for name, text in fields.items() if text}


def _plain(kind: str, item: Mapping[str, Any]) -> dict[str, str]:
    """Variables of the item to the fields they go into."""
    places = {
        "container-title": _CONTAINERS.get(kind, "titleaddon"),
        "collection-title": "series",
        "event-title": "eventtitle",
        "edition": "edition",
        "volume": "volume",
        "number-of-volumes": "volumes",
        "publisher": "institution" if kind in ("report", "thesis") else "publisher",
        "publisher-place": "location",
        "version": "version",
        "genre": "type" if kind in ("report", "thesis", "patent") else "",
        "number-of-pages": "pagetotal",
        "chapter-number": "chapter",
    }
    return {name: place for name, place in places.items() if place and item.get(name)}


def _numbers(kind: str, item: Mapping[str, Any]) -> dict[str, str]:
    """The number of an issue, of a report or patent, or of a volume in a series; an arXiv number is an eprint."""
    number = item.get("number", "")
    if kind == "online" and (arxiv := _ARXIV.match(number)):
        return {"eprint": _verbatim(arxiv[1]), "eprinttype": "arxiv"}
    return {"number": escape(item.get("issue") or number or item.get("collection-number", ""))}


def _name(name: Mapping[str, str]) -> str:
    """A name as BibTeX reads it: ``van der Maaten, Laurens``; a body's name in braces, which keep it whole."""
    if "literal" in name:
        return f"{{{escape(name['literal'])}}}"
    family = " ".join(part for part in (name.get("non-dropping-particle"), name["family"]) if part)
    return ", ".join(_guarded(escape(part)) for part in (family, name["given"]))


def _guarded(part: str) -> str:
    """A part of a name that holds a comma, or the word that parts names, in braces."""
    return f"{{{part}}}" if "," in part or re.search(r"(?:^|\s)and(?:\s|$)", part, re.IGNORECASE) else part


def _date(date: Mapping[str, Any] | None) -> str:
    """A date as EDTF, or as it was typed where nobody can tell."""
    if not date:
        return ""
    if "literal" in date:
        return escape(date["literal"])
    year, *rest = date["date-parts"][0]
    return "-".join((f"{year:04}", *(f"{part:02}" for part in rest)))


def _verbatim(text: str) -> str:
    """An address or identifier: TeX takes it as it stands, so only what would end the field is encoded."""
    return text.translate(_VERBATIM)


def escape(text: str) -> str:
    """Plain text as TeX shows it. Braces that do not match are parentheses, since BibTeX counts even escaped ones."""
    balanced = _is_balanced(text)

    def escaped(found: re.Match[str]) -> str:
        character = found[0]
        if character in "{}":
            return f"\\{character}" if balanced else "()"[character == "}"]
        return _SPECIAL[character]

    return _ESCAPED.sub(escaped, text)


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def title(text: str) -> str:
    """A title: Zotero's markup as TeX's, all else escaped, words with capitals kept as they are by braces."""
    pieces: list[str] = []
    opened = 0
    at = 0
    first = True
    for tag in _TAG.finditer(text):
        pieces.append(_words(text[at : tag.start()], is_first=first))
        first = first and not text[at : tag.start()].strip()
        at = tag.end()
        if not tag["end"]:
            opened += 1
            small = "small-caps" in (tag["rest"] or "")
            pieces.append(_MARKUP["sc" if small else tag["name"]])
        elif opened:
            opened -= 1
            pieces.append("}")
    pieces.append(_words(text[at:], is_first=first))
    return "".join(pieces) + "}" * opened


def _words(text: str, *, is_first: bool) -> str:
    balanced = _is_balanced(text)
    plain = text if balanced else text.replace("{", "(").replace("}", ")")
    start = len(plain) - len(plain.lstrip()) if is_first else -1

    def protected(found: re.Match[str]) -> str:
        word = found[0]
        # The first letter of all stays a capital anyway.
        if not any(letter.isupper() for letter in (word[1:] if found.start() == start else word)):
            return word
        return f"\x00{word}\x01"

    marked = _WORD.sub(protected, plain)
    return escape(marked).replace("\x00", "{").replace("\x01", "}")
