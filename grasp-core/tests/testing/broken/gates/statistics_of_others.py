"""Its statistics are those of the first candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "whole-judgements"
SAYS = "statistics of other pairs"
MEND = "summarise(pairs)"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        first = [j.statistics for j in decision.judgements[:1]]
        judged = tuple(replace(j, statistics=first[0]) for j in decision.judgements)
        return replace(decision, judgements=judged)
