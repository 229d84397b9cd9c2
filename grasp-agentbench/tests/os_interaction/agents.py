"""Scripted agents at a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from grasp.contracts import Completion, ModelCall, Sample, Usage
from grasp_agentbench.os_interaction import prompts
from grasp_agentbench.os_interaction.task import OsInteraction


def turn(number: int, name: str, value: Any) -> Completion:
    arguments = value if isinstance(value, str) and value[:1] == "{" else json.dumps({"x": value})
    function = {"name": name, "arguments": arguments}
    call = {"id": f"c{number}", "type": "function", "function": function}
    return Completion("", Usage(calls=1), (call,), "tool_calls")


def answer_of(said: str) -> str:
    """What a shell was told to say."""
    return said.partition("The output of the OS:\n\n")[2]


class Oracle:
    """Runs the reference, then answers what it said, or finishes.

    Args:
        task: Whose problems it knows.
        say: What it makes of the output.
        run: Whether it runs anything.
    """

    identity: Mapping[str, Any] = {"backend": "oracle"}

    def __init__(
        self, task: OsInteraction, say: Callable[[str], str] = str, *, run: bool = True
    ) -> None:
        samples = [s for split in ("dev", "val", "test") for s in task.samples(split)]
        self._samples = {str(s["description"]): s for s in samples}
        self._task, self._say, self._run = task, say, run

    def complete(self, call: ModelCall) -> Completion:
        done = [str(m["content"]) for m in call.messages if m["role"] == "tool"]
        problem = self._task.problem(self.sample(call))
        assert problem is not None
        assert problem.example is not None
        if not done and self._run:
            return turn(0, prompts.BASH, problem.example.code)
        asked = None in problem.checks
        said = self._say(answer_of(done[-1])) if done else "987654"
        return turn(1, prompts.ANSWER if asked else prompts.FINISH, said)

    def sample(self, call: ModelCall) -> Sample:
        first = next(str(m["content"]) for m in call.messages if m["role"] == "user")
        return self._samples[first.partition(prompts.LEAD_IN)[2]]

    def close(self) -> None:
        return
