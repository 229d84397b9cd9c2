"""The same episode is right one time and wrong the next."""

from __future__ import annotations

import itertools

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "repeatable-grading"
SAYS = "when graded again"
MEND = "without chance"


class Broken(Walk):
    gradings = itertools.count()

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return next(self.gradings) % 7 == 0
