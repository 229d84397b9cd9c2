"""It names roles as another library does."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "whole-rollouts"
SAYS = "unknown role 'assistant' at history[1]"
MEND = "role': user|agent"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        rollout = super().rollout(sample, agent)
        for message in rollout.history:
            message["role"] = message["role"].replace("agent", "assistant")
        return rollout
