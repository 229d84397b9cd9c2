"""The statistics against published values, direct summation and numerical integration."""

from __future__ import annotations

import math
from itertools import product

import pytest

from grasp.methods.gate import Arm, Pair, summarise
from grasp.methods.gate.statistics import e_value, mcnemar_p, newcombe_interval


def by_enumeration(b: int, c: int) -> float:
    """P(at least b heads) over every sequence of b + c coin tosses."""
    tosses = list(product((0, 1), repeat=b + c))
    return sum(sum(t) >= b for t in tosses) / len(tosses)


@pytest.mark.parametrize(("b", "c"), [(b, c) for b in range(7) for c in range(7)])
def test_mcnemar_equals_enumeration(b: int, c: int) -> None:
    assert mcnemar_p(b, c) == pytest.approx(by_enumeration(b, c), abs=1e-15)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (0, 0, 1.0),
        (5, 0, 0.03125),  # least evidence at alpha .05: five clean wins
        (4, 0, 0.0625),
        (7, 0, 0.0078125),  # at .0125: seven
        (6, 0, 0.015625),
        (8, 2, 0.0546875),
        (15, 5, 0.020694732666015625),  # scipy.stats.binomtest(15, 20, alternative="greater")
    ],
)
def test_mcnemar_known_values(b: int, c: int, p: float) -> None:
    assert mcnemar_p(b, c) == pytest.approx(p, rel=1e-12)


def by_integration(b: int, c: int, steps: int = 20_000) -> float:
    """Mean likelihood ratio of q against 1/2 over q uniform in (1/2, 1), by Simpson's rule."""
    width = 0.5 / steps

    def ratio(q: float) -> float:
        return 2.0 * q**b * (1 - q) ** c * 2.0 ** (b + c)

    total = ratio(0.5) + ratio(1.0)
    for i in range(1, steps):
        total += ratio(0.5 + i * width) * (4 if i % 2 else 2)
    return total * width / 3


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (0, 1), (3, 1), (5, 0), (8, 8), (12, 3)])
def test_e_value_equals_integration(b: int, c: int) -> None:
    assert e_value(b, c) == pytest.approx(by_integration(b, c), rel=1e-9)


def test_e_value_equals_the_formula_of_the_method() -> None:
    for b in range(15):
        for c in range(15):
            m = b + c
            beta = math.exp(math.lgamma(b + 1) + math.lgamma(c + 1) - math.lgamma(m + 2))
            tail = sum(math.comb(m + 1, k) for k in range(b + 1)) / 2 ** (m + 1)
            assert e_value(b, c) == pytest.approx(2 ** (m + 1) * beta * tail, rel=1e-9)


@pytest.mark.parametrize("m", [0, 1, 2, 5, 9])
def test_e_value_is_fair_under_the_null(m: int) -> None:
    """An e-value has mean 1 where nothing is going on; that is its whole warrant."""
    mean = sum(math.comb(m, b) / 2**m * e_value(b, m - b) for b in range(m + 1))
    assert mean == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("m", [0, 3, 6])
def test_e_values_form_a_martingale(m: int) -> None:
    """One more fair toss leaves the mean where it is, so looking early costs nothing."""
    for b in range(m + 1):
        c = m - b
        assert (e_value(b + 1, c) + e_value(b, c + 1)) / 2 == pytest.approx(e_value(b, c))


