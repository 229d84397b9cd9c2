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
    """One candidate's verdict with the reason a person can read."""

    verdict: Verdict
    reason: str
    counts: Counts
    statistics: Statistics


@dataclass(frozen=True)
class GateDecision:
    """The verdicts of one update's candidates, in their order.

    ``winner`` is the index of the candidate to apply, or ``None``.
    """

    winner: int | None
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True)
class GateHistory:
    """What a gate may know of the run so far.

    Attributes:
        update: Number of this update, from 0.
        accepted: Updates so far that accepted a candidate.
    """

    update: int = 0
    accepted: int = 0


class Gate(Protocol):
    """A pure strategy: the same evidence always gets the same decision."""

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        """Judge the candidates of one update."""
        ...
