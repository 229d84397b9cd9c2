"""It raises for a split it does not have."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import Sample

BREAKS = "samples-given"
SAYS = "samples() failed: KeyError"
MEND = "empty for a split"


class Broken(Walk):
    def samples(self, split: str) -> Sequence[Sample]:
        return {"dev": super().samples("dev"), "val": super().samples("val")}[split]
