"""Which samples of a split are used: all, or the first few, for trying out."""

from __future__ import annotations

from collections import Counter

from grasp.contracts import Sample, Task


def first_samples(
    task: Task, split: str, *, limit: int | None = None, per_type: int | None = None
) -> tuple[Sample, ...]:
    """Return the samples of a split in their order.

    Args:
        task: Whose samples.
        split: Name of the split.
        limit: Only the first so many, after ``per_type``.
        per_type: Only the first so many of each type.
    """
    samples = task.samples(split)
    if per_type is not None:
        taken: Counter[str] = Counter()
        chosen = []
        for sample in samples:
            kind = task.sample_type(sample)
            if taken[kind] < per_type:
                taken[kind] += 1
                chosen.append(sample)
        samples = chosen
    return tuple(samples[:limit])
