"""It grades what it remembers of the episode, not what it is given."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "grading-by-arguments"
SAYS = "by a task that did not run it"
MEND = "rollout.raw, not into self"


class Broken(Walk):
    def __init__(self) -> None:
        self.known: set[str] = set()

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        self.known.add(str(sample["id"]))
        return super().rollout(sample, agent)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return str(sample["id"]) in self.known and rollout.answer is not None
