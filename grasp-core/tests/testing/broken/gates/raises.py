"""It raises where a probe is small."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "decides"
SAYS = "decide() raised ValueError: too few"
MEND = "judge whatever the probe shows"
ALSO = ("bare-evidence",)


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        if evidence and min(len(e.pairs) for e in evidence) < 12:
            raise ValueError("too few")
        return super().decide(evidence, history)
