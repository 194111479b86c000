"""From one vault's configuration to the rules every room works by. No disk, no network.

Each room is told what it needs and nothing of the others: that the status names of a note and those of Zotero are the
same table, or that the tags of both sides meet in one form, is known here alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bridge.core.children import FILES, HIGHLIGHTS, NOTES
from bridge.core.policy import Policy, build_policy
from bridge.core.reconcile import Rules
from bridge.core.record import ItemId, Record
from bridge.core.safety import Limits
from bridge.core.scope import Scope
from bridge.core.status import StatusNames
from bridge.indexes.paper import Paper, paper
from bridge.indexes.rules import IndexRules, PageKind, TopicRules
from bridge.obsidian import list_keys
from bridge.sync.leaving import Leaving
from bridge.sync.planning import Settings
from bridge.sync.pushing import Mirroring
from bridge.vault import tags
from bridge.vault.note import NoteRules
from bridge.vault.shown import ShownRules
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.relating import NOBODY, Related
from bridge.zotero.tree import CollectionTree

if TYPE_CHECKING:
    from bridge.config import Config
    from bridge.state import State

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def status_names(config: Config) -> StatusNames:
    """``[status]``: what statuses are called on either side."""
    return StatusNames(config.status.names)


def policy(config: Config) -> Policy:
    """The field table of this vault."""
    return build_policy(
        tag_key=tags.key,
        tag_shown=tags.legal,
        tag_forms=tags.known_forms,
        status_normal=status_names(config).normal,
        custom=config.fields,
    )


def mapping_rules(config: Config, related: Related = NOBODY) -> MappingRules:
    """How Zotero's items and records become each other; ``related`` knows the papers' notes."""
    return MappingRules(
        status=status_names(config),
        zone=ZoneInfo(config.time.zone),
        custom=config.fields,
        automatic=config.tags.automatic,
        status_store=config.status.store,
        status_tags=config.status.status_tags(),
        related=related,
    )


def note_rules(config: Config, types: Mapping[str, str]) -> NoteRules:
    """How notes are read and written; ``types`` are the vault's property types (R36)."""
    return NoteRules(
        library=config.library[0].id,
        keys=config.keys,
        custom=tuple(config.fields),
        list_keys=list_keys(types),
    )


def shown_rules(config: Config) -> ShownRules:
    """What notes show of what hangs below a paper."""
    sections = ((FILES, config.files), (HIGHLIGHTS, config.highlights), (NOTES, config.zotero_notes))
    return ShownRules(
        headings={block: section.heading for block, section in sections if section.show},
        order=config.highlights.order,
        colours=config.highlights.colours,
    )


def cycle_settings(config: Config, now: datetime) -> Settings:
    """What plans are made by; ``now`` decides which day it is in the vault's zone (R10)."""
    names = status_names(config)
    return Settings(
        policy=policy(config),
        rules=Rules(
            today=now.astimezone(ZoneInfo(config.time.zone)).date().isoformat(),
            is_reading=names.is_reading,
            is_read=names.is_read,
            conflicts=config.conflicts.policy,
        ),
        spell_tag=_Spelling(),
        create=config.notes.create,
        scopes=scopes(config),
        leaving=Leaving(config.notes.on_zotero_delete, config.notes.on_note_delete, config.notes.archive_collection),
        sources=_sources(config),
    )


def mirroring(config: Config, vault_id: str, folder: str) -> Mirroring | None:
    """What notes push into Zotero beside their fields; ``None`` where nothing is configured, which costs nothing.

    :param folder: the name of the vault's folder, which is what Obsidian calls the vault.
    """
    notes, link = config.notes, config.backlink
    if not (notes.push or link.enabled):
        return None
    return Mirroring(
        vault_id=vault_id,
        vault_name=link.vault or folder,
        heading=notes.section,
        notes=notes.push,
        notes_in_groups=notes.push_groups,
        links=link.enabled,
        links_in_groups=link.groups,
    )


def scopes(config: Config) -> Mapping[str, Scope]:
    """Which papers of each library have notes."""
    said = {each.id: each.scope or config.scope for each in config.library}
    return {name: Scope(each.include.choice(), each.exclude.choice(), tags.key) for name, each in said.items()}