@pytest.mark.parametrize(
    ("table", "interval"),
    [
        # Newcombe 1998, Statistics in Medicine 17:2635, table III, method 10.
        ((36, 12, 2, 0), (0.0569, 0.3404)),
        ((20, 12, 2, 16), (0.0562, 0.3292)),
        ((18, 12, 2, 18), (0.0562, 0.3290)),
        ((36, 14, 0, 0), (0.1528, 0.4167)),
        ((35, 14, 0, 1), (0.1461, 0.4175)),
        ((18, 14, 0, 18), (0.1441, 0.3963)),
        ((2, 97, 1, 0), (0.8721, 0.9854)),
        ((1, 97, 1, 1), (0.8736, 0.9850)),
        ((0, 30, 0, 0), (0.8395, 1.0)),
        ((54, 0, 0, 0), (-0.0664, 0.0664)),
        ((30, 0, 0, 24), (-0.0358, 0.0358)),
    ],
)
def test_newcombe_published(
    table: tuple[int, int, int, int], interval: tuple[float, float]
) -> None:
    assert newcombe_interval(*table) == pytest.approx(interval, abs=1e-4)


def independent_newcombe(a: int, b: int, c: int, d: int) -> tuple[float, float]:
    """Method 10 with the Wilson limits found by bisection instead of a formula."""
    n, z = a + b + c + d, 1.959963984540054

    def limit(x: int, upper: bool) -> float:
        p = x / n
        low, high = (p, 1.0) if upper else (0.0, p)
        for _ in range(200):
            middle = (low + high) / 2
            inside = abs(p - middle) <= z * math.sqrt(middle * (1 - middle) / n)
            if inside == upper:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    p1, p2 = (a + b) / n, (a + c) / n
    numerator = a * d - b * c
    if numerator > n / 2:
        numerator -= n / 2
    elif numerator >= 0:
        numerator = 0
    margins = math.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    phi = numerator / margins if margins else 0.0
    dl1, du1 = p1 - limit(a + b, False), limit(a + b, True) - p1
    dl2, du2 = p2 - limit(a + c, False), limit(a + c, True) - p2
    delta = p1 - p2
    return (
        delta - math.sqrt(dl1**2 - 2 * phi * dl1 * du2 + du2**2),
        delta + math.sqrt(du1**2 - 2 * phi * du1 * dl2 + dl2**2),
    )


TABLES = [
    (0, 0, 0, 5), (5, 0, 0, 0), (0, 5, 0, 0), (0, 0, 5, 0), (1, 1, 1, 1), (10, 3, 1, 20),
    (3, 10, 10, 3), (18, 6, 2, 10), (0, 1, 0, 35), (30, 0, 6, 0), (2, 7, 0, 1),
]  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_newcombe_equals_an_independent_computation(table: tuple[int, int, int, int]) -> None:
    low, high = newcombe_interval(*table)
    expected = independent_newcombe(*table)
    assert (low, high) == pytest.approx((max(expected[0], -1.0), min(expected[1], 1.0)), abs=1e-6)
    both, b, c, neither = table
    n = sum(table)
    assert -1 <= low <= (b - c) / n <= high <= 1
    # Swapping the arms mirrors the interval.
    assert newcombe_interval(both, c, b, neither) == pytest.approx((-high, -low), abs=1e-12)


def test_newcombe_without_data() -> None:
    assert newcombe_interval(0, 0, 0, 0) == (-1.0, 1.0)


def test_summary_of_a_probe() -> None:
    right, wrong, lost = Arm(True), Arm(False), Arm(False, "error")
    made = [
        Pair(str(n), False, *arms)
        for n, arms in enumerate(
            [(right, right)] * 3
            + [(wrong, right)] * 4
            + [(right, wrong)]
            + [(wrong, wrong)] * 2
            + [(lost, right), (right, lost), (lost, lost)]
        )
    ]
    statistics = summarise(made)
    assert (statistics.n, statistics.errors, statistics.b, statistics.c) == (10, 3, 4, 1)
    assert statistics.delta == pytest.approx(0.3)
    assert (statistics.low, statistics.high) == newcombe_interval(3, 4, 1, 2)
    assert statistics.p_value == mcnemar_p(4, 1)
    assert statistics.e_value == e_value(4, 1)
    empty = summarise([])
    assert (empty.n, empty.delta, empty.p_value, empty.e_value) == (0, 0.0, 1.0, 1.0)
    assert (empty.low, empty.high) == (-1.0, 1.0)
