"""The gates with an error bound: what holds for any evidence, and decisions by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import ConfigError
from grasp.methods.gate import (
    Arm,
    Evidence,
    Gate,
    GateDecision,
    GateHistory,
    Pair,
    Rerun,
    Verdict,
    summarise,
)
from grasp.methods.gate.confirm import ConfirmGate
from grasp.methods.gate.evalue import EValueGate
from grasp.methods.gate.mcnemar import McNemarGate, holm
from grasp.methods.gate.replicate import ReplicateGate
from grasp.methods.gate.spending import Spending
from grasp.methods.gate.statistics import e_value, permutation_p

from .test_gate import pairs

HISTORY = GateHistory()
WINS = (Verdict.ACCEPT, Verdict.REVISE)
GATES: dict[str, Callable[..., Gate]] = {
    "confirm": ConfirmGate,
    "mcnemar": McNemarGate,
    "evalue": EValueGate,
    "evalue in rounds": lambda **options: EValueGate(rounds=4, **options),
    "replicate": ReplicateGate,
}

#: Answers a request for fresh pairs of a candidate.
Draw = Callable[[Rerun, Evidence], tuple[Pair, ...]]


def settle(
    gate: Gate, evidence: list[Evidence], draw: Draw, history: GateHistory = HISTORY
) -> tuple[GateDecision, list[Rerun]]:
    """Drive a gate to its decision; also returns what it asked for."""
    given_evidence, asked = list(evidence), []
    while isinstance(answer := gate.decide(given_evidence, history), Rerun):
        asked.append(answer)
        one = given_evidence[answer.candidate]
        fresh = (*one.fresh, *draw(answer, one))
        given_evidence[answer.candidate] = replace(one, fresh=fresh)
        assert len(asked) < 10
    assert answer == gate.decide(given_evidence, history)
    return answer, asked


def replaying(wanted: Rerun, one: Evidence) -> tuple[Pair, ...]:
    """Every fresh pair is the probe's pair again: a deterministic endpoint."""
    by_id = {p.sample_id: p for p in one.pairs}
    return tuple(by_id[i] for i in wanted.sample_ids) * wanted.repeats


def throwing(seed: int, errors: float = 0.1) -> Draw:
    """Fresh pairs by chance; what a sample gets depends on its name alone."""

    def draw(wanted: Rerun, one: Evidence) -> tuple[Pair, ...]:
        by_id = {p.sample_id: p for p in one.pairs}
        made = []
        for sample in wanted.sample_ids:
            source = random.Random(f"{seed}/{sample}/{len(one.fresh)}")
            for _ in range(wanted.repeats):
                arms = [
                    Arm(False, "error")
                    if source.random() < errors
                    else Arm(source.random() < share)
                    for share in (0.4, 0.8)
                ]
                made.append(Pair(sample, by_id[sample].was_failing, *arms))
        return tuple(made)

    return draw


arms = st.builds(Arm, st.booleans()) | st.sampled_from(
    [Arm(False, "error"), Arm(False, "agent invalid action")]
)


@st.composite
def probes(draw: st.DrawFn, most: int = 30) -> list[Evidence]:
    """K candidates over one baseline, mostly helpful so that gates have something to do."""
    size, candidates = draw(st.integers(0, most)), draw(st.integers(1, 4))
    failing = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    helpful = st.just(Arm(True)) | arms
    base = [draw(arms if f else helpful) for f in failing]
    return [
        Evidence(
            tuple(
                Pair(f"s{n}", f, base[n], draw(helpful)) for n, f in enumerate(failing)
            ),
            draw(st.booleans() | st.just(True)),
        )
        for _ in range(candidates)
    ]  # fmt: skip


gates = pytest.mark.parametrize("name", list(GATES))


# -- what holds for any evidence ---------------------------------------------------------------


