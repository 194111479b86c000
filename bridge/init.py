"""Setting a vault up: look first, propose, then write.

Kept here: R26 (a vault people live in is counted before anything is made, and nothing that is there is overwritten)
and R10 (the zone of the system becomes the vault's).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from bridge import wiring
from bridge.app import App
from bridge.config import CONFIG_PATH, Config, LibraryConfig, render
from bridge.config.sections import IndexConfig
from bridge.core.evidence import Sign, Trust, signs_of_item, signs_of_note
from bridge.core.policy import normal_text
from bridge.core.reconcile import text
from bridge.core.record import ItemId
from bridge.errors import ForbiddenError, VaultError
from bridge.obsidian import Clash, clashes, property_types
from bridge.vault.marker import create_marker, owner, take_over, this_machine
from bridge.vault.note import NoteRules, read_note
from bridge.vault.walk import walk

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from bridge.progress import Progress
    from bridge.zotero.client import ZoteroClient
    from bridge.zotero.rights import Rights


#: How often one request is sent at most: a person waits, and the address may be mistyped.
_TRIES = 2
#: A week as ISO 8601 names it, alone in a file's name or beside other words (``2025-W39 week notes``).
_WEEK = re.compile(r"(?<!\d)\d{4}-W\d{2}(?!\d)")
#: Our own week pages are no weekly notes.
_INDEX = IndexConfig().folder

# --- the library ------------------------------------------------------------------------------------------------------


def whose(url: str, key: str) -> str:
    """The library of the person the key belongs to.

    :raises ForbiddenError: the server does not know the key.
    :raises ZoteroError: it cannot be asked.
    """
    from bridge.zotero.client import ZoteroClient

    with ZoteroClient(url, "users/0", key, tries=_TRIES) as client:  # the library is what we ask for
        return f"users/{client.key_info().user}"


@contextmanager
def connect(library: LibraryConfig, key: str) -> Iterator[tuple[ZoteroClient, Rights]]:
    """A client for a library, and what the key may do there.

    :raises ForbiddenError: the key may not even read it.
    """
    from bridge.zotero.client import ZoteroClient

    with ZoteroClient(library.url, library.id, key, tries=_TRIES) as client:
        rights = client.rights()
        if not rights.read:
            raise ForbiddenError(f"{library.id}: {rights.reason}")
        yield client, rights


# --- looking (R26) --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Survey:
    """What a vault and a library have to do with each other before the first sync.

    ``papers``: papers in the library; an upper bound where ``exact`` is false: in a vault without notes nothing has
    to be compared, so nothing is downloaded. ``recognised``: papers that a note of the vault is about. ``wanted``:
    papers that are not recognised and that ``create = "wanted"`` would make a note for. ``weekly`` names the person's
    weekly notes (``Weekly/{week}.md``), ``""`` where there are none.
    """

    notes: int
    papers: int
    exact: bool
    recognised: int = 0
    wanted: int = 0
    clashes: tuple[Clash, ...] = ()
    weekly: str = ""

    @property
    def proposed(self) -> Literal["all", "wanted"]:
        """``all`` in a vault without notes, ``wanted`` in one that people live in."""
        return "wanted" if self.notes else "all"

    def new(self, create: str) -> int:
        """How many notes the first sync would make, at most."""
        return self.wanted if create == "wanted" and self.exact else self.papers - self.recognised


@dataclass(slots=True)
class _Known:
    """What the notes of a vault say about papers."""

    notes: int = 0
    items: set[ItemId] = field(default_factory=set)  # that notes are bound to
    signs: set[Sign] = field(default_factory=set)  # what people's own notes show
    mentions: set[str] = field(default_factory=set)
    weekly: str = ""


def survey(vault: Path, client: ZoteroClient, config: Config, progress: Progress) -> Survey:
    """Count notes, papers, and which of them belong together; writes nothing.

    :raises ZoteroError: the library cannot be read.
    """
    types = property_types(vault)
    rules = wiring.note_rules(config, types)
    found = tuple(clashes(types, rules.names))
    known = _read_notes(vault, rules, config.library[0].folder, progress)
    if not known.notes:
        return Survey(0, client.top_level(), exact=False, clashes=found)
    return _match(known, client, config, progress, found)


def _read_notes(vault: Path, rules: NoteRules, folder: str, progress: Progress) -> _Known:
    paths = walk(vault).files if vault.is_dir() else {}
    known = _Known(weekly=weekly_notes(path for path in paths if not path.startswith(f"{_INDEX}/")))
    progress.start("looking at the notes", len(paths))
    for path in paths:
        progress.advance()
        try:
            data = (vault / path).read_bytes()
        except OSError:
            continue  # what cannot be read is recognised as nothing; the sync will say so
        known.notes += 1
        note = read_note(data, path, rules)
        if note.id is not None:
            known.items.add(note.id)
        else:
            in_folder = path.rpartition("/")[0] == folder  # elsewhere a link in a body says little (R28)
            known.signs.update(s for s in signs_of_note(path, note.facts) if in_folder or s.trust is not Trust.BODY)
        known.mentions.update(note.facts.mentions)
    progress.done()
    return known


def weekly_notes(paths: Iterable[str]) -> str:
    """How a person's weekly notes are called, as ``[index.weeks] host`` has it; ``""`` where two or more are not."""
    found = Counter(
        _WEEK.sub("{week}", path) for path in paths if len(_WEEK.findall(path)) == 1 and _WEEK.search(Path(path).name)
    )
    host, count = min(found.items(), key=lambda each: (-each[1], each[0]), default=("", 0))
    return host if count > 1 else ""


