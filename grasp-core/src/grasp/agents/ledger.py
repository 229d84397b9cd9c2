"""What a run has asked and used so far."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from grasp.contracts import Usage


class Ledger:
    """Counts calls and tokens per purpose. Thread-safe.

    ``calls`` are the calls the run's logic made, ``paid`` those this process sent to
    the endpoint; the rest were served from the store.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: dict[str, int] = defaultdict(int)
        self.paid = 0
        self.memoised = 0
        self.usage: dict[str, Usage] = defaultdict(Usage)

    def add(self, purpose: str, usage: Usage, *, paid: bool, memoised: bool = False) -> None:
        """Count one answered call."""
        with self._lock:
            self.calls[purpose] += 1
            self.paid += paid
            self.memoised += memoised
            if not memoised:
                self.usage[purpose] += usage

    @property
    def total(self) -> int:
        """All calls so far."""
        with self._lock:
            return sum(self.calls.values())

    @property
    def replayed(self) -> int:
        """Calls of earlier sessions, served from the store."""
        with self._lock:
            return sum(self.calls.values()) - self.paid - self.memoised

    @property
    def total_usage(self) -> Usage:
        """Usage of all calls so far; memoised ones cost nothing."""
        with self._lock:
            return sum(self.usage.values(), Usage())

    def summary(self) -> dict[str, Any]:
        """Return ``{"calls": {total, by_kind, cached}, "tokens": {...}, "cost": …}``."""
        with self._lock:
            total = sum(self.calls.values())
            usage = sum(self.usage.values(), Usage())
            return {
                "calls": {
                    "total": total,
                    "by_kind": dict(sorted(self.calls.items())),
                    "cached": total - self.paid,
                    "memoised": self.memoised,
                },
                "tokens": {
                    "prompt": usage.prompt_tokens,
                    "cached": usage.cached_tokens,
                    "completion": usage.completion_tokens,
                    "reasoning": usage.reasoning_tokens,
                    "total": usage.prompt_tokens + usage.completion_tokens,
                },
                "cost": usage.cost,
            }