def _sources(config: Config) -> Mapping[str, str]:
    """Where each field that the configuration can move is kept in Zotero."""
    tagged = config.status.store == "tag"
    status = json.dumps(config.status.status_tags(), sort_keys=True) if tagged else "extra"
    return {"status": status, **config.fields}


def index_rules(config: Config, templates: Mapping[str, str], faults: Mapping[str, str]) -> IndexRules:
    """What index notes there are; ``templates`` are the person's own, and ``faults`` of such, by file name (R34)."""
    said = config.index
    topics = TopicRules(
        sources=frozenset(said.topics.sources),
        include=said.topics.include,
        exclude=said.topics.exclude,
        rename=said.topics.rename,
        min_papers=said.topics.min_papers,
        hierarchy=said.topics.hierarchy,
    )
    return IndexRules(
        folder=said.folder,
        pages=frozenset(PageKind(kind) for kind in said.pages),
        topics=topics,
        first_day=_DAYS.index(said.weeks.first_day),
        week_host=said.weeks.host,
        templates=templates,
        faults=faults,
    )


def papers(config: Config, state: State) -> Callable[[ItemId], Paper | None]:
    """An item of the state as index notes know it, collections by the tree as it was last downloaded."""
    rules, names = mapping_rules(config), status_names(config)
    known = frozenset(each.id for each in config.library)

    @cache  # a tree is built when its first paper is asked for: an idle cycle asks for none
    def mapper_of(library: str) -> Mapper:
        return Mapper(library, rules, CollectionTree.build(state.items.tree(library)))

    def find(item: ItemId) -> Paper | None:
        raw = state.items.get_item(item) if item.library in known else None
        if raw is None or state.items.life(item) != "live":
            return None
        mapper = mapper_of(item.library)
        note = state.notes.rows_of([item]).get(item)
        return paper(mapper.record(raw), note, names, tag_shown=tags.legal)

    return find


def records(config: Config, state: State) -> Callable[[ItemId], Record | None]:
    """Zotero's record of an item as it was last downloaded, with what hangs below it.

    ``None`` for an item that is gone, or out of scope: its note stays as it is.
    """
    rules, chosen = mapping_rules(config), scopes(config)

    @cache
    def mapper_of(library: str) -> Mapper:
        return Mapper(library, rules, CollectionTree.build(state.items.tree(library)))

    def find(item: ItemId) -> Record | None:
        raw = state.items.get_item(item)
        if raw is None or state.items.life(item) in (None, "deleted"):
            return None
        mapper = mapper_of(item.library)
        if (scope := chosen.get(item.library)) and not scope.holds(mapper.labels(raw)):
            return None
        return mapper.record(raw, state.items.get_below(item))

    return find


def citations(config: Config, state: State) -> Callable[[ItemId], Mapping[str, Any] | None]:
    """A live paper of the state as a CSL JSON item; ``None`` for one without a citation key."""
    rules = mapping_rules(config)

    def find(item: ItemId) -> Mapping[str, Any] | None:
        raw = state.items.get_item(item)
        if raw is None or state.items.life(item) != "live":
            return None
        from bridge.zotero.csl import csl_item  # needed where a bibliography is kept

        citekey = Mapper(item.library, rules, CollectionTree.build(())).record(raw).face["citekey"]
        return csl_item(raw, str(citekey)) if citekey else None

    return find


def limits(config: Config) -> Limits:
    """When a cycle stops and asks (law 10)."""
    return Limits(config.guards.share, config.guards.minimum, config.notes.max_new)


class _Spelling:
    """The raw tag for one typed in a note; the library's tags are sorted by form once a cycle."""

    def __init__(self) -> None:
        self._uses: Mapping[str, int] = {}
        self._by_form: Mapping[str, Mapping[str, int]] = {}

    def __call__(self, typed: str, own: Sequence[str], uses: Mapping[str, int]) -> str:
        if uses is not self._uses:
            by_form: dict[str, dict[str, int]] = {}
            for raw, count in uses.items():
                by_form.setdefault(tags.key(raw), {})[raw] = count
            self._uses, self._by_form = uses, by_form
        return tags.spell(typed, own, self._by_form)
