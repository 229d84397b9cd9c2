"""How much a run may spend: checked before every call that costs something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from grasp.agents.ledger import Ledger
from grasp.contracts import BudgetSpent


@dataclass(frozen=True)
class Limits:
    """Most a run may spend; ``None`` sets no limit.

    Attributes:
        calls: Calls to the endpoint, over all sessions of the run.
        tokens: Prompt and completion tokens, likewise.
        cost: In the currency of the price table, likewise.
        seconds: Time since this session began.
    """

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None


class Budget:
    """Admits calls until a limit is reached. Thread-safe.

    ``calls`` is exact. Tokens, cost and time are known when a call ends, so calls in
    flight may go beyond those limits.
    """

    def __init__(
        self, limits: Limits, ledger: Ledger, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._ledger = ledger
        self._clock = clock
        self._started = clock()
        self._admitted = 0
        self._lock = threading.Lock()

    def admit(self) -> None:
        """Admit one call to the endpoint.

        Raises:
            BudgetSpent: A limit is reached.
        """
        with self._lock:
            spent = self._spent()
            if spent is not None:
                raise BudgetSpent(f"the budget of {spent} is spent")
            self._admitted += 1

    def _spent(self) -> str | None:
        limits, usage = self._limits, self._ledger.total_usage
        if limits.calls is not None and self._ledger.replayed + self._admitted >= limits.calls:
            return f"{limits.calls:,} calls"
        tokens = usage.prompt_tokens + usage.completion_tokens
        if limits.tokens is not None and tokens >= limits.tokens:
            return f"{limits.tokens:,} tokens"
        if limits.cost is not None and usage.cost >= limits.cost:
            return f"{limits.cost:g} (cost)"
        if limits.seconds is not None and self._clock() - self._started >= limits.seconds:
            return f"{limits.seconds:,.0f} seconds"
        return None
