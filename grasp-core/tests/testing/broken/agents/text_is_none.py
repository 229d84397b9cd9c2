"""Its text is None where a model only reasons."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import Completion, ModelCall, Usage

BREAKS = "answers"
SAYS = "a NoneType as text"
MEND = "text is a str"


class Broken(Counting):
    def complete(self, call: ModelCall) -> Completion:
        return Completion(None, Usage(calls=1))  # type: ignore[arg-type]
