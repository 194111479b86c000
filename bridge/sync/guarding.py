"""Guards of a cycle: what they are shown, who answered them, and the stop where nobody did (law 10, R33)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.core import safety
from bridge.core.policy import Kind, Policy
from bridge.core.reconcile import text
from bridge.errors import GuardStop
from bridge.state import State
from bridge.sync.applying import as_text
from bridge.sync.options import Options
from bridge.sync.planning import Planner, Plans
from bridge.sync.ports import LibrarySide
from bridge.sync.pushing import Push, Pusher, Pushes

if TYPE_CHECKING:
    from bridge.sync.keymaking import KeyMaker, NewKey

#: Meta name: the last cycle to all of which a person has agreed.
ANSWERED = "guards-answered-until"
#: Meta names: to how many new notes and citation keys at once a person has agreed.
APPROVED_NEW, APPROVED_KEYS = "approved-new", "approved-keys"
#: A written answer to a guard of edits in notes: Zotero's values go back into the notes.
PUT_BACK = "put-back"
#: Changes that a guard's question shows.
SHOWN = 10


class Guard:
    """The guards of one cycle; :attr:`answered` says whether a person agreed to something that they asked."""

    def __init__(self, state: State, options: Options, libraries: Sequence[str], now: Callable[[], datetime]) -> None:
        self._state, self._options, self._libraries, self._now = state, options, libraries, now
        self.answered = False

    def changes(
        self,
        planned: Sequence[tuple[LibrarySide, Planner, Plans]],
        pusher: Pusher | None,
        pushes: Sequence[Pushes],
    ) -> None:
        """Ask before too much is changed (law 10, R33)."""
        options, state = self._options, self._state
        if options.yes or options.adopting:  # a person was shown each adoption, and what it sends
            self.answered = True
            return
        policy = options.settings.policy
        tasks = [task for _, _, plans in planned for task in plans.tasks]
        titles = {task.id: text(task.zotero.face.get("title")) for task in tasks}
        outgoing = [move for t in tasks for move in safety.moves(t.id, t.zotero.face, t.plan.zotero, t.plan.zotero)]
        pushed: list[Push] = [push for each in pushes for push in each.pushes]
        titles |= {push.row.id: push.title for push in pushed}
        outgoing += [push.move() for push in pushed]
        leaving = [going for _, _, plans in planned for going in plans.departures.going]
        titles |= {going.id: text(going.record.face.get("title")) for going in leaving}
        outgoing += [going.move() for going in leaving]
        incoming = [
            move
            for t in tasks
            for move in safety.moves(t.id, t.note.face, t.plan.vault, _guarded(policy))
            if move.loses or (policy.fields[move.field].kind is Kind.SCALAR and move.before)
        ]
        for side, moves, earlier in (("zotero", outgoing, self._earlier(outgoing)), ("vault", incoming, 0)):
            if not moves:
                continue  # and nothing is counted
            stop = safety.mass_change(moves, state.counts()["notes"], options.limits, side=side, earlier=earlier)
            shown = (
                [(titles[m.id], m.field, as_text(m.before), as_text(m.after)) for m in moves[:SHOWN]] if stop else []
            )
            if self.ask(stop, map(self._told, moves), shown) == PUT_BACK and side == "zotero":
                for _, planner, plans in planned:
                    plans.tasks = [planner.put_back(task) if task.plan.zotero else task for task in plans.tasks]
                    planner.leaving.settle(going.id for going in plans.departures.going)
                    plans.departures.going.clear()
                if pusher:
                    pusher.leave(pushed)
                for each in pushes:
                    each.pushes.clear()
        new = [item for _, _, plans in planned for item in plans.new]
        self.ask(safety.many_new(len(new), int(state.get_meta(APPROVED_NEW) or 0), options.limits), new, [])

    def keys(self, maker: KeyMaker | None, keys: Sequence[NewKey]) -> None:
        """Ask before many papers are given citation keys, once."""
        if maker is None:
            return
        answered, agreed = (int(self._state.get_meta(name) or 0) for name in (ANSWERED, APPROVED_KEYS))
        earlier = maker.made_since(answered)
        papers = sum(map(self._state.items.papers, self._libraries))
        stop = safety.many_keys(len(keys), papers, agreed, self._options.limits, earlier=earlier)
        if stop is None:
            return
        shown = [(key.title, "citekey", "", key.key) for key in keys[:SHOWN]]
        self.ask(stop, [(*key.id, key.key) for key in keys], shown)
        if not self._options.dry_run:  # a run that is cut short goes on without asking again
            with self._state.transaction():
                self._state.set_meta(APPROVED_KEYS, str(len(keys) + earlier))

    def _told(self, move: safety.Move) -> Sequence[object]:
        """A change as an answer is tied to it. A day of today's is none of it, or answers would not outlive the day."""
        is_today = move.after == self._options.settings.rules.today
        return (*move.id, move.field, move.before, "today" if is_today else move.after)

    def ask(
        self, stop: safety.Stop | None, things: Iterable[Sequence[object]], shown: Sequence[tuple[str, str, str, str]]
    ) -> str:
        """Stop where a guard has a question that nobody has answered; else the answer.

        :param things: exactly what the question is about.
        :param shown: a few of the changes for people, as (name, field, before, after).
        """
        if stop is None or self._options.yes:
            return "yes"
        about = safety.about(stop.guard, things)
        if (answer := self._options.answers.get(about)) is None:
            raise GuardStop(stop.message, stop.guard, about, tuple(shown))
        self.answered = True
        return answer

    def _earlier(self, outgoing: Sequence[safety.Move]) -> int:
        """Papers changed in Zotero within a day that nobody was asked about, besides those about to be."""
        if not outgoing:
            return 0
        day_ago = (self._now() - timedelta(days=1)).isoformat(timespec="seconds")
        answered = int(self._state.get_meta(ANSWERED) or 0)
        earlier = {row.id for row in self._state.history.outgoing_since(day_ago, after=answered)}
        return len(earlier - {move.id for move in outgoing})


def _guarded(policy: Policy) -> list[str]:
    """The fields in which a note can lose something of a person's."""
    return [row.name for row in policy.of(Kind.SCALAR, Kind.STATUS, Kind.MEMBERS)]


def question(stop: GuardStop) -> dict[str, object]:
    """What a guard asked, as it is remembered until a cycle comes past it."""
    return {"guard": stop.guard, "message": str(stop), "about": stop.about, "asked": stop.asked}
