"""What each method makes of helpful and of harmful guidance.

``python benchmarks/methods_study.py [--json]``. The model is simulated and deterministic: it
solves an item with a fee only if the guidance to add it is in its prompt, and fails every third
plain item if the harmful guidance is. The writer gives one or the other, in the form each
method asks for. Nothing here tells how good the methods are with a real model; it shows what
their algorithms can learn, and what protects them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grasp import Agent, Rollout, Sample, Status, Task, Usage, load_method, run_method
from grasp.contracts import Completion, ModelCall

HELPFUL = "add the fee of one before you answer"
HARMFUL = "round every answer up to the next ten"
METHODS = (
    "no-skills", "sequential-memory", "batch-memory", "expel", "evo-memory", "skillx", "grasp",
)  # fmt: skip
SIZES = {"dev": range(48), "val": range(48, 78), "test": range(78, 108)}


class Fees(Task):
    """Half of the items come with a fee that nobody mentions."""

    name = "fees"
    updater_task_family = "price list"

    def samples(self, split: str) -> Sequence[Sample]:
        return [
            {
                "id": f"{split}-{n}",
                "type": "fee" if n % 2 else "plain",
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
    """Acts by what its prompt says; writes one piece of guidance in every form."""

    def __init__(self, guidance: str) -> None:
        self.identity: Mapping[str, Any] = {"backend": "simulated", "model": guidance}
        self._written = _forms(guidance)

    def complete(self, call: ModelCall) -> Completion:
        return Completion(self._text(call), Usage(1, len(str(call.messages)) // 4, 0, 8))

    def _text(self, call: ModelCall) -> str:
        for purpose, answer in self._written.items():
            if f"/{purpose}" in call.scope:
                return answer
        words = str(call.messages[-1]["content"]).lower()
        number = int(words.split("item ")[-1].split()[0].rstrip("?"))
        if HARMFUL in words and number % 3 == 0:
            return str(number + 10)
        return str(number + (number % 2 if HELPFUL in words else 0))

    def close(self) -> None: ...


def _forms(guidance: str) -> dict[str, str]:
    skill = {"name": "cost of an item", "document": "What an item costs", "content": guidance}
    edit = {
        "action": "ADD",
        "name": "cost-of-an-item",
        "description": "What an item costs.",
        "content": f"## When to use\n\nAn item's cost is asked.\n\n- {guidance}",
        "tags": ["item", "cost"],
    }
    return {
        "note": f"When asked what an item costs, {guidance}.",
        "critique": f"ADD: Always {guidance}.",
        "reflect": json.dumps(
            {"action_guidelines": [f"For the cost of an item, {guidance}"],
             "should_update_semantic": True}
        ),
        "curate": json.dumps({"updated_rules": [f"For the cost of an item, {guidance}"]}),
        "plan": "<plan>\n# step 1: ask for the cost; key APIs used: price api\n</plan>",
        "step": json.dumps([{"option": "add", "skill": skill}]),
        "filter": "good",
        "merge": f"<skill>{json.dumps([skill])}</skill>",
        "classify": json.dumps({"labels": [], "new_labels": []}),
        "diagnose": json.dumps({"diagnoses": []}),
        "propose": json.dumps({"edits": [edit]}),
        "revise": json.dumps({"edits": []}),
    }  # fmt: skip


def measure(method: str, guidance: str, folder: Path) -> dict[str, Any]:
    """Return a run's scores and calls."""
    config = {"method": method, "cycle": {"epochs": 2, "batch_size": 24, "probe_size": 24}}
    result = run_method(
        load_method(method), Fees(), config, agent=Model(guidance), run_dir=folder
    ).summary()
    return {
        "method": method,
        "val": result["best_val"],
        "test": result["test"]["learned"],
        "calls": result["calls"]["total"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for method in METHODS:
            for name, guidance in (("helpful", HELPFUL), ("harmful", HARMFUL)):
                place = Path(folder) / f"{method}-{name}"
                rows.append({"writer": name, **measure(method, guidance, place)})
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    print("| method | helpful writer: test | calls | harmful writer: test | calls |")
    print("|---|---:|---:|---:|---:|")
    for good, bad in zip(rows[::2], rows[1::2], strict=True):
        print(
            f"| {good['method']} | {good['test']:.0%} | {good['calls']} "
            f"| {bad['test']:.0%} | {bad['calls']} |"
        )


if __name__ == "__main__":
    main()
