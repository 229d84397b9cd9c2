"""The facts about it can't be written down."""

from __future__ import annotations

from typing import Any

from broken.good_task import Walk

BREAKS = "described-samples"
SAYS = "describe() is no JSON"
MEND = "plain facts"


class Broken(Walk):
    def describe(self) -> dict[str, Any]:
        return {"splits": {"dev", "val"}}
