"""It shows the writer what it is validated on."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_method import Notes
from grasp.methods import Batch, Context

BREAKS = "sealed-splits"
SAYS = "shows the model 'red item val-0"
MEND = "the dev split alone"


class Broken(Notes):
    def ask(self, batch: Batch, context: Context, shown: Sequence[str]) -> str:
        val = [str(s["instruction"]) for s in context.samples("val")]
        return super().ask(batch, context, [*shown, *val])
