"""The shipped gates, many updates at a time.

Every number comes from the shipped statistics, and every parameter from a shipped gate object;
only the choosing is written again for arrays. A test proves on random outcomes that each
update gets the verdict of the shipped class (grasp-core/tests/methods/test_gate_study.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from grasp.methods.gate.confirm import ConfirmGate
from grasp.methods.gate.evalue import EValueGate
from grasp.methods.gate.mcnemar import McNemarGate
from grasp.methods.gate.paper import PaperGate
from grasp.methods.gate.replicate import FEWEST, ReplicateGate
from grasp.methods.gate.statistics import e_value, mcnemar_p

from .worlds import Array, World

#: Comparisons of sums in another order than the shipped code's.
_SLACK = 1 + 1e-9


@dataclass(frozen=True)
class Verdicts:
    """What a gate does in each update.

    Attributes:
        winner: Candidate accepted, or -1.
        tested: A test was made.
        rollouts: Spent beyond the probe.
    """

    winner: Array
    tested: Array
    rollouts: Array


@dataclass(frozen=True)
class _Probe:
    """Counts of every candidate of every update: arrays of shape (K, updates)."""

    b: Array
    c: Array
    adjusted: Array
    within: Array


def _count(world: World, regression_budget: bool) -> _Probe:
    gained, lost = world.y & ~world.x, world.x & ~world.y
    b, c = gained.sum(2), lost.sum(2)
    broken = (~world.y & ~world.failing).sum(2)
    within = broken <= (~world.x & ~world.failing).sum(1)
    return _Probe(b, c, b - c, within | (not regression_budget))


def _look_up(function: Callable[[int, int], float], b: Array, c: Array) -> Array:
    """Call a shipped statistic once for every different pair of counts."""
    shape = int(b.max(initial=0)) + 1, int(c.max(initial=0)) + 1
    keys, where = np.unique(np.ravel_multi_index((b, c), shape), return_inverse=True)
    values = np.array([_value(function, *divmod(int(key), shape[1])) for key in keys])
    found: Array = values[where].reshape(b.shape)
    return found


@cache
def _value(function: Callable[[int, int], float], b: int, c: int) -> float:
    return function(b, c)


def _best(score: Array, allowed: Array) -> Array:
    """Return the first allowed candidate with the highest score above 0, or -1."""
    masked = np.where(allowed & (score > 0), score, 0)
    return np.where(masked.max(0) > 0, masked.argmax(0), -1)


def _of_winner(values: Array, winner: Array) -> Array:
    chosen: Array = np.take_along_axis(values, np.maximum(winner, 0)[None], 0)[0]
    return chosen


def decide(gate: Any, world: World, level: Array | float) -> Verdicts:
    """Return the verdicts of a shipped gate; ``level`` is what it would test at."""
    levels = np.broadcast_to(np.asarray(level, float), (world.updates,))
    return _DECIDERS[type(gate)](gate, world, levels)


def _paper(gate: PaperGate, world: World, level: Array) -> Verdicts:
    probe = _count(world, gate.regression_budget)
    nothing = np.zeros(world.updates, int)
    return Verdicts(_best(probe.adjusted, probe.within), nothing > 0, nothing)


def _mcnemar(gate: McNemarGate, world: World, level: Array) -> Verdicts:
    probe = _count(world, gate.regression_budget)
    p = _look_up(mcnemar_p, probe.b, probe.c)
    order = np.argsort(p, 0, kind="stable")
    steps = (len(p) - np.arange(len(p)))[:, None]
    stepped = np.maximum.accumulate(np.minimum(1, steps * np.take_along_axis(p, order, 0)), 0)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, stepped, 0)
    winner = _best(probe.adjusted, probe.within & (adjusted <= level))
    sweep = (~world.x).sum(1)
    tested = (len(p) * 0.5**sweep <= level) | (winner >= 0)
    return Verdicts(winner, tested, np.zeros(world.updates, int))


def _evalue(gate: EValueGate, world: World, level: Array) -> Verdicts:
    probe = _count(world, gate.regression_budget)
    k, every = len(probe.b), np.arange(world.updates)
    b, c = probe.b.copy(), probe.c.copy()
    eligible = probe.within & (probe.adjusted > 0)
    wanted = k / level
    done, rollouts = np.zeros_like(b), np.zeros(world.updates, int)
    split = world.y != world.x
    while True:
        worth = np.where(eligible, _look_up(e_value, b, c), 0)
        leader = worth.argmax(0)
        best = worth[leader, every]
        more = (best > 1) & (best < wanted) & (done[leader, every] < gate.rounds)
        if not more.any():
            break
        at = done[leader, every]
        for repeat in np.unique(at[more]):
            now = np.flatnonzero(more & (at == repeat))
            who = leader[now]
            mask = split[who, now]
            old = world.fresh_old(repeat)[now] & mask
            new = world.fresh_new(repeat, leader)[now] & mask
            b[who, now] += (new & ~old).sum(1)
            c[who, now] += (old & ~new).sum(1)
            done[who, now] += 1
            rollouts[now] += 2 * mask.sum(1)
    winner = np.where(best >= wanted, leader, -1)
    sweep = (~world.x).sum(1) * (1 + gate.rounds)
    reach = _look_up(e_value, sweep, np.zeros_like(sweep)) >= wanted
    return Verdicts(winner, reach | (winner >= 0), rollouts)


def _confirm(gate: ConfirmGate, world: World, level: Array) -> Verdicts:
    probe = _count(world, gate.published.regression_budget)
    picked = _best(probe.adjusted, probe.within)
    split = _of_winner(world.y != world.x, picked[:, None]) & (picked >= 0)[:, None]
    tested = (picked >= 0) & (0.5 ** (split.sum(1) * gate.repeats) <= level)
    split &= tested[:, None]
    b, c = np.zeros(world.updates, int), np.zeros(world.updates, int)
    for repeat in range(gate.repeats):
        old = world.fresh_old(repeat) & split
        new = world.fresh_new(repeat, picked) & split
        b += (new & ~old).sum(1)
        c += (old & ~new).sum(1)
    accepted = tested & (_look_up(mcnemar_p, b, c) <= level)
    return Verdicts(
        np.where(accepted, picked, -1), tested, 2 * gate.repeats * split.sum(1) * tested
    )


def _replicate(gate: ReplicateGate, world: World, level: Array) -> Verdicts:
    probe = _count(world, gate.regression_budget)
    n, k = world.setting.n, world.setting.k
    picked = _best(probe.adjusted, probe.adjusted >= gate.least_gain * n)
    split = _of_winner(world.y != world.x, picked[:, None]) & (picked >= 0)[:, None]
    samples = split.sum(1)
    repeats = np.array([gate.repeats(int(m), n, k) for m in range(n + 1)])[samples]
    least = np.array([math.comb(2 * r, r) for r in repeats], float) ** -samples
    tested = (picked >= 0) & (least <= level)
    split &= tested[:, None]
    old, new = np.zeros(split.shape, int), np.zeros(split.shape, int)
    for repeat in range(int(repeats.max(initial=0))):
        on = split & (repeats > repeat)[:, None]
        old += world.fresh_old(repeat) & on
        new += world.fresh_new(repeat, picked) & on
    p = np.ones(world.updates)
    for update in np.flatnonzero(tested):
        r, mask = int(repeats[update]), split[update]
        successes = np.bincount((old + new)[update][mask], minlength=2 * r + 1)
        p[update] = _permutation_tails(r, tuple(successes.tolist()))[new[update].sum()]
    runs = repeats[:, None]
    broken = (split & ~world.failing & (old == runs) & (new == 0) & (runs >= FEWEST)).any(1)
    accepted = tested & (p <= level * _SLACK) & ~(broken & gate.regression_budget)
    return Verdicts(np.where(accepted, picked, -1), tested, 2 * repeats * samples * tested)


@lru_cache(maxsize=200_000)
def _permutation_tails(runs: int, samples_by_successes: tuple[int, ...]) -> Array:
    """Return P(candidate's successes >= t) for every t, as ``permutation_p`` computes it."""
    ways = np.ones(1)
    for successes, samples in enumerate(samples_by_successes):
        one = [
            math.comb(runs, k) * math.comb(runs, successes - k) / math.comb(2 * runs, successes)
            if k <= successes
            else 0.0
            for k in range(runs + 1)
        ]
        for _ in range(samples):
            ways = np.convolve(ways, one)
    return ways[::-1].cumsum()[::-1]


_DECIDERS: dict[type[Any], Callable[[Any, World, Array], Verdicts]] = {
    PaperGate: _paper,
    McNemarGate: _mcnemar,
    EValueGate: _evalue,
    ConfirmGate: _confirm,
    ReplicateGate: _replicate,
}
