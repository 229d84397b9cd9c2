"""Its usage counts nothing."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import Completion, ModelCall

BREAKS = "answers"
SAYS = "a usage of 0 calls"
MEND = "usage counts one call"


class Broken(Counting):
    def complete(self, call: ModelCall) -> Completion:
        return Completion(self.text(call))
