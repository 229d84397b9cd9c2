"""A task that keeps every contract: walk along a line to a number."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from grasp import Rollout, Task
from grasp.contracts import Agent, Sample

MAX_TURNS = 12
SIZES = {"dev": 6, "val": 4, "test": 4}


class Walk(Task):
    """Start somewhere, take steps, say where you are."""

    name = "walk"

    def samples(self, split: str) -> Sequence[Sample]:
        return [self.sample(split, n) for n in range(SIZES.get(split, 0))]

    def sample(self, split: str, number: int) -> dict[str, Any]:
        start = 10 * number + len(split)
        return {
            "id": f"{split}-{number}",
            "type": "far" if number % 2 else "near",
            "instruction": f"You stand at {start} in {split}. Commands: `STEP`, `BACK`, `LOOK`, "
            f"`FINISH(number)`. Where are you after two steps?",
            "start": start,
            "answer": str(start + 2),
        }

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        position = sample["start"]
        history = [{"role": "user", "content": sample["instruction"]}]
        actions: list[str] = []
        for _ in range(MAX_TURNS):
            said = agent.inference(history)
            history.append({"role": "agent", "content": said})
            actions.append(said)
            done = re.match(r"FINISH\((.*)\)", said)
            if done:
                return Rollout(history, actions, done.group(1), "completed")
            if said not in ("STEP", "BACK", "LOOK"):
                return Rollout(history, actions, None, "agent invalid action")
            position += {"STEP": 1, "BACK": -1, "LOOK": 0}[said]
            history.append({"role": "user", "content": f"at {position}. `STEP` or `FINISH(9)`?"})
        return Rollout(history, actions, None, "task limit reached")

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return rollout.answer == sample["answer"]

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        try:
            number = isinstance(json.loads(rollout.answer or ""), int)
        except (ValueError, RecursionError):
            number = False
        return ["wrong_number" if number else "no_number"]
