"""What a gate answers, and the contract of a gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from grasp.methods.gate.evidence import Counts, Evidence
from grasp.methods.gate.statistics import Statistics


class Verdict(str, Enum):
    """Judgement of one candidate.

    ``REVISE`` accepts a candidate that broke something: the writer may narrow it once,
    and the narrower version replaces it if it is better. ``UNDERPOWERED``: not even a
    clean sweep of this probe could have convinced the gate. ``INDECISIVE``: too few
    pairs gave a real result.
    """

    ACCEPT = "accept"
    REJECT = "reject"
    REVISE = "revise"
    UNDERPOWERED = "underpowered"
    INDECISIVE = "indecisive"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Judgement:
    """One candidate's verdict with the reason a person can read.

    Attributes:
        verdict: The verdict.
        reason: One line.
        counts: The published score.
        statistics: Of the probe.
        fresh: Statistics of the fresh pairs, where the gate asked for some.
        p: What the gate compared with ``level``, corrected for what it looked at.
        level: Error level of the test, where the gate made one.
    """

    verdict: Verdict
    reason: str
    counts: Counts
    statistics: Statistics
    fresh: Statistics | None = None
    p: float | None = None
    level: float | None = None


@dataclass(frozen=True)
class GateDecision:
    """The verdicts of one update's candidates, in their order.

    Attributes:
        winner: Index of the candidate to apply, or ``None``.
        judgements: One for each candidate.
        tested: A test was made that could have accepted a candidate by chance.
    """

    winner: int | None
    judgements: tuple[Judgement, ...]
    tested: bool = False


@dataclass(frozen=True)
class Rerun:
    """What a gate asks for before it decides: fresh episodes of one candidate, in both arms.

    The gate is asked again with the fresh pairs among the candidate's evidence.

    Attributes:
        candidate: Index of the candidate.
        sample_ids: Samples of its probe.
        repeats: Fresh pairs of each.
    """

    candidate: int
    sample_ids: tuple[str, ...]
    repeats: int


@dataclass(frozen=True)
class GateHistory:
    """What a gate may know of the run so far.

    Attributes:
        update: Number of this update, from 0.
        accepted: Updates so far that accepted a candidate.
        spent: Tests so far that did not accept (``GateDecision.tested`` without a winner).
    """

    update: int = 0
    accepted: int = 0
    spent: int = 0


class Gate(Protocol):
    """A pure strategy: the same evidence always gets the same answer."""

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision | Rerun:
        """Judge the candidates of one update, or ask for fresh episodes first."""
        ...
