"""A world small enough to reason about: three kinds of items, and a model that obeys rules.

An item of a kind is solved if the prompt holds ``RULE <kind>`` or the kind is easy, unless
it holds ``POISON <kind>``; with ``INVALID <kind>`` the model acts out of form. The skill
writer proposes the rule of the failure group it is shown. Answers depend on the prompt
alone, so every outcome can be told from the library.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grasp import Rollout, Task, run_grasp
from grasp.contracts import Agent, Completion, ModelCall, Sample, Status, Usage
from grasp.runs.journal import read_journal
from grasp.runs.result import RunResult

KINDS = ("red", "blue", "green")
EASY = ("green", "lime")

#: ``(prompt, call) -> edits``: what the writer proposes.
Propose = Callable[[str, ModelCall], Any]


class Toy(Task):
    """Items ``<split>-<n>`` of every kind in turn."""

    name = "toy"
    updater_task_family = "toy words"
    updater_guidance = "- Guidance of the toy."
    updater_failure_examples = "forgot_the_rule"

    def __init__(self, kinds: Sequence[str] = KINDS, **sizes: int) -> None:
        self.kinds = tuple(kinds)
        self.sizes = {"dev": 12, "val": 6, "test": 6, "ood": 3, **sizes}
        self.rolled: list[str] = []

    def samples(self, split: str) -> Sequence[Sample]:
        return [
            {
                "id": f"{split}-{n}",
                "type": self.kinds[n % len(self.kinds)],
                "instruction": f"{self.kinds[n % len(self.kinds)]} item {split} {n}: say the word",
                "answer": f"{self.kinds[n % len(self.kinds)]}-word",
            }
            for n in range(self.sizes.get(split, 0))
        ]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        self.rolled.append(str(sample["id"]))
        history: list[dict[str, Any]] = [{"role": "user", "content": sample["instruction"]}]
        said = agent.inference(history)
        history.append({"role": "agent", "content": said})
        valid = said.startswith("SAY ")
        status = Status.COMPLETED if valid else Status.INVALID_ACTION
        return Rollout(history, [said], said[4:] if valid else None, status.value)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return rollout.answer == sample["answer"]


def text_of(messages: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(m.get("content") or "") for m in messages)


def act(messages: Sequence[Mapping[str, Any]], noise: int = 0) -> str:
    """Answer an item; ``noise`` per cent of the prompts are answered the other way."""
    prompt = str(messages[-1]["content"])
    kind = re.findall(r"(\w+) item \w+ \d+: say the word", prompt)[-1]
    if f"INVALID {kind}" in prompt:
        return "eh"
    right = (f"RULE {kind}" in prompt or kind in EASY) and f"POISON {kind}" not in prompt
    draw = int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 100
    return f"SAY {kind}-word" if right != (draw < noise) else "SAY nothing"


def add(kind: str, *rules: str, name: str = "") -> dict[str, Any]:
    """An edit that adds the rules to every item of the kinds they name."""
    return {
        "action": "ADD",
        "name": name or f"rule-{kind}",
        "description": f"For {kind} items",
        "tags": [kind],
        "content": f"## When to use\n{kind} item\n\n## Rules\n"
        + "\n".join(rules or [f"RULE {kind}"]),
    }


def propose_the_rule(prompt: str, call: ModelCall) -> Any:
    """Propose the rule of the failure group, or of the first failing kind that lacks one."""
    group = re.search(r'failure group "lacks_(\w+)_rule"', prompt)
    shown = re.findall(r"\(WRONG.*\nAsked: (\w+) item", prompt)
    kind = group.group(1) if group else shown[0]
    return [] if f"## rule-{kind} " in prompt else [add(kind)]


def write(prompt: str, call: ModelCall, propose: Propose = propose_the_rule) -> str:
    """Answer as the skill writer; the schema says what is asked."""
    assert call.schema is not None
    asked = next(iter(call.schema["properties"]))
    episodes = re.findall(r"^## (\w+-\d+).*\nAsked: (\w+) item", prompt, re.MULTILINE)
    if asked == "labels":
        labels = [{"id": i, "label": f"lacks {k} rule"} for i, k in episodes]
        return json.dumps({"labels": labels, "new_labels": []})
    if asked == "diagnoses":
        return json.dumps(
            {"diagnoses": [{"id": i, "diagnosis": f"needs {k}"} for i, k in episodes]}
        )
    if asked == "choice":
        return json.dumps({"choice": 0})
    return json.dumps({"edits": propose(prompt, call)})


class Model:
    """The toy's model and writer in process, thread-safe.

    ``fault(call)`` may raise; ``answer(call)`` may replace any answer.
    """

    def __init__(self, propose: Propose = propose_the_rule, noise: int = 0) -> None:
        self.propose = propose
        self.noise = noise
        self.calls: list[ModelCall] = []
        self.fault: Callable[[ModelCall], None] = lambda call: None
        self.answer: Callable[[ModelCall], str | None] = lambda call: None
        self._lock = threading.Lock()

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"backend": "toy", "model": "toy", "parameters": {}}

    def complete(self, call: ModelCall) -> Completion:
        with self._lock:
            self.calls.append(call)
        self.fault(call)
        text = self.answer(call)
        if text is None:
            prompt = text_of(call.messages)
            text = act(call.messages, self.noise) if call.schema is None else (
                write(prompt, call, self.propose))  # fmt: skip
        return Completion(text, Usage(calls=1, prompt_tokens=1, completion_tokens=1))

    def close(self) -> None: ...

    def asked(self, key: str) -> list[ModelCall]:
        """Writer calls whose answer has this key: ``labels``, ``diagnoses``, ``edits``."""
        return [c for c in self.calls if c.schema and key in c.schema["properties"]]

    def scopes(self, part: str) -> list[str]:
        return [c.scope for c in self.calls if part in c.scope]


#: Small loops: 12 dev items in batches of 6, probes of 6.
CYCLE = {"epochs": 2, "batch_size": 6, "probe_size": 6, "candidates": 2, "concurrency": 3}


def run_toy(
    run_dir: Path, model: Any, task: Task | None = None, *, run: Mapping[str, Any] | None = None,
    **cycle: Any,
) -> tuple[RunResult, list[dict[str, Any]]]:  # fmt: skip
    """Run GRASP on the toy; returns the result and the journal."""
    options = dict(run or {})
    top = options.pop("config", {})
    result = run_grasp(
        task or Toy(), {**top, "cycle": {**CYCLE, **cycle}}, agent=model, run_dir=run_dir, **options
    )
    return result, journal(run_dir)


def journal(run_dir: Path) -> list[dict[str, Any]]:
    return list(read_journal(run_dir / "journal.jsonl"))


def events(entries: Sequence[Mapping[str, Any]], kind: str) -> list[Any]:
    return [e for e in entries if e["event"] == kind]
