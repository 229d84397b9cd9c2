"""Its wrapped agent takes a history and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_method import NotedAgent, Notes
from grasp.contracts import Agent, Message

BREAKS = "transparent-wrap"
SAYS = "doesn't take the options"
MEND = "**options"


class Plain(NotedAgent):
    def inference(self, history: Sequence[Message]) -> str:  # type: ignore[override]
        return super().inference(history)


class Broken(Notes):
    def wrap(self, agent: Agent) -> Agent:
        return Plain(agent, self.notes)  # type: ignore[return-value]
