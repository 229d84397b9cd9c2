"""How a run's error budget is spent over its tests, so that the whole run keeps a bound.

Test t of a run is made at the level ``min(alpha, run_alpha * w(t))`` with ``sum w = 1``. An
accepted edit hands its level on (online fallback, Tian & Ramdas 2021, after Wiens 2003), so
t counts the earlier tests that did *not* accept. Edits that do nothing then have distinct t
up to the first false accept, and by the union bound a run accepts any of them with
probability at most ``run_alpha``, whatever the real edits do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from grasp.contracts import ConfigError
from grasp.methods.gate.decision import GateHistory

#: ``basel``: 6 / (pi^2 t^2). ``slow``: 3 / ((t + 2)(t + 3)), which telescopes to 1, starts at
#: 1/4 instead of .61 and leaves later tests two to five times as much.
Schedule = Literal["basel", "slow"]


@dataclass(frozen=True)
class Spending:
    """An error budget.

    Attributes:
        alpha: Bound on a false accept, per test.
        run_alpha: Bound over a whole run; ``None`` makes every test at ``alpha``.
        schedule: How fast ``run_alpha`` is spent.
    """

    alpha: float
    run_alpha: float | None
    schedule: Schedule

    def __post_init__(self) -> None:
        for name in ("alpha", "run_alpha"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and 0 < value < 1):
                raise ConfigError(
                    f"a gate's {name} is a probability between 0 and 1, not {value!r}"
                )
        if self.schedule not in ("basel", "slow"):
            raise ConfigError(f"no spending schedule {self.schedule!r}", "use basel or slow")

    def level(self, history: GateHistory) -> float:
        """Return the level of the next test."""
        if self.run_alpha is None:
            return self.alpha
        t = history.spent + 1
        share = 6 / (math.pi * t) ** 2 if self.schedule == "basel" else 3 / ((t + 2) * (t + 3))
        return min(self.alpha, self.run_alpha * share)
