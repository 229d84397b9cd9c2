"""Its wrapped agent puts the notes into the task's own messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from broken.good_method import NotedAgent, Notes
from grasp.contracts import Agent, Message

BREAKS = "transparent-wrap"
SAYS = "changed the task's history"
MEND = "copy the messages first"


class Writing(NotedAgent):
    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        history[-1]["content"] = "\n".join([*self._notes, history[-1]["content"]])
        return self._agent.inference(history, tools, **options)


class Broken(Notes):
    def wrap(self, agent: Agent) -> Agent:
        return Writing(agent, self.notes)
