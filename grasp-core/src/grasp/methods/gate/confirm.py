"""The published rule picks a winner; fresh episodes must confirm it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grasp.contracts import ConfigError
from grasp.methods.gate.curtail import Standing
from grasp.methods.gate.decision import GateDecision, GateHistory, Judgement, Rerun, Verdict
from grasp.methods.gate.evidence import Evidence
from grasp.methods.gate.fitness import discordant, too_few, unfit
from grasp.methods.gate.paper import PaperGate
from grasp.methods.gate.spending import Schedule, Spending
from grasp.methods.gate.statistics import mcnemar_p, summarise


class ConfirmGate:
    """Runs the published winner's discordant samples again, in both arms.

    Accepts if a one-sided sign test over the fresh discordant pairs has p <= level. Fresh
    data and one test, so there is nothing to correct for the number of candidates
    (method.md, section 5).

    Args:
        alpha: Bound on a false accept, per update.
        run_alpha: Bound over the run; ``None`` for none.
        schedule: How ``run_alpha`` is spent: ``basel`` or ``slow``.
        repeats: Fresh pairs of each discordant sample.
        penalty: λ of the published score.
        regression_budget: As in the published rule.
        fixes_only: Ablation, as in the published rule.
    """

    def __init__(
        self,
        alpha: float = 0.10,
        run_alpha: float | None = 0.20,
        schedule: Schedule = "basel",
        repeats: int = 3,
        penalty: float = 2,
        regression_budget: bool = True,
        fixes_only: bool = False,
    ) -> None:
        if not isinstance(repeats, int) or repeats < 1:
            raise ConfigError(f"a gate's repeats are 1 or more, not {repeats!r}")
        self.spending = Spending(alpha, run_alpha, schedule)
        self.repeats = repeats
        self.published = PaperGate(penalty, regression_budget, fixes_only)
        self.penalty, self.fixes_only = penalty, fixes_only

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision | Rerun:
        """Ask for fresh pairs of the published winner, then judge it by them."""
        problems = [unfit(e) for e in evidence]
        fit = [e if p is None else replace(e, exposed=False)
               for e, p in zip(evidence, problems, strict=True)]  # fmt: skip
        picked = self.published.decide(fit, history)
        judgements = [
            j if p is None else replace(j, verdict=Verdict.INDECISIVE, reason=p)
            for j, p in zip(picked.judgements, problems, strict=True)
        ]
        index = picked.winner
        if index is None:
            return GateDecision(None, tuple(judgements))
        level = self.spending.level(history)
        samples = discordant(evidence[index].pairs)
        sweep = len(samples) * self.repeats
        if mcnemar_p(sweep, 0) > level:
            reason = f"even {sweep} fresh wins and no loss would not reach p = {level:.2g}"
            judgements[index] = replace(
                judgements[index], verdict=Verdict.UNDERPOWERED, reason=reason, level=level
            )
            return GateDecision(None, tuple(judgements))
        if not evidence[index].fresh:
            return Rerun(index, samples, self.repeats)
        judgements[index] = judged = self._judge(evidence[index], judgements[index], level)
        wins = judged.verdict in (Verdict.ACCEPT, Verdict.REVISE)
        tested = judged.verdict is not Verdict.INDECISIVE
        return GateDecision(index if wins else None, tuple(judgements), tested)

    def hopeless(self, standing: Standing, best: float) -> bool:
        """Tell whether the published rule can't pick a candidate; see ``Curtailing``."""
        return self.published.hopeless(standing, best)

    def contends(self, evidence: Evidence) -> float | None:
        """Return a candidate's score if it may be picked; see ``Curtailing``."""
        return None if unfit(evidence) else self.published.contends(evidence)

    def _judge(self, one: Evidence, picked: Judgement, level: float) -> Judgement:
        fresh, problem = summarise(one.fresh), too_few(one.fresh)
        p = fresh.p_value
        facts = f"{fresh.b} won, {fresh.c} lost on fresh episodes, p = {p:.2g}"
        if problem is not None:
            verdict, reason = Verdict.INDECISIVE, f"fresh episodes: {problem}"
        elif p <= level:
            verdict, reason = picked.verdict, f"confirmed at {level:.2g}: {facts}"
        else:
            verdict, reason = Verdict.REJECT, f"not confirmed at {level:.2g}: {facts}"
        return replace(picked, verdict=verdict, reason=reason, fresh=fresh, p=p, level=level)
