"""It reads answers with eval()."""

from __future__ import annotations

from broken.good_task import Walk
from grasp import Rollout
from grasp.contracts import Sample

BREAKS = "answers-not-run"
SAYS = "ran the agent's answer as Python code"
MEND = "ast.literal_eval"


class Broken(Walk):
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        try:
            return bool(eval(rollout.answer or "0") == int(sample["answer"]))
        except BaseException:
            return False
