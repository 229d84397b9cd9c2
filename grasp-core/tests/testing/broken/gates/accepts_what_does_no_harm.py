"""It accepts whatever breaks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.methods.gate import Evidence, GateDecision, GateHistory, Verdict
from grasp.methods.gate.paper import PaperGate

BREAKS = "no-win-without-help"
SAYS = "that changes no outcome wins"
MEND = "help more than it breaks"


class Broken(PaperGate):
    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        decision = super().decide(evidence, history)
        for index, judged in enumerate(decision.judgements):
            if decision.winner is None and judged.statistics.n and not judged.statistics.c:
                judgements = list(decision.judgements)
                judgements[index] = replace(judged, verdict=Verdict.ACCEPT)
                return GateDecision(index, tuple(judgements))
        return decision
