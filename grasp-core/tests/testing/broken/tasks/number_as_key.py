"""Its samples can't be written down."""

from __future__ import annotations

from typing import Any

from broken.good_task import Walk

BREAKS = "serialisable-samples"
SAYS = "is only in the"
MEND = "text keys"


class Broken(Walk):
    def sample(self, split: str, number: int) -> dict[str, Any]:
        return {**super().sample(split, number), "more": {number: "one"}}
