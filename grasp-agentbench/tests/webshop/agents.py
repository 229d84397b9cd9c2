"""Scripted agents that shop: one that knows every goal, and near misses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grasp.contracts import Completion, ModelCall, Usage
from grasp.literals import read_literal
from grasp_agentbench.webshop.catalogue import Goal, Product
from grasp_agentbench.webshop.task import WebShop


def tool(number: int, name: str, argument: Any) -> dict[str, Any]:
    text = argument if isinstance(argument, str) else json.dumps(argument)
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": text}}


def turn(number: int, name: str, value: str) -> Completion:
    call = tool(number, name, {"value": value})
    return Completion("", Usage(calls=1), (call,), "tool_calls")


class Oracle:
    """Searches for a product's title, opens it, chooses options, buys.

    Args:
        task: Whose goals it knows.
        product: Which product it buys for a goal; the right one by default.
        options: Which options it chooses; the right ones by default.
    """

    identity: Mapping[str, Any] = {"backend": "oracle"}

    def __init__(
        self,
        task: WebShop,
        product: Callable[[Goal], Product] | None = None,
        options: Callable[[Goal], Sequence[str]] = lambda goal: goal.options,
    ) -> None:
        samples = [s for split in ("dev", "val", "test") for s in task.samples(split)]
        self._goals = {task.goal(s).instruction: task.goal(s) for s in samples}
        by_asin = task._catalogue.by_asin
        self._product = product or (lambda goal: by_asin[goal.asin])
        self._options = options

    def complete(self, call: ModelCall) -> Completion:
        done = [m for m in call.messages if m["role"] == "tool"]
        page = str((done or list(call.messages))[-1]["content"])
        goal = self.goal(call)
        name, value = self._next(goal, page, [str(m["content"]) for m in done])
        return turn(len(done), name, value)

    def goal(self, call: ModelCall) -> Goal:
        first = next(str(m["content"]) for m in call.messages if m["role"] == "user")
        return self._goals[first.split("Instruction: [SEP] ")[1].split(" [SEP] ")[0]]

    def _next(self, goal: Goal, page: str, done: Sequence[str]) -> tuple[str, str]:
        product = self._product(goal)
        actions = read_literal(page.rpartition("Available Actions:\n")[2])
        if actions["has_search_bar"]:
            return "search_action", product.title
        if product.asin.lower() in actions["clickables"]:
            return "click_action", product.asin
        if "buy now" not in actions["clickables"]:
            return "click_action", "next >"
        clicked = [d.partition("click[")[2].partition("]\n")[0] for d in done]
        left = [o for o in self._options(goal) if o not in clicked]
        return "click_action", left[0] if left else "Buy Now"

    def close(self) -> None:
        return
