"""``bridge adopt``: people's own notes about papers become the papers' notes, as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.codes import Code, of_report
from bridge.cli.render import SHOWN, report_lines
from bridge.cli.talk import Settings, many, plain, settings, shared
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.sync import Report
    from bridge.sync.adopting import Fit, Left, Survey

#: Widths of a note's path and a paper's title in the table.
_PATH, _TITLE = 44, 44
#: Names of properties that one line of it shows.
_NAMES = 8
#: Why a note is left alone, and what to do about it.
_WHY = {
    "two-notes": ("other notes are about the same paper", "name the one you mean: bridge adopt PATH"),
    "two-papers": ("several papers fit", "say which: --library, or its zotero-key among the note's properties"),
    "disagree": ("what it says leads to different papers", "put the right zotero-key among its properties"),
    "taken": ("its paper has a note already", ""),
    "body": ("only a link in its text says which paper", "if it is about that paper: bridge adopt PATH"),
    "unreadable": ("it cannot be adopted", ""),
}
#: Those of them that wait for a person's word.
_OPEN = frozenset({"two-notes", "two-papers", "disagree", "unreadable"})


@click.command()
@shared
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Write nothing; show which notes fit which papers.")
@click.option("--push", is_flag=True, help="Send what the notes say otherwise than Zotero; tags unite.")
@click.option("--blocks", is_flag=True, help="Put abstract, highlights and the like into the notes, too.")
@click.option("--library", metavar="users/N", help="Only papers of this library.")
@click.option("--yes", is_flag=True, help="Adopt what fits, without a question.")
@settings
def adopt(
    talk: Settings, *, paths: tuple[Path, ...], dry_run: bool, push: bool, blocks: bool, library: str | None, yes: bool
) -> int:
    """Make notes of papers that you have already the papers' own.

    Notes of other plug-ins, or your own, are matched with papers by item key, Zotero link, citation key, file name or
    DOI; where exactly one note and one paper belong together, the note is adopted. It stays as it is: missing
    properties are added, nothing else in it is changed, and nothing goes to Zotero unless you say --push. From then on
    edits go both ways. PATH names notes or folders; without it the whole vault is looked through.
    """
    from bridge.app import App
    from bridge.daemon.mailbox import cycle
    from bridge.order import Order
    from bridge.progress import for_stream
    from bridge.sync.adopting import Adopting

    app = App.open(talk.vault)
    asked = Adopting(paths=_in_vault(app, paths), library=_known(app, library), push=push, blocks=blocks)
    progress = for_stream(sys.stderr, machine=talk.json)
    survey = app.cycle(Order(dry_run=True, adopting=asked), progress).adoption
    assert survey is not None
    if not talk.json:
        for line in _table(survey):
            talk.say(line)
    is_open = any(each.why in _OPEN for each in survey.left)
    if dry_run or not survey.fits:
        talk.give(_told(survey, None))
        if dry_run and survey.fits:
            talk.say("Nothing was written.")
        return Code.REMAINS if is_open else Code.IN_STEP
    question = f"Adopt {many(len(survey.fits), 'note')}?"
    if not yes and not talk.confirm(question, "--yes"):
        raise click.Abort
    pairs = tuple(fit.pair for fit in survey.fits)
    report = cycle(app, Order(adopting=Adopting(pairs, push=push, blocks=blocks)), progress)
    talk.give(_told(survey, report))
    talk.say(f"{many(report.vault_updated, 'note')} adopted.")
    for line in report_lines(report):
        if not line.startswith("Vault: "):
            talk.say(line)
    return max(of_report(report), Code.REMAINS if is_open else Code.IN_STEP)


def _in_vault(app: App, paths: Sequence[Path]) -> tuple[str, ...]:
    """The notes and folders named, relative to the vault.

    :raises UsageError: one is not there, or not in the vault.
    """
    found = []
    root = app.vault.resolve()
    for path in paths:
        place = next((each for each in (path, root / path) if each.exists()), None)
        if place is None:
            raise UsageError(f"there is no note or folder {path}")
        place = place.resolve()
        if not place.is_relative_to(root):
            raise UsageError(f"{path} is not in the vault {app.vault}")
        relative = place.relative_to(root).as_posix()
        found.append("" if relative == "." else relative)
    return tuple(found)


def _known(app: App, library: str | None) -> str:
    """A library of the vault's configuration.

    :raises UsageError: it is none.
    """
    names = [each.id for each in app.config.library]
    if library is not None and library not in names:
        raise UsageError(f"--library: the vault is connected with {', '.join(names)}")
    return library or ""


# --- showing ----------------------------------------------------------------------------------------------------------


def _table(survey: Survey) -> Iterator[str]:
    """What fits and what does not, for people."""
    if survey.fits:
        yield from _rows(survey.fits)
        yield ""
    if survey.left:
        yield "Left alone:"
        yield from _left_lines(survey.left)
        yield ""
    if not survey.fits:
        yield "No note fits a paper that has none yet."


def _rows(fits: Sequence[Fit]) -> Iterator[str]:
    path = min(_PATH, max(len(each.pair.path) for each in fits))
    title = min(_TITLE, max(5, *(len(each.title) for each in fits)))
    yield f"{'Note':{path}}  {'Paper':{title}}  Matched by"
    for each in fits:
        signs = ", ".join(sign.words for sign in each.signs)
        yield f"{plain(each.pair.path, path):{path}}  {plain(each.title or each.pair.key, title):{title}}  {signs}"
        for words, names in (
            ("adds", each.adds),
            ("sends to Zotero", each.sends),
            ("differs from Zotero, and stays so", each.differs),
        ):
            if names:
                more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
                yield f"  {words}: {', '.join(names[:_NAMES])}{more}"


def _left_lines(left: Sequence[Left]) -> Iterator[str]:
    """All that need a word; of notes that have their paper, or only link one, a few."""
    for is_open in (True, False):
        rows = [each for each in left if (each.why in _OPEN) == is_open]
        shown = rows if is_open else rows[:SHOWN]
        yield from map(_left_line, shown)
        if len(rows) > len(shown):
            yield f"  … and {len(rows) - len(shown):,} more that need no word (--json gives all)"


def _left_line(left: Left) -> str:
    why, to_do = _WHY[left.why]
    reason = plain(left.reason) or why
    meant = ", ".join(plain(title, _TITLE) or item.key for item, title in left.items)
    others = f" ({', '.join(map(plain, left.others))})" if left.others else ""
    return f"  {plain(left.path)}: {reason}{others}. It means: {meant}.{f' To do: {to_do}' if to_do else ''}"


def _told(survey: Survey, report: Report | None) -> dict[str, Any]:
    """What fits, what does not, and (after it was done) the report of the cycle, for machines."""
    return {
        "adopt": [
            {
                **each.pair._asdict(),
                "title": each.title,
                "signs": [sign.name.lower() for sign in each.signs],
                "adds": each.adds,
                "differs": each.differs,
                "sends": each.sends,
            }
            for each in survey.fits
        ],
        "left": [
            {
                "path": each.path,
                "why": each.why,
                "reason": each.reason or _WHY[each.why][0],
                "signs": [sign.name.lower() for sign in each.signs],
                "papers": [{**item._asdict(), "title": title} for item, title in each.items],
                "others": each.others,
            }
            for each in survey.left
        ],
        "report": report.to_json() if report is not None else None,
    }
