"""Measured noise, and what it implies for the gate."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Completion, EndpointError, ModelCall, TaskError
from grasp.methods.gate import Arm, Evidence, GateHistory, Pair
from grasp.methods.gate.noise import false_accept, reversal
from grasp.methods.gate.paper import PaperGate
from grasp.runs.config import load_config
from grasp.runs.noise import Noise, measure_noise

from ..toys import Model, Toy

CONFIG = load_config({"cycle": {"concurrency": 4}})


class Shaky(Model):
    """Answers every third item otherwise on the second run, or words it otherwise."""

    def __init__(self, flip: str = "SAY nothing") -> None:
        super().__init__()
        self.flip = flip

    def complete(self, call: ModelCall) -> Completion:
        completion = super().complete(call)
        number = call.scope.split("-")[-1].split("#")[0]
        if call.scope.startswith("second run") and int(number) % 3 == 2:
            return Completion(self.flip, completion.usage)
        return completion


def test_a_deterministic_model() -> None:
    found = measure_noise(Toy(), Model(), CONFIG, 12)
    assert (found.samples, found.flipped, found.differing) == (12, 0, 0)
    assert found.usage["calls"]["total"] == 24
    assert found.false_accept(found.flip_rate) == 0
    assert found.advice["deterministic"] is True
    assert found.advice["gate"] == "paper"


def test_a_noisy_model() -> None:
    found = measure_noise(Toy(("green",)), Shaky(), CONFIG, 12)
    assert (found.samples, found.flipped, found.differing) == (12, 4, 4)
    assert found.flip_rate == pytest.approx(1 / 3)
    assert found.interval[0] < 1 / 3 < found.interval[1]
    facts = found.to_json()
    assert facts["false_accept"] > 0.5
    assert facts["advice"]["gate"] == "replicate"
    assert facts["advice"]["deterministic"] is False


def test_other_words_for_the_same_verdict_are_no_flip_but_no_memory_either() -> None:
    found = measure_noise(Toy(("red",)), Shaky("SAY something else"), CONFIG, 12)
    assert (found.flipped, found.differing) == (0, 4)
    assert found.advice["deterministic"] is False


def test_what_could_not_be_run_is_left_out() -> None:
    model = Model()

    def fault(call: ModelCall) -> None:
        if call.scope.startswith("second run/dev-3"):
            raise EndpointError("busy")

    model.fault = fault
    found = measure_noise(Toy(), model, CONFIG, 6)
    assert (found.samples, found.errors, found.differing) == (5, 1, 0)


def test_a_task_without_dev_samples() -> None:
    with pytest.raises(TaskError, match="'dev'"):
        measure_noise(Toy(dev=0), Model(), CONFIG, 6)


@pytest.mark.parametrize(
    ("flips", "published"), [(0.0, 0.0), (0.02, 0.58), (0.05, 0.64), (0.10, 0.67)]
)
def test_the_published_figures(flips: float, published: float) -> None:
    """method.md, section 5: N = 36, K = 4, every outcome flips with this probability."""
    assert false_accept(2 * flips * (1 - flips), 36, 4) == pytest.approx(published, abs=0.02)


@pytest.mark.parametrize(("flip_rate", "size", "candidates"), [(0.1, 8, 2), (0.3, 20, 4)])
def test_it_is_what_the_shipped_gate_does(flip_rate: float, size: int, candidates: int) -> None:
    rng, gate, r = random.Random(1), PaperGate(), reversal(flip_rate)

    def arm() -> list[Arm]:
        return [Arm((n < size // 2) != (rng.random() < r)) for n in range(size)]

    accepted, trials = 0, 1500
    for _ in range(trials):
        base = arm()
        evidence = [
            Evidence(
                tuple(
                    Pair(str(n), n >= size // 2, old, new)
                    for n, (old, new) in enumerate(zip(base, arm(), strict=True))
                )
            )
            for _ in range(candidates)
        ]
        accepted += gate.decide(evidence, GateHistory()).winner is not None
    assert accepted / trials == pytest.approx(false_accept(flip_rate, size, candidates), abs=0.04)


@given(
    st.floats(0, 1),
    st.integers(2, 72),
    st.integers(1, 8),
)
def test_it_is_a_probability_and_grows_with_candidates(rate: float, size: int, k: int) -> None:
    one, more = false_accept(rate, size, k), false_accept(rate, size, k + 1)
    assert -1e-9 <= one <= more + 1e-9 <= 1 + 1e-8
    assert 0 <= reversal(rate) <= 0.5


def test_without_a_result_nothing_is_known() -> None:
    empty: dict[str, Any] = {"calls": {}, "tokens": {}, "cost": 0}
    found = Noise(0, 3, 0, 0, 36, 4, empty)
    assert found.interval == (0.0, 1.0)
    assert found.flip_rate == 0.0
