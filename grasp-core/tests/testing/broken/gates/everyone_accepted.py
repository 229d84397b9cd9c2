"""It accepts everything that helps, though one is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Verdict
from grasp.methods.gate.paper import PaperGate

BREAKS = "winner-accepted"
SAYS = "that did not win is accepted"
MEND = "the winner's verdicts alone"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        judged = tuple(
            replace(j, verdict=Verdict.ACCEPT) if j.counts.adjusted > 0 else j
            for j in decision.judgements
        )
        return replace(decision, judgements=judged)
