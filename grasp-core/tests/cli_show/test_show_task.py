"""``grasp show-task``: what a task is, found out without a model."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from grasp import Rollout, Task, TaskSpec
from grasp.contracts import TaskError

from ..plugins.distributions import Command, Install
from ..toys import Toy
from .conftest import MakePlugin

LONG = "\n".join(f"line {n} {'word ' * 30}" for n in range(60))
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {}}}]


class Maze(Toy):
    """A maze.

    Args:
        depth: How deep.
    """

    max_turns = 7

    def __init__(self, depth: int = 3) -> None:
        super().__init__()
        self.depth = depth
        self.state: list[str] = []

    def setup(self) -> None:
        self.state.append("set up")

    def close(self) -> None:
        LAST.append(self)

    def samples(self, split: str) -> Sequence[Any]:
        assert self.state == ["set up"], "samples may need what setup acquires"
        return [] if split == "ood" else super().samples(split)

    def report_group(self, sample: Any) -> str:
        return f"floor {len(sample['id']) % 2}"

    def rollout(self, sample: Any, agent: Any) -> Rollout:
        print("a task that prints")
        history = [
            {"role": "system", "content": f"depth {self.depth}"},
            {"role": "user", "content": LONG},
        ]
        while True:
            try:
                history.append({"role": "agent", "content": agent.inference(history, TOOLS)})
            except Exception:
                history.append({"role": "user", "content": "again"})


LAST: list[Maze] = []


class Silent(Toy):
    def rollout(self, sample: Any, agent: Any) -> Rollout:
        return Rollout()


class Failing(Toy):
    def rollout(self, sample: Any, agent: Any) -> Rollout:
        raise OSError("no environment\nhere")


class Empty(Toy):
    def samples(self, split: str) -> Sequence[Any]:
        return []


class Unready(Toy):
    def __init__(self, url: str = "http://localhost", must: int = 0) -> None:
        super().__init__()

    def setup(self) -> None:
        raise TaskError("no server at http://localhost", "start it")


class Needy(Toy):
    def __init__(self, must: int) -> None:
        super().__init__()


@pytest.fixture(autouse=True)
def tasks(plugin: MakePlugin) -> None:
    LAST.clear()
    kinds: dict[str, type[Task]] = {
        "Toy": Toy, "Maze": Maze, "Silent": Silent, "Failing": Failing, "Empty": Empty,
        "Unready": Unready, "Needy": Needy,
    }  # fmt: skip
    specs = [TaskSpec(n.lower(), f"shown:{n}", "A toy.", docs="https://x.org") for n in kinds]
    plugin("shown", *specs, **kinds)


def show(grasp: Command, *arguments: str) -> Any:
    return grasp("--plugin", "shown", "show-task", *arguments)


def facts_of(grasp: Command, *arguments: str) -> Any:
    ran = show(grasp, *arguments, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_it_counts_samples_and_shows_the_first_prompt(grasp: Command) -> None:
    facts = facts_of(grasp, "toy")
    toy = Toy()
    splits = ("dev", "val", "test", "ood")
    assert facts["splits"] == {s: len(toy.samples(s)) for s in splits}
    assert facts["types"]["dev"] == {"blue": 4, "green": 4, "red": 4}
    assert facts["groups"]["dev"] == {}
    first = toy.samples("dev")[0]
    assert facts["prompt"] == {
        "split": "dev",
        "sample": "dev-0",
        "messages": [{"role": "user", "content": first["instruction"]}],
        "tools": [],
    }
    assert facts["docs"] == "https://x.org"
    assert facts["other_parameters"] is True
    out = show(grasp, "toy").out
    assert str(first["instruction"]) in out
    assert "https://x.org" in out


def test_only_the_first_call_counts_and_no_task_can_go_on(grasp: Command) -> None:
    facts = facts_of(grasp, "maze", "-P", "depth=9")
    assert [m["content"] for m in facts["prompt"]["messages"]] == ["depth 9", LONG]
    assert facts["prompt"]["tools"] == TOOLS
    assert facts["max_turns"] == 7
    assert "ood" not in facts["splits"]
    assert sum(facts["groups"]["dev"].values()) == 12
    assert len(LAST) == 1, "what was set up is closed"


def test_text_is_for_80_columns_and_cut_where_it_is_long(grasp: Command) -> None:
    ran = show(grasp, "maze")
    assert ran.code == 0
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    for part in ("depth: int = 3", "How deep.", "at most 7", "floor 0", "look", "--full"):
        assert part in ran.out
    assert "line 59" not in ran.out
    full = show(grasp, "maze", "--full").out
    assert "line 59" in full
    assert "--full" not in full
    assert "a task that prints" not in ran.out + full


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ("silent", "its episode ended without asking the model"),
        ("failing", "its episode failed before the first turn (OSError: no environment here)"),
        ("empty", "it has no samples"),
    ],
)
def test_why_there_is_no_prompt(grasp: Command, task: str, why: str) -> None:
    facts = facts_of(grasp, task)
    assert facts["prompt"] is None
    assert facts["no_prompt"] == why
    assert f"none: {why}" in " ".join(show(grasp, task).out.split())


@pytest.mark.parametrize(
    ("arguments", "code", "error", "hint"),
    [
        (["unready"], 1, "no server at http://localhost", "start it"),
        (["needy"], 2, "the task 'needy' needs must", "give must among its parameters"),
        (["maze", "-P", "deph=1"], 2, "the task 'maze' has no parameter 'deph'",
         "did you mean depth?"),
    ],
)  # fmt: skip
def test_a_task_that_can_not_be_made_still_shows_its_parameters(
    grasp: Command, arguments: list[str], code: int, error: str, hint: str
) -> None:
    ran = show(grasp, *arguments)
    assert ran.code == code
    assert ran.err.splitlines() == [f"Error: {error}", f"Hint: {hint}"]
    assert "Parameters" in ran.out
    made = arguments == ["unready"]  # Which has samples, though nothing to act on.
    assert ("Splits" in ran.out) is made
    facts = json.loads(show(grasp, *arguments, "--json").out)
    assert facts["problem"] == error
    assert bool(facts["splits"]) is made
    assert facts["prompt"] is None
    assert facts["parameters"]


def test_required_parameters_are_marked(grasp: Command) -> None:
    assert "must: int  required" in show(grasp, "needy").out


def test_errors_name_the_remedy(grasp: Command, install: Install) -> None:
    ran = show(grasp, "maz")
    assert ran.code == 1
    assert ran.err.splitlines() == ["Error: unknown task 'maz'", "Hint: did you mean maze?"]
    install("demo-extras")
    ran = grasp("show-task", "extra-early")
    assert ran.code == 1
    assert "Hint: pip install 'demo-extras[docker]'" in ran.err
    assert "Traceback" not in ran.err
    assert sys.stdout is not sys.stderr
