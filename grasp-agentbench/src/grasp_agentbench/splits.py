"""How GRASP parted the official samples of AgentBench; it published the result."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

SEED = 42
DEV_SHARE = 0.6


def part(groups: Iterable[Sequence[T]]) -> tuple[list[T], list[T]]:
    """Return dev and val: each group is shuffled, its first 60 % are dev.

    Args:
        groups: In their order; they share one random generator.
    """
    generator = random.Random(SEED)
    dev: list[T] = []
    val: list[T] = []
    for group in groups:
        shuffled = list(group)
        generator.shuffle(shuffled)
        size = int(len(shuffled) * DEV_SHARE)
        dev += shuffled[:size]
        val += shuffled[size:]
    return dev, val
