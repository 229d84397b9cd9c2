"""It takes things out of the sample."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "samples-unchanged"
SAYS = "changed sample 'dev-0': 'start' is only in the first"
MEND = "copy what you change"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        whole = dict(sample)
        if "start" not in whole:
            return Rollout(status="task error")
        rollout = super().rollout(whole, agent)
        sample.pop("start")  # type: ignore[attr-defined]
        return rollout
