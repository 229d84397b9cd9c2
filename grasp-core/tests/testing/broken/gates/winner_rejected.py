"""Its winner has the verdict of a loser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Verdict
from grasp.methods.gate.paper import PaperGate

BREAKS = "winner-accepted"
SAYS = "the winner's verdict is reject"
MEND = "verdicts alone"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        judged = tuple(replace(j, verdict=Verdict.REJECT) for j in decision.judgements)
        return replace(decision, judgements=judged)
