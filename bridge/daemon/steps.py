"""Where a cycle of the daemon can end: wherever it tells how far it is (law 5)."""

from __future__ import annotations

from collections.abc import Callable

from bridge.errors import StoppedError


class Steps:
    """Implements :class:`bridge.sync.ports.Progress`: the work goes on, or ends here.

    :param is_over: whether the daemon was asked to end.
    :param alive: told of each step.
    """

    def __init__(self, is_over: Callable[[], bool], alive: Callable[[], None]) -> None:
        self._is_over, self._alive = is_over, alive

    def check(self) -> None:
        """Go on, or end here.

        :raises StoppedError: the daemon was asked to end.
        """
        if self._is_over():
            raise StoppedError("the daemon was asked to end")
        self._alive()

    def start(self, what: str, total: int | None = None) -> None:  # noqa: ARG002 (nobody watches)
        """See :class:`bridge.sync.ports.Progress`."""
        self.check()

    def advance(self, count: int = 1) -> None:  # noqa: ARG002 (as above)
        """See :class:`bridge.sync.ports.Progress`."""
        self.check()

    def done(self) -> None:
        """See :class:`bridge.sync.ports.Progress`."""
