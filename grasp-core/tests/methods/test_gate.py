"""The published gate, against an independent restatement of method.md 3.9 and 3.10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Outcome, Status
from grasp.methods.gate import (
    Arm,
    Evidence,
    GateHistory,
    Pair,
    Verdict,
    count,
    pair_outcomes,
    summarise,
)
from grasp.methods.gate.paper import PaperGate

STATUSES = ["completed", "agent invalid action", "task limit reached", "error"]
HISTORY = GateHistory()


@dataclass(frozen=True)
class Row:
    """One probe sample: its label, and (correct, status) in every arm, baseline first."""

    failing: bool
    arms: tuple[tuple[bool, str], ...]


def arm_strategy() -> st.SearchStrategy[tuple[bool, str]]:
    wrong = st.tuples(st.just(False), st.sampled_from(STATUSES))
    return st.just((True, "completed")) | wrong


@st.composite
def matrices(draw: st.DrawFn) -> list[Row]:
    candidates = draw(st.integers(1, 5))
    arms = st.tuples(*[arm_strategy()] * (candidates + 1))
    return draw(st.lists(st.builds(Row, st.booleans(), arms), max_size=12))


def restated(
    rows: Sequence[Row], candidate: int, penalty: float, fixes_only: bool
) -> tuple[float, int, int]:
    """The published score, sample by sample; returns (adjusted, regressions, baseline ones).

    The one rule that is ours: a pair with an error in either arm is dropped from both.
    """
    fixes = base_fixes = regressions = base_regressions = invalid = 0
    for row in rows:
        base_correct, base_status = row.arms[0]
        now_correct, now_status = row.arms[candidate]
        if "error" in (base_status, now_status):
            continue
        if row.failing and base_correct:
            base_fixes += 1
        if not row.failing and not base_correct:
            base_regressions += 1
        if row.failing and now_correct:
            fixes += 1
        if not row.failing and not now_correct:
            regressions += 1
            if now_status == "agent invalid action":
                invalid += 1
    if fixes_only:
        return fixes - base_fixes, regressions, base_regressions
    adjusted = (fixes - base_fixes) - (regressions - base_regressions) - (penalty - 1) * invalid
    return adjusted, regressions, base_regressions


def evidence(rows: Sequence[Row], candidate: int, exposed: bool = True) -> Evidence:
    pairs = tuple(
        Pair(str(n), r.failing, Arm(*r.arms[0]), Arm(*r.arms[candidate]))
        for n, r in enumerate(rows)
    )
    return Evidence(pairs, exposed)


@given(
    matrices(),
    st.sampled_from([1, 2, 4, 1.5]),
    st.booleans(),
    st.booleans(),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_the_gate_equals_its_restatement(
    rows: list[Row], penalty: float, budget: bool, fixes_only: bool, exposure: list[bool]
) -> None:
    candidates = len(rows[0].arms) - 1 if rows else 2
    if not rows:
        rows = []
    best, winner = 0.0, None
    for k in range(1, candidates + 1):
        adjusted, regressions, base_regressions = restated(rows, k, penalty, fixes_only)
        shown = exposure[k - 1]
        if shown and adjusted > best and (not budget or regressions <= base_regressions):
            best, winner = adjusted, k - 1
    gate = PaperGate(penalty, budget, fixes_only)
    given_evidence = [evidence(rows, k, exposure[k - 1]) for k in range(1, candidates + 1)]
    decision = gate.decide(given_evidence, HISTORY)
    assert decision == gate.decide(given_evidence, GateHistory(7, 3))  # it has no memory
    assert decision.winner == winner
    assert len(decision.judgements) == candidates
    for k, judgement in enumerate(decision.judgements, 1):
        adjusted, regressions, base_regressions = restated(rows, k, penalty, fixes_only)
        counts = judgement.counts
        assert counts.adjusted == adjusted
        assert (counts.regressions, counts.baseline_regressions) == (regressions, base_regressions)
        wins = judgement.verdict in (Verdict.ACCEPT, Verdict.REVISE)
        assert wins == (k - 1 == winner)
        if wins:
            assert (judgement.verdict is Verdict.REVISE) == (regressions > 0)
        assert judgement.reason
        assert "\n" not in judgement.reason


@given(matrices())
def test_a_no_op_never_wins(rows: list[Row]) -> None:
    """Equal outcomes in both arms, errors included, never score (method.md, section 6).

    As published, an invalid action weighs against a candidate even if the baseline made
    the same one.
    """
    same = [Row(r.failing, (r.arms[0], r.arms[0])) for r in rows]
    decision = PaperGate().decide([evidence(same, 1)], HISTORY)
    assert decision.winner is None
    invalid = sum(not r.failing and r.arms[0][1] == "agent invalid action" for r in rows)
    assert decision.judgements[0].counts.adjusted == -invalid


@given(matrices())
def test_without_errors_and_penalty_the_score_is_wins_minus_losses(rows: list[Row]) -> None:
    """method.md, section 5: the published score is b - c, the McNemar numerator."""
    clean = [r for r in rows if all(s != "error" for _, s in r.arms)]
    made = evidence(clean, 1)
    statistics = summarise(made.pairs)
    assert count(made.pairs, penalty=1).adjusted == statistics.b - statistics.c
    assert statistics.n == len(clean)
    assert statistics.errors == 0


def pairs(text: str) -> tuple[Pair, ...]:
    """Spell pairs as ``F01``: failing (F) or passing (P), baseline, candidate (``e`` error)."""
    arms = {
        "0": Arm(False),
        "1": Arm(True),
        "e": Arm(False, Status.ERROR.value),
        "i": Arm(False, Status.INVALID_ACTION.value),
    }
    return tuple(
        Pair(f"s{n}", word[0] == "F", arms[word[1]], arms[word[2]])
        for n, word in enumerate(text.split())
    )


@pytest.mark.parametrize(
    ("spelled", "adjusted", "winner"),
    [
        ("F01", 1, True),
        ("F11", 0, False),  # the baseline fixes it too
        ("F10", -1, False),
        ("P10", -1, False),
        ("P01", 1, True),
        ("P00", 0, False),
        ("F01 F01 P10", 1, False),  # above 0, but over the regression budget
        ("F01 F01 P10 P01", 2, True),  # as many regressions as re-running gives
        ("P1i", -2, False),  # an invalid action weighs lambda = 2
        ("P0i", -1, False),  # wrong in both arms, but now by an invalid action
        ("F0i", 0, False),  # it was failing anyway
        ("F01 F01 P0i", 1, True),
        ("Fe1", 0, False),  # errors are missing in either arm
        ("F0e", 0, False),
        ("P1e", 0, False),
        ("Pe0", 0, False),
        ("Fee Pee", 0, False),
        ("F01 P1e", 1, True),
        ("", 0, False),
    ],
)
def test_counts_by_hand(spelled: str, adjusted: float, winner: bool) -> None:
    decision = PaperGate().decide([Evidence(pairs(spelled))], HISTORY)
    assert decision.judgements[0].counts.adjusted == adjusted
    assert (decision.winner == 0) is winner


def test_all_counts_of_one_probe() -> None:
    counts = count(pairs("F01 F11 F10 P10 P1i P00 P0i P01 Fe1 P1e"), penalty=3)
    assert (counts.fixes, counts.baseline_fixes) == (2, 2)
    assert (counts.regressions, counts.baseline_regressions) == (4, 3)
    assert counts.invalid_action_regressions == 2
    assert counts.adjusted == 0 - 1 - 2 * 2


def test_ties_go_to_the_earlier_candidate() -> None:
    one, two = Evidence(pairs("F01 F00")), Evidence(pairs("F01 F01"))
    assert PaperGate().decide([one, one], HISTORY).winner == 0
    assert PaperGate().decide([one, two, two], HISTORY).winner == 1
    assert PaperGate().decide([], HISTORY).winner is None


def test_the_best_over_budget_does_not_hide_a_smaller_clean_one() -> None:
    greedy = Evidence(pairs("F01 F01 F01 P10"))
    clean = Evidence(pairs("F01 F00 F00 P11"))
    assert PaperGate().decide([greedy, clean], HISTORY).winner == 1
    assert PaperGate(regression_budget=False).decide([greedy, clean], HISTORY).winner == 0


def test_fixes_only_keeps_the_budget() -> None:
    over = Evidence(pairs("F01 P10"))
    assert PaperGate().decide([over], HISTORY).judgements[0].counts.adjusted == 0
    scored = PaperGate(fixes_only=True).decide([over], HISTORY)
    assert scored.judgements[0].counts.adjusted == 1
    assert scored.winner is None
    ablated = PaperGate(fixes_only=True, regression_budget=False)
    assert ablated.decide([over], HISTORY).winner == 0


def test_every_reason_says_what_decided() -> None:
    shown = Evidence(pairs("F01 F01 P11"))
    decision = PaperGate().decide(
        [
            shown,
            Evidence(shown.pairs, exposed=False),
            Evidence(pairs("Fe1 P1e")),
            Evidence(pairs("F00")),
            Evidence(pairs("F01 F01 P10")),
            Evidence(pairs("F01")),
            Evidence(pairs("F01 F01")),
        ],
        HISTORY,
    )
    expected = [
        (Verdict.ACCEPT, "best score +2: 2 fixed (baseline 0), 0 broken (baseline 0)"),
        (Verdict.INDECISIVE, "no probe sample was shown a different skill"),
        (Verdict.INDECISIVE, "could be run in both arms"),
        (Verdict.REJECT, "score +0 is not above 0"),
        (Verdict.REJECT, "breaks more than the current library"),
        (Verdict.REJECT, "score +1 does not beat the best, +2"),
        (Verdict.REJECT, "score +2 does not beat the best, +2"),
    ]
    for judgement, (verdict, reason) in zip(decision.judgements, expected, strict=True):
        assert judgement.verdict is verdict
        assert reason in judgement.reason
    assert str(Verdict.REVISE) == "revise"


def test_pairing_follows_the_baselines_order() -> None:
    def arm(**verdicts: str) -> Mapping[str, Outcome]:
        return {
            i: Outcome(i, correct=v == "1", status="error" if v == "e" else "completed")
            for i, v in verdicts.items()
        }

    made = pair_outcomes(["b", "z"], arm(b="0", a="1", c="e"), arm(a="0", c="1", b="1"))
    assert [(p.sample_id, p.was_failing) for p in made] == [
        ("b", True),
        ("a", False),
        ("c", False),
    ]
    assert made[0].candidate == Arm(True)
    assert made[1].candidate == Arm(False)
    assert made[2].baseline.is_error
    with pytest.raises(KeyError):
        pair_outcomes([], arm(a="1"), {})
