"""It has never seen a batch without failures."""

from __future__ import annotations

from broken.good_method import Notes
from grasp.methods import Batch, Context

BREAKS = "run-completes"
SAYS = "raised ZeroDivisionError"
MEND = "where nothing failed"


class Broken(Notes):
    def learn(self, batch: Batch, context: Context) -> None:
        super().learn(batch, context)
        failed = sum(not o.correct for o in batch.outcomes)
        context.record("share", value=len(batch.outcomes) / failed)
