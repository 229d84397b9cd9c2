"""It answers with a bare text."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import ModelCall

BREAKS = "answers"
SAYS = "complete() returned a str"
MEND = "return a grasp.contracts.Completion"


class Broken(Counting):
    def complete(self, call: ModelCall) -> str:  # type: ignore[override]
        return self.text(call)
