"""A tiny world for methods: a task, and a model that obeys what it has learned.

An item of a kind is solved if the prompt holds ``RULE <kind>``, or if the kind is easy.
Asked for anything else, the model tells the rule that is missing, in whatever form it is
asked for. So every method that shows its model what was learned gets better here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from grasp.contracts import SPLITS, Agent, ModelCall, Rollout, Sample, Status, Task

ACTING = "You say the word of an item."
HARD = ("red", "blue")
EASY = "green"

_KINDS = (*HARD, EASY)
_SIZES = {"dev": 12, "val": 6, "test": 3, "ood": 3}
_ITEM = re.compile(r"(\w+) item (\w+)-\d+: say the word")
_NAMES = ("name", "id", "title", "key", "label", "skill")


class Words(Task):
    """Items of three kinds, one turn each."""

    name = "words"
    updater_task_family = "words"

    def samples(self, split: str) -> Sequence[Sample]:
        """Return items of every kind in turn."""
        return [_item(split, n) for n in range(_SIZES.get(split, 0))]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Ask for the word of one item."""
        history = [
            {"role": "system", "content": ACTING},
            {"role": "user", "content": sample["instruction"]},
        ]
        said = agent.inference(history)
        history.append({"role": "agent", "content": said})
        return Rollout(history, [said], said, Status.COMPLETED.value)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Compare with the word."""
        return bool(rollout.answer == sample["answer"])


def _item(split: str, number: int) -> dict[str, Any]:
    kind = _KINDS[number % len(_KINDS)]
    return {
        "id": f"{split}-{number}",
        "type": kind,
        "instruction": f"{kind} item {split}-{number}: say the word",
        "answer": f"{kind}-word",
    }


def sealed(call: ModelCall) -> str:
    """Return an item of a sealed split that a call shows, or ``""``."""
    text = _text(call)
    found = (m.group() for m in _ITEM.finditer(text) if m.group(2) in SPLITS[1:])
    return next(found, "")


def is_acting(call: ModelCall) -> bool:
    """Tell whether a call is made inside an episode, and not by the method itself."""
    # What was learned may stand before it, after it, or in a message of its own.
    return any(m["role"] == "system" and ACTING in str(m["content"]) for m in call.messages)


def answer(call: ModelCall) -> str:
    """Answer as the model of this world; a policy for ``ScriptedBackend``."""
    text = _text(call)
    if is_acting(call):
        items = _ITEM.findall(text)
        kind = items[-1][0] if items else EASY
        return f"{kind}-word" if kind == EASY or f"RULE {kind}" in text else "no word"
    unknown = [kind for kind in HARD if f"RULE {kind}" not in text]
    kind = unknown[0] if unknown else HARD[0]
    return f"RULE {kind}" if call.schema is None else json.dumps(_filled(call.schema, kind))


def _text(call: ModelCall) -> str:
    return "\n".join(str(m.get("content") or "") for m in call.messages)


def _filled(schema: Any, kind: str, key: str = "") -> Any:
    """Return an instance of a JSON schema whose texts tell the rule."""
    if not isinstance(schema, Mapping):
        return None
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return _filled(schema[name][0], kind, key)
    form = schema.get("type", "object")
    if form == "object":
        return {k: _filled(s, kind, k) for k, s in schema.get("properties", {}).items()}
    if form == "array":
        return [_filled(schema.get("items", {}), kind, key)] * max(1, schema.get("minItems", 0))
    if form == "string":
        text = f"rule-{kind}" if key in _NAMES else f"RULE {kind}"
        return text[: schema.get("maxLength", len(text))]
    if form in ("integer", "number"):
        return schema.get("minimum", 0)
    return form == "boolean" or None
