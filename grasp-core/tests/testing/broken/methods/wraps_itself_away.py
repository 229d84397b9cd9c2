"""Its wrapped agent has nothing but a function."""

from __future__ import annotations

from broken.good_method import Notes
from grasp.contracts import Agent

BREAKS = "transparent-wrap"
SAYS = "without inference() and usage"
MEND = "has both"


class Bare:
    def __init__(self, agent: Agent) -> None:
        self.inference = agent.inference


class Broken(Notes):
    def wrap(self, agent: Agent) -> Agent:
        return Bare(agent)  # type: ignore[return-value]
