"""A method that keeps every contract: it keeps notes and shows them before every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grasp import Method, Task
from grasp.contracts import Agent, Message, Usage
from grasp.methods import Batch, Context


class NotedAgent:
    def __init__(self, agent: Agent, notes: Sequence[str]) -> None:
        self._agent = agent
        self._notes = notes

    @property
    def usage(self) -> Usage:
        return self._agent.usage

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        messages = [dict(m) for m in history]
        messages[-1]["content"] = "\n".join([*self._notes, messages[-1]["content"]])
        return self._agent.inference(messages, tools, **options)


class Notes(Method):
    name = "notes"

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self.notes: tuple[str, ...] = ()

    def wrap(self, agent: Agent) -> Agent:
        return NotedAgent(agent, self.notes)

    def learn(self, batch: Batch, context: Context) -> None:
        failed = [o.instruction for o in batch.outcomes if not o.correct]
        if failed:
            self.take(self.ask(batch, context, failed))
        context.record("notes", epoch=batch.epoch, cycle=batch.cycle, notes=list(self.notes))

    def ask(self, batch: Batch, context: Context, shown: Sequence[str]) -> str:
        prompt = "\n".join([*self.notes, "What is missing for these?", *shown])
        writer = context.writer_agent("note", f"{batch.scope}/note")
        return writer.inference([{"role": "user", "content": prompt}])

    def take(self, note: str) -> None:
        self.notes = tuple(dict.fromkeys((*self.notes, note)))

    def state(self) -> Any:
        return self.notes

    def load(self, state: Any) -> None:
        self.notes = state
