"""It says nothing of the losers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "whole-judgements"
SAYS = "0 judgements"
MEND = "for each candidate"
ALSO = ("errors-say-nothing",)


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        return decision if decision.winner is not None else replace(decision, judgements=())
