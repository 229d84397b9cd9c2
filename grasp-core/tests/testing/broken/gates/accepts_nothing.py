"""Nothing is good enough for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Verdict
from grasp.methods.gate.paper import PaperGate

BREAKS = "can-accept"
SAYS = "40 of 40 failing samples fixed"
MEND = "learns nothing"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        judged = tuple(replace(j, verdict=Verdict.REJECT) for j in decision.judgements)
        return replace(decision, winner=None, judgements=judged)
