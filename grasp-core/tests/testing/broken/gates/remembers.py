"""It is stricter after every acceptance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Verdict
from grasp.methods.gate.paper import PaperGate

BREAKS = "pure-decisions"
SAYS = "decided otherwise on the same evidence"
MEND = "keep nothing between decisions"


class Broken(PaperGate):
    accepted = 0

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        winner = decision.winner
        if winner is None:
            return decision
        self.accepted += 1
        if decision.judgements[winner].counts.adjusted > self.accepted / 20:
            return decision
        judgements = list(decision.judgements)
        judgements[winner] = replace(judgements[winner], verdict=Verdict.REJECT)
        return GateDecision(None, tuple(judgements))
