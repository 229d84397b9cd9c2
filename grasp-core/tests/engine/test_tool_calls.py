"""A task finds the tool calls of the model, whatever is around the agent, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import (
    Agent,
    Completion,
    ModelCall,
    Rollout,
    Sample,
    Task,
    Usage,
    last_completion,
)
from grasp.engine import Engine, Job, ThreadExecutor
from grasp.skills import SkillAgent, SkillLibrary

from .workers import Asker, LocalCluster

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


class Caller:
    """Calls a tool."""

    identity: Mapping[str, str] = {"backend": "caller"}

    def complete(self, call: ModelCall) -> Completion:
        return Completion("", Usage(calls=1), (CALL,), "tool_calls")

    def close(self) -> None: ...


class Looks(Task):
    """Solved by calling the tool ``look``."""

    def samples(self, split: str) -> Sequence[Sample]:
        return [{"id": "a"}]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        agent.inference([{"role": "user", "content": "look"}], [{"type": "function"}])
        completion = last_completion(agent)
        calls = completion.tool_calls if completion else ()
        return Rollout([], answer=",".join(str(c["function"]["name"]) for c in calls))

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return rollout.answer == "look"


@pytest.mark.parametrize("place", [lambda task: task, LocalCluster().place], ids=["here", "there"])
def test_tool_calls_reach_the_task(place: Any) -> None:
    engine = Engine(place(Looks()), Session(Caller()), ThreadExecutor(1))
    wrap = lambda agent: SkillAgent(agent, SkillLibrary(), Looks())  # noqa: E731
    (outcome,) = engine.run([Job({"id": "a"}, "x/a", "rollout", wrap)])
    assert outcome.correct


def test_an_agent_of_texts_has_none() -> None:
    asker = Asker()
    asker.inference([{"role": "user", "content": "q"}])
    assert last_completion(asker) is None
