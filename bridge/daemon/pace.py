"""When to look next: seconds while things change, a minute while nothing does, longer while nothing can be had.

Pure: times are seconds of a clock that never goes back, handed in.
"""

from __future__ import annotations

from bridge.errors import (
    BackOffError,
    BridgeError,
    ForbiddenError,
    GuardStop,
    StateError,
    VaultError,
    VaultOwnedError,
    ZoteroError,
)

#: How much longer each wait is than the last, while nothing changes and while nothing answers.
_CALM, _TROUBLED = 1.5, 2.0
#: The longest wait for a network that is gone, in seconds.
OFFLINE = 300.0
#: Waits for a key that is refused: a server counts wrong keys, and six in five minutes lock this machine out
#: (dataserver, ``Zotero_ApiController``).
REFUSED_FIRST, REFUSED_LAST = 300.0, 1800.0


class Pace:
    """The time of the next look at both sides.

    :param shortest: seconds between two looks while things change.
    :param longest: and while nothing does.
    """

    def __init__(self, shortest: float, longest: float, now: float) -> None:
        self.shortest, self.longest = shortest, longest
        self._wait = shortest
        self._failures = 0
        #: The next look by the clock alone.
        self.next = now
        #: Nothing but a person may cause a look before this.
        self.not_before = now

    def set(self, shortest: float, longest: float, now: float) -> None:
        """Go by another configuration, at once."""
        self.shortest, self.longest = shortest, longest
        self.hurry(now)

    def hurry(self, now: float) -> None:
        """Look at once, as if nothing had ever gone wrong."""
        self._wait, self._failures = self.shortest, 0
        self.next = self.not_before = now

    def done(self, now: float, *, changed: bool) -> None:
        """A look went well."""
        self._failures = 0
        self._wait = self.shortest if changed else min(self._wait * _CALM, self.longest)
        self.next, self.not_before = now + self._wait, now

    def failed(self, now: float, error: BridgeError) -> None:
        """A look ended in an error, or could only do a part of what was due."""
        self._failures += 1
        self._wait = self.shortest
        self.not_before = now + self._after(error)
        self.next = self.not_before
        if isinstance(error, GuardStop):  # it goes on looking (R33), but each plan is a large one
            self.not_before, self.next = now + self._growing(self.shortest, self.longest), now + self.longest

    def _after(self, error: BridgeError) -> float:
        match error:
            case BackOffError():
                return max(self.shortest, error.seconds)
            case ForbiddenError():
                return self._growing(REFUSED_FIRST, REFUSED_LAST)
            case VaultOwnedError():
                return self.longest  # one small file is read
            case ZoteroError() | StateError():
                return self._growing(self.shortest, max(OFFLINE, self.shortest))
            case VaultError():
                return self._growing(self.shortest, self.longest)
            case _:
                return self.longest

    def _growing(self, first: float, last: float) -> float:
        return min(first * _TROUBLED ** min(self._failures - 1, 20), last)
