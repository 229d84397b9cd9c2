"""Statistics of two sides that were measured on the same samples.

Three questions are kept apart, because they have different answers:

- *New samples of these types*: exact McNemar test (McNemar 1947) and Newcombe's interval
  (1998), where each side is one run.
- *New types of samples*: samples of one type are often solved or failed together, so the
  types are the independent units: exact sign-flip test over types, and a cluster-robust
  interval.
- *New runs*: where there are several runs on a side, a bootstrap over runs and samples, and
  an exact permutation test over runs.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from grasp.methods.gate.statistics import mcnemar_p, newcombe_interval
from grasp.results.outcomes import Solved

_Z95 = 1.959963984540054
_Z80 = 0.841621233572914

#: Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip

#: Draws of the bootstrap, and the most ways of dealing runs that are counted one by one.
DRAWS = 2_000
_MOST_WAYS = 200_000


@dataclass(frozen=True)
class Effect:
    """A difference of two shares, second side minus first.

    Attributes:
        delta: In [-1, 1].
        low: Lower end of its 95 % interval.
        high: Upper end.
        p: Two-sided.
    """

    delta: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Types:
    """The difference with types of samples as units.

    Attributes:
        effect: Cluster-robust interval, exact sign-flip test.
        number: Types.
        smallest_p: The least p so few types could give.
    """

    effect: Effect
    number: int
    smallest_p: float


@dataclass(frozen=True)
class Paired:
    """Two single runs on the same samples.

    Attributes:
        n: Samples with a real result on both sides.
        errors: Samples dropped because a side could not be run.
        unshared: Samples only one side has.
        first: Solved by the first side.
        second: Solved by the second.
        b: Solved by the second only.
        c: Solved by the first only.
        effect: Newcombe's interval, exact McNemar test.
        types: The same with types as units; ``None`` with fewer than two types, or where
            none of them changed.
        more: Samples to add so that a difference as large as the one seen would be told
            from chance in four cases of five; ``None`` where none was seen.
    """

    n: int
    errors: int
    unshared: int
    first: int
    second: int
    b: int
    c: int
    effect: Effect
    types: Types | None
    more: int | None


@dataclass(frozen=True)
class Runs:
    """Several runs on a side, all on the same samples.

    Attributes:
        n: Samples with a real result in every run.
        errors: Samples dropped because some run could not run them.
        unshared: Samples not all runs have.
        first: Accuracy of each run of the first side.
        second: Of each of the second.
        effect: Bootstrap interval over runs and samples, exact permutation test over runs.
        smallest_p: The least p so few runs could give.
        more: Runs to add on each side, as ``Paired.more``.
    """

    n: int
    errors: int
    unshared: int
    first: tuple[float, ...]
    second: tuple[float, ...]
    effect: Effect
    smallest_p: float
    more: int | None


def paired(first: Solved, second: Solved, types: Mapping[str, str]) -> Paired:
    """Compare two single runs on the samples they share."""
    shared = [i for i in first if i in second]
    pairs = {i: (first[i], second[i]) for i in shared}
    real = {i: (bool(x), bool(y)) for i, (x, y) in pairs.items() if x is not None and y is not None}
    n = len(real)
    counts = Counter(real.values())
    b, c = counts[False, True], counts[True, False]
    both, neither = counts[True, True], counts[False, False]
    low, high = newcombe_interval(both, b, c, neither)
    delta = (b - c) / n if n else 0.0
    p = two_sided(b, c)
    return Paired(
        n=n,
        errors=len(shared) - n,
        unshared=len(first.keys() ^ second.keys()),
        first=both + c,
        second=both + b,
        b=b,
        c=c,
        effect=Effect(delta, low, high, p),
        types=_over_types(real, types),
        more=more_samples(n, b, c),
    )


def two_sided(b: int, c: int) -> float:
    """Two-sided exact McNemar test."""
    return min(1.0, 2 * mcnemar_p(max(b, c), min(b, c)))


def more_samples(n: int, b: int, c: int) -> int | None:
    """Return how many samples to add for a power of 0.8 at the difference seen (Connor 1987)."""
    if b == c:
        return None
    discordant, delta = (b + c) / n, abs(b - c) / n
    spread = math.sqrt(max(discordant - delta**2, 0.0))
    needed = ((_Z95 * math.sqrt(discordant) + _Z80 * spread) / delta) ** 2
    return max(math.ceil(needed) - n, 0)


def _over_types(real: Mapping[str, tuple[bool, bool]], types: Mapping[str, str]) -> Types | None:
    if not all(i in types for i in real):
        return None
    sums: dict[str, int] = defaultdict(int)
    sizes: Counter[str] = Counter()
    for i, (x, y) in real.items():
        sums[types[i]] += y - x
        sizes[types[i]] += 1
    k, n = len(sizes), len(real)
    if k < 2 or not any(sums.values()):
        return None  # Nothing varies, so nothing says how much types do.
    delta = sum(sums.values()) / n
    residue = sum((sums[t] - sizes[t] * delta) ** 2 for t in sizes)
    half = t95(k - 1) * math.sqrt(k / (k - 1) * residue) / n
    moved = [s for s in sums.values() if s]
    effect = Effect(delta, max(delta - half, -1.0), min(delta + half, 1.0), sign_flip_p(moved))
    return Types(effect, k, min(1.0, 2.0 ** (1 - k)))


def sign_flip_p(sums: Sequence[int]) -> float:
    """Two-sided exact test that sums are as likely positive as negative (Fisher 1935).

    Counts every way of turning signs, by adding one sum after another.
    """
    ways: Counter[int] = Counter({0: 1})
    for one in sums:
        turned: Counter[int] = Counter()
        for total, number in ways.items():
            turned[total + one] += number
            turned[total - one] += number
        ways = turned
    seen = abs(sum(sums))
    extreme = sum(number for total, number in ways.items() if abs(total) >= seen)
    return float(extreme / 2 ** len(sums))


def t95(freedom: int) -> float:
    """Two-sided 95 % quantile of Student's t; beyond 30 expanded around the normal's (1/f)."""
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    z = _Z95
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def runs(first: Sequence[Solved], second: Sequence[Solved], seed: int = 0) -> Runs:
    """Compare sides of several runs on the samples all of them share.

    The bootstrap draws runs of each side and samples, with replacement. Deviations of runs
    are widened by ``sqrt(k / (k - 1))``: drawn with replacement, k runs vary too little.

    Args:
        first: At least one run.
        second: Likewise; one of the sides has at least two.
        seed: Of the bootstrap.
    """
    everyone = [*first, *second]
    shared = [i for i in everyone[0] if all(i in run for run in everyone)]
    ids = [i for i in shared if all(run[i] is not None for run in everyone)]
    unshared = len({i for run in everyone for i in run}) - len(shared)
    a, b = ([[float(bool(run[i])) for i in ids] for run in side] for side in (first, second))
    means = [statistics.fmean(row) if row else 0.0 for row in (*a, *b)]
    left, right = means[: len(a)], means[len(a) :]
    delta = statistics.fmean(right) - statistics.fmean(left)
    low, high = _bootstrap(a, b, random.Random(seed))
    p, smallest = permutation(left, right)
    spread = sum(statistics.variance(side) for side in (left, right) if len(side) > 1)
    return Runs(
        n=len(ids),
        errors=len(shared) - len(ids),
        unshared=unshared,
        first=tuple(left),
        second=tuple(right),
        effect=Effect(delta, low, high, p),
        smallest_p=smallest,
        more=_more_runs(delta, spread, min(len(a), len(b))),
    )


def _bootstrap(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]], draw: random.Random
) -> tuple[float, float]:
    n = len(first[0])
    if n == 0:
        return -1.0, 1.0
    sides = [(_mean_row(side), _widened(side)) for side in (first, second)]
    found = []
    for _ in range(DRAWS):
        weights = Counter(draw.choices(range(n), k=n))
        total = 0.0
        for sign, (mean, deviations) in zip((-1, 1), sides, strict=True):
            drawn = Counter(draw.choices(range(len(deviations)), k=len(deviations)))
            total += sign * _weighted(mean, weights)
            for run, times in drawn.items():
                total += sign * times / len(deviations) * _weighted(deviations[run], weights)
        found.append(total / n)
    found.sort()
    return found[round(0.025 * (DRAWS - 1))], found[round(0.975 * (DRAWS - 1))]


def _mean_row(side: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.fmean(column) for column in zip(*side, strict=True)]


def _widened(side: Sequence[Sequence[float]]) -> list[list[float]]:
    k = len(side)
    wider = math.sqrt(k / (k - 1)) if k > 1 else 0.0
    mean = _mean_row(side)
    return [[wider * (x - m) for x, m in zip(row, mean, strict=True)] for row in side]


def _weighted(row: Sequence[float], weights: Mapping[int, int]) -> float:
    return sum(times * row[i] for i, times in weights.items())


def permutation(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Two-sided exact permutation test over runs (Fisher 1935), and the least p it could give.

    ``nan`` where there are too many ways to deal the runs to count them.
    """
    pooled = [*first, *second]
    k = len(second)
    ways = math.comb(len(pooled), k)
    # Turned round, equal sides give the same difference again.
    smallest = min(1.0, (2 if len(first) == k else 1) / ways)
    if ways > _MOST_WAYS:
        return math.nan, smallest
    everything = sum(pooled)
    seen = abs(statistics.fmean(second) - statistics.fmean(first))
    extreme = 0
    for chosen in combinations(pooled, k):
        part = sum(chosen)
        gap = abs(part / k - (everything - part) / (len(pooled) - k))
        extreme += gap >= seen - 1e-12
    return extreme / ways, smallest


def _more_runs(delta: float, spread: float, have: int) -> int | None:
    if abs(delta) < 1e-12 or spread == 0:
        return None
    needed = math.ceil((_Z95 + _Z80) ** 2 * spread / delta**2)
    return max(needed - have, 0)
