"""One episode goes on where the last one ended."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "repeatable-rollouts"
SAYS = "went differently the second time"
MEND = "start every episode afresh"


class Broken(Walk):
    position = 0

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        self.position += 1
        return super().rollout({**sample, "start": self.position}, agent)
