"""The daemon's loop: wait, look, run a cycle, say how it went.

One thread does everything that touches the state; whatever else there is (watching threads, signal handlers, other
commands) only rings the bell. R31: on another machine's vault it waits and says so. R33: stopped by a guard it goes on
looking. R37: the quiet period is what was seen, and orders of other commands are carried out here. No error ends the
loop but one at its very start; what went wrong stands in the status, said once, and the next look comes by itself.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bridge.config.file import CONFIG_PATH
from bridge.daemon.bell import Bell
from bridge.daemon.clock import Clock, SystemClock
from bridge.daemon.listener import Listener
from bridge.daemon.mailbox import Mailbox
from bridge.daemon.pace import Pace
from bridge.daemon.push import Push
from bridge.daemon.settings import SettingsFile
from bridge.daemon.status import DaemonStatus, Trouble
from bridge.daemon.steps import Steps
from bridge.errors import BridgeError, ConfigError, StoppedError, UnreachableError, VaultError, VaultOwnedError
from bridge.order import Order
from bridge.vault.quiet import Quiet
from bridge.vault.watch import Watch, WatchLimitError

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.sync.report import Report

#: Seconds between two looks at the files alone, however fast they change, and how many times longer than a look the
#: time between two is: a flood must not keep a core busy.
GLANCE, GLANCE_SHARE = 0.5, 4.0
#: The longest wait in one piece. A machine that slept notices after waking within this time.
NAP = 30.0
#: A clock that is off by so many seconds has jumped: the machine slept, or was set.
JUMP = 20.0
#: Everything is compared so often, whatever versions and dates say, in seconds.
FULL = 24 * 3600.0
_LAST_FULL = "last-full"
#: What may be a reason to look, but not whatever was in the way before (:meth:`Daemon.wake`).
_PATIENT = frozenset({"vault", "config", "owner", "remote", "push"})
_log = logging.getLogger("bridge.daemon")


class Daemon:
    """Keeps one vault in step until it is stopped.

    :param first: what a person asked for with the first cycle (``yes``, ``take_over``).
    :param listener: who is told.
    """

    def __init__(
        self,
        app: App,
        bell: Bell,
        *,
        first: Order | None = None,
        listener: Listener | None = None,
        clock: Clock | None = None,
        watch: Watch | None = None,
        push: Push | None = None,
    ) -> None:
        self._app, self._bell = app, bell
        self._first, self._listener, self._clock = first, listener or Listener(), clock or SystemClock()
        self._watch, self._push = watch or Watch(app.vault, self.wake), push or Push(app, self.wake)
        options, now = app.config.daemon, self._clock.monotonic()
        self._quiet = Quiet(options.quiet_seconds, self._clock.monotonic)
        self._pace = Pace(options.poll_seconds, options.idle_poll_seconds, now)
        self._steps = Steps(lambda: self._stopping, self._listener.alive)
        self._stopping = False
        self._glance_due: float | None = None
        self._glance_after = now
        self._seen = (now, self._clock.wall())
        self._settings = SettingsFile(app.vault / CONFIG_PATH)
        self._can_watch = True
        self._status = DaemonStatus(os.getpid(), bell.port, str(app.vault), "starting", self._now(), self._now())

    # --- from any thread, and from signal handlers ---

    def wake(self, reason: str = "asked") -> None:
        """Look again.

        ``vault``: files may have changed. ``config``: the configuration may have; ``reload``: read it, whether or not.
        ``owner``: another machine may have let the vault go. ``remote``: Zotero may have something new; ``push``:
        whether it announces that has changed. Anything else: look at both sides now.
        """
        self._bell.ring(reason)

    def stop(self) -> None:
        """End at the next safe point."""
        self._stopping = True
        self._bell.ring("stop")

    def status(self) -> DaemonStatus:
        """How it stands, as last published."""
        return self._status

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stopping

    # --- the loop ---

    def run(self) -> None:
        """Work until stopped.

        :raises VaultBusyError: another process works on the vault.
        :raises StateError: the state cannot be used.
        """
        with self._app.stay(self._quiet, self._sleep):
            mailbox = Mailbox(self._app.home.folder)
            mailbox.empty()
            try:
                self._publish()
                self._listener.ready(self._app)
                while not self._stopping:
                    self._look_after_watch()
                    self._turn(mailbox)
            finally:
                self._listener.stopping()
                self._push.end()
                self._watch.stop()
                self.last_words()

    def last_words(self) -> None:
        """Publish that it has ended."""
        self._status = replace(self._status, state="stopped", updated=self._now(), next_poll="")
        self._status.write(self._app.home.folder)

    def _turn(self, mailbox: Mailbox) -> None:
        began = self._clock.monotonic()
        nap = min(max(0.0, self._next() - began), NAP)
        reasons = self._bell.wait(nap)
        if self._stopping:
            return
        self._listener.alive()
        if self._has_jumped(began + nap):
            self._begin_anew()
        self._look_at_config(asked="reload" in reasons)
        now = self._clock.monotonic()
        self._look_at_push(reasons, now)
        if reasons - _PATIENT or ("owner" in reasons and self._is_owned_elsewhere()):
            self._pace.hurry(now)
        if "vault" in reasons and self._glance_due is None:
            self._glance_due = max(now, self._glance_after)
        for name, order in mailbox.take():
            self._look_at_config(due=True)
            mailbox.answer(name, self._cycle(order, own=False))
        self._glance_if_due()
        if self._clock.monotonic() >= self._next_cycle() and not self._stopping:
            self._cycle(self._own_order(), own=True)

    def _next(self) -> float:
        return min(each for each in (self._next_cycle(), self._glance_due, self._settings.due) if each is not None)

    def _next_cycle(self) -> float:
        """When a cycle is due: by the poll, or since a file that was edited stands still."""
        return min(self._pace.next, self._still_at())

    def _still_at(self) -> float:
        still = self._quiet.due
        return float("inf") if still is None else max(still, self._pace.not_before)

    def _own_order(self) -> Order:
        last = self._app.kept().get_meta(_LAST_FULL)
        is_due = last is not None and not 0.0 <= self._clock.wall() - float(last) < FULL
        return replace(self._first or Order(), quiet=True, full=is_due)

    def _note_full(self, order: Order) -> None:
        state = self._app.kept()
        if order.full or state.get_meta(_LAST_FULL) is None:  # the first of all reads everything anyway
            state.set_meta(_LAST_FULL, str(self._clock.wall()))

    # --- one cycle ---

    def _cycle(self, order: Order, *, own: bool) -> Report | BridgeError:
        """Run a cycle and draw the consequences of how it went.

        :param own: nobody else asked for it. What goes wrong with an order is for who gave it to hear.
        """
        result: Report | BridgeError
        try:
            result = self._app.cycle(order, self._steps)
        except BridgeError as error:
            result = error
        except Exception as error:  # noqa: BLE001 (a fault of ours: the next look may not meet it)
            # Where it happened, but not its text, which might hold anything (law 14).
            place = traceback.extract_tb(error.__traceback__)[-1]
            result = BridgeError(f"something went wrong inside Bridge ({type(error).__name__})")
            _log.error("%s at %s:%d", type(error).__name__, place.filename, place.lineno)
        now = self._clock.monotonic()
        if isinstance(result, StoppedError):
            return result
        self._status = replace(self._status, cycles=self._status.cycles + 1)
        if not isinstance(result, BridgeError):
            self._note_full(order)
            self._done(now, result)
        elif own:
            self._failed(now, result)
        self._publish()
        return result

    def _done(self, now: float, report: Report) -> None:
        self._first = None
        news = [message for message in report.messages if message not in self._status.messages]
        self._status = replace(
            self._status,
            last_cycle=self._now(),
            requests=self._status.requests + report.requests,
            last=report.to_json(),
            messages=tuple(report.messages),
        )
        if report.out_of_reach:
            self._failed(now, UnreachableError(report.out_of_reach))
        else:
            self._push.begin()
            self._pace.done(now, changed=report.changed or bool(self._quiet.warm))
            if self._status.trouble is not None:
                self._say("All is well again.")
                self._status = replace(self._status, trouble=None)
        for message in news:  # what holds on is said once, and stays in the status
            self._say(message)
        if report.changed:
            _log.info("%s", _summary(report))
        self._listener.reported(report)

    def _failed(self, now: float, error: BridgeError) -> None:
        self._pace.failed(now, error)
        if not isinstance(error, UnreachableError):
            # A key may have been renewed, a server exchanged: the next cycle finds out. A pause that was asked for
            # stays with its connection.
            self._push.end()
            self._app.disconnect()
        if isinstance(error, VaultError):
            self._quiet.forget()
        before, code = self._status.trouble, type(error).__name__
        if before is not None and (before.code, before.message) == (code, str(error)):
            return  # said already
        self._status = replace(self._status, trouble=Trouble(code, str(error), self._now()))
        self._say(str(error))

    # --- the vault between cycles ---

    def _glance_if_due(self) -> None:
        began = self._clock.monotonic()
        if self._glance_due is None or began < min(self._glance_due, self._still_at()):
            return  # before files are read that stand still, what has rung since is looked at: it may be one flood
        try:
            self._app.glance()
        except BridgeError:
            self._pace.next = max(began, self._pace.not_before)  # a cycle will say what is wrong
        now = self._clock.monotonic()
        self._glance_after = now + max(min(GLANCE, self._quiet.seconds / 4), GLANCE_SHARE * (now - began))
        # Without a watch the clock is what tells of changes.
        self._glance_due = (
            None if self._watch.alive else max(self._glance_after, now + max(self._quiet.seconds, GLANCE))
        )

    def _look_after_watch(self) -> None:
        """Begin to watch, and again where the watch has died: its disk went away, or a thread of it failed."""
        if self._watch.alive:
            return
        watching = False
        if self._can_watch:
            try:
                watching = self._watch.start()
            except WatchLimitError as error:
                self._can_watch = False
                self._say(
                    f"the system lets no more folders be watched ({error}); changes in notes are found by "
                    f"looking every {max(self._quiet.seconds, GLANCE):g} s instead"
                )
        if self._glance_due is None:
            # What changed while nobody watched is found by looking.
            self._glance_due = max(self._clock.monotonic(), self._glance_after)
        self._status = replace(self._status, watching="events" if watching else "timer")

    # --- what Zotero says of itself ---

    def _look_at_push(self, reasons: frozenset[str], now: float) -> None:
        """Hear what the streams have to say. They only wake: what is new is for a cycle to read."""
        if "push" in reasons:
            self._push.told(self._say)
            self._pace.announced(now, everything=self._push.is_complete)
            self._publish()
        if "remote" in reasons:
            self._pace.prompt(now)

    # --- what may change around it ---

    def _has_jumped(self, expected: float) -> bool:
        """Whether the machine slept or its clock was set: the two clocks disagree, or a nap was far too long."""
        before, (mono, wall) = self._seen, (self._clock.monotonic(), self._clock.wall())
        self._seen = (mono, wall)
        return abs((wall - before[1]) - (mono - before[0])) > JUMP or mono - expected > JUMP

    def _begin_anew(self) -> None:
        """Both sides anew: what was seen before says nothing, and connections are dead."""
        _log.info("The clock has jumped: looking at both sides anew.")
        self._quiet.forget()
        self._push.end()
        self._app.disconnect()
        self._pace.hurry(self._clock.monotonic())

    def _look_at_config(self, *, asked: bool = False, due: bool = False) -> None:
        """Read the configuration if its file is another one now; a broken one changes nothing and is said once."""
        now = self._clock.monotonic()
        if not self._settings.is_new(now, asked=asked, due=due):
            return
        try:
            self._app.reload()
        except ConfigError as error:
            if self._status.config != str(error):
                self._say(f"{error}\nThe configuration from before is kept.")
                self._status = replace(self._status, config=str(error))
                self._publish()
            return
        self._push.end()
        options = self._app.config.daemon
        self._quiet.seconds = options.quiet_seconds
        self._pace.set(options.poll_seconds, options.idle_poll_seconds, now)
        self._status = replace(self._status, config="")
        _log.info("The configuration was read anew.")

    def _is_owned_elsewhere(self) -> bool:
        trouble = self._status.trouble
        return trouble is not None and trouble.code == VaultOwnedError.__name__

    def _sleep(self, seconds: float) -> None:
        """Wait for a server, but not when asked to end; an event to wait on could lock up a signal handler."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._steps.check()
            time.sleep(min(left, 0.1))

    # --- telling ---

    def _say(self, text: str) -> None:
        _log.warning("%s", text)
        self._listener.say(text)

    def _publish(self) -> None:
        counts = self._app.kept().counts()
        wait = max(0.0, self._next_cycle() - self._clock.monotonic())
        self._status = replace(
            self._status,
            state="waiting" if self._status.trouble else "idle" if self._status.cycles else "starting",
            updated=self._now(),
            next_poll=self._now(wait),
            pending=counts["pending"],
            conflicts=counts["conflicts"],
            held=counts["held"],
            being_edited=len(self._quiet.warm),
            news=self._push.news if self._status.cycles else "",
        )
        self._status.write(self._app.home.folder)

    def _now(self, later: float = 0.0) -> str:
        zone = ZoneInfo(self._app.config.time.zone)
        return datetime.fromtimestamp(self._clock.wall() + later, zone).isoformat(timespec="seconds")


def _summary(report: Report) -> str:
    done = {
        "made in Zotero": report.zotero_created,
        "sent to Zotero": report.zotero_updated,
        "notes made": report.vault_created,
        "notes updated": report.vault_updated,
        "notes renamed": report.vault_renamed,
        "notes marked": report.vault_marked,
        "index notes written": report.indexes_written,
    }
    return ", ".join(f"{count} {what}" for what, count in done.items() if count)
