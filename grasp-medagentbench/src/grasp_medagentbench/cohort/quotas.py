"""Deals branches to patients so that every split has its share of each (spec 8.2)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

#: Weights of branches, in the order in which ties are settled.
Quotas = Mapping[str, int]


class Dealer:
    """Deals branches to the patients of one task type, split after split.

    What rounding takes from a branch in one split it gets in a later one, so the quotas
    hold for all splits together as well as for each.

    Args:
        quotas: Weights of the branches.
        generator: Decides who gets what, not how many do.
    """

    def __init__(self, quotas: Quotas, generator: random.Random) -> None:
        self._quotas = quotas
        self._random = generator
        self._owed = dict.fromkeys(quotas, 0.0)

    def share(self, size: int) -> Counter[str]:
        """Return how many of ``size`` patients each branch gets.

        Largest remainders; where there are enough patients every branch gets one at least.
        """
        total = sum(self._quotas.values())
        exact = {b: size * w / total + self._owed[b] for b, w in self._quotas.items()}
        floor = 1 if size >= len(exact) else 0
        counts = Counter({b: max(floor, int(part)) for b, part in exact.items()})
        while counts.total() < size:
            counts[max(exact, key=lambda b: exact[b] - counts[b])] += 1
        while counts.total() > size:
            spare = [b for b in exact if counts[b] > floor]
            counts[max(spare, key=lambda b: counts[b] - exact[b])] -= 1
        self._owed = {b: part - counts[b] for b, part in exact.items()}
        return counts

    def deal(
        self, patients: Sequence[str], inherited: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return a branch for each patient of one split.

        Args:
            patients: MRNs.
            inherited: Branches that some of the patients have already, from another task
                type that reads the same data; the others fill the quotas up.
        """
        known = inherited or {}
        dealt = {mrn: known[mrn] for mrn in patients if mrn in known}
        rest = [mrn for mrn in patients if mrn not in dealt]
        counts = self.share(len(patients))
        counts.subtract(dealt.values())
        counts = +counts
        while counts.total() > len(rest):
            counts[max(counts, key=lambda b: counts[b])] -= 1
        branches = list(counts.elements())
        self._random.shuffle(branches)
        return {**dealt, **dict(zip(rest, branches, strict=True))}
