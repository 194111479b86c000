"""The loop, by a clock moved by hand: what wakes it, what it does about trouble, and what it says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from still_time import HandBell, HandClock

from bridge.app import App
from bridge.config.sections import DaemonConfig
from bridge.core.place import Stat
from bridge.core.record import ItemId
from bridge.core.renames import Rekeying
from bridge.daemon.listener import Listener
from bridge.daemon.loop import FULL, Daemon
from bridge.daemon.mailbox import FOLDER
from bridge.daemon.status import DaemonStatus, read_status
from bridge.errors import (
    BackOffError,
    BridgeError,
    ConfigError,
    ForbiddenError,
    GuardStop,
    OutdatedAnswerError,
    UnreachableError,
    VaultMarkerError,
    VaultOwnedError,
)
from bridge.order import Order
from bridge.sync import Progress, Report
from bridge.sync.adopting import Adopting, Pair
from bridge.vault.quiet import Quiet
from bridge.vault.watch import Watch, WatchLimitError


class FakeState:
    """The few facts the loop asks for."""

    def __init__(self) -> None:
        self.meta: dict[str, str] = {}

    def get_meta(self, name: str) -> str | None:
        return self.meta.get(name)

    def set_meta(self, name: str, value: str) -> None:
        self.meta[name] = value

    def counts(self) -> dict[str, int]:
        return {"items": 1, "notes": 1, "pending": 2, "conflicts": 3, "held": 4}


class FakeApp:
    """An App whose cycles do nothing but what the test says."""

    def __init__(self, root: Path, clock: HandClock) -> None:
        self.vault, self.clock = root / "vault", clock
        (self.vault / ".bridge").mkdir(parents=True)
        self.settings = self.vault / ".bridge/config.toml"
        self.settings.write_text("1")
        self.home = SimpleNamespace(folder=root)
        zone = SimpleNamespace(zone="Europe/Berlin")
        self.config = SimpleNamespace(daemon=DaemonConfig(), time=zone, library=(), sandbox=None)
        self.state = FakeState()
        self.cycles: list[tuple[float, Order]] = []
        self.results: list[Report | BridgeError | Exception] = []
        self.glances = self.disconnects = self.reloads = 0
        self.differing: dict[str, Stat] = {}
        self.on_cycle: Callable[[Progress], None] = lambda _: None
        self.reload_error: ConfigError | None = None
        self.quiet: Quiet | None = None
        self.staying = False

    @contextlib.contextmanager
    def stay(self, quiet: Quiet, _sleep: Any) -> Iterator[None]:
        self.quiet, self.staying = quiet, True
        try:
            yield
        finally:
            self.staying = False

    def kept(self) -> FakeState:
        assert self.staying
        return self.state

    def cycle(self, order: Order, progress: Progress) -> Report:
        assert self.staying
        self.cycles.append((self.clock.mono, order))
        self.on_cycle(progress)
        result = self.results.pop(0) if self.results else Report()
        if isinstance(result, Exception) and not isinstance(result, GuardStop):
            raise result
        assert self.quiet is not None
        warm = self.quiet.look(self.differing, self.differing.keys(), reading=True) if order.quiet else frozenset()
        if isinstance(result, GuardStop):
            raise result
        self.differing = {path: stat for path, stat in self.differing.items() if path in warm}
        return result

    def glance(self) -> None:
        assert self.quiet is not None
        self.glances += 1
        self.quiet.look(self.differing, self.differing.keys(), reading=False)

    def disconnect(self) -> None:
        self.disconnects += 1

    def reload(self) -> None:
        self.reloads += 1
        if self.reload_error is not None:
            raise self.reload_error


class FakeWatch:
    """A watch that works unless told otherwise."""

    def __init__(self) -> None:
        self.alive, self.starts, self.full = False, 0, False

    def start(self) -> bool:
        self.starts += 1
        if self.full:
            raise WatchLimitError("No space left on device")
        self.alive = True
        return True

    def stop(self) -> None:
        self.alive = False


class Told(Listener):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.heard: list[str] = []
        self.beats = 0

    def ready(self, app: App) -> None:
        self.heard.append("ready")

    def alive(self) -> None:
        self.beats += 1

    def say(self, text: str) -> None:
        self.said.append(text)

    def stopping(self) -> None:
        self.heard.append("stopping")


class Bench:
    """A daemon on the bench."""

    def __init__(self, root: Path) -> None:
        self.clock = HandClock()
        self.bell = HandBell(self.clock)
        self.app = FakeApp(root, self.clock)
        self.watch = FakeWatch()
        self.told = Told()
        self.folder = root
        self.daemon = self.made()

    def made(self, first: Order | None = None) -> Daemon:
        return Daemon(
            cast("App", self.app),
            self.bell,
            first=first,
            listener=self.told,
            clock=self.clock,
            watch=cast("Watch", self.watch),
        )

    def run(self, seconds: float) -> list[float]:
        """Let the daemon run for so long; the times of its cycles from the start."""
        began = self.clock.mono
        self.bell.at(seconds, self.daemon.stop)
        self.daemon.run()
        return [round(at - began, 3) for at, _ in self.app.cycles]

    def edit(self, path: str = "a.md", size: int = 1) -> None:
        """Somebody saves a note; the watch rings."""
        self.app.differing[path] = Stat(size, int(self.clock.mono * 1e9), 1)
        self.daemon.wake("vault")

    def put_order(self, name: str = "one", **said: Any) -> None:
        (self.folder / FOLDER / f"{name}.order").write_text(json.dumps(said))
        self.bell.ring("mail")

    def answer(self, name: str = "one") -> Any:
        return json.loads((self.folder / FOLDER / f"{name}.answer").read_text())


def gaps_of(cycles: list[float]) -> list[float]:
    return [round(later - earlier, 3) for earlier, later in pairwise(cycles)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- waking ---


def test_it_looks_at_once_and_then_ever_more_seldom(bench: Bench) -> None:
    cycles = bench.run(600)
    gaps = gaps_of(cycles)
    assert cycles[0] == 0
    assert gaps == sorted(gaps)
    assert gaps[-1] == 60
    assert all(order.quiet for _, order in bench.app.cycles)


def test_r37_a_saved_note_is_taken_when_it_has_stood_still(bench: Bench) -> None:
    bench.bell.at(301.0, bench.edit)
    assert 306.0 in bench.run(310)


def test_a_note_saved_every_two_seconds_is_taken_five_seconds_after_the_last(bench: Bench) -> None:
    for second in range(300, 360, 2):
        bench.bell.at(second, lambda: bench.edit(size=int(bench.clock.mono)))
    cycles = [at for at in bench.run(366) if at > 300]
    assert cycles[-1] == 363
    assert len(cycles) < 12  # polls, and not one for each save


def test_a_flood_of_5000_files_is_one_cycle(bench: Bench) -> None:
    def flood() -> None:
        for number in range(5000):
            bench.edit(f"{number}.md")

    bench.bell.at(301, flood)
    before = len([at for at in bench.run(309) if at > 301])
    assert before == 1


def test_a_flood_that_goes_on_is_one_cycle_whatever_the_order_of_looks(bench: Bench) -> None:
    """Files of it change twice, the last ones just before all may be read and just after somebody has looked."""
    bench.app.config.daemon = DaemonConfig(poll_seconds=600, idle_poll_seconds=3600)
    bench.daemon = bench.made()

    def part(first: int, last: int, size: int) -> None:
        for number in range(first, last):
            bench.edit(f"{number}.md", size)

    bench.bell.at(301, lambda: part(0, 100, 1))
    bench.bell.at(304, lambda: part(50, 150, 2))
    bench.bell.at(308.8, lambda: bench.daemon.wake("vault"))
    bench.bell.at(308.95, lambda: part(0, 30, 3))
    assert [at for at in bench.run(320) if at > 301] == [314.0]


def test_law_8_an_event_without_a_change_runs_no_cycle(bench: Bench) -> None:
    for second in range(301, 330):
        bench.bell.at(second, lambda: bench.daemon.wake("vault"))
    alone = Bench(bench.folder / "other")
    assert bench.run(400) == alone.run(400)
    assert bench.app.glances > 20


def test_looks_at_the_files_are_rationed(bench: Bench) -> None:
    for step in range(1000):
        bench.bell.at(300 + step / 100, lambda: bench.daemon.wake("vault"))
    bench.run(311)
    assert bench.app.glances <= 25


def test_a_signal_looks_at_both_sides_now(bench: Bench) -> None:
    bench.bell.at(333, lambda: bench.daemon.wake("signal"))
    assert 333 in bench.run(340)


def test_an_announced_change_is_looked_at_at_once(bench: Bench) -> None:
    bench.bell.at(333, lambda: bench.daemon.wake("remote"))
    assert 333 in bench.run(340)


def test_an_announcement_does_not_make_it_try_a_refused_key_again(bench: Bench) -> None:
    """The server counts wrong keys; only a person may have it look before its time."""
    bench.app.results = [ForbiddenError("no")] * 9
    for second in range(10, 200, 10):
        bench.bell.at(second, lambda: bench.daemon.wake("remote"))
        bench.bell.at(second, lambda: bench.daemon.wake("push"))
    assert bench.run(250) == [0]


def test_everything_is_compared_once_a_day(bench: Bench) -> None:
    bench.run(600)
    assert not any(order.full for _, order in bench.app.cycles)  # the first of all reads everything anyway
    bench.app.cycles.clear()
    bench.clock.pass_by(FULL - 900)
    bench.daemon = bench.made()
    cycles = bench.run(1800)
    full = [at for at, (_, order) in zip(cycles, bench.app.cycles, strict=True) if order.full]
    assert len(full) == 1
    assert 300 <= full[0] <= 360


def test_a_full_comparison_that_failed_is_still_due(bench: Bench) -> None:
    bench.app.state.meta["last-full"] = "0"
    bench.app.results = [UnreachableError("no network")] * 2
    bench.run(600)
    assert [order.full for _, order in bench.app.cycles][:4] == [True, True, True, False]


def test_the_system_may_have_no_watches_left_said_once(bench: Bench) -> None:
    bench.watch.full = True
    bench.bell.at(301, lambda: bench.app.differing.update(a=Stat(1, 1, 1)))  # nobody rings
    cycles = bench.run(400)
    assert any(306 <= at <= 312 for at in cycles)
    assert bench.watch.starts == 1
    assert [text for text in bench.told.said if "watched" in text] == bench.told.said
    assert len(bench.told.said) == 1
    assert bench.daemon.status().watching == "timer"


def test_a_watch_that_dies_is_started_again_and_what_it_missed_is_found(bench: Bench) -> None:
    def die() -> None:
        bench.watch.alive = False
        bench.app.differing["a.md"] = Stat(1, 1, 1)

    bench.bell.at(301, die)
    cycles = bench.run(400)
    assert bench.watch.starts == 2
    assert next(at for at in cycles if at > 301) < 340
    assert not bench.app.differing


# --- trouble ---


def test_it_starts_offline_and_catches_up(bench: Bench) -> None:
    bench.app.results = [UnreachableError("no network")] * 40
    cycles = bench.run(4 * 3600)
    assert max(gaps_of(cycles[:40])) == 300
    assert bench.told.said == ["no network", "All is well again."]
    assert bench.daemon.status().trouble is None


def test_while_offline_edits_do_not_ask_again_and_again(bench: Bench) -> None:
    bench.app.results = [UnreachableError("no network")] * 10000
    for second in range(1000, 3000, 20):
        bench.bell.at(second, bench.edit)
    cycles = bench.run(3000)
    assert len(cycles) < 20


def test_back_off_is_obeyed(bench: Bench) -> None:
    bench.app.results = [BackOffError("a pause", 200.0)]
    bench.bell.at(50, bench.edit)
    assert bench.run(210)[:2] == [0, 200]
    assert bench.app.disconnects == 0  # the pause is remembered by the connection too


def test_a_revoked_key_is_tried_seldom_until_it_is_renewed(bench: Bench) -> None:
    bench.app.results = [ForbiddenError("the key is wrong")] * 5
    cycles = bench.run(3 * 3600)
    assert cycles[:4] == [0, 300, 900, 2100]
    assert bench.app.disconnects >= 5  # each try looks for the key anew
    assert bench.told.said == ["the key is wrong", "All is well again."]


def test_a_vault_that_is_away_is_waited_for(bench: Bench) -> None:
    bench.app.results = [Report(), *[VaultMarkerError("the marker is missing")] * 6]
    cycles = bench.run(600)
    assert bench.told.said == ["the marker is missing", "All is well again."]
    assert max(gaps_of(cycles)) == 60


def test_r33_stopped_by_a_guard_it_goes_on_looking_and_takes_the_answer(bench: Bench) -> None:
    bench.app.results = [GuardStop("400 of 1000 papers would be changed", "mass-vault")] * 2
    bench.bell.at(30, bench.edit)
    seen: list[DaemonStatus] = []
    bench.bell.at(60, lambda: seen.append(bench.daemon.status()))
    bench.bell.at(70, lambda: bench.put_order(yes=True))
    assert bench.run(72) == [0, 35, 70]
    assert (seen[0].state, seen[0].trouble is not None and seen[0].trouble.code) == ("waiting", "GuardStop")
    assert bench.app.cycles[-1][1].yes
    assert bench.told.said == ["400 of 1000 papers would be changed", "All is well again."]
    assert bench.daemon.status().trouble is None


def test_r31_another_machines_vault_is_waited_for_until_it_is_let_go(bench: Bench) -> None:
    bench.app.results = [VaultOwnedError("synced by laptop")] * 3
    bench.bell.at(130, lambda: bench.daemon.wake("owner"))
    cycles = bench.run(150)
    assert cycles[:4] == [0, 60, 120, 130]
    assert bench.told.said == ["synced by laptop", "All is well again."]


def test_a_fault_of_ours_ends_nothing_and_its_text_is_not_repeated(bench: Bench) -> None:
    bench.app.results = [ValueError("a whole note's text")]
    cycles = bench.run(200)
    assert len(cycles) > 2
    assert "ValueError" in bench.told.said[0]
    assert "note's text" not in "".join(bench.told.said)


def test_what_a_cycle_says_again_and_again_is_said_once(bench: Bench) -> None:
    bench.app.results = [Report(messages=["a template"]), Report(messages=["a template", "read-only"]), Report()] * 2
    bench.run(200)
    assert bench.told.said == ["a template", "read-only"] * 2


# --- clocks, configuration ---


def test_after_sleep_both_sides_are_looked_at_anew(bench: Bench) -> None:
    def sleep() -> None:
        bench.clock.date += 3600
        bench.bell.ring("vault")  # whatever it is that wakes the machine

    bench.app.results = [UnreachableError("no network")] * 7
    bench.bell.at(400, sleep)
    cycles = bench.run(401)
    assert 400 in cycles
    assert bench.app.disconnects == 1


def test_what_was_seen_before_a_sleep_says_nothing(bench: Bench) -> None:
    def close_the_lid() -> None:
        bench.edit()
        bench.clock.date += 3600

    bench.bell.at(301, close_the_lid)
    cycles = [at for at in bench.run(310) if at >= 301]
    assert cycles == [301, 306]
    assert not bench.app.differing


def test_a_configuration_edited_while_it_runs_counts(bench: Bench) -> None:
    def edit() -> None:
        bench.app.settings.write_text("another")
        bench.app.config.daemon = DaemonConfig(quiet_seconds=1, poll_seconds=1, idle_poll_seconds=2)
        bench.daemon.wake("config")

    bench.bell.at(300, edit)
    cycles = [at for at in bench.run(320) if at >= 300]
    assert cycles[0] == 300.5
    assert len(cycles) >= 10
    assert bench.app.reloads == 1


def test_a_configuration_is_read_when_it_stands_still(bench: Bench) -> None:
    def write(text: str) -> None:
        bench.app.settings.write_text(text)
        bench.daemon.wake("config")

    bench.app.reload_error = ConfigError("half of it")
    for step in range(5):
        bench.bell.at(300 + step * 0.3, lambda step=step: write("x" * (step + 2)))  # type: ignore[misc]  # its default
    bench.bell.at(301.5, lambda: setattr(bench.app, "reload_error", None))
    bench.run(310)
    assert bench.app.reloads == 1
    assert bench.told.said == []


def test_a_person_may_have_the_configuration_read_at_once(bench: Bench) -> None:
    bench.bell.at(300, lambda: bench.daemon.wake("reload"))
    assert 300 in bench.run(310)
    assert bench.app.reloads == 1


def test_a_broken_configuration_changes_nothing_and_is_said_once(bench: Bench) -> None:
    def edit(text: str, error: ConfigError | None) -> None:
        bench.app.reload_error = error
        bench.app.settings.write_text(text)
        bench.daemon.wake("config")

    bench.bell.at(300, lambda: edit("x", ConfigError("no TOML")))
    bench.bell.at(310, lambda: edit("xy", ConfigError("no TOML")))
    seen: list[str] = []
    bench.bell.at(315, lambda: seen.append(bench.daemon.status().config))
    bench.bell.at(320, lambda: edit("fine", None))
    bench.run(330)
    assert bench.told.said == ["no TOML\nThe configuration from before is kept."]
    assert seen == ["no TOML"]
    assert bench.daemon.status().config == ""


# --- orders ---


def test_r37_an_order_is_carried_out_at_once_without_a_quiet_period(bench: Bench) -> None:
    bench.bell.at(333, lambda: bench.put_order(answer=[7, "vault"]))
    bench.run(340)
    (order,) = [order for at, order in bench.app.cycles if order.answer]
    assert order == Order(answer=(7, "vault"))
    assert bench.answer()["report"]["conflicts"] == 0


def test_r37_an_adoption_arrives_as_it_was_ordered(bench: Bench) -> None:
    adopting = Adopting((Pair("Mine.md", "users/1", "ABCD2345", "digest"),), push=True)
    bench.bell.at(333, lambda: bench.put_order(adopting=asdict(adopting)))
    bench.run(340)
    (order,) = [order for at, order in bench.app.cycles if order.adopting]
    assert order == Order(adopting=adopting)


def test_r37_a_note_to_be_restored_is_handed_over(bench: Bench) -> None:
    bench.bell.at(333, lambda: bench.put_order(restore=["users/1", "wei2025"]))
    bench.run(340)
    (order,) = [order for at, order in bench.app.cycles if order.restore]
    assert order == Order(restore=("users/1", "wei2025"))


def test_r37_another_citation_key_is_handed_over(bench: Bench) -> None:
    change = Rekeying(ItemId("users/1", "ABCD2345"), "old", "new")
    bench.bell.at(333, lambda: bench.put_order(rekey=change))
    bench.run(340)
    (order,) = [order for at, order in bench.app.cycles if order.rekey]
    assert order == Order(rekey=change)


def test_r6_an_order_that_is_refused_is_for_who_gave_it_to_hear(bench: Bench) -> None:
    def ask() -> None:
        bench.app.results = [OutdatedAnswerError("Conflict 7 is over")]
        bench.put_order(answer=[7, "vault"])

    bench.bell.at(333, ask)
    bench.run(400)
    assert bench.answer()["error"] == "OutdatedAnswerError"
    assert bench.told.said == []
    assert bench.daemon.status().trouble is None


def test_an_order_that_makes_no_sense_is_left_out(bench: Bench) -> None:
    bench.bell.at(333, lambda: bench.put_order(nonsense=1))
    bench.run(400)
    assert not (bench.folder / FOLDER / "one.answer").exists()


def test_what_was_asked_for_at_the_start_holds_until_a_cycle_has_come_through(bench: Bench) -> None:
    bench.daemon = bench.made(Order(yes=True, take_over=True))
    bench.app.results = [UnreachableError("no network")] * 2
    bench.run(100)
    asked = [order.yes and order.take_over for _, order in bench.app.cycles]
    assert asked[:3] == [True, True, True]
    assert not any(asked[3:])


# --- ending, telling ---


def test_it_ends_in_the_middle_of_a_cycle(bench: Bench) -> None:
    steps: list[int] = []

    def work(progress: Progress) -> None:
        progress.start("writing", 100)
        for step in range(100):
            if step == 3:
                bench.daemon.stop()
            progress.advance()
            steps.append(step)

    bench.app.on_cycle = work
    bench.run(100)
    assert steps == [0, 1, 2]
    assert bench.told.heard == ["ready", "stopping"]
    status = read_status(bench.folder)
    assert status is not None
    assert (status.state, status.trouble) == ("stopped", None)


def test_it_shows_itself_alive_often_enough_for_a_watchdog(bench: Bench) -> None:
    bench.run(3600)
    assert bench.told.beats >= 3600 / 30
    assert max(bench.bell.waits) <= 30


def test_the_status_says_how_it_stands(bench: Bench) -> None:
    bench.app.results = [Report(zotero_updated=2, requests=3, messages=["read-only"])]
    seen: list[Any] = []
    bench.bell.at(2, lambda: seen.append(read_status(bench.folder)))
    bench.run(4)
    (status,) = seen
    assert status == replace(bench.daemon.status(), state="idle", updated=status.updated, next_poll=status.next_poll)
    assert (status.pending, status.conflicts, status.held, status.requests) == (2, 3, 4, 3)
    assert (status.last["zotero"]["updated"], status.messages) == (2, ("read-only",))
    assert status.started.endswith(("+01:00", "+02:00"))
    assert status.next_poll > status.updated
