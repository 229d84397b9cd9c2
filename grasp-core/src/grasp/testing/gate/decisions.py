"""Checks of a gate's decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grasp.contracts import GraspError
from grasp.methods.gate import (
    Counts,
    Evidence,
    GateDecision,
    Judgement,
    Verdict,
    count,
    summarise,
)
from grasp.plugins.loading import one_line
from grasp.testing.checks import Blocked, Broken
from grasp.testing.gate.case import GateCase, pair, sweep, with_errors

_UNDECIDED = (Verdict.INDECISIVE, Verdict.UNDERPOWERED)
_WINS = (Verdict.ACCEPT, Verdict.REVISE)


def gate_made(case: GateCase) -> Iterator[Broken]:
    """The factory makes a gate with its default parameters."""
    found = case.built
    if isinstance(found, Exception):
        hint = found.hint if isinstance(found, GraspError) else ""
        yield Broken(
            f"making the gate raised {one_line(found)}", hint or "give every parameter a default"
        )
    elif not callable(getattr(found, "decide", None)):
        yield Broken(
            f"the factory returned a {type(found).__name__} without decide()",
            "def decide(self, evidence, history) -> GateDecision",
        )


def decides(case: GateCase) -> Iterator[Broken]:
    """``decide`` comes to a ``GateDecision``, on any evidence."""
    found = case.decided
    if isinstance(found, Exception):
        yield Broken(
            f"decide() raised {one_line(found)}", "judge whatever the probe shows; never raise"
        )
        return
    others = [type(d).__name__ for _, d in found if not isinstance(d, GateDecision)]
    if others:
        yield Broken(f"decide() returned a {others[0]}", "return a grasp.methods.gate.GateDecision")


def bare_evidence(case: GateCase) -> Iterator[Broken]:
    """Without candidates, pairs or episodes that could be run, nothing wins."""
    bare = {
        "no candidate": (),
        "a candidate without pairs": (Evidence(()),),
        "nothing but errors": (with_errors(Evidence(())),),
    }
    for name, evidence in bare.items():
        try:
            decision: Any = case.decide(evidence)
        except Blocked:
            raise
        except Exception as error:
            problem = f"raised {one_line(error)}"
        else:
            if getattr(decision, "winner", None) is None:
                continue
            problem = f"let candidate {decision.winner} win"
        yield Broken(
            f"with {name}, decide() {problem}",
            "a probe that shows nothing is INDECISIVE or UNDERPOWERED",
        )


def whole_judgements(case: GateCase) -> Iterator[Broken]:
    """Every candidate is judged, in order, with a reason, counts and statistics."""
    for evidence, decision in case.decisions:
        problem = _misshapen(evidence, decision)
        if problem:
            yield Broken(
                f"a decision on {len(evidence)} candidates has {problem}",
                "one Judgement(verdict, reason, count(pairs), summarise(pairs)) for each "
                "candidate, whatever the gate goes by: a decision is journaled with all of it",
            )
            return


def _misshapen(evidence: tuple[Evidence, ...], decision: GateDecision) -> str:
    judgements: Any = decision.judgements
    if len(judgements) != len(evidence):
        return f"{len(judgements)} judgements"
    for one, judgement in zip(evidence, judgements, strict=True):
        if not isinstance(judgement, Judgement):
            return f"a {type(judgement).__name__} as judgement"
        verdict, reason, counts = _untyped(judgement.verdict, judgement.reason, judgement.counts)
        if not isinstance(verdict, Verdict):
            return f"the unknown verdict {verdict!r}"
        if not isinstance(reason, str) or not reason.strip():
            return "a judgement without a reason"
        if not isinstance(counts, Counts):
            return f"a {type(counts).__name__} as counts"
        if judgement.statistics != summarise(one.pairs):
            return "statistics of other pairs than the candidate's"
        if _flips(judgement.counts) != _flips(count(one.pairs)):
            return "counts of other pairs than the candidate's"
    return ""


def _untyped(*values: Any) -> tuple[Any, ...]:
    """Return values whose types are a promise of the gate, not a fact."""
    return values


def _flips(counts: Counts) -> tuple[int, ...]:
    return (
        counts.fixes,
        counts.regressions,
        counts.baseline_fixes,
        counts.baseline_regressions,
    )


def winner_accepted(case: GateCase) -> Iterator[Broken]:
    """The winner, and only the winner, is accepted (or is to be revised)."""
    for _, decision in case.decisions:
        verdicts = [j.verdict for j in decision.judgements]
        winner: Any = decision.winner
        if winner is not None and winner not in range(len(verdicts)):
            problem = f"the winner is {winner!r} of {len(verdicts)} candidates"
        elif winner is not None and verdicts[winner] not in _WINS:
            problem = f"the winner's verdict is {verdicts[winner]}"
        elif any(v in _WINS for i, v in enumerate(verdicts) if i != winner):
            problem = "a candidate that did not win is accepted"
        else:
            continue
        yield Broken(
            problem,
            "winner is an index or None; ACCEPT and REVISE are the winner's verdicts alone",
        )
        return


def pure_decisions(case: GateCase) -> Iterator[Broken]:
    """The same evidence and history always get the same decision."""
    fresh = GateCase(case.build, rebuilds=True) if case.rebuilds else case
    numbered = list(enumerate(case.decisions))
    for number, (evidence, decision) in reversed(numbered):
        for which, other in (("the gate", case), ("a gate made alike", fresh)):
            again = other.decide(evidence, number)
            if again != decision:
                yield Broken(
                    f"{which} decided otherwise on the same evidence: winner {decision.winner}, "
                    f"then {again.winner}",
                    "keep nothing between decisions, and draw nothing; what a gate may know of "
                    "the run stands in GateHistory",
                )
                return


def no_win_without_help(case: GateCase) -> Iterator[Broken]:
    """What changes nothing, only breaks, or was never shown does not win."""
    case.require_decisions()
    same = Evidence(tuple(pair(n, n % 2 == 0, n % 2 == 1, n % 2 == 1) for n in range(40)))
    hopeless = {
        "that changes no outcome": same,
        "that only breaks samples": sweep(0, 10),
        "that breaks as many as it fixes": sweep(20, 20),
        "no model was shown (exposed=False)": sweep(40, exposed=False),
    }
    for name, evidence in hopeless.items():
        if case.decide((evidence,)).winner is not None:
            yield Broken(
                f"a candidate {name} wins",
                "accept only what the probe shows to help more than it breaks",
            )


def errors_say_nothing(case: GateCase) -> Iterator[Broken]:
    """A pair with an error in either arm speaks neither for a candidate nor against it.

    Many of them may leave too little to decide on.
    """
    for number, (evidence, _) in enumerate(case.decisions):
        one = evidence[0]
        without = case.decide((one,), number)
        padded = case.decide((with_errors(one),), number)
        open_still = padded.judgements[0].verdict in _UNDECIDED
        if padded.winner != without.winner and not (padded.winner is None and open_still):
            yield Broken(
                "pairs that could not be run change a decision: "
                f"{without.judgements[0].verdict}, with them {padded.judgements[0].verdict}",
                "drop a pair from both arms if an arm is_error, as count() and summarise() do",
            )
            return


def can_accept(case: GateCase) -> Iterator[Broken]:
    """A candidate that fixes everything and breaks nothing wins."""
    case.require_decisions()
    decision = case.decide((sweep(40),), update=0)
    if decision.winner is None:
        reason = decision.judgements[0].reason if decision.judgements else "none given"
        yield Broken(
            f"40 of 40 failing samples fixed and none broken is not accepted: {reason}",
            "a gate that accepts nothing learns nothing",
            "warning",
        )


CHECKS = (
    gate_made,
    decides,
    bare_evidence,
    whole_judgements,
    winner_accepted,
    pure_decisions,
    no_win_without_help,
    errors_say_nothing,
    can_accept,
)
