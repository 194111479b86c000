"""The composition root: one vault's configuration becomes sides, state and rules, and a cycle is run over them.

Kept here: law 12 (a dry run works on a copy of the state in memory, takes no lock and claims nothing), R24 (a
library's client gets its key from :class:`bridge.keys.Keys` alone, see :mod:`bridge.reach`), R31 (one machine writes;
a copied vault gets an id of its own).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bridge import config as configuration
from bridge import reach, wiring
from bridge.answering import check_answer, give_answer
from bridge.assembly import Assembly
from bridge.config import Config
from bridge.errors import (
    ForbiddenError,
    GuardStop,
    NotAVaultError,
    VaultAwayError,
    VaultMarkerError,
    VaultOwnedError,
)
from bridge.keys import Keys
from bridge.lock import hold
from bridge.machine import Home, find_away, find_home, settle, state_dir
from bridge.order import Order
from bridge.recording import recorded
from bridge.state import State
from bridge.sync import Options, Progress, Report, run_cycle
from bridge.sync.guarding import APPROVED_KEYS, APPROVED_NEW
from bridge.vault.marker import (
    Machine,
    Marker,
    find_vault,
    owner,
    read_marker,
    renew_marker,
    take_over,
    this_machine,
)

if TYPE_CHECKING:
    from bridge.inbox import Inbox, WaitingNote
    from bridge.indexing import Renewal
    from bridge.vault.quiet import Quiet
    from bridge.zotero.client import ZoteroClient


@dataclass(slots=True)
class _Stay:
    """What a daemon keeps between cycles."""

    state: State
    quiet: Quiet
    sleep: Callable[[float], None]
    lines: contextlib.ExitStack
    clients: list[ZoteroClient] | None = None


class App:
    """One vault on this machine. Opening it writes nothing and reaches nobody."""

    def __init__(self, vault: Path, marker: Marker, config: Config, root: Path) -> None:
        self.vault = vault
        self.marker = marker
        self.config = config
        self.keys = Keys(root)
        self._root = root
        self._stay: _Stay | None = None
        self.home = self._find_home()

    @classmethod
    def open(cls, vault: Path | None) -> App:
        """Open a vault: the one named, or the nearest above the working directory.

        :raises NotAVaultError: no ``.bridge`` folder was found.
        :raises VaultAwayError: nor was it, where this machine knows a vault.
        :raises VaultMarkerError: its marker is missing or damaged.
        :raises ConfigError: its configuration cannot be used.
        """
        start, root = vault or Path.cwd(), state_dir()
        try:
            found = find_vault(start)
        except NotAVaultError as error:
            if (away := find_away(root, start)) is None:
                raise
            raise VaultAwayError(f"the vault at {away[0]} is not there now: {error}", away[0], away[1].folder) from None
        return cls(found, read_marker(found), configuration.read(found), root)

    @property
    def _assembly(self) -> Assembly:
        return Assembly(self.vault, self.marker.id, self.config)

    # --- what is known without a cycle ---

    def memory(self) -> State:
        """The state as it is, as a copy in memory to read from; empty where nothing was ever synced."""
        return State.peek(self._known_home.state)

    @property
    def _known_home(self) -> Home:
        """Where the state is now: that of a moved vault stays where it was until a cycle takes it along."""
        return self.home if self.home.came != "moved" or self.home.source is None else Home(self.home.source, "known")

    def owner(self) -> Machine | None:
        """The machine that syncs this vault (R31)."""
        return owner(self.vault)

    @property
    def is_ours(self) -> bool:
        """Whether this machine syncs this vault, or nobody does yet."""
        machine = self.owner()
        return machine is None or machine.id == self._machine().id

    def agree(self, new: int, citekeys: int = 0) -> None:
        """Remember on this machine that a person agreed to so many new notes (R26), and citation keys (R19)."""
        self._settle()
        with State.open(self.home.state) as state:
            state.set_meta(APPROVED_NEW, str(new))
            state.set_meta(APPROVED_KEYS, str(citekeys))

    # --- a cycle ---

    def cycle(self, order: Order, progress: Progress) -> Report:
        """Run one cycle.

        :raises VaultBusyError: another process works on the vault.
        :raises VaultOwnedError: another machine syncs it (R31).
        :raises OutdatedAnswerError: the answered conflict has changed since (R6); what else was due is done.
        :raises GuardStop: a guard stopped the cycle before its first write.
        :raises BridgeError: a side failed as a whole.
        """
        if order.index:
            return Report(index=asdict(self.index()))
        with contextlib.ExitStack() as stack:
            state = stack.enter_context(self._state(order))
            inbox = self._inbox(state, order)
            connections = self._connected(stack)
            before = sum(client.requests for client in connections)
            if not order.dry_run and (unfinished := state.deeds.unfinished()) is not None:
                self._allowed(state, self._taking_back(state, connections, unfinished, progress))
            if order.undo is not None:
                report = self._undo(state, connections, order, progress)
                report.indexes_written += self._show(inbox) if inbox is not None and not order.dry_run else 0
                report.requests = sum(client.requests for client in connections) - before
                return report
            if order.refresh is not None:
                return self._refresh(state, order, progress)
            answers = inbox.take() if inbox is not None else {}
            asked = give_answer(state, order)
            if order.full:
                state.notes.forget_stats()
            try:
                report = self._allowed(state, partial(self._run, state, connections, order, progress, answers))
            except GuardStop:
                # A daemon asks in the vault (R33). A person who ran a command was told, and it wrote nothing (law 10).
                if inbox is not None and not order.dry_run and (self._stay is not None or inbox.is_there):
                    self._show(inbox)
                raise
            if inbox is not None:
                report.indexes_written += 0 if order.dry_run else self._show(inbox)
                report.messages += inbox.messages
            # The rights are part of what the cycle cost.
            report.requests = sum(client.requests for client in connections) - before
            if asked is not None and order.answer is not None:
                check_answer(state, wiring.policy(self.config), asked, order.answer[1])
            return report

    @contextlib.contextmanager
    def connect(
        self, tries: int = 5, patience: float = 60.0, sleep: Callable[[float], None] = time.sleep
    ) -> Iterator[list[ZoteroClient]]:
        """A client for each library, in the configuration's order; nothing is sent yet.

        :param tries: how often one request is sent at most.
        :param patience: seconds a request waits at most where the server asks for a pause.
        :param sleep: waits, for a pause or before a request is sent again.

        :raises ForbiddenError: there is no key, or none may go to the server named (R24).
        :raises ConfigError: the demo's library is not there.
        """
        with reach.connect(
            self.vault, self.marker.id, self.config, self.keys, tries=tries, patience=patience, sleep=sleep
        ) as clients:
            yield clients

    def _connected(self, stack: contextlib.ExitStack) -> list[ZoteroClient]:
        """The clients of one cycle, or those that stay."""
        if (stay := self._stay) is None:
            return stack.enter_context(self.connect())
        if stay.clients is None:
            # A daemon comes again by itself, so that it waits for no single answer long.
            stay.clients = stay.lines.enter_context(self.connect(tries=2, patience=5.0, sleep=stay.sleep))
        return stay.clients

    # --- many cycles, for the daemon ---

    @contextlib.contextmanager
    def stay(self, quiet: Quiet, sleep: Callable[[float], None]) -> Iterator[None]:
        """Keep the vault's lock, the state and the connections from one cycle to the next, all in one thread.

        :param quiet: remembers which files stand still.
        :param sleep: waits for a server that asks for a pause.
        :raises VaultBusyError: another process works on the vault.
        """
        self._settle()
        with (
            hold(self.home.lock, "sync", patience=1.0),
            State.open(self.home.state) as state,
            contextlib.ExitStack() as lines,
        ):
            self._stay = _Stay(state, quiet, sleep, lines)
            try:
                yield
            finally:
                self._stay = None

    def glance(self) -> None:
        """While staying: note which files changed, without reading one.

        :raises VaultError: the vault is not there.
        """
        assert self._stay is not None
        self._assembly.vault_side(self._stay.state, self._stay.quiet).glance()

    def kept(self) -> State:
        """While staying: the state, to read from."""
        assert self._stay is not None
        return self._stay.state

    def disconnect(self) -> None:
        """While staying: let the connections go; the next cycle makes new ones and looks for the key anew."""
        if self._stay is not None:
            self._stay.clients = None
            self._stay.lines.close()

    def reload(self) -> None:
        """Read the configuration anew; the old one stays where the new one cannot be used.

        :raises ConfigError: it cannot be used.
        """
        self.config = configuration.read(self.vault)
        self.disconnect()

    def _allowed(self, state: State, run: Callable[[], Report]) -> Report:
        """Run with the rights that are known; where Zotero says that they are others, once more with those."""
        try:
            return run()
        except ForbiddenError:
            if not reach.forget_rights(state, [each.id for each in self.config.library]):
                raise
            # What was known of the rights was old. With the present ones there may be nothing to refuse.
            return run()

    def _run(
        self,
        state: State,
        clients: list[ZoteroClient],
        order: Order,
        progress: Progress,
        answers: Mapping[str, str],
    ) -> Report:
        now = self._assembly.now
        messages: list[str] = []
        options = Options(
            settings=wiring.cycle_settings(self.config, now()),
            dry_run=order.dry_run,
            yes=order.yes,
            full=order.full,
            fingerprint=self.config.fingerprint(),
            answers=answers,
            adopting=order.adopting,
            rekey=order.rekey,
            restore=order.restore,
            limits=wiring.limits(self.config),
            mirroring=wiring.mirroring(self.config, self.marker.id, self.vault.name),
            citekeys=self.config.citekeys.formula if self.config.citekeys.generate == "both" else "",
        )
        with recorded(state, self.home.backups, self.config.history.backup_days, now) as (ledger, _):
            side = self._assembly.vault_side(state, self._stay.quiet if self._stay and order.quiet else None, ledger)
            libraries = [self._assembly.library(state, client, messages, ledger) for client in clients]
            if order.rekey is not None and not order.dry_run:
                side.rekey(order.rekey)
            report = run_cycle(state, side, libraries, options, now=now, progress=progress, ledger=ledger)
        report.messages += messages
        if not order.dry_run:
            self._assembly.renew(state, side, report, ledger.cycle)
        return report

    # --- undoing ---

    def _undo(self, state: State, clients: list[ZoteroClient], order: Order, progress: Progress) -> Report:
        from bridge.undo import chosen

        assert order.undo is not None
        cycle = chosen(state, order.undo)
        report = self._allowed(state, self._taking_back(state, clients, cycle, progress, dry_run=order.dry_run))
        counts = state.counts()
        report.conflicts, report.held = counts["conflicts"], counts["held"]
        if not order.dry_run:
            self._assembly.renew(state, self._assembly.vault_side(state), report, report.cycle)
        return report

    def _taking_back(
        self, state: State, clients: list[ZoteroClient], cycle: int, progress: Progress, *, dry_run: bool = False
    ) -> Callable[[], Report]:
        """Taking a cycle back, or bringing that to its end where it was interrupted, ready to be run."""
        from bridge.undo import undo

        return partial(undo, self._assembly, state, clients, self._known_home.backups, cycle, progress, dry_run=dry_run)

    # --- refreshing (R34) ---

    def _refresh(self, state: State, order: Order, progress: Progress) -> Report:
        from bridge.refreshing import chosen, refresh

        now = self._assembly.now
        items = chosen(state, order.refresh or ())
        with recorded(state, self._known_home.backups, self.config.history.backup_days, now) as (ledger, _):
            side = self._assembly.vault_side(state, self._stay.quiet if self._stay and order.quiet else None, ledger)
            side.glance()
            report = refresh(
                state, side, wiring.records(self.config, state), items, ledger, progress, dry_run=order.dry_run
            )
        if not order.dry_run:
            report.indexes_written += len(self._assembly.indexer(state, side).renew().written)
        return report

    # --- index notes ---

    def index(self, *, check: bool = False) -> Renewal:
        """Make all index notes anew from what is known; with ``check`` only say which would change (law 12).

        :raises VaultBusyError: another process works on the vault.
        :raises VaultOwnedError: another machine syncs it (R31).
        :raises BridgeError: no file can be written.
        """
        with self._state(Order(dry_run=check)) as state:
            side = self._assembly.vault_side(state)
            return self._assembly.indexer(state, side).renew(everything=True, write=not check)

    # --- state, lock, owner ---

    @contextlib.contextmanager
    def _state(self, order: Order) -> Iterator[State]:
        """The state to work on: the real one under the vault's lock, or for a dry run a copy (law 12)."""
        if self._stay is not None:
            self._check_there()  # the disk may have gone since the last cycle, and an empty folder be in its place
        self._check_owner(order)
        if order.dry_run:
            with self.memory() as copy:
                yield copy
            return
        if self._stay is not None:
            take_over(self.vault, this_machine(self._root))
            yield self._stay.state
            return
        self._settle()
        with hold(self.home.lock, "undo" if order.undo is not None else "resolve" if order.answer else "sync"):
            take_over(self.vault, this_machine(self._root))
            with State.open(self.home.state) as state:
                yield state

    def _check_there(self) -> None:
        if read_marker(self.vault).id != self.marker.id:
            raise VaultMarkerError("the vault's marker is that of another vault")

    def _check_owner(self, order: Order) -> None:
        machine = self.owner()
        if machine is not None and machine.id != self._machine().id and not order.take_over:
            if self._stay is not None and not order.dry_run and self._may_take_over(machine):
                return
            raise VaultOwnedError(f"this vault is synced by another machine ({machine.name or machine.id})")

    # --- the inbox in the vault (R6, R31, R33) ---

    def _inbox(self, state: State, order: Order) -> Inbox | None:
        if not self.config.index.attention:
            return None
        from bridge.inbox import Inbox

        quiet = self._stay.quiet if self._stay is not None and order.quiet else None
        folder, side = self.config.index.folder, self._assembly.vault_side(state)
        return Inbox(self.vault, folder, state, quiet, side.remember)

    def _show(self, inbox: Inbox) -> int:
        """Renew the note; how many were written."""
        shown = inbox.show()
        if self._stay is not None:
            self._waiting_note().end()
            if shown.new and self.config.daemon.notify:
                from bridge.notice import notice

                notice()
        return int(shown.written)

    def _waiting_note(self) -> WaitingNote:
        from bridge.inbox import WaitingNote

        return WaitingNote(self.vault, self.config.index.folder, self._machine())

    def _may_take_over(self, other: Machine) -> bool:
        """Whether a person said in the inbox that this machine takes over; asks where nobody did."""
        if not self.config.index.attention:
            return False
        note = self._waiting_note()
        if note.is_told(other):
            return True
        note.ask(other)
        return False

    def _machine(self) -> Machine:
        """The machine we run on, without writing its id down: only a sync does that (law 12)."""
        return this_machine(self._root if (self._root / "machine").exists() else None)

    def _find_home(self) -> Home:
        return find_home(self._root, self.vault, self.marker.id, self._is_there)

    def _is_there(self, other: Path) -> bool:
        try:
            return read_marker(other).id == self.marker.id
        except VaultMarkerError:
            return False

    def _settle(self) -> None:
        """Give the vault its home; a copy first gets an id of its own, and no base (R31)."""
        if self.home.came == "copied":
            old, self.marker = self.marker, renew_marker(self.vault)
            # The same person copied it on this machine: what the first may reach, the copy may.
            self.keys.approve(self.marker.id, *self.keys.approved(old.id))
            self.home = self._find_home()
        self.home = settle(self.home, self.vault)
