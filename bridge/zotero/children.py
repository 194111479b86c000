"""What hangs below a paper, from the JSON of its children to :class:`~bridge.core.children.Children`. Pure.

Kept here: R21 (what is in the trash is not shown, and nothing below what is in the trash), R25 (links), law 13 (every
text is free of control characters, a link leads only where R25 allows).

Sources: zotero/zotero (10.0): ``Item.getBestAttachments`` for which file comes first, ``Item.attachmentReaderType`` for
what the reader opens, ``OpenExtension`` for ``zotero://open-pdf`` (page = ``pageIndex`` + 1), ``editorInstance.js``
(``_transformTextToHTML``) for the markup of comments; zotero/dataserver, ``model/Item.inc.php``, for the forms of
``annotationSortIndex``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import blake2b
from html import unescape
from operator import attrgetter
from typing import Any, Final, get_args
from urllib.parse import quote

from bridge.core.children import FILES, HIGHLIGHTS, NOTES, ChildNote, Children, File, FileKind, Highlight, MarkKind
from bridge.zotero import dates, itemtags
from bridge.zotero.richtext import one_line, plain_marks, unbroken

#: Bytes of the digest that stands for a block's source in a face.
_DIGEST = 8
#: Longest title made from a note's first line, as in Zotero.
_TITLE = 120

_MARKS: Final = frozenset(get_args(MarkKind))
#: What the reader opens, by content type; files of other types open outside Zotero.
_READER: Mapping[str, FileKind] = {
    "application/pdf": "pdf",
    "application/epub+zip": "epub",
    "text/html": "snapshot",
    "application/xhtml+xml": "snapshot",
}
_SUFFIX: Mapping[str, FileKind] = {".pdf": "pdf", ".epub": "epub", ".html": "snapshot", ".htm": "snapshot"}
_FILE_ORDER: tuple[FileKind, ...] = ("pdf", "epub", "snapshot", "file", "web")

_COLOUR = re.compile(r"#[0-9a-f]{6}")
#: PDF ``00003|001024|00380``, EPUB ``00004|00001234``, snapshot ``0001234``: numbers all, of one form in one file.
_SORT_INDEX = re.compile(r"\d{1,9}(?:\|\d{1,9}){0,2}")
_LINK = re.compile(r"(?:https?|mailto|doi|zotero|obsidian):[^\s]", re.IGNORECASE)
#: A note's HTML as tags and texts.
_PIECE = re.compile(r"<[^<>]*>|[^<]+|<")
_LINE_END = re.compile(r"</(?:p|h[1-6]|li|div|pre|blockquote|tr)\b|<(?:br|hr)\b", re.IGNORECASE)

_HIGHLIGHT = attrgetter(
    *("key", "file", "kind", "text", "comment", "colour", "page", "link", "tags", "added", "author")
)
_NOTE = attrgetter("key", "title", "html", "link", "tags")
_FILE = attrgetter("key", "title", "kind", "link", "url")


@dataclass(frozen=True, slots=True)
class _Attachment:
    """A file as it is shown, with what its place among the others is decided by."""

    file: File
    added: str
    is_of_paper_url: bool

    @property
    def order(self) -> tuple[int, bool, str, str]:
        """PDFs first, then the file from the paper's own address, then the oldest: Zotero's "best attachment"."""
        return _FILE_ORDER.index(self.file.kind), not self.is_of_paper_url, self.added, self.file.key


def children(paper: Mapping[str, Any], below: Iterable[Mapping[str, Any]], place: str, zone: tzinfo) -> Children:
    """All that is shown below a paper.

    :param paper: the paper's API object.
    :param below: the API objects of its children and theirs, in any order.
    :param place: where links look for it: ``library`` or ``groups/51``.
    :param zone: the zone in which the day of an annotation is told.
    """
    shown = [one for one in below if not one["data"].get("deleted")]
    files = sorted((_attachment(one, paper, place) for one in shown if _is_file(one, paper)), key=lambda f: f.order)
    marks: dict[str, list[Mapping[str, Any]]] = {each.file.key: [] for each in files}
    notes = []
    for one in shown:
        data = one["data"]
        parent = data.get("parentItem")
        if data.get("itemType") == "annotation" and parent in marks and data.get("annotationType") in _MARKS:
            marks[parent].append(one)
        elif data.get("itemType") == "note" and parent == paper["key"]:
            notes.append(one)
    return Children(
        highlights=tuple(
            _highlight(one, each.file, place, zone)
            for each in files
            for one in sorted(marks[each.file.key], key=_reading_order)
        ),
        notes=tuple(_note(one, place) for one in sorted(notes, key=_age)),
        files=tuple(each.file for each in files),
    )


def digests(found: Children) -> dict[str, str]:
    """For each block the digest of what it is made from, empty where there is nothing."""
    return {
        HIGHLIGHTS: _digest([_HIGHLIGHT(one) for one in found.highlights]),
        NOTES: _digest([_NOTE(one) for one in found.notes]),
        FILES: _digest([_FILE(one) for one in found.files]),
    }


def _digest(values: list[Any]) -> str:
    if not values:
        return ""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=_DIGEST).hexdigest()


def _age(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one["data"].get("dateAdded") or ""), one["key"]


def _tags(data: Mapping[str, Any]) -> tuple[str, ...]:
    # The server keeps them in an order of its own, which says nothing.
    return tuple(sorted(itemtags.read(data.get("tags") or ())))


def web_link(text: str) -> str:
    """An address as a link, or nothing where R25 does not allow it."""
    text = one_line(text)
    # Spaces and quotes would end a link in Markdown and HTML; all else of an address stays as it is.
    return quote(text, safe="!#$%&'()*+,/:;=?@[]~") if _LINK.match(text) else ""


# --- files ------------------------------------------------------------------------------------------------------


def _is_file(one: Mapping[str, Any], paper: Mapping[str, Any]) -> bool:
    """Whether this is an attachment of the paper itself; images inside notes belong to their notes."""
    data = one["data"]
    is_attachment = data.get("itemType") == "attachment" and data.get("linkMode") != "embedded_image"
    return bool(is_attachment and data.get("parentItem") == paper["key"])


def _attachment(one: Mapping[str, Any], paper: Mapping[str, Any], place: str) -> _Attachment:
    data, key = one["data"], one["key"]
    kind = _file_kind(data)
    url = one_line(data.get("url") or "")
    name = one_line(data.get("filename") or data.get("path") or "").replace("\\", "/").rpartition("/")[2]
    file = File(
        key=key,
        title=one_line(data.get("title") or "") or name.removeprefix("attachments:") or url or key,
        kind=kind,
        link=_open(kind, key, place),
        url=web_link(url) if kind in ("web", "snapshot") else "",
    )
    return _Attachment(file, _age(one)[0], bool(url) and url == one_line(paper["data"].get("url") or ""))


def _file_kind(data: Mapping[str, Any]) -> FileKind:
    if data.get("linkMode") == "linked_url":
        return "web"
    kind = _READER.get(one_line(data.get("contentType") or "").casefold())
    if kind is None and not data.get("contentType"):
        name = str(data.get("filename") or data.get("path") or "").casefold()
        kind = next((known for suffix, known in _SUFFIX.items() if name.endswith(suffix)), None)
    return kind or "file"


def _open(kind: FileKind, key: str, place: str, query: str = "") -> str:
    """What opens a file in Zotero, or shows where it stands if Zotero has no reader for it (R25)."""
    match kind:
        case "pdf":
            return f"zotero://open-pdf/{place}/items/{key}{query}"
        case "epub" | "snapshot":
            return f"zotero://open/{place}/items/{key}{query}"
    return f"zotero://select/{place}/items/{key}"


# --- annotations ------------------------------------------------------------------------------------------------


def _reading_order(one: Mapping[str, Any]) -> tuple[bool, tuple[int, ...], str, str]:
    """By place in the file; what does not say where it is comes last, by age."""
    index = str(one["data"].get("annotationSortIndex") or "")
    known = _SORT_INDEX.fullmatch(index) is not None and index.isascii()
    return not known, tuple(map(int, index.split("|"))) if known else (), *_age(one)


def _highlight(one: Mapping[str, Any], file: File, place: str, zone: tzinfo) -> Highlight:
    data, key = one["data"], one["key"]
    colour = str(data.get("annotationColor") or "").lower()
    author = data.get("annotationAuthorName") or (_maker(one) if place != "library" else "")
    page = _page(data.get("annotationPosition"))
    # A file that does not say what it is is told by its annotations: only those in a PDF are on a page.
    kind = "pdf" if page and file.kind == "file" else file.kind
    query = f"?page={page}&annotation={key}" if page and kind == "pdf" else f"?annotation={key}"
    return Highlight(
        key=key,
        file=file.key,
        kind=data["annotationType"],
        text=plain_marks(data.get("annotationText") or ""),
        comment=plain_marks(data.get("annotationComment") or ""),
        colour=colour if _COLOUR.fullmatch(colour) else "",
        page=one_line(data.get("annotationPageLabel") or ""),
        link=_open(kind, file.key, place, query),
        tags=_tags(data),
        added=dates.day_of(one_line(data.get("dateAdded") or ""), zone),
        author=one_line(author),
    )


def _maker(one: Mapping[str, Any]) -> str:
    maker = (one.get("meta") or {}).get("createdByUser") or {}
    return str(maker.get("name") or maker.get("username") or "")


def _page(position: object) -> int:
    """The number of the page as ``zotero://open-pdf`` counts, from 1; 0 where there is none."""
    if not isinstance(position, str) or "pageIndex" not in position:
        return 0
    try:
        index = json.loads(position).get("pageIndex")
    except (ValueError, AttributeError, RecursionError):
        return 0
    return index + 1 if type(index) is int and 0 <= index < 10**6 else 0


# --- notes ------------------------------------------------------------------------------------------------------


def _note(one: Mapping[str, Any], place: str) -> ChildNote:
    html = unbroken(one["data"].get("note") or "")
    return ChildNote(
        key=one["key"],
        title=note_title(html),
        html=html,
        link=f"zotero://select/{place}/items/{one['key']}",
        tags=_tags(one["data"]),
    )


def note_title(html: str) -> str:
    """The first line of a note with words on it: Zotero keeps no title of its own for notes."""
    line = ""
    for piece in _PIECE.finditer(html):
        text = piece[0]
        if not text.startswith("<") or text == "<":
            line += text
        elif (_LINE_END.match(text) and line.strip()) or len(line) > 10 * _TITLE:
            break
    title = one_line(unescape(line))
    return title if len(title) <= _TITLE else title[: _TITLE - 1].rstrip() + "…"
