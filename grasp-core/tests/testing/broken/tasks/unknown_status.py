"""It ends with a status of its own."""

from __future__ import annotations

from dataclasses import replace

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "known-status"
SAYS = "unknown status 'success'"
MEND = "use one of grasp.Status"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        rollout = super().rollout(sample, agent)
        return replace(rollout, status="success")
