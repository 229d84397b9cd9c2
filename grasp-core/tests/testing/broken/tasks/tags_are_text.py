"""It returns one tag instead of a list."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "wellformed-tags"
SAYS = "returned 'wrong'"
MEND = "return a list of short texts"


class Broken(Walk):
    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        return "wrong"  # type: ignore[return-value]
