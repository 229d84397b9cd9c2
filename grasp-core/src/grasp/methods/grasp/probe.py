"""Which samples a probe runs (method.md, 3.1). Pure: outcomes in, ids out."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from grasp.contracts import Outcome


@dataclass(frozen=True)
class Probe:
    """Samples to probe on.

    Attributes:
        source: ``earlier_batches``, ``previous_epoch``, ``same_batch`` or ``holdout``.
        sample_ids: Passing samples first, then failing ones.
        failing: All ids labelled failing in the source.
    """

    source: str
    sample_ids: tuple[str, ...]
    failing: frozenset[str]


def published_source(
    earlier: Sequence[Outcome], previous: Sequence[Outcome], batch: Sequence[Outcome]
) -> tuple[str, Sequence[Outcome]]:
    """Choose the outcomes a probe is drawn from, out of sample where possible.

    Args:
        earlier: This epoch's outcomes before the present batch.
        previous: All outcomes of the previous epoch.
        batch: The present batch.
    """
    if earlier:
        return "earlier_batches", earlier
    if previous:
        return "previous_epoch", previous
    return "same_batch", batch


def draw_probe(source: str, outcomes: Sequence[Outcome], size: int, rng: random.Random) -> Probe:
    """Draw up to ``size / 2`` failing and ``size / 2`` passing samples, stratified by type.

    Samples that could not be run have no label and are left out. The ids are sorted
    before anything is drawn, so the draw depends on the generator alone.
    """
    ran = sorted((o for o in outcomes if not o.is_error), key=lambda o: o.sample_id)
    failing = [o for o in ran if not o.correct]
    passing = [o for o in ran if o.correct]
    half = size // 2
    chosen_failing = _stratified(failing, half, rng)
    chosen_passing = _stratified(passing, half, rng)
    return Probe(
        source, (*chosen_passing, *chosen_failing), frozenset(o.sample_id for o in failing)
    )


def _stratified(outcomes: Sequence[Outcome], wanted: int, rng: random.Random) -> list[str]:
    """Draw ids: ``max(1, wanted // types)`` of each type, the rest at random."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        by_type[outcome.sample_type].append(outcome.sample_id)
    if not by_type or wanted < 1:
        return []
    quota = max(1, wanted // len(by_type))
    chosen: list[str] = []
    for name in sorted(by_type):
        ids = by_type[name]
        chosen.extend(rng.sample(ids, min(quota, len(ids))))
    if len(chosen) > wanted:
        return rng.sample(chosen, wanted)
    rest = sorted({o.sample_id for o in outcomes} - set(chosen))
    return chosen + rng.sample(rest, min(wanted - len(chosen), len(rest)))
