"""Exact McNemar test of every candidate, with Holm's correction for having several."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.methods.gate.decision import GateDecision, GateHistory, Judgement, Verdict
from grasp.methods.gate.evidence import Counts, Evidence, count
from grasp.methods.gate.fitness import not_even, unfit
from grasp.methods.gate.spending import Schedule, Spending
from grasp.methods.gate.statistics import Statistics, mcnemar_p, summarise


class McNemarGate:
    """Accepts the best candidate that is significantly better on the probe itself.

    One-sided exact test (McNemar 1947), step-down over the candidates (Holm 1979); the
    published regression budget still holds (method.md, section 5). It spends no rollout
    beyond the probe and needs many clean wins: at .05 five of one candidate, seven of four.

    Args:
        alpha: Bound on a false accept, per update.
        run_alpha: Bound over the run; ``None`` for none.
        schedule: How ``run_alpha`` is spent: ``basel`` or ``slow``.
        penalty: λ, weight of a regression by an invalid action in the score.
        regression_budget: Demand ``regressions <= baseline regressions``.
        fixes_only: Ablation: score fixes alone.
    """

    def __init__(
        self,
        alpha: float = 0.10,
        run_alpha: float | None = 0.20,
        schedule: Schedule = "basel",
        penalty: float = 2,
        regression_budget: bool = True,
        fixes_only: bool = False,
    ) -> None:
        self.spending = Spending(alpha, run_alpha, schedule)
        self.penalty = penalty
        self.regression_budget = regression_budget
        self.fixes_only = fixes_only

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision:
        """Judge the candidates; among significant ones the best score wins, then the earlier."""
        level = self.spending.level(history)
        counts = [
            count(e.pairs, penalty=self.penalty, fixes_only=self.fixes_only) for e in evidence
        ]
        statistics = [summarise(e.pairs) for e in evidence]
        # A candidate that can't be judged is no hypothesis, but still one that was looked at.
        values = holm(
            [1.0 if unfit(e) else s.p_value for e, s in zip(evidence, statistics, strict=True)]
        )
        best, winner = 0.0, None
        for index, (made, p) in enumerate(zip(counts, values, strict=True)):
            if p <= level and made.adjusted > best and self._within_budget(made):
                best, winner = made.adjusted, index
        judgements = tuple(
            self._judge(index == winner, len(evidence), e, made, s, p, level)
            for index, (e, made, s, p) in enumerate(
                zip(evidence, counts, statistics, values, strict=True)
            )
        )
        undecided = (Verdict.INDECISIVE, Verdict.UNDERPOWERED)
        return GateDecision(
            winner, judgements, tested=any(j.verdict not in undecided for j in judgements)
        )

    def _within_budget(self, counts: Counts) -> bool:
        return not self.regression_budget or counts.regressions <= counts.baseline_regressions

    def _judge(
        self,
        wins: bool,
        candidates: int,
        evidence: Evidence,
        counts: Counts,
        statistics: Statistics,
        p: float,
        level: float,
    ) -> Judgement:
        problem = unfit(evidence)
        sweep = sum(not pair.baseline.correct for pair in evidence.pairs if not pair.is_error)
        facts = f"{statistics.b} won, {statistics.c} lost, p = {p:.2g} of {candidates}"
        if problem is not None:
            verdict, reason = Verdict.INDECISIVE, problem
        elif wins:
            verdict = Verdict.REVISE if counts.regressions else Verdict.ACCEPT
            reason = f"significant at {level:.2g}: {facts}"
        elif candidates * mcnemar_p(sweep, 0) > level:
            verdict = Verdict.UNDERPOWERED
            reason = not_even(sweep, f"p = {level:.2g}")
        elif p > level:
            verdict, reason = Verdict.REJECT, f"not significant at {level:.2g}: {facts}"
        elif not self._within_budget(counts):
            verdict = Verdict.REJECT
            reason = (
                f"it breaks {counts.regressions}, the current library "
                f"{counts.baseline_regressions}: {facts}"
            )
        else:
            verdict, reason = Verdict.REJECT, f"significant, but not the best: {facts}"
        return Judgement(verdict, reason, counts, statistics, p=p, level=level)


def holm(values: Sequence[float]) -> list[float]:
    """Return step-down adjusted p-values in the order given (Holm 1979)."""
    adjusted = [1.0] * len(values)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = least
    return adjusted
