"""It gives no reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "whole-judgements"
SAYS = "a judgement without a reason"
MEND = "one Judgement(verdict, reason"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        judged = tuple(replace(j, reason=" ") for j in decision.judgements)
        return replace(decision, judgements=judged)
