"""Tool calls of the model reach a task through what a method shows it."""

from __future__ import annotations

from grasp.agents.session import Session
from grasp.contracts import Completion, ModelCall, Usage, last_completion
from grasp_baselines.placement import BlockAgent

from .toy import Fees

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


class Caller:
    """Calls a tool."""

    identity = {"backend": "caller"}  # noqa: RUF012

    def complete(self, call: ModelCall) -> Completion:
        return Completion("", Usage(calls=1), (CALL,), "tool_calls")

    def close(self) -> None: ...


def test_tool_calls_are_found_through_a_block() -> None:
    agent = BlockAgent(Session(Caller()).agent("test", "x"), lambda query: "Remember.", Fees())
    agent.inference([{"role": "user", "content": "look"}], [{"type": "function"}])
    completion = last_completion(agent)
    assert completion is not None
    assert completion.tool_calls == (CALL,)
