"""Its verdicts are words."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "valid-scores"
SAYS = "returned 'yes'"
MEND = "True or False"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return "yes"  # type: ignore[return-value]
