"""It encodes what can't be encoded."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import ModelCall

BREAKS = "only-agent-errors"
SAYS = "raised UnicodeEncodeError"
MEND = "raise an AgentError"


class Broken(Counting):
    def text(self, call: ModelCall) -> str:
        str(call.messages[-1]["content"]).encode("utf-8")
        return super().text(call)
