"""Curtailment decides as the exhaustive gate does, whatever the outcomes and their order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grasp.contracts import Status
from grasp.methods.gate import Arm, Evidence, GateHistory, Pair
from grasp.methods.gate.confirm import ConfirmGate
from grasp.methods.gate.curtail import Curtailment
from grasp.methods.gate.paper import PaperGate
from grasp.methods.gate.replicate import ReplicateGate

from ..toys import Model, add, events, run_toy

GATES: list[Any] = [
    PaperGate(),
    PaperGate(penalty=1),
    PaperGate(penalty=5),
    PaperGate(regression_budget=False),
    PaperGate(fixes_only=True),
    PaperGate(fixes_only=True, regression_budget=False),
    ConfirmGate(),
    ReplicateGate(),
]

ARMS = [
    Arm(True),
    Arm(False),
    Arm(False, Status.INVALID_ACTION.value),
    Arm(False, Status.ERROR.value),
]


@dataclass(frozen=True)
class Case:
    """Outcomes of every arm, the baseline first; passing samples first."""

    ids: tuple[str, ...]
    failing: frozenset[str]
    arms: tuple[tuple[Arm, ...], ...]
    exposed: tuple[bool, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    size = draw(st.integers(1, 72))
    candidates = draw(st.integers(1, 8))
    passing = draw(st.integers(0, size))
    ids = tuple(f"s{n}" for n in range(size))
    rng = random.Random(draw(st.integers(0, 2**32)))
    noise, errors = draw(st.sampled_from([0, 0.05, 0.2])), draw(st.sampled_from([0, 0.1, 0.5]))

    def arm(quality: float) -> tuple[Arm, ...]:
        row = []
        for n in range(size):
            right = (n < passing) != (rng.random() < noise) or rng.random() < quality
            broken = rng.random() < 0.3 * abs(quality - 0.5)
            draw_error = rng.random() < errors
            kind = 3 if draw_error else (0 if right and not broken else rng.choice((1, 2)))
            row.append(ARMS[kind])
        return tuple(row)

    arms = (arm(0.0), *(arm(rng.random()) for _ in range(candidates)))
    exposed = tuple(rng.random() < 0.8 for _ in range(candidates))
    return Case(ids, frozenset(ids[passing:]), arms, exposed)


def evidence_of(case: Case, candidate: int, kept: Sequence[int]) -> Evidence:
    rule = Curtailment(PaperGate(), case.ids, case.failing, len(case.arms) - 1)
    pairs = tuple(
        Pair(s, s in case.failing, case.arms[0][n], case.arms[candidate][n])
        for n, s in enumerate(case.ids)
        if rule.number(candidate, n) in kept
    )
    cut = len(pairs) < len(case.ids)
    return Evidence(pairs, case.exposed[candidate - 1] and not cut, curtailed=cut)


def run_curtailed(case: Case, gate: Any, workers: int, rng: random.Random) -> set[int]:
    """Run episodes as the engine does: several at a time, ending in any order."""
    rule = Curtailment(gate, case.ids, case.failing, len(case.arms) - 1)
    total = len(rule)

    def needed(index: int, done: dict[int, Arm]) -> bool:
        return rule.needed(index, done, lambda c: case.exposed[c - 1])

    done: dict[int, Arm] = {}
    running: list[int] = []
    following = 0
    while following < total or running:
        while following < total and len(running) < workers:
            if needed(following, done):
                running.append(following)
            following += 1
        if running:
            index = running.pop(rng.randrange(len(running)))
            arm, place = rule.place(index)
            done[index] = case.arms[arm][place]
    kept: dict[int, Arm] = {}
    for index in sorted(done):
        if needed(index, kept):
            kept[index] = done[index]
    return set(kept)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: type(gate).__name__)
@settings(max_examples=25)
@given(case=cases(), seed=st.integers(0, 2**32))
def test_the_decision_is_that_of_the_exhaustive_gate(gate: Any, case: Case, seed: int) -> None:
    everything = range(len(case.ids) * len(case.arms))
    candidates = range(1, len(case.arms))
    whole = gate.decide([evidence_of(case, c, everything) for c in candidates], GateHistory())
    alone = run_curtailed(case, gate, 1, random.Random(seed))
    many = run_curtailed(case, gate, 7, random.Random(seed))
    assert alone == many, "what is needed depends on the order of arrival"
    some = gate.decide([evidence_of(case, c, alone) for c in candidates], GateHistory())
    if isinstance(gate, PaperGate):
        assert some.winner == whole.winner
        if whole.winner is not None:
            assert some.judgements[whole.winner] == whole.judgements[whole.winner]
    else:  # They ask for fresh runs of the candidate they picked, or decide at once.
        assert type(some) is type(whole)
        assert getattr(some, "candidate", None) == getattr(whole, "candidate", None)
        assert getattr(some, "winner", None) == getattr(whole, "winner", None)


@given(size=st.integers(1, 40), candidates=st.integers(1, 9))
def test_numbers_and_places_are_inverse(size: int, candidates: int) -> None:
    ids = [f"s{n}" for n in range(size)]
    rule = Curtailment(PaperGate(), ids, [], candidates)
    places = [rule.place(index) for index in range(len(rule))]
    assert len(set(places)) == len(rule) == size * (1 + candidates)
    assert [rule.number(*place) for place in places] == list(range(len(rule)))
    assert places[:size] == [(0, n) for n in range(size)]


@pytest.mark.parametrize(("workers", "share"), [(1, 0.65), (8, 0.75)])
def test_it_saves_episodes(workers: int, share: float) -> None:
    rng = random.Random(1)
    spent = total = 0
    for _ in range(60):
        size, passing = 36, 18
        ids = tuple(f"s{n}" for n in range(size))
        rows = [[Arm(n < passing) for n in range(size)]]
        for _ in range(4):  # Edits that do nothing but for noise.
            rows.append([Arm((n < passing) != (rng.random() < 0.05)) for n in range(size)])
        case = Case(ids, frozenset(ids[passing:]), tuple(map(tuple, rows)), (True,) * 4)
        spent += len(run_curtailed(case, PaperGate(), workers, rng))
        total += 5 * size
    assert spent < share * total


def poisonous(prompt: str, call: Any) -> Any:
    """Propose something harmful first, then something good."""
    index = int(call.scope.split("propose/")[1][0])
    if index == 0:
        return [add("all", "POISON green", name="harm")]
    return [add("red", name=f"good-{index}")]


@pytest.mark.parametrize("concurrency", [1, 5])
def test_a_run_decides_alike_and_asks_less(tmp_path: Path, concurrency: int) -> None:
    whole, curtailed = Model(poisonous), Model(poisonous)
    options = {"epochs": 1, "candidates": 3, "concurrency": concurrency}
    _, full = run_toy(tmp_path / "full", whole, curtail=False, **options)
    _, less = run_toy(tmp_path / "less", curtailed, curtail=True, **options)
    assert [e["accepted"] for e in events(full, "update")] == [
        e["accepted"] for e in events(less, "update")
    ]
    spared = len(whole.calls) - len(curtailed.calls)
    assert spared > 0 if concurrency == 1 else spared >= 0
    first = events(less, "update")[0]["candidates"]
    stopped = [c for c in first if "stopped_after" in c]
    assert stopped
    assert all(c["verdict"] == "reject" for c in stopped)
    assert all(len(c["outcomes"]) == c["stopped_after"] for c in stopped)


def test_the_journal_does_not_depend_on_concurrency(tmp_path: Path) -> None:
    logs = []
    for n in (1, 3, 9):
        _, log = run_toy(tmp_path / str(n), Model(poisonous), epochs=1, concurrency=n)
        logs.append(events(log, "update"))
    strip = [[{k: v for k, v in e.items() if k != "time"} for e in log] for log in logs]
    assert strip[0] == strip[1] == strip[2]
