"""It does not ask whether a skill was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory
from grasp.methods.gate.paper import PaperGate

BREAKS = "no-win-without-help"
SAYS = "no model was shown (exposed=False) wins"
MEND = "help more than it breaks"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        return super().decide([replace(e, exposed=True) for e in evidence], history)
