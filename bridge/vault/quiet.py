"""Which files stand still, by looking more than once (R37).

Obsidian saves every two seconds while somebody types, sync tools and version control write files in bursts, and none of
their dates can be trusted. So a file is *warm* until it has been seen unchanged, by eyes of ours, for the quiet period;
its age does not count. Absence is looked at in the same way: many editors delete a file and make it anew.

Many files on the move at once are a *flood*: a checkout, a sync tool at work, a folder moved in. It is one change, and
is taken as one when the last of its files stands still: half of it could look like a deletion, or like less than a
guard would ask about. What moves without end is not waited for without end.

Only the daemon lives long enough to look twice. ``sync --once`` has no quiet period.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from bridge.core.place import Stat

#: A few files that come to rest within so many seconds of one another are read together.
GATHER = 1.0
#: So many files on the move are a flood.
FLOOD = 20
#: So long a flood is waited for at most, once its first file stands still, and one file of it at most while it changes.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """How a path was first seen (``None``: not there), from when on that counts as standing still.

    ``since``: when the path was found on the move.
    """

    stat: Stat | None
    still_at: float
    since: float


class Quiet:
    """What is remembered between looks at one vault.

    :param seconds: the quiet period.
    :param clock: a clock that never goes back, in seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._warm: frozenset[str] = frozenset()
        self._due: float | None = None

    @property
    def warm(self) -> frozenset[str]:
        """The paths that did not stand still at the last look."""
        return self._warm

    @property
    def due(self) -> float | None:
        """When, by the clock, the next paths that differ may be read; ``None`` where there is none left to read.

        Those that come to rest soon after one another are waited for, and a flood until it is over.
        """
        return self._due

    def look(self, there: Mapping[str, Stat], differing: Collection[str], *, reading: bool) -> frozenset[str]:
        """Take note of how things are now, and say which paths are warm.

        :param there: every file, with its stat.
        :param differing: the paths at which something is other than remembered; a path stays watched, once it was
            found differing, until it has stood still.
        :param reading: whether what stands still is read now, so that nobody has to come back for it.
        """
        now = self._clock()
        seen: dict[str, _Seen] = {}
        for path in {*differing, *self._warm}:
            stat, before = there.get(path), self._seen.get(path)
            if before is None or before.stat != stat:
                before = _Seen(stat, now + self.seconds, before.since if before is not None else now)
            seen[path] = before
        due = self._due_of(seen.values())
        is_flood = len(seen) >= FLOOD and due is not None and now < due
        moving = seen if is_flood else {path: each for path, each in seen.items() if now < each.still_at}
        self._seen, self._warm = seen, frozenset(moving)
        self._due = self._due_of(moving.values()) if reading else due
        return self._warm

    def stands_still(self, path: str, stat: Stat | None) -> bool:
        """Whether a file that looks so now has stood still long enough, as far as anybody has looked."""
        if path not in self._warm:
            return True
        seen = self._seen[path]
        return seen.stat == stat and self._clock() >= seen.still_at

    def forget(self) -> None:
        """Begin anew: the clock has jumped, or the disk was away."""
        self._seen.clear()
        self._warm, self._due = frozenset(), None

    def _due_of(self, seen: Collection[_Seen]) -> float | None:
        """When these may be read: a flood when its last file stands still, a few when those next to the first do."""
        times = sorted(each.still_at for each in seen)
        if not times:
            return None
        first = last = times[0]
        if len(times) >= FLOOD:
            # A note that somebody has been typing in all along is no part of it.
            ends = (each.still_at for each in seen if each.still_at - self.seconds - each.since <= PATIENCE)
            return min(max(ends, default=first), first + PATIENCE)
        for time in times:
            if time - last <= GATHER and time - first <= self.seconds:
                last = time
        return last
