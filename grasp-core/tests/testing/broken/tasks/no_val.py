"""It has nothing to validate on."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import Sample

BREAKS = "samples-given"
SAYS = "the split 'val' has no samples"
MEND = "validates on val"


class Broken(Walk):
    def samples(self, split: str) -> Sequence[Sample]:
        return [] if split == "val" else super().samples(split)
