"""It thinks that int() reads whatever isdigit() likes."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "robust-grading"
SAYS = "evaluate() of sample 'dev-0'"
MEND = "what can't be read is wrong"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        if not rollout.answer or not rollout.answer.isdigit():
            return False
        return int(rollout.answer) == int(sample["answer"])
