"""It takes no answer for a right one."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "cut-episodes-graded"
SAYS = "gave 1, which passes"
MEND = "it is wrong"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return rollout.answer in (None, sample["answer"])
