"""It looks for its instruction under a wrong key."""

from __future__ import annotations

from broken.good_task import Walk
from grasp.contracts import Sample

BREAKS = "described-samples"
SAYS = "instruction() of sample 'dev-0' raised KeyError"
MEND = "return text"


class Broken(Walk):
    def instruction(self, sample: Sample) -> str:
        return str(sample["question"])
