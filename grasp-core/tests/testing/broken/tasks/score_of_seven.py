"""Its scores have a scale of their own."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "valid-scores"
SAYS = "returned 7"
MEND = "a number from 0 to 1"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return 7
