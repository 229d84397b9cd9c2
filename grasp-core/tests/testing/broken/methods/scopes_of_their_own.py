"""Its calls have another address in every process."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from broken.good_method import Notes
from grasp.methods import Batch, Context

BREAKS = "resumable-run"
SAYS = "the rest took"
MEND = "a scope that is the same"


class Broken(Notes):
    def ask(self, batch: Batch, context: Context, shown: Sequence[str]) -> str:
        writer = context.writer_agent("note", f"{batch.scope}/{uuid.uuid4().hex}")
        return writer.inference([{"role": "user", "content": "\n".join([*self.notes, *shown])}])
