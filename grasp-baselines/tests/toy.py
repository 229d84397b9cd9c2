"""A task that half of the time needs guidance, and a model that gives and follows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grasp import Agent, Rollout, Sample, Status, Task, Usage
from grasp.contracts import Completion, ModelCall

GUIDE = "add the fee of one before you answer"
SIZES = {"dev": range(8), "val": range(8, 14), "test": range(14, 20)}


class Fees(Task):
    """Even items are easy; odd ones need the guidance."""

    name = "fees"
    updater_task_family = "fees"

    def samples(self, split: str) -> Sequence[Sample]:
        return [
            {
                "id": f"{split}-{n}",
                "instruction": f"What does item {n} cost{' with fee' if n % 2 else ''}?",
                "answer": str(n + n % 2),
            }
            for n in SIZES.get(split, ())
        ]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        history = [{"role": "user", "content": sample["instruction"]}]
        said = agent.inference(history)
        history.append({"role": "agent", "content": said})
        return Rollout(history, [said], said, Status.COMPLETED.value)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return rollout.answer == sample["answer"]


class Model:
    """Acts and writes; ``answers`` replace what it writes, by purpose."""

    identity: Mapping[str, Any] = {"backend": "toy", "model": "fees"}

    def __init__(self, **answers: str) -> None:
        self.answers = {**WRITES, **answers}
        self.calls: list[ModelCall] = []

    def complete(self, call: ModelCall) -> Completion:
        self.calls.append(call)
        return Completion(self._text(call), Usage(calls=1, prompt_tokens=3, completion_tokens=1))

    def _text(self, call: ModelCall) -> str:
        for purpose, answer in self.answers.items():
            if f"/{purpose}" in call.scope:
                return answer
        words = str(call.messages[-1]["content"])
        number = int(words.split("item ")[-1].split()[0].rstrip("?"))
        fee = number % 2 if GUIDE in words.lower() else 0
        return str(number + fee)

    def close(self) -> None: ...


WRITES = {
    "note": f"When asked what an item costs with fee, {GUIDE}.",
    "critique": f"ADD: Always {GUIDE}.",
    "reflect": json.dumps(
        {
            "episodic_summary": "An item with a fee.",
            "action_guidelines": [f"For the cost of an item with fee, {GUIDE}"],
            "tags": ["Cost"],
            "should_update_semantic": True,
        }
    ),
    "curate": json.dumps({"updated_rules": [f"[P0] For the cost of an item with fee, {GUIDE}"]}),
    "plan": "<plan>\n# step 1: ask for the cost; key APIs used: shop api\n</plan>",
    "step": json.dumps(
        [
            {
                "option": "add",
                "skill": {
                    "name": "cost of an item with fee",
                    "document": "What an item costs",
                    "content": GUIDE,
                    "tools": ["shop"],
                },
            }
        ]
    ),
    "filter": "Good: it names what to do.",
    "merge": "nothing usable",
}
METHODS = ("sequential-memory", "batch-memory", "expel", "evo-memory", "skillx")