@gates
@given(probes(), st.integers(0, 5), st.integers(0, 9))
def test_an_accepted_candidate_passed_its_test(
    name: str, evidence: list[Evidence], seed: int, spent: int
) -> None:
    gate, history = GATES[name](), GateHistory(spent=spent)
    decision, asked = settle(gate, evidence, throwing(seed), history)
    assert len(decision.judgements) == len(evidence)
    winners = [n for n, j in enumerate(decision.judgements) if j.verdict in WINS]
    assert winners == ([] if decision.winner is None else [decision.winner])
    for one, judgement in zip(evidence, decision.judgements, strict=True):
        assert judgement.reason
        assert "\n" not in judgement.reason
        assert judgement.statistics == summarise(one.pairs)  # whatever the gate decides
        if judgement.verdict in WINS:
            assert judgement.p is not None
            assert judgement.level is not None
            assert judgement.p <= judgement.level <= Spending(0.10, 0.2, "basel").alpha
            assert judgement.counts.adjusted > 0
            assert judgement.statistics.b > 0
            assert one.exposed
            assert decision.tested
    for request in asked:
        by_id = {p.sample_id: p for p in evidence[request.candidate].pairs}
        assert request.sample_ids == tuple(i for i, p in by_id.items() if p.is_discordant)
        assert request.repeats >= 1


@gates
@given(probes())
def test_a_no_op_without_discordance_is_never_accepted(name: str, evidence: list[Evidence]) -> None:
    same = [
        replace(e, pairs=tuple(replace(p, candidate=p.baseline) for p in e.pairs)) for e in evidence
    ]
    decision, asked = settle(GATES[name](), same, replaying)
    assert decision.winner is None
    assert asked == []


