"""A task of a few words, an agent that says one of them, and a method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from grasp import Rollout, Task
from grasp.contracts import Agent, Sample
from grasp.methods.no_skills import NoSkills


class Params(BaseModel):
    """Parameters of the task."""

    limit: int = Field(default=2, ge=1)


class Words(Task):
    """Samples ``<split>-<n>``; the right answer is always the same."""

    def __init__(self, limit: int = 2) -> None:
        self.limit = limit

    def samples(self, split: str) -> Sequence[Sample]:
        return [
            {"id": f"{split}-{n}", "instruction": f"{split} {n}: say the word"}
            for n in range(self.limit)
        ]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        history: list[dict[str, Any]] = [{"role": "user", "content": sample["instruction"]}]
        said = agent.inference(history)
        history.append({"role": "agent", "content": said})
        return Rollout(history, [said], said, "completed")

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return bool(rollout.answer == "word")


class Echo:
    """Says one word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def inference(self, history: Any, tools: Any = None) -> str:
        return self.word


class Learner(NoSkills):
    """Learns nothing, under another name."""

    name: ClassVar[str] = "demo-learner"
