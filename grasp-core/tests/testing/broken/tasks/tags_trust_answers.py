"""Its tags are made of answers that are numbers."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "robust-grading"
SAYS = "failure_tags() of sample 'dev-0'"
MEND = "what can't be read is wrong"


class Broken(Walk):
    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        return ["far_off" if abs(float(rollout.answer or 0)) > 9 else "near"]
