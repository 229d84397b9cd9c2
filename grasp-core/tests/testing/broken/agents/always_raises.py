"""It fails with an error that nobody knows."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import Completion, ModelCall

BREAKS = "answers"
SAYS = "the plainest call raised ConnectionError"
MEND = "raise an AgentError"


class Broken(Counting):
    def complete(self, call: ModelCall) -> Completion:
        raise ConnectionError("refused")
