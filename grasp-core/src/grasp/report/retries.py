"""Tells of model calls that are tried again: a run that waits looks like one that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grasp.agents.retry import listeners

#: Seconds between two lines.
EVERY_S = 15.0


@contextmanager
def retries_told(
    say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Say a line about the first retry, and then at most one in ``EVERY_S`` seconds.

    Args:
        say: Prints a line; called from many threads.
        clock: Seconds, monotonic.
    """
    told = _Sparing(say, clock)
    listeners.append(told)
    try:
        yield
    finally:
        listeners.remove(told)


class _Sparing:
    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say, self._clock = say, clock
        self._turn = threading.Lock()
        self._said: float | None = None
        self._silent = 0

    def __call__(self, retry: str) -> None:
        with self._turn:
            now = self._clock()
            if self._said is not None and now - self._said < EVERY_S:
                self._silent += 1
                return
            others = f" ({self._silent} more retries meanwhile)" if self._silent else ""
            self._said, self._silent = now, 0
        self._say(f"  {retry}{others}")
