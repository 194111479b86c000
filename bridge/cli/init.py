"""``bridge init``: connect a vault with a library, after looking at both."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from pydantic import ValidationError

from bridge.cli.talk import Settings, many, plain, settings, shared
from bridge.config import CONFIG_PATH, Config, LibraryConfig
from bridge.config.citekeys import CitekeysConfig
from bridge.config.sections import ZOTERO_ORG, IndexConfig, NotesConfig, TimeConfig, WeeksConfig
from bridge.errors import ForbiddenError, UsageError
from bridge.keys import Keys, usable
from bridge.machine import state_dir

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.init import Keyed, Survey

CREATE = ("all", "wanted")
CITEKEYS = ("both", "off")
_NEW_KEY = "https://www.zotero.org/settings/keys/new"


@click.command()
@shared
@click.argument("folder", metavar="VAULT", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--library", metavar="users/N", help="The library (or groups/N); otherwise the key owner's own.")
@click.option("--url", metavar="BASE", help="Another server with Zotero's Web API.")
@click.option("--create", type=click.Choice(CREATE), help="Notes for all papers, or only for those begun or linked.")
@click.option("--citekeys", type=click.Choice(CITEKEYS), help="Make the citation keys that are missing, or leave it.")
@click.option("--yes", is_flag=True, help="Take what is proposed, without questions.")
@click.option("--template/--no-template", default=None, help="Copy the starter vault's files that are not there yet.")
@settings
def init(
    talk: Settings,
    *,
    folder: Path | None,
    library: str | None,
    url: str | None,
    create: Literal["all", "wanted"] | None,
    citekeys: Literal["both", "off"] | None,
    yes: bool,
    template: bool | None,
) -> None:
    """Connect a vault with a Zotero library.

    VAULT is the folder of your Obsidian vault, or a new one. Nothing that is there is overwritten, and no note is made
    yet: it counts first and proposes, then writes .bridge/config.toml. The API key comes from ZOTERO_API_KEY or a
    question; make one with write access at https://www.zotero.org/settings/keys/new.
    """
    vault = folder or talk.vault
    if vault is None or (folder is not None and talk.vault is not None):
        raise UsageError("name the vault once: bridge init VAULT")
    if (vault / CONFIG_PATH).exists():
        _again(talk, vault, library, url)
        return
    _first(talk, vault, library, url, create, citekeys, yes=yes, template=template)


def _first(
    talk: Settings,
    vault: Path,
    library: str | None,
    url: str | None,
    create: Literal["all", "wanted"] | None,
    citekeys: Literal["both", "off"] | None,
    *,
    yes: bool,
    template: bool | None,
) -> None:
    """Set up a vault that has no configuration yet."""
    from bridge.init import Setup, connect, copy_template, keyed, set_up, survey, system_zone, whose
    from bridge.progress import for_stream

    keys = Keys(state_dir())
    place = _library_of(library or "users/1", url)
    key = keys.from_environment() or (keys.stored(place.origin, library) if library else "") or _ask_key(talk)
    if library is None:
        own = whose(place.url, key)
        asked = own if yes or not talk.may_ask else talk.ask("Library", "--library", default=own)
        place = _library_of(asked, url)
    with connect(place, key) as (client, rights):
        config = _configured(place, create or "all", system_zone())
        seen = survey(vault, client, config, for_stream(sys.stderr, machine=talk.json))
        asks_keys = citekeys is None and talk.may_ask and not yes and rights.write
        sampled = keyed(client, config) if asks_keys else None
    _show(talk, place.id, seen, rights.reason)
    chosen = create or _choose_create(talk, seen, yes=yes)
    making = citekeys or _choose_citekeys(talk, sampled)
    host = seen.weekly if _fills_weeks(talk, seen, yes=yes) else ""
    fresh = not vault.exists() or not any(vault.iterdir())
    if talk.may_ask and not yes and not talk.confirm(f"Set up {vault} like this?", "--yes"):
        raise click.Abort
    copied = copy_template(vault) if (fresh if template is None else template) else []
    agreed = seen.papers if making == "both" else 0
    setup = Setup(_configured(place, chosen, system_zone(), host, making), key, seen.new(chosen), agreed)
    where = set_up(vault, setup, state_dir())
    talk.give(
        {
            "vault": str(vault.absolute()),
            "made": True,
            "library": place.id,
            "url": place.url,
            "create": chosen,
            "citekeys": making,
            "writable": rights.write,
            "key": where,
            "template": copied,
            "notes": seen.notes,
            "papers": seen.papers,
            "recognised": seen.recognised,
            "new": seen.new(chosen),
            "weekly": host,
            "clashes": [{"key": each.key, "type": each.type} for each in seen.clashes],
        }
    )
    talk.say(f"{vault} and {place.id} are connected; the key is in {where}.")
    _say_what_next(talk, vault, seen, chosen, makes_keys=making == "both")


def _say_what_next(
    talk: Settings, vault: Path, seen: Survey, chosen: Literal["all", "wanted"], *, makes_keys: bool
) -> None:
    """What a vault just connected will get, and the commands that come next."""
    which = "all papers" if chosen == "all" else "wanted papers: begun, highlighted, or linked"
    talk.say(f"Notes will be made for {which} ({CONFIG_PATH} says so and more).")
    bridge = f"  bridge -C {shlex.quote(str(vault))}"
    if seen.recognised:
        talk.say("See which of your notes fit which papers, then make them the papers' own, as they are:")
        talk.say(f"{bridge} adopt --dry-run")
        talk.say(f"{bridge} adopt")
    if makes_keys:
        talk.say("Papers without a citation key get one, in Zotero too.")
    talk.say("See what the first sync would do, then do it:")
    talk.say(f"{bridge} sync --once --dry-run")
    talk.say(f"{bridge} sync --once")


def _again(talk: Settings, vault: Path, library: str | None, url: str | None) -> None:
    """A vault that is set up: admit this machine if it has no key yet, and change nothing in the vault."""
    from bridge.app import App
    from bridge.vault.marker import create_marker

    create_marker(vault)  # gone where a backup left it out
    app = App.open(vault)
    names = [each.id for each in app.config.library]
    first = app.config.library[0]
    if library is not None and library not in names:
        raise UsageError(f"{vault} is connected with {', '.join(names)}; add a library in .bridge/config.toml")
    if url is not None and _library_of(first.id, url).url != first.url:
        raise UsageError(f"{vault} is connected with {first.url}; change the url in .bridge/config.toml")
    where = "" if app.config.sandbox is not None else _admitted(talk, app, named=url is not None)
    talk.give({"vault": str(app.vault), "made": False, "library": first.id, "url": first.url, "key": where})
    talk.say(f"{vault} is already connected with {', '.join(names)}; nothing in it was changed.")
    if where:
        talk.say(f"This machine may sync it now: the key is in {where}.")


def _admitted(talk: Settings, app: App, *, named: bool) -> str:
    """See that this machine has a key that opens the vault's libraries; says in words where a new one is now.

    :param named: the server was named on the command line.
    :raises ForbiddenError: the key given does not open them.
    """
    from bridge.init import admit, connect

    servers = {each.origin for each in app.config.library}
    if not servers <= app.keys.approved(app.marker.id):
        # The address stands in the vault's own file, which may be anybody's: a person has to name it (R24).
        for origin in sorted(servers - {ZOTERO_ORG}):
            question = f"May your key be sent to {origin}?"
            if not named and not talk.confirm(question, f"--url {origin}", default=False):
                raise click.Abort
    else:
        with suppress(ForbiddenError), app.connect() as clients:
            if all(client.rights().read for client in clients):
                return ""
    key = app.keys.from_environment() or _ask_key(talk)
    for each in app.config.library:
        with connect(each, key):
            pass
    return admit(app, key)


def _library_of(library: str, url: str | None) -> LibraryConfig:
    """The library as named on the command line.

    :raises UsageError: it is not written as one.
    """
    try:
        return LibraryConfig(id=library, url=url or ZOTERO_ORG)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        flag = "--library" if first["loc"] == ("id",) else "--url"
        raise UsageError(f"{flag}: {first.get('ctx', {}).get('error', first['msg'])}") from None


def _configured(
    place: LibraryConfig,
    create: Literal["all", "wanted"],
    zone: str,
    host: str = "",
    citekeys: Literal["both", "off"] = "off",
) -> Config:
    return Config(
        library=(place,),
        notes=NotesConfig(create=create),
        citekeys=CitekeysConfig(generate=citekeys),
        time=TimeConfig(zone=zone),
        index=IndexConfig(weeks=WeeksConfig(host=host)),
    )


def _ask_key(talk: Settings) -> str:
    """The key from the person; never shown.

    :raises UsageError: nobody is there to ask.
    """
    if talk.may_ask:
        click.echo(f"An API key lets Bridge read and write your library. Make one at {_NEW_KEY}", err=True)
        click.echo("with access to the library and to notes, and write access.", err=True)
    return usable(talk.ask("API key", "the environment variable ZOTERO_API_KEY", secret=True), "your answer")


def _choose_create(talk: Settings, seen: Survey, *, yes: bool) -> Literal["all", "wanted"]:
    if yes:
        return seen.proposed
    answer = talk.choose(
        "Make notes for all papers, or only for wanted ones", "--create or --yes", CREATE, seen.proposed
    )
    return "wanted" if answer == "wanted" else "all"


def _choose_citekeys(talk: Settings, sampled: Keyed | None) -> Literal["both", "off"]:
    """Whether to make the keys that are missing: written into people's libraries, so only where they say so (R19)."""
    if sampled is None or not sampled.is_few:
        return "off"
    question = (
        f"{sampled.keyed:,} of {many(sampled.papers, 'paper')} looked at {'has' if sampled.keyed == 1 else 'have'} a "
        "citation key. Make those that are missing, in Zotero too?"
    )
    return "both" if talk.confirm(question, "--citekeys", default=False) else "off"


