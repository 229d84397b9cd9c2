"""It tries on the test split what it learns."""

from __future__ import annotations

from broken.good_method import Notes
from grasp.methods import Batch, Context

BREAKS = "sealed-splits"
SAYS = "was run while learning"
MEND = "episodes of the dev split"


class Broken(Notes):
    def learn(self, batch: Batch, context: Context) -> None:
        super().learn(batch, context)
        test = context.samples("test")
        context.rollouts(test, self.wrap, scope=f"{batch.scope}/try", purpose="probe")
