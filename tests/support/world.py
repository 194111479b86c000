"""Two sides in memory and a state on disk, with cycles run over them: killed, cut off or in peace."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from memory_side import (
    LIBRARY,
    POLICY,
    STATUS,
    Kill,
    Killed,
    MemoryDisk,
    MemoryLibrary,
    MemoryNote,
    MemoryServer,
    MemoryVault,
    item_id,
)

from bridge.core.reconcile import ConflictPolicy, Rules
from bridge.core.record import Face, Value
from bridge.core.safety import Limits
from bridge.core.scope import Scope
from bridge.state import ConflictRow, State
from bridge.sync import Options, Report, run_cycle
from bridge.sync.adopting import Adopting
from bridge.sync.leaving import Leave, Leaving
from bridge.sync.planning import Settings
from bridge.sync.pushing import Mirroring
from bridge.vault import tags

TODAY = "2025-09-24"
#: Guards that never stop; the tests of the guards have their own.
OPEN_GUARDS = Limits(share=1.0, minimum=10_000, max_new=10_000)


class Silence:
    """Progress that nobody watches."""

    def start(self, what: str, total: int | None = None) -> None: ...
    def advance(self, count: int = 1) -> None: ...
    def done(self) -> None: ...


def spell(typed: str, own: tuple[str, ...], uses: dict[str, int]) -> str:
    by_form: dict[str, dict[str, int]] = {}
    for raw, count in uses.items():
        by_form.setdefault(tags.key(raw), {})[raw] = count
    return tags.spell(typed, own, by_form)


class World:
    """A library, a vault, and what Bridge remembers of them in ``folder``."""

    def __init__(self, folder: Path, conflicts: ConflictPolicy = "ask") -> None:
        self.server, self.disk = MemoryServer(), MemoryDisk()
        self.path = folder / "state.db"
        self._saved = folder / "killed"
        self.limits = OPEN_GUARDS
        self.mirroring: Mirroring | None = None
        self.citekeys = ""
        rules = Rules(today=TODAY, is_reading=STATUS.is_reading, is_read=STATUS.is_read, conflicts=conflicts)
        self.settings = Settings(POLICY, rules, spell)
        self.fingerprint = "1"
        self._ticks = 0

    # --- cycles --------------------------------------------------------------------------------------------------

    def state(self) -> State:
        state = State.open(self.path)
        # A killed process loses nothing that it gave to the operating system; only a power cut would.
        state._db.execute("PRAGMA synchronous = OFF")
        return state

    def sync(
        self,
        kill: Kill | None = None,
        *,
        yes: bool = True,
        full: bool = False,
        vault: type[MemoryVault] = MemoryVault,
        restore: str = "",
        adopting: Adopting | None = None,
        answers: Mapping[str, str] | None = None,
    ) -> Report | None:
        """One cycle over the state as it is on disk; ``None`` where it was killed on the way."""
        kill = kill or Kill()
        kill.on_kill = self._save
        options = Options(
            self.settings,
            yes=yes,
            full=full,
            limits=self.limits,
            fingerprint=self.fingerprint,
            mirroring=self.mirroring,
            citekeys=self.citekeys,
            adopting=adopting,
            answers=answers or {},
            restore=("", restore) if restore else None,
        )
        state = self.state()
        try:
            library = MemoryLibrary(self.server, state.items, kill)

            def now() -> datetime:
                kill.point()  # it is asked for in the midst of transactions
                self._ticks += 1
                return datetime.fromtimestamp(1_758_700_000 + self._ticks, UTC)

            return run_cycle(
                state,
                vault(self.disk, state.notes, kill),
                [library],
                options,
                now=now,
                progress=Silence(),
            )
        except Killed:
            return None
        finally:
            state.close()
            if kill.is_dead:
                self._restore()

    def plan(self, restore: str = "") -> Report:
        """What a cycle would do (law 12)."""
        options = Options(
            self.settings,
            dry_run=True,
            yes=True,
            limits=self.limits,
            fingerprint=self.fingerprint,
            mirroring=self.mirroring,
            citekeys=self.citekeys,
            restore=("", restore) if restore else None,
        )
        with State.peek(self.path) as state:
            library, vault = MemoryLibrary(self.server, state.items), MemoryVault(self.disk, state.notes)
            return run_cycle(
                state, vault, [library], options, now=lambda: datetime.fromtimestamp(0, UTC), progress=Silence()
            )

    def writes(self) -> int:
        """How often cycles wrote to either side so far."""
        return self.server.writes + self.disk.writes

    def settle(self, cycles: int = 3) -> int:
        """Cycles until one writes nothing; at most ``cycles``. Returns how many did write (law 1)."""
        for number in range(cycles + 1):
            before = self.writes()
            self.sync()
            if self.writes() == before:
                return number
        raise AssertionError(f"not at rest after {cycles} quiet cycles")

    def lose_state(self) -> None:
        for path in self.path.parent.glob("state.db*"):
            path.unlink()

    def _save(self) -> None:
        """What a kill leaves on disk: the files as they are; what no transaction finished is not part of them."""
        shutil.rmtree(self._saved, ignore_errors=True)
        self._saved.mkdir()
        for path in self.path.parent.glob("state.db*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, self._saved)

    def _restore(self) -> None:
        self.lose_state()
        for path in self._saved.iterdir():
            shutil.copy(path, self.path.parent)

    # --- people --------------------------------------------------------------------------------------------------

    def note(self, key: str) -> MemoryNote:
        """The note of an item, or of those that claim it the one that is."""
        return self.disk.note(self.home(key))

    def home(self, key: str) -> str:
        paths = self.disk.paths_of(item_id(key))
        if len(paths) > 1:
            with self.state() as state:
                rows = state.notes.rows_of([item_id(key)])
                paths = [row.path for row in rows.values() if row.path in paths] or paths
        return paths[0]

    def shows(self, key: str, field: str) -> Value | None:
        return self.note(key).face.get(field)

    def zotero(self, key: str) -> Face:
        return self.server.face(key)

    def edit(self, key: str, **fields: Value | None) -> None:
        """A person edits a note."""
        self.disk.edit(self.home(key), {name.replace("_", "-"): value for name, value in fields.items()})

    def change(self, key: str, **fields: Value) -> None:
        """A person edits an item."""
        self.server.change(key, {name.replace("_", "-"): value for name, value in fields.items()})

    def conflicts(self) -> list[ConflictRow]:
        with self.state() as state:
            return state.history.conflicts()

    def conflict(self, key: str, field: str) -> ConflictRow | None:
        found = [row for row in self.conflicts() if (row.id.key, row.field) == (key, field)]
        return found[0] if found else None

    def answer(self, number: int, keep: str) -> None:
        with self.state() as state:
            state.history.answer(number, keep)

    def held_codes(self) -> set[str]:
        with self.state() as state:
            return {held.code for held in state.history.held()}

    def use(self, *, writable: bool) -> None:
        self.server.writable = writable

    def narrow(self, scope: Scope) -> None:
        """From now on only these papers have notes."""
        self.settings = replace(self.settings, scopes={LIBRARY: scope})
        self._reconfigured()

    def is_in_scope(self, key: str) -> bool:
        """Whether an item is one of those that have notes, as far as Bridge knows of it."""
        with self.state() as state:
            raw = state.items.get_item(item_id(key))
            if raw is None or not (scope := self.settings.scopes.get(LIBRARY)):
                return True
            return scope.holds(MemoryLibrary(self.server, state.items).labels(raw))

    def _reconfigured(self) -> None:
        self.fingerprint = repr((self.settings.scopes, self.settings.leaving))

    def part(self, *, note: Leave = "mark", paper: Leave = "mark") -> None:
        """From now on a note follows its paper so, and a paper its note."""
        self.settings = replace(self.settings, leaving=Leaving(note, paper))
        self._reconfigured()

    def decide(self, policy: ConflictPolicy) -> None:
        """From now on conflicts are decided so."""
        self.settings = replace(self.settings, rules=replace(self.settings.rules, conflicts=policy))


__all__ = ["LIBRARY", "TODAY", "World"]
