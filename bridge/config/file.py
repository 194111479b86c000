"""Reading and writing ``.bridge/config.toml``.

Reading uses the standard library's parser; tomlkit, which takes longer to import, is needed only to write. Errors
name the file, the key and what is allowed there, one line each.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from bridge.config.model import Config
from bridge.config.parts import near
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIG_PATH = Path(".bridge/config.toml")
"""Where the configuration is, relative to the vault."""


def read(vault: Path) -> Config:
    """The configuration of a vault.

    :raises ConfigError: the file is missing, is no TOML, or holds something that is not allowed.
    """
    path = vault / CONFIG_PATH
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{CONFIG_PATH} is missing in this vault") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIG_PATH} cannot be read: {type(error).__name__}") from None
    return parse(text)


def parse(text: str) -> Config:
    """The configuration in a TOML text; errors as in :func:`read`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{CONFIG_PATH} is not valid TOML: {error}") from None
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        lines = [f"  {_said(each)}" for each in error.errors(include_url=False, include_context=True)]
        raise ConfigError("\n".join([f"{CONFIG_PATH} holds what is not allowed:", *lines])) from None


def _said(error: ErrorDetails) -> str:
    """One fault in words. Values are not quoted: a key pasted into the wrong place must not be shown (law 14)."""
    where = [str(part) for part in error["loc"]]
    name = ".".join(where) or "the file"
    match error["type"]:
        case "extra_forbidden":
            allowed = _allowed(error["loc"])
            return f"{name} is unknown{near(where[-1], allowed)}; allowed are {', '.join(allowed)}"
        case "missing":
            return f"{name} is missing"
        case "literal_error":
            return f"{name} must be one of {error['ctx']['expected']}"
        case "value_error":
            return f"{name}: {error['ctx']['error']}"
        case _:
            return f"{name}: {error['msg']}"


def _allowed(loc: tuple[int | str, ...]) -> list[str]:
    """The names allowed where an unknown one stands."""
    model: Any = Config
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(each for each in (annotation, *_arguments(annotation)) if _is_model(each))
    return list(model.model_fields)


def _arguments(annotation: Any) -> tuple[Any, ...]:
    return tuple(getattr(annotation, "__args__", ()))


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def render(config: Config) -> str:
    """A configuration as a file for a person to edit: what was chosen, and the rest as comments with its defaults."""
    import tomlkit  # 25 ms, needed at `init` only

    document = tomlkit.document()
    document.add(
        tomlkit.comment(
            "Bridge keeps this vault and a Zotero library in step. A change here counts from the next sync."
        )
    )
    libraries = tomlkit.aot()
    for each in config.library:
        table = tomlkit.table()
        table.add("id", each.id)
        if config.sandbox is None:
            table.add("url", each.url)
        table.add("folder", each.folder)
        table["folder"].comment("new notes are made here; move them wherever you like")
        libraries.append(table)
    document.add("library", libraries)

    notes = tomlkit.table()
    for name, why in (
        ("create", '"all" papers, or only "wanted" ones: begun, highlighted or linked'),
        ("file", "{citekey}, {key}, {title}, {year}, {author}"),
        ("max_new", "ask before a sync makes more notes than this"),
        ("templates", "your own templates for new notes"),
        ("on_zotero_delete", '"mark" the note of a deleted paper, or move it to the "archive" folder or the "trash"'),
        ("on_note_delete", '"mark" leaves the paper of a deleted note alone; "archive": a collection; "trash"'),
        ("push", "true: your section Notes is shown in Zotero, too, as a child note of the paper"),
    ):
        notes.add(name, tomlkit.item(getattr(config.notes, name)).comment(why))
    document.add("notes", notes)
    zone = tomlkit.table()
    zone.add("zone", config.time.zone)
    zone["zone"].comment("where a day begins and ends")
    document.add("time", zone)
    keys = tomlkit.table()
    keys.add("generate", config.citekeys.generate)
    keys["generate"].comment('"both": papers without a citation key get one, in Zotero and in their notes')
    keys.add("formula", config.citekeys.formula)
    keys["formula"].comment("as Better BibTeX has them; a key once given stays")
    document.add("citekeys", keys)
    if config.index.weeks.host:
        weeks = tomlkit.table()
        weeks.add("host", config.index.weeks.host)
        weeks["host"].comment("your weekly notes: those that exist are filled, none is made")
        document.add("index", tomlkit.table(is_super_table=True).add("weeks", weeks))
    if config.sandbox is not None:
        sandbox = tomlkit.table()
        sandbox.add("data", config.sandbox.data)
        sandbox["data"].comment("the practice library of this vault; served while a command needs it")
        document.add("sandbox", sandbox)
    return tomlkit.dumps(document) + _MORE


_MORE = """
# More that can be set, with what holds while it is not:
#
# [tags]
# automatic = "keywords"    # Zotero's automatic tags: in `keywords`, among the "tags", or "off"
#
# [backlink]                # a link "Open in Obsidian" below each paper in Zotero
# enabled = false
# groups = false            # in group libraries as well
#
# [status]
# store = "extra"           # as the Reading List plug-in keeps it, or in a "tag"
# names = { reading = "In Progress" }   # a status in notes = its name in Zotero
#
# [fields]                  # more keys of your notes, kept in step with Zotero
# rating = "extra:Rating"   # a line of Extra
# pages = "pages"           # a field of Zotero
#
# [keys]                    # call a key differently in your notes
# doi = "DOI"
#
# [scope]                   # which papers have notes; the note of one that leaves stays, and rests until it is back
# include = { collections = ["NLP"], tags = ["phd"], types = ["journalArticle"] }   # each kind that is named must fit
# exclude = { tags = ["not-mine"] }   # one fit is enough
#
# [conflicts]
# policy = "ask"            # when both sides changed a field: ask, or let "zotero" or "vault" win
#
# [guards]                  # stop and ask when one sync would change more than this
# share = 0.3
# minimum = 20
#
# [daemon]                  # seconds, for bridge sync without --once
# quiet_seconds = 5         # a note is taken when nobody has changed it for so long
# poll_seconds = 5          # how often Zotero is asked while things change
# idle_poll_seconds = 60    # and while nothing does
# notify = false            # say on the desktop that something new needs you
# push = true               # let Zotero announce changes, where the extra "stream" is installed
#
# [highlights]              # what notes show; bridge refresh brings a change into notes that are there
# show = true
# heading = "Highlights"    # "" for none; [files] and [zotero_notes] have these two as well
# order = "reading"         # or by the day they were "added", or by "colour"
# colours = { yellow = "Key point", "#ff6666" = "Doubt" }
#
# [history]
# backup_days = 30          # so long can a sync be undone; 0 keeps nothing for it
#
# [bibliography]            # a file of all papers, kept true for Pandoc and LaTeX
# path = "references.bib"   # BibLaTeX; CSL JSON if it ends in .json
#
# [index]                   # what Bridge writes about the library
# folder = "Index"
# pages = ["topics", "topic", "week", "reading-list", "log", "questions"]   # leave out what you do not want
# attention = true          # "Needs attention": conflicts and questions, to be answered with a tick
# [index.topics]
# sources = ["collection", "tag"]   # what makes a topic
# min_papers = 3            # a tag is a topic when so many papers share it
# exclude = ["#to-*"]       # patterns of collections (and #tags) that are none; include = [...] for nothing but these
# rename = { "NLP" = "Language" }
# [index.weeks]
# first_day = "monday"
# host = "Weekly/{week}.md" # fill your own weekly notes, where they exist, and make none
"""
