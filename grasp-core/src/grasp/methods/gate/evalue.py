"""Betting: an e-value that may be looked at after every round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from grasp.contracts import ConfigError
from grasp.methods.gate.decision import GateDecision, GateHistory, Judgement, Rerun, Verdict
from grasp.methods.gate.evidence import Evidence, count
from grasp.methods.gate.fitness import discordant, not_even, unfit
from grasp.methods.gate.spending import Schedule, Spending
from grasp.methods.gate.statistics import e_value, summarise


class EValueGate:
    """Accepts a candidate whose e-value reaches ``candidates / level``.

    The mean of the candidates' e-values is one, so the best has to be worth as many as
    there are. Wins and losses of later rounds just add to the counts: the e-value is a
    martingale without an effect, so stopping at any look keeps the bound (Ville 1939;
    Howard et al. 2021; Waudby-Smith & Ramdas 2020; method.md, section 5).

    Args:
        alpha: Bound on a false accept, per update.
        run_alpha: Bound over the run; ``None`` for none.
        schedule: How ``run_alpha`` is spent: ``basel`` or ``slow``.
        rounds: Rounds in which the best candidate's discordant samples are run again, as
            long as its e-value is above 1; 0 judges by the probe alone.
        penalty: λ, weight of a regression by an invalid action in the score.
        regression_budget: Demand ``regressions <= baseline regressions``.
        fixes_only: Ablation: score fixes alone.
    """

    def __init__(
        self,
        alpha: float = 0.10,
        run_alpha: float | None = 0.20,
        schedule: Schedule = "basel",
        rounds: int = 0,
        penalty: float = 2,
        regression_budget: bool = True,
        fixes_only: bool = False,
    ) -> None:
        if not isinstance(rounds, int) or rounds < 0:
            raise ConfigError(f"a gate's rounds are 0 or more, not {rounds!r}")
        self.spending = Spending(alpha, run_alpha, schedule)
        self.rounds = rounds
        self.penalty = penalty
        self.regression_budget = regression_budget
        self.fixes_only = fixes_only

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision | Rerun:
        """Judge the candidates; the highest e-value wins, ties go to the earlier one."""
        level = self.spending.level(history)
        wanted = len(evidence) / level
        best, leader = 1.0, None
        for index, one in enumerate(evidence):
            if self._eligible(one) and self._worth(one) > best:
                best, leader = self._worth(one), index
        if leader is not None and best < wanted:
            one = evidence[leader]
            done = max(Counter(p.sample_id for p in one.fresh).values(), default=0)
            if done < self.rounds:
                return Rerun(leader, discordant(one.pairs), 1)
        winner = leader if best >= wanted else None
        judgements = tuple(
            self._judge(index == winner, one, wanted, level) for index, one in enumerate(evidence)
        )
        undecided = (Verdict.INDECISIVE, Verdict.UNDERPOWERED)
        return GateDecision(
            winner, judgements, tested=any(j.verdict not in undecided for j in judgements)
        )

    def _eligible(self, one: Evidence) -> bool:
        counts = count(one.pairs, penalty=self.penalty, fixes_only=self.fixes_only)
        within = counts.regressions <= counts.baseline_regressions or not self.regression_budget
        return unfit(one) is None and counts.adjusted > 0 and within

    @staticmethod
    def _worth(one: Evidence) -> float:
        probe, fresh = summarise(one.pairs), summarise(one.fresh)
        return e_value(probe.b + fresh.b, probe.c + fresh.c)

    def _judge(self, wins: bool, one: Evidence, wanted: float, level: float) -> Judgement:
        counts = count(one.pairs, penalty=self.penalty, fixes_only=self.fixes_only)
        statistics = summarise(one.pairs)
        fresh = summarise(one.fresh) if one.fresh else None
        worth, problem = self._worth(one), unfit(one)
        b, c = (statistics.b + fresh.b, statistics.c + fresh.c) if fresh else (
            statistics.b, statistics.c)  # fmt: skip
        sweep = sum(not pair.baseline.correct for pair in one.pairs if not pair.is_error)
        sweep *= 1 + self.rounds
        facts = f"{b} won, {c} lost, E = {worth:.3g} of {wanted:.3g}"
        if problem is not None:
            verdict, reason = Verdict.INDECISIVE, problem
        elif wins:
            verdict = Verdict.REVISE if counts.regressions else Verdict.ACCEPT
            reason = f"enough evidence at {level:.2g}: {facts}"
        elif e_value(sweep, 0) < wanted:
            verdict = Verdict.UNDERPOWERED
            reason = not_even(sweep, f"E = {wanted:.3g}")
        elif worth >= wanted:
            verdict, reason = Verdict.REJECT, f"over the regression budget or not the best: {facts}"
        else:
            verdict, reason = Verdict.REJECT, f"too little evidence at {level:.2g}: {facts}"
        # By Ville's inequality, 1 / E is a p-value; scaled for the number of candidates.
        p = min(1.0, wanted * level / worth) if worth else 1.0
        return Judgement(verdict, reason, counts, statistics, fresh, p, level)
