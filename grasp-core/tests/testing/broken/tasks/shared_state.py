"""The running episode's sample is kept in the task."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Agent, Sample

BREAKS = "isolated-rollouts"
SAYS = "goes differently while others run"
MEND = "local variables of rollout()"


class Broken(Walk):
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        self.sample_now = sample  # Reset at every start, so one at a time all is well.
        history = [{"role": "user", "content": sample["instruction"]}]
        said = agent.inference(history)
        history.append({"role": "agent", "content": said})
        history.append({"role": "user", "content": f"You are at {self.sample_now['start']}."})
        history.append({"role": "agent", "content": agent.inference(history)})
        return Rollout(history, [said], said, "completed")
