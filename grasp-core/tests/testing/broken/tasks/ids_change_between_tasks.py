"""Every task numbers its samples on from the last one."""

from __future__ import annotations

import itertools
from typing import Any

from broken.good_task import Walk

BREAKS = "stable-ids"
SAYS = "between two tasks built alike"
MEND = "derive ids from the data"


class Broken(Walk):
    made = itertools.count()

    def __init__(self) -> None:
        self.number = next(self.made)

    def sample(self, split: str, number: int) -> dict[str, Any]:
        return {**super().sample(split, number), "id": f"{self.number}-{split}-{number}"}
