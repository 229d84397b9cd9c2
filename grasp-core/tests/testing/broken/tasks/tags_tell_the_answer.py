"""Its tags give the answer away."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "tags-keep-the-answer"
SAYS = "tells the expected answer"
MEND = "learn answers by heart"


class Broken(Walk):
    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        return [f"should_be_{sample['answer']}"]
