"""Two samples share an id."""

from __future__ import annotations

from typing import Any

from broken.good_task import Walk

BREAKS = "unique-ids"
SAYS = "stand twice in the split 'dev', such as 'dev-0'"
MEND = "an id of its own"


class Broken(Walk):
    def sample(self, split: str, number: int) -> dict[str, Any]:
        return {**super().sample(split, number), "id": f"{split}-{number // 2}"}
