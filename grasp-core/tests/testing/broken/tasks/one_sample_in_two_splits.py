"""A dev sample is tested on under another name."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import Sample

BREAKS = "disjoint-splits"
SAYS = "under different ids: 'dev-0' of dev is 'test-x' of test"
MEND = "split the data once"


class Broken(Walk):
    def samples(self, split: str) -> Sequence[Sample]:
        own = super().samples(split)
        return [*own, {**super().samples("dev")[0], "id": "test-x"}] if split == "test" else own
