"""It takes an endpoint that is gone for a failed episode."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "faults-pass-through"
SAYS = "was swallowed"
MEND = "don't catch what agent.inference raises"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        try:
            return super().rollout(sample, agent)
        except Exception:
            return Rollout([{"role": "agent", "content": ""}], [], None, "task error")
