"""It raises for a reply it does not know."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "rollouts-return"
SAYS = "raised ValueError: what is"
MEND = "'agent invalid action'"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        said = agent.inference([{"role": "user", "content": sample["instruction"]}])
        if said not in ("STEP", "LOOK"):
            raise ValueError(f"what is {said!r}?")
        return super().rollout(sample, agent)
