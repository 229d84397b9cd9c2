"""The published gate, exactly (method.md, 3.9 to 3.11)."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.methods.gate import curtail
from grasp.methods.gate.decision import GateDecision, GateHistory, Judgement, Verdict
from grasp.methods.gate.evidence import Counts, Evidence, count
from grasp.methods.gate.statistics import Statistics, summarise


class PaperGate:
    """The best positive adjusted score wins, if it breaks no more than re-running does.

    A candidate that was never shown to a model is never accepted: it has shown nothing
    (method.md, section 6).

    Args:
        penalty: λ, weight of a regression by an invalid action.
        regression_budget: Demand ``regressions <= baseline regressions``; ``False`` is
            the ablation ``no_reggate``.
        fixes_only: Ablation: score fixes alone.
    """

    def __init__(
        self, penalty: float = 2, regression_budget: bool = True, fixes_only: bool = False
    ) -> None:
        self.penalty = penalty
        self.regression_budget = regression_budget
        self.fixes_only = fixes_only

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        """Judge in candidate order; ties go to the earlier candidate."""
        counts = [
            count(e.pairs, penalty=self.penalty, fixes_only=self.fixes_only) for e in evidence
        ]
        best, winner = 0.0, None
        for index, (one, made) in enumerate(zip(evidence, counts, strict=True)):
            if one.exposed and made.adjusted > best and self._within_budget(made):
                best, winner = made.adjusted, index
        judgements = tuple(
            self._judge(index, one, made, summarise(one.pairs), winner, best)
            for index, (one, made) in enumerate(zip(evidence, counts, strict=True))
        )
        return GateDecision(winner, judgements)

    def hopeless(self, standing: curtail.Standing, best: float) -> bool:
        """Tell whether a candidate can't win any more; see ``Curtailing``."""
        return curtail.hopeless(
            standing, best, budget=self.regression_budget, fixes_only=self.fixes_only
        )

    def contends(self, evidence: Evidence) -> float | None:
        """Return a candidate's score if it may win; see ``Curtailing``."""
        made = count(evidence.pairs, penalty=self.penalty, fixes_only=self.fixes_only)
        wins = evidence.exposed and made.adjusted > 0 and self._within_budget(made)
        return made.adjusted if wins else None

    def _within_budget(self, counts: Counts) -> bool:
        return not self.regression_budget or counts.regressions <= counts.baseline_regressions

    def _judge(
        self,
        index: int,
        evidence: Evidence,
        counts: Counts,
        statistics: Statistics,
        winner: int | None,
        best: float,
    ) -> Judgement:
        facts = (
            f"{counts.fixes} fixed (baseline {counts.baseline_fixes}), "
            f"{counts.regressions} broken (baseline {counts.baseline_regressions})"
        )
        if index == winner:
            verdict = Verdict.REVISE if counts.regressions else Verdict.ACCEPT
            reason = f"best score {counts.adjusted:+g}: {facts}"
        elif evidence.curtailed:
            beaten = self._within_budget(counts)
            verdict = Verdict.REJECT
            reason = f"it {'can no longer win' if beaten else 'breaks too much'}: {facts}"
        elif not evidence.exposed:
            verdict, reason = Verdict.INDECISIVE, "no probe sample was shown a different skill"
        elif statistics.n == 0:
            verdict, reason = Verdict.INDECISIVE, "no probe sample could be run in both arms"
        elif counts.adjusted <= 0:
            verdict, reason = Verdict.REJECT, f"score {counts.adjusted:+g} is not above 0: {facts}"
        elif not self._within_budget(counts):
            verdict, reason = Verdict.REJECT, f"it breaks more than the current library: {facts}"
        else:
            verdict = Verdict.REJECT
            reason = f"score {counts.adjusted:+g} does not beat the best, {best:+g}: {facts}"
        return Judgement(verdict, reason, counts, statistics)
