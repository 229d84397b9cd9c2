"""It returns something like a rollout."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "rollouts-return"
SAYS = "returned a dict"
MEND = "return a Rollout"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        return vars(super().rollout(sample, agent))  # type: ignore[return-value]
