"""It says yes or no."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "decides"
SAYS = "decide() returned a bool"
MEND = "return a grasp.methods.gate.GateDecision"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        return super().decide(evidence, history).winner is not None  # type: ignore[return-value]
