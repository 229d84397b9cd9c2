"""Simulated updates: probe samples, K candidates, noise and effects; many at a time.

A sample is solved by chance with probability ``p`` under the current library and ``q`` under a
candidate, run by run. The probe is half failing and half passing *by the label of an earlier
run*, as in GRASP, so a failing sample of a noisy endpoint may well pass the next time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
Noise = Literal["flip", "unstable", "frozen"]
Effect = Literal["none", "lasting", "chancy", "trade"]

#: Fresh runs a gate may ask for in each arm of a sample.
MOST_FRESH = 6


@dataclass(frozen=True)
class Setting:
    """One cell of the study.

    Attributes:
        noise: ``flip``: every outcome is reversed with probability ``level``; ``unstable``:
            this share of samples is solved with a probability of its own, uniform in
            .15 to .85, and the rest always or never; ``frozen``: the same odds, but drawn once
            for each library: a deterministic endpoint on which any edit shifts some answers.
        level: How noisy.
        effect: Of candidate 0; the others do nothing. ``lasting``: this share of failing
            samples is solved for good; ``chancy``: every failing sample is solved this much
            more often; ``trade``: ``lasting``, and it breaks the share ``harm`` of passing
            samples for good.
        size: Of the effect.
        harm: See ``trade``.
        n: Samples of the probe.
        k: Candidates.
    """

    noise: Noise
    level: float
    effect: Effect
    size: float
    n: int
    k: int
    harm: float = 0.0


class World:
    """Independent updates of one setting, each with its outcomes."""

    def __init__(self, setting: Setting, updates: int, rng: np.random.Generator) -> None:
        self.setting, self.updates, self._rng = setting, updates, rng
        n, shape = setting.n, (updates, setting.n)
        self.failing = np.arange(n) >= n // 2
        self.p = self._solved_with_the_library(shape)
        # Candidate 0's own; the others have ``p``.
        self.q = self._solved_with_candidate_0(shape)
        frozen = setting.noise == "frozen"  # Where the baseline repeats the labelling run.
        self.x = np.tile(~self.failing, (updates, 1)) if frozen else rng.random(shape) < self.p
        self.y = rng.random((setting.k, *shape)) < self._odds(slice(None))

    def _odds(self, candidate: Any) -> Array:
        every = np.broadcast_to(self.p, (self.setting.k, *self.p.shape)).copy()
        every[0] = self.q
        return every[candidate]

    def _solved_with_the_library(self, shape: tuple[int, int]) -> Array:
        setting, rng = self.setting, self._rng
        if setting.noise == "flip":
            # The label was an outcome too: it is wrong as often as any other.
            truly_failing = self.failing ^ (rng.random(shape) < setting.level)
            return np.where(truly_failing, setting.level, 1 - setting.level)
        chance = rng.uniform(0.15, 0.85, shape)
        # Given the label, the odds lean its way: mirror those whose labelling run disagrees.
        disagrees = (rng.random(shape) < chance) == self.failing
        chance = np.where(disagrees, 1 - chance, chance)
        stable = np.where(self.failing, 0.0, 1.0)
        return np.where(rng.random(shape) < setting.level, chance, stable)

    def _solved_with_candidate_0(self, shape: tuple[int, int]) -> Array:
        setting, p, failing = self.setting, self.p, self.failing
        if setting.effect == "none":
            return p
        if setting.effect == "chancy":
            return np.where(failing, p + setting.size * (1 - p), p)
        # A lasting change is as noisy as everything else where outcomes flip.
        certain = 1 - setting.level if setting.noise == "flip" else 1.0
        touched = self._rng.random(shape)
        q = np.where(failing & (touched < setting.size), certain, p)
        if setting.effect == "trade":
            q = np.where(~failing & (touched < setting.harm), 1 - certain, q)
        return q

    @cached_property
    def _fresh(self) -> Array:
        return self._rng.random((2, MOST_FRESH, self.updates, self.setting.n))

    def fresh_old(self, repeat: int) -> Array:
        """Return outcomes of a fresh run of every sample under the current library."""
        if self.setting.noise == "frozen":
            return self.x
        return self._fresh[0, repeat] < self.p

    def fresh_new(self, repeat: int, candidate: Array) -> Array:
        """Return outcomes of a fresh run under each update's own candidate."""
        if self.setting.noise == "frozen":
            same: Array = self.y[np.maximum(candidate, 0), np.arange(self.updates)]
            return same
        q = np.where((candidate == 0)[:, None], self.q, self.p)
        return self._fresh[1, repeat] < q
