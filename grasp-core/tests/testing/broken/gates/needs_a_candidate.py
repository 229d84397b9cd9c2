"""It takes the best of none."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "bare-evidence"
SAYS = "with no candidate, decide() raised ValueError"
MEND = "INDECISIVE or UNDERPOWERED"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        max(len(e.pairs) for e in evidence)
        return super().decide(evidence, history)
