"""It renames the roles in the caller's messages."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import ModelCall

BREAKS = "calls-unchanged"
SAYS = "changed the messages or tools"
MEND = "copy what you change"


class Broken(Counting):
    def text(self, call: ModelCall) -> str:
        for message in call.messages:
            message["role"] = str(message["role"]).replace("agent", "assistant")
        return super().text(call)
