"""It asks for fresh episodes for ever."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Rerun
from grasp.methods.gate.paper import PaperGate

BREAKS = "decides"
SAYS = "asked for fresh episodes"
MEND = "judge whatever the probe shows"
ALSO = ("bare-evidence",)


class Broken(PaperGate):
    def decide(  # type: ignore[override]
        self, evidence: Sequence[Evidence], history: GateHistory
    ) -> GateDecision | Rerun:
        if evidence and evidence[0].pairs:
            return Rerun(0, (evidence[0].pairs[0].sample_id,), 1)
        return super().decide(evidence, history)