def _match(known: _Known, client: ZoteroClient, config: Config, progress: Progress, found: tuple[Clash, ...]) -> Survey:
    from bridge.zotero.mapping import Mapper
    from bridge.zotero.tree import CollectionTree

    mapper = Mapper(client.library, wiring.mapping_rules(config), CollectionTree.build(()))
    pull = client.pull(0)
    papers = recognised = 0
    open_papers: dict[str, bool] = {}  # not recognised: key to whether it is wanted
    highlighted: set[str] = set()
    parents: dict[str, str] = {}
    progress.start("looking at the library", pull.total)
    for item in _items(pull.pages(), progress):
        data = item["data"]
        if data.get("itemType") == "annotation":
            highlighted.add(str(data.get("parentItem", "")))
        elif data.get("parentItem"):
            parents[item["key"]] = str(data["parentItem"])
        elif mapper.is_paper(item) and not data.get("deleted"):
            papers += 1
            face = mapper.record(item).face
            citekey, own = text(face.get("citekey")), ItemId(client.library, item["key"])
            signs = signs_of_item(own, citekey, text(face.get("doi")))
            if own in known.items or not known.signs.isdisjoint(signs):
                recognised += 1
            else:
                is_begun = text(face.get("status")) not in ("", "new")
                open_papers[item["key"]] = is_begun or normal_text(citekey) in known.mentions
    progress.done()
    marked = {parents.get(each, "") for each in highlighted}
    wanted = sum(is_wanted or key in marked for key, is_wanted in open_papers.items())
    return Survey(known.notes, papers, True, recognised, wanted, found, known.weekly)


@dataclass(frozen=True, slots=True)
class Keyed:
    """How many of the papers looked at have a citation key."""

    papers: int
    keyed: int

    @property
    def is_few(self) -> bool:
        """Whether less than half of them have one."""
        return self.keyed * 2 < self.papers


def keyed(client: ZoteroClient, config: Config) -> Keyed:
    """Look at some papers of the library, in one request.

    :raises ZoteroError: the library cannot be read.
    """
    from bridge.zotero.mapping import Mapper
    from bridge.zotero.tree import CollectionTree

    mapper = Mapper(client.library, wiring.mapping_rules(config), CollectionTree.build(()))
    papers = [each for each in client.sample() if mapper.is_paper(each)]
    return Keyed(len(papers), sum(bool(mapper.record(each).face["citekey"]) for each in papers))


def _items(pages: Iterable[list[dict[str, Any]]], progress: Progress) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from page
        progress.advance(len(page))


# --- writing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setup:
    """What was decided. ``key`` is empty where the vault needs none.

    ``new`` is how many notes were agreed to, ``citekeys`` how many citation keys.
    """

    config: Config
    key: str = field(default="", repr=False)
    new: int = 0
    citekeys: int = 0


def set_up(vault: Path, setup: Setup, root: Path) -> str:
    """Write marker, configuration and owner, approve the server, store the key; says in words where the key is.

    What is there already stays. ``root`` is the state folder.

    :raises VaultError: the vault cannot be written.
    :raises StateError: the state folder cannot be written.
    """
    try:
        vault.mkdir(parents=True, exist_ok=True)
        marker = create_marker(vault)
        with (
            suppress(FileExistsError),
            (vault / CONFIG_PATH).open("x", encoding="utf-8", newline="\n") as file,
        ):
            file.write(render(setup.config))
    except OSError as error:
        raise VaultError(f"{vault} cannot be written: {error.strerror}") from error
    if owner(vault) is None:
        take_over(vault, this_machine(root))
    app = App(vault, marker, setup.config, root)
    app.agree(setup.new, setup.citekeys)
    return admit(app, setup.key) if setup.key else ""


def admit(app: App, key: str) -> str:
    """Approve the servers of a vault's libraries on this machine and store the key for them (R24)."""
    where = ""
    for library in app.config.library:
        app.keys.approve(app.marker.id, library.origin)
        where = app.keys.store(library.origin, library.id, key)
    return where


def copy_template(vault: Path) -> list[str]:
    """Copy the starter vault's files that are not there yet; returns their paths in the vault.

    :raises VaultError: the vault cannot be written.
    """
    made: list[str] = []
    try:
        vault.mkdir(parents=True, exist_ok=True)
        for path, source in _files(_template()):
            target = vault / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), target.open("xb") as file:
                file.write(source.read_bytes())
                made.append(path)
    except OSError as error:
        raise VaultError(f"{vault} cannot be written: {error.strerror}") from error
    return made


def _template() -> Traversable:
    """The starter vault: inside the installed package, or beside it in a checkout of the sources."""
    package = resources.files("bridge")
    installed = package / "vault_template"
    return installed if installed.is_dir() else Path(str(package)).parent / "vault_template"


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    if not folder.is_dir():
        return
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        if each.is_dir():
            yield from _files(each, f"{prefix}{each.name}/")
        elif each.name != ".gitkeep":
            yield prefix + each.name, each


# --- the system -----------------------------------------------------------------------------------------------------


def system_zone(etc: Path = Path("/etc")) -> str:
    """The name of the system's time zone, ``UTC`` where it cannot be told (R10)."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    with suppress(OSError):
        _, found, name = str((etc / "localtime").resolve()).partition("zoneinfo/")
        candidates.append(name if found else "")
    with suppress(OSError, UnicodeDecodeError):
        candidates.append((etc / "timezone").read_text("utf-8").strip())
    for name in candidates:
        with suppress(ValueError, OSError, KeyError):
            if name:
                return ZoneInfo(name).key
    return "UTC"
