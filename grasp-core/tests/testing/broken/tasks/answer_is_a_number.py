"""Its answers are no texts."""

from __future__ import annotations

from dataclasses import replace

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "whole-rollouts"
SAYS = "a int as answer"
MEND = "a text or None"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        return replace(super().rollout(sample, agent), answer=7)  # type: ignore[arg-type]
