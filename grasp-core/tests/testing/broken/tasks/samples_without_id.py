"""Its samples have no id."""

from __future__ import annotations

from typing import Any

from broken.good_task import Walk

BREAKS = "samples-given"
SAYS = "mapping with an 'id'"
MEND = "key 'id'"


class Broken(Walk):
    def sample(self, split: str, number: int) -> dict[str, Any]:
        return {"instruction": "where?", "answer": "1"}
