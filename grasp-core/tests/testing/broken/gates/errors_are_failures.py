"""It takes what could not be run for wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Verdict
from grasp.methods.gate.paper import PaperGate

BREAKS = "errors-say-nothing"
SAYS = "pairs that could not be run change a decision"
MEND = "drop a pair from both arms"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        winner = decision.winner
        if winner is None:
            return decision
        failed = sum(p.candidate.is_error for p in evidence[winner].pairs)
        if decision.judgements[winner].counts.adjusted > failed:
            return decision
        judgements = list(decision.judgements)
        judgements[winner] = replace(judgements[winner], verdict=Verdict.REJECT)
        return GateDecision(None, tuple(judgements))
