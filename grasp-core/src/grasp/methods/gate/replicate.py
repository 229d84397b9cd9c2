"""Our own gate: what looks best must replicate on fresh episodes, and break nothing there."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from grasp.contracts import ConfigError
from grasp.methods.gate.curtail import Standing, hopeless
from grasp.methods.gate.decision import GateDecision, GateHistory, Judgement, Rerun, Verdict
from grasp.methods.gate.evidence import Counts, Evidence, Pair, count
from grasp.methods.gate.fitness import discordant, too_few, unfit
from grasp.methods.gate.spending import Schedule, Spending
from grasp.methods.gate.statistics import permutation_p, summarise

#: Fresh runs in each arm of a discordant sample: two tell a break from a flake, and with six
#: a single sample can reach a level of .001.
FEWEST, MOST = 2, 6


class ReplicateGate:
    """Picks the best score, runs its discordant samples again, and tests the fresh runs.

    Four things set it apart from ``confirm`` (docs/gate.md has the measurements):

    - The regression budget moves from the noisy probe, where it turns down a third of the
      good edits at 20 % unstable samples, to the fresh runs: no sample may be *broken*, that
      is, solved by every fresh run of the current library and by none of the candidate.
    - The test is an exact permutation test over each sample's fresh runs.
    - Repeats are as many as ``share`` of the probe's rollouts pay for.
    - A gain below ``least_gain`` is not worth a test, so the run's error budget lasts longer.

    The level may depend on the probe in any way, as only fresh runs are tested.

    Args:
        alpha: Bound on a false accept, per update.
        run_alpha: Bound over the run; ``None`` for none.
        schedule: How ``run_alpha`` is spent: ``basel`` or ``slow``.
        share: Fresh rollouts as a share of the probe's; two repeats are made in any case.
        least_gain: Least score, as a share of the probe, that is put to a test.
        penalty: λ, weight of a regression by an invalid action in the score.
        regression_budget: Turn down a candidate that breaks a sample.
        fixes_only: Ablation: score fixes alone.
    """

    def __init__(
        self,
        alpha: float = 0.05,
        run_alpha: float | None = 0.20,
        schedule: Schedule = "slow",
        share: float = 0.3,
        least_gain: float = 0.05,
        penalty: float = 2,
        regression_budget: bool = True,
        fixes_only: bool = False,
    ) -> None:
        for name, value in (("share", share), ("least_gain", least_gain)):
            if not isinstance(value, (int, float)) or value < 0:
                raise ConfigError(f"a gate's {name} is 0 or more, not {value!r}")
        self.spending = Spending(alpha, run_alpha, schedule)
        self.share = share
        self.least_gain = least_gain
        self.penalty = penalty
        self.regression_budget = regression_budget
        self.fixes_only = fixes_only

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision | Rerun:
        """Ask for fresh pairs of the best candidate, then judge it by them."""
        counts = [
            count(e.pairs, penalty=self.penalty, fixes_only=self.fixes_only) for e in evidence
        ]
        best, index = 0.0, None
        for n, (one, made) in enumerate(zip(evidence, counts, strict=True)):
            if made.adjusted > best and unfit(one) is None and self._worth_a_test(one, made):
                best, index = made.adjusted, n
        judgements = [
            self._passed_over(one, made, best) for one, made in zip(evidence, counts, strict=True)
        ]
        if index is None:
            return GateDecision(None, tuple(judgements))
        level = self.spending.level(history)
        one = evidence[index]
        samples = discordant(one.pairs)
        repeats = self.repeats(len(samples), len(one.pairs), len(evidence))
        least_p = math.comb(2 * repeats, repeats) ** -len(samples)
        if least_p > level:
            reason = f"even a clean sweep of the fresh runs would not reach p = {level:.2g}"
            judgements[index] = Judgement(
                Verdict.UNDERPOWERED, reason, counts[index], summarise(one.pairs), level=level
            )
            return GateDecision(None, tuple(judgements))
        if not one.fresh:
            return Rerun(index, samples, repeats)
        judgements[index] = judged = self._judge(one, counts[index], level)
        wins = judged.verdict in (Verdict.ACCEPT, Verdict.REVISE)
        tested = judged.verdict is not Verdict.INDECISIVE
        return GateDecision(index if wins else None, tuple(judgements), tested)

    def hopeless(self, standing: Standing, best: float) -> bool:
        """Tell whether a candidate can't be picked any more; see ``Curtailing``."""
        return hopeless(standing, best, budget=False, fixes_only=self.fixes_only)

    def contends(self, evidence: Evidence) -> float | None:
        """Return a candidate's score if it may be picked; see ``Curtailing``."""
        made = count(evidence.pairs, penalty=self.penalty, fixes_only=self.fixes_only)
        picked = made.adjusted > 0 and unfit(evidence) is None
        return made.adjusted if picked and self._worth_a_test(evidence, made) else None

    def repeats(self, discordant: int, probe: int, candidates: int) -> int:
        """Return the repeats of each discordant sample; a fresh pair is two rollouts."""
        affordable = self.share * (candidates + 1) * probe / 2
        return min(max(round(affordable / max(discordant, 1)), FEWEST), MOST)

    def _worth_a_test(self, one: Evidence, counts: Counts) -> bool:
        return counts.adjusted >= self.least_gain * sum(not p.is_error for p in one.pairs)

    def _passed_over(self, one: Evidence, counts: Counts, best: float) -> Judgement:
        problem = unfit(one)
        if problem is not None:
            verdict, reason = Verdict.INDECISIVE, problem
        elif one.curtailed:
            verdict = Verdict.REJECT
            reason = f"it can no longer win: score {counts.adjusted:+g} so far"
        elif counts.adjusted <= 0:
            verdict, reason = Verdict.REJECT, f"score {counts.adjusted:+g} is not above 0"
        elif not self._worth_a_test(one, counts):
            verdict = Verdict.REJECT
            reason = f"score {counts.adjusted:+g} is too small a gain to test"
        else:
            verdict = Verdict.REJECT
            reason = f"score {counts.adjusted:+g} does not beat the best, {best:+g}"
        return Judgement(verdict, reason, counts, summarise(one.pairs))

    def _judge(self, one: Evidence, counts: Counts, level: float) -> Judgement:
        strata, problem = by_sample(one.fresh), too_few(one.fresh)
        p = permutation_p((s.runs, s.old, s.new) for s in strata)
        old, new = sum(s.old for s in strata), sum(s.new for s in strata)
        facts = f"{new} solved on fresh episodes, {old} without it, p = {p:.2g}"
        passing = [s for s in strata if not s.was_failing]
        broken = sum(s.runs >= FEWEST and s.old == s.runs and s.new == 0 for s in passing)
        if problem is not None:
            verdict, reason = Verdict.INDECISIVE, f"fresh episodes: {problem}"
        elif p > level:
            verdict, reason = Verdict.REJECT, f"does not replicate at {level:.2g}: {facts}"
        elif broken and self.regression_budget:
            verdict, reason = Verdict.REJECT, f"it breaks {broken} passing for good: {facts}"
        else:
            worse = any(s.new < s.old for s in passing)
            verdict = Verdict.REVISE if worse else Verdict.ACCEPT
            reason = f"replicates at {level:.2g}: {facts}"
        return Judgement(
            verdict, reason, counts, summarise(one.pairs), summarise(one.fresh), p, level
        )


@dataclass(frozen=True)
class Stratum:
    """One sample's fresh runs: how many in each arm, and how many of them solved it."""

    was_failing: bool
    runs: int
    old: int
    new: int


def by_sample(pairs: Sequence[Pair]) -> list[Stratum]:
    """Gather fresh pairs by sample, without those an error spoiled."""
    groups: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if not pair.is_error:
            groups[pair.sample_id].append(pair)
    return [
        Stratum(
            group[0].was_failing,
            len(group),
            sum(p.baseline.correct for p in group),
            sum(p.candidate.correct for p in group),
        )
        for group in groups.values()
    ]
