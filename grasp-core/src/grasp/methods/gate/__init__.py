"""The regression gate: small pure strategies over paired probe outcomes."""

from __future__ import annotations

from grasp.methods.gate.decision import Gate, GateDecision, GateHistory, Judgement, Rerun, Verdict
from grasp.methods.gate.evidence import Arm, Counts, Evidence, Pair, count, pair_outcomes
from grasp.methods.gate.statistics import Statistics, summarise

__all__ = [
    "Arm",
    "Counts",
    "Evidence",
    "Gate",
    "GateDecision",
    "GateHistory",
    "Judgement",
    "Pair",
    "Rerun",
    "Statistics",
    "Verdict",
    "count",
    "pair_outcomes",
    "summarise",
]
