"""The parts of one vault, put together from its configuration: both sides, the index notes, the bibliography.

What is put together holds no state of its own; the state is handed in by whoever holds the vault's lock, or a copy of
it (law 12).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bridge import reach, wiring
from bridge.config import Config
from bridge.core.deeds import NOBODY, Recorder
from bridge.obsidian import property_types
from bridge.recording import take_in_pages
from bridge.related import RelatedNotes
from bridge.state import State
from bridge.state.citations import RULES as KEPT_BY
from bridge.sync import Report

if TYPE_CHECKING:
    from bridge.indexing import Indexer
    from bridge.library import Library
    from bridge.vault.quiet import Quiet
    from bridge.vault.side import VaultSide
    from bridge.zotero.client import ZoteroClient


@dataclass(frozen=True, slots=True)
class Assembly:
    """How one vault's parts are made, as it is configured now; ``vault_id`` is that of its marker."""

    vault: Path
    vault_id: str
    config: Config

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock, in the vault's zone (R10)."""
        return partial(datetime.now, ZoneInfo(self.config.time.zone))

    def library(self, state: State, client: ZoteroClient, messages: list[str], recorder: Recorder) -> Library:
        """The Zotero side of one library, with the rights that are known or asked for now (R23).

        :param messages: takes what a person should hear, once.
        :param recorder: is told what is sent.
        :raises ForbiddenError: the key may not even read it.
        """
        from bridge.library import Library

        before, rights = reach.kept_rights(state, client.library), reach.current_rights(state, client)
        if not rights.write and (before is None or before.reason != rights.reason):  # said once
            messages.append(f"{client.library} is read-only: {rights.reason}. Edits in its notes wait.")
        return Library(client, wiring.mapping_rules(self.config, RelatedNotes(state)), state.items, rights, recorder)

    def vault_side(self, state: State, quiet: Quiet | None = None, recorder: Recorder = NOBODY) -> VaultSide:
        """The vault side.

        :param quiet: what a daemon remembers of files that somebody is editing (R37).
        :param recorder: is told what is replaced.
        """
        from bridge.vault.side import Layout, VaultSide

        rules = wiring.note_rules(self.config, property_types(self.vault))
        layout = Layout(
            folders={each.id: each.folder for each in self.config.library},
            file=self.config.notes.file,
            templates=self.config.notes.templates,
            archive=self.config.notes.archive,
        )
        return VaultSide(
            self.vault,
            state.notes,
            state.renames,
            rules,
            layout,
            shown=wiring.shown_rules(self.config),
            vault_id=self.vault_id,
            quiet=quiet,
            recorder=recorder,
        )

    def renew(self, state: State, side: VaultSide, report: Report, cycle: int | None) -> None:
        """Bring what is written about the library up to date, after a cycle: index notes and the bibliography."""
        began = time.monotonic()
        renewal = self.indexer(state, side).renew()
        report.indexes_written += len(renewal.written)
        report.messages += renewal.problems
        report.held += len(renewal.problems)
        if cycle:
            take_in_pages(state, cycle)
        if path := self.config.bibliography.path:
            from bridge.bibliography.keeper import Keeper

            libraries = [each.id for each in self.config.library]
            kept = Keeper(self.vault, path, state, wiring.citations(self.config, state), libraries).renew()
            report.indexes_written += kept.written
            report.held += kept.held
            report.messages += kept.messages
        elif state.get_meta(KEPT_BY):
            state.set_meta(KEPT_BY, "")  # from now on nothing is due
        report.seconds += time.monotonic() - began

    def indexer(self, state: State, side: VaultSide) -> Indexer:
        """What keeps the index notes.

        :raises ConfigError: a template of the person's own cannot be read.
        """
        from bridge.indexing import Indexer, own_templates

        templates = own_templates(self.vault, self.config.notes.templates)
        rules = wiring.index_rules(self.config, *templates)
        papers = wiring.papers(self.config, state)
        return Indexer(self.vault, state, rules, papers, side.remember, side.is_warm)
