"""It keeps only its own half of the conversation."""

from __future__ import annotations

from dataclasses import replace

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "agents-turns-told"
SAYS = "has no turn of the agent"
MEND = "'role': 'agent'"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        rollout = super().rollout(sample, agent)
        return replace(rollout, history=[m for m in rollout.history if m["role"] == "user"])