def _fills_weeks(talk: Settings, seen: Survey, *, yes: bool) -> bool:
    """Whether to list the weeks' papers in the weekly notes there are: the person's own, so only where they say so."""
    if not seen.weekly or yes:
        return bool(seen.weekly)
    return talk.may_ask and talk.confirm(f"List each week's papers in your weekly notes, {seen.weekly}?", "--yes")


def _show(talk: Settings, library: str, seen: Survey, reason: str) -> None:
    """The survey in words."""
    at_most = "" if seen.exact else "at most "
    talk.say(f"{library} holds {at_most}{many(seen.papers, 'paper')}; the vault has {many(seen.notes, 'note')}.")
    if reason:
        talk.say(f"It will be read only: {plain(reason)}. Edits in notes wait until the key may write.")
    if seen.notes:
        talk.say(f"{many(seen.recognised, 'paper')} recognised in notes you have; these are not doubled.")
        talk.say(
            f"A first sync would make {many(seen.new('all'), 'note')} for all papers, or "
            f"{seen.new('wanted'):,} for wanted ones: begun, highlighted, or linked as [[@citekey]]."
        )
    for each in seen.clashes:
        done = "it is written as a list here" if each.mild else "see [keys] in the configuration to call it differently"
        talk.say(f"The property `{each.key}` is of type {each.type} in this vault; {done}.")
