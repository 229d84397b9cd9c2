"""How many calls an endpoint is given at a time: as many as it takes.

The window of congestion control (Jacobson 1988): it opens with every answer, doubling per
round trip until the first refusal and by one per round trip after it, and halves when the
endpoint says that it is too much.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grasp.contracts import Cancelled

#: Calls in flight before the endpoint has answered once.
START = 32


class Window:
    """Admits calls while fewer than ``size`` are in flight. Thread-safe.

    Args:
        start: Size at first.
        clock: Seconds, monotonic.
    """

    def __init__(self, start: int = START, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(start)
        self._threshold = float("inf")
        self._in_flight = 0
        self._paused_until = float("-inf")
        self._cuts = 0
        self._closed = False
        self._clock = clock
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        """Calls that may be in flight now."""
        return int(self._size)

    @contextmanager
    def call(self) -> Iterator[Ticket]:
        """Wait for room, then hold it for one call.

        Raises:
            Cancelled: The window was closed meanwhile.
        """
        with self._changed:
            while (wait := self._wait()) is not None and not self._closed:
                self._changed.wait(wait or None)
            if self._closed:
                raise Cancelled("the backend was closed")
            self._in_flight += 1
            ticket = Ticket(self, self._cuts)
        try:
            yield ticket
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify(2)  # Its own place, and one that its answer opened.

    def _wait(self) -> float | None:
        """Return the seconds to wait, 0 for "until something changes", ``None`` for no wait."""
        pause = self._paused_until - self._clock()
        if pause > 0:
            return pause
        return None if self._in_flight < max(self.size, 1) else 0.0

    def answered(self) -> None:
        """Open the window: the endpoint answered a call."""
        with self._changed:
            self._size += 1.0 if self._size < self._threshold else 1.0 / self._size

    def refused(self, cuts: int, after: float | None) -> None:
        """Halve the window, once for all calls that were sent before it was halved last.

        Args:
            cuts: How often it had been halved when the call was sent.
            after: Seconds for which the endpoint wants no call at all.
        """
        with self._changed:
            self._paused_until = max(self._paused_until, self._clock() + (after or 0.0))
            if cuts < self._cuts:
                return
            self._cuts += 1
            # What was in flight was too much, however wide the window stood.
            self._size = max(1.0, min(self._size, float(self._in_flight)) / 2)
            self._threshold = self._size

    def close(self) -> None:
        """Let nothing through any more; what waits raises ``Cancelled``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Ticket:
    """One call's place in the window."""

    def __init__(self, window: Window, cuts: int) -> None:
        self._window = window
        self._cuts = cuts

    def answered(self) -> None:
        """The endpoint answered."""
        self._window.answered()

    def refused(self, after: float | None = None) -> None:
        """The endpoint said that it is too much."""
        self._window.refused(self._cuts, after)
