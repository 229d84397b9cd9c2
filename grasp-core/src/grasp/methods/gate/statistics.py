"""Exact statistics of a paired probe, computed for every candidate whatever gate decides."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from grasp.methods.gate.evidence import Pair

#: Two-sided 95 % quantile of the normal distribution.
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Statistics:
    """What a probe says about one candidate.

    Attributes:
        n: Pairs with a real result in both arms.
        errors: Pairs dropped because an arm could not be run.
        b: Solved with the candidate only.
        c: Solved with the current library only.
        delta: ``(b - c) / n``; 0 where ``n`` is 0.
        low: Lower end of the 95 % interval of ``delta``.
        high: Upper end.
        p_value: One-sided exact McNemar test that the candidate is better.
        e_value: Anytime-valid evidence for the same.
    """

    n: int
    errors: int
    b: int
    c: int
    delta: float
    low: float
    high: float
    p_value: float
    e_value: float


def summarise(pairs: Iterable[Pair]) -> Statistics:
    """Return the statistics of a probe."""
    both = neither = b = c = errors = 0
    for pair in pairs:
        if pair.is_error:
            errors += 1
        elif pair.baseline.correct:
            both += pair.candidate.correct
            c += not pair.candidate.correct
        else:
            b += pair.candidate.correct
            neither += not pair.candidate.correct
    n = both + neither + b + c
    low, high = newcombe_interval(both, b, c, neither)
    return Statistics(
        n, errors, b, c, (b - c) / n if n else 0.0, low, high, mcnemar_p(b, c), e_value(b, c)
    )


def mcnemar_p(b: int, c: int) -> float:
    """One-sided exact McNemar test: P(Bin(b + c, 1/2) >= b) (McNemar 1947)."""
    m = b + c
    return float(sum(math.comb(m, k) for k in range(b, m + 1)) / 2**m)


def e_value(b: int, c: int) -> float:
    """E-value of b wins and c losses, uniform mixture over q in (1/2, 1).

    ``2^(m+1) * B(b+1, c+1) * P(Bin(m+1, 1/2) <= b)`` with ``m = b + c`` (method.md,
    section 5; Howard et al. 2021). Exact integers, rounded once.
    """
    m = b + c
    tail = sum(math.comb(m + 1, k) for k in range(b + 1))
    # B(b+1, c+1) = b! c! / (m+1)!, and the powers of two cancel.
    return tail / ((m + 1) * math.comb(m, b))


def permutation_p(strata: Iterable[tuple[int, int, int]]) -> float:
    """One-sided exact stratified permutation test that the candidate solves more.

    Where an edit does nothing, all runs of a sample are alike, so given how many of them
    succeeded, the candidate's share is hypergeometric (Fisher 1935; Mantel & Haenszel 1959).
    Sharper than a sign test over arbitrary pairs of repeats: 0 of 3 against 3 of 3 has
    p = 1/20 instead of 1/8.

    Args:
        strata: For each sample: runs in each arm, successes of the current library,
            successes of the candidate.
    """
    ways, total, seen = [1], 1, 0
    for runs, old, new in strata:
        successes, seen = old + new, seen + new
        one = [
            math.comb(runs, k) * math.comb(runs, successes - k) if k <= successes else 0
            for k in range(runs + 1)
        ]
        both = [0] * (len(ways) + runs)
        for i, a in enumerate(ways):
            for k, b in enumerate(one):
                both[i + k] += a * b
        ways, total = both, total * math.comb(2 * runs, successes)
    return sum(ways[seen:]) / total


def newcombe_interval(both: int, b: int, c: int, neither: int) -> tuple[float, float]:
    """95 % interval of the difference of paired proportions (Newcombe 1998, method 10).

    Args:
        both: Solved in both arms.
        b: Solved with the candidate only.
        c: Solved with the current library only.
        neither: Solved in neither.

    Returns:
        Lower and upper end, in [-1, 1]; (-1, 1) without data.
    """
    n = both + b + c + neither
    if n == 0:
        return -1.0, 1.0
    p1, p2 = (both + b) / n, (both + c) / n
    low1, high1 = wilson_interval(both + b, n)
    low2, high2 = wilson_interval(both + c, n)
    margins = (both + b) * (c + neither) * (both + c) * (b + neither)
    product = float(both * neither - b * c)
    if product > 0:
        product = max(product - n / 2, 0)
    phi = product / math.sqrt(margins) if margins else 0.0
    down1, up1, down2, up2 = p1 - low1, high1 - p1, p2 - low2, high2 - p2
    delta = p1 - p2
    below = math.sqrt(max(down1**2 - 2 * phi * down1 * up2 + up2**2, 0.0))
    above = math.sqrt(max(up1**2 - 2 * phi * up1 * down2 + down2**2, 0.0))
    return max(delta - below, -1.0), min(delta + above, 1.0)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927); (0, 1) without data."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = successes / n, _Z95**2
    centre = p + z2 / (2 * n)
    spread = _Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    scale = 1 + z2 / n
    return (centre - spread) / scale, (centre + spread) / scale
