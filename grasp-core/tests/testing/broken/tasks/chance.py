"""It starts at a place of chance."""

from __future__ import annotations

import random

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "repeatable-rollouts"
SAYS = "went differently the second time"
MEND = "random.Random(sample['id'])"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        return super().rollout({**sample, "start": random.random()}, agent)
