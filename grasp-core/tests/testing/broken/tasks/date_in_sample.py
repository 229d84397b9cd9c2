"""Its samples can't be written down."""

from __future__ import annotations

from datetime import date
from typing import Any

from broken.good_task import Walk

BREAKS = "serialisable-samples"
SAYS = "date is not JSON serializable"
MEND = "text keys"


class Broken(Walk):
    def sample(self, split: str, number: int) -> dict[str, Any]:
        return {**super().sample(split, number), "more": date(2026, 1, number + 1)}