@gates
@given(probes(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_decisions_do_not_depend_on_the_order_of_pairs(
    name: str, evidence: list[Evidence], shuffle: random.Random, seed: int
) -> None:
    order = list(range(len(evidence[0].pairs)))
    shuffle.shuffle(order)
    other = [replace(e, pairs=tuple(e.pairs[i] for i in order)) for e in evidence]
    ours, asked = settle(GATES[name](), evidence, throwing(seed))
    theirs, also = settle(GATES[name](), other, throwing(seed))
    assert ours == theirs
    assert [(a.candidate, set(a.sample_ids), a.repeats) for a in asked] == [
        (a.candidate, set(a.sample_ids), a.repeats) for a in also
    ]


@gates
@given(probes(most=12))
def test_what_was_never_shown_or_never_ran_is_indecisive(
    name: str, evidence: list[Evidence]
) -> None:
    hidden = [replace(e, exposed=False) for e in evidence]
    lost = [
        replace(e, pairs=tuple(replace(p, candidate=Arm(False, "error")) for p in e.pairs))
        for e in evidence
    ]
    for useless in (hidden, lost):
        decision, asked = settle(GATES[name](), useless, replaying)
        assert (decision.winner, decision.tested, asked) == (None, False, [])
        assert {j.verdict for j in decision.judgements} == {Verdict.INDECISIVE}


@gates
def test_under_six_tenths_of_real_pairs_nothing_is_decided(name: str) -> None:
    good = "F01 " * 12
    enough, too_few = Evidence(pairs(good + "Fe1 " * 8)), Evidence(pairs(good + "Fe1 " * 9))
    assert settle(GATES[name](), [enough], replaying)[0].winner == 0
    decision, _ = settle(GATES[name](), [too_few], replaying)
    assert decision.judgements[0].verdict is Verdict.INDECISIVE
    assert "12 of 21" in decision.judgements[0].reason


@gates
def test_no_candidates_no_winner(name: str) -> None:
    assert settle(GATES[name](), [], replaying)[0] == GateDecision(None, ())


@pytest.mark.parametrize("name", ["confirm", "replicate"])
def test_fresh_pairs_with_too_many_errors_decide_nothing(name: str) -> None:
    def broken(wanted: Rerun, one: Evidence) -> tuple[Pair, ...]:
        made = replaying(wanted, one)
        cut = len(made) // 2
        return (*made[:cut], *(replace(p, baseline=Arm(False, "error")) for p in made[cut:]))

    decision, _ = settle(GATES[name](), [Evidence(pairs("F01 " * 8 + "P11 " * 8))], broken)
    assert decision.winner is None
    assert decision.judgements[0].verdict is Verdict.INDECISIVE
    assert not decision.tested


@gates
def test_a_run_s_error_budget_makes_later_tests_stricter(name: str) -> None:
    probe = [Evidence(pairs("F01 " * 8 + "P11 " * 8))]
    levels = []
    for spent in (0, 1, 5, 40):
        judgement = settle(GATES[name](), probe, replaying, GateHistory(spent=spent))[0].judgements[
            0
        ]
        assert judgement.level is not None
        levels.append(judgement.level)
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > levels[1] > levels[3]
    # Accepted edits hand their level on: only what failed counts.
    again = settle(GATES[name](), probe, replaying, GateHistory(update=9, accepted=9))[0]
    assert again.judgements[0].level == levels[0]
    fixed = settle(GATES[name](run_alpha=None), probe, replaying, GateHistory(spent=40))[0]
    assert fixed.judgements[0].level == levels[0]


# -- the error bound, exactly -------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_confirm_and_replicate_keep_their_level_whatever_the_probe_showed(alpha: float) -> None:
    """All outcomes of the fresh runs of two coins, weighed exactly; the probe is at its best."""
    options: dict[str, Any] = {"alpha": alpha, "run_alpha": None}
    probe = Evidence(pairs("F01 P01"))
    for gate, repeats in ((ConfirmGate(repeats=3, **options), 3), (ReplicateGate(**options), 2)):
        coins = 2 * 2 * repeats
        accepted = 0
        for toss in product((False, True), repeat=coins):
            fresh = tuple(
                Pair(f"s{n // repeats}", n < repeats, Arm(toss[2 * n]), Arm(toss[2 * n + 1]))
                for n in range(2 * repeats)
            )
            answer = gate.decide([replace(probe, fresh=fresh)], HISTORY)
            assert isinstance(answer, GateDecision)
            accepted += answer.winner == 0
        assert accepted / 2**coins <= alpha
        assert alpha < 0.1 or accepted, "the test would say nothing"


@pytest.mark.parametrize("candidates", [1, 2])
def test_mcnemar_and_evalue_keep_their_level_over_the_candidates(candidates: int) -> None:
    """Every outcome of some fair coins in each arm, K candidates over one baseline."""
    size = 6 if candidates == 1 else 4
    for gate in (McNemarGate(0.45, None), EValueGate(0.45, None)):
        accepted = total = 0
        for toss in product((False, True), repeat=size * (candidates + 1)):
            arm = [toss[k * size : (k + 1) * size] for k in range(candidates + 1)]
            evidence = [
                Evidence(
                    tuple(Pair(f"s{n}", True, Arm(arm[0][n]), Arm(arm[k][n])) for n in range(size))
                )
                for k in range(1, candidates + 1)
            ]
            answer = gate.decide(evidence, HISTORY)
            assert isinstance(answer, GateDecision)
            accepted += answer.winner is not None
            total += 1
        assert 0 < accepted / total <= 0.45


@pytest.mark.parametrize("rounds", [0, 3])
def test_looking_after_every_round_keeps_the_level(rounds: int) -> None:
    """One fair sample won on the probe and is tossed again and again."""
    gate = EValueGate(0.45, None, rounds=rounds)

    def accepts(state: Evidence) -> Fraction:
        answer = gate.decide([state], HISTORY)
        if isinstance(answer, GateDecision):
            return Fraction(answer.winner == 0)
        outcomes = [Pair("s0", True, Arm(a), Arm(b)) for a, b in product((False, True), repeat=2)]
        return sum(
            (Fraction(1, 4) * accepts(replace(state, fresh=(*state.fresh, p))) for p in outcomes),
            Fraction(0),
        )

    starts = [Evidence(pairs(f"F{a}{b}")) for a, b in product("01", repeat=2)]
    assert sum(accepts(s) for s in starts) / 4 <= Fraction(45, 100)


@pytest.mark.parametrize("schedule", ["basel", "slow"])
def test_a_schedule_spends_the_budget_and_no_more(schedule: Any) -> None:
    spending = Spending(0.99, 0.2, schedule)
    levels = [spending.level(GateHistory(spent=n)) for n in range(20_000)]
    assert sum(levels) <= 0.2
    assert sum(levels) == pytest.approx(0.2, abs=1e-4)
    capped = Spending(0.03, 0.2, schedule)
    assert max(capped.level(GateHistory(spent=n)) for n in range(10)) == 0.03


def test_the_published_schedule() -> None:
    level = Spending(0.5, 0.5, "basel").level
    assert level(GateHistory(spent=2)) == pytest.approx(0.5 * 6 / (math.pi**2 * 9))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ConfirmGate(alpha=0), "alpha"),
        (lambda: ConfirmGate(run_alpha=2), "run_alpha"),
        (lambda: McNemarGate(alpha="much"), "alpha"),  # type: ignore[arg-type]
        (lambda: EValueGate(schedule="fast"), "schedule"),  # type: ignore[arg-type]
        (lambda: ConfirmGate(repeats=0), "repeats"),
        (lambda: EValueGate(rounds=-1), "rounds"),
        (lambda: ReplicateGate(share=-1), "share"),
        (lambda: ReplicateGate(least_gain="x"), "least_gain"),  # type: ignore[arg-type]
    ],
)
def test_parameters_out_of_range_are_refused(make: Callable[[], Gate], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()


# -- by hand ------------------------------------------------------------------------------------


def decide(gate: Gate, *spelled: str) -> GateDecision:
    return settle(gate, [Evidence(pairs(s)) for s in spelled], replaying)[0]


def test_mcnemar_needs_five_clean_wins_of_one_candidate_and_seven_of_four() -> None:
    gate = McNemarGate(0.05, None)
    for wins, candidates, winner in ((4, 1, None), (5, 1, 0), (6, 4, None), (7, 4, 0)):
        others = ["F00 " * 12] * (candidates - 1)
        decision = decide(gate, "F01 " * wins + "F00 " * (12 - wins), *others)
        assert decision.winner == winner, (wins, candidates)
        assert decision.tested
    swept = decide(gate, "F01 " * 4)
    assert swept.judgements[0].verdict is Verdict.UNDERPOWERED
    assert not swept.tested
    assert "even 4 wins" in swept.judgements[0].reason
    for full in (McNemarGate(), EValueGate()):
        assert "nothing to win" in decide(full, "P11 P11 P10").judgements[0].reason


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
    # A second good candidate passes where Bonferroni would stop it, and may have the best score.
    one, two = "F01 " * 6 + "F00 " * 2, "F01 " * 7 + "P10 P01"
    assert decide(McNemarGate(0.036, None), one, two).winner == 1  # .0156 * 2, then .0195
    assert decide(McNemarGate(0.03, None), one, two).winner is None


def test_the_regression_budget_holds() -> None:
    over = "F01 " * 12 + "P10 P11"
    for name in ("mcnemar", "evalue", "confirm"):
        assert decide(GATES[name](), over).winner is None, name
        assert decide(GATES[name](regression_budget=False), over).winner == 0, name


def test_evalue_wants_as_much_for_every_candidate() -> None:
    assert e_value(7, 0) < 40 < e_value(8, 0)
    gate = EValueGate(0.05, None)
    assert decide(gate, "F01 " * 7 + "F00", "F00 " * 8).winner is None
    assert decide(gate, "F01 " * 8, "F00 " * 8).winner == 0


def test_evalue_stops_as_soon_as_it_knows() -> None:
    """Of the 20 wanted, three wins are worth 3.75, six 18.1 and nine 102: two rounds of four."""
    gate = EValueGate(0.05, None, rounds=4)
    decision, asked = settle(gate, [Evidence(pairs("F01 F01 F01 F00"))], replaying)
    assert (decision.winner, len(asked)) == (0, 2)


def test_confirm_asks_for_the_published_winner_s_discordant_samples() -> None:
    evidence = [Evidence(pairs("F01 F00 P11")), Evidence(pairs("F01 F01 P11 P10 P01 F11"))]
    answer = ConfirmGate(repeats=4).decide(evidence, HISTORY)
    assert answer == Rerun(1, ("s0", "s1", "s3", "s4"), 4)


def test_confirm_judges_by_fresh_pairs_alone() -> None:
    probe = [Evidence(pairs("F01 F01 F00 P11"))]

    def fresh(words: str) -> Draw:
        return lambda wanted, one: tuple(
            replace(p, sample_id=f"s{n % 2}") for n, p in enumerate(pairs(words))
        )

    won, _ = settle(ConfirmGate(), probe, fresh("F01 F01 F01 F01 F00 F11"))
    assert (won.winner, won.tested) == (0, True)
    assert won.judgements[0].p == 1 / 16
    assert won.judgements[0].verdict is Verdict.ACCEPT
    lost, _ = settle(ConfirmGate(), probe, fresh("F01 F01 F01 F00 F00 F11"))
    assert (lost.winner, lost.tested) == (None, True)
    assert lost.judgements[0].verdict is Verdict.REJECT
    assert lost.judgements[0].fresh is not None
    assert lost.judgements[0].fresh.b == 3


def test_the_level_itself_is_enough() -> None:
    one = [Evidence(pairs("F01 F00 P11"))]  # Three fresh wins have p = 1/8.
    for alpha, verdict in ((0.125, Verdict.ACCEPT), (0.1249, Verdict.UNDERPOWERED)):
        decision, _ = settle(ConfirmGate(alpha, None), one, replaying)
        assert decision.judgements[0].verdict is verdict
    swept = "F01 " * 5 + "F00 " * 9  # p = 1/32
    assert decide(McNemarGate(1 / 32, None), swept).winner == 0
    assert decide(McNemarGate(1 / 32.1, None), swept).winner is None
    # Six runs a side of one sample: p = 1 / 924.
    sixes = [Evidence(pairs("F01 F00 P11"))]
    for alpha, winner in ((1 / 924, 0), (1 / 925, None)):
        assert settle(ReplicateGate(alpha, None, share=9), sixes, replaying)[0].winner == winner


def test_fresh_losses_count_against_the_e_value() -> None:
    probe = [Evidence(pairs("F01 F01 F01 P01"))]

    def losing(wanted: Rerun, one: Evidence) -> tuple[Pair, ...]:
        return tuple(
            replace(p, baseline=p.candidate, candidate=p.baseline) for p in replaying(wanted, one)
        )

    decision, asked = settle(EValueGate(0.05, None, rounds=4), probe, losing)
    assert (decision.winner, len(asked)) == (None, 1)  # Down to E < 1, there is no point in more.
    assert decision.judgements[0].p == pytest.approx(min(1.0, 1 / e_value(4, 4)))
    assert decision.judgements[0].fresh is not None
    assert decision.judgements[0].fresh.c == 4


def test_a_test_that_could_not_succeed_is_not_paid_for() -> None:
    one_win = [Evidence(pairs("F01 F00 P11"))]
    for gate in (ConfirmGate(), ReplicateGate(alpha=0.001)):
        decision, asked = settle(gate, one_win, replaying)
        assert decision.judgements[0].verdict is Verdict.UNDERPOWERED, gate
        assert (decision.winner, decision.tested, asked) == (None, False, [])


def test_replicate_takes_the_best_score_even_over_the_budget_of_the_probe() -> None:
    """A flake on a passing sample costs the published rule a good edit; fresh runs clear it."""
    probe = Evidence(pairs("F01 F01 F01 F01 P10 P11 P11 P11"))
    gate = ReplicateGate()
    asked = gate.decide([probe], HISTORY)
    assert asked == Rerun(0, ("s0", "s1", "s2", "s3", "s4"), 2)

    def flake(wanted: Rerun, one: Evidence) -> tuple[Pair, ...]:
        return tuple(
            replace(p, candidate=Arm(True)) if p.sample_id == "s4" else p
            for p in replaying(wanted, one)
        )

    decision, _ = settle(gate, [probe], flake)
    assert decision.winner == 0
    assert decision.judgements[0].verdict is Verdict.ACCEPT
    assert decision.judgements[0].p == pytest.approx(1 / 6**4)
    # Broken for good, it is turned down however much it helps.
    decision, _ = settle(gate, [probe], replaying)
    assert decision.judgements[0].verdict is Verdict.REJECT
    assert "breaks 1" in decision.judgements[0].reason
    assert settle(ReplicateGate(regression_budget=False), [probe], replaying)[0].winner == 0


def test_only_samples_labelled_passing_can_be_broken() -> None:
    """As in the published rule, what was failing has nothing to lose but its share of the test."""
    probe = Evidence(pairs("F01 F01 F01 F01 F10 P11 P11 P11"))
    decision, _ = settle(ReplicateGate(), [probe], replaying)
    assert decision.winner == 0
    assert decision.judgements[0].verdict is Verdict.ACCEPT


def test_replicate_asks_for_a_revision_where_fresh_runs_lean_against_it() -> None:
    probe = Evidence(pairs("F01 F01 F01 F01 F01 P10 P11 P11 P11"))

    def lean(wanted: Rerun, one: Evidence) -> tuple[Pair, ...]:
        made = list(replaying(wanted, one))
        first = next(n for n, p in enumerate(made) if p.sample_id == "s5")
        made[first] = replace(made[first], candidate=Arm(True))
        return tuple(made)

    decision, _ = settle(ReplicateGate(), [probe], lean)
    assert decision.judgements[0].verdict is Verdict.REVISE
    assert decision.winner == 0


def test_replicate_spends_its_share_of_the_probe() -> None:
    gate = ReplicateGate()
    assert gate.repeats(discordant=7, probe=36, candidates=4) == 4  # 56 of 180 rollouts
    assert gate.repeats(discordant=30, probe=36, candidates=4) == 2  # never fewer than two
    assert gate.repeats(discordant=1, probe=36, candidates=4) == 6
    assert gate.repeats(discordant=0, probe=36, candidates=4) == 6


def test_replicate_saves_its_error_budget_for_gains_worth_a_test() -> None:
    small = "F01 " + "F00 " * 17 + "P11 " * 18
    decision, asked = settle(ReplicateGate(), [Evidence(pairs(small))], replaying)
    assert "too small" in decision.judgements[0].reason
    assert (decision.tested, asked) == (False, [])
    assert settle(ReplicateGate(least_gain=0), [Evidence(pairs(small))], replaying)[0].winner == 0


def test_ties_go_to_the_earlier_candidate() -> None:
    good = "F01 " * 9 + "P11 " * 9
    for name in GATES:
        decision = decide(GATES[name](), good, good)
        assert decision.winner == 0, name
        assert decision.judgements[1].verdict is Verdict.REJECT, name


# -- the permutation test -----------------------------------------------------------------------


def test_permutation_by_enumeration() -> None:
    """Every way to deal each sample's successes to the two arms, one by one."""
    tables = [(3, 0, 2), (2, 1, 2), (1, 1, 0), (3, 1, 3)]
    for chosen in ([tables[0]], tables[:2], tables, tables[1:]):
        deals = []
        for runs, old, new in chosen:
            successes = old + new
            ways = [
                sum(places[runs:])
                for places in product((0, 1), repeat=2 * runs)
                if sum(places) == successes
            ]
            deals.append(ways)
        seen = sum(new for _, _, new in chosen)
        totals = [sum(t) for t in product(*deals)]
        expected = sum(t >= seen for t in totals) / len(totals)
        assert permutation_p(chosen) == pytest.approx(expected, rel=1e-12)


@given(
    st.lists(
        st.integers(0, 5).flatmap(
            lambda r: st.tuples(st.just(r), st.integers(0, r), st.integers(0, r))
        ),
        max_size=8,
    )
)
def test_permutation_is_a_probability_and_falls_with_success(
    strata: list[tuple[int, int, int]],
) -> None:
    p = permutation_p(strata)
    assert 0 < p <= 1
    swapped = permutation_p([(r, new, old) for r, old, new in strata])
    assert p + swapped >= 1  # the observed table counts in both directions
    for n, (runs, old, new) in enumerate(strata):
        if new < runs and old > 0:
            better = [*strata[:n], (runs, old - 1, new + 1), *strata[n + 1 :]]
            assert permutation_p(better) < p


def test_permutation_known_values() -> None:
    assert permutation_p([]) == 1
    assert permutation_p([(3, 0, 3)]) == pytest.approx(1 / 20)
    assert permutation_p([(3, 0, 3)] * 2) == pytest.approx(1 / 400)
    assert permutation_p([(3, 3, 0)]) == 1
    # Fisher's exact test of one table: scipy.stats.fisher_exact([[7, 1], [2, 6]], "greater").
    assert permutation_p([(8, 2, 7)]) == pytest.approx(0.020279720279720283, rel=1e-12)
