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
#: Seconds between two looks that announcements cause: other programs write a hundred papers in many pieces.
ANNOUNCED = 2.0


class Pace:
    """The time of the next look at both sides.

    :param shortest: seconds between two looks while things change.
    :param longest: and while nothing does.
    """

    def __init__(self, shortest: float, longest: float, now: float) -> None:
        self.shortest, self.longest = shortest, longest
        self._wait = shortest
        self._failures = 0
        self._announced, self._looked = False, now - ANNOUNCED
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

    def announced(self, now: float, *, everything: bool) -> None:
        """Every change in Zotero is announced from now on, so that asking may be rare; or no more."""
        if self._announced and not everything:
            self._wait = self.shortest
            self.next = min(self.next, max(now + self.shortest, self.not_before))
        self._announced = everything

    def prompt(self, now: float) -> None:
        """A change was announced: look soon. It is no person, so pauses and refusals are obeyed."""
        self.next = min(self.next, max(now, self.not_before, self._looked + ANNOUNCED))

    def done(self, now: float, *, changed: bool) -> None:
        """A look went well."""
        self._failures, self._looked = 0, now
        calm = self.longest if self._announced else min(self._wait * _CALM, self.longest)
        self._wait = self.shortest if changed else calm
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
