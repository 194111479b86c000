"""What index notes know of a paper, and how it is told from a record and what is remembered of its note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from bridge.core.policy import normal_text
from bridge.core.record import ItemId, Record, Value
from bridge.indexes.days import valid_date, valid_day

if TYPE_CHECKING:
    from bridge.core.place import NoteRow
    from bridge.core.status import StatusNames

Kind: TypeAlias = Literal["paper", "post", "book", "resource", "code", "video"]

#: Zotero's item types by what people call them; all others are papers.
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("blogPost", "webpage", "newspaperArticle", "magazineArticle", "forumPost"), "post"),
    "book": "book",
    **dict.fromkeys(("encyclopediaArticle", "dictionaryEntry", "standard"), "resource"),
    **dict.fromkeys(("computerProgram", "dataset"), "code"),
    **dict.fromkeys(("videoRecording", "film", "tvBroadcast", "presentation"), "video"),
    **dict.fromkeys(("podcast", "audioRecording", "radioBroadcast", "interview"), "video"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as index notes show it; texts are single lines, not yet escaped.

    ``note`` is the path of its note in the vault, ``""`` where it has none; ``by`` its authors in short
    (``Wei et al.``). Days are valid or ``""``. ``shelf`` is the role of its status (``reading``, ``to-read``,
    ``read``…), whatever the vault calls it. ``topics`` are collection paths, ``tags`` in the form notes show.
    """

    id: ItemId
    title: str
    note: str = ""
    zotero: str = ""
    by: str = ""
    year: str = ""
    published: str = ""
    venue: str = ""
    kind: Kind = "paper"
    shelf: str = ""
    status_date: str = ""
    added: str = ""
    started: str = ""
    finished: str = ""
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str = ""
    points: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    has_notes: bool = False


def paper(
    record: Record, row: NoteRow | None, statuses: StatusNames, *, tag_shown: Callable[[str], str] = str
) -> Paper | None:
    """A record of Zotero's side, and its note if there is one, as a paper; None for one that is not live.

    What the note shows comes before what Zotero shows: index notes stand beside it. A paper that is being read, or was
    read, without a day for it has that of its status.

    :param tag_shown: the form notes show of a raw tag (``bridge.vault.tags.legal``).
    """
    if record.life != "live":
        return None
    face: Mapping[str, Value] = {**record.face, **(row.face if row else {})}
    shelf, status_date = statuses.role(_text(face, "status")), valid_day(_text(face, "status-date"))
    year = normal_text(_text(face, "year"))
    published = valid_date(normal_text(_text(face, "published"))) or valid_date(year)
    started = valid_day(_text(face, "started")) or (status_date if shelf == "reading" else "")
    finished = valid_day(_text(face, "finished")) or (status_date if shelf == "read" else "")
    facts = row.facts if row else None
    title = normal_text(_text(face, "title")) or normal_text(_text(face, "citekey")) or record.id.key
    return Paper(
        id=record.id,
        title=title,
        note=row.path if row else "",
        zotero=_text(face, "zotero-link"),
        by=_by(record, year, _texts(face, "authors")),
        year=year,
        published=published,
        venue=normal_text(_text(face, "venue")),
        kind=_KINDS.get(_text(face, "type"), "paper"),
        shelf=shelf,
        status_date=status_date,
        added=valid_day(_text(face, "added")),
        started=started,
        finished=finished,
        topics=_texts(face, "collections"),
        tags=tuple(dict.fromkeys(tag_shown(tag) for tag in _texts(face, "tags"))),
        summary=facts.summary if facts else "",
        points=facts.points if facts else (),
        questions=facts.questions if facts else (),
        has_notes=bool(facts and facts.has_notes),
    )


def _by(record: Record, year: str, authors: tuple[str, ...]) -> str:
    """The authors in short: as Zotero's alias has them (``Wei et al. 2025``), for a name alone is no family name."""
    for alias in reversed(_texts(record.face, "aliases")):
        if year and alias.endswith(f" {year}") and alias != record.face.get("title"):
            return normal_text(alias.removesuffix(f" {year}"))
    families = [normal_text(name).rsplit(" ", 1)[-1] for name in authors[:2]]
    if len(authors) > len(families):
        return f"{families[0]} et al."
    return " and ".join(families)


def _text(face: Mapping[str, Value], name: str) -> str:
    value = face.get(name, "")
    return value if isinstance(value, str) else ", ".join(value)


def _texts(face: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = face.get(name, ())
    return ((value,) if value else ()) if isinstance(value, str) else tuple(value)
