"""Scripted agents that act in households."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grasp.contracts import Completion, ModelCall, Usage
from grasp_agentbench.household.engine import Play
from grasp_agentbench.household.task import AlfWorld


def turn(number: int, action: Any, name: str = "take_action") -> Completion:
    arguments = json.dumps({"action": action})
    function = {"name": name, "arguments": arguments}
    call = {"id": f"c{number}", "type": "function", "function": function}
    return Completion("", Usage(calls=1), (call,), "tool_calls")


class Oracle:
    """Follows a game's walkthrough, step by step.

    Args:
        task: Whose games it knows.
        skip: How many steps it leaves out at the end.
    """

    identity: Mapping[str, Any] = {"backend": "oracle"}

    def __init__(self, task: AlfWorld, skip: int = 0) -> None:
        self._skip = skip
        games = [task.game(s) for split in ("dev", "val", "test") for s in task.samples(split)]
        self._plans = {_opening(Play(game)): list(game.walkthrough) for game in games}

    def complete(self, call: ModelCall) -> Completion:
        done = sum(m["role"] == "tool" for m in call.messages)
        plan = self.plan(call)
        plan = plan[: len(plan) - self._skip]
        return turn(done, plan[done] if done < len(plan) else ("look", "inventory")[done % 2])

    def plan(self, call: ModelCall) -> list[str]:
        first = next(str(m["content"]) for m in call.messages if m["role"] == "user")
        opening = first.partition("Here is your task. ")[2]
        return self._plans[opening.partition(" AVAILABLE ACTIONS")[0]]

    def close(self) -> None:
        return


def _opening(play: Play) -> str:
    return "\n".join(play.introduction.split("\n\n")[1:])
