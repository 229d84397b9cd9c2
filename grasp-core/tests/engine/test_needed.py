"""Waves in which earlier outcomes make later episodes needless."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Outcome
from grasp.engine import ThreadExecutor
from grasp.engine.needed import Front


def outcome(correct: bool) -> Outcome:
    return Outcome(sample_id="s", correct=correct)


def until_three_failed(index: int, before: Mapping[int, Outcome]) -> bool:
    return sum(not o.correct for n, o in before.items() if n < index) < 3


def run(verdicts: list[bool], workers: int, lag: int, seed: int) -> tuple[list[int], list[int]]:
    """Return the episodes that ran and those that were kept."""
    front, rng = Front(until_three_failed, lag), random.Random(seed)
    ran: list[int] = []
    lock = threading.Lock()

    def one(index: int) -> None:
        time.sleep(rng.random() * 0.002)
        with lock:
            ran.append(index)
        front.ended(index, outcome(verdicts[index]))

    ThreadExecutor(workers).map(one, range(len(verdicts)), wanted=front.wanted)
    return sorted(ran), sorted(front.kept())


@given(
    verdicts=st.lists(st.booleans(), max_size=30),
    workers=st.integers(1, 6),
    extra=st.integers(0, 6),
    seeds=st.tuples(st.integers(), st.integers()),
)
def test_what_runs_depends_on_the_lag_alone(
    verdicts: list[bool], workers: int, extra: int, seeds: tuple[int, int]
) -> None:
    lag = workers + extra
    first, kept = run(verdicts, workers, lag, seeds[0])
    assert (first, kept) == run(verdicts, 1, lag, seeds[1])
    exact, _ = run(verdicts, 1, 1, seeds[0])
    assert kept == exact
    assert set(exact) <= set(first)
    assert len(first) <= len(exact) + lag - 1


def test_a_fault_frees_those_who_wait() -> None:
    front = Front(lambda index, before: True, lag=2)

    def one(index: int) -> None:
        if index == 0:
            time.sleep(0.05)
            raise ValueError("broken")
        front.ended(index, outcome(True))

    with pytest.raises(ValueError, match="broken"):
        ThreadExecutor(4).map(one, range(20), wanted=front.wanted)


def test_what_does_not_run_has_no_result() -> None:
    seen: list[tuple[int, int]] = []
    results = ThreadExecutor(2).map(
        lambda x: x * 2,
        [1, 2, 3, 4],
        lambda index, result: seen.append((index, result)),
        wanted=lambda index: index % 2 == 0,
    )
    assert results == [2, None, 6, None]
    assert sorted(seen) == [(0, 2), (2, 6)]
