"""It can't grade an episode that had no turn."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "cut-episodes-graded"
SAYS = "without history and answer raised IndexError"
MEND = "longer than the model's context"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return rollout.history[-1]["content"] == f"FINISH({sample['answer']})"
