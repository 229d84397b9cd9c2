"""The task: every goal can be bought, near misses can't, and it keeps the contract."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import Completion, ModelCall, Rollout, Usage
from grasp.runs.api import run_method
from grasp.testing import check_task
from grasp_agentbench.webshop import prompts
from grasp_agentbench.webshop.catalogue import Goal, Product
from grasp_agentbench.webshop.task import WebShop

from .agents import Oracle, tool, turn

SPLITS = ("dev", "val", "test")


def rewards(task: WebShop, oracle: Oracle) -> list[float]:
    session = Session(oracle)

    def one(sample: Any) -> float:
        rollout = task.rollout(sample, session.agent("rollout", sample["id"]))
        assert rollout.status == "completed"
        return task.evaluate(sample, rollout)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, [s for split in SPLITS for s in task.samples(split)]))


def test_every_goal_can_be_bought(task: WebShop) -> None:
    assert set(rewards(task, Oracle(task))) == {1.0}
    assert {s: len(task.samples(s)) for s in SPLITS} == {"dev": 100, "val": 50, "test": 50}


def dearer(task: WebShop, goal: Goal) -> Product:
    """A product of the same kind that costs too much, or is of another kind."""
    products = task._catalogue.products
    prices = task._catalogue.prices
    alike = [p for p in products if p.query == goal.query and prices[p.asin] > goal.price_limit]
    return alike[0] if alike else another(task, goal)


def another(task: WebShop, goal: Goal) -> Product:
    return next(p for p in task._catalogue.products if p.query != goal.query)


def without(task: WebShop, goal: Goal) -> Product:
    """A product of the same kind that lacks an attribute."""
    own = task._catalogue.by_asin[goal.asin]

    def has(product: Product) -> bool:
        return set(goal.attributes) <= set(product.attributes)

    alike = [p for p in task._catalogue.products if p.query == own.query and not has(p)]
    return alike[0]


def test_near_misses(task: WebShop) -> None:
    def miss(**how: Any) -> list[float]:
        return rewards(task, Oracle(task, **how))

    assert max(miss(options=lambda goal: ())) < 1
    assert max(miss(options=lambda goal: goal.options[1:])) < 1
    assert max(miss(product=lambda goal: dearer(task, goal), options=lambda goal: ())) < 1
    assert max(miss(product=lambda goal: without(task, goal), options=lambda goal: ())) < 1
    assert max(miss(product=lambda goal: another(task, goal), options=lambda goal: ())) < 0.5


class Script:
    """Gives its completions one after another, the last one for ever."""

    identity = {"backend": "script"}  # noqa: RUF012

    def __init__(self, *turns: Completion) -> None:
        self._turns, self._asked = turns, 0

    def complete(self, call: ModelCall) -> Completion:
        self._asked += 1
        return self._turns[min(self._asked, len(self._turns)) - 1]

    def close(self) -> None:
        return


def play(task: WebShop, *turns: Completion) -> Rollout:
    return task.rollout(task.samples("dev")[0], Session(Script(*turns)).agent("rollout", "x"))


def test_the_rounds_are_limited(task: WebShop) -> None:
    sample = task.samples("dev")[0]
    rollout = play(task, turn(0, "search_action", "shoes"))
    assert rollout.status == "task limit reached"
    assert sum(m["role"] == "agent" for m in rollout.history) == 20
    assert rollout.history[-1]["content"] == prompts.LIMIT
    assert task.evaluate(sample, rollout) == 0
    assert task.failure_tags(sample, rollout) == ["never-bought"]


def test_what_is_no_call_loses_a_round(task: WebShop) -> None:
    silent = Completion("Which size?", Usage(calls=1))
    bad = Completion("", Usage(calls=1), (tool(0, "search_action", "{"),), "tool_calls")
    unknown = Completion("", Usage(calls=1), (tool(0, "buy", {"x": "y"}),), "tool_calls")
    two = (tool(0, "click_action", {"v": "buy now"}), tool(1, "search_action", {"v": "lamp"}))
    both = Completion("", Usage(calls=1), two, "tool_calls")
    rollout = play(task, silent, bad, unknown, both, silent)
    said = [m["content"] for m in rollout.history]
    assert said[3].startswith(f"Observation:\n{prompts.NO_TOOL_CALL}\n\nAvailable Actions:")
    assert said[5].startswith(prompts.UNREADABLE)
    assert said[7].startswith(prompts.UNREADABLE)
    assert said[9].startswith("Action: click[buy now]\n\nObservation:\nWebShop [SEP]")
    assert said[10] == "Not run: one call at a time."
    assert rollout.raw.searches == 0


def test_tags_say_what_is_lacking(task: WebShop) -> None:
    sample = task.samples("dev")[0]
    oracle = Oracle(task, options=lambda goal: ())
    rollout = task.rollout(sample, Session(oracle).agent("rollout", "x"))
    assert task.failure_tags(sample, rollout) == ["option-missing"]
    assert 0 < task.metrics(sample, rollout)["reward"] < 1
    compat = WebShop(source="synthetic", upstream_compat=True)
    assert compat.failure_tags(sample, rollout) == []
    assert not compat.updater_guidance


def shopper(call: ModelCall) -> Completion:
    """Searches, opens the first result, buys it."""
    done = sum(m["role"] == "tool" for m in call.messages)
    if done == 0:
        return turn(0, "search_action", "shoes")
    if done == 1:
        page = str(call.messages[-1]["content"])
        return turn(1, "click_action", page.split("Next > [SEP] ")[1].split(" ")[0])
    return turn(done, "click_action", "Buy Now")


def test_the_contract() -> None:
    assert check_task("agentbench-webshop", policy=shopper, examples=4).findings == ()


class Pupil(Oracle):
    """Forgets the options until a skill tells it not to; also writes the skill."""

    LESSON = "Click every option before Buy Now."

    def complete(self, call: ModelCall) -> Completion:
        if call.schema is not None:
            wanted = next(iter(call.schema["properties"]))
            edit = {
                "action": "ADD",
                "name": "options-first",
                "description": "How to buy in the shop.",
                "body": f"## When to use\n\nShopping.\n\n{self.LESSON}",
            }
            said = {"edits": [edit]} if wanted == "edits" else {wanted: [], "new_labels": []}
            return Completion(json.dumps(said), Usage(calls=1))
        taught = any(self.LESSON in str(m["content"]) for m in call.messages)
        self._options = (lambda goal: goal.options) if taught else (lambda goal: ())
        return super().complete(call)

    def goal(self, call: ModelCall) -> Goal:
        said = next(str(m["content"]) for m in call.messages if m["role"] == "user")
        return self._goals[said.split("Instruction: [SEP] ")[-1].split(" [SEP] ")[0]]


@pytest.mark.parametrize("method", ["grasp", "no-skills"])
def test_a_run(method: str, tmp_path: Path) -> None:
    class Short(WebShop):
        def samples(self, split: str) -> Any:
            return super().samples(split)[:6]

    task = Short(source="synthetic")
    # One at a time: the pupil's memory is of its last call.
    cycle = {"epochs": 1, "batch_size": 6, "candidates": 1, "probe_size": 6, "concurrency": 1}
    config = {"method": method, "cycle": {**cycle, "no_skills_baseline": True}}
    result = run_method(None, task, config, agent=Pupil(task), run_dir=tmp_path / "run")
    scores = result.scores()
    tests = scores["details"]["tests"]["test"]
    assert tests["no_skills"]["accuracy"] == 0 < tests["no_skills"]["metrics"]["reward"]
    if method == "grasp":
        assert scores["skills"] == ["options-first"]
        assert tests["learned"]["accuracy"] == 1
