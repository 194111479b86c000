"""``bridge rename``: a paper's citation key changed from here, and what a renaming touches shown before it is done."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.codes import of_report
from bridge.cli.render import SHOWN, report_lines
from bridge.cli.talk import Settings, many, plain, settings, shared
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.core.record import ItemId
    from bridge.core.renames import NoteRename, Rekeying, RenamePreview
    from bridge.sync import Report

#: What no citation key may hold, besides spaces: what ends a key in BibTeX, in Pandoc's citations or in links.
_ENDING = "@{}()[],;\"'\\#%|^`~=<>"
_ILLEGAL = re.compile(rf"[\s\x00-\x1f\x7f{re.escape(_ENDING)}]")
_TITLE = 60


@click.command()
@shared
@click.argument("old", required=False, metavar="[OLD")
@click.argument("new", required=False, metavar="NEW]")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be renamed and what would follow.")
@click.option("--library", metavar="users/N", help="The library OLD is in, where several papers have that key.")
@settings
def rename(talk: Settings, *, old: str | None, new: str | None, dry_run: bool, library: str | None) -> int:
    """Give a paper another citation key.

    OLD is its citation key now, or its item key in Zotero. The new key is written into its note and carried to Zotero
    by a sync; the note's file and all links and citations in the vault follow, and the old key becomes an alias. The
    same happens whenever you change a key in a note or in Zotero. With --dry-run alone it shows all renames that the
    next sync would make. bridge undo takes a renaming back.
    """
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream

    if (old is None or new is None) and (old is not None or not dry_run):
        raise UsageError("name the key as it is and as it is to be, or give --dry-run alone to see what is due")
    app = App.open(talk.vault)
    rekey = _rekeying(app, old, new, library) if old is not None and new is not None else None
    progress = for_stream(sys.stderr, machine=talk.json)
    if dry_run:
        report = app.cycle(Order(dry_run=True, rekey=rekey), progress)
        assert report.renames is not None
        talk.give(_told(report, report.renames))
        for line in _lines(report.renames, rekey):
            talk.say(line)
        return of_report(report)
    report = cycle(app, Order(rekey=rekey), progress)
    talk.give(report.to_json())
    for line in report_lines(report):
        talk.say(line)
    return of_report(report)


# --- what is meant ----------------------------------------------------------------------------------------------------


def _rekeying(app: App, old: str, new: str, library: str | None) -> Rekeying:
    """The paper that is meant, as far as is known since the last sync.

    :raises UsageError: there is none, there are several, or the new key cannot be one.
    """
    from bridge.core.policy import normal_text
    from bridge.core.renames import Rekeying
    from bridge.reach import kept_rights

    if not new or _ILLEGAL.search(new):
        raise UsageError(f"{plain(new, 40)!r} cannot be a citation key: no spaces and none of {_ENDING}")
    with app.memory() as state:
        keys = {**dict.fromkeys(state.notes.bound().values(), ""), **state.notes.citekeys()}
        item = _meant(old, keys, library, [each.id for each in app.config.library])
        present = keys[item]
        if present == new:
            raise UsageError(f"the paper's citation key is {new} already")
        if any(normal_text(key) == normal_text(new) for other, key in keys.items() if other != item):
            raise UsageError(f"another paper has the citation key {new}")
        if (rights := kept_rights(state, item.library)) is not None and not rights.write:
            raise UsageError(f"{item.library} is read-only: {rights.reason}")
    return Rekeying(item, present, new)


def _meant(old: str, keys: Mapping[ItemId, str], library: str | None, libraries: list[str]) -> ItemId:
    from bridge.core.policy import normal_text

    if library is not None and library not in libraries:
        raise UsageError(f"--library: the vault is connected with {', '.join(libraries)}")
    wanted = normal_text(old.removeprefix("@"))
    found = [
        item
        for item, key in keys.items()
        if (normal_text(key) == wanted or item.key == old) and library in (None, item.library)
    ]
    if not found:
        raise UsageError(f"no note has the citation key {plain(old, 60)}; see bridge status, or run bridge sync --once")
    if len(found) > 1:
        names = ", ".join(f"{item.key} in {item.library}" for item in sorted(found))
        raise UsageError(f"several papers have the citation key {plain(old, 60)}: {names}. Give the item key instead")
    return found[0]


# --- showing ----------------------------------------------------------------------------------------------------------


def _told(report: Report, preview: RenamePreview) -> dict[str, Any]:
    """The report of the dry run, with what would be renamed."""
    notes = [
        {
            "library": each.id.library,
            "key": each.id.key,
            "title": each.title,
            "old": list(each.olds),
            "new": each.new,
            "path": each.path,
            "to": each.to,
            "alias": each.alias,
        }
        for each in preview.notes
    ]
    files = [each._asdict() for each in preview.files]
    return report.to_json() | {"renames": {"notes": notes, "files": files, "waiting": preview.is_waiting}}


def _lines(preview: RenamePreview, rekey: Rekeying | None) -> Iterator[str]:
    for note in preview.notes:
        yield from _note_lines(note, is_asked=rekey is not None and note.id == rekey.id)
    if preview.files:
        yield "What follows in other files:" if preview.notes else "What follows:"
        width = min(60, max(len(each.path) for each in preview.files))
        for file in preview.files[:SHOWN]:
            yield f"  {plain(file.path, width):{width}}  {_counts(file.links, file.citations)}"
        if len(preview.files) > SHOWN:
            yield f"  … and {len(preview.files) - SHOWN:,} more (--json gives all)"
    if not preview.notes and not preview.files:
        yield "Nothing is to be renamed."
        return
    links, citations = (sum(getattr(each, name) for each in preview.files) for name in ("links", "citations"))
    follows = (
        f"; {_counts(links, citations)} in {many(len(preview.files), 'file')} would follow" if preview.files else ""
    )
    yield f"{many(preview.moved, 'file')} to be renamed{follows}. Nothing was written."
    if preview.is_waiting:
        yield "It would wait: a file that it concerns is being edited."


def _counts(links: int, citations: int) -> str:
    counts = ((links, "link"), (citations, "citation"))
    return " and ".join(many(count, what) for count, what in counts if count)


def _note_lines(note: NoteRename, *, is_asked: bool) -> Iterator[str]:
    yield plain(note.title or note.path, _TITLE)
    if note.olds or is_asked:
        yield f"  key    {' and '.join(note.olds) or 'none'} → {note.new}"
    if note.to != note.path:
        yield f"  file   {plain(note.path)} → {plain(note.to.rpartition('/')[2])}"
    elif note.olds:
        yield f"  file   {plain(note.path)} keeps its name"
    if note.alias:
        yield f"  alias  {note.alias} joins the note's aliases"
    if is_asked:
        yield "  Zotero gets the new key"
