"""Which episodes of a wave run, where earlier outcomes may make later ones needless."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from grasp.contracts import Outcome

#: ``needed(index, outcomes so far by index)``: whether an episode has to run. One outcome
#: more may only turn a yes into a no.
Needed = Callable[[int, Mapping[int, Outcome]], bool]


class Front:
    """Decides episode by episode, each from the outcomes at least ``lag`` places before it.

    With a fixed lag the episodes that run do not depend on which ended first: a resumed run
    asks what the first one asked. The lag is the room for working on several at a time.
    Thread-safe.
    """

    def __init__(self, needed: Needed, lag: int) -> None:
        self._needed = needed
        self._lag = lag
        self._outcomes: dict[int, Outcome] = {}
        self._settled: set[int] = set()
        self._front = 0  # Everything before it has ended or did not run.
        self._lock = threading.Lock()

    def wanted(self, index: int) -> bool | None:
        """Say whether an episode runs; ``None`` where that can't be said yet."""
        with self._lock:
            known = index - self._lag + 1
            if self._front < known:
                return None
            before = {n: o for n, o in self._outcomes.items() if n < known}
        if self._needed(index, before):
            return True
        self._settle(index)
        return False

    def ended(self, index: int, outcome: Outcome) -> None:
        """Take an outcome; the same one twice does no harm."""
        with self._lock:
            self._outcomes[index] = outcome
        self._settle(index)

    def kept(self) -> dict[int, Outcome]:
        """Return the outcomes that would have been needed one at a time, by index."""
        kept: dict[int, Outcome] = {}
        for index in sorted(self._outcomes):
            if self._needed(index, kept):
                kept[index] = self._outcomes[index]
        return kept

    def _settle(self, index: int) -> None:
        with self._lock:
            self._settled.add(index)
            while self._front in self._settled:
                self._front += 1
