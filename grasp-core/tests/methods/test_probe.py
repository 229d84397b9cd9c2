"""Probe drawing: method.md 3.1, and the same draw in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Outcome
from grasp.methods.grasp.probe import draw_probe, published_source
from grasp.methods.harness import rng, shuffled


def outcome(i: str, kind: str = "", correct: bool = False, status: str = "completed") -> Outcome:
    return Outcome(i, sample_type=kind, correct=correct, status=status)


outcomes_lists = st.lists(
    st.tuples(
        st.integers(0, 99), st.sampled_from("abcd"), st.booleans(),
        st.sampled_from(["completed", "completed", "error"]),
    ),
    max_size=40,
    unique_by=lambda t: t[0],
).map(
    lambda rows: [outcome(f"s{i}", k, c and s != "error", s) for i, k, c, s in rows]
)  # fmt: skip


def test_the_published_source() -> None:
    early, late, now = [outcome("e")], [outcome("p")], [outcome("b")]
    assert published_source(early, late, now) == ("earlier_batches", early)
    assert published_source([], late, now) == ("previous_epoch", late)
    assert published_source([], [], now) == ("same_batch", now)


@given(outcomes_lists, st.integers(2, 40), st.integers(0, 9))
def test_a_draw_is_stratified_and_within_its_limits(
    outcomes: list[Outcome], size: int, seed: int
) -> None:
    probe = draw_probe("x", outcomes, size, rng(seed))
    by_id = {o.sample_id: o for o in outcomes}
    assert probe.source == "x"
    assert len(set(probe.sample_ids)) == len(probe.sample_ids)
    assert probe.failing == {o.sample_id for o in outcomes if not o.correct and not o.is_error}
    half = size // 2
    for failing in (False, True):
        pool = [o for o in outcomes if o.correct is not failing and not o.is_error]
        chosen = [by_id[i] for i in probe.sample_ids if by_id[i].correct is not failing]
        assert not any(o.is_error for o in chosen)
        assert len(chosen) == min(half, len(pool))
        available = Counter(o.sample_type for o in pool)
        drawn = Counter(o.sample_type for o in chosen)
        if len(available) <= half:
            for kind, n in available.items():
                assert drawn[kind] >= min(max(1, half // len(available)), n)
        else:
            assert max(drawn.values(), default=0) <= 1
    # Passing samples first, so that a gate can stop early.
    flags = [by_id[i].correct for i in probe.sample_ids]
    assert flags == sorted(flags, reverse=True)


@given(outcomes_lists, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(outcomes: list[Outcome], random: object) -> None:
    other = list(outcomes)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert draw_probe("x", outcomes, 12, rng(1)) == draw_probe("x", other, 12, rng(1))


def test_another_seed_draws_other_samples() -> None:
    outcomes = [outcome(f"s{n}", correct=n % 2 == 0) for n in range(60)]
    draws = {
        draw_probe("x", outcomes, 12, rng(seed, "probe", 0, 0)).sample_ids for seed in range(5)
    }
    assert len(draws) == 5
    assert len({draw_probe("x", outcomes, 12, rng(1, "probe", e, c)).sample_ids
                for e in range(2) for c in range(2)}) == 4  # fmt: skip


def test_a_size_of_one_half_each() -> None:
    outcomes = [outcome("f", "a"), outcome("p", "a", True), outcome("q", "b", True)]
    assert len(draw_probe("x", outcomes, 2, rng(1)).sample_ids) == 2
    assert len(draw_probe("x", outcomes, 3, rng(1)).sample_ids) == 2
    assert draw_probe("x", [], 8, rng(1)).sample_ids == ()


PINNED_IDS = ["s21", "s45", "s25"]
PINNED_ORDER = [17, 24, 25, 19, 16, 20]

SCRIPT = """
import json
from grasp.contracts import Outcome
from grasp.methods.grasp.probe import draw_probe
from grasp.methods.harness import rng, shuffled
outcomes = [Outcome(f"s{n}", sample_type="abc"[n % 3], correct=n % 5 < 2) for n in range(50)]
probe = draw_probe("x", outcomes, 14, rng(1, "probe", 0, 2))
print(json.dumps([probe.sample_ids, shuffled(range(30), 1, "shuffle", 3)]))
"""


def test_draws_do_not_depend_on_the_hash_seed() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(answers) == 1
    ids, order = json.loads(answers.pop())
    # Pinned: a change here makes every recorded run unreplayable.
    assert ids[:3] == PINNED_IDS
    assert order[:6] == PINNED_ORDER
    assert order == shuffled(range(30), 1, "shuffle", 3)
