"""Which files stand still, by looking more than once (R37).

Obsidian saves every two seconds while somebody types, sync tools and version control write files in bursts, and none of
their dates can be trusted. So a file is *warm* until it has been seen unchanged, by eyes of ours, for the quiet period;
its age does not count. Absence is looked at in the same way: many editors delete a file and make it anew.

Only the daemon lives long enough to look twice. ``sync --once`` has no quiet period.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from bridge.core.place import Stat

#: Seconds between two files of one flood, at most; more than there are between two looks at a vault.
GATHER = 1.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """How a path was first seen (``None``: not there), and from when on that counts as standing still."""

    stat: Stat | None
    still_at: float


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

        Those that come to rest soon after one another are waited for, so that a flood is read at once.
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
        warm: set[str] = set()
        for path in {*differing, *self._warm}:
            stat, before = there.get(path), self._seen.get(path)
            found = before if before is not None and before.stat == stat else _Seen(stat, now + self.seconds)
            if now < found.still_at:
                warm.add(path)
            seen[path] = found
        self._seen, self._warm = seen, frozenset(warm)
        self._due = self._gathered(seen[path].still_at for path in (warm if reading else seen))
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

    def _gathered(self, times: Iterable[float]) -> float | None:
        first = last = None
        for time in sorted(times):
            if first is None or last is None:
                first = last = time
            elif time - last <= GATHER and time - first <= self.seconds:
                last = time
        return last
