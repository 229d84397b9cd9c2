"""A dev sample is validated on, too."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import Sample

BREAKS = "disjoint-splits"
SAYS = "'dev-0' in dev and val"
MEND = "split the data once"


class Broken(Walk):
    def samples(self, split: str) -> Sequence[Sample]:
        own = super().samples(split)
        return [*own, super().samples("dev")[0]] if split == "val" else own
