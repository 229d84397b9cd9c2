"""Its grader reads answers with care, except those of completed episodes of one type."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "robust-grading"
SAYS = "evaluate() of sample 'dev-1'"
MEND = "what can't be read is wrong"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        if rollout.status != "completed" or sample["type"] == "near":
            return super().evaluate(sample, rollout)
        return int(rollout.answer or 0) == sample["start"] + 2
