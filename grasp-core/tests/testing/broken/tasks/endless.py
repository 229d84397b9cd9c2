"""It asks until it likes the answer."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "bounded-episodes"
SAYS = "more than 200 turns"
MEND = "'task limit reached'"
SAMPLES = 1


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        history = [{"role": "user", "content": sample["instruction"]}]
        while "FINISH(done)" not in (said := agent.inference(history)):
            history += [{"role": "agent", "content": said}, {"role": "user", "content": "again"}]
        return Rollout(history, [], "done", "completed")
