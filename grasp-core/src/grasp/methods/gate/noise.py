"""What the noise of re-runs does to the published gate, exactly."""

from __future__ import annotations

import math


def reversal(flip_rate: float) -> float:
    """Return the chance that one outcome is reversed, from that of two runs differing.

    Two runs of one sample differ with probability f = 2 r (1 - r).

    Args:
        flip_rate: f; from 1/2 on every outcome is a coin toss.
    """
    return 0.5 * (1 - math.sqrt(max(0.0, 1 - 2 * min(flip_rate, 0.5))))


def false_accept(flip_rate: float, probe_size: int, candidates: int) -> float:
    """Return how often the published gate accepts one of K edits that do nothing.

    Every outcome of both arms is reversed with the same chance; half of the probe is failing.
    Then fixes and regressions are binomial, and given the baseline's the candidates are
    independent (the row "flips" of method.md, section 5).

    Args:
        flip_rate: Share of samples whose outcome differs between two equal runs.
        probe_size: N.
        candidates: K.
    """
    half, r = probe_size // 2, reversal(flip_rate)
    chance = [math.comb(half, k) * r**k * (1 - r) ** (half - k) for k in range(half + 1)]
    above = [sum(chance[k:]) for k in range(half + 2)]  # P(count >= k)
    total = 0.0
    for fixes in range(half + 1):
        for broken in range(half + 1):
            one = sum(
                chance[b] * above[max(0, fixes + b - broken + 1)]
                for b in range(broken + 1)
                if fixes + b - broken + 1 <= half
            )
            total += chance[fixes] * chance[broken] * (1 - (1 - one) ** candidates)
    return total
