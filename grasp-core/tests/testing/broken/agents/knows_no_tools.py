"""It does not expect tools."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import ModelCall

BREAKS = "only-agent-errors"
SAYS = "the option tools raised NotImplementedError"
MEND = "raise an AgentError"


class Broken(Counting):
    def text(self, call: ModelCall) -> str:
        if call.tools:
            raise NotImplementedError("tools")
        return super().text(call)
